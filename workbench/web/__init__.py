"""The app's own routes beside Streamlit's, and the guard before both."""
