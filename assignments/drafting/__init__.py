"""Drafts of new assignments: a complete package that can be graded at once, for an instructor to change."""
