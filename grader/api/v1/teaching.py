"""The operations for teaching staff and administrators: importing them adds them to the API."""

from grader.api.v1 import dashboard, marking, regrades

__all__ = ["dashboard", "marking", "regrades"]
