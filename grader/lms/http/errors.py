from __future__ import annotations


class Refused(Exception):
    """No connection is made to this address; the text says why."""
