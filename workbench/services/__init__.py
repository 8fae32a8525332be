"""What the workbench does, without Streamlit and without SQL."""
