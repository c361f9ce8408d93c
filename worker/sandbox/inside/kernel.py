"""ipykernel as the grader runs it: on given sockets, without debugger, history and files of its own."""

import logging
import os
import signal
import sys

sys.modules["debugpy"] = None  # an import of 100 ms that nobody here needs

import zmq  # noqa: E402
from compat import INSTALLERS, install, withhold  # noqa: E402
from ipykernel.kernelapp import IPKernelApp  # noqa: E402
from private import private_json, private_module  # noqa: E402
from streams import Publisher, bound  # noqa: E402
from tornado.ioloop import IOLoop  # noqa: E402
from traitlets.config import Config  # noqa: E402

FOLDER = os.path.dirname(os.path.abspath(__file__))
NO_INSTALLING = (
    "[grader] no network here; the course's packages are installed, and course files are already in the working folder"
)


class GraderKernelApp(IPKernelApp):
    """Binds nothing by name: every socket was bound by the worker and arrives as a file descriptor."""

    descriptors = {}  # noqa: RUF012  one kernel a process

    def take(self, descriptors):
        """`descriptors`: channel -> a listening socket, and "ask" -> a connected one, which is returned."""
        channels = dict(descriptors)
        asking = channels.pop("ask")
        for port, (name, descriptor) in enumerate(channels.items(), start=1):
            setattr(self, name + "_port", port)
            self.descriptors[port] = descriptor
        return asking

    def _bind_socket(self, s, port):
        s.setsockopt(zmq.USE_FD, self.descriptors[port])
        s.sndhwm = s.rcvhwm = 0  # the worker counts bytes; nothing is dropped in between
        if s.type == zmq.XPUB:
            bound(s)
        s.bind(f"ipc://grader-{port}")
        return port

    def init_control(self, context):
        super().init_control(context)
        self.debug_shell_socket.close(0)  # it would try to reach the debugger for ever

    def init_iopub(self, context):
        self.raw_iopub = context.socket(zmq.XPUB)
        self.raw_iopub.linger = 1000
        self.iopub_port = self._bind_socket(self.raw_iopub, self.iopub_port)
        self.configure_tornado_logger()
        self.start_iopub()

    def start_iopub(self):
        self.iopub_thread = Publisher(self.raw_iopub, pipe=True, session=self.session)
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

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


def start_kernel(config):
    """A kernel that is ready to serve as soon as `.start()` is called on what is returned."""
    app = GraderKernelApp.instance(config=kernel_settings())
    app.transport, app.ip = "ipc", "grader"
    app.session.key = config["key"].encode()
    app.session.signature_scheme = config["signature_scheme"]
    asking = app.take(config["sockets"])
    app.initialize([])
    quiet(app)
    sys.modules.pop("debugpy", None)
    wake_on_signals()
    tame_shell(app.kernel.shell)
    withhold(app.kernel.shell, config["withheld"])
    attach_collector(app)
    app.asking.listen(asking)
    app.iopub_thread.wait_for_listener()
    return app


def kernel_settings():
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.HistoryManager.hist_file = ":memory:"
    settings.IPKernelApp.matplotlib = None
    settings.IPKernelApp.log_level = logging.CRITICAL
    settings.IPKernelApp.outstream_class = "streams.OutStream"
    settings.IPythonKernel._execute_sleep = 0.0  # it helps sockets that lose messages; ours do not
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

    asking_module = private_module("grader_asking", os.path.join(FOLDER, "asking.py"))
    app.asking = asking_module.Asking(collector, wire.MAX_TREE_BYTES, dumps, loads)


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
