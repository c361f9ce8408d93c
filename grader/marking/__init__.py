"""Marking by hand: rubrics, marks, second marks, and the work that waits."""
