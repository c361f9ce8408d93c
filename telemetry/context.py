"""What a piece of work is about: ids that every log line of it carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})
_fields: ContextVar[Mapping[str, str]] = ContextVar("log_fields", default=_NOTHING)


def current() -> Mapping[str, str]:
    return _fields.get()


def start(**fields: str) -> None:
    """These and no others, for the rest of this work: threads that serve one request after the other begin with it."""
    _fields.set(fields)


def bind(**fields: str) -> None:
    """Add `fields` for the rest of this work."""
    _fields.set({**_fields.get(), **fields})


@contextmanager
def bound(**fields: str) -> Iterator[None]:
    """Add `fields` until left. Ids and short words only: never what a student wrote, never a secret."""
    token = _fields.set({**_fields.get(), **fields})
    try:
        yield
    finally:
        _fields.reset(token)
