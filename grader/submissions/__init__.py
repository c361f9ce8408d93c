"""Taking notebooks in, and finding them again."""
