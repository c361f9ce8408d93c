"""Talking to a platform's gradebook: find or make a column, send a score, read results. No session is held here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from grader.lms.http.client import Reply
from grader.lms.lti.grades import Result, beside, number, read_result, with_query
from grader.lms.lti.names import LINE_ITEM_SCOPE, RESULT_SCOPE, SCORE_SCOPE
from grader.lms.lti.services import Services
from grader.lms.lti.tokens import Platform

SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
TAG = "grade"
EXCERPT_CHARACTERS = 1000
MOST_PAGES = 50
PAGE_ROWS = 200
# Moodle writes the quotes as “next”, so anything but letters may stand around the word.
_NEXT = re.compile(r"<([^<>]+)>\s*;\s*rel=[^a-z,;]*next(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """A line item as the platform has it."""

    url: str
    label: str
    maximum: float | None


@dataclass(frozen=True)
class Place:
    """All that is known of where a column is, or is to be."""

    platform: Platform
    family: str
    line_items_url: str  # "": the platform lets us make no column
    resource_id: str  # ours: the assignment's id
    resource_link_id: str  # the platform's; "": none
    label: str
    maximum: float
    can_make: bool
    column: Column | None = None


class Unusable(Exception):
    """The platform answered, or did not, in a way that leaves nothing to go on. `reply` is what it said."""

    def __init__(self, reply: Reply, text: str = "") -> None:
        super().__init__(text or reply.problem or f"Answered with status {reply.status}.")
        self.reply = reply


@dataclass(frozen=True)
class Gradebook:
    """The gradebook service of one platform."""

    services: Services

    def column(self, place: Place) -> Column:
        """The column, found, or made where there is none. Raises Unusable.

        It is looked for first, always: a line item that is posted again becomes a second column.
        """
        if not place.line_items_url:
            raise Unusable(Reply(0.0, 404), "The platform named no column for this assignment and takes no new ones.")
        found = self._found(place)
        if found is not None:
            return found
        if not place.can_make:
            raise Unusable(Reply(0.0, 403), "The platform does not let the service make columns.")
        body: dict[str, Any] = {
            "label": place.label, "scoreMaximum": place.maximum, "resourceId": place.resource_id, "tag": TAG,
        }  # fmt: skip
        if place.resource_link_id:
            body["resourceLinkId"] = place.resource_link_id
        reply = self.services.call(
            place.platform, "POST", place.line_items_url, scopes=(LINE_ITEM_SCOPE,), accept=LINE_ITEM_TYPE,
            content_type=LINE_ITEM_TYPE, body=json.dumps(body).encode(),
        )  # fmt: skip
        made = _column(_json(reply))
        if made is None:
            raise Unusable(reply, "The platform made a column and did not say where it is.")
        return made

    def described(self, platform: Platform, column: Column) -> Column:
        """The column with its name and its most points, where only its address is known (a launch says no more)."""
        if column.maximum is not None:
            return column
        reply = self.services.call(platform, "GET", column.url, scopes=(LINE_ITEM_SCOPE,), accept=LINE_ITEM_TYPE)
        try:
            found = _column(_json(reply))
        except Unusable:
            return column  # the score may be welcome all the same
        return Column(column.url, found.label, found.maximum) if found is not None else column

    def post(self, platform: Platform, column: Column, body: Mapping[str, Any]) -> Reply:
        url = beside(column.url, "scores")
        text = json.dumps(body).encode()
        return self.services.call(platform, "POST", url, scopes=(SCORE_SCOPE,), content_type=SCORE_TYPE, body=text)

    def result(self, platform: Platform, column: Column, sub: str) -> Result | None:
        """What the column holds for one person; None: nothing. Raises Unusable."""
        url = with_query(beside(column.url, "results"), f"user_id={quote(sub, safe='')}")
        # Some platforms pass over the filter, so whose result it is is looked at.
        for raw in self._pages(platform, url, RESULT_SCOPE, RESULTS_TYPE):
            found = read_result(raw)
            if found is not None and found[0] == sub:
                return found[1]
        return None

    def results(self, platform: Platform, column: Column) -> dict[str, Result]:
        """All that the column holds, by person. Raises Unusable."""
        url = with_query(beside(column.url, "results"), f"limit={PAGE_ROWS}")
        rows = (read_result(raw) for raw in self._pages(platform, url, RESULT_SCOPE, RESULTS_TYPE))
        return dict(row for row in rows if row is not None)

    def _found(self, place: Place) -> Column | None:
        url = with_query(place.line_items_url, f"limit={PAGE_ROWS}")
        best: tuple[int, Column] | None = None
        for raw in self._pages(place.platform, url, LINE_ITEM_SCOPE, LINE_ITEMS_TYPE):
            column, rank = _column(raw), _likeness(raw, place)
            if column is not None and rank and (best is None or rank > best[0]):
                best = rank, column
        return best[1] if best is not None else None

    def _pages(self, platform: Platform, url: str, scope: str, accept: str) -> Iterator[object]:
        origin = urlsplit(url)[:2]
        for _ in range(MOST_PAGES):
            reply = self.services.call(platform, "GET", url, scopes=(scope,), accept=accept)
            rows = _json(reply)
            if not isinstance(rows, list):
                raise Unusable(reply, "The platform answered with something that is no list.")
            yield from rows
            following = _NEXT.search(reply.headers.get("link", ""))
            if following is None or not rows:
                return
            url = urljoin(url, following.group(1))
            if urlsplit(url)[:2] != origin:
                raise Unusable(reply, "The platform continues its list at another host; the token does not go there.")
        raise Unusable(reply, f"The platform's list does not end within {MOST_PAGES} pages.")


def excerpt(reply: Reply) -> str:
    return reply.body[: 4 * EXCERPT_CHARACTERS].decode("utf-8", "replace")[:EXCERPT_CHARACTERS]


def _json(reply: Reply) -> object:
    """Raises Unusable."""
    if not reply.succeeded:
        raise Unusable(reply)
    if not reply.complete:
        raise Unusable(reply, "The platform's answer is too long or broke off.")
    try:
        found: object = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise Unusable(reply, "The platform's answer is no JSON.") from None
    return found


def _column(raw: object) -> Column | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("id"), str) or not raw["id"]:
        return None
    return Column(raw["id"], str(raw.get("label") or "")[:500], number(raw.get("scoreMaximum")))


def _likeness(raw: object, place: Place) -> int:
    """How surely a line item is the column of our assignment; 0: it is another one's."""
    if not isinstance(raw, dict):
        return 0
    resource = str(raw.get("resourceId") or "")
    if resource == place.resource_id and raw.get("tag") in (TAG, "", None):
        return 3 if raw.get("tag") == TAG else 2
    link = str(raw.get("resourceLinkId") or raw.get("ltiLinkId") or "")
    # A column that belongs to the link and to no other assignment of ours: the platform made it with the link.
    return 1 if place.resource_link_id and link == place.resource_link_id and not resource else 0
