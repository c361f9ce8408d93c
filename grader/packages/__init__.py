"""Packages as a course gives them: what is on disk, what is in force, their own cases, points set in the course."""
