"""What can go wrong with a kernel other than the student's doing."""

from __future__ import annotations

from worker.sandbox.errors import KernelStartError, SandboxUnavailable

__all__ = ["KernelStartError", "SandboxUnavailable"]
