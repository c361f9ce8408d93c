"""Starts kernels: forked from a warm parent where this process keeps one, else from nothing."""

from __future__ import annotations

from worker.sandbox import cold
from worker.sandbox.cgroup_places import hierarchies
from worker.sandbox.diagnosis import CGROUP_FIX
from worker.sandbox.errors import SandboxUnavailable
from worker.sandbox.jailed import JailedKernel
from worker.sandbox.observing import current_observer
from worker.sandbox.orders import KernelOrder
from worker.sandbox.policy import check_limits, current_policy
from worker.sandbox.warm import starter
from worker.sandbox.warm.pool import POOLS


def require(order: KernelOrder) -> None:
    """What the policy demands before any kernel starts. Raises SandboxUnavailable."""
    check_limits(order.limits, "the assignment")
    if not order.unsafe and current_policy().layers.control_groups == "required" and not hierarchies():
        raise SandboxUnavailable("The policy requires control groups, and none can be made here.", CGROUP_FIX)


async def start_kernel(order: KernelOrder) -> JailedKernel:
    """A kernel that serves on the sockets of `order`. Raises SandboxUnavailable or KernelStartError."""
    require(order)
    pool = None if order.unsafe or current_observer() is not None else POOLS.find(order.environment)
    if pool is not None:
        forked = await starter.start_kernel(order, pool)
        if forked is not None:
            return forked
    return await cold.start_kernel(order)
