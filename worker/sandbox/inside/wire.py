"""Plain values to JSON and bytes, and back, inside the kernel. No code travels: no pickle, no eval.

A message is a tree of JSON nodes plus one run of bytes that holds the data of arrays, one after the other.
Nodes: null, true, false, "text", a small integer, or a list whose first entry says what it is:
["i", decimal]  ["f", repr]  ["c", repr, repr]  ["b", size]  ["a", dtype, shape]  ["s", shape, texts]
["t", dtype, shape, requires_grad, device]  ["l", nodes]  ["u", nodes]  ["d", [[key, value], …]]  ["o", type, callable]
The reader on the other side (worker/checker/inside/values.py) checks everything again: what runs here can lie.

This file is read by the student's Python: standard library alone, numpy and torch as already imported.
"""

import sys

MAX_DATA_BYTES = 32 << 20
MAX_TREE_BYTES = 4 << 20
MAX_DEPTH = 32
MAX_NODES = 100_000
MAX_ENTRIES = 10_000
MAX_TEXT = 1 << 20
MAX_INTEGER_BITS = 8_192
SAFE_INTEGER = 1 << 53
NUMERIC_KINDS = "biufc"
NUMBER_LIBRARIES = ("decimal", "fractions", "mpmath", "sympy")  # no `__float__` of a student's own class is run
SHORTENED = {"g": "f8", "G": "c16"}  # long double has no portable form


class Uncarried(Exception):
    """The value cannot be carried; the text says why, for the student."""


class Encoder:
    """Collects nodes into one tree and the data of arrays into one run of bytes."""

    def __init__(self):
        self.chunks = []
        self.data_bytes = 0
        self.nodes = 0
        self.entries = 0
        self.arrays = compiled_numpy()
        self.generic = self.arrays and scalar_base(self.arrays)
        self.torch = sys.modules.get("torch")

    def data(self):
        return b"".join(self.chunks)

    def node(self, value, depth=0):
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise Uncarried(f"it is nested more than {MAX_DEPTH} levels deep, or contains itself")
        if self.nodes > MAX_NODES:
            raise Uncarried(f"it holds more than {MAX_NODES} separate values; use an array")
        if value is None or value is True or value is False:
            return value
        kind = type(value)
        array = self._array(value, kind, depth)
        if array is not None:
            return array
        if issubclass(kind, str):
            return self._text(str.__str__(value))
        if issubclass(kind, int):
            return self._integer(int.__index__(value))
        if issubclass(kind, float):
            return ["f", float.__repr__(value)]
        if issubclass(kind, complex):
            return ["c", repr(complex.real.__get__(value)), repr(complex.imag.__get__(value))]
        if issubclass(kind, (bytes, bytearray)):
            content = bytes(memoryview(value))
            self._keep(content)
            return ["b", len(content)]
        if issubclass(kind, list):
            return ["l", [self.node(entry, depth + 1) for entry in list.__iter__(value)]]
        if issubclass(kind, tuple):
            return ["u", [self.node(entry, depth + 1) for entry in tuple.__iter__(value)]]
        if issubclass(kind, dict):
            return self._mapping(dict.items(value), depth)
        if type_name(value).partition(".")[0] in NUMBER_LIBRARIES and hasattr(kind, "__float__"):
            return ["f", float.__repr__(float(value))]
        return ["o", type_name(value), callable(value)]

    def _keep(self, content):
        self.data_bytes += len(content)
        if self.data_bytes > MAX_DATA_BYTES:
            raise Uncarried(f"it is larger than {MAX_DATA_BYTES >> 20} MiB")
        self.chunks.append(content)

    def _text(self, text):
        if len(text) > MAX_TEXT:
            raise Uncarried(f"it holds a text of {len(text)} characters; at most {MAX_TEXT} are read")
        return text.encode("utf-8", "replace").decode("utf-8")

    def _integer(self, number):
        if -SAFE_INTEGER < number < SAFE_INTEGER:
            return number
        if number.bit_length() > MAX_INTEGER_BITS:
            raise Uncarried("it holds an integer of more than 2,400 digits")
        return ["i", str(number)]

    def _mapping(self, items, depth):
        pairs = []
        for key, value in items:
            self.entries += 1
            if self.entries > MAX_ENTRIES:
                raise Uncarried(f"its dictionaries hold more than {MAX_ENTRIES} entries")
            pairs.append([self.node(key, depth + 1), self.node(value, depth + 1)])
        return ["d", pairs]

    def _array(self, value, kind, depth):
        arrays, torch = self.arrays, self.torch
        if arrays is not None:
            if issubclass(kind, arrays.ndarray):
                return self._ndarray(arrays.ndarray.view(value, arrays.ndarray), value, depth)
            if issubclass(kind, self.generic):
                return self._ndarray(arrays.array(value), value, depth)
        if torch is not None and issubclass(kind, getattr(torch, "Tensor", ())):
            return self._tensor(value)
        return None

    def _ndarray(self, array, original, depth):
        dtype = array.dtype
        if dtype.kind in "US":
            return self._texts(array)
        if dtype.kind == "O":  # how many keep a network's layers: arrays of different shapes
            return self.node(array.tolist(), depth + 1)
        if dtype.kind not in NUMERIC_KINDS:
            return ["o", f"{type_name(original)} of {dtype}", False]
        return ["a", *self._numbers(array)]

    def _numbers(self, array):
        """The dtype and shape of an array of numbers, whose data is kept in little-endian C order."""
        if array.nbytes > MAX_DATA_BYTES:
            raise Uncarried(f"it is larger than {MAX_DATA_BYTES >> 20} MiB (an array of shape {array.shape})")
        wanted = SHORTENED.get(array.dtype.char)
        dtype = array.dtype.newbyteorder("<") if wanted is None else self.arrays.dtype("<" + wanted)
        if dtype != array.dtype:
            array = array.astype(dtype)
        self._keep(array.tobytes())
        return [dtype.str.lstrip("<>=|"), list(array.shape)]

    def _texts(self, array):
        texts = array.ravel().tolist()
        self.nodes += len(texts)
        if self.nodes > MAX_NODES:
            raise Uncarried(f"it holds more than {MAX_NODES} texts")
        if array.dtype.kind == "S":
            texts = [text.decode("latin-1") for text in texts]
        return ["s", list(array.shape), [self._text(text) for text in texts]]

    def _tensor(self, value):
        torch = self.torch
        base = torch._C.TensorBase  # its methods cannot be replaced; those of torch.Tensor can
        if value.layout != torch.strided or value.is_quantized:
            return ["o", f"torch.Tensor with layout {value.layout}", False]
        if base.numel(value) * base.element_size(value) > MAX_DATA_BYTES:
            raise Uncarried(f"it is larger than {MAX_DATA_BYTES >> 20} MiB (a tensor of shape {tuple(value.shape)})")
        requires_grad, device = bool(value.requires_grad), str(value.device)
        plain = base.detach(value)
        if plain.is_conj():
            plain = base.resolve_conj(plain)
        if plain.is_neg():
            plain = base.resolve_neg(plain)
        if plain.dtype in narrow_types(torch):
            plain = base.to(plain, torch.float32)
        plain = base.cpu(plain)
        return ["t", *self._numbers(base.numpy(plain)), requires_grad, device]


