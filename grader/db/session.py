"""Sessions: one per use case, committed at its edge."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from grader.db.engine import SQLITE_BUSY_S, WRITES

log = logging.getLogger(__name__)

Sessions = sessionmaker[Session]
_HOOKS = "after_commit"
_LOCKS: WeakKeyDictionary[Engine, threading.Lock] = WeakKeyDictionary()


def make_sessions(engine: Engine) -> Sessions:
    # Objects stay readable after the commit: a template or an answer is made from them then.
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def unit_of_work(sessions: Sessions) -> Iterator[Session]:
    """A session whose work is committed together at the end, or not at all; then its hooks run.

    On SQLite it has the write lock from the beginning, so keep slow work out of it.
    """
    with _turn(sessions), sessions() as session:
        session.connection(execution_options={WRITES: True})
        yield session
        session.commit()
        hooks = session.info.pop(_HOOKS, {})
    for hook in hooks.values():
        try:
            hook()
        except Exception:
            # What was committed is true whatever becomes of the hook; whoever sweeps later does its work.
            log.exception("a hook after a commit failed")


@contextmanager
def _turn(sessions: Sessions) -> Iterator[None]:
    """On SQLite one thread of this process after the other asks for the write lock, before it takes a connection.

    SQLite itself lets those who wait sleep for longer and longer, up to a tenth of a second, whoever had it meanwhile.
    It still decides: whoever has waited for its time here tries all the same.
    """
    engine = sessions.kw.get("bind")
    if not isinstance(engine, Engine) or engine.dialect.name != "sqlite":
        yield
        return
    lock = _LOCKS.setdefault(engine, threading.Lock())
    held = lock.acquire(timeout=SQLITE_BUSY_S)
    try:
        yield
    finally:
        if held:
            lock.release()


@contextmanager
def read_only(sessions: Sessions) -> Iterator[Session]:
    """A session that is never committed.

    Closing it rolls back what was begun; `rollback()` would do the same but also expire every object that was
    read, and they are used after it.
    """
    with sessions() as session:
        yield session


def after_commit(session: Session, hook: Callable[[], object], *, key: object = None) -> None:
    """Run `hook` once `session` has been committed by `unit_of_work`, after it gave its connection back.

    Of several hooks with one `key`, only the last runs.
    """
    hooks = session.info.setdefault(_HOOKS, {})
    hooks[key if key is not None else object()] = hook
