"""The demonstration course: made on the first start, brought up to date on the next, never overwritten.

Its passwords are public, so it is served to this machine alone (see `grader.cli.up`).
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.packages import load_good
from grader.whole_files import whole_file

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from grader.audit.service import Actor
    from grader.db.models import Course, User
    from grader.wiring import Backend

COURSE = ("deep-learning", "Deep learning")
LOGINS_FILE = "demo.json"  # the sign-in page shows these
TOKEN_FILE = "demo-token.json"  # the secret of the demo student's token: the database has only its hash
TOKEN_LABEL = "demonstration"


@dataclass(frozen=True)
class DemoUser:
    role: str
    email: str
    password: str
    name: str


USERS = (
    DemoUser("student", "student@example.org", "student-demo", "Sofia Student"),
    DemoUser("student", "student2@example.org", "student2-demo", "Samuel Student"),
    DemoUser("ta", "ta@example.org", "assistant-demo", "Thea Assistant"),
    DemoUser("instructor", "instructor@example.org", "instructor-demo", "Ines Instructor"),
)


def load(backend: Backend) -> str:
    """Course, users, all assignments of `assignments_dir`. The demo student's API token; repeats itself safely."""
    home, root = backend.settings.home, backend.settings.assignments_dir
    with backend.writing() as session:
        course = _course(session)
        for demo in USERS:
            _enrol(session, _user(session, demo), course, demo)
        _publish_all(session, course, root)
    token = _token(backend, home / TOKEN_FILE)
    logins = [{k: v for k, v in asdict(demo).items() if k != "name"} for demo in USERS]
    with whole_file(home / LOGINS_FILE) as out:
        out.write(json.dumps(logins, indent=1).encode())
    return token


def _course(session: Session) -> Course:
    from grader.courses import queries, service

    slug, title = COURSE
    found = queries.course_by_slug(session, slug)
    return found or service.create_course(session, slug=slug, title=title, by=_actor())


def _user(session: Session, demo: DemoUser) -> User:
    from grader.accounts import queries, service

    found = queries.user_by_email(session, demo.email)
    if found is not None:
        return found
    made = service.create_user(session, email=demo.email, name=demo.name, password=demo.password, by=_actor())
    if demo.role == "instructor":  # so that the demonstration has somebody who sees the pages of administrators
        service.set_admin(session, user=made, admin=True, by=_actor())
    return made


def _enrol(session: Session, user: User, course: Course, demo: DemoUser) -> None:
    from grader.courses import queries, service
    from grader.db.models import Role

    if queries.role_of(session, user_id=user.id, course_id=course.id) is None:
        service.enrol(session, user=user, course=course, role=Role(demo.role), by=_actor())


def _publish_all(session: Session, course: Course, root: Path) -> None:
    """New packages and new versions only: dates that an instructor has set since stay as they are."""
    from grader.courses import queries
    from grader.packages import service as packages

    good, wrong = load_good(root)
    for error in wrong:
        print(f"Assignment left out: {error}", file=sys.stderr)
    for package in good:
        slug, digest = package.metadata.slug, package.metadata.version
        found = queries.assignment_in_course(session, course_id=course.id, slug=slug)
        version = queries.current_version(session, found.id) if found else None
        if version is not None and version.digest == digest:
            continue
        gift = packages.Gift.of(package)
        packages.give(session, course=course, gift=gift, shown=None if found else True, by=_actor())


def _token(backend: Backend, file: Path) -> str:
    """The token of the last start if it still works, else a new one."""
    from grader.accounts import queries, service

    kept = _kept_token(file)
    with backend.writing() as session:
        if kept and service.user_for_token(session, secret=kept) is not None:
            return kept
        user = queries.user_by_email(session, USERS[0].email)
        if user is None:
            raise LookupError(f"the demo user {USERS[0].email} has gone")
        secret = service.issue_token(session, user=user, label=TOKEN_LABEL, by=_actor()).secret
    with whole_file(file) as out:
        out.write(json.dumps({"token": secret}).encode())
    return secret


def _kept_token(file: Path) -> str | None:
    try:
        token = json.loads(file.read_text())["token"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return token if isinstance(token, str) else None


def _actor() -> Actor:
    from grader.audit.service import Actor

    return Actor.system("demo")
