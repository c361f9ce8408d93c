from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from assignments.loading import load_package
from assignments.policy import DatesSpec
from grader.courses import queries
from grader.courses import service as courses
from grader.courses.errors import InvalidDates, InvalidSlug, SlugTaken
from grader.courses.release import Release
from grader.db.models import Role
from grader.time import utc_now
from tests.support.world import RELEASE, TEST, World

ASSIGNMENTS = Path(__file__).resolve().parents[2] / "assignments"


def test_publishing_again_makes_a_version_only_when_the_files_changed(world: World) -> None:
    again = world.publish()
    assert not again.created_version
    changed = world.publish(digest="e" * 64, max_score=12.0)
    assert changed.created_version
    assert (changed.version.number, changed.version.max_score) == (2, 12.0)
    back = world.publish()
    assert (back.created_version, back.version.number) == (True, 3)
    with world.backend.reading() as session:
        current = queries.current_version(session, world.assignment.id)
        assert current is not None
        assert current.number == 3


def test_what_was_published_can_be_read_back(world: World) -> None:
    with world.backend.reading() as session:
        version = queries.current_version(session, world.assignment.id)
        assert version is not None
        assert courses.release_of(version) == RELEASE


@pytest.mark.parametrize("slug", ["coursework-4-hyperspheres", "loss-1-regression", "gradients-2-backprop"])
def test_a_real_package_can_be_published_and_read_back(world: World, slug: str) -> None:
    metadata = load_package(ASSIGNMENTS / slug).metadata
    release = Release.from_metadata(metadata)
    with world.backend.writing() as session:
        published = courses.publish_assignment(session, course=world.course, release=release, by=TEST)
    with world.backend.reading() as session:
        version = queries.current_version(session, published.assignment.id)
        assert version is not None
        assert courses.release_of(version) == release
    assert release.max_score == metadata.max_score > 0
    assert [c.key for c in release.checks] == [c.key for c in metadata.checks]


def test_details_of_an_older_or_newer_release_of_the_service_are_read() -> None:
    details = RELEASE.to_details()
    del details["checks"]
    details["something_new"] = 1
    assert Release.from_details(details) == RELEASE


def test_a_role_can_be_changed_and_belongs_to_one_course(world: World) -> None:
    with world.backend.writing() as session:
        other = courses.create_course(session, slug="other", title="Other", by=TEST)
        courses.enrol(session, user=world.student, course=world.course, role=Role.TA, by=TEST)
    with world.backend.reading() as session:
        assert queries.role_of(session, user_id=world.student.id, course_id=world.course.id) is Role.TA
        assert queries.role_of(session, user_id=world.student.id, course_id=other.id) is None
        assert [e.course.slug for e in queries.courses_of(session, world.student.id)] == ["dl"]
        assert [e.user.name for e in queries.people_of(session, world.course.id)] == ["Ada", "Bob", "Ines"]


def test_an_assignment_is_found_by_its_name_in_the_courses_of_the_user_alone(world: World) -> None:
    with world.backend.writing() as session:
        other = courses.create_course(session, slug="other", title="Other", by=TEST)
        courses.publish_assignment(session, course=other, release=RELEASE, by=TEST)
    with world.backend.reading() as session:
        found = queries.assignment_by_slug(session, slug=RELEASE.slug, user_id=world.student.id)
        assert found is not None
        assert (found.id, found.course.slug) == (world.assignment.id, "dl")
        assert queries.assignment_by_slug(session, slug="no-such", user_id=world.student.id) is None


def test_assignments_come_by_due_date_and_unpublished_ones_can_be_left_out(world: World) -> None:
    soon = utc_now() + timedelta(days=1)
    with world.backend.writing() as session:
        for slug, due, published in (("b", soon + timedelta(days=1), True), ("a", soon, True), ("c", None, False)):
            release = replace(RELEASE, slug=slug, title=slug)
            courses.publish_assignment(
                session, course=world.course, release=release, dates=DatesSpec(due_at=due), published=published, by=TEST
            )
    with world.backend.reading() as session:
        slugs = [a.slug for a in queries.assignments_of(session, world.course.id, published_only=True)]
        assert slugs == ["a", "b", RELEASE.slug]
        assert len(queries.assignments_of(session, world.course.id, published_only=False)) == 4


def test_names_and_dates_that_make_no_sense_are_refused(world: World) -> None:
    now = utc_now()
    with world.backend.writing() as session:
        with pytest.raises(SlugTaken):
            courses.create_course(session, slug="dl", title="Again", by=TEST)
        with pytest.raises(InvalidSlug):
            courses.create_course(session, slug="../etc", title="Nasty", by=TEST)
        dates = DatesSpec(opens_at=now, due_at=now)
        with pytest.raises(InvalidDates):
            courses.publish_assignment(session, course=world.course, release=RELEASE, dates=dates, by=TEST)


def test_a_name_that_no_database_keeps_names_no_assignment(world: World) -> None:
    with world.backend.reading() as session:
        assert queries.assignment_in_course(session, course_id=world.course.id, slug="loss\x00-1") is None
