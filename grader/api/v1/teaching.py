"""The operations for teaching staff and administrators: importing them adds them to the API."""

from grader.api.v1 import (
    admin,
    comments,
    course_total,
    dashboard,
    grade_files,
    groups,
    incoming,
    leaderboard,
    lms_sync,
    marking,
    people,
    queue_terms,
    regrades,
    similarity,
    webhooks,
)

__all__ = [
    "admin",
    "comments",
    "course_total",
    "dashboard",
    "grade_files",
    "groups",
    "incoming",
    "leaderboard",
    "lms_sync",
    "marking",
    "people",
    "queue_terms",
    "regrades",
    "similarity",
    "webhooks",
]
