from __future__ import annotations


class BackupError(RuntimeError):
    """A backup cannot be made or brought back; the text says why and what to do."""


class BackupDamaged(BackupError):
    """The file is not a whole backup: it ends too early, or what it holds is not what was written."""
