"""The values that cross from a kernel to a check: plain data, never code.

A decoded value is one of: None, bool, int, float, complex, str, bytes, numpy.ndarray, TensorValue, list,
tuple, dict, and Opaque for whatever else the student's name held. Nothing else ever reaches a comparator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, Union

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class TensorValue:
    """A torch tensor, moved to the CPU. `array` has its shape and dtype (bfloat16 comes as float32)."""

    array: Array
    requires_grad: bool = False
    device: str = "cpu"


@dataclass(frozen=True)
class Opaque:
    """Something that is no plain data: a function, a class, a module, a generator…"""

    type_name: str
    is_callable: bool = False


Plain: TypeAlias = Union[
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    Array,
    TensorValue,
    Opaque,
    "list[Plain]",
    "tuple[Plain, ...]",
    "dict[Plain, Plain]",
    None,
]
