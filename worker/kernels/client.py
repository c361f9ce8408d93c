"""jupyter_client's manager and client, with our provisioner and without its fixed waits."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from queue import Empty
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.connect import channel_socket_types
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type

from worker.kernels.provisioner import JailProvisioner
from worker.sandbox import pidfd
from worker.sandbox.errors import KernelStartError

SPEC = KernelSpec(argv=["grader"], display_name="grader", language="python", interrupt_mode="signal")
READY_S = 30.0
ASK_AGAIN_S = 0.05
MAX_FRAMES = 1_000
MAX_HEAD_BYTES = 1 << 16


class MalformedMessage(Exception):
    """The kernel sent something that is no Jupyter message; the text is for the student."""


class Channel(AsyncZMQSocketChannel):
    """Refuses what a kernel in its right mind does not send. Amounts are bounded by the relay before it."""

    async def _recv(self, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        assert self.socket is not None
        frames = await self.socket.recv_multipart(**kwargs)
        if len(frames) > MAX_FRAMES:
            raise MalformedMessage("the kernel sent a message of too many parts")
        try:
            _, parts = self.session.feed_identities(frames)
            if any(len(part) > MAX_HEAD_BYTES for part in parts[1:3]):
                raise ValueError("header too long")
            message: dict[str, Any] = self.session.deserialize(parts)
            _check_shape(message)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError, AttributeError, OverflowError):
            raise MalformedMessage("the kernel sent a malformed message") from None
        return message


def _check_shape(message: dict[str, Any]) -> None:
    """What jupyter_client and nbclient take for granted."""
    for part in ("header", "parent_header", "metadata", "content"):
        if not isinstance(message[part], dict):
            raise ValueError(f"{part} is no object")
    if not isinstance(message["header"]["msg_type"], str) or message["msg_type"] != message["header"]["msg_type"]:
        raise ValueError("the type is no text")


class Client(AsyncKernelClient):
    """Speaks on the shell and iopub channels alone: interrupting and ending are done from outside, by signal."""

    shell_channel_class = Type(Channel)
    iopub_channel_class = Type(Channel)

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> Any:
        made = self.context.socket(channel_socket_types[channel])
        made.linger = 0
        made.rcvhwm = 0  # the relay bounds it, by bytes
        if identity:
            made.identity = identity
        made.connect(self._make_url(channel))
        return made

    def start_channels(
        self, shell: bool = True, iopub: bool = True, stdin: bool = True, hb: bool = True, control: bool = True
    ) -> None:
        super().start_channels(stdin=False, hb=False, control=False)

    def stop_channels(self) -> None:
        for channel in (self._shell_channel, self._iopub_channel):
            if channel is not None:
                channel.stop()

    async def ready(self, process_fd: int) -> None:
        """Returns when nothing that the kernel says can be lost any more. Raises KernelStartError.

        That is so once anything at all was heard on iopub. jupyter_client waits for silence instead; and the
        welcome of ipykernel 7 is lost at times, when the kernel sends something just as we subscribe.
        """
        died = asyncio.create_task(pidfd.ended(process_fd))
        welcome = asyncio.create_task(self._welcome())
        try:
            await asyncio.wait({died, welcome}, timeout=READY_S, return_when=asyncio.FIRST_COMPLETED)
            if not welcome.done():
                raise KernelStartError("The kernel started, but did not answer.")
            welcome.result()
        finally:
            for task in (died, welcome):
                task.cancel()
            await asyncio.gather(died, welcome, return_exceptions=True)

    async def _welcome(self) -> None:
        while True:
            self.kernel_info()
            with contextlib.suppress(Empty):
                await self.iopub_channel.get_msg(timeout=ASK_AGAIN_S)
                return


class Manager(AsyncKernelManager):
    """`prepare` must be called before the kernel is started."""

    client_class = "worker.kernels.client.Client"
    client_factory = Type(Client)

    def __init__(self) -> None:
        super().__init__(context=zmq.asyncio.Context())
        self._kernel_spec = SPEC
        self.kernel_id = str(uuid.uuid4())

    def prepare(self, provisioner: JailProvisioner) -> None:
        self.provisioner = provisioner

    # jupyter_client wraps it in `in_pending_state`, which sleeps 10 ms
    start_kernel = AsyncKernelManager._async_start_kernel.__wrapped__  # type: ignore[attr-defined]

    def _connect_control_socket(self) -> None:
        """None: see Client."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """Never: it would lie about with the signing key in it."""

    def cleanup_connection_file(self) -> None:
        """None was written."""

    def cleanup_ipc_files(self) -> None:
        """They go with their folder."""


__all__ = ["Channel", "Client", "JailProvisioner", "MalformedMessage", "Manager"]
