"""The operations for teaching staff and administrators: importing them adds them to the API."""

from grader.api.v1 import (
    admin,
    course_total,
    dashboard,
    grade_files,
    groups,
    incoming,
    marking,
    people,
    regrades,
    webhooks,
)

__all__ = [
    "admin",
    "course_total",
    "dashboard",
    "grade_files",
    "groups",
    "incoming",
    "marking",
    "people",
    "regrades",
    "webhooks",
]
