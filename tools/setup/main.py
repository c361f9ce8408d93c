"""`make setup`: brings the environments up to date, once at a time."""

from __future__ import annotations

import argparse
import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tools.setup import layers, stamp, torch_build
from tools.setup.say import SetupError, say

PARTS = ("service", "course")
DEV_PARTS = (*PARTS, layers.PLATFORM)


@contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Two set-ups of one folder follow each other. The lock goes with the last process that
    holds it: ours, or a pip that outlived us."""
    folder = root / ".kernels"
    folder.mkdir(exist_ok=True)
    with (folder / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up of this folder is running; waiting for it to end.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        os.set_inheritable(lock.fileno(), True)
        yield


def is_current(root: Path, *, dev: bool, parts: Sequence[str] = PARTS) -> bool:
    """Whether nothing is to be done. Costs milliseconds."""
    requirements = root / "requirements"
    layer_names = ("service", "dev") if dev else ("service",)
    for name in layer_names if "service" in parts else ():
        inputs = stamp.digest([requirements / f"{name}.txt"])
        if stamp.state(root / ".venv", name, inputs) is not stamp.State.CURRENT:
            return False
    if layers.PLATFORM in parts and not layers.platform_is_current(root):
        return False
    if "course" not in parts:
        return True
    build = torch_build.wanted_build(torch_build.wish(), torch_build.has_gpu())
    lock = requirements / "kernel-course.txt"
    inputs = torch_build.inputs(lock, build)
    return stamp.state(root / ".kernels" / "course", "course", inputs) is stamp.State.CURRENT


def prepare(root: Path, *, dev: bool, parts: Sequence[str] = PARTS) -> None:
    """The environments, side by side: each mostly waits for the network and the disk."""
    begun = time.monotonic()
    say("Setting up (a few minutes the first time, nothing afterwards)")
    with ThreadPoolExecutor(3) as pool:
        work = [pool.submit(layers.service, root, dev=dev)] if "service" in parts else []
        work += [pool.submit(layers.course, root)] if "course" in parts else []
        work += [pool.submit(layers.platform, root)] if layers.PLATFORM in parts else []
        problems = [error for error in (future.exception() for future in work) if error is not None]
    for problem in problems[1:]:
        if isinstance(problem, SetupError):
            say(str(problem))
    if problems:
        raise problems[0]
    say(f"Set up in {time.monotonic() - begun:.0f} s")


def main(root: str) -> int:
    parser = argparse.ArgumentParser(prog="tools/bootstrap.py", description="Make the environments.")
    parser.add_argument("--only", choices=DEV_PARTS, help="one of the environments")
    parser.add_argument("--dev", action="store_true", help="also what the tests need")
    options = parser.parse_args()
    parts = (options.only,) if options.only else DEV_PARTS if options.dev else PARTS
    try:
        if not is_current(Path(root), dev=options.dev, parts=parts):
            with only_one(Path(root)):
                if not is_current(Path(root), dev=options.dev, parts=parts):
                    prepare(Path(root), dev=options.dev, parts=parts)
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Set-up interrupted; run the same command again to finish it.")
        return 130
    return 0
