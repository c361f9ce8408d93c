"""How long files are kept, what becomes of those that are not, and what happens when a person is to be forgotten."""
