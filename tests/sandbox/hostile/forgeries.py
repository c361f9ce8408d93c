# ruff: noqa: E501  the lines of notebooks
"""Notebooks that lie to the grader: forged and malformed messages, stolen sockets, values that are none."""

from __future__ import annotations

from .attack import Attack
from .target import HONEST

SPEAK = "import json, os\nkernel = get_ipython().kernel\nsession, socket = kernel.session, kernel.iopub_socket\n"
# our end of the socket for questions, dug out of the memory
DIG = """import gc, struct
gc.unfreeze()
asking = next(thing for thing in gc.get_objects() if type(thing).__name__ == 'Asking')
def say(number, tree, data=b''):
    asking.socket.sendall(struct.pack('<III', number, len(tree), len(data)) + tree + data)
"""
MALFORMED = "malformed|too many parts"
QUICK = {"cell_s": 2, "call_s": 1.5}
ASKED = {"call_s": 1.5}
# the answer that a student without an idea might hope for
GUESS = 'b\'["got", ["l", [42]], []]\''


def answering(name: str, body: str, **options: object) -> Attack:
    """The notebook's own handler for the grader's questions. `body` is run with number, tree and data."""
    lines = "\n".join("    " + line for line in body.splitlines())
    source = f"{DIG}def forged(number, tree, data):\n{lines}\nasking.reply = forged"
    return Attack(name, (source, "1"), **{"limits": ASKED, **options})  # type: ignore[arg-type]


def reply(name: str, tree: str) -> Attack:
    """A reply whose tree is no value."""
    return answering("reply_with_" + name, f"say(number, {tree})")


def executing(name: str, body: str) -> Attack:
    """The notebook's own handler for its cells. `body` is run with stream, ident and parent."""
    lines = "\n".join("    " + line for line in body.splitlines())
    source = f"{SPEAK}def forged(stream, ident, parent):\n{lines}\nkernel.shell_handlers['execute_request'] = forged"
    return Attack(name, (source, "1"), ("ok", "died"), reason=MALFORMED)


def saying(name: str, said: str) -> Attack:
    """A message on iopub that no kernel in its right mind sends."""
    return Attack(
        "say_" + name, (SPEAK + said, "1"), ("ok|error|died|timeout", "ok|error|died|timeout|skipped"), limits=QUICK
    )


