"""What a forked process becomes: process 1 of a new jail, and under it the kernel, process 2.

Both are made before anybody needs them. The jailer waits for its order on one socket (how large the scratch space
is, which course files), the kernel for its own on another (signing key, limits, the sockets to serve on); no code
of a student's runs before both have said that they are ready. The parent sees neither order.
"""

import json
import os
import select
import signal
import socket
import sys

import isolate

HOME = "/home/student"
WORK = HOME + "/work"
FONTS = HOME + "/.cache/matplotlib"
DATA = HOME + "/.tmp"  # where copies are made before anybody else uses it
MOST_ORDER = 1 << 20
MOST_DESCRIPTORS = 250
FIRST_SIZE = "1m"  # until the order says how large it may be
CHUNK = 1 << 20
OURS = (
    *("child", "compat", "isolate", "kernel", "nogpu", "prepared", "private", "resources", "shortcuts", "streams"),
    "undrawn",
)


class Channel:
    """A SOCK_SEQPACKET socket to the worker: one JSON object a message, some with descriptors."""

    def __init__(self, descriptor):
        self.socket = socket.socket(fileno=descriptor)

    def say(self, **words):
        self.socket.send(json.dumps(words).encode())

    def heard(self):
        """(the order, its descriptors); ends the process when the worker is gone."""
        data, descriptors, _, _ = socket.recv_fds(self.socket, MOST_ORDER, MOST_DESCRIPTORS)
        if not data:
            os._exit(0)
        return json.loads(data), descriptors

    def close(self):
        self.socket.close()


def run_jail(jailer_fd, kernel_fd, prepared, instructions):
    """Process 1, just forked. Never returns."""
    channel = None
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # the parent's way to hear of its children
        isolate.close_all_but({jailer_fd, kernel_fd})
        isolate.silence()
        channel = Channel(jailer_fd)
        os.setsid()
        give_way()
        isolate.separate()
        make_scratch()
        kernel = os.fork()
        if kernel == 0:
            channel.close()
            channel = Channel(kernel_fd)
            run_kernel(channel, prepared, instructions)
        os.close(kernel_fd)
        isolate.hide()
        order, descriptors = channel.heard()
        furnish(order, descriptors)
        isolate.surrender(instructions)
        channel.say(ready=True)
        guard(channel, kernel)
    except BaseException as problem:  # noqa: BLE001  whatever it is, the worker must hear of it
        tell(channel, problem)
    finally:
        os._exit(70)


def give_way():
    """A session is a group of its own where Linux shares the processors, and a new one does not know how nice its
    processes are."""
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    if nice > 0:
        try:
            with open("/proc/self/autogroup", "w") as group:
                group.write(str(nice))
        except OSError:
            pass  # there are no such groups here, or many kernels begin at this moment


def tell(channel, problem):
    try:
        channel.say(error=f"{type(problem).__name__}: {problem}"[:2_000])
    except (OSError, AttributeError):
        os._exit(70)


def make_scratch():
    """As in a jail made from nothing: one file system for all that a notebook may write."""
    flags = isolate.MS_NOSUID | isolate.MS_NODEV
    names = os.listdir(FONTS) if os.path.isdir(FONTS) else []
    fonts = {name: os.open(f"{FONTS}/{name}", os.O_PATH) for name in names if name.startswith("fontlist")}
    isolate.mount("tmpfs", HOME, "tmpfs", flags, f"size={FIRST_SIZE},mode=0755")
    isolate.mount("tmpfs", "/dev/shm", "tmpfs", flags, f"size={FIRST_SIZE},mode=1777")
    for folder in (WORK, HOME + "/.tmp", HOME + "/.cache", FONTS):
        os.mkdir(folder, 0o755)
    for name, descriptor in fonts.items():
        target = f"{FONTS}/{name}"
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o444))
        isolate.bind_read_only(f"/proc/self/fd/{descriptor}", target)
        os.close(descriptor)
    os.chdir(WORK)


def furnish(order, descriptors):
    """Sizes, and copies of the course files, read-only: no two kernels share so much as a lock on one."""
    flags = isolate.MS_NOSUID | isolate.MS_NODEV | isolate.MS_REMOUNT
    isolate.mount(None, HOME, None, flags, f"size={order['scratch_bytes']}")
    isolate.mount(None, "/dev/shm", None, flags, f"size={order['shared_bytes']}")
    if not descriptors:
        return
    size = sum(os.fstat(descriptor).st_size for descriptor in descriptors)
    room = f"size={size + (len(descriptors) + 8) * 8192},mode=0755"
    isolate.mount("tmpfs", DATA, "tmpfs", isolate.MS_NOSUID | isolate.MS_NODEV, room)
    for number, (name, source) in enumerate(zip(order["files"], descriptors, strict=True)):
        copy = f"{DATA}/{number}"
        copied(source, copy)
        os.makedirs(os.path.dirname(name), exist_ok=True)
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o444))
        isolate.bind_read_only(copy, name)
    isolate.detach(DATA)


def copied(source, path):
    target = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o444)
    offset = 0
    while sent := os.sendfile(target, source, offset, CHUNK):
        offset += sent
    os.close(target)
    os.close(source)


def guard(channel, kernel):
    """Buries what dies in the jail; ends it, and with it everything, when the kernel or the worker is gone."""
    read, write = os.pipe()
    for descriptor in (read, write):
        os.set_blocking(descriptor, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    poller = select.poll()
    poller.register(channel.socket, select.POLLIN)
    poller.register(read, select.POLLIN)
    while True:
        bury(kernel)
        for descriptor, _ in poller.poll():
            if descriptor != read:
                os._exit(0)
            os.read(read, 4096)


def bury(kernel):
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            os._exit(70)
        if pid == 0:
            return
        if pid == kernel:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)  # as a shell reports a signal


def run_kernel(channel, prepared, instructions):
    """Process 2. Never returns."""
    isolate.own_user_namespace(os.getuid(), os.getgid())
    isolate.surrender(instructions)
    prepared.ahead()
    channel.say(hello=True)
    prepared.reseed()
    prepared.connect(prepared.app)
    order, descriptors = channel.heard()
    from compat import withhold
    from resources import apply_limits

    apply_limits(order["resources"])
    app = prepared.app
    app.session.key = order["key"].encode()
    app.session.signature_scheme = order["signature_scheme"]
    withhold(app.shell, order["withheld"])
    app.bind(dict(zip(order["channels"], descriptors, strict=True)))
    app.kernel.start()
    for name in OURS:
        sys.modules.pop(name, None)
    sys.path.insert(0, "")  # the working folder, as in every kernel
    channel.say(ready=True)
    channel.close()
    app.io_loop = app.kernel.io_loop
    try:
        app.io_loop.start()
    finally:
        os._exit(0)
