"""Notebooks that try to make the collector, or the worker behind it, say or do what is not so."""

from __future__ import annotations

import numpy as np
import pytest

from assignments.asking import Call, Got, KernelGone, Raised, Reply, TimedOut, Uncarried
from reference.plain import Opaque

from .conftest import Runner

HONEST = "import numpy as np\ndef double(x): return 2 * x\nnumbers = [1, 2.5, np.arange(3)]\n"


def is_right(replies: list[Reply]) -> bool:
    doubled, numbers = replies
    return (
        isinstance(doubled, Got)
        and isinstance(numbers, Got)
        and np.array_equal(doubled.value, [0, 2, 4])  # type: ignore[arg-type]
        and numbers.value[:2] == [1, 2.5]  # type: ignore[index]
        and np.array_equal(numbers.value[2], [0, 1, 2])  # type: ignore[index]
    )


REPLACEMENTS = {
    "names of the notebook": "print = isinstance = len = type = list = dict = str = repr = callable = None",
    "builtins.print and sum": "import builtins\nbuiltins.print = builtins.sum = lambda *a, **k: 0",
    "builtins.complex and bytearray": "import builtins\nbuiltins.complex = builtins.bytearray = None",
    "builtins.len": "import builtins\nbuiltins.len = lambda *a, **k: 0",
    "builtins.isinstance": "import builtins\nbuiltins.isinstance = lambda *a: True",
    "builtins.type": "import builtins\nbuiltins.type = lambda *a: dict",
    "builtins, every one": "import builtins\nfor name in 'all any bytes dict float getattr int issubclass list repr "
    "str tuple vars max min sum sorted'.split(): setattr(builtins, name, None)",
    "numpy": "np.allclose = np.array_equal = np.isclose = np.testing.assert_allclose = lambda *a, **k: True",
    "numpy arrays": "np.array = np.asarray = np.frombuffer = np.dtype = None",
    "json": "import json, json.encoder, json.decoder\n"
    "json.dumps = json.loads = json.encoder.JSONEncoder.encode = lambda *a, **k: '{\"ok\": 1}'",
    "the standard library": "import difflib, linecache, random, types\n"
    "difflib.get_close_matches = linecache.getline = random.getstate = None; types.ModuleType = None",
    "the shell": "ip = get_ipython(); ip.user_ns = {}; ip.display_formatter = None; sys = None",
    "sys.modules": "import sys\nsys.modules['torch'] = 3\nsys.modules['matplotlib.pyplot'] = 4",
    "output": "import sys\nsys.stdout = sys.stderr = None",
}


@pytest.mark.parametrize("what", REPLACEMENTS)
def test_replacing_things_does_not_stop_right_values_from_being_read(run: Runner, what: str) -> None:
    """Or nothing is read at all, when the replacement broke the kernel itself; but never a wrong value passes."""
    ran = run(
        HONEST, REPLACEMENTS[what], calls=[Call("double", (np.arange(3),))], names=["numbers"], call_s=2, cell_s=2
    )
    broke_the_kernel = what in ("builtins.len", "builtins.isinstance", "builtins.type", "builtins, every one")
    if broke_the_kernel:
        assert is_right(ran.replies) or all(isinstance(r, TimedOut | KernelGone | Uncarried) for r in ran.replies)
    else:
        assert is_right(ran.replies), (ran.summaries, ran.replies)


def test_objects_that_are_equal_to_everything_are_no_values(run: Runner) -> None:
    source = """
class Yes:
    __class__ = float
    def __eq__(self, other): return True
    def __array__(self, *a, **k): return 1 / 0
    def __iter__(self): raise SystemExit
    def __repr__(self): raise SystemExit
    def __reduce__(self): import os; os._exit(1)
    def __call__(self, *a): return Yes()
yes = Yes()
"""
    ran = run(source, calls=[Call("yes", (1,))], names=["yes"])
    assert ran.replies == [Got(Opaque("Yes", True)), Got(Opaque("Yes", True))]


def test_subclasses_that_lie_are_read_as_what_they_hold(run: Runner) -> None:
    source = """
import numpy as np
class Lie(float):
    def __repr__(self): return '1.0'
    def __eq__(self, other): return True
    def hex(self): return '0x1p+0'
class List(list):
    def __iter__(self): return iter([1, 1])
    def __len__(self): return 2
class Dict(dict):
    def items(self): return [('right', 1)]
class Array(np.ndarray):
    def tobytes(self, *a): return b'1' * 24
    def astype(self, *a, **k): raise SystemExit
    shape = (1,)
a, b, c, d = Lie(7), List([3, 4, 5]), Dict(x=2), np.zeros(3).view(Array)
"""
    ran = run(source, names=["a", "b", "c", "d"])
    a, b, c, d = ran.replies
    assert (a, b, c) == (Got(7.0), Got([3, 4, 5]), Got({"x": 2}))
    assert isinstance(d, Got)
    assert np.array_equal(d.value, np.zeros(3))  # type: ignore[arg-type]