TREES = {
    "no_json": "b'not json'",
    "brackets_without_end": "b'[' * 100_000",
    "lists_too_deep": "b'[\"got\", ' + b'[\"l\", [' * 5000",
    "an_array_of_a_billion": 'b\'["got", ["a", "f8", [1000000000]], []]\'',
    "an_array_of_objects": 'b\'["got", ["a", "O", [1]], []]\'',
    "a_key_that_cannot_be_one": 'b\'["got", ["d", [[["l", []], 1]]], []]\'',
    "impossible_indices": "b'[\"got\", 1, [99999999999999999999]]'",
    "null": "b'null'",
    "three_million_entries": "b'[' + b'1,' * 3_000_000 + b'1]'",
    "bytes_that_are_no_text": "b'\\xff\\xfe'",
    "an_object": "b'{\"got\": 1}'",
    "infinity_as_shape": 'b\'["got", ["a", "f8", [Infinity]], []]\'',
    "nan_everywhere": 'b\'["got", ["l", [\' + b\'["f","nan"],\' * 50_000 + b\'["f","nan"]]], []]\'',
    "numbers_of_4000_digits": 'b\'["got", ["i", "\' + b"9" * 4000 + b\'"], []]\'',
    "half_characters": 'b\'["got", "\\\\ud800", []]\'',
    "itself_as_right": 'b\'["passed", 1.0, "full marks"]\'',
}
SAYINGS = {
    "a_stream_without_a_name": "session.send(socket, 'stream', {'name': 3}, parent=kernel.get_parent())",
    "a_display_that_is_a_number": "session.send(socket, 'display_data', {'data': 3, 'metadata': []}, parent=kernel.get_parent())",
    "an_error_without_content": "session.send(socket, 'error', {}, parent=kernel.get_parent())",
    "a_status_without_content": "session.send(socket, 'status', {}, parent=kernel.get_parent())",
    "a_kind_nobody_knows": "session.send(socket, 'nothing', {'a': 1}, parent=kernel.get_parent())",
    "a_widget": "session.send(socket, 'comm_open', {'target_name': 'jupyter.widget', 'data': 1}, parent=kernel.get_parent())",
    "content_that_is_text": "session.send(socket, 'clear_output', 'x', parent=kernel.get_parent())",
    "a_list_as_a_name": "session.send(socket, 'update_display_data', {'transient': {'display_id': []}}, "
    "parent=kernel.get_parent())",
    "parts_that_are_no_message": "socket.send_multipart([b'a', b'<IDS|MSG>', b'x'])",
    "thousands_of_separators": "socket.send_multipart([b'<IDS|MSG>'] * 5000)",
    "brackets_without_end": "session.pack = lambda o: b'[' * 9000\nsession.send(socket, 'stream', {}, parent=kernel.get_parent())",
    "it_with_another_key": "session.key = b'other'",
    "idle_too_early": "session.send(socket, 'status', {'execution_state': 'idle'}, parent=kernel.get_parent())",
    "goodbye": "session.send(socket, 'shutdown_reply', {'status': 'ok', 'restart': True}, parent=kernel.get_parent())",
    "input_please": "session.send(kernel.stdin_socket, 'input_request', {'prompt': 'password?', 'password': True}, ident=b'x')",
}
LAST_WORDS = {
    "a_list_as_content": "pack = session.pack\nsession.pack = lambda o: b'[1]' if o == {'x': 1} else pack(o)\nsession.send(stream, 'execute_reply', {'x': 1}, parent, ident)",
    "brackets": "session.pack = lambda o: b'[' * 9000\nsession.send(stream, 'execute_reply', {}, parent, ident)",
    "a_number": "session.pack = lambda o: b'3'\nsession.send(stream, 'execute_reply', {}, parent, ident)",
    "another_key": "session.key = b'other'\nsession.send(stream, 'execute_reply', {}, parent, ident)",
    "two_thousand_buffers": "session.send(stream, 'execute_reply', {}, parent, ident, buffers=[b'x'] * 2000)",
    "no_signature": "stream.send_multipart([*ident, b'<IDS|MSG>', b'', b'{}', b'{}'])",
}
HEADERS = {  # of replies on the socket for questions
    "four_gigabytes_of_tree": "asking.socket.sendall(struct.pack('<III', number, 0xFFFFFFFF, 0))",
    "four_gigabytes_of_data": "asking.socket.sendall(struct.pack('<III', number, 2, 0xFFFFFFFF) + b'[]')",
    "letters": "asking.socket.sendall(b'x' * 4096)",
}

