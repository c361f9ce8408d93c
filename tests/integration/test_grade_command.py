"""`grader grade` as scripts use it: the real pipeline, the real sandbox, a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GRADE = (sys.executable, "-P", "-m", "grader.cli.main", "grade", "--assignment", "loss-1-regression")
PACKAGE = ROOT / "assignments" / "loss-1-regression"
CELL = '{"cell_type": "code", "execution_count": null, "id": "a", "metadata": {}, "outputs": [], "source": "%s"}'
KERNEL = '{"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}'


def grade(*arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [*GRADE, *map(str, arguments)]
    return subprocess.run(
        command, env={**os.environ, **environ}, capture_output=True, text=True, timeout=120, check=False
    )


def notebook(path: Path, source: str) -> Path:
    path.write_text(f'{{"cells": [{CELL % source}], "metadata": {KERNEL}, "nbformat": 4, "nbformat_minor": 5}}')
    return path


@pytest.fixture
def not_json(tmp_path: Path) -> Path:
    path = tmp_path / "not json.ipynb"
    path.write_text("import numpy")
    return path


def test_every_file_gives_one_json_line_in_the_order_given(not_json: Path) -> None:
    files = [PACKAGE / "solution.ipynb", not_json, PACKAGE / "starter.ipynb"]
    done = grade("--json", *files)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [row["file"] for row in rows] == [str(file) for file in files]
    assert [row["status"] for row in rows] == ["graded", "rejected", "graded"]
    assert [row["score"] for row in rows] == [100, 0, 0]
    assert rows[1]["reason"]
    right = rows[0]
    assert right["assignment"] == "loss-1-regression"
    assert set(right["seconds"]) == {"total", "execute", "overhead"}
    named = {"key", "title", "points", "max_points", "verdict", "message", "diagnosis"}
    assert all(set(check) == named for check in right["checks"])
    assert right["score"] == right["max_score"] == sum(check["points"] for check in right["checks"])


def test_a_person_sees_a_table_with_the_points(tmp_path: Path) -> None:
    done = grade(PACKAGE / "solution.ipynb")
    assert done.returncode == 0
    assert "100 of 100 points" in done.stdout
    assert "Sum of squares" in done.stdout


def test_grading_that_fails_itself_ends_with_one_and_tells_no_score(tmp_path: Path) -> None:
    environments = tmp_path / "environments.toml"
    environments.write_text('[[environment]]\nname = "course"\ninterpreter = "/no/such/python"\n')
    done = grade("--json", PACKAGE / "solution.ipynb", GRADER_ENVIRONMENTS_FILE=str(environments))
    assert done.returncode == 1
    assert "/no/such/python" in done.stderr
    assert "Traceback" not in done.stderr
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == ["failed"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument"),
        (("no-such-file.ipynb",), "does not exist"),
        ((PACKAGE / "solution.ipynb", "--answer", "x=1"), "has no answer fields"),
        ((PACKAGE / "solution.ipynb", "--jobs", "0"), "--jobs"),
    ],
)
def test_a_wrong_call_ends_with_two(arguments: tuple[str | Path, ...], words: str) -> None:
    done = grade(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_grading_loads_neither_web_nor_database_nor_broker(not_json: Path) -> None:
    code = (
        "import json, sys\nfrom grader.cli.main import run\n"
        f"run(['grade', {str(not_json)!r}, '-a', 'loss-1-regression', '--json'])\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "worker.pipeline.run" in loaded
    assert loaded & {"flask", "sqlalchemy", "celery", "redis"} == set()


def test_an_interrupt_ends_it_at_once_without_a_traceback(tmp_path: Path) -> None:
    path = notebook(tmp_path / "endless.ipynb", "while True: pass")
    process = subprocess.Popen(
        [*GRADE, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    time.sleep(4)  # the kernel runs by then; were it not so, the test would only be easier to pass
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, time.monotonic() - begun < 10) == (130, True)
    assert "Traceback" not in told
