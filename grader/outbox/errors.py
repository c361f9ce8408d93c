from __future__ import annotations


class BrokerDown(Exception):
    """The broker cannot be reached. The text names the kind of failure, never the URL."""