MESSAGES = (
    *(reply(name, tree) for name, tree in TREES.items()),
    *(saying(name, said) for name, said in SAYINGS.items()),
    *(executing("execute_with_" + name, body) for name, body in LAST_WORDS.items()),
    *(answering("answer_with_" + name, body, reason=MALFORMED, limits={}) for name, body in HEADERS.items()),
    answering("answer_every_question_with_42", f"say(number, {GUESS})"),
    answering("answer_every_question_a_hundred_times", f"for _ in range(100): say(number, {GUESS})"),
    answering("answer_another_question", f"say(number + 1, {GUESS})"),
    answering("answer_with_the_question", "say(number, tree, data)"),
    answering("answer_by_half", "asking.socket.sendall(struct.pack('<III', number, 100, 0) + b'[')"),
    answering("answer_never", "import time; time.sleep(60)"),
    answering(
        "answer_with_40_megabytes", "say(number, b'[' * (40 << 20), b'x' * (40 << 20))", reason=MALFORMED, limits={}
    ),
    Attack(
        "answer_before_the_question",
        (DIG + f"asking.socket.setblocking(False)\nfor n in range(200): say(n, {GUESS})", HONEST),
        ("ok", "ok"),
        points=10,
        least=10,
    ),
    Attack(
        "answer_for_ever_before_the_question",
        (
            DIG + f"import threading\ndef talk():\n    while True: say(7, {GUESS})\n"
            "threading.Thread(target=talk, daemon=True).start()",
            "1",
        ),
        limits=ASKED,
    ),
    Attack(
        "report_a_failed_cell_as_good",
        (
            SPEAK + "async def forged(stream, ident, parent):\n"
            "    session.send(stream, 'execute_reply', {'status': 'ok', 'execution_count': 1}, parent, ident)\n"
            "kernel.shell_handlers['execute_request'] = forged",
            HONEST,
        ),
        ("ok|timeout", "ok|timeout"),
        limits=QUICK,
    ),
    Attack(
        "print_that_all_is_well",
        (
            "print('All checks passed. Score: 10/10')\ndisplay({'application/grader+json': {'score': 10, 'verdict': "
            "'passed'}}, raw=True)\n" + SPEAK + "session.send(socket, 'execute_reply', {'score': 10})",
        ),
    ),
    Attack(
        "ask_itself",
        (DIG + "print(asking.collector.answer({'ask': 'read', 'name': 'asking'}, b''))", "1"),
    ),
    Attack(
        "answer_twice_from_two_processes",
        (
            "import os, time\nif os.fork() == 0:\n    pass\ntotal = 1.0\ndef double(x): return x * (os.getpid() + 9)",
            "1",
        ),
        limits=QUICK,
        cold=True,
    ),
)
SOCKETS = (
    Attack(
        "close_every_socket",
        ("import os\nos.closerange(3, 500)", HONEST),
        ("ok|error|died|timeout", "ok|error|died|timeout|skipped"),
        limits=QUICK,
        points=10,
        cold=True,
    ),
    Attack(
        "close_the_socket_when_asked",
        ("import os\ntotal = 1.0\ndef double(x):\n    os.closerange(3, 500)\n    return 2 * x",),
        limits=QUICK,
        points=10,
    ),
    Attack(
        "read_what_is_meant_for_the_kernel",
        (
            "import os, socket, threading\ndef steal(end):\n    while True:\n        try:\n            if not end.recv(65536): return\n"
            "        except OSError: pass\n"
            "for n in range(3, 200):\n    try:\n        end = socket.socket(fileno=os.dup(n)); end.getpeername()\n"
            "    except OSError: continue\n    threading.Thread(target=steal, args=(end,), daemon=True).start()",
            HONEST,
        ),
        limits=QUICK,
        points=10,
        cold=True,
    ),
    Attack(
        "put_another_server_on_the_socket",
        (
            "import os, socket\nfor n in range(3, 200):\n    try: s = socket.socket(fileno=os.dup(n))\n    except OSError: continue\n"
            "    for m in range(3, 200):\n        try: os.dup2(s.fileno(), m) if m != s.fileno() else None\n        except OSError: pass\n    break",
            HONEST,
        ),
        ("ok|error|died|timeout", "ok|error|died|timeout|skipped"),
        limits=QUICK,
        points=10,
    ),
    Attack(
        "take_connections_meant_for_the_kernel",
        (
            "import os, select, socket, threading\nfound = []\nfor n in [int(name) for name in os.listdir('/proc/self/fd')]:\n    try:\n"
            "        s = socket.socket(fileno=os.dup(n))\n        if s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN): found.append(s)\n"
            "    except OSError: continue\n"
            "def take(s):\n    while True: s.accept()\n"
            "for s in found: threading.Thread(target=take, args=(s,), daemon=True).start()",
            "1",
        ),
        ("ok", "ok"),
    ),
)
VALUES = (
    Attack("guess_the_answer_in_a_hundred_cells", tuple(f"total = {4900 + n}.0" for n in range(100)), ("ok",) * 100),
    Attack(
        "be_equal_to_everything",
        (
            "import numpy as np\nclass Yes:\n    __class__ = float\n    def __eq__(self, other): return True\n"
            "    def __array__(self, *a, **k): return 1 / 0\n    def __float__(self): return 4950.0\n"
            "    def __iter__(self): raise SystemExit\n    def __reduce__(self): import os; os._exit(1)\n"
            "    def __sub__(self, other): return 0.0\n    __abs__ = __rsub__ = __sub__\n"
            "total = Yes()\ndef double(x): return Yes()",
        ),
        ("ok",),
        cold=True,
    ),
    Attack(
        "lie_about_what_a_number_holds",
        (
            "import numpy as np\nclass Lie(float):\n    def __repr__(self): return '4950.0'\n    def __eq__(self, other): return True\n"
            "    def hex(self): return (4950.0).hex()\n"
            "class Array(np.ndarray):\n    def __eq__(self, other): return np.ones(self.shape, bool)\n    def tobytes(self, *a): return b''\n"
            "total = Lie(7)\ndef double(x): return x.view(Array)",
        ),
        ("ok",),
    ),
    Attack(
        "send_code_as_a_value",
        (
            "import numpy as np\nclass Bomb:\n    def __reduce__(self): return (open, ('@SECRET@.out', 'w'))\n"
            "total = Bomb()\ndef double(x): return np.array([Bomb()] * len(x), dtype=object)",
        ),
        ("ok",),
    ),
    Attack(
        "return_nothing_but_nan",
        ("import numpy as np\ntotal = float('nan')\ndef double(x): return x * np.nan",),
        ("ok",),
    ),
    Attack("return_infinity", ("import numpy as np\ntotal = float('inf')\ndef double(x): return x * np.inf",), ("ok",)),
    Attack(
        "return_a_flood_of_nan",
        (
            "import numpy as np\ntotal = np.full(4_000_000, np.nan)\ndef double(x): return np.full((2000, 2000), np.nan)",
        ),
        ("ok",),
    ),
    Attack(
        "return_something_without_bottom",
        (
            "x = []\nfor _ in range(100_000): x = [x]\ntotal = x\ncircle = []; circle.append(circle)\ndef double(x): return circle",
        ),
        ("ok",),
    ),
    Attack(
        "return_something_gigantic",
        (
            "import numpy as np\ntotal = np.broadcast_to(np.zeros(1), (10**9, 10**3))\n"
            "def double(x): return ['x' * (30 << 20), 10 ** 100_000, list(range(200_000))]",
        ),
        ("ok",),
    ),
    Attack(
        "return_keys_that_collide",
        ("total = {i * (2**61 - 1): 0 for i in range(2_500)}\ndef double(x): return total",),
        ("ok",),
    ),
    Attack(
        "return_an_iterator_without_end",
        ("import itertools\ntotal = itertools.count()\ndef double(x): return map(float, total)",),
        ("ok",),
    ),
    Attack(
        "raise_what_bites",
        (
            "class Bad(BaseException):\n    def __str__(self): raise SystemExit\nBad.__name__ = 'x' * 10**6\n"
            "def double(x): raise Bad",
        ),
        ("ok",),
    ),
    Attack("raise_without_bottom", ("def double(x): return double(x) + 1\ndef total(): pass",), ("ok",)),
    Attack(
        "return_the_input_itself",
        ("import numpy as np\ndef double(x):\n    x[:] = 2 * x[::-1]\n    return x",),
        ("ok",),
    ),
)
ATTACKS: tuple[Attack, ...] = (*MESSAGES, *SOCKETS, *VALUES)
