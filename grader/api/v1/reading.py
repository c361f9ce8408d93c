"""Reading what a request of the API carries."""

from __future__ import annotations

import json

from flask import request

from grader.web.problems import BadRequestField, NotMultipart


def require_multipart() -> None:
    """Raises NotMultipart."""
    if request.mimetype != "multipart/form-data":
        raise NotMultipart(request.mimetype)


def read_answers() -> dict[str, str]:
    """The field `answers`: a JSON object whose values are text. Raises BadRequestField."""
    text = request.form.get("answers", "").strip()
    if not text:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequestField(
            'The field \'answers\' is not JSON. Send an object of text: {"ratio": "1.221"}.'
        ) from None
    if not isinstance(found, dict):
        raise BadRequestField('The field \'answers\' must be a JSON object of text: {"ratio": "1.221"}.')
    for key, value in found.items():
        if not isinstance(value, str):
            raise BadRequestField(f"answers: the value of {key[:60]!r} must be text in quotes.")
    return found
