"""What an integration must survive, as far as it is about grades that go to a platform over LTI."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from grader.db.models import LtiContext, LtiGradeSync, LtiLineItem, LtiUserLink, SyncState, User
from grader.lms.lti import sync_queries
from grader.lms.lti import sync_records as records
from grader.wiring import Backend
from tests.support.lms.connected import Connected, connected, remote
from tests.support.lms.gradebook import Canvas, Gradebook, Moodle
from tests.support.lms.platform import running
from tests.support.mortal_redis import MortalRedis
from tests.support.recorder import eventually, running_recorder
from tests.support.world import World, make_world

PATIENCE_S = 90.0
FAMILIES: dict[str, Callable[[], Gradebook]] = {"moodle": Moodle, "canvas": Canvas}


@pytest.fixture
def desk(one_world: World) -> Iterator[Connected]:
    with connected(one_world, Moodle(), "moodle") as found:
        yield found


@pytest.fixture(params=FAMILIES)
def either(request: pytest.FixtureRequest, one_world: World) -> Iterator[Connected]:
    with connected(one_world, FAMILIES[request.param](), request.param) as found:
        yield found


def test_point_03_a_sender_that_dies_after_the_platforms_200_loses_nothing_and_doubles_nothing(
    either: Connected,
) -> None:
    either.give(7.0)
    either.hear()
    with either.world.backend.writing() as session:
        [item_id] = sync_queries.due_items(session, either.now)
        turn = sync_queries.take_turn(session, item_id, either.now, either.now + timedelta(minutes=5))
        parcel = records.claim(session, item_id, either.now)
    assert parcel is not None
    assert turn is not None
    either.courier._carry(parcel)  # the platform has it; then the process is gone, with its lease and its turn
    assert either.there().score == 7.0
    assert either.turn() == 0
    either.settle_after(timedelta(minutes=5))
    assert (either.state(), either.there().score, len(either.platform.gradebook.columns)) == ("acked", 7.0, 1)
    assert len(either.platform.scores) == 2
    assert either.there().submissions in (0, 1)  # Moodle counts none


def test_point_04_a_grade_that_is_rolled_back_is_sent_nowhere(desk: Connected) -> None:
    class Changed(Exception):
        pass

    def give_and_fail() -> None:
        with desk.world.backend.writing() as session:
            desk.decide(session, 7.0)
            raise Changed

    with pytest.raises(Changed):
        give_and_fail()
    desk.turn()
    desk.catch_up()
    desk.turn()
    assert desk.platform.requests == []


def test_point_04_a_grade_committed_while_the_broker_is_down_arrives_when_it_is_back(
    make_database: Callable[[str], str], own_redis: MortalRedis, connect: Callable[[str, str], Backend], tmp_path: Path
) -> None:
    """The whole way: a recorder of its own, its sweeper, its task, a token that a real key signed for."""
    backend = connect(make_database("postgresql"), own_redis.broker_url)
    environment = {"GRADER_SWEEP_S": "0.3", "GRADER_WEBHOOK_NETWORKS": "127.0.0.1/32"}
    with running(Moodle(students={"u-ada"})) as platform:
        found = Connected(make_world(backend), platform, "moodle")
        found.connect()
        platform.expire_tokens()
        own_redis.kill()
        found.give(7.0)
        own_redis.start()
        with running_recorder(backend.settings, tmp_path / "recorder.log", **environment):
            assert eventually(lambda: 1 in platform.gradebook.columns and found.there().score == 7.0, PATIENCE_S)
            assert eventually(lambda: found.state() == "acked", PATIENCE_S)
    assert len(platform.gradebook.columns) == 1


@pytest.mark.parametrize(
    "hostile",
    [
        "http://127.0.0.1:{port}/2/lineitems?type_id=3", "https://127.0.0.1:{port}/", "http://2130706433:{port}/",
        "https://[::ffff:127.0.0.1]:{port}/", "https://169.254.169.254/latest/meta-data", "https://10.0.0.1/lineitems",
        "file:///etc/passwd", "https://u:p@127.0.0.1:{port}/",
    ],
)  # fmt: skip
def test_point_07_a_line_item_address_that_must_not_be_reached_gets_no_connection(
    desk: Connected, hostile: str
) -> None:
    """The token comes from the platform, by the allow-list of the tests; the line item's address is not on it."""
    port = desk.platform.url.rsplit(":", 1)[1]
    with desk.world.backend.writing() as session:
        session.execute(update(LtiContext).values(line_items_url=hostile.format(port=port)))
    desk.remote = remote(rules="")
    desk.give(7.0)
    desk.turn()
    assert desk.platform.requests == []
    assert desk.platform.tokens_given == 1
    cell = desk.cell()
    assert cell.state is SyncState.RETRY
    assert cell.last_status is None
    assert cell.excerpt


