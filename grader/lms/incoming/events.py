"""What a message may say: read strictly, so that a misspelt field is refused instead of passed over."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from grader.lms.incoming.errors import InvalidMessage, UnknownEvent
from grader.text import one_line
from grader.time import in_our_time

PING = "endpoint.ping"
ROSTER = "roster.changed"
DATES = "assignment.dates"
EXTENSION_GRANTED = "extension.granted"
EXTENSION_REVOKED = "extension.revoked"
SUBMISSION = "submission.handed_in"
MOST_PEOPLE = 1000

Line = AfterValidator(one_line)
Email = Annotated[str, Field(min_length=3, max_length=254), Line, AfterValidator(str.lower)]
Name = Annotated[str, Field(max_length=200), Line]
Section = Annotated[str, Field(max_length=100), Line]
Slug = Annotated[str, Field(pattern=r"\A[a-z0-9-]{1,80}\z", description="The assignment's short name.")]
When = Annotated[AwareDatetime, AfterValidator(in_our_time)]
Reason = Annotated[str, Field(min_length=1, max_length=500), Line]
Emails = Annotated[list[Email], Field(min_length=1, max_length=500)]


class Data(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PingData(BaseModel):
    """A test: nothing is changed."""

    model_config = ConfigDict(extra="ignore")


class PersonChange(Data):
    """`enrol` adds (and never lowers a role), `change` sets what is given, `drop` takes out of the course."""

    action: Literal["enrol", "change", "drop"] = "enrol"
    email: Email
    name: Name = ""
    role: Literal["student", "ta", "instructor"] | None = None
    section: Section | None = None


class RosterData(Data):
    changes: list[PersonChange] = Field(min_length=1, max_length=MOST_PEOPLE)


class DatesData(Data):
    """A date that is left out stays; null takes it away."""

    assignment: Slug
    opens_at: When | None = None
    due_at: When | None = None
    closes_at: When | None = None


class ExtensionData(Data):
    """In place of what these students were given before."""

    assignment: Slug
    students: Emails
    due_at: When | None = None
    closes_at: When | None = None
    extra_attempts: int = Field(0, ge=0, le=100)
    reason: Reason


class RevokedData(Data):
    assignment: Slug
    students: Emails


class SubmissionData(Data):
    """Either `notebook` (base64) or `notebook_url`."""

    assignment: Slug
    student: Email
    filename: Annotated[str, Field(max_length=200), Line] = "notebook.ipynb"
    answers: dict[Annotated[str, Field(max_length=100)], Annotated[str, Field(max_length=1000)]] = Field(
        default={}, max_length=100
    )
    notebook: str | None = None
    notebook_url: str | None = Field(None, max_length=2000)


AnyData = PingData | RosterData | DatesData | ExtensionData | RevokedData | SubmissionData
KINDS: dict[str, type[AnyData]] = {
    PING: PingData,
    ROSTER: RosterData,
    DATES: DatesData,
    EXTENSION_GRANTED: ExtensionData,
    EXTENSION_REVOKED: RevokedData,
    SUBMISSION: SubmissionData,
}


class Envelope(BaseModel):
    """A message: `type` says what `data` holds."""

    model_config = ConfigDict(extra="ignore")

    type: str = Field(max_length=100, description=f"One of {', '.join(KINDS)}.")
    data: dict[str, Any] = {}


def envelope_of(body: bytes) -> Envelope:
    """Raises InvalidMessage."""
    try:
        return Envelope.model_validate_json(body)
    except ValidationError as error:
        raise InvalidMessage(f"The body is no message: {_first(error)}") from None


def data_of(envelope: Envelope) -> AnyData:
    """What a genuine message says. Raises InvalidMessage, UnknownEvent."""
    model = KINDS.get(envelope.type)
    if model is None:
        raise UnknownEvent(envelope.type, KINDS)
    try:
        return model.model_validate(envelope.data)
    except ValidationError as error:
        raise InvalidMessage(f"data.{_first(error)}") from None


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    where = ".".join(str(part)[:60] for part in found[0]["loc"]) or "body"
    more = f" ({len(found) - 1} more)" if len(found) > 1 else ""
    return f"{where}: {str(found[0]['msg'])[:200]}{more}."
