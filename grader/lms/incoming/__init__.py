"""Incoming webhooks: signed messages through which another system changes a course."""
