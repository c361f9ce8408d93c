"""Pairs of submissions that are too alike. A hint for people to look at; never a penalty."""
