"""Running many submissions again after an assignment was mended: first to see what would change, then to decide."""
