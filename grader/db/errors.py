"""Telling a broken rule of the database from the rule's own name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session


@contextmanager
def unique_or(session: Session, error: Exception) -> Iterator[None]:
    """Flush what the block adds; if another transaction was there first, raise `error`.

    The block's own look-up gives the usual answer; this one is for two requests at the same moment.
    """
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError:
        raise error from None
