"""`grader assignment`: write, check, test and show assignments."""

from __future__ import annotations

import click

from grader.cli.lazy import LazyGroup

COMMANDS = {
    "list": ("grader.cli.assignment.listing:list_assignments", "Show every assignment package."),
    "show": ("grader.cli.assignment.listing:show", "Show the checks, answer fields and limits of one assignment."),
    "new": ("grader.cli.assignment.creating:new", "Write a complete package to begin with."),
    "lint": ("grader.cli.assignment.linting:lint", "Say what is wrong with a package, and what is unwise."),
    "preview": ("grader.cli.assignment.previewing:preview", "Write a page with what students see."),
    "try": ("grader.cli.assignment.previewing:try_notebook", "Grade a notebook and show what only staff see."),
    "test": ("grader.cli.assignment.testing:test", "Grade solution, starter, cases and mutants of the solution."),
}


@click.group(cls=LazyGroup, commands_at=COMMANDS)
def assignment() -> None:
    """Write, check, test and show assignments."""
