"""A kernel in two halves: what is built once in the warm parent, and what each forked kernel adds.

The first half makes no socket, no thread and no event loop: a fork would lose them, and a process with threads
cannot get a user namespace of its own.
"""

import asyncio
import gc
import importlib
import linecache
import os
import random
import sys
import threading
import uuid

import shortcuts
import tornado.platform.asyncio  # noqa: F401  else each kernel imports it
import zmq
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from kernel import GraderKernelApp, attach_collector, kernel_settings, quiet, tame_shell, wake_on_signals
from zmq.eventloop.zmqstream import ZMQStream

# what costs time when it is done for the first time: parsing, display, tracebacks, magics, a figure
WARM_UP = (
    "1",
    "print(1)",
    "_a = [1]\n_a",
    "import math",
    "def _f(x):\n    return x / 0",
    "_f(1)",
    "def _g(:",
    "%timeit -n1 -r1 1",
    "from IPython.display import display, HTML\ndisplay(HTML('x'))",
)
WARM_UP_OF = {
    "numpy": ("import numpy as _n\n_n.arange(6.).reshape(2, 3) @ _n.ones((3, 2))",),
    "torch": ("import torch as _t\n_t.zeros(2)",),
    "matplotlib.pyplot": (
        "import matplotlib.pyplot as _p\n_p.figure(figsize=(2, 2)); _p.plot([1, 2], label='x'); _p.legend(); _p.show()",
    ),
}
QUESTION = {"ask": "call", "function": "f", "arguments": [1], "keywords": {}, "variables": {}}
QUESTION["given"] = "def f(x): return x"
LAST_ERROR = ("last_type", "last_value", "last_traceback", "last_exc")


class NoChannelThread:
    """Stands for "no thread serves the shell channel", where ipykernel nevertheless asks for its parent."""

    parent_thread = threading.main_thread()

    def __bool__(self):
        return False


class PreparedKernel(IPythonKernel):
    """Says how a cell ends and not that it began: nobody waits for that, and each message costs both sides."""

    @property
    def _supports_kernel_subshells(self):
        return False

    def _publish_status(self, status, channel, parent=None):
        if status != "busy":
            super()._publish_status(status, channel, parent)

    def _publish_execute_input(self, code, parent, execution_count):
        pass


class ReplyStream(ZMQStream):
    """Sends at once what the stock one puts into a queue, to empty it a moment later."""

    def send_multipart(self, msg, flags=0, copy=True, track=False, callback=None, **options):
        self._check_closed()
        self.socket.send_multipart(msg, flags=flags, copy=copy, track=track)
        self._update_handler(self._state)  # sending may have swallowed the sign that something has come


