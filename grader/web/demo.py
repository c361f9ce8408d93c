"""The logins that the sign-in page shows where the service runs as a demonstration.

Whoever starts the demonstration writes them to `demo.json` in the service's home: a list of objects with
`role`, `email` and `password`. Without that file nothing is shown.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

log = logging.getLogger(__name__)
FILE = "demo.json"


class _Login(BaseModel):
    role: str
    email: str
    password: str


_LIST = TypeAdapter(list[_Login])


@dataclass(frozen=True)
class DemoLogin:
    role: str
    email: str
    password: str


def demo_logins(home: Path) -> list[DemoLogin]:
    try:
        found = _LIST.validate_json((home / FILE).read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValidationError) as error:
        log.warning("%s cannot be read, so no demo logins are shown: %s", home / FILE, error)
        return []
    return [DemoLogin(login.role, login.email, login.password) for login in found]
