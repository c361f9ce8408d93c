"""Groups that hand in together: for whom a submission counts, attempts, extensions. On SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest

from assignments.policy import DatesSpec, PolicySpec
from grader.audit.service import Actor
from grader.dashboard import service as dashboard
from grader.db.models import Assignment, StudentGroup, Submission, User
from grader.gradebook import extensions, policies, table
from grader.grading import rerunning
from grader.groups import queries, service
from grader.groups.errors import GroupFixed, InvalidGroup, NoGroupsHere
from grader.groups.rules import GroupRules
from grader.marking import queries as marking
from grader.policies.errors import HandInRefused
from grader.policies.terms import Allowance
from grader.submissions import queries as submissions
from grader.time import utc_now
from tests.support.world import TEST, World, graded

DAY = timedelta(days=1)


def allow(world: World, rules: GroupRules | None = GroupRules()) -> None:  # noqa: B008 - frozen
    with world.backend.writing() as session:
        service.set_rules(session, assignment_id=world.assignment.id, rules=rules, by=TEST)
    with world.backend.reading() as session:
        world.assignment = session.get_one(Assignment, world.assignment.id)


def put(world: World, **groups: Sequence[User]) -> None:
    with world.backend.writing() as session:
        service.put(session, assignment=world.assignment, groups=groups, by=TEST)


def together(world: World, **rules: bool) -> None:
    allow(world, GroupRules(**rules))
    put(world, Alpha=[world.student, world.other])


def policy(world: World, due: timedelta | None = None, **rules: object) -> None:
    with world.backend.writing() as session:
        policies.set_policy(
            session,
            assignment_id=world.assignment.id,
            policy=PolicySpec(**rules),  # type: ignore[arg-type]
            dates=DatesSpec(due_at=utc_now() + due if due else None),
            expected=world.assignment.policy_revision,
            by=TEST,
        )
        world.assignment = session.get_one(Assignment, world.assignment.id)


def extend(world: World, student: User, **given: object) -> None:
    with world.backend.writing() as session:
        extensions.grant(
            session,
            assignment=world.assignment,
            students=[student],
            allowance=Allowance(**given),  # type: ignore[arg-type]
            reason="ill",
            by=TEST,
        )


def score(world: World, student: User) -> float | None:
    grade = world.grade(student)
    return grade.score if grade is not None else None


def seen_by(world: World, student: User) -> list[int]:
    with world.backend.reading() as session:
        return [s.number for s in submissions.of_student(session, student_id=student.id)]


def test_what_one_hands_in_counts_for_all_who_are_in_the_group_then(world: World) -> None:
    together(world)
    accepted = world.submit()
    world.record(graded(accepted.run, 7.0))
    assert (score(world, world.student), score(world, world.other)) == (7.0, 7.0)
    assert seen_by(world, world.other) == [1]
    put(world, Alpha=[world.student])
    assert score(world, world.other) == 7.0, "leaving takes nothing away"
    second = world.submit("x = 2")
    world.record(graded(second.run, 9.0))
    assert (score(world, world.student), score(world, world.other)) == (9.0, 7.0)


def test_who_joins_later_gets_nothing_from_before(world: World) -> None:
    world.record(graded(world.submit().run, 7.0))
    together(world)
    assert score(world, world.other) is None
    assert seen_by(world, world.other) == []
    accepted = world.submit("x = 2", student=world.other)
    assert accepted.submission.number == 2
    world.record(graded(accepted.run, 3.0))
    assert (score(world, world.student), score(world, world.other)) == (7.0, 3.0)


def test_a_new_result_and_a_rule_that_changed_reach_every_member(world: World) -> None:
    together(world)
    accepted = world.submit()
    world.record(graded(accepted.run, 7.0))
    with world.backend.writing() as session:
        [run] = rerunning.rerun(session, submission_ids=[accepted.submission.id], by=TEST, reason="mended").runs
    world.record(graded(run, 8.0))
    assert (score(world, world.student), score(world, world.other)) == (8.0, 8.0)
    policy(world, -DAY / 2, late_percent=50)
    assert (score(world, world.student), score(world, world.other)) == (4.0, 4.0)


def test_attempts_are_the_groups(world: World) -> None:
    together(world)
    policy(world, attempts=2)
    world.submit()
    world.submit("x = 2", student=world.other)
    for student in (world.student, world.other):
        with pytest.raises(HandInRefused, match="attempts are used"):
            world.submit("x = 3", student=student)


def test_two_members_who_hand_in_at_once_do_not_share_the_last_attempt(world: World) -> None:
    together(world)
    policy(world, attempts=1)
    outcomes: list[str] = []

    def upload(student: User, source: str) -> None:
        try:
            world.submit(source, student=student)
            outcomes.append("taken")
        except HandInRefused:
            outcomes.append("refused")

    threads = [
        threading.Thread(target=upload, args=(student, f"x = {n}"))
        for n, student in enumerate((world.student, world.other))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["refused", "taken"]


@pytest.mark.parametrize(("shared", "others"), [(True, 7.0), (False, 3.5)])
def test_an_extension_of_one_holds_for_all_where_the_rule_says_so(world: World, shared: bool, others: float) -> None:
    together(world, share_extensions=shared)
    policy(world, -DAY / 2, late_percent=50)
    world.record(graded(world.submit().run, 7.0))
    assert (score(world, world.student), score(world, world.other)) == (3.5, 3.5)
    extend(world, world.student, due_at=utc_now() + DAY)
    assert (score(world, world.student), score(world, world.other)) == (7.0, others)
    allow(world, GroupRules(share_extensions=True))
    assert score(world, world.other) == 7.0


def test_extra_attempts_of_one_are_the_groups_where_they_are_shared(world: World) -> None:
    together(world)
    policy(world, attempts=1)
    extend(world, world.student, extra_attempts=1)
    world.submit()
    world.submit("x = 2", student=world.other)
    with pytest.raises(HandInRefused):
        world.submit("x = 3")


def test_staff_form_groups_that_make_sense_or_none(world: World) -> None:
    with pytest.raises(NoGroupsHere):
        put(world, Alpha=[world.student])
    with pytest.raises(InvalidGroup, match="from 2 to"):
        allow(world, GroupRules(most=1))
    together(world)
    for wrong, groups in (
        ("two groups", {"A": [world.student], "B": [world.student]}),
        ("not a student", {"A": [world.instructor]}),
        ("no name", {" A  b": [world.student]}),
        ("can be shown", {"A\x00b": [world.student]}),
    ):
        with pytest.raises(InvalidGroup, match=wrong):
            put(world, **groups)
    put(world, Beta=[world.other])
    with world.backend.reading() as session:
        found = {g.name: [m.student.name for m in g.members] for g in queries.groups_of(session, world.assignment.id)}
    assert found == {"Alpha": ["Ada"], "Beta": ["Bob"]}
    put(world, Alpha=[], Beta=[])
    with world.backend.reading() as session:
        assert queries.groups_of(session, world.assignment.id) == []


def test_students_form_groups_until_one_of_them_hands_in(world: World) -> None:
    def change(what: str, student: User, text: str = "") -> StudentGroup | None:
        by, given = Actor.of(student), {"assignment": world.assignment, "student": student, "by": Actor.of(student)}
        assert by.id == student.id
        with world.backend.writing() as session:
            if what == "found":
                return service.found(session, name=text, **given)  # type: ignore[arg-type]
            if what == "join":
                return service.join(session, code=text, **given)  # type: ignore[arg-type]
            service.leave(session, **given)  # type: ignore[arg-type]
            return None

    allow(world)
    with pytest.raises(GroupFixed, match="staff"):
        change("found", world.student, "Alpha")
    allow(world, GroupRules(by_students=True))
    group = change("found", world.student, "  Alpha  team ")
    assert group is not None
    assert group.name == "Alpha team"
    with pytest.raises(InvalidGroup, match="already a group"):
        change("found", world.other, "Alpha team")
    with pytest.raises(InvalidGroup, match="code"):
        change("join", world.other, "0000000000")
    change("join", world.other, f" {service.code_of(group).upper()} ")
    change("leave", world.other)
    change("join", world.other, service.code_of(group))
    world.submit()
    for what in ("leave", "found", "join"):
        with pytest.raises(GroupFixed, match="handed in"):
            change(what, world.other, "Beta")


def test_staff_see_work_of_a_group_as_what_it_is(world: World) -> None:
    together(world)
    accepted = world.submit()
    with world.backend.reading() as session:
        book = table.gradebook(session, world.course.id, table.GradebookFilter())
        assert [(row.cells[0].handed_in, row.cells[0].waiting) for row in book.rows] == [(1, 1), (1, 1)]
        needs = dashboard.course_figures(session, world.course.id, utc_now()).needs
        assert needs.not_started == []
    world.record(graded(accepted.run, 7.0))
    with world.backend.reading() as session:
        items = marking.work(session, assignment_id=world.assignment.id, course_id=world.course.id, key="nll")
        counts = marking.waiting_counts(session, world.assignment.id, ["nll"])
    assert [item.submission_id for item in items] == [accepted.submission.id], "one piece of work, marked once"
    assert counts == {"nll": (1, 0)}


def test_an_assignment_of_another_course_has_its_own_groups(world: World) -> None:
    together(world)
    other = world.publish(slug="loss-2", digest="e" * 64).assignment
    with world.backend.writing() as session:
        assert queries.mates_of(session, other, world.student.id) == [world.student.id]
        assert session.query(Submission).count() == 0
