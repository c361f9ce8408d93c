"""The IDX files in which MNIST and FashionMNIST are published: plain or compressed with gzip.

Format: two zero bytes, one for the type (8: unsigned bytes, the only one here), one for the number of axes, then each
axis' length as a big-endian 32-bit number, then the values. Source: LeCun, Cortes and Burges, "The MNIST database".
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]

UNSIGNED_BYTE = 8
MOST_AXES = 4
MOST_VALUES = 200_000_000
GZIP = b"\x1f\x8b"


class IdxError(ValueError):
    """The file is no IDX file of unsigned bytes; the text says why."""


def find(folder: Path, name: str) -> Path | None:
    """`name` itself, or with `.gz`, wherever it lies first below the folder (in order of the paths)."""
    found = sorted(path for path in folder.rglob(f"{name}*") if path.name in {name, f"{name}.gz"} and path.is_file())
    return found[0] if found else None


def read(path: Path) -> Bytes:
    """The array of a file. Raises IdxError and OSError."""
    data = path.read_bytes()
    if data.startswith(GZIP):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise IdxError(f"{path.name}: the gzip file is damaged ({error})") from None
    try:
        return parse(data)
    except IdxError as error:
        raise IdxError(f"{path.name}: {error}") from None


def parse(data: bytes) -> Bytes:
    """The array of an uncompressed file. Raises IdxError."""
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != UNSIGNED_BYTE or not 1 <= data[3] <= MOST_AXES:
        raise IdxError("it does not begin like an IDX file of unsigned bytes")
    axes = data[3]
    start = 4 + 4 * axes
    if len(data) < start:
        raise IdxError("it ends within its header")
    shape = tuple(int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes))
    count = math.prod(shape)
    if count > MOST_VALUES:
        raise IdxError(f"it says that it holds {count} values; at most {MOST_VALUES} are read")
    if len(data) - start != count:
        raise IdxError(f"it holds {len(data) - start} values where its header says {count}")
    return np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape)


def to_bytes(array: Bytes) -> bytes:
    """An uncompressed IDX file. Raises IdxError for another type or too many axes."""
    if array.dtype != np.uint8 or not 1 <= array.ndim <= MOST_AXES:
        raise IdxError(f"an array of {array.dtype} with {array.ndim} axes is not written")
    header = bytes([0, 0, UNSIGNED_BYTE, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + np.ascontiguousarray(array).tobytes()


def write(path: Path, array: Bytes) -> None:
    """Compressed where the name ends in `.gz`; the same array gives the same bytes."""
    data = to_bytes(array)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, 9, mtime=0) if path.suffix == ".gz" else data)
