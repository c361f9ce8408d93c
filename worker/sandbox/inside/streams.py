"""ipykernel's output, with fewer detours between the notebook's thread and the one that sends, and never much of it
on the way: whoever says more than the worker takes waits. What is said without end thus reaches the worker, which
counts it, and not the limit on memory.
"""

import builtins
import codecs
import collections
import contextlib
import fcntl
import os
import select
import sys
import termios
import threading

import zmq
from ipykernel.iostream import IOPubThread
from ipykernel.iostream import OutStream as StockStream

__builtins__ = dict(vars(builtins))  # of the functions below: whoever replaces builtins cannot reach these

HEARD_S = 5.0
CHUNK = 65_536
MOST_CHUNKS = 16  # in one flush: some program may write for ever
MOST_TEXT = 1 << 18  # characters that are not yet a message
MOST_EVENTS, MOST_BYTES = 64, 1 << 20  # messages that the thread which sends has not taken
SENT_AHEAD = 8  # messages that ZeroMQ holds
LOOK_AGAIN_S = 1.0


def bound(socket):
    """Whoever sends waits, once ZeroMQ holds some messages that the worker has not taken. Before it is bound."""
    socket.setsockopt(zmq.XPUB_NODROP, 1)
    socket.sndhwm = SENT_AHEAD


class Sending:
    """An event of the thread that sends: one message."""

    def __init__(self, send, message, arguments, options):
        self.message = list(message)
        self.size = sum(memoryview(part).nbytes for part in self.message)
        self.send, self.arguments, self.options = send, arguments, options

    def __call__(self):
        self.send(self.message, *self.arguments, **self.options)


class Publisher(IOPubThread):
    """Is woken by an eventfd: ZeroMQ's own way costs more than what it carries.

    How much waits is read off the queue and not counted beside it: an interrupt may come anywhere.
    """

    def __init__(self, *arguments, **options):
        self.subscribed = threading.Event()
        self._turns = collections.deque()  # locks of those who wait for room
        super().__init__(*arguments, **options)

    def _setup_event_pipe(self):
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.io_loop.add_handler(self._bell, self._rung, self.io_loop.READ)

    def _rung(self, bell, events):
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(bell)
        self._handle_event(None)

    def schedule(self, f):
        if self.thread.is_alive():
            self._events.append(f)
            os.eventfd_write(self._bell, 1)
        else:  # a forked process has no such thread
            f()

    def send_multipart(self, message, *arguments, **options):
        if self.thread.is_alive() and threading.current_thread() is not self.thread:
            self._wait_for_room()
        self.schedule(Sending(self._really_send, message, arguments, options))

    def _wait_for_room(self):
        while self._is_crowded(1):
            turn = threading.Lock()
            turn.acquire()
            self._turns.append(turn)
            if self._is_crowded(1):  # else nobody may be left to say so
                turn.acquire(timeout=LOOK_AGAIN_S)

    def _is_crowded(self, part):
        """Whether more waits than this part of what may."""
        if len(self._events) > MOST_EVENTS * part:
            return True
        return sum(getattr(event, "size", 0) for event in self._events.copy()) > MOST_BYTES * part

    def _handle_event(self, msg):
        try:
            for _ in range(len(self._events)):
                self._events.popleft()()
                if self._turns and not self._is_crowded(0.5):
                    while self._turns:
                        self._turns.popleft().release()
        except BaseException:
            os.eventfd_write(self._bell, 1)  # for the others
            raise

    def _handle_subscription(self, frames):
        super()._handle_subscription(frames)
        self.subscribed.set()

    def wait_for_listener(self):
        """Returns once somebody listens, so that nothing that the notebook says is lost."""
        self.subscribed.wait(HEARD_S)


class OutStream(StockStream):
    """Flushes only what there is, and what other programs wrote into its pipe is never late.

    They write into a pipe that a thread reads. Whoever flushes reads it too: else output of `!command` on a busy
    machine comes after the end of its cell, and is lost.
    """

    flush_timeout = 3600  # as long as it takes

    def __init__(self, *arguments, **options):
        self._reading = threading.RLock()  # a signal's handler may print, too
        self._text_of = codecs.getincrementaldecoder("utf-8")("replace").decode
        super().__init__(*arguments, **options)

    def _watch_pipe_fd(self):
        os.set_blocking(self._fid, False)
        poller = select.poll()
        poller.register(self._fid, select.POLLIN)
        try:
            while self._should_watch:
                poller.poll()
                if not self._take():
                    break
        except Exception:  # noqa: BLE001  as in the original
            self._exc = sys.exc_info()

    def _take(self):
        """What is in the pipe becomes output. Read and written in one: nobody flushes in between. False at its end."""
        with self._reading:
            try:
                content = os.read(self._fid, CHUNK)
            except BlockingIOError:
                return True
            self.write(self._text_of(content))
            return bool(content)

    def write(self, string):
        if not self._is_master_process() and self._should_watch and isinstance(string, str):
            return self._pass_on(string)
        written = super().write(string)
        if self._held() > MOST_TEXT:
            self._send_all()
        return written

    def _pass_on(self, string):
        """In a process that the notebook forked: into the pipe, as other programs do. It holds little, and is read."""
        left = memoryview(string.encode("utf-8", "replace"))
        while left:
            left = left[os.write(self._original_stdstream_fd, left) :]
        return len(string)

    def _held(self):
        with self._buffer_lock:
            return sum(buffer.tell() for buffer in self._buffers.values())

    def _send_all(self):
        """Returns when what was held is a message; the stock one waits in a way in which an interrupt can leave a lock
        behind."""
        publisher = self.pub_thread
        if not publisher.thread.is_alive() or threading.current_thread() is publisher.thread:
            self._flush()
            return
        over = threading.Lock()
        over.acquire()
        publisher.schedule(self._flush)
        publisher.schedule(over.release)
        over.acquire(timeout=self.flush_timeout)

    def flush(self):
        if not self._is_master_process() and self._should_watch:
            return  # nothing is held there but what this process's parent says itself
        if self.closed or not self._is_master_process() or threading.current_thread() is self.pub_thread.thread:
            super().flush()
            return
        with self._reading:
            for _ in range(MOST_CHUNKS if self._fid is not None else 0):
                if not waiting_bytes(self._fid) or not self._take():
                    break
        if self._buffers:
            self._send_all()


def waiting_bytes(pipe):
    try:
        return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
    except OSError:
        return 0
