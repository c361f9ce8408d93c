"""The tables, and how to reach them. Models are one noun a file; `grader.db.models` imports them all."""
