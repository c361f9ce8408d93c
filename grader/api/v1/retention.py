"""How long files are kept, through the API; for administrators of the service."""

from __future__ import annotations

from dataclasses import asdict

from pydantic import Field

from grader.api.v1.documents import SECURITY, problems
from grader.api.v1.routes import STAFF, api
from grader.api.v1.schemas import Body, Out
from grader.audit.service import Actor
from grader.retention import rules
from grader.retention.rules import Plan
from grader.time import utc_now
from grader.web import access
from grader.web.backend import backend


class RetentionIn(Body):
    executed_months: int | None = Field(None, description="Executed notebooks, after their run. Null: kept.")
    files_months: int | None = Field(None, description="Handed-in files, after the end of the course. Null: kept.")


class RemovedOut(Out):
    executed: int = Field(description="Executed notebooks.")
    files: int
    size_bytes: int
    courses: list[str] = Field(description="Whose handed-in files go.")


class RetentionOut(Out):
    executed_months: int | None
    files_months: int | None
    would_remove: RemovedOut = Field(description="What the rule would remove now.")


@api.get("/admin/retention")
@access.allow_token(access.administrator, scope=STAFF)
@api.output(RetentionOut)
@api.doc(summary="How long files are kept", tags=["Administration"], security=SECURITY, responses=problems())
def admin_retention() -> RetentionOut:
    return _rule()


@api.put("/admin/retention")
@access.allow_token(access.administrator, scope=STAFF)
@api.input(RetentionIn, location="json", arg_name="body")
@api.output(RetentionOut)
@api.doc(summary="Set how long files are kept", tags=["Administration"], security=SECURITY, responses=problems(422))
def admin_set_retention(body: RetentionIn) -> RetentionOut:
    with backend().writing() as session:
        rules.set_rule(
            session,
            executed_months=body.executed_months,
            files_months=body.files_months,
            by=Actor.of(access.caller_user()),
        )
    return _rule()


@api.post("/admin/retention/apply")
@access.allow_token(access.administrator, scope=STAFF)
@api.output(RemovedOut)
@api.doc(summary="Remove old files now", tags=["Administration"], security=SECURITY, responses=problems())
def admin_apply_retention() -> RemovedOut:
    with backend().writing() as session:
        return _removed(rules.apply(session, utc_now(), Actor.of(access.caller_user())))


def _rule() -> RetentionOut:
    with backend().reading() as session:
        found, plan = rules.rule(session), rules.plan(session, utc_now())
    return RetentionOut(
        executed_months=found.executed_months, files_months=found.files_months, would_remove=_removed(plan)
    )


def _removed(plan: Plan) -> RemovedOut:
    return RemovedOut(**{**asdict(plan), "courses": list(plan.courses)})
