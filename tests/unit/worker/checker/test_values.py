"""Values survive the journey into the kernel and back; what is no value is refused before anything is built."""

from __future__ import annotations

import importlib.util
import json
import math
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from assignments.asking import Got, Missing, NotCallable, Raised, Uncarried
from reference.plain import Opaque, Plain, TensorValue
from worker.checker.inside import values
from worker.checker.inside.values import Decoder, Encoder, Malformed, decode_reply, encode_call

INSIDE = Path(values.__file__).parents[2] / "sandbox" / "inside"


def _load(name: str) -> ModuleType:
    """A file that kernels run, loaded as they load it: it belongs to no package."""
    found = importlib.util.spec_from_file_location(name, INSIDE / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


wire = _load("wire")

DTYPES = [np.dtype(name) for name in values.DTYPES]
arrays = st.sampled_from(DTYPES).flatmap(
    lambda d: npst.arrays(d, npst.array_shapes(min_dims=0, max_dims=4, min_side=0))
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
)
keys = st.integers() | st.text(st.characters(exclude_categories=["Cs"])) | st.tuples(st.integers(), st.booleans())
plain = st.recursive(
    scalars | arrays,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(keys, inner),
    max_leaves=20,
)


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, float | complex):
        return repr(a) == repr(b)
    return bool(a == b)


def into_kernel(value: Plain) -> Any:
    encoder = Encoder()
    node = json.loads(json.dumps(encoder.node(value)))
    return wire.Decoder(encoder.data).value(node)


def out_of_kernel(value: Any) -> Plain:
    encoder = wire.Encoder()
    tree = json.dumps(["got", encoder.node(value), []]).encode()
    reply = decode_reply("x", tree, encoder.data())
    assert isinstance(reply, Got), reply
    return reply.value


@given(plain)
def test_values_come_back_as_they_were(value: Plain) -> None:
    assert same(into_kernel(value), value)
    assert same(out_of_kernel(into_kernel(value)), value)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.arange(10)[::3],
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.broadcast_to(np.float32(2), (3, 3)),
        np.array(7.0),
        np.zeros((0, 5)),
        np.ma.array([1.0, 2.0], mask=[0, 1]),
        np.array([1, 2], dtype=np.longdouble),
    ],
)
def test_arrays_of_every_layout_come_out_as_plain_ones(array: Any) -> None:
    found = out_of_kernel(array)
    assert type(found) is np.ndarray
    assert found.shape == array.shape
    np.testing.assert_array_equal(found, np.asarray(array).astype(float))


def test_scalars_of_numpy_are_arrays_without_dimensions() -> None:
    found = out_of_kernel(np.float64(1.5))
    assert isinstance(found, np.ndarray)
    assert (found.shape, found.dtype, float(found)) == ((), np.float64, 1.5)
    assert same(out_of_kernel(np.str_("a")), np.array("a"))


def test_texts_and_what_is_no_plain_data() -> None:
    assert same(out_of_kernel(np.array([["a", "bcd"]])), np.array([["a", "bcd"]]))
    assert out_of_kernel({1, 2}) == Opaque("set", False)
    assert out_of_kernel(len) == Opaque("builtin_function_or_method", True)
    assert out_of_kernel(np.array([None, {}])) == [None, {}]
    assert out_of_kernel(np.array([[None], [{}]])) == [[None], [{}]]
    assert out_of_kernel("\ud800") == "?"


def test_what_cannot_be_sent_is_an_error_of_the_check() -> None:
    for value in (Opaque("x"), np.array([object()]), np.array([1], dtype="M8[s]")):
        with pytest.raises(TypeError):
            Encoder().node(value)


def test_calls_carry_their_data_in_the_order_in_which_it_is_read() -> None:
    tree, data = encode_call("f", [np.ones(2), 3], {"k": np.zeros(1)}, {"v": TensorValue(np.ones(1, "f4"))}, "x = 1")
    request = json.loads(tree)
    decoder = wire.Decoder(data)
    assert same(decoder.value(request["arguments"][0]), np.ones(2))
    assert decoder.value(request["arguments"][1]) == 3
    assert same(decoder.value(request["keywords"]["k"]), np.zeros(1))
    assert request["variables"]["v"] == ["t", "f4", [1], False, "cpu"]
    assert (request["function"], request["given"]) == ("f", "x = 1")


def decode(node: Any, data: bytes = b"") -> Plain:
    return Decoder(data).value(node)


BAD_NODES: dict[str, Any] = {
    "unknown kind": ["z", 1],
    "no kind": [],
    "kind is a list": [["l"], []],
    "an object": {"a": 1},
    "a bare float": 1.5,
    "a bare giant integer": 10**300,
    "too few parts": ["a", "f8"],
    "object array": ["a", "O", [1]],
    "dtype with fields": ["a", [["x", "f8"]], [1]],
    "dtype with a size": ["a", "V100", [1]],
    "dtype of raw bytes": ["a", "V8", [1]],
    "text dtype": ["a", "U9", [1]],
    "negative length": ["a", "f8", [-1]],
    "length is true": ["a", "f8", [True]],
    "length is text": ["a", "f8", ["1"]],
    "missing data": ["a", "f8", [2]],
    "overflowing shape": ["a", "f8", [2**40, 2**40]],
    "huge empty shape": ["a", "f8", [0, 2**40, 2**40]],
    "too many dimensions": ["a", "f8", [0] * 33],
    "bytes beyond the end": ["b", 9],
    "bytes of a negative size": ["b", -1],
    "integer with letters": ["i", "12x"],
    "integer with underscores": ["i", "1_0"],
    "integer of a million digits": ["i", "1" * 10**6],
    "float is a number": ["f", 1.0],
    "float is words": ["f", "one"],
    "float is long": ["f", "1" * 100],
    "complex is short": ["c", "1"],
    "texts of the wrong number": ["s", [3], ["a"]],
    "texts that are numbers": ["s", [1], [1]],
    "list is a text": ["l", "ab"],
    "a list as key": ["d", [[["l", []], 1]]],
    "an array as key": ["d", [[["a", "f8", [0]], 1]]],
    "a key of keys with a list": ["d", [[["u", [["l", []]]], 1]]],
    "half an entry": ["d", [[1]]],
    "tensor needs a truth value": ["t", "f4", [0], 1, "cpu"],
    "tensor on no device": ["t", "f4", [0], True, 3],
    "opaque of no name": ["o", 3, True],
    "opaque, perhaps callable": ["o", "x", "yes"],
}


