"""`grader grade`: the worker's pipeline on files, without a server."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from grader.cli.exits import FAILED, INTERRUPTED
from grader.cli.packages import environments_file, package_folder, parse_answers

if TYPE_CHECKING:
    from worker.contract import Progress
    from worker.pipeline.batch import FileReport

OnProgress = Callable[[str, "Progress"], None]
FEW_FILES = 3


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, readable=True))
@click.option("--assignment", "-a", "slug", required=True, metavar="SLUG", help="Which assignment they answer.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, in the order of the files.")
@click.option("--jobs", "-j", type=click.IntRange(1, 256), help="Notebooks at a time (default: one a core).")
@click.option("--answer", "answers", multiple=True, metavar="KEY=VALUE", help="A typed answer; for every file.")
@click.option("--unsafe", is_flag=True, help="Grade without a sandbox. Only for notebooks that you trust.")
@click.option("--details/--no-details", default=None, help="Each check of each file (default: up to 3 files).")
def grade(
    files: tuple[str, ...],
    slug: str,
    as_json: bool,
    jobs: int | None,
    answers: tuple[str, ...],
    unsafe: bool,
    details: bool | None,
) -> int:
    """Grade notebook FILES here, without a server.

    Ends with 0 when every file was graded, or rejected with a reason; with 1 when grading itself failed.
    """
    signal.signal(signal.SIGINT, _Interrupted())
    folder = package_folder(slug)
    given = parse_answers(answers, _answer_keys(folder))
    done: list[tuple[str, FileReport]] = []
    failed = 0
    with _progress_bar(files, as_json) as on_progress:
        reports = _reports(files, folder, given, jobs or min(len(files), os.cpu_count() or 1), unsafe, on_progress)
        for name, report in zip(files, reports, strict=True):
            failed += report.status.value == "failed"
            if as_json:
                click.echo(json.dumps({**report.to_json(), "file": name}, ensure_ascii=False))
                sys.stdout.flush()
            else:
                done.append((name, report))
    if done:
        from grader.cli.grade_view import show

        show(done, details=len(files) <= FEW_FILES if details is None else details)
    return FAILED if failed else 0


class _Interrupted:
    """Ctrl-C ends the kernels, so that what waits for them cleans up and ends; a second one ends us at once."""

    def __init__(self) -> None:
        self._times = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        import psutil

        self._times += 1
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                process.kill()
        if self._times > 1:
            os._exit(INTERRUPTED)
        raise KeyboardInterrupt


def _answer_keys(folder: Path) -> list[str]:
    from assignments.loading import load_package

    return [field.key for field in load_package(folder).metadata.answers]


def _reports(
    files: tuple[str, ...],
    folder: Path,
    answers: dict[str, str],
    jobs: int,
    unsafe: bool,
    on_progress: OnProgress | None,
) -> Iterator[FileReport]:
    from worker.pipeline.batch import grade_files

    for report in grade_files(
        [Path(name) for name in files],
        package_folder=folder,
        environments_file=environments_file(),
        answers=answers,
        jobs=jobs,
        unsafe=unsafe,
        on_progress=on_progress,
    ):
        if report.staff_text:
            click.echo(f"{report.file}: {report.staff_text}", err=True)
        yield report


def _progress_bar(files: tuple[str, ...], as_json: bool) -> AbstractContextManager[OnProgress | None]:
    """On standard error, for a person who looks at it; never where results go to the same terminal meanwhile."""
    if not sys.stderr.isatty() or (as_json and sys.stdout.isatty()):
        return nullcontext()
    from grader.cli.grade_view import progress_bar

    return progress_bar(len(files))
