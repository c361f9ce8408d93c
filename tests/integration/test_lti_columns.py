"""The column of a platform's gradebook that an assignment's grades go to: found, taken or made."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from grader.db.models import (
    LtiContext,
    LtiLineItem,
    LtiResourceLink,
)
from tests.support.lms.connected import Connected, connected
from tests.support.lms.gradebook import Canvas
from tests.support.world import World

DAY = timedelta(days=1)


def test_a_column_is_found_before_one_is_made(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.platform.page_rows = 2
    for number in range(5):
        desk.platform.gradebook.add(label=f"other {number}", scoreMaximum=5, resourceId=f"r{number}", tag="grade")
    desk.platform.gradebook.add(label="ours", scoreMaximum=20, resourceId=desk.world.assignment.id, tag="grade")
    desk.give(7.0)
    desk.turn()
    assert len(desk.platform.gradebook.columns) == 6
    assert (desk.there(column=6).score, desk.state()) == (14.0, "acked")  # 7 of 10 in a column of 20


def test_the_column_that_a_platform_made_with_the_link_is_taken(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.platform.gradebook.add(label="of the link", scoreMaximum=100, resourceLinkId="77", tag="")
    desk.give(7.0)
    desk.turn()
    assert len(desk.platform.gradebook.columns) == 1
    assert (desk.there().score, desk.state()) == (70.0, "acked")


def test_a_column_of_which_the_launch_told_the_address_is_used_and_asked_for_its_points(
    plain_moodle: Connected,
) -> None:
    desk = plain_moodle
    column = desk.platform.gradebook.add(label="of the link", scoreMaximum=100, resourceLinkId="77", tag="")
    with desk.world.backend.writing() as session:
        session.execute(update(LtiResourceLink).values(line_item_url=desk.platform.line_item_url(column)))
        session.execute(update(LtiContext).values(line_items_url=""))
    desk.give(7.0)
    desk.turn()
    desk.give(8.0)
    desk.turn()
    assert (desk.there().score, desk.state()) == (80.0, "acked")
    asked = [path for method, path, _ in desk.platform.requests if method == "GET" and "/lineitem?" in path]
    assert len(asked) == 1
    with desk.world.backend.reading() as session:
        item = session.scalars(select(LtiLineItem)).one()
    assert (item.label, item.score_maximum) == ("of the link", 100.0)


def test_a_column_whose_making_was_not_heard_of_is_not_made_twice(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.give(7.0)
    desk.give(3.0, student=desk.world.other)
    desk.platform.line_item_script = [(200, {}, "[]"), (503, {}, "busy")]
    desk.turn()
    assert desk.platform.gradebook.columns == {}
    desk.platform.gradebook.add(
        label="Loss 1", scoreMaximum=10, resourceId=desk.world.assignment.id, tag="grade"
    )  # it was made all the same
    desk.settle()
    assert len(desk.platform.gradebook.columns) == 1
    assert (desk.there().score, desk.there("u-bob").score) == (7.0, 3.0)
    assert desk.platform.scores[0]["https://canvas.instructure.com/lti/submission"]["new_submission"] is True


def test_a_column_that_was_removed_is_made_anew(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.give(7.0)
    desk.turn()
    del desk.platform.gradebook.columns[1]
    desk.platform.gradebook.add(label="another one's", scoreMaximum=1, resourceId="other")
    desk.give(8.0)
    desk.settle()
    assert (desk.there(column=3).score, desk.state()) == (8.0, "acked")


def test_without_the_right_to_make_columns_a_person_is_told_why(plain_moodle: Connected) -> None:
    desk = plain_moodle
    desk.platform.line_item_script = [(200, {}, "[]"), *[(403, {}, "")] * 20]
    desk.give(7.0)
    desk.settle()
    assert desk.state() == "dead"
    assert "Allow grade synchronisation" in desk.cell().problem
    assert desk.failures() == ["dead"]


def test_a_link_to_the_whole_course_stands_for_every_assignment(one_world: World) -> None:
    with connected(one_world, Canvas(), "canvas") as desk:
        with desk.world.backend.writing() as session:
            session.execute(update(LtiResourceLink).values(assignment_id=None))
        desk.give(7.0)
        desk.turn()
        assert "resourceLinkId" not in desk.platform.gradebook.columns[1].body
        assert desk.there().score == 7.0
