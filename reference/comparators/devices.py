"""How far right answers may differ because of the device that they were computed on.

A GPU adds up in another order than a CPU, and by default rounds the inputs of convolutions to TF32, with ten bits. How
much that comes to is measured by `python -m tools.calibrate` and kept in `values/device_tolerances.toml`; it is
relative to the largest entry of a result, because sums are as exact as their largest terms.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from reference.frozen import frozen_values

CPU, CUDA = "cpu", "cuda"
TOPIC = "device_tolerances"
SAFETY = 4.0  # times the worst that was ever measured
DEFAULT = {CUDA: 1e-3}  # for a device that nobody has measured yet: ten bits are about 1e-3

_device: ContextVar[str] = ContextVar("device", default=CPU)


@contextmanager
def computed_on(device: str) -> Iterator[None]:
    """What is compared inside was computed there."""
    token = _device.set(device)
    try:
        yield
    finally:
        _device.reset(token)


def slack() -> float:
    """Of the largest entry, by which every entry of a right result may be off. 0 for the CPU: what an assignment
    allows is meant for it."""
    device = _device.get()
    if device == CPU:
        return 0.0
    worst = measured(device)
    return DEFAULT.get(device, 0.0) if worst is None else SAFETY * worst


@functools.cache
def measured(device: str) -> float | None:
    """The worst difference of any operation in any mode; None where the device was never measured."""
    rows = [row.value for name, row in frozen_values(TOPIC).items() if name.startswith(f"{device}-")]
    return max(rows, default=None)
