"""What `make setup` does: find a Python, make the two environments, choose the PyTorch build.

Standard library only, because nothing is installed yet when this runs.
"""
