"""ipykernel as the grader runs it: on given sockets, without debugger, history and files of its own."""

import fcntl
import logging
import os
import signal
import sys
import termios
import time

sys.modules["debugpy"] = None  # an import of 100 ms that nobody here needs

import zmq  # noqa: E402
from compat import INSTALLERS, install, withhold  # noqa: E402
from ipykernel.kernelapp import IPKernelApp  # noqa: E402
from private import private_json, private_module  # noqa: E402
from tornado.ioloop import IOLoop  # noqa: E402
from traitlets.config import Config  # noqa: E402

FOLDER = os.path.dirname(os.path.abspath(__file__))
PIPE_WAITS, PIPE_WAIT_S = 200, 0.001
REQUEST = "grader_request"
REPLY = "grader_reply"
TOO_LARGE = b'["uncarried","it is larger than 4 MiB without its arrays"]'
NO_INSTALLING = (
    "[grader] no network here; the course's packages are installed, and course files are already in the working folder"
)


class GraderKernelApp(IPKernelApp):
    """Binds nothing by name: every socket was bound by the worker and arrives as a file descriptor."""

    descriptors = {}  # noqa: RUF012  one kernel a process

    def _bind_socket(self, s, port):
        s.setsockopt(zmq.USE_FD, self.descriptors[port])
        s.sndhwm = s.rcvhwm = 0  # the worker counts bytes; nothing is dropped in between
        s.bind(f"ipc://grader-{port}")
        return port

    def init_control(self, context):
        super().init_control(context)
        self.debug_shell_socket.close(0)  # it would try to reach the debugger for ever

    def init_io(self):
        super().init_io()
        for stream in (sys.stdout, sys.stderr):
            flush_also_the_pipe(stream)

    def init_heartbeat(self):
        pass

    def init_connection_file(self):
        pass

    def write_connection_file(self, **kwargs):
        pass

    def log_connection_info(self):
        pass

    def init_crash_handler(self):
        pass

    def load_config_file(self, *args, **kwargs):
        pass


def flush_also_the_pipe(stream):
    """What programs write arrives in a pipe that another thread reads: a flush waits until it has read all of it,
    else output of `!command` on a busy machine comes after the end of its cell, and is lost."""
    pipe, flush = getattr(stream, "_fid", None), stream.flush

    def flush_all():
        for _ in range(PIPE_WAITS):
            if pipe is None or not waiting_bytes(pipe):
                break
            time.sleep(PIPE_WAIT_S)
        flush()

    stream.flush = flush_all


def waiting_bytes(pipe):
    try:
        return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
    except OSError:
        return 0


def start_kernel(config):
    """A kernel that is ready to serve as soon as `.start()` is called on what is returned."""
    app = GraderKernelApp.instance(config=kernel_settings())
    app.transport, app.ip = "ipc", "grader"
    app.session.key = config["key"].encode()
    app.session.signature_scheme = config["signature_scheme"]
    for port, (name, descriptor) in enumerate(config["sockets"].items(), start=1):
        setattr(app, name + "_port", port)
        app.descriptors[port] = descriptor
    app.initialize([])
    quiet(app)
    sys.modules.pop("debugpy", None)
    wake_on_signals()
    tame_shell(app.kernel.shell)
    withhold(app.kernel.shell, config["withheld"])
    attach_collector(app)
    return app


def kernel_settings():
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.HistoryManager.hist_file = ":memory:"
    settings.IPKernelApp.matplotlib = None
    settings.IPKernelApp.log_level = logging.CRITICAL
    return settings


def wake_on_signals():
    """An interrupt must wake the event loop, which else sleeps on while a cell awaits something.

    asyncio arranges that for all signals once it handles any; this one is ignored by default anyway.
    """
    IOLoop.current().asyncio_loop.add_signal_handler(signal.SIGWINCH, lambda: None)


def quiet(app):
    """Its messages go nowhere; they are not even made."""
    app.log.setLevel(logging.CRITICAL)


def tame_shell(shell):
    """What a notebook does to the machine around it is made harmless, in the form that notebooks expect."""
    install()
    shell.system = shell.system_raw  # no terminal is made for `!command`
    shell.ask_exit = lambda: None  # `exit()` in a cell must not end the run of the later cells
    for name in INSTALLERS:
        shell.register_magic_function(lambda line: print(NO_INSTALLING), "line", name)


def attach_collector(app):
    wire = private_module("grader_wire", os.path.join(FOLDER, "wire.py"))
    collector_module = private_module("grader_collector", os.path.join(FOLDER, "collector.py"))
    dumps, loads = private_json()
    shell, session = app.kernel.shell, app.session
    session.pack, session.unpack = private_packing(session)
    collector = collector_module.Collector(wire, shell.user_ns, shell)
    collector.null_publisher = null_publisher(shell)

    def answer(stream, ident, parent):
        tree, data = (bytes(buffer) for buffer in parent["buffers"])
        reply, reply_data = collector.answer(loads(tree.decode()), data)
        reply = dumps(reply).encode()
        if len(reply) > wire.MAX_TREE_BYTES:
            reply, reply_data = TOO_LARGE, b""
        theirs = collector.own_builtins()
        try:
            session.send(stream, REPLY, {}, parent, ident, buffers=[reply, reply_data])
        finally:
            collector.restore_builtins(theirs)

    app.kernel.shell_handlers[REQUEST] = answer


def private_packing(session):
    """The session's own ways to write and read JSON, out of the reach of whoever replaces `json.dumps`."""
    from jupyter_client.jsonutil import json_default

    dumps, loads = private_json(default=json_default, ensure_ascii=False, allow_nan=False)
    pack = session.pack

    def own_pack(content):
        try:
            return dumps(content).encode("utf-8", "surrogateescape")
        except (ValueError, TypeError):
            return pack(content)  # knows how to mend NaN and the like

    def own_unpack(content):
        return loads(content if isinstance(content, str) else bytes(content).decode("utf-8", "replace"))

    return own_pack, own_unpack


def null_publisher(shell):
    from IPython.core.displaypub import DisplayPublisher

    class NullPublisher(DisplayPublisher):
        def publish(self, *args, **kwargs):
            pass

        def clear_output(self, wait=False):
            pass

    return NullPublisher(shell=shell)