def test_point_07_a_line_item_that_redirects_is_not_followed_and_one_that_never_ends_is_bounded(
    desk: Connected,
) -> None:
    inner = f"{desk.platform.url}/secret"
    desk.give(7.0)
    desk.platform.script = [(302, {"Location": inner}, "")]
    desk.turn()
    assert desk.state() == "retry"
    assert not any("secret" in path for _, path, _ in desk.platform.requests)
    desk.platform.result_script = [(200, {}, "[" + " " * 3_000_000 + "]")] * 2
    desk.settle()
    assert desk.state() == "acked"  # accepted; what could not be read in full is not believed
    assert "could not be read back" in desk.cell().problem
    desk.platform.line_item_script = [(200, {}, "[" + " " * 3_000_000 + "]")]
    with desk.world.backend.writing() as session:
        session.execute(update(LtiLineItem).values(url=""))
    desk.give(8.0)
    desk.turn()
    assert "too long" in desk.cell().excerpt


def test_point_11_an_expired_token_is_fetched_once_more_and_grades_arrive_weeks_after_the_launch(
    either: Connected,
) -> None:
    either.give(7.0)
    either.turn()
    before = either.platform.tokens_given
    either.platform.expire_tokens()
    either.give(8.0)
    either.turn(seconds=6 * 7 * 86_400)
    assert (either.state(), either.there().score) == ("acked", 8.0)
    assert either.platform.tokens_given == before + 2  # one for scores, one for results
    assert len([score for score in either.platform.scores if score["scoreGiven"] == 8.0]) == 2  # one refused


@pytest.mark.parametrize("refusal", [None, (409, {}, "Refusing score with an earlier timestamp")])
def test_point_12_accepted_but_not_heard_and_then_refused_is_an_acknowledgement(
    desk: Connected, refusal: tuple[int, dict[str, str], str] | None
) -> None:
    desk.give(7.0)
    desk.platform.silent = 1
    desk.turn()
    assert (desk.state(), desk.there().score) == ("retry", 7.0)
    desk.platform.script = [refusal] if refusal is not None else []
    desk.settle()
    cell = desk.cell()
    assert (cell.state, cell.acked_score, cell.last_status) == (SyncState.ACKED, 7.0, 409 if refusal else 200)
    assert desk.there().score == 7.0
    assert len(desk.platform.scores) == 2
    assert desk.failures() == []


def test_point_13_two_regrades_in_one_second_end_with_the_last(either: Connected) -> None:
    either.give(5.0)
    either.turn()
    either.give(6.0)
    either.turn(seconds=0.2)
    either.give(9.0)
    either.turn(seconds=0.2)
    either.settle()
    assert (either.state(), either.there().score) == ("acked", 9.0)
    stamps = [score["timestamp"] for score in either.platform.scores]
    assert stamps == sorted(set(stamps))


@pytest.mark.parametrize("minutes", [-10, 10])
def test_point_13_after_a_clock_was_turned_the_final_grade_is_right(either: Connected, minutes: int) -> None:
    either.give(5.0)
    either.turn()
    either.now += timedelta(minutes=minutes)
    either.give(6.0)
    either.turn()
    either.give(9.0)
    either.settle()
    assert (either.state(), either.there().score, either.failures()) == ("acked", 9.0, [])


