"""What the sweeper says when the database refuses."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from grader.tasks.sweeper import reason


def test_a_missing_column_is_named_and_no_statement() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection, pytest.raises(OperationalError) as error:
        connection.execute(text("SELECT colour FROM (SELECT 1 AS size) WHERE size = :hush"), {"hush": "hush"})
    assert reason(error.value) == "OperationalError: no such column: colour"


def test_of_a_refused_row_its_values_are_not_told() -> None:
    several = IntegrityError("INSERT", {}, Exception("a key is there already\nDETAIL: Key (email)=(hush)"))
    assert reason(several) == "IntegrityError: a key is there already"
