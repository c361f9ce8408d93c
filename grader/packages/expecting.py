"""What a case must get, as a try keeps it, and how it compares with what it got."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from assignments.cases import Expected, ExpectedCheck, compare_case
from grader.courses.release import Release
from grader.db.models import Run
from grader.grading.recording import rescaled


def kept(expected: Expected, release: Release) -> dict[str, Any]:
    """As JSON, in the points that hold in the course."""
    here = {check.key: check.points for check in release.checks}
    checks = []
    for check in expected.checks:
        packaged = release.package_points.get(check.key)
        points = check.points if packaged is None else rescaled(check.points, packaged, here[check.key])
        checks.append({**asdict(check), "points": points})
    score = round(sum(check["points"] for check in checks), 2) if release.package_points else expected.score
    return {"score": score, "checks": checks}


def differences(expected: dict[str, Any], run: Run) -> list[str]:
    """In sentences; empty where the graded `run` got exactly what the case must get."""
    checks = tuple(ExpectedCheck(**{**check, "says": tuple(check["says"])}) for check in expected["checks"])
    return compare_case(Expected(expected["score"], checks), run.checks, run.score or 0.0)
