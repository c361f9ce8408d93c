# ruff: noqa: E501  the lines of notebooks
"""Notebooks that use what Python offers to debuggers and embedders against the collector, in its own process."""

from __future__ import annotations

from .attack import Attack
from .forgeries import DIG, GUESS
from .snooping import WRONG
from .target import HONEST

QUICK = {"cell_s": 4, "call_s": 1.5}
HEARING = """
import sys
heard = []
def hear(event, arguments):
    heard.append((event, arguments))
    for thing in arguments:
        if isinstance(thing, dict) and {'expected', 'right', 'answer'} & set(map(str, thing)): globals()['total'] = 4950.0
sys.addaudithook(hear)
"""
REFUSING = """
import sys
armed = []
def refuse(event, arguments):
    if armed: raise RuntimeError(event)
sys.addaudithook(refuse)
def double(x):
    armed.append(1)
    return x + 1
"""
THROWING = """
import ctypes, threading, time
main = threading.main_thread().ident
def throw():
    until = time.monotonic() + 3
    while time.monotonic() < until:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(main), ctypes.py_object(SystemExit))
        time.sleep(0.0005)
threading.Thread(target=throw, daemon=True).start()
"""
DUMPING = (
    DIG
    + """
import faulthandler
faulthandler.enable(file=asking.socket.fileno())
faulthandler.dump_traceback_later(0.01, repeat=True, file=asking.socket.fileno())
"""
)
WAKING = (
    DIG
    + """
import signal
asking.socket.setblocking(False)
signal.signal(signal.SIGALRM, lambda *anything: None)
signal.set_wakeup_fd(asking.socket.fileno(), warn_on_full_buffer=False)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
"""
)
# the frames of the collector are above: what it is about to send is in their variables
FRAMES = """
import ctypes, sys
import numpy as np
def double(x):
    frame = sys._getframe(1)
    while frame is not None:
        for name in list(frame.f_locals):
            if name in ('value', 'before', 'changed', 'undone', 'name', 'target', 'answer', 'tree', 'number'):
                try: frame.f_locals[name] = 4950.0
                except Exception: pass
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), 0)
        frame = frame.f_back
    return x + 1
"""
INTERPRETERS = """
import importlib
def module():
    for name in ('_interpreters', '_xxsubinterpreters'):
        try: return importlib.import_module(name)
        except ImportError: pass
interpreters = module()
if interpreters is not None:
    made = [interpreters.create() for _ in range(5)]
    for one in made:
        run = getattr(interpreters, 'run_string', None) or interpreters.exec
        run(one, "import os, threading\\nprint('x' * 100)\\nos.write(1, b'y')")
"""
PROFILING = """
import ctypes, sys
KIND = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.py_object, ctypes.c_int, ctypes.c_void_p)
seen = []
def look(extra, frame, what, argument):
    seen.append(frame.f_code.co_name)
    for name, value in list(frame.f_locals.items()):
        if name in ('expected', 'right', 'reference'): globals()['total'] = value
    return 0
kept = KIND(look)
ctypes.pythonapi.PyEval_SetProfile(kept, ctypes.py_object(None))
"""
GARBAGE = """
import gc, sys
class Ring: pass
def bite(phase, info):
    for name in ('total', 'double'): globals().pop(name, None)
    sys.setrecursionlimit(60)
    raise SystemExit
gc.callbacks.append(bite)
gc.set_threshold(1)
"""
SLOW = """
import sys, threading
sys.setswitchinterval(1e6)
threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()
"""
WITH_FILES = (
    DIG
    + f"""
import os, socket
ends = [os.open('/dev/null', os.O_RDONLY), *os.pipe(), *(s.fileno() for s in socket.socketpair())]
def forged(number, tree, data):
    for _ in range(4): socket.send_fds(asking.socket, [b'x'], ends * 20)
    say(number, {GUESS})
asking.reply = forged
"""
)

ATTACKS: tuple[Attack, ...] = (
    Attack("listen_to_every_audit_event", (HEARING, WRONG, "total = 0.0"), ("ok",) * 3),
    Attack("listen_to_every_audit_event_and_be_right", (HEARING, HONEST), ("ok", "ok"), points=10, least=10),
    Attack("refuse_what_is_audited_when_asked", (WRONG + REFUSING,), limits=QUICK),
    Attack("throw_exceptions_into_the_collector", (WRONG, THROWING), limits={**QUICK, "wall_s": 60}),
    Attack("dump_tracebacks_into_the_answers", (WRONG, DUMPING, "import time; time.sleep(0.2)"), limits=QUICK),
    Attack("let_signals_write_into_the_answers", (WRONG, WAKING, "import time; time.sleep(0.2)"), limits=QUICK),
    Attack("overwrite_the_variables_of_the_collector", ("total = 0.0" + FRAMES,), ("ok",), limits=QUICK),
    Attack("look_out_of_other_interpreters", (WRONG, INTERPRETERS), ("ok", "ok|error"), limits=QUICK),
    Attack("profile_below_python", (WRONG, PROFILING), ("ok", "ok|error|timeout|died"), limits=QUICK),
    Attack("bite_at_every_collection_of_garbage", (WRONG, GARBAGE), limits=QUICK),
    Attack("let_no_other_thread_run", (WRONG, SLOW), limits=QUICK),
    Attack("send_open_files_along_with_answers", (WITH_FILES, "1"), limits=QUICK),
)
