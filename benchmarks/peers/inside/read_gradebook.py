"""Marks from nbgrader's gradebook as JSON: {student: {function: share of its points}}.

read_gradebook.py DATABASE_URL ASSIGNMENT, run by nbgrader's own Python.
"""

import json
import sys

from nbgrader.api import Gradebook  # type: ignore[import-not-found]

marks: dict[str, dict[str, float]] = {}
with Gradebook(sys.argv[1]) as gradebook:
    for submission in gradebook.assignment_submissions(sys.argv[2]):
        if submission.needs_manual_grade:
            sys.exit(f"{submission.student.id}: nbgrader wants a person to grade this")
        marks[submission.student.id] = {
            grade.name.removeprefix("test-"): grade.score / grade.max_score
            for notebook in submission.notebooks
            for grade in notebook.grades
        }
print(json.dumps(marks))
