"""Response headers. The content policy allows our own files only: no inline script or style, no other host."""

from __future__ import annotations

from flask import Flask, Response, g, request

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Bootstrap and Swagger UI carry small icons as data: in their style sheets
        "font-src 'self'",
        "frame-src 'self'",  # executed notebooks, in a sandbox and with a policy of their own
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        if name not in g.get("leave_out", ()):  # see grader.web.lti_frames
            response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    # Pages hold grades: no shared cache, and no old page after sign-out. Files of ours may be kept.
    if request.endpoint not in STATIC_ENDPOINTS:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


STATIC_ENDPOINTS = frozenset({"static", "bootstrap.static", "documentation.asset"})


def init_app(app: Flask) -> None:
    app.after_request(_add_headers)
