"""The students' Pythons and the sandbox around them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.health.finding import NOTE, RIGHT, WRONG, Finding
from grader.cli.health.forked import forked_finding

if TYPE_CHECKING:
    from worker.sandbox.answers import Layer

_QUESTION = """
import json, platform
facts = {"python": platform.python_version()}
import numpy, ipykernel
facts["numpy"] = numpy.__version__
try:
    import torch
    facts["torch"] = torch.__version__
    facts["gpus"] = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
except ImportError:
    pass
print(json.dumps(facts))
"""


def environment_findings(file: Path) -> list[Finding]:
    """Each environment of environments.toml is really started."""
    from worker.environments import load_environments

    found: list[Finding] = []
    for name, environment in load_environments(file).items():
        found += _environment(name, environment.interpreter)
    return found


def sandbox_findings(file: Path) -> list[Finding]:
    """Every layer of the sandbox, tried for real with the first environment."""
    from worker.environments import load_environments
    from worker.sandbox.probe import probe

    environment = next(iter(load_environments(file).values()))
    layers = probe(environment)
    return [
        Finding("sandbox", layer.name, _status(layer), layer.detail, "" if layer.ok else layer.fix) for layer in layers
    ]


def checker_findings() -> list[Finding]:
    """A checker is started, and tries what a check must not do."""
    from worker.checker.probe import checker_layer

    layer = checker_layer()
    return [Finding("sandbox", layer.name, _status(layer), layer.detail, "" if layer.ok else layer.fix)]


def forked_findings(file: Path) -> list[Finding]:
    """Takes a few seconds more, so it is the doctor's alone."""
    from worker.environments import load_environments

    return [forked_finding(next(iter(load_environments(file).values())))]


def _status(layer: Layer) -> str:
    if layer.ok:
        return RIGHT
    return WRONG if layer.need == "required" else NOTE


def _environment(name: str, interpreter: Path) -> list[Finding]:
    title = f"environment {name}"
    fix = "Run `make setup`, or correct environments.toml."
    if not interpreter.exists():
        return [Finding("notebooks", title, WRONG, f"{interpreter} does not exist", fix)]
    command = [str(interpreter), "-I", "-c", _QUESTION]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return [Finding("notebooks", title, WRONG, f"{interpreter} does not work: {last}"[:300], fix)]
    facts = json.loads(done.stdout)
    torch = f", PyTorch {facts['torch']}" if "torch" in facts else ", no PyTorch"
    found = [Finding("notebooks", title, RIGHT, f"Python {facts['python']}, NumPy {facts['numpy']}{torch}")]
    if facts.get("gpus"):
        return [*found, Finding("notebooks", f"GPU in {name}", RIGHT, ", ".join(facts["gpus"]))]
    how = "Only for assignments that need one. With an NVIDIA GPU: `make clean`, then `make setup GRADER_TORCH=gpu`."
    return [*found, Finding("notebooks", f"GPU in {name}", NOTE, "none that PyTorch can use", how)]
