"""Courses, who is in them, and the assignments that they give."""
