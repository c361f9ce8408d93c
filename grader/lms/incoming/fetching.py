"""Getting a notebook from the address in a message, which may be hostile."""

from __future__ import annotations

from grader.lms.http.addresses import Rules
from grader.lms.http.client import Client
from grader.lms.incoming.errors import NotebookUnreachable

TIMEOUT_S = 10.0  # for everything; the sender waits meanwhile


def fetch_notebook(rules: Rules, url: str, most_bytes: int) -> bytes:
    """Raises NotebookUnreachable."""
    client = Client(rules, TIMEOUT_S, user_agent="grader-incoming/1")
    reply = client.request("GET", url, {"Accept": "*/*"}, most_bytes=most_bytes)
    if reply.status is None:
        raise NotebookUnreachable(reply.problem)
    if 300 <= reply.status < 400:
        raise NotebookUnreachable("The address redirects; redirects are not followed. Give the final address.")
    if not reply.succeeded:
        raise NotebookUnreachable(f"The answer had status {reply.status}.")
    if not reply.complete:
        too_long = len(reply.body) >= most_bytes
        why = f"has more than {most_bytes} bytes" if too_long else "broke off or came too slowly"
        raise NotebookUnreachable(f"The answer {why}.")
    return reply.body
