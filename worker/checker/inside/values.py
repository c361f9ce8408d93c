"""Plain values to JSON and bytes, and back, on the checker's side. See worker/sandbox/inside/wire.py for the format.

What comes back was sent by a process in which the student's code runs, so the reader trusts nothing: sizes, depth,
counts, types and shapes are checked before anything is built, and nothing that it builds is code.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from assignments.asking import Got, Missing, NotCallable, Raised, Reply, Uncarried
from reference.plain import Array, Opaque, Plain, TensorValue

MAX_DATA_BYTES = 32 << 20
MAX_TREE_BYTES = 4 << 20
MAX_DEPTH = 32
MAX_NODES = 100_000
MAX_ENTRIES = 10_000  # of all dictionaries together: numbers can be chosen that all have one hash
MAX_DIMENSIONS = 32
MAX_LENGTH = 1 << 40
MAX_INTEGER_DIGITS = 2_500
MAX_NOTE = 2_000  # characters of a message
SAFE_INTEGER = 1 << 53
DTYPES = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")

Node: TypeAlias = Any  # JSON

_INTEGER = re.compile(f"-?[0-9]{{1,{MAX_INTEGER_DIGITS}}}")


class Malformed(Exception):
    """What was sent is no value. The text is a sentence for the student."""


class Encoder:
    """Collects the values of one request: nodes for its tree, and one run of bytes for the data of arrays."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    @property
    def data(self) -> bytes:
        return b"".join(self._chunks)

    def node(self, value: Plain) -> Node:
        """Raises TypeError for what cannot be sent (Opaque, arrays of objects)."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, TensorValue):
            _, dtype, shape = self._array(value.array)
            return ["t", dtype, shape, value.requires_grad, value.device]
        if isinstance(value, np.ndarray | np.generic):
            return self._array(np.asarray(value))
        if isinstance(value, str):
            return value
        if isinstance(value, int):
            return value if -SAFE_INTEGER < value < SAFE_INTEGER else ["i", str(value)]
        if isinstance(value, float):
            return ["f", repr(value)]
        if isinstance(value, complex):
            return ["c", repr(value.real), repr(value.imag)]
        return self._compound(value)

    def _compound(self, value: Plain) -> Node:
        if isinstance(value, bytes):
            self._chunks.append(value)
            return ["b", len(value)]
        if isinstance(value, list):
            return ["l", [self.node(entry) for entry in value]]
        if isinstance(value, tuple):
            return ["u", [self.node(entry) for entry in value]]
        if isinstance(value, dict):
            return ["d", [[self.node(key), self.node(entry)] for key, entry in value.items()]]
        raise TypeError(f"a value of type {type(value).__name__} cannot be sent to a kernel")

    def _array(self, array: Array) -> Node:
        if array.dtype.kind == "U":
            return ["s", list(array.shape), [str(text) for text in array.ravel()]]
        name = array.dtype.newbyteorder("<").str.lstrip("<|")
        if name not in DTYPES:
            raise TypeError(f"an array of {array.dtype} cannot be sent to a kernel")
        self._chunks.append(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
        return ["a", name, list(array.shape)]


def encode_tree(tree: Mapping[str, Node]) -> bytes:
    return json.dumps(tree, separators=(",", ":")).encode()


def decode_reply(name: str, tree: bytes, data: bytes) -> Reply:
    """The reply to a request about `name`, from whatever the kernel sent. Never raises."""
    try:
        return _reply(name, _parse(tree), data)
    except Malformed as problem:
        return Uncarried(f"The value of {name} cannot be read: {problem}.")
    except (ValueError, TypeError, IndexError, OverflowError, RecursionError, MemoryError):
        return Uncarried(f"The value of {name} cannot be read: it is malformed.")


def _parse(tree: bytes) -> Node:
    if len(tree) > MAX_TREE_BYTES:
        raise Malformed(f"it is larger than {MAX_TREE_BYTES >> 20} MiB without its arrays")
    return json.loads(tree)


def _reply(name: str, tree: Node, data: bytes) -> Reply:
    kind, *rest = _list(tree, "reply", 8)
    if kind == "got" and len(rest) == 2:
        decoder = Decoder(data)
        value = decoder.value(rest[0])
        return Got(value, tuple(_count(i, MAX_NODES) for i in _list(rest[1], "changed arguments", MAX_NODES)))
    if kind == "missing" and len(rest) == 2:
        return Missing(name, tuple(_note(near)[:200] for near in _list(rest[1], "near names", 3)))
    if kind == "notcallable" and len(rest) == 2:
        return NotCallable(name, _note(rest[1]))
    if kind == "raised" and len(rest) == 3:
        return Raised(_note(rest[0])[:200], _note(rest[1]), _note(rest[2])[:200])
    if kind == "uncarried" and len(rest) == 1:
        raise Malformed(_note(rest[0]).rstrip("."))
    raise Malformed("the reply has no known form")


class Decoder:
    """Builds one value. Every method checks the whole of its node before it builds anything."""

    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_DATA_BYTES:
            raise Malformed(f"it is larger than {MAX_DATA_BYTES >> 20} MiB")
        self._data = memoryview(data)
        self._at = 0
        self._nodes = 0
        self._entries = 0
        self._kinds: dict[str, Callable[[list[Node]], Plain]] = {
            "i": self._integer,
            "f": self._float,
            "c": self._complex,
            "b": self._bytes,
            "a": self._array,
            "s": self._texts,
            "t": self._tensor,
            "o": self._opaque,
        }

    def value(self, node: Node, depth: int = 0) -> Plain:
        self._nodes += 1
        if depth > MAX_DEPTH:
            raise Malformed(f"it is nested more than {MAX_DEPTH} levels deep")
        if self._nodes > MAX_NODES:
            raise Malformed(f"it holds more than {MAX_NODES} separate values")
        if node is None or isinstance(node, bool):
            return node
        if isinstance(node, str):
            return _clean(node)
        if isinstance(node, int):
            return _count(node, SAFE_INTEGER, low=-SAFE_INTEGER)
        kind, *rest = _list(node, "node", 8)
        if kind in ("l", "u", "d"):
            return self._container(kind, rest, depth)
        if not isinstance(kind, str) or kind not in self._kinds:
            raise Malformed("it holds something of no known kind")
        return self._kinds[kind](rest)

    def _container(self, kind: str, rest: list[Node], depth: int) -> Plain:
        (nodes,) = rest
        if kind == "d":
            return self._mapping(_list(nodes, "dictionary", MAX_ENTRIES), depth)
        values = [self.value(node, depth + 1) for node in _list(nodes, "list", MAX_NODES)]
        return values if kind == "l" else tuple(values)

    def _mapping(self, pairs: list[Node], depth: int) -> dict[Plain, Plain]:
        self._entries += len(pairs)
        if self._entries > MAX_ENTRIES:
            raise Malformed(f"its dictionaries hold more than {MAX_ENTRIES} entries")
        built: dict[Plain, Plain] = {}
        for pair in pairs:
            key_node, value_node = _list(pair, "entry", 2)
            key = self.value(key_node, depth + 1)
            if not _is_key(key):
                raise Malformed("a key of its dictionary is neither number nor text nor a tuple of them")
            built[key] = self.value(value_node, depth + 1)
        return built

    def _take(self, size: int) -> memoryview:
        start, self._at = self._at, self._at + size
        if self._at > len(self._data):
            raise Malformed("data of its arrays is missing")
        return self._data[start : self._at]

    def _integer(self, rest: list[Node]) -> int:
        (text,) = rest
        if not isinstance(text, str) or not _INTEGER.fullmatch(text):
            raise Malformed("it holds a malformed integer")
        return int(text)

    def _float(self, rest: list[Node]) -> float:
        (text,) = rest
        return _number(text)

    def _complex(self, rest: list[Node]) -> complex:
        real, imaginary = rest
        return complex(_number(real), _number(imaginary))

    def _bytes(self, rest: list[Node]) -> bytes:
        (size,) = rest
        return bytes(self._take(_count(size, MAX_DATA_BYTES)))

    def _array(self, rest: list[Node]) -> Array:
        name, lengths = rest
        if not isinstance(name, str) or name not in DTYPES:
            raise Malformed("it holds an array of a type that is not read")
        shape, dtype = _shape(lengths), np.dtype("<" + name)
        content = self._take(math.prod(shape) * dtype.itemsize)
        if name == "b1":  # any byte but 0 and 1 would be a third truth value
            truth: Array = np.frombuffer(content, dtype=np.uint8) != 0
            return truth.reshape(shape)
        return np.frombuffer(content, dtype=dtype).reshape(shape).copy()

    def _texts(self, rest: list[Node]) -> Array:
        lengths, texts = rest
        shape, cleaned = _shape(lengths), [_clean(text) for text in _list(texts, "texts", MAX_NODES)]
        self._nodes += len(cleaned)
        longest = max((len(text) for text in cleaned), default=0)
        if self._nodes > MAX_NODES or math.prod(shape) != len(cleaned) or longest * len(cleaned) * 4 > MAX_DATA_BYTES:
            raise Malformed("it holds an array of texts of the wrong size")
        return np.array(cleaned, dtype=f"U{max(1, longest)}").reshape(shape)

    def _tensor(self, rest: list[Node]) -> TensorValue:
        dtype, shape, requires_grad, device = rest
        if not isinstance(requires_grad, bool):
            raise Malformed("it holds a malformed tensor")
        return TensorValue(self._array([dtype, shape]), requires_grad, _note(device)[:20])

    def _opaque(self, rest: list[Node]) -> Opaque:
        name, is_callable = rest
        if not isinstance(is_callable, bool):
            raise Malformed("it holds something malformed")
        return Opaque(_note(name)[:200], is_callable)


def _list(node: Node, what: str, most: int) -> list[Node]:
    if not isinstance(node, list):
        raise Malformed(f"a {what} is malformed")
    if len(node) > most:
        raise Malformed(f"a {what} has {len(node)} parts; at most {most} are read")
    return node


def _count(node: Node, most: int, *, low: int = 0) -> int:
    if isinstance(node, bool) or not isinstance(node, int) or not low <= node <= most:
        raise Malformed("a number in it is malformed or too large")
    return node


def _number(node: Node) -> float:
    if not isinstance(node, str) or len(node) > 40:
        raise Malformed("a number in it is malformed")
    return float(node)


def _shape(node: Node) -> tuple[int, ...]:
    shape = tuple(_count(length, MAX_LENGTH) for length in _list(node, "shape", MAX_DIMENSIONS))
    if math.prod(length for length in shape if length) > MAX_LENGTH:
        raise Malformed("an array in it has an impossible shape")
    return shape


def _clean(node: Node) -> str:
    """JSON can spell half characters, which no file and no database takes."""
    if not isinstance(node, str):
        raise Malformed("a text in it is malformed")
    return node.encode("utf-8", "replace").decode("utf-8")


def _note(node: Node) -> str:
    return _clean(node)[:MAX_NOTE]


def _is_key(key: Plain) -> bool:
    if isinstance(key, tuple):
        return all(_is_key(part) for part in key)
    return key is None or isinstance(key, bool | int | float | complex | str | bytes)


def encode_call(
    function: str,
    arguments: Sequence[Plain],
    keywords: Mapping[str, Plain],
    variables: Mapping[str, Plain],
    given: str,
) -> tuple[bytes, bytes]:
    """The request for one call, as (tree, data). The kernel reads the data in this order."""
    encoder = Encoder()
    tree = {
        "ask": "call",
        "function": function,
        "arguments": [encoder.node(value) for value in arguments],
        "keywords": {name: encoder.node(value) for name, value in keywords.items()},
        "variables": {name: encoder.node(value) for name, value in variables.items()},
        "given": given,
    }
    return encode_tree(tree), encoder.data


def encode_read(name: str) -> tuple[bytes, bytes]:
    return encode_tree({"ask": "read", "name": name}), b""
