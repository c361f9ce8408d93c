"""Signed messages of other services: whose key, whose message, and until when. LTI and single sign-on share it."""
