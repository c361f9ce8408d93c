"""Gives a forked kernel its order: the counterpart of worker.sandbox.cold."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Iterator
from typing import Any

from worker.sandbox import bubblewrap, pidfd
from worker.sandbox.endings import ReportedEnding
from worker.sandbox.jailed import JailedKernel
from worker.sandbox.limits import kernel_resources
from worker.sandbox.orders import KernelOrder
from worker.sandbox.warm.parent import MESSAGE_BYTES, ParentFailed, Spare
from worker.sandbox.warm.pool import Pool

READY_S = 20.0
MOST_DATA_BYTES = 64 << 20  # a kernel gets a copy of its own
MOST_FILES = 200


def can_serve(order: KernelOrder) -> bool:
    """Whether the course files are few and small enough to be copied."""
    sizes = [path.stat().st_size for path in order.data_files.values() if path.is_file()]
    return len(sizes) == len(order.data_files) <= MOST_FILES and sum(sizes) <= MOST_DATA_BYTES


async def start_kernel(order: KernelOrder, pool: Pool) -> JailedKernel | None:
    """A kernel that serves on the sockets of `order`; None where a kernel must be started from nothing."""
    if order.unsafe or not can_serve(order):
        return None
    spare = pool.take_ready() or await _forked(pool)
    if spare is None:
        return None
    try:
        async with asyncio.timeout(READY_S):
            _give(spare, order)
            spare.group.limit(order.limits)
            await asyncio.gather(_ready(spare.jailer), _ready(spare.kernel))
    except BaseException as problem:
        await asyncio.shield(asyncio.to_thread(spare.discard))
        if not isinstance(problem, ParentFailed | TimeoutError | OSError):
            raise
        pool.misbehaved(spare.parent, f"a forked kernel did not take its order: {problem or 'it was silent'}")
        return None
    return _kernel(spare, order, pool)


async def _forked(pool: Pool) -> Spare | None:
    """In a thread, because it takes a while; even when cancelled, what was forked must be known."""
    forking = asyncio.ensure_future(asyncio.to_thread(pool.take_forked))
    try:
        return await asyncio.shield(forking)
    except asyncio.CancelledError:
        spare = await forking
        if spare is not None:
            await asyncio.shield(asyncio.to_thread(spare.discard))
        raise


def _give(spare: Spare, order: KernelOrder) -> None:
    limits = order.limits
    files = {bubblewrap.check_file_name(name): path for name, path in order.data_files.items()}
    room = {
        "scratch_bytes": limits.scratch_mib << 20,
        "shared_bytes": bubblewrap.shared_memory_mib(limits) << 20,
        "files": list(files),
    }
    with _opened(files.values()) as descriptors:
        _send(spare.jailer, room, descriptors)
    kernel = {
        "channels": list(order.sockets),
        "key": order.key.decode("ascii"),
        "signature_scheme": order.signature_scheme,
        "withheld": list(order.withheld),
        "resources": kernel_resources(limits, jailed=True, gpu=order.environment.gpu is not None),
    }
    _send(spare.kernel, kernel, list(order.sockets.values()))


@contextlib.contextmanager
def _opened(paths: Any) -> Iterator[list[int]]:
    descriptors: list[int] = []
    try:
        descriptors.extend(os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in paths)
        yield descriptors
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _send(channel: socket.socket, words: dict[str, Any], descriptors: list[int]) -> None:
    socket.send_fds(channel, [json.dumps(words).encode()], descriptors)


async def _ready(channel: socket.socket) -> None:
    await pidfd.readable(channel.fileno())
    said = json.loads(channel.recv(MESSAGE_BYTES) or b"{}")
    if not said.get("ready"):
        raise ParentFailed(said.get("error", "it ended"))


def _kernel(spare: Spare, order: KernelOrder, pool: Pool) -> JailedKernel:
    def closed() -> None:
        spare.jailer.close()
        spare.parent.let_go()
        pool.given_back()

    spare.kernel.close()
    return JailedKernel(
        pid=spare.pid,
        pidfd=spare.pidfd,
        first_pidfd=spare.first_pidfd,
        ending=ReportedEnding(spare.report),
        table=spare.table,
        limits=order.limits,
        scratch=spare.scratch,
        group=spare.group,
        on_closed=closed,
    )
