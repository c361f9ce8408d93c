"""The application factory: everything of the front end is put together here."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from flask import Flask, url_for
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from grader.api import v1
from grader.settings import Settings
from grader.web import (
    access,
    backend,
    catalogue,
    enforcing,
    errors,
    formats,
    identity,
    limits,
    observing,
    once,
    security,
    viewing,
    zones,
)
from grader.web.uploads import FORM_TIMES
from grader.web.views import (
    account,
    documentation,
    gradebook,
    health,
    lti,
    lti_admin,
    lti_choosing,
    lti_course,
    lti_entering,
    lti_registering,
    policy,
    single_sign_on,
    staff,
    student,
    submission,
    teaching,
    tokens,
)
from grader.wiring import Backend

STATIC = Path(__file__).parent / "static"
MIB = 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """The Flask application, connected to its database, store and broker."""
    settings = settings or Settings.load()
    app = APIFlask(
        __name__, title="Grader", version="1", spec_path="/api/v1/openapi.json", docs_path=None, json_errors=False
    )
    _configure(app, settings)
    backend.attach(app, Backend.connect(settings))
    catalogue.attach(app, settings.assignments_dir)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    observing.init_app(app)
    viewing.init_app(app)
    csrf = CSRFProtect(app)
    Bootstrap5(app)
    identity.init_app(app)
    enforcing.init_app(app)
    limits.init_app(app, settings.progress_url)
    once.init_app(app)
    security.init_app(app)
    errors.init_app(app)
    _teach_templates(app)
    for pages in (
        account,
        single_sign_on,
        student,
        submission,
        staff,
        policy,
        gradebook,
        health,
        documentation,
        tokens,
    ):
        app.register_blueprint(pages.pages)
    for pages in (lti_admin, lti_course, lti_entering):
        app.register_blueprint(pages.pages)
    for blueprint in teaching.BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_blueprint(v1.api)
    for pages in (lti, lti_choosing, lti_registering):  # forms of other sites: a state or a ticket says whose they are
        app.register_blueprint(pages.pages)
        csrf.exempt(pages.pages)
    csrf.exempt(health.keep_blob)  # called by workers; its token is the right to do so
    csrf.exempt(v1.api)  # no cookie counts there, so no other site can act with one
    limits.limit_api(v1.api)
    v1.describe(app)
    access.allow_anyone(app.view_functions["openapi.spec"])
    enforcing.require_guards(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    https = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        # The name starts with __Host- where that is possible: no other host of the domain can then set it.
        SESSION_COOKIE_NAME="__Host-grader" if https else "grader",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        WTF_CSRF_SSL_STRICT=https,
        MAX_CONTENT_LENGTH=settings.max_upload_bytes * FORM_TIMES + MIB,
        MAX_FORM_MEMORY_SIZE=MIB,
        MAX_FORM_PARTS=200,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=30),
        BOOTSTRAP_SERVE_LOCAL=True,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]


def _teach_templates(app: Flask) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for filters in (formats.points, formats.seconds, formats.mebibytes, formats.file_size, formats.iso, formats.prose):
        app.jinja_env.filters[filters.__name__] = filters
    app.jinja_env.filters["local_text"] = zones.local_text
    app.jinja_env.filters["counted"] = formats.count
    versions = {path.name: sha256(path.read_bytes()).hexdigest()[:10] for path in STATIC.iterdir()}

    def asset(name: str) -> str:
        """The address of a file of ours; it changes with the content, so browsers may keep it for long."""
        return url_for("static", filename=name, v=versions[name])

    def viewer() -> dict[str, Any]:
        seen, caller = viewing.current(), identity.session_caller()
        user = caller.user if caller else None
        return {"viewer": seen.student if seen else user, "viewing": seen}

    app.jinja_env.globals["asset"] = asset
    app.context_processor(viewer)
