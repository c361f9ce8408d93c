"""Switches each defence off in a copy of the tree, and shows which tests notice: `python -m tools.defences`."""
