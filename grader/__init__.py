"""The service around the workers: accounts, courses, submissions, grades, web front end, command line."""

__version__ = "0.1.0"
