"""The five sockets of a kernel, bound and listening before the kernel exists."""

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
        self.listening = {channel: self.listen(self.address("k", channel)) for channel in CHANNELS}

    def address(self, side: str, channel: str) -> str:
        """`side`: "k" for the kernel's socket, "r" for the relay's before it."""
        return f"{self.base(side)}-{CHANNELS.index(channel) + 1}"

    def base(self, side: str) -> str:
        return f"/proc/self/fd/{self._descriptor}/{side}"

    @staticmethod
    def listen(address: str) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(address)
        listener.listen(BACKLOG)
        return listener

    def release(self) -> None:
        """The kernel has its copies; ours would keep the sockets open after its death."""
        for listener in self.listening.values():
            listener.close()

    def forget_paths(self) -> None:
        """Once all are connected no path is needed any more; a worker that is killed then leaves nothing behind."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        self.release()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        shutil.rmtree(self.folder, ignore_errors=True)
