"""Whether a message is genuine, by Standard Webhooks: the headers, the clock, the signature."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import Webhook

from grader.db.incoming import MESSAGE_ID_LENGTH
from grader.lms.incoming.errors import StaleMessage, Unverified

WINDOW = timedelta(minutes=5)
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")
MOST_SIGNATURES = 10
ID = re.compile(f"[!-~]{{1,{MESSAGE_ID_LENGTH}}}")  # visible ASCII
_STAMP = re.compile(r"[0-9]{1,11}")


def verify(headers: Mapping[str, str], body: bytes, keys: Sequence[str], now: datetime) -> str:
    """The message's id. Raises Unverified, StaleMessage.

    The signature is looked at first: whoever holds no secret learns nothing of the clock. The library signs; its own
    `verify` is not used, because it raises plain errors for malformed headers and knows no clock but the machine's.
    """
    message_id, stamp, given = (headers.get(name, "") for name in HEADERS)
    missing = [name for name in HEADERS if not headers.get(name)]
    if missing:
        raise Unverified(f"The header {missing[0]} is missing. Sign messages as Standard Webhooks says.")
    if not ID.fullmatch(message_id) or not _STAMP.fullmatch(stamp):
        raise Unverified("webhook-id or webhook-timestamp is malformed: visible characters, and whole seconds.")
    try:
        text = body.decode("utf-8")
        at = datetime.fromtimestamp(int(stamp), UTC)
    except (UnicodeDecodeError, ValueError, OverflowError, OSError):
        raise Unverified("The body is not UTF-8, or webhook-timestamp is no time.") from None
    if not _is_signed(message_id, stamp, at, text, given, keys):
        raise Unverified("No signature is right. Check the secret, and sign exactly the bytes that are sent.")
    away = now - at
    if abs(away) > WINDOW:
        raise StaleMessage(away.total_seconds(), WINDOW.total_seconds())
    return message_id


def _is_signed(message_id: str, stamp: str, at: datetime, text: str, given: str, keys: Sequence[str]) -> bool:
    if str(int(stamp)) != stamp:
        return False  # leading zeros: the library signs the number, not the text
    right = [Webhook(key).sign(message_id, at, text).encode() for key in keys]
    found = [part.encode("utf-8", "replace") for part in given.split()[:MOST_SIGNATURES]]
    return any(hmac.compare_digest(one, other) for one in right for other in found)
