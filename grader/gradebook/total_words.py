"""The rule of the course total, and what it made of one student's results, in words with the numbers."""

from __future__ import annotations

from grader.gradebook.totals import CourseTotal, Part, TotalRule

PART_TEXTS = {
    Part.COUNTS: "counts",
    Part.MISSING: "missing, counts as 0",
    Part.DROPPED: "left out, among the lowest",
    Part.EXCUSED: "excused",
    Part.WAITING: "being graded",
    Part.OPEN: "no result yet",
    Part.NO_WEIGHT: "not in the total",
}


def rule_text(rule: TotalRule) -> str:
    """The rule as students and staff read it."""
    by = "its weight" if rule.weighted else "its points"
    sentences = [f"The total is the mean of the results in percent, where each assignment counts by {by}."]
    if rule.drop_lowest == 1:
        sentences.append("The lowest result of each student is left out.")
    elif rule.drop_lowest:
        sentences.append(f"The {rule.drop_lowest} lowest results of each student are left out.")
    if rule.missing_zero:
        sentences.append("Work that is missing after its due date counts as 0 until it is handed in.")
    else:
        sentences.append("Work that is missing does not count.")
    return " ".join((*sentences, "Excused work never counts."))


def made_of_text(total: CourseTotal) -> str:
    """What is in one student's total: "made of 5 results; 1 missing, counted as 0; 1 left out"."""
    counted = total.count(Part.COUNTS) + total.count(Part.MISSING)
    if not counted:
        return "nothing counts yet"
    parts = [f"made of {counted} {'result' if counted == 1 else 'results'}"]
    if missing := total.count(Part.MISSING):
        parts.append(f"{missing} of them missing, as 0")
    if dropped := total.count(Part.DROPPED):
        parts.append(f"{dropped} left out")
    if excused := total.count(Part.EXCUSED):
        parts.append(f"{excused} excused")
    if waiting := total.count(Part.WAITING):
        parts.append(f"{waiting} being graded")
    return "; ".join(parts)
