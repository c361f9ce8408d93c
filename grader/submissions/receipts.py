"""Receipts: what was handed in and when, signed, so that it can be shown to anybody and checked without us."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from grader.db.models import Submission

KIND = "grader-receipt-1"


@dataclass(frozen=True)
class Receipt:
    """`digest` is the sha256 of the file exactly as it was uploaded; `received_at` is ISO 8601 in UTC."""

    submission: str
    course: str
    assignment: str
    student: str
    number: int
    filename: str
    digest: str
    answers: dict[str, str]
    received_at: str
    kind: str = KIND

    @classmethod
    def of(cls, submission: Submission) -> Receipt:
        """`submission` as grader.submissions.queries.get loads it."""
        return cls(
            submission=submission.id,
            course=submission.assignment.course.slug,
            assignment=submission.assignment.slug,
            student=submission.student.email,
            number=submission.number,
            filename=submission.filename,
            digest=submission.digest,
            answers=dict(submission.answers),
            received_at=submission.created_at.isoformat(),
        )

    def signed_bytes(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


class ReceiptSigner:
    """Signs with a key of its own (Ed25519), derived from the service's secret key."""

    def __init__(self, secret_key: str) -> None:
        seed = HKDF(SHA256(), 32, salt=None, info=KIND.encode()).derive(secret_key.encode())
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_key(self) -> str:
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def document(self, receipt: Receipt) -> dict[str, Any]:
        signature = base64.b64encode(self._key.sign(receipt.signed_bytes())).decode()
        return {**asdict(receipt), "signature": signature, "public_key": self.public_key}


def is_genuine(document: dict[str, Any], public_key: str) -> bool:
    """Whether the receipt was signed with that key and nothing in it was changed."""
    fields = {key: value for key, value in document.items() if key not in ("signature", "public_key")}
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
        key.verify(base64.b64decode(str(document["signature"])), Receipt(**fields).signed_bytes())
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True
