"""Which NVIDIA GPUs this machine has, asked of the driver's own tool: it is there wherever the driver is."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree

ASK_S = 30.0
SHARED_NODES = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools")  # of all GPUs; they hold no state of another process


class GpuError(Exception):
    """The driver's tool does not work, or said what we do not understand. The text is for staff."""


@dataclass(frozen=True)
class Gpu:
    uuid: str  # "GPU-…": the same after a restart, and what CUDA_VISIBLE_DEVICES takes
    name: str
    memory_mib: int
    nodes: tuple[Path, ...]  # the device files that a kernel needs for this one, and for no other


class Discovery(Protocol):
    def gpus(self) -> Sequence[Gpu]:
        """Those that may be used, in the driver's order; none on a machine without. Raises GpuError."""


class NvidiaSmi:
    def __init__(self, command: str = "nvidia-smi", environ: Mapping[str, str] = os.environ) -> None:
        self._command = command
        self._visible = environ.get("CUDA_VISIBLE_DEVICES")

    def gpus(self) -> tuple[Gpu, ...]:
        try:
            told = subprocess.run([self._command, "-q", "-x"], capture_output=True, timeout=ASK_S, check=True).stdout
        except FileNotFoundError:
            return ()
        except (OSError, subprocess.SubprocessError) as problem:
            raise GpuError(f"{self._command} does not work: {problem}") from None
        return _chosen(parse(told), self._visible)


def parse(told: bytes) -> tuple[Gpu, ...]:
    """From the XML of `nvidia-smi -q -x`. A GPU that is cut into MIG instances is left out: those have device files
    of their own, which are not handled here."""
    try:
        entries = ElementTree.fromstring(told).findall("gpu")  # noqa: S314  the driver's own words
        return tuple(_gpu(entry) for entry in entries if entry.findtext("mig_mode/current_mig") != "Enabled")
    except (ElementTree.ParseError, ValueError) as problem:
        raise GpuError(f"nvidia-smi said what we do not understand: {problem}") from None


def _gpu(entry: ElementTree.Element) -> Gpu:
    minor = int(_text(entry, "minor_number"))
    memory, unit = _text(entry, "fb_memory_usage/total").split()
    if unit != "MiB":
        raise ValueError(f"memory in {unit}")
    nodes = tuple(Path("/dev", name) for name in (f"nvidia{minor}", *SHARED_NODES))
    return Gpu(_text(entry, "uuid"), _text(entry, "product_name"), int(memory), nodes)


def _text(entry: ElementTree.Element, name: str) -> str:
    text = entry.findtext(name)
    if not text:
        raise ValueError(f"a GPU without {name}")
    return text


def _chosen(found: Sequence[Gpu], visible: str | None) -> tuple[Gpu, ...]:
    """As CUDA reads CUDA_VISIBLE_DEVICES: numbers or beginnings of uuids, up to the first that does not exist."""
    if visible is None:
        return tuple(found)
    chosen: list[Gpu] = []
    for word in (part.strip() for part in visible.split(",")):
        if word.isdigit():
            matching = list(found[int(word) : int(word) + 1])
        else:
            matching = [gpu for gpu in found if word and gpu.uuid.startswith(word)]
        if len(matching) != 1:
            break
        chosen += matching
    return tuple(chosen)
