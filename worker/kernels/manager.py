"""jupyter_client's manager with our provisioner, and without its fixed waits."""

from __future__ import annotations

import uuid

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from worker.kernels.provisioner import JailProvisioner

SPEC = KernelSpec(argv=["grader"], display_name="grader", language="python", interrupt_mode="signal")


class Manager(AsyncKernelManager):
    """`prepare` must be called before the kernel is started. Interrupting and ending are done from outside."""

    def __init__(self) -> None:
        super().__init__()
        self._kernel_spec = SPEC
        self.kernel_id = str(uuid.uuid4())

    def prepare(self, provisioner: JailProvisioner) -> None:
        self.provisioner = provisioner

    # jupyter_client wraps it in `in_pending_state`, which sleeps 10 ms
    start_kernel = AsyncKernelManager._async_start_kernel.__wrapped__  # type: ignore[attr-defined]

    def _connect_control_socket(self) -> None:
        """None is needed."""

    def write_connection_file(self, **kwargs: object) -> None:
        """Never: it would lie about with the signing key in it."""

    def cleanup_connection_file(self) -> None:
        """None was written."""

    def cleanup_ipc_files(self) -> None:
        """They go with their folder."""
