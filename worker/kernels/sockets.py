"""The sockets of a kernel: five of Jupyter's, bound and listening before the kernel exists, and one of ours."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile

CHANNELS = ("shell", "iopub", "stdin", "hb", "control")  # a channel's "port" is its place here, from 1
BACKLOG = 16


class KernelSockets:
    """Listening unix sockets in a folder that only we can enter. The kernel gets the descriptors, never a path.

    They are bound through a descriptor of the folder: names stay short however long the path of the folder is,
    and `getsockname` in the kernel tells nothing about this machine.
    """

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="grader-")  # mode 0700
        self._descriptor = os.open(self.folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._listening = {channel: self._listen(self.address(channel)) for channel in CHANNELS}
        self.asking, self._asked = socket.socketpair()

    @property
    def base(self) -> str:
        return f"/proc/self/fd/{self._descriptor}/k"

    def address(self, channel: str) -> str:
        return f"{self.base}-{CHANNELS.index(channel) + 1}"

    def descriptors(self) -> dict[str, int]:
        """What the kernel gets: "ask" is connected to `asking`, the others listen."""
        return {channel: made.fileno() for channel, made in (*self._listening.items(), ("ask", self._asked))}

    @staticmethod
    def _listen(address: str) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(address)
        listener.listen(BACKLOG)
        return listener

    def release(self) -> None:
        """The kernel has its copies; ours would keep the sockets open after its death."""
        for made in (*self._listening.values(), self._asked):
            made.close()

    def forget_paths(self) -> None:
        """Once all are connected no path is needed any more; a worker that is killed then leaves nothing behind."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        self.release()
        self.asking.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        shutil.rmtree(self.folder, ignore_errors=True)
