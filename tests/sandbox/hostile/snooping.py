# ruff: noqa: E501  the lines of notebooks
"""Notebooks that tamper with the interpreter, or look through it for the question's answer."""

from __future__ import annotations

from .attack import Attack
from .target import HONEST

QUICK = {"cell_s": 2, "call_s": 1.5}
WRONG = "import numpy as np\ntotal = 1.0\ndef double(x): return x + 1\n"

# Replaced in the cell that defines right answers, which are asked for right after it: they are read all the same.
REPLACED = {
    "names_of_the_notebook": "print = isinstance = len = type = list = dict = str = repr = callable = None",
    "print_and_sum": "import builtins\nbuiltins.print = builtins.sum = lambda *a, **k: 0",
    "complex_and_bytearray": "import builtins\nbuiltins.complex = builtins.bytearray = None",
    "float": "import builtins\nbuiltins.float = None",
    "memoryview": "import builtins\nbuiltins.memoryview = None",
    "functions_of_numpy": "np.allclose = np.array_equal = np.isclose = np.testing.assert_allclose = lambda *a, **k: True",
    "the_makers_of_arrays": "np.array = np.asarray = np.frombuffer = np.dtype = None",
    "json": "import json, json.encoder, json.decoder\n"
    "json.dumps = json.loads = json.encoder.JSONEncoder.encode = lambda *a, **k: '{\"ok\": 1}'",
    "the_standard_library": "import difflib, linecache, random, types\n"
    "difflib.get_close_matches = linecache.getline = random.getstate = None; types.ModuleType = None",
    "the_shell": "ip = get_ipython(); ip.user_ns = {}; ip.display_formatter = None; sys = None",
    "loaded_modules": "import sys\nsys.modules['torch'] = 3\nsys.modules['matplotlib.pyplot'] = 4",
    "the_streams": "import sys\nsys.stdout = sys.stderr = None",
}
BROKEN = {
    "len": "import builtins\nbuiltins.len = lambda *a, **k: 0",
    "isinstance": "import builtins\nbuiltins.isinstance = lambda *a: True",
    "type": "import builtins\nbuiltins.type = lambda *a: dict",
    "every_builtin": "import builtins\nfor name in 'all any bytes dict float getattr int issubclass list repr "
    "str tuple vars max min sum sorted'.split(): setattr(builtins, name, None)",
    "signing": "import hmac\nhmac.HMAC.hexdigest = lambda self: '0' * 64\nhmac.compare_digest = lambda a, b: True",
    "import": "import builtins\nbuiltins.__import__ = lambda *a, **k: 1 / 0",
}

COLLECTOR = """
import gc, types, warnings
warnings.simplefilter('ignore')
gc.unfreeze()
found = 0
for thing in gc.get_objects():
    if isinstance(thing, types.FunctionType) and 'grader' in (thing.__code__.co_filename or ''):
        found += 1
        for name in list(thing.__globals__):
            if not name.startswith('__'): thing.__globals__[name] = lambda *a, **k: [1, 2, 3]
assert found > 5, found
"""
STACK = """
import gc, sys
import numpy as np
def double(x):
    frame, seen = sys._getframe(), []
    while frame is not None:
        seen += list(frame.f_locals.values()) + list(frame.f_globals.values())
        frame = frame.f_back
    gc.unfreeze()
    seen += gc.get_objects()
    for thing in seen:  # anything of the same shape that is not what was given: the right answer, if it were here
        if type(thing) is np.ndarray and thing.shape == x.shape and not np.array_equal(thing, x):
            return thing
    for thing in seen:
        if type(thing) is dict and {'expected', 'right', 'answer', 'reference', 'solution'} & set(map(str, thing)):
            return next(iter(thing.values()))
    return x
"""
MEMORY = """
import re
import numpy as np
def double(x):
    wanted = x.tobytes()
    for line in open('/proc/self/maps'):
        if ' rw-p ' not in line: continue
        first, last = (int(part, 16) for part in line.split()[0].split('-'))
        with open('/proc/self/mem', 'rb', 0) as memory:
            try:
                memory.seek(first); data = memory.read(min(last - first, 64 << 20))
            except (OSError, ValueError, OverflowError): continue
        at = data.find(wanted)
        if at >= 0:
            behind = data[at + len(wanted):at + 2 * len(wanted)]  # what lies behind the question, perhaps its answer
            if len(behind) == len(wanted): return np.frombuffer(behind)
    return x
"""
SEEDS = """
import numpy as np
def double(x):
    for seed in range(3000):  # is the question drawn from a seed that can be guessed?
        if np.array_equal(np.random.default_rng(seed).normal(size=len(x)), x): return 2 * x
    return x
"""
TRACING = """
import sys, threading
caught = []
def trace(frame, event, argument):
    caught.append((frame.f_code.co_name, event, argument))
    for name, value in list(frame.f_locals.items()):
        if 'expected' in name or 'right' in name: caught.append(value)
    if event == 'return' and 'grader' in frame.f_code.co_filename: frame.f_globals['MISSING'] = None
    return trace
sys.settrace(trace); sys.setprofile(trace); threading.settrace(trace)
"""
MONITORING = """
import sys
if hasattr(sys, 'monitoring'):
    sys.monitoring.use_tool_id(3, 'spy')
    sys.monitoring.register_callback(3, sys.monitoring.events.PY_RETURN, lambda code, at, value: 1 / 0)
    sys.monitoring.set_events(3, sys.monitoring.events.PY_RETURN)
"""
IMPORTS = """
import builtins, sys
class Hook:
    def find_spec(self, name, path=None, target=None):
        raise SystemExit
sys.meta_path.insert(0, Hook()); sys.path[:] = []; sys.path_hooks[:] = []
for name in ('assignments', 'reference', 'worker', 'grader'): sys.modules[name] = sys
"""
LATE = """
import threading, time
def change():
    while True:
        time.sleep(0.0005)
        for name in ('total', 'double'): globals().pop(name, None)
        globals()['total'] = 4950.5
threading.Thread(target=change, daemon=True).start()
"""
EXITS = """
import atexit, signal, sys, threading
def again(*anything):
    while True:
        try: open('again', 'w').write('x')
        except BaseException: pass
atexit.register(again); threading._register_atexit(again)
sys.excepthook = sys.unraisablehook = again
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1): signal.signal(number, again)
"""
TIMED = """
import time
began, calls = time.monotonic(), []
def double(x):
    calls.append(x.copy())
    return calls[0] * 2  # right for the first question, if the same were asked again
"""
MODULES = """
import sys, types
fake = types.ModuleType('grader_collector'); fake.Collector = None
sys.modules['grader_wire'] = sys.modules['grader_collector'] = sys.modules['wire'] = fake
import glob
found = [path for path in glob.glob('/opt/grader/*.py') for line in open(path) if 'reference' in line and 'import' in line]
assert not found, found
"""