@pytest.mark.parametrize("what", BAD_NODES)
def test_malformed_nodes_are_refused(what: str) -> None:
    tree = json.dumps(["got", BAD_NODES[what], []]).encode()
    reply = decode_reply("x", tree, b"12345678")
    assert isinstance(reply, Uncarried), reply
    assert reply.reason.startswith("The value of x cannot be read: ")


def test_depth_counts_and_sizes_are_limited() -> None:
    node: Any = 1
    for _ in range(values.MAX_DEPTH):
        node = ["l", [node]]
    decode(node)
    for bad in (
        ["l", [node]],
        ["l", [0] * (values.MAX_NODES + 1)],
        ["l", [["l", [0] * 60_000]] * 2],
        ["d", [[i, 0] for i in range(values.MAX_ENTRIES + 1)]],
        ["s", [50_000], ["x"] * 49_999 + ["x" * 10**6]],
    ):
        with pytest.raises(Malformed):
            decode(bad)
    with pytest.raises(Malformed):
        Decoder(b"x" * (values.MAX_DATA_BYTES + 1))


def test_data_cannot_be_used_twice() -> None:
    data = b"x" * 800
    assert isinstance(decode(["l", [["a", "f8", [50]], ["a", "f8", [50]]]], data), list)
    with pytest.raises(Malformed):
        decode(["l", [["a", "f8", [100]], ["a", "f8", [100]]]], data)


def test_keys_chosen_to_collide_cost_little() -> None:
    node = ["d", [[["i", str(k * (2**61 - 1))], 0] for k in range(values.MAX_ENTRIES)]]
    began = time.process_time()
    decode(node)
    assert time.process_time() - began < 10


def test_truth_values_are_only_two() -> None:
    found = decode(["a", "b1", [3]], b"\x00\x01\x07")
    assert isinstance(found, np.ndarray)
    assert found.view(np.uint8).tolist() == [0, 1, 1]


def test_infinities_and_nan_are_carried() -> None:
    assert decode(["f", "inf"]) == math.inf
    assert math.isnan(decode(["f", "nan"]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tree", "reply"),
    [
        (["missing", "other", ["near"]], Missing("x", ("near",))),
        (["notcallable", "other", "int"], NotCallable("x", "int")),
        (["raised", "E", "m", "line"], Raised("E", "m", "line")),
        (["uncarried", "it is large."], Uncarried("The value of x cannot be read: it is large.")),
    ],
)
def test_every_reply_has_its_form_and_keeps_the_name_that_was_asked_for(tree: Any, reply: Any) -> None:
    assert decode_reply("x", json.dumps(tree).encode(), b"") == reply


def test_texts_of_replies_are_cut() -> None:
    reply = decode_reply("x", json.dumps(["raised", "E" * 9999, "m" * 9999, "l" * 9999]).encode(), b"")
    assert isinstance(reply, Raised)
    assert (len(reply.exception), len(reply.message), len(reply.line)) == (200, 2000, 200)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([*"ifcbastludo", "got", "f8"]),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=30,
)
node_like = st.recursive(
    json_values,
    lambda inner: (
        st.tuples(st.sampled_from("ifcbastludo"), inner).map(list)
        | st.tuples(st.sampled_from("ast"), st.sampled_from([*values.DTYPES, "O"]), inner, inner).map(list)
        | st.tuples(st.sampled_from("lud"), st.lists(inner, max_size=4)).map(list)
    ),
    max_leaves=20,
)


@settings(max_examples=400)
@given(st.one_of(st.tuples(st.just("got"), node_like, json_values).map(list), json_values), st.binary(max_size=64))
def test_whatever_json_is_sent_there_is_a_reply(tree: Any, data: bytes) -> None:
    reply = decode_reply("x", json.dumps(tree).encode(), data)
    assert isinstance(reply, Got | Missing | NotCallable | Raised | Uncarried)


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:got0123456789lsfa', max_size=200).map(str.encode))
def test_whatever_bytes_are_sent_there_is_a_reply(tree: bytes) -> None:
    assert isinstance(decode_reply("x", tree, b""), Uncarried)


def test_nesting_that_breaks_the_json_reader_is_malformed() -> None:
    for tree in (b"[" * 10**6, b'["got",' + b'["l",[' * 10**5, b'{"a":' * 10**5, b"1" * 10**6):
        assert isinstance(decode_reply("x", tree, b""), Uncarried)


def test_a_tree_of_more_than_its_bytes_is_not_even_parsed() -> None:
    tree = b'["got", 1, []]'
    assert decode_reply("x", tree, b"") == Got(1)
    reply = decode_reply("x", tree + b" " * values.MAX_TREE_BYTES, b"")
    assert isinstance(reply, Uncarried)
    assert "larger than 4 MiB" in reply.reason
