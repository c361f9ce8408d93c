"""Pages that a learning platform may show in a frame: those of LTI alone, and on that platform's pages alone."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, g, make_response, request

from grader.lms.lti import addresses
from grader.lms.lti.errors import LaunchRefused
from grader.web import security
from grader.web.backend import settings

FRAMES = ("iframe", "frame")


def require_from_us() -> None:
    """Another site must not make anybody go on with a launch of its own. Raises LaunchRefused."""
    if not is_from_us():
        raise LaunchRefused("origin", "This step has to come from a page of ours. Open the link once more.")


def is_from_us() -> bool:
    return request.headers.get("Origin") == addresses.origin(settings().public_url)


def framed(html: str, origins: Sequence[str], *, status: int = 200, post_to: str = "") -> Response:
    """`html`, which pages of `origins` may hold in a frame; its forms may go to us and to the origin `post_to`."""
    response = make_response(html, status)
    policy = security.POLICY.replace("frame-ancestors 'none'", " ".join(("frame-ancestors 'self'", *origins)))
    if post_to:
        policy = policy.replace("form-action 'self'", f"form-action 'self' {post_to}")
    response.headers["Content-Security-Policy"] = policy
    # An older header that knows no list of origins; the policy says the same better.
    g.leave_out = ("X-Frame-Options", "Cross-Origin-Opener-Policy")
    return response
