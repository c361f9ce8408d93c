"""`grader assignment new`: a complete package to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.packages import assignments_dir

NEXT = """Wrote {folder}.

  grader assignment lint {slug}          what is wrong or unwise in it
  grader assignment test {slug}          its cases, and mutants of its solution
  grader assignment preview {slug}       what students see
  grader assignment try {slug} FILE      a notebook, graded with all details
"""


@click.command("new")
@click.argument("slug")
@click.option("--title", required=True, help="As students read it.")
@click.option(
    "--from-solution",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="NOTEBOOK",
    help="Begin with this notebook: its functions become the questions.",
)
@click.option(
    "--function",
    "functions",
    multiple=True,
    metavar="NAME",
    help="With --from-solution: only this function; repeatable.",
)
@click.option("--unsafe", is_flag=True, help="With --from-solution: try it without a sandbox.")
def new(slug: str, title: str, from_solution: Path | None, functions: tuple[str, ...], unsafe: bool) -> None:
    """Write a new assignment package that passes `lint` and `test` at once; it is then yours to change.

    From a notebook: what stands between `# BEGIN SOLUTION` and `# END SOLUTION` is taken out of the starter, else the
    bodies of its functions. The functions are tried in the sandbox to find out what arguments they take, and are
    themselves the reference of the first checks.
    """
    from assignments.drafting.skeleton import require_new, skeleton, write

    folder = require_new(assignments_dir(), slug)
    if not title.strip():
        raise click.UsageError("--title must not be empty.")
    if functions and from_solution is None:
        raise click.UsageError("--function goes with --from-solution.")
    if from_solution is None:
        write(folder, skeleton(slug, title.strip()))
    else:
        from grader.cli.assignment.drafting import draft

        draft(folder, title.strip(), from_solution, functions, unsafe=unsafe)
    click.echo(NEXT.format(folder=folder, slug=slug), nl=False)
