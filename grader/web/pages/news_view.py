"""What changed for a student since the last look, as the home page tells it. Nothing that is withheld is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from grader.courses import queries as courses
from grader.db.models import Assignment, AuditEntry, Enrolment, RegradeStatus, User
from grader.groups import queries as groups
from grader.news import queries
from grader.policies import queries as policies
from grader.policies.terms import Terms
from grader.web import formats, zones
from grader.web.access import visible_assignments
from grader.web.outline import Outline, outline_of

SHOWN_MOST = 20
DATES = ("opens_at", "due_at", "closes_at")


@dataclass(frozen=True)
class NewsItem:
    at: datetime
    title: str  # of the assignment
    text: str
    url: str
    icon: str


def news_of(session: Session, user: User, enrolments: list[Enrolment], since: datetime | None) -> list[NewsItem]:
    """Newest first. The number of queries grows with the courses, not with what changed."""
    if since is None:
        return []
    own = [e for e in enrolments if not e.role.is_staff]
    addressed = {a.id: (a, e.course.slug) for e in own for a in visible_assignments(session, e.course, e.role)}
    found = _found(session, user, {key: a for key, (a, _) in addressed.items()}, since)
    rows = []
    for at, key, submission_id, icon, text in sorted(found, key=lambda row: row[0], reverse=True)[:SHOWN_MOST]:
        assignment, course_slug = addressed[key]
        address: dict[str, Any] = {"course_slug": course_slug, "slug": assignment.slug}
        page = url_for("student.assignment", **address)
        url = url_for("submission.page", submission_id=submission_id) if submission_id else page
        rows.append(NewsItem(at, assignment.title, text, url, icon))
    return rows


Found = tuple[datetime, str, str, str, str]  # when, assignment's id, submission's id or "", icon, text


def _found(session: Session, user: User, assignments: Mapping[str, Assignment], since: datetime) -> list[Found]:
    if not assignments:
        return []
    versions = courses.current_versions(session, assignments)
    outlines = {key: outline_of(session, a, versions.get(key)) for key, a in assignments.items()}
    told = [key for key, outline in outlines.items() if not outline.withheld]
    graded = _grades(queries.grade_changes(session, user.id, told, since), outlines)
    changes = queries.assignment_changes(session, assignments, since)
    extended, whose = _extended(session, user, assignments, since)
    moved = _moved(changes) | extended
    terms = policies.terms_of_course(session, [assignments[key] for key in moved], user.id) if moved else {}
    released = {e.object_id: e.at for e in changes if e.action == "grades.released" and e.object_id in told}
    return [
        *graded,
        *((at, key, "", "journal-check", "Its grades were released.") for key, at in released.items()),
        *((at, key, "", "calendar-event", _dates(terms[key], whose.get(key, "Its"))) for key, at in moved.items()),
        *_said(session, user, told, outlines, since),
    ]


def _said(
    session: Session, user: User, told: list[str], outlines: Mapping[str, Outline], since: datetime
) -> list[Found]:
    """Comments and answers to questions on checks that the student may know of."""
    mine = groups.counts_for(session, user.id)
    rows: list[Found] = []
    for comment, submission in queries.comments(session, mine, told, since):
        outline, key = outlines[submission.assignment_id], comment.check_key
        if key and outline.visibility(key) in ("hidden", "name"):
            continue
        what = f"Comment on attempt {submission.number}" + (" changed." if comment.edited_at else ".")
        at = comment.edited_at or comment.created_at
        rows.append((at, submission.assignment_id, submission.id, "pencil-square", what))
    for request, submission in queries.replies(session, mine, told, since):
        end = "the points changed." if request.status is RegradeStatus.CHANGED else "the points stay."
        what = f"Answer to your question on “{request.check_title}”: {end}"
        at = request.replied_at or request.created_at
        rows.append((at, submission.assignment_id, submission.id, "pencil-square", what))
    return rows


def _grades(changes: list[tuple[str, AuditEntry]], outlines: Mapping[str, Outline]) -> list[Found]:
    """One for each grade: from what it was before the first change to what it is after the last."""
    first: dict[str, AuditEntry] = {}
    last: dict[str, AuditEntry] = {}
    for key, entry in changes:
        first.setdefault(key, entry)
        last[key] = entry
    rows: list[Found] = []
    for key, entry in last.items():
        text = _grade_text(first[key].before or {}, entry.after or {}, hides=outlines[key].hides)
        if text:
            rows.append((entry.at, key, "", "check-circle-fill", text))
    return rows


def _grade_text(before: Mapping[str, Any], after: Mapping[str, Any], *, hides: bool) -> str:
    """ "" where nothing of it is to be told."""
    was, now = before.get("score"), after.get("score")
    if after.get("excused") and not before.get("excused"):
        return "You are excused from it."
    if was == now:
        return "The note on your grade changed." if before.get("note") != after.get("note") else ""
    if hides:
        return "Graded." if was is None else "Your grade changed."
    if now is None:
        return "Your grade was taken back."
    told = f"{formats.points(now)} of {formats.points(after.get('max_score'))} points"
    return f"Graded: {told}." if was is None else f"Your grade changed from {formats.points(was)} to {told}."


def _moved(changes: list[AuditEntry]) -> dict[str, datetime]:
    """When the dates of assignments changed, by their ids."""
    return {
        entry.object_id: entry.at
        for entry in changes
        if entry.action == "policy.changed"
        and any((entry.before or {}).get(key) != (entry.after or {}).get(key) for key in DATES)
    }


def _extended(
    session: Session, user: User, assignments: Mapping[str, Assignment], since: datetime
) -> tuple[dict[str, datetime], dict[str, str]]:
    """By assignment: when an extension that holds for the user was given, and whose dates it changed."""
    shared = groups.sharing(session, assignments.values(), user.id)
    mates = {user.id, *(mate for others in shared.values() for mate in others)}
    at: dict[str, datetime] = {}
    whose: dict[str, str] = {}
    for found in queries.extensions(session, mates, assignments, since):
        key = found.assignment_id
        if found.student_id not in shared.get((user.id, key), [user.id]):
            continue  # of a group of another assignment
        at[key] = max(at.get(key, found.updated_at), found.updated_at)
        whose[key] = "Your own" if found.student_id == user.id or whose.get(key) == "Your own" else "Your group's"
    return at, whose


def _dates(terms: Terms, whose: str) -> str:
    due = f"due {zones.local_text(terms.due_at)}" if terms.due_at is not None else "no due date"
    closes = f", open until {zones.local_text(terms.closes_at)}" if terms.closes_at is not None else ""
    return f"{whose} dates changed: now {due}{closes}."
