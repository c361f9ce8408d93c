"""What a submission can be downloaded as, beside its own files."""

from __future__ import annotations

import json
from typing import Any

from grader.db.models import Submission
from grader.submissions.receipts import Receipt, ReceiptSigner
from grader.web.backend import settings

REPORT_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; color: #1b2333; }
table { border-collapse: collapse; width: 100%; } th, td { border: 1px solid #c9cfdd; padding: .45rem .6rem;
text-align: left; vertical-align: top; } .n { white-space: nowrap; text-align: right; }
.said { white-space: pre-wrap; } h3 { font-size: 1rem; }
"""


def json_bytes(document: Any) -> bytes:
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def receipt_of(submission: Submission) -> dict[str, Any]:
    """The signed receipt of a submission as grader.submissions.queries.get loads it."""
    return receipt_signer().document(Receipt.of(submission))


def receipt_signer() -> ReceiptSigner:
    return ReceiptSigner(settings().secret_key.get_secret_value())
