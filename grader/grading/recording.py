"""Writing a result into the run, its checks, the submission and the grade."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from grader.courses.release import Release
from grader.courses.service import release_of
from grader.db.models import AssignmentVersion, Blob, CheckResultRow, Run
from worker.contract import CheckResult, GradeStatus, ResultMessage

POINTS_TOLERANCE = 0.01  # points are rounded to hundredths


def trusted(message: ResultMessage, version: AssignmentVersion) -> ResultMessage:
    """`message`, or, where its numbers contradict each other or the assignment, a failure that says so.

    A result comes through a broker that many machines can write to; what makes no sense is never a score. Workers
    count in the package's points; where the course has set others, the result is brought up to those.
    """
    if message.status is not GradeStatus.GRADED:
        return message
    set_here = release_of(version) if version.details.get("package_points") else None
    most = version.max_score if set_here is None else set_here.with_points({}).max_score
    points = sum(check.points for check in message.checks)
    problem = ""
    if abs(message.max_score - most) > POINTS_TOLERANCE:
        problem = f"the maximum is {message.max_score:g}, the assignment's is {most:g}"
    elif abs(message.score - points) > POINTS_TOLERANCE:
        problem = f"the score is {message.score:g}, the points of the checks add up to {points:g}"
    elif message.score > message.max_score + POINTS_TOLERANCE:
        problem = f"the score {message.score:g} is above the maximum {message.max_score:g}"
    if not problem:
        return message if set_here is None else _in_points_of(set_here, message)
    return dataclasses.replace(
        message, status=GradeStatus.FAILED, staff_text=f"result refused: {problem}. {message.staff_text}".strip()
    )


def _in_points_of(release: Release, message: ResultMessage) -> ResultMessage:
    """Each check keeps its share of the points; those are the course's."""
    most = {check.key: check.points for check in release.checks if check.key in release.package_points}
    checks = tuple(
        dataclasses.replace(
            check, points=rescaled(check.points, check.max_points, most[check.key]), max_points=most[check.key]
        )
        if check.key in most
        else check
        for check in message.checks
    )
    score = round(sum(check.points for check in checks), 2)
    return dataclasses.replace(message, checks=checks, score=score, max_score=release.max_score)


def rescaled(points: float, of: float, new: float) -> float:
    """The same share of `new` points as `points` is of `of`."""
    return round(points / of * new, 2) if of else 0.0


def run_values(message: ResultMessage, now: datetime) -> dict[str, Any]:
    """The columns of the run that the result fills. Only a graded run has a score."""
    graded = message.status is GradeStatus.GRADED
    return {
        "outcome": message.status,
        "finished_at": now,
        "worker": message.worker or None,
        "seconds_total": message.seconds.total,
        "seconds_execute": message.seconds.execute,
        "seconds_overhead": message.seconds.overhead,
        "score": message.score if graded else None,
        "max_score": message.max_score if graded else None,
        "notices": list(message.notices),
        "reason": message.reason,
        "staff_text": message.staff_text,
        "cells": [dataclasses.asdict(cell) for cell in message.cells],
        "peak_memory_mib": message.peak_memory_mib,
    }


def check_rows(run: Run, checks: tuple[CheckResult, ...]) -> list[CheckResultRow]:
    return [
        CheckResultRow(run_id=run.id, position=position, **dataclasses.asdict(check))
        for position, check in enumerate(checks)
    ]


def apply(session: Session, run: Run, message: ResultMessage) -> None:
    """Add the checks of a result that was just written into `run`, and the executed notebook if it arrived."""
    session.refresh(run)
    if message.executed and session.get(Blob, message.executed) is not None:
        run.executed_digest = message.executed
    session.add_all(check_rows(run, message.checks))
