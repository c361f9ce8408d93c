"""Which build of PyTorch goes into the students' environment.

The default PyTorch on the public index brings several GB of CUDA libraries. A machine without an NVIDIA GPU
must never download those by accident, so pip is first asked what it would install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.setup import stamp
from tools.setup.say import SetupError

REQUIREMENT = "torch==2.13.0"
VISION = "torchvision==0.28.0"  # belongs to this PyTorch; what else it needs is in kernel-course.txt
CPU_INDEX = "https://download.pytorch.org/whl/cpu"  # https://pytorch.org/get-started/locally/
CUDA_NAMES = ("nvidia-", "cuda-", "triton", "pytorch-triton")


@dataclass(frozen=True)
class Plan:
    """`arguments` follow `pip install`; `why` is for the person who waits."""

    build: str  # "cpu" or "gpu"
    arguments: tuple[str, ...]
    why: str
    warning: str = ""


def has_gpu() -> bool:
    """Whether an NVIDIA GPU is there to be used."""
    if Path("/dev/nvidia0").exists():
        return True
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return False
    try:
        done = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0 and "GPU 0" in done.stdout


def wish(environ: Mapping[str, str] = os.environ) -> str:
    """GRADER_TORCH, checked: "cpu", "gpu" or "" (look at the machine)."""
    value = environ.get("GRADER_TORCH", "").strip().lower()
    if value not in {"", "auto", "cpu", "gpu"}:
        raise SetupError(f"GRADER_TORCH={value!r} is not one of cpu, gpu, auto.")
    return "" if value == "auto" else value


def wanted_build(wished: str, gpu: bool) -> str:
    return wished or ("gpu" if gpu else "cpu")


def is_cpu_only(report: Mapping[str, Any]) -> bool:
    """Whether a pip installation report brings PyTorch without CUDA."""
    packages = [item["metadata"] for item in report.get("install", ())]
    torch = [p for p in packages if p["name"].lower() == "torch"]
    if not torch:
        return False
    if torch[0]["version"].endswith("+cpu"):
        return True
    names = [p["name"].lower().replace("_", "-") for p in packages]
    return not any(name.startswith(CUDA_NAMES) for name in names)


def decide(report: Mapping[str, Any] | None, *, gpu: bool, wished: str, index: str = "") -> Plan:
    """`report` is pip's answer to what the configured index would give; None if it gives nothing.

    `index` (GRADER_TORCH_INDEX) is taken at its word. Raises SetupError when a GPU build was asked for by
    name and cannot be had.
    """
    build = wanted_build(wished, gpu)
    asked = f"GRADER_TORCH={wished}" if wished else ("a GPU is here" if gpu else "no NVIDIA GPU here")
    if index:
        return Plan(build, (REQUIREMENT, "--index-url", index), f"{asked}; from GRADER_TORCH_INDEX")
    if build == "cpu":
        if report is not None and is_cpu_only(report):
            return Plan("cpu", (REQUIREMENT,), f"{asked}; the package index has the CPU build")
        # Its few dependencies are in the lock file and already installed.
        return Plan("cpu", (REQUIREMENT, "--no-deps", "--index-url", CPU_INDEX), f"{asked}; from {CPU_INDEX}")
    if report is None:
        raise SetupError(
            f"The package index has no {REQUIREMENT} for this Python. Set GRADER_TORCH=cpu for the CPU "
            "build, or GRADER_TORCH_INDEX to the address of an index that has it."
        )
    if not is_cpu_only(report):
        return Plan("gpu", (REQUIREMENT,), f"{asked}; the GPU build is several GB")
    if wished == "gpu":
        raise SetupError(
            "GRADER_TORCH=gpu, but the package index offers the CPU build alone. Set GRADER_TORCH_INDEX to "
            "one of the indexes listed on https://pytorch.org/get-started/locally/."
        )
    warning = "The package index offers the CPU build of PyTorch alone: the GPU here stays unused."
    return Plan("cpu", (REQUIREMENT,), asked, warning)


def vision_arguments(plan: Plan) -> tuple[str, ...]:
    """Its wheel alone, from where PyTorch came from: its requirement on PyTorch would bring the build with CUDA."""
    index = plan.arguments.index("--index-url") if "--index-url" in plan.arguments else None
    return (VISION, "--no-deps", *(plan.arguments[index : index + 2] if index is not None else ()))


def inputs(lock: Path, build: str) -> str:
    """The digest of all that the students' environment is made from."""
    return stamp.digest([lock], REQUIREMENT, VISION, build, own_index())


def own_index(environ: Mapping[str, str] = os.environ) -> str:
    return environ.get("GRADER_TORCH_INDEX", "").strip()


def no_way(plan: Plan) -> str:
    """What to do when the plan's installation failed."""
    if CPU_INDEX in plan.arguments:
        return (
            f"The package index has no CPU build of {REQUIREMENT} for this Python, and {CPU_INDEX} did not "
            "give it either. Set GRADER_TORCH_INDEX to an index that has it, put the wheel into a folder "
            "named by PIP_FIND_LINKS, or allow the build with CUDA (several GB) with GRADER_TORCH=gpu."
        )
    return f"{REQUIREMENT} could not be installed from the package index."
