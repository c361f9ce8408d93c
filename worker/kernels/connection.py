"""Everything between us and one kernel: sockets, links, jupyter_client's manager, the process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any

from worker.kernels.exchange import Exchange
from worker.kernels.link import Link
from worker.kernels.manager import Manager
from worker.kernels.messages import Messages
from worker.kernels.meter import Meter
from worker.kernels.provisioner import JailProvisioner
from worker.kernels.sockets import KernelSockets
from worker.kernels.zmtp import MalformedMessage
from worker.sandbox import starting
from worker.sandbox.orders import KernelOrder, KernelProcess
from worker.sandbox.undertaker import UNDERTAKER

USED = ("shell", "iopub")
QUEUED_REPLIES_S = 0.05

OrderMaker = Callable[[Mapping[str, int], bytes, str], KernelOrder]


class Connection:
    """`open` starts the kernel; `close` removes every trace of it, however far `open` came."""

    process: KernelProcess
    link: Link
    exchange: Exchange

    def __init__(self, make_order: OrderMaker, output_mib: int) -> None:
        self._make_order = make_order
        self._output_mib = output_mib
        self._sockets: KernelSockets | None = None
        self._pidfd = -1
        self.manager: Manager | None = None
        self._has_ended = False
        self._pending: asyncio.Future[Any] | None = None

    async def open(self) -> None:
        """Raises SandboxUnavailable or KernelStartError."""
        self._sockets = sockets = KernelSockets()
        self.manager = Manager()
        provisioner = JailProvisioner(parent=self.manager, kernel_spec=self.manager.kernel_spec)
        provisioner.starter = starting.start_kernel
        provisioner.make_order = self._make_order
        provisioner.sockets = sockets
        self.manager.prepare(provisioner)
        meter = Meter(self._output_mib << 20, self._too_much)
        addresses = {channel: sockets.address(channel) for channel in USED}
        self.link = Link(Messages(self.manager.session.key), addresses, meter, self._broken)
        await self.link.open()  # the kernel waits for it
        self.exchange = await Exchange.open(sockets.asking, self._broken)
        await self.manager.start_kernel()
        if not self.link.is_open:  # a forked kernel took it, and died before it was ready; this is another one
            await self.link.open()
        assert provisioner.process is not None
        self.process = provisioner.process
        self._watch()
        sockets.forget_paths()

    def _watch(self) -> None:
        self._pidfd = os.dup(self.process.pidfd)
        asyncio.get_running_loop().add_reader(self._pidfd, self._process_ended)

    def cancel_at_end(self, future: asyncio.Future[Any]) -> None:
        """Cancels it once the kernel's process has ended, and what it said last has had time to arrive."""
        self._pending = future
        if self._has_ended:
            asyncio.get_running_loop().call_later(QUEUED_REPLIES_S, future.cancel)

    def _process_ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        self._has_ended = True
        if self._pending is not None:
            self.cancel_at_end(self._pending)

    async def hand_over(self) -> bool:
        """As `close`, but the undertaker removes the process, which is killed at once. Whether it had been lost."""
        assert self.manager is not None
        assert isinstance(self.manager.provisioner, JailProvisioner)
        process, self.manager.provisioner.process = self.manager.provisioner.process, None
        assert process is not None
        process.end()
        lost = process.lost
        await self.close()
        await UNDERTAKER.bury(process.close)
        return lost

    async def close(self) -> None:
        if self._pidfd >= 0:
            asyncio.get_running_loop().remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        if hasattr(self, "link"):
            self.link.drop()
        if hasattr(self, "exchange"):
            self.exchange.drop()
        if self.manager is not None:
            if self.manager.provisioner is not None:
                await self.manager.provisioner.cleanup()
            self.manager = None
        await asyncio.sleep(0)  # that much time the transports need to close
        if self._sockets is not None:
            self._sockets.close()
            self._sockets = None

    def _too_much(self) -> None:
        if hasattr(self, "process"):
            self.process.kill(f"the notebook printed more than {self._output_mib} MiB")

    def _broken(self, problem: MalformedMessage) -> None:
        if hasattr(self, "process"):
            self.process.kill(str(problem))
