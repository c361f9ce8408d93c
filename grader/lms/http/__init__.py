"""Requests to addresses that other people named: never to our own network, bounded in time and size."""
