"""The pages for teaching staff and administrators, as the application registers them."""

from __future__ import annotations

from flask import Blueprint

from grader.web.views import admin, dashboard, marking, people, regrades, trials, webhooks

BLUEPRINTS: tuple[Blueprint, ...] = (
    admin.pages,
    dashboard.pages,
    marking.pages,
    people.pages,
    regrades.pages,
    trials.pages,
    webhooks.pages,
)
