"""Everything between us and one kernel: sockets, relay, jupyter_client's manager and client, the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from worker.kernels.client import Client, Manager
from worker.kernels.exchange import Exchange
from worker.kernels.provisioner import JailProvisioner
from worker.kernels.relay import Meter, Relay
from worker.kernels.sockets import KernelSockets
from worker.sandbox import starting
from worker.sandbox.orders import KernelOrder, KernelProcess

RELAYED = ("shell", "iopub")

OrderMaker = Callable[[Mapping[str, int], bytes, str], KernelOrder]


class Connection:
    """`open` starts the kernel; `close` removes every trace of it, however far `open` came."""

    process: KernelProcess

    def __init__(self, make_order: OrderMaker, output_mib: int) -> None:
        self._make_order = make_order
        self._output_mib = output_mib
        self._meter = Meter(output_mib << 20, self._too_much)
        self._sockets: KernelSockets | None = None
        self._relays: list[Relay] = []
        self.manager: Manager | None = None
        self.client: Client | None = None

    async def open(self) -> None:
        """Raises SandboxUnavailable or KernelStartError."""
        self._sockets = sockets = KernelSockets()
        for channel in RELAYED:
            listener = sockets.listen(sockets.address("r", channel))
            self._relays.append(Relay(listener, sockets.address("k", channel), self._meter))
            self._relays[-1].start()
        self.manager = Manager()
        provisioner = JailProvisioner(parent=self.manager, kernel_spec=self.manager.kernel_spec)
        provisioner.starter = starting.start_kernel
        provisioner.make_order = self._make_order
        provisioner.sockets = sockets
        self.manager.prepare(provisioner)
        await self.manager.start_kernel()
        assert provisioner.process is not None
        self.process = provisioner.process
        self.client = cast(Client, self.manager.client(context=self.manager.context))
        self.client.allow_stdin = False
        self.client.start_channels()
        await self.client.ready(self.process.pidfd)
        sockets.forget_paths()

    async def close(self) -> None:
        if self.client is not None:
            self.client.stop_channels()
            self.client = None
        for relay in self._relays:
            await relay.close()
        self._relays = []
        if self.manager is not None:
            if self.manager.provisioner is not None:
                await self.manager.provisioner.cleanup()
            self.manager.context.destroy(linger=0)
            self.manager = None
        if self._sockets is not None:
            self._sockets.close()
            self._sockets = None

    def exchange(self) -> Exchange:
        """For questions to the collector."""
        assert self.client is not None
        return Exchange(self.client, self.process, self._meter)

    def _too_much(self) -> None:
        if hasattr(self, "process"):
            self.process.kill(f"the notebook printed more than {self._output_mib} MiB")
