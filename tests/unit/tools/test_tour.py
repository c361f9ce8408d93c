from __future__ import annotations

import re

import pytest

from tests.unit.web.world import ROOT

TOUR = ROOT / "docs" / "tour"


@pytest.mark.parametrize("who", ["student", "instructor"])
def test_every_picture_of_the_tour_is_there_and_used(who: str) -> None:
    named = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (TOUR / f"{who}.md").read_text())
    assert len(named) > 5
    assert sorted(named) == sorted(path.name for path in TOUR.glob(f"{who}-*"))


def test_the_tour_stays_small() -> None:
    assert sum(path.stat().st_size for path in TOUR.iterdir()) < 1.5e6


def test_the_readme_leads_to_it() -> None:
    text = (ROOT / "README.md").read_text()
    assert "(docs/tour/student.md)" in text
    assert "(docs/tour/instructor.md)" in text
