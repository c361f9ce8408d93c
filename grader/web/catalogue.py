"""The assignment packages on disk, for the one thing that the database does not hold: the starter notebook."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import cast

from flask import Flask, current_app

from assignments.errors import PackageError
from assignments.loading import SLUG, load_package

log = logging.getLogger(__name__)
KEY = "grader.catalogue"


class Catalogue:
    """The packages under one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def starter(self, slug: str) -> bytes | None:
        """None where there is no readable package of that name (logged when it is damaged)."""
        if not SLUG.match(slug) or not (self._root / slug).is_dir():
            return None
        try:
            return load_package(self._root / slug).starter_bytes()
        except (PackageError, OSError) as error:
            log.warning("the starter of %s cannot be read: %s", slug, error)
            return None

    def has_starter(self, slug: str) -> bool:
        return bool(SLUG.match(slug)) and (self._root / slug / "starter.ipynb").is_file()


def attach(app: Flask, root: Path) -> None:
    app.extensions[KEY] = Catalogue(root)


def catalogue() -> Catalogue:
    """The catalogue of this application."""
    return cast(Catalogue, current_app.extensions[KEY])