ATTACKS: tuple[Attack, ...] = (
    *(
        Attack(
            f"replace_{name}",
            (HONEST + source,),
            ("ok|error",),
            points=10,
            least=10,
        )
        for name, source in REPLACED.items()
    ),
    *(
        Attack(f"replace_{name}_and_be_wrong", (WRONG, source), limits=QUICK, cold=name == "every_builtin")
        for name, source in BROKEN.items()
    ),
    Attack("walk_the_stack_for_the_answer", (STACK,), ("ok",), cold=True),
    Attack("search_its_memory_for_the_answer", (MEMORY,), ("ok",), limits={"call_s": 8}),
    Attack("guess_the_seed_of_the_questions", (SEEDS,), ("ok",), limits={"call_s": 8}),
    Attack("trace_the_collector", (WRONG, TRACING), limits=QUICK),
    Attack("trace_and_be_right", (HONEST, TRACING), points=10, limits=QUICK),
    Attack("watch_every_return", (WRONG, MONITORING), limits=QUICK),
    Attack("hook_every_import", (WRONG, IMPORTS), limits=QUICK),
    Attack("hook_every_import_and_be_right", (HONEST, IMPORTS), points=10, least=10),
    Attack(
        "overwrite_the_collector",
        (WRONG, COLLECTOR),
        ("ok|timeout", "ok|error|timeout|died|skipped"),  # it may end its own kernel by what it overwrites
        limits={"cell_s": 4, "call_s": 1},
        cold=True,
    ),
    Attack("pose_as_modules_of_the_grader", (WRONG, MODULES), ("ok", "ok")),
    Attack("change_values_while_they_are_read", (HONEST, LATE), ("ok", "ok"), points=10),
    Attack("do_something_at_the_end", (HONEST, EXITS), ("ok", "ok"), points=10, least=10, cold=True),
    Attack("answer_the_first_question_again", (TIMED,), ("ok",)),
    Attack(
        "hide_code_from_the_reader",
        (
            "# nothing to see\r" + "import os\x0cx = 1",
            "%%capture x\n%%bash\necho hi",
            "!!ls",
            "%run nothing.py",
            "?? double",
        ),
        limits=QUICK,
    ),
    Attack(
        "change_the_kernel_itself",
        ("ip = get_ipython()\nip.run_cell = ip.run_cell_async = None\nip.kernel.do_execute = None", HONEST),
        ("ok|error|died|timeout", "ok|error|timeout|died|skipped"),
        points=10,
        limits=QUICK,
    ),
    Attack(
        "stop_the_event_loop",
        ("import asyncio\nasyncio.get_event_loop().stop()\nget_ipython().kernel.io_loop.stop()", HONEST),
        points=10,
        limits=QUICK,
    ),
    Attack(
        "swallow_every_exception_of_the_collector",
        (WRONG, "import sys\nget_ipython().kernel.shell_handlers.clear()"),
        limits=QUICK,
    ),
)