def test_point_13_a_platform_that_has_a_later_timestamp_than_ours_gets_a_later_one(either: Connected) -> None:
    """What somebody sent for us from another clock: ten minutes ahead."""
    either.give(5.0)
    either.turn()
    either.there().changed = either.now + timedelta(minutes=10)
    either.give(9.0)
    either.turn()
    assert either.state() == "conflict"
    either.settle()
    assert (either.state(), either.there().score, either.failures()) == ("acked", 9.0, [])


def test_point_14_a_teachers_grade_there_stands_and_is_seen(either: Connected) -> None:
    either.give(5.0)
    either.turn()
    either.platform.gradebook.override(1, "u-ada", 9.5)
    either.give(6.0)
    either.settle()
    assert (either.state(), either.there().score, either.failures()) == ("overridden", 9.5, ["overridden"])
    assert "shows 9.5 of 10" in either.cell().problem
    either.give(None, excused=True)
    either.settle()
    assert (either.state(), either.there().score) == ("overridden", 9.5)  # not erased


def test_point_14_where_a_platform_would_let_a_teachers_grade_be_replaced_it_is_left_alone(one_world: World) -> None:
    class Lax(Canvas):
        """Takes every score, whoever graded last."""

        def post(self, column, score):  # type: ignore[no-untyped-def]
            score.pop("https://canvas.instructure.com/lti/submission", None)
            return super().post(column, score)

    with connected(one_world, Lax(), "lax") as desk:
        desk.give(5.0)
        desk.turn()
        desk.platform.gradebook.override(1, "u-ada", 9.5)
        assert desk.reconcile().differ == 1
        desk.give(6.0)
        desk.settle()
        assert (desk.state(), desk.there().score) == ("overridden", 9.5)
        desk.send_again()  # somebody has seen it and wants ours
        desk.settle()
        assert (desk.state(), desk.there().score) == ("acked", 6.0)


def test_point_14_a_locked_item_is_given_up_with_the_reason(desk: Connected) -> None:
    desk.give(5.0)
    desk.turn()
    desk.platform.gradebook.columns[1].locked = True
    desk.give(6.0)
    desk.settle()
    assert (desk.state(), desk.there().score, desk.failures()) == ("dead", 5.0, ["dead"])
    assert "locked" in desk.cell().problem
    assert len(desk.platform.scores) == 1 + 5
    desk.platform.gradebook.columns[1].locked = False
    desk.send_again()
    desk.turn()
    assert (desk.state(), desk.there().score) == ("acked", 6.0)


def test_point_14_a_dropped_student_is_a_visible_state_and_comes_back(either: Connected) -> None:
    either.give(5.0)
    either.turn()
    either.platform.gradebook.students.remove("u-ada")
    either.give(6.0)
    either.settle()
    assert (either.state(), either.there().score, either.failures()) == ("blocked_user", 5.0, ["blocked_user"])
    sent = len(either.platform.scores)
    either.turn(seconds=86_400)
    either.catch_up()
    either.turn()
    assert len(either.platform.scores) == sent  # no endless retry
    either.platform.gradebook.students.add("u-ada")
    with either.world.backend.writing() as session:
        session.execute(update(LtiUserLink).where(LtiUserLink.sub == "u-ada").values(seen_at=either.now))
    either.catch_up()
    either.turn()
    assert (either.state(), either.there().score) == ("acked", 6.0)


def test_point_15_the_same_address_for_two_people_mixes_no_grades(either: Connected) -> None:
    """Both links carry one e-mail address, and the platform passes over the filter by user."""
    either.platform.filters = False
    either.give(7.0)
    either.give(3.0, student=either.world.other)
    either.turn()
    assert (either.there().score, either.there("u-bob").score) == (7.0, 3.0)
    by_user = {score["userId"]: score["scoreGiven"] for score in either.platform.scores}
    assert by_user == {"u-ada": 7.0, "u-bob": 3.0}
    with either.world.backend.reading() as session:
        query = select(User.name, LtiGradeSync.acked_score).join(LtiGradeSync, LtiGradeSync.user_id == User.id)
        assert set(session.execute(query)) == {("Ada", 7.0), ("Bob", 3.0)}
    assert "@" not in repr(either.platform.requests)  # no address of anybody leaves
