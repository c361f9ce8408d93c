"""ipykernel's output, with fewer detours between the notebook's thread and the one that sends."""

import codecs
import contextlib
import fcntl
import os
import select
import sys
import termios
import threading

from ipykernel.iostream import IOPubThread
from ipykernel.iostream import OutStream as StockStream

HEARD_S = 5.0
CHUNK = 65_536
MOST_CHUNKS = 16  # in one flush: some program may write for ever


class Publisher(IOPubThread):
    """Is woken by an eventfd: ZeroMQ's own way costs more than what it carries."""

    def __init__(self, *arguments, **options):
        self.subscribed = threading.Event()
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

    def flush(self):
        if self.closed or not self._is_master_process():
            super().flush()
            return
        with self._reading:
            for _ in range(MOST_CHUNKS if self._fid is not None else 0):
                if not waiting_bytes(self._fid) or not self._take():
                    break
        if self._buffers:
            super().flush()


def waiting_bytes(pipe):
    try:
        return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)
    except OSError:
        return 0
