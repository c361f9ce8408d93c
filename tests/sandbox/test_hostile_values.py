"""Notebooks that try to make the collector, or the worker behind it, say or do what is not so."""

from __future__ import annotations

import numpy as np

from assignments.asking import Call, Got, Raised, Reply, Uncarried
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
keys = {i * (2**61 - 1): 0 for i in range(11_000)}
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
    find = """
import gc, types, warnings
warnings.simplefilter('ignore')
gc.unfreeze()
found = [thing for thing in gc.get_objects()
         if isinstance(thing, types.FunctionType) and 'grader' in (thing.__code__.co_filename or '')]
print(len(found))
"""
    replace = """  # printing, too: what was found must have been said before
for thing in found:
    for name in list(thing.__globals__):
        if not name.startswith('__'): thing.__globals__[name] = lambda *a, **k: [1, 2, 3]
"""
    ran = run(HONEST, find, replace, calls=[Call("double", (np.arange(3),))], names=["numbers"], call_s=2)
    assert max(int(line) for line in ran.text(1).split() if line.isdigit()) > 5
    assert len(ran.replies) == 2
    assert not is_right(ran.replies)


FORGED = """
kernel = get_ipython().kernel
session, socket = kernel.session, kernel.iopub_socket
"""


def test_forged_replies_reach_no_further_than_a_wrong_value(run: Runner) -> None:
    source = """
import gc, struct
gc.unfreeze()
asking = next(thing for thing in gc.get_objects() if type(thing).__name__ == 'Asking')
def forged(number, tree, data):
    tree = b'["got", ["l", [42]], []]'
    asking.socket.sendall(struct.pack('<III', number, len(tree), 0) + tree)
asking.reply = forged
"""
    ran = run(HONEST, source, calls=[Call("double", (np.arange(3),))])
    assert ran.replies == [Got([42])]  # a value like any other: the comparison decides


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