def test_values_too_deep_too_large_or_circular_say_so(run: Runner) -> None:
    source = """
import numpy as np
deep = []
for _ in range(100_000): deep = [deep]
circle = []; circle.append(circle)
ring = {}; ring['ring'] = [ring]
many = list(range(200_000))
giant = np.broadcast_to(np.zeros(1), (10**9, 10**3))
big = np.zeros(6 << 20)
text = 'x' * (30 << 20)
number = 10 ** 100_000
keys = {i * (2**61 - 1): 0 for i in range(20_000)}
texts = np.array(['x' * 1000] * 1000)
nan = [float('nan'), float('inf'), np.nan]
"""
    names = ["deep", "circle", "ring", "many", "giant", "big", "text", "number", "keys", "texts"]
    ran = run(source, names=[*names, "nan"])
    for name, reply in zip(names[:-1], ran.replies, strict=False):
        assert isinstance(reply, Uncarried), (name, reply)
        assert reply.reason.startswith(f"The value of {name} cannot be read: it")
    assert isinstance(ran.replies[names.index("texts")], Got)
    last = ran.replies[-1]
    assert isinstance(last, Got)
    assert np.isnan(last.value[0])  # type: ignore[index]


def test_exceptions_that_bite(run: Runner) -> None:
    source = """
class Bad(BaseException):
    def __str__(self): raise SystemExit
def a(): raise Bad
def b(): raise SystemExit(3)
def c(): raise KeyboardInterrupt
def d(): raise ValueError('x' * 10**6)
def e(): return e()
class Ugly(Exception): pass
Ugly.__name__ = 'x' * 10**6
def f(): raise Ugly
"""
    ran = run(source, calls=[Call(name) for name in "abcdef"])
    exceptions = [reply.exception[:20] for reply in ran.replies if isinstance(reply, Raised)]
    assert exceptions == ["Bad", "SystemExit", "KeyboardInterrupt", "ValueError", "RecursionError", "x" * 20]
    assert all(len(reply.message) <= 2000 for reply in ran.replies if isinstance(reply, Raised))
    assert ran.replies[1] == Raised("SystemExit", "3", "def b(): raise SystemExit(3)")


def test_the_collector_found_in_memory_can_only_be_made_to_send_wrong_values(run: Runner) -> None:
    source = """
import gc, types, warnings
warnings.simplefilter('ignore')
gc.unfreeze()
found = 0
for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType) and 'grader' in (thing.__code__.co_filename or ''):
        found += 1
        for name in list(thing.__globals__):
            if not name.startswith('__'): thing.__globals__[name] = lambda *a, **k: [1, 2, 3]
print(found)
"""
    ran = run(HONEST, source, calls=[Call("double", (np.arange(3),))], names=["numbers"], call_s=2)
    assert max(int(line) for line in ran.text(1).split() if line.isdigit()) > 5
    assert len(ran.replies) == 2
    assert not is_right(ran.replies)


FORGED = """
import json, hmac, os
kernel = get_ipython().kernel
session, socket = kernel.session, kernel.iopub_socket
"""


def test_forged_replies_reach_no_further_than_a_wrong_value(run: Runner) -> None:
    source = (
        FORGED
        + """
def forged(stream, ident, parent):
    tree = b'["got", ["l", [42]], []]'
    session.send(stream, 'grader_reply', {}, parent, ident, buffers=[tree, b''])
kernel.shell_handlers['grader_request'] = forged
"""
    )
    ran = run(HONEST, source, calls=[Call("double", (np.arange(3),))])
    assert ran.replies == [Got([42])]  # a value like any other: the comparison decides


