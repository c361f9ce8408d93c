"""What staff are told after they asked for submissions to be graded again."""

from __future__ import annotations

from grader.grading.rerunning import Rerun
from grader.web import formats


def rerun_words(again: Rerun) -> str:
    words = f"{formats.count(len(again.runs), 'submission')} will be graded again."
    if again.in_quarantine:
        words += f" {_left_out(again.in_quarantine)}: in quarantine."
    if again.removed:
        words += f" {_left_out(again.removed)}: their files were removed by the rule for old files."
    return words


def _left_out(count: int) -> str:
    return f"{formats.count(count, 'submission')} {'was' if count == 1 else 'were'} left out"
