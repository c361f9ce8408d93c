"""What pages do, programs can do: every route of the pages names its operations of the API, or why there is none."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.unit.web.api_of_pages import OPERATIONS_OF, REASONS


def test_every_page_names_what_programs_call_instead_or_why_there_is_nothing(app: Flask) -> None:
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.endpoint.startswith("v1.")}
    assert set(OPERATIONS_OF) | set(REASONS) == pages
    assert not set(OPERATIONS_OF) & set(REASONS)


def test_the_operations_are_there_and_change_something_where_the_page_does(app: Flask) -> None:
    methods: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        methods.setdefault(rule.endpoint, set()).update(rule.methods or ())
    for page, operations in OPERATIONS_OF.items():
        named = [f"v1.{operation}" for operation in operations.split()]
        assert named, page
        assert all(name in methods for name in named), f"{page}: {named}"
        if "POST" in methods[page]:
            assert any(methods[name] & {"POST", "PUT", "PATCH", "DELETE"} for name in named), page


@pytest.mark.parametrize("reason", sorted(set(REASONS.values())))
def test_a_reason_is_a_sentence(reason: str) -> None:
    assert re.fullmatch(r"[A-Z].{15,}\.", reason)
