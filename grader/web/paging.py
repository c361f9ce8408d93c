"""Which page of a long list was asked for."""

from __future__ import annotations

from flask import request

LAST = 100_000  # no list goes so far, and a larger number would not fit into the database's


def page_number() -> int:
    return min(max(request.args.get("page", 1, type=int), 1), LAST)
