"""Starts kernels: forked from a warm parent where this process keeps one, else from nothing."""

from __future__ import annotations

from worker.sandbox import cold
from worker.sandbox.jailed import JailedKernel
from worker.sandbox.observing import current_observer
from worker.sandbox.orders import KernelOrder
from worker.sandbox.warm import starter
from worker.sandbox.warm.pool import POOLS


async def start_kernel(order: KernelOrder) -> JailedKernel:
    """A kernel that serves on the sockets of `order`. Raises SandboxUnavailable or KernelStartError."""
    pool = None if order.unsafe or current_observer() is not None else POOLS.find(order.environment)
    if pool is not None:
        forked = await starter.start_kernel(order, pool)
        if forked is not None:
            return forked
    return await cold.start_kernel(order)
