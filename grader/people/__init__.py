"""The people of a course: rosters read from files, roles, sections."""
