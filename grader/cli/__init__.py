"""The `grader` command: the one place where everything is put together.

Each command is a module of its own, imported only when it is called, so that `grader --help` answers at once and
`grader grade` never loads the web front end, the database or Celery.
"""
