"""The operations for teaching staff and administrators: importing them adds them to the API."""

from grader.api.v1 import admin, dashboard, marking, people, regrades, webhooks

__all__ = ["admin", "dashboard", "marking", "people", "regrades", "webhooks"]
