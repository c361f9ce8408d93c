"""The three layers of set-up: the service, its tests, the students' Python."""

from __future__ import annotations

import shlex
from pathlib import Path

from tools.setup import stamp, torch_build
from tools.setup.environment import Environment
from tools.setup.say import SetupError, say, step

COURSE_CHECK = "import torch, sys; sys.stdout.write(f'{torch.__version__} {torch.version.cuda or \"\"}')"


def service(root: Path, *, dev: bool) -> None:
    """`.venv` with the service; with `dev`, also what the tests need."""
    environment = Environment(root / ".venv", root / ".kernels" / "setup-service.log")
    pip_lock = root / "requirements" / "pip.txt"
    for name in ("service", "dev") if dev else ("service",):
        lock = root / "requirements" / f"{name}.txt"
        inputs = stamp.digest([lock])
        found = stamp.state(environment.place, name, inputs)
        if found is stamp.State.CURRENT:
            continue
        # A missing layer on top of a whole environment is added to it; a missing first layer means a new one.
        if found is stamp.State.BROKEN and name == "service":
            environment.create(pip_lock)
        environment.mark.touch()
        with step(f"{environment.title}: installing {_count(lock)} packages ({name})"):
            environment.pip("install", "-r", str(lock))
            _link_project(environment, root)
        _finish(environment, name, inputs)


def course(root: Path) -> None:
    """`.kernels/course`, the Python in which students' notebooks run."""
    environment = Environment(root / ".kernels" / "course", root / ".kernels" / "setup-course.log")
    lock = root / "requirements" / "kernel-course.txt"
    wished, gpu, index = torch_build.wish(), torch_build.has_gpu(), torch_build.own_index()
    build = torch_build.wanted_build(wished, gpu)
    inputs = torch_build.inputs(lock, build)
    found = stamp.state(environment.place, "course", inputs)
    if found is stamp.State.CURRENT:
        return
    # Between the CPU and GPU builds of PyTorch there is no clean way but a new environment.
    environment.create(root / "requirements" / "pip.txt")
    with step(f"{environment.title}: installing {_count(lock)} packages"):
        environment.pip("install", "-r", str(lock))
    report = None if index else environment.pip_report(torch_build.REQUIREMENT)
    plan = torch_build.decide(report, gpu=gpu, wished=wished, index=index)
    with step(f"{environment.title}: installing PyTorch, {plan.build.upper()} build ({plan.why})"):
        try:
            environment.pip("install", *plan.arguments)
        except SetupError as error:
            raise SetupError(f"{error}\n{torch_build.no_way(plan)}") from None
    if plan.warning:
        say(f"  {plan.warning}")
    try:
        with step(f"{environment.title}: installing torchvision (its wheel alone)"):
            environment.pip("install", *torch_build.vision_arguments(plan))
    except SetupError:
        say(f"  {environment.title}: no {torch_build.VISION} there; notebooks that import torchvision will fail.")
    with step(f"{environment.title}: trying PyTorch"):
        version = environment.run(COURSE_CHECK).split()
    say(f"  {environment.title}: PyTorch {version[0]}")
    _finish(environment, "course", inputs)


def _link_project(environment: Environment, root: Path) -> None:
    """Our packages are found through one .pth file: no build step, and edits count at once."""
    site = Path(environment.run("import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "grader-project.pth").write_text(f"{root}\n")
    script = environment.place / "bin" / "grader"
    python = shlex.quote(str(environment.python))
    script.write_text(f'#!/bin/sh\nexec {python} -P -m grader.cli.main "$@"\n')
    script.chmod(0o755)


def _finish(environment: Environment, name: str, inputs: str) -> None:
    version = environment.run("import platform; print(platform.python_version())").strip()
    stamp.write(stamp.path(environment.place, name), stamp.Stamp(inputs, str(environment.place), version))
    environment.mark.unlink()


def _count(lock: Path) -> int:
    return sum(1 for line in lock.read_text().splitlines() if "==" in line and not line.startswith("#"))