class PreparedApp(GraderKernelApp):
    def prepare(self):
        super(IPKernelApp, self).initialize([])
        self.init_pdb()
        self.patch_io()
        self.kernel = PreparedKernel.instance(
            parent=self,
            session=self.session,
            shell_channel_thread=NoChannelThread(),
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        self.init_path()
        self.init_shell()
        self.init_gui_pylab()
        self.init_extensions()
        self.init_code()

    def make_sockets(self):
        """Everything of a kernel that can be had before it is known which sockets it will listen on."""
        self.context = zmq.Context()
        self.shell_socket, self.stdin_socket = self.context.socket(zmq.ROUTER), self.context.socket(zmq.ROUTER)
        for made in (self.shell_socket, self.stdin_socket):
            made.linger = 1000
        self.raw_iopub = self.context.socket(zmq.XPUB)
        self.raw_iopub.linger = 1000
        self.start_iopub()
        self.init_io()
        self.init_signal()
        kernel, shell = self.kernel, self.shell
        kernel.iopub_thread, kernel.iopub_socket = self.iopub_thread, self.iopub_socket
        kernel.stdin_socket = self.stdin_socket
        kernel.shell_stream = ReplyStream(self.shell_socket)
        kernel._stdout, kernel._stderr = sys.stdout, sys.stderr
        shell.displayhook.pub_socket = shell.display_pub.pub_socket = self.iopub_socket
        self.displayhook.get_execution_count = lambda: kernel.execution_count

    def bind(self, descriptors):
        """`descriptors`: as for `take`."""
        self.asking.listen(self.take(descriptors))
        self._bind_socket(self.shell_socket, self.shell_port)
        self._bind_socket(self.stdin_socket, self.stdin_port)
        bound = threading.Event()

        def bind_iopub():  # a socket belongs to one thread
            self._bind_socket(self.raw_iopub, self.iopub_port)
            bound.set()

        self.iopub_thread.schedule(bind_iopub)
        bound.wait()
        self.iopub_thread.wait_for_listener()
        for name in ("hb", "control"):  # nobody asks there
            os.close(descriptors[name])


def build(preload):
    """(the application, the names in `preload` that cannot be imported), before any fork."""
    skipped = [name for name in preload if not imported(name)]
    app = PreparedApp.instance(config=kernel_settings())
    app.transport, app.ip = "ipc", "grader"
    app.prepare()
    quiet(app)
    tame_shell(app.shell)
    shortcuts.take(app.shell)
    warm_up(app, [cell for name in preload for cell in WARM_UP_OF.get(name, ()) if name not in skipped])
    attach_collector(app)
    return app, skipped


def imported(name):
    try:
        importlib.import_module(name)
    except Exception:  # noqa: BLE001  a library that is broken is as good as none
        return False
    return True


def warm_up(app, cells):
    """Runs cells as ipykernel would, into nowhere, and then makes everything as if they had never been."""
    streams = sys.stdout, sys.stderr
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  closed below
    try:
        for cell in (*WARM_UP, *cells):
            message = execute_request(cell)
            app.kernel.set_parent(b"", message)
            loop.run_until_complete(app.kernel.execute_request(None, b"", message))
    finally:
        sys.stdout.close()
        sys.stdout, sys.stderr = streams
        asyncio.set_event_loop(None)
        loop.close()
    forget(app)


def execute_request(code, silent=False, store_history=True):
    content = {"code": code, "silent": silent, "store_history": store_history, "user_expressions": {}}
    header = {"msg_id": "", "msg_type": "execute_request", "username": "", "session": "", "date": None}
    return {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": {**content, "allow_stdin": False, "stop_on_error": False},
        "buffers": [],
    }


def forget(app):
    shell, kernel = app.shell, app.kernel
    if "matplotlib.pyplot" in sys.modules:
        pyplot = sys.modules["matplotlib.pyplot"]
        pyplot.close("all")
        pyplot.draw_if_interactive.called = False  # IPython's note that `%run` has something to draw
    shell.reset(new_session=True, aggressive=False)
    shell.execution_count = 1
    shell._last_traceback = None
    shell.compile._filename_map.clear()
    linecache.clearcache()
    for name in LAST_ERROR:
        if hasattr(sys, name):
            delattr(sys, name)
    kernel._shell_parent.set({})
    kernel._shell_parent_ident.set(b"")
    kernel._aborting = False


def reseed():
    """Each kernel its own random numbers."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.seed()


def connect(app):
    """The second half, in the forked kernel, before it has its order."""
    app.session.pid, app.session.session = os.getpid(), uuid.uuid4().hex
    asyncio.set_event_loop(asyncio.new_event_loop())
    os.makedirs(app.profile_dir.location)
    app.profile_dir.check_dirs()
    app.make_sockets()
    wake_on_signals()
    touch(app)
    gc.enable()


def touch(app):
    """One cell and one question that say and leave nothing: a fork copies memory when it is first used, better now
    than later."""
    message = execute_request("1", silent=True, store_history=False)
    app.kernel.set_parent(b"", message)
    asyncio.get_event_loop().run_until_complete(app.kernel.execute_request(None, b"", message))
    app.kernel._shell_parent.set({})
    app.kernel._shell_parent_ident.set(b"")
    app.asking.collector.answer(QUESTION, b"")
