"""The pages for teaching staff and administrators, as the application registers them."""

from __future__ import annotations

from flask import Blueprint

from grader.web.views import dashboard, marking, regrades, trials

BLUEPRINTS: tuple[Blueprint, ...] = (dashboard.pages, marking.pages, regrades.pages, trials.pages)
