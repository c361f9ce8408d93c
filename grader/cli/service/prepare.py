"""Brings the tables up to date and, with --demo, loads the demonstration: `python -m grader.cli.service.prepare`.

Prints the demo student's API token; on failure one sentence instead, and ends with 1.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from grader.cli.main import sentence

if TYPE_CHECKING:
    from grader.settings import Settings


def main() -> int:
    from grader.db import migrate
    from grader.settings import Settings

    settings = Settings.load()
    try:
        migrate.upgrade(settings.database_url)
        if "--demo" in sys.argv[1:]:
            print(_load_demo(settings))
    except Exception as error:  # noqa: BLE001 - the edge of this process
        print(f"The database could not be prepared: {sentence(error)}")
        return 1
    return 0


def _load_demo(settings: Settings) -> str:
    from grader.cli.service import demo
    from grader.wiring import Backend

    backend = Backend.connect(settings)
    try:
        return demo.load(backend)
    finally:
        backend.close()


if __name__ == "__main__":
    sys.exit(main())