@pytest.mark.parametrize(
    "tree",
    [
        "b'not json'",
        "b'[' * 100_000",
        "b'[\"got\", ' + b'[\"l\", [' * 5000",
        'b\'["got", ["a", "f8", [1000000000]], []]\'',
        'b\'["got", ["a", "O", [1]], []]\'',
        'b\'["got", ["d", [[["l", []], 1]]], []]\'',
        "b'[\"got\", 1, [99999999999999999999]]'",
        "b'null'",
        "b'[' + b'1,' * 3_000_000 + b'1]'",
        "b'\\xff\\xfe'",
        "b'{\"got\": 1}'",
    ],
)
def test_malformed_replies_are_uncarried_values(run: Runner, tree: str) -> None:
    source = (
        FORGED
        + f"""
def forged(stream, ident, parent):
    session.send(stream, 'grader_reply', {{}}, parent, ident, buffers=[{tree}, b''])
kernel.shell_handlers['grader_request'] = forged
"""
    )
    ran = run(HONEST, source, calls=[Call("double", (1,))], names=["numbers"], call_s=3)
    assert all(isinstance(reply, Uncarried | KernelGone) for reply in ran.replies), ran.replies


@pytest.mark.parametrize(
    "forgery",
    [
        "session.send(socket, 'stream', {'name': 3}, parent=kernel.get_parent())",
        "session.send(socket, 'display_data', {'data': 3, 'metadata': []}, parent=kernel.get_parent())",
        "session.send(socket, 'error', {}, parent=kernel.get_parent())",
        "session.send(socket, 'status', {}, parent=kernel.get_parent())",
        "session.send(socket, 'nothing', {'a': 1}, parent=kernel.get_parent())",
        "session.send(socket, 'comm_open', {'target_name': 'jupyter.widget', 'data': 1}, parent=kernel.get_parent())",
        "session.send(socket, 'clear_output', 'x', parent=kernel.get_parent())",
        "session.send(socket, 'update_display_data', {'transient': {'display_id': []}}, parent=kernel.get_parent())",
        "socket.send_multipart([b'a', b'<IDS|MSG>', b'x'])",
        "socket.send_multipart([b'<IDS|MSG>'] * 5000)",
        "session.pack = lambda o: b'[' * 9000\nsession.send(socket, 'stream', {}, parent=kernel.get_parent())",
        "session.key = b'other'",
        "session.send(socket, 'status', {'execution_state': 'idle'}, parent=kernel.get_parent())",
    ],
)
def test_forged_messages_end_at_most_the_session(run: Runner, forgery: str) -> None:
    ran = run(FORGED + forgery, "1", names=["FORGED"], cell_s=2, call_s=2)
    assert ran.statuses[0] in ("ok", "error", "died", "timeout")
    if "died" in ran.statuses:
        assert "malformed" in ran.reason or "too many parts" in ran.reason
    assert ran.seconds < 20


def test_a_reply_for_a_cell_that_has_not_run_is_no_result(run: Runner) -> None:
    """`assert 1 == 2` may well be reported as ok; so what a cell says counts for nothing in a grade."""
    source = (
        FORGED
        + """
kernel.do_execute = None
async def forged(stream, ident, parent):
    session.send(stream, 'execute_reply', {'status': 'ok', 'execution_count': 1}, parent, ident)
kernel.shell_handlers['execute_request'] = forged
"""
    )
    ran = run(source, "x = 1\nassert 1 == 2", names=["x"])
    assert ran.statuses == ["ok", "ok"]
    assert not isinstance(ran.replies[0], Got)


@pytest.mark.parametrize(
    "forgery",
    [
        "session.pack = lambda o: b'[' * 9000\n    session.send(stream, 'grader_reply', {}, parent, ident)",
        "session.pack = lambda o: b'3'\n    session.send(stream, 'grader_reply', {}, parent, ident)",
        "session.key = b'other'\n    session.send(stream, 'grader_reply', {}, parent, ident)",
        "session.send(stream, 'grader_reply', {}, parent, ident)",
        "session.send(stream, 'grader_reply', {}, parent, ident, buffers=[b'x'] * 3)",
        "session.send(stream, 'grader_reply', {}, parent, ident, buffers=[b'x'] * 2000)",
        "stream.send_multipart([*ident, b'<IDS|MSG>', b'', b'{}', b'{}'])",
    ],
)
def test_replies_that_are_no_messages_end_the_session(run: Runner, forgery: str) -> None:
    source = (
        FORGED + f"def forged(stream, ident, parent):\n    {forgery}\nkernel.shell_handlers['grader_request'] = forged"
    )
    ran = run(HONEST, source, calls=[Call("double", (1,))], names=["numbers"], call_s=3)
    assert [type(reply) for reply in ran.replies] == [KernelGone, KernelGone]
    assert "malformed" in ran.reason or "too many parts" in ran.reason
