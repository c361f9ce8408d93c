"""Runs: how they start, end, get lost and are tried again, and the grades that come of them."""
