"""What every operation of the API shares in its description."""

from __future__ import annotations

from typing import Any

from apiflask import APIFlask

from grader.api.v1.schemas import ProblemOut
from grader.lms.incoming.events import Envelope

MEANINGS = {
    400: "The request cannot be read: its body is not JSON, or it has another type than is taken here.",
    401: "The bearer token is missing, unknown, expired or revoked.",
    403: "The token lacks the scope, or your role in the course does not allow it.",
    404: "There is no such thing, or it is not yours to see.",
    409: "The name is in several of your courses, or the request does not fit the state of things.",
    410: "The file was removed by the service's rule for old files; `detail` says when.",
    413: "The file is too large.",
    415: "The request is not multipart/form-data.",
    422: "A field, the notebook or an answer is refused; `detail` says why.",
    502: "The learning platform did not answer as it must; `detail` says how.",
    503: "Something that is needed cannot be had at the moment; try again later.",
    429: "Too many requests in a minute; `Retry-After` says how many seconds to wait.",
}
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
SECURITY = "BearerAuth"
HOOK_PATH = "/api/v1/hooks/{sender_id}"
UPLOAD_PATH = "/api/v1/assignments/{slug}/submissions"
# The view reads the parts itself, so that a file that is too large is refused before it is all in memory.
UPLOAD = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["notebook"],
                "properties": {
                    "notebook": {"type": "string", "format": "binary", "description": "The .ipynb file."},
                    "answers": {
                        "type": "string",
                        "description": 'JSON object of text, for example {"ratio": "1.221"}.',
                    },
                },
            }
        }
    },
}

# Read as bytes by the view, because the signature is over exactly those.
HOOK = {"required": True, "content": {"application/json": {"schema": Envelope.model_json_schema()}}}


def problems(*statuses: int) -> Any:
    """The error answers of an operation."""
    return {status: {"description": MEANINGS[status], "content": PROBLEM} for status in (400, 401, 403, 429, *statuses)}


def describe(app: APIFlask) -> None:
    """Name, security scheme and the schema of errors, for the OpenAPI document."""
    app.config.update(
        DESCRIPTION=(
            "Hand in notebooks, follow their grading, read results. Errors are problem documents (RFC 9457). A POST "
            "with the header `Idempotency-Key` (200 characters at most, one key for one request) is carried out once; "
            "sent again within 24 hours it gets the first answer, with `Idempotent-Replayed: true`."
        ),
        SECURITY_SCHEMES={
            SECURITY: {"type": "http", "scheme": "bearer", "description": "An API token, as `Bearer TOKEN`."}
        },
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_SERVERS=False,
        AUTO_OPERATION_ID=True,
        TAGS=[
            {"name": "You", "description": "Who the token belongs to."},
            {"name": "Assignments", "description": "What can be handed in."},
            {"name": "Submissions", "description": "What was handed in, and its results."},
            {"name": "Staff", "description": "For teaching assistants and instructors of the course."},
            {"name": "Incoming webhooks", "description": "For systems that change a course by signed messages."},
            {"name": "Administration", "description": "For administrators of the service."},
            {"name": "Health", "description": "For load balancers and other machines; without a token."},
        ],
    )

    @app.spec_processor
    def add_problem(spec: Any) -> Any:
        schemas = spec.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = ProblemOut.model_json_schema()
        spec["paths"][UPLOAD_PATH]["post"]["requestBody"] = UPLOAD
        spec["paths"][HOOK_PATH]["post"]["requestBody"] = HOOK
        return spec
