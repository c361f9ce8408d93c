"""The layers of set-up: the service, its tests, the students' Python, and a platform that tests launch from."""

from __future__ import annotations

import shlex
from pathlib import Path

from tools.setup import stamp, torch_build
from tools.setup.environment import Environment
from tools.setup.say import SetupError, say, step

PLATFORM = "lti-platform"
PLATFORM_CHECK = """
import cryptography, django
from django.conf import settings
apps = ["django.contrib.auth", "django.contrib.contenttypes", "lti_consumer"]
settings.configure(INSTALLED_APPS=apps, USAGE_ID_PATTERN="x")
django.setup()
import lti_consumer.api, lti_consumer.plugin.urls
"""
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


def platform(root: Path) -> None:
    """`.kernels/lti-platform`, where tests run another project's side of LTI. They skip where it is not there, so a
    failure is told and stops nothing; the next set-up tries again."""
    environment = Environment(platform_place(root), root / ".kernels" / "setup-lti-platform.log")
    lock = platform_lock(root)
    if platform_is_current(root):
        return
    try:
        environment.create(root / "requirements" / "pip.txt")
        with step(f"{environment.title}: installing {_count(lock)} packages"):
            # Most of what is installed is never imported, so nothing is compiled beforehand.
            environment.pip("install", "--no-compile", "-r", str(lock))
        with step(f"{environment.title}: trying lti-consumer-xblock"):
            environment.run(PLATFORM_CHECK)
        _finish(environment, PLATFORM, stamp.digest([lock]))
    except (SetupError, OSError) as error:
        say(f"{error}\nSet-up goes on without it: the tests against lti-consumer-xblock will be skipped.")


def platform_place(root: Path) -> Path:
    return root / ".kernels" / PLATFORM


def platform_lock(root: Path) -> Path:
    return root / "requirements" / f"{PLATFORM}.txt"


def platform_is_current(root: Path) -> bool:
    return stamp.state(platform_place(root), PLATFORM, stamp.digest([platform_lock(root)])) is stamp.State.CURRENT


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
