"""Entry of `make setup`. Reads on any Python 3.7+, so that an old one gets a sentence and no syntax error.

    python3 tools/bootstrap.py [--dev] [--quiet]

Finds a Python that the service can run on and hands over to tools/setup/main.py under it.
"""

import os
import subprocess
import sys

OLDEST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CANDIDATES = ("python3.13", "python3.12", "python3.11", "python3", "python3.14", "python")
QUESTION = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2]); print(sys.executable)"


def ask(command: str) -> "tuple[str, str]":
    """(problem, executable) of one interpreter; `problem` is "" when it will do."""
    try:
        done = subprocess.run(
            [command, "-c", QUESTION],
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return "cannot be started", command
    if done.returncode != 0:
        lacking = "ensurepip" in done.stderr or "venv" in done.stderr
        return ("has no venv and pip modules" if lacking else "does not run"), command
    lines = done.stdout.split()
    version = tuple(int(part) for part in lines[0].split("."))
    if version < OLDEST:
        return f"is Python {lines[0]}", command
    return "", " ".join(lines[1:])


def find() -> str:
    """The path of a good interpreter, or exits with one sentence on each that was tried."""
    named = os.environ.get("PYTHON", "")
    if not named and sys.version_info[:2] >= OLDEST and ask(sys.executable)[0] == "":
        return sys.executable
    problems = []
    for command in (named,) if named else CANDIDATES:
        problem, executable = ask(command)
        if not problem:
            return executable
        if named or problem != "cannot be started":
            problems.append(f"  {command} {problem}")
    sys.exit(
        "The grader needs Python 3.11 or newer with the modules venv and pip; none was found.\n"
        + ("\n".join(problems) + "\n" if problems else "")
        + "Install one (Debian, Ubuntu: apt install python3 python3-venv), "
        + "or name one: make setup PYTHON=/path/to/python3"
    )


def main() -> None:
    python = find()
    arguments = [python, "-P", "-c", START, ROOT, *sys.argv[1:]]
    os.execv(python, arguments)  # noqa: S606


START = (
    "import sys; root = sys.argv.pop(1); sys.path.insert(0, root); "
    "from tools.setup.main import main; sys.exit(main(root))"
)

if __name__ == "__main__":
    main()
