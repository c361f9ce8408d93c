"""Gradebook files: what Canvas and Moodle read, and what they and we write, taken as overrides."""
