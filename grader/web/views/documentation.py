"""The page that documents the API, with Swagger UI from an installed package: nothing comes from elsewhere."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from flask import Blueprint, Response, render_template, send_from_directory
from werkzeug.exceptions import NotFound

from grader.web import access

pages = Blueprint("documentation", __name__)
FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})


def _folder() -> Path:
    # The package is looked up but not imported: its own blueprint serves a page with an inline script.
    spec = find_spec("flask_swagger_ui")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package flask-swagger-ui is not installed")
    return Path(spec.submodule_search_locations[0]) / "dist"


@pages.get("/api/docs")
@access.allow_anyone
def page() -> str:
    return render_template("documentation.html")


@pages.get("/api/docs/assets/<name>")
@access.allow_anyone
def asset(name: str) -> Response:
    if name not in FILES:
        raise NotFound
    return send_from_directory(_folder(), name, max_age=86_400)
