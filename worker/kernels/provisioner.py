"""Gives jupyter_client a jailed kernel process that listens on already bound sockets, and does nothing else."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from worker.kernels.sockets import CHANNELS, KernelSockets
from worker.sandbox import pidfd
from worker.sandbox.orders import KernelOrder, KernelProcess

KernelStarter: TypeAlias = Callable[[KernelOrder], Awaitable[KernelProcess]]


class JailProvisioner(KernelProvisionerBase):
    """`starter` makes the process; `make_order` is asked once the sockets and the signing key are there."""

    starter: KernelStarter
    make_order: Callable[[dict[str, int], bytes, str], KernelOrder]
    sockets: KernelSockets
    process: KernelProcess | None = None

    def _manager(self) -> Any:
        assert self.parent is not None
        return self.parent

    @property
    def has_process(self) -> bool:
        return self.process is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        manager = self._manager()
        manager.transport = "ipc"
        manager.ip = self.sockets.base
        for port, channel in enumerate(CHANNELS, start=1):
            setattr(manager, f"{channel}_port", port)
        self.connection_info = manager.get_connection_info()
        return {"cmd": []}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        session = self._manager().session
        order = self.make_order(self.sockets.descriptors(), session.key, session.signature_scheme)
        self.process = await self.starter(order)
        self.sockets.release()
        return self.connection_info

    async def poll(self) -> int | None:
        if self.process is None:
            return 0
        return -signal.SIGKILL if pidfd.has_ended(self.process.pidfd) else None

    async def wait(self) -> int | None:
        if self.process is not None:
            await pidfd.ended(self.process.pidfd)
        return -signal.SIGKILL

    async def send_signal(self, signum: int) -> None:
        if self.process is not None and signum == signal.SIGINT:
            self.process.interrupt()

    async def kill(self, restart: bool = False) -> None:
        if self.process is not None:
            self.process.kill("the session was over")

    async def terminate(self, restart: bool = False) -> None:
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        if self.process is not None:
            process, self.process = self.process, None
            await process.close()
