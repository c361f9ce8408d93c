"""Processes by file descriptor: no process number is ever reused under our feet."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket


def send(pidfd: int, number: int) -> None:
    """Sends a signal; a process that is already gone is no error."""
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, number)


def has_ended(pidfd: int) -> bool:
    return is_readable(pidfd, 0)


def is_readable(channel: socket.socket | int, timeout_s: float) -> bool:
    """Whether there is something to read, or to be known of a process, in time. Blocks meanwhile."""
    poller = select.poll()
    poller.register(channel, select.POLLIN)
    return bool(poller.poll(timeout_s * 1000))


async def ended(pidfd: int) -> None:
    """Returns once the process has ended, at once and without polling."""
    await readable(pidfd)


async def readable(descriptor: int) -> None:
    """Returns once there is something to read. Several may wait for one descriptor: each has a copy."""
    loop = asyncio.get_running_loop()
    event = asyncio.Event()
    copy = os.dup(descriptor)
    loop.add_reader(copy, event.set)
    try:
        await event.wait()
    finally:
        loop.remove_reader(copy)
        os.close(copy)
