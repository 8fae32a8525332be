"""The commands of `python -m workbench`, a module each group."""
