"""One file that holds the whole service: every row, and every stored notebook, on SQLite or PostgreSQL alike."""
