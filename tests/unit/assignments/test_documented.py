"""docs/assignments.md has a row for every assignment, and names files that there are."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.packages import SLUGS

ROOT = Path(__file__).parents[3]
ROWS = re.findall(r"^\| `([a-z0-9-]+)` \|(.*)$", (ROOT / "docs" / "assignments.md").read_text(), re.MULTILINE)


def test_every_assignment_has_one_row() -> None:
    assert sorted(slug for slug, _ in ROWS) == SLUGS


def test_every_row_says_where_its_reference_comes_from() -> None:
    for slug, row in ROWS:
        values = re.findall(r"`([a-z0-9_]+\.(?:toml|npz))`", row)
        formulas = re.findall(r"`(?:implementations/)?([a-z0-9_]+\.py)`", row)
        assert values or formulas, slug
        assert all((ROOT / "reference" / "values" / name).exists() for name in values), slug
        assert all((ROOT / "reference" / "implementations" / name).exists() for name in formulas), slug
