"""What a connection to other systems must survive, and that a test of that name holds each point."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
POINTS = {
    1: "a stock verifier accepts; one changed byte fails",
    2: "old and new secret hold for the overlap, the old one not after",
    3: "a sender that dies after the answer: the same id again, nothing lost",
    4: "a rolled-back grade tells nobody; one committed with the broker down arrives",
    5: "a receiver that fails for days: schedule kept, disabled, told, sent again",
    6: "hostile addresses, also those of a platform, get no connection",
    7: "redirects are not followed; endless and dripping answers are bounded",
    8: "replayed, unsigned, foreign or expired tokens are refused",
    9: "an unknown key asks for the keys once; keys may rotate",
    10: "two registrations of one issuer never mix",
    11: "an expired token is fetched once more; grades arrive weeks after the launch",
    12: "accepted but not heard, then refused: acknowledged, no duplicate",
    13: "two regrades in a second and a skewed clock: the last grade is right",
    14: "override, locked item, dropped student: a state that is seen, no grade erased",
    15: "one address for two people mixes no grades",
}


def names() -> list[str]:
    found = []
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text()
        if "def test_point_" in text:
            found += [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    return found


@pytest.fixture(scope="module")
def found() -> list[str]:
    return names()


@pytest.mark.parametrize("number", POINTS)
def test_every_point_has_a_test_of_its_name(found: list[str], number: int) -> None:
    assert [name for name in found if name.startswith(f"test_point_{number:02}_")], POINTS[number]
