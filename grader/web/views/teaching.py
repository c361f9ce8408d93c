"""The pages for teaching staff and administrators, as the application registers them."""

from __future__ import annotations

from flask import Blueprint

from grader.web.views import (
    admin,
    comments,
    course_total,
    dashboard,
    grade_files,
    groups,
    incoming,
    invitations,
    leaderboard,
    lms_sync,
    marking,
    packages,
    people,
    queue_terms,
    regrades,
    retention,
    similarity,
    trials,
    viewing,
    webhooks,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    admin.pages,
    comments.pages,
    course_total.pages,
    dashboard.pages,
    grade_files.pages,
    groups.pages,
    incoming.pages,
    invitations.pages,
    lms_sync.pages,
    leaderboard.pages,
    marking.pages,
    packages.pages,
    people.pages,
    queue_terms.pages,
    regrades.pages,
    retention.pages,
    similarity.pages,
    trials.pages,
    viewing.pages,
    webhooks.pages,
)