def compiled_numpy():
    """The compiled part of NumPy if the notebook has imported it: what students replace is in the part above."""
    names = ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath")
    return next((sys.modules[name] for name in names if name in sys.modules), None)


def scalar_base(arrays):
    """numpy.generic, the class of all of NumPy's scalars."""
    return next(kind for kind in arrays.dtype("f8").type.__mro__ if kind.__name__ == "generic")


def narrow_types(torch):
    """The floating types that NumPy does not have; they travel as float32."""
    names = ("bfloat16", "float8_e4m3fn", "float8_e5m2")
    return [getattr(torch, name) for name in names if hasattr(torch, name)]


def type_name(value):
    kind = type(value)
    # through the descriptors of `type`: a class can say anything about itself
    name = type.__dict__["__qualname__"].__get__(kind)
    module = type.__dict__["__module__"].__get__(kind)
    plain = type(module) is not str or module in ("builtins", "__main__", "")
    return (name if plain else f"{module}.{name}")[:200]


class Decoder:
    """Builds values from a tree of the worker's and its data. The worker is trusted, so little is checked."""

    def __init__(self, data):
        self.data = memoryview(data)
        self.at = 0

    def value(self, node):
        if not isinstance(node, list):
            return node
        return getattr(self, "_" + node[0])(*node[1:])

    def _take(self, size):
        start, self.at = self.at, self.at + size
        return self.data[start : self.at]

    def _i(self, text):
        return int(text)

    def _f(self, text):
        return float(text)

    def _c(self, real, imag):
        return complex(float(real), float(imag))

    def _b(self, size):
        return bytes(self._take(size))

    def _l(self, nodes):
        return [self.value(node) for node in nodes]

    def _u(self, nodes):
        return tuple(self.value(node) for node in nodes)

    def _d(self, pairs):
        return {self.value(key): self.value(value) for key, value in pairs}

    def _a(self, dtype, shape):
        import numpy  # noqa: F401

        arrays = compiled_numpy()
        kind = arrays.dtype(dtype)
        count = 1
        for length in shape:
            count *= length
        return arrays.frombuffer(self._take(count * kind.itemsize), dtype=kind).reshape(shape).copy()

    def _s(self, shape, texts):
        import numpy  # noqa: F401

        return compiled_numpy().array(texts, dtype="U").reshape(shape)

    def _t(self, dtype, shape, requires_grad, device):
        import torch

        array = self._a(dtype, shape)
        tensor = torch.from_numpy(array) if array.flags.writeable and array.size else torch.tensor(array.tolist())
        tensor = tensor.reshape(shape).to(getattr(torch, str(array.dtype), tensor.dtype))
        if device != "cpu":
            tensor = tensor.to(device)
        return tensor.requires_grad_() if requires_grad else tensor
