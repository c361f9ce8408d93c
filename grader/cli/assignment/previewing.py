"""`grader assignment preview` and `try`: what students see, and what staff see of one notebook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.exits import FAILED
from grader.cli.packages import package_folder, parse_answers

if TYPE_CHECKING:
    from assignments.cases import Case
    from assignments.metadata import Package
    from worker.pipeline.request import Grading

KINDS = {
    "function": "A function",
    "variable": "What the notebook computes",
    "answer": "Typed in",
    "manual": "Marked by a person",
}
VISIBILITIES = {"score": "Only the points are shown.", "hidden": "Shown when the grades are released."}


@dataclass(frozen=True)
class Example:
    """One case and what it got."""

    name: str
    description: str
    grading: Grading


@click.command("preview")
@click.argument("slug")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it (default: SLUG.html).")
@click.option("--case", "case_name", help="The case whose result is shown (default: one that is partly right).")
@click.option("--no-result", is_flag=True, help="Without an example result: nothing is run.")
@click.option("--open", "open_it", is_flag=True, help="Show it in the browser.")
@click.option("--unsafe", is_flag=True, help="Run the case without a sandbox.")
def preview(slug: str, out: Path | None, case_name: str | None, no_result: bool, open_it: bool, unsafe: bool) -> None:
    """Write one HTML page that needs nothing else: the task as students see it, the questions, an example result."""
    from assignments.loading import load_package

    package = load_package(package_folder(slug))
    example = None if no_result else _example(package, case_name, unsafe)
    path = out or Path(f"{slug}.html")
    path.write_text(_page(package, example), encoding="utf-8")
    click.echo(path)
    if open_it:
        click.launch(str(path))


@click.command("try")
@click.argument("slug")
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--answer", "answers", multiple=True, metavar="KEY=VALUE", help="A typed answer; repeatable.")
@click.option("--save-case", metavar="NAME", help="Keep notebook and result as cases/NAME; read what it says first.")
@click.option("--description", default="", help="With --save-case: what is right and wrong in the notebook.")
@click.option("--seed", type=int, help="Draw the same inputs as another run with this seed.")
@click.option("--unsafe", is_flag=True, help="Without a sandbox. Only for notebooks that you trust.")
def try_notebook(
    slug: str,
    notebook: Path,
    answers: tuple[str, ...],
    save_case: str | None,
    description: str,
    seed: int | None,
    unsafe: bool,
) -> int:
    """Grade one NOTEBOOK and show everything, also what only staff see."""
    from grader.cli.assignment.grading import PackageGrader
    from grader.cli.assignment.try_view import show

    grader = PackageGrader(slug, unsafe=unsafe)
    given = parse_answers(answers, [answer.key for answer in grader.package.metadata.answers])
    data = notebook.read_bytes()
    grading = grader.grade(data, given, seed=seed)
    show(grading)
    if grading.status.value == "failed":
        return FAILED
    if save_case is not None:
        _save(grader.package, save_case, description or save_case.replace("-", " "), data, given, grading)
    return 0


def _example(package: Package, name: str | None, unsafe: bool) -> Example | None:
    from assignments.cases import load_cases
    from grader.cli.assignment.grading import PackageGrader

    cases = load_cases(package)
    chosen = _chosen(package, cases, name)
    if chosen is None:
        return None
    grading = PackageGrader(package.slug, root=package.folder.parent, unsafe=unsafe).grade(
        chosen.notebook_bytes, chosen.answers
    )
    return Example(chosen.name, chosen.description, grading)


def _chosen(package: Package, cases: list[Case], name: str | None) -> Case | None:
    """The named one; else that which shows most, and is not hostile on purpose."""
    from grader.cli.lazy import suggestion

    if name is not None:
        found = next((case for case in cases if case.name == name), None)
        if found is None:
            raise click.UsageError(f"There is no case {name!r}{suggestion(name, [case.name for case in cases])}")
        return found
    half = package.metadata.max_score / 2
    honest = [case for case in cases if not case.name.startswith("hostile") and case.name != "starter"]
    return max(honest, key=lambda case: (_tells(case), -abs(case.expected.score - half)), default=None)


def _tells(case: Case) -> int:
    """How many different things a student reads."""
    return len({(check.verdict, check.diagnosis) for check in case.expected.checks})


def _page(package: Package, example: Example | None) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from assignments.notebooks import read_notebook
    from assignments.task_html import cells_html, code_css

    folder = Path(__file__).parent / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("preview.html").render(
        metadata=package.metadata,
        cells=cells_html(read_notebook(package.starter_bytes()).cells),
        css=code_css(),
        kinds=KINDS,
        visibilities=VISIBILITIES,
        example=example,
    )


def _save(
    package: Package, name: str, description: str, data: bytes, answers: dict[str, str], grading: Grading
) -> None:
    from assignments.drafting.recording import case_toml
    from assignments.loading import SLUG

    folder = package.folder / "cases" / name
    if not SLUG.match(name):
        raise click.UsageError(f"--save-case {name!r}: lower case letters, digits and single hyphens, please.")
    if folder.exists():
        raise click.UsageError(f"{folder} is there already; nothing was written.")
    if grading.status.value != "graded":
        raise click.UsageError(f"A notebook that is not graded makes no case: {grading.reason}")
    folder.mkdir(parents=True)
    (folder / "notebook.ipynb").write_bytes(data)
    text = case_toml(description, answers, grading.checks, grading.score)
    (folder / "case.toml").write_text(text, encoding="utf-8")
    click.echo(f"Wrote {folder}. Read case.toml: is this what the notebook deserves?")
