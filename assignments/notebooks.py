"""Reading an uploaded notebook: hostile bytes in, a clean notebook or a sentence for the student out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from assignments.notebook_format import FormatProblem, cells_of, rebuild

MIB = 1024 * 1024


@dataclass(frozen=True)
class NotebookLimits:
    bytes_most: int = 20 * MIB
    cells_most: int = 2_000
    depth_most: int = 100
    parts_most: int = 1_000_000  # JSON lists and objects: each costs far more memory than its two bytes


class NotebookRejected(Exception):
    """The file cannot be graded. `code` is stable, `reason` tells the student what to do."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


# What students upload by mistake, by how it begins.
_MISTAKEN = (
    (b"PK\x03\x04", "This is a ZIP archive (or an Office file). Upload the .ipynb file that is inside it."),
    (b"\x1f\x8b", "This is a gzip archive. Upload the .ipynb file that is inside it."),
    (b"%PDF", "This is a PDF. Upload the notebook itself: the .ipynb file."),
    (b"\x89PNG", "This is a picture. Upload the notebook itself: the .ipynb file."),
)
_SAVED_PAGE = (
    "This is a web page, not a notebook. On GitHub use “Download raw file”, in Colab File → Download → .ipynb."
)
_NO_NOTEBOOK = "This is JSON, but not a notebook: {}. Upload the .ipynb file as Jupyter or Colab saved it."
_OTHER_KERNEL = re.compile(
    r"^(ir|julia|bash|javascript|jslab|deno|sagemath|octave|matlab|scala|java|cpp|xcpp|rust)\b", re.I
)


def read_notebook(data: bytes, limits: NotebookLimits | None = None) -> NotebookNode:
    """The notebook in format 4.5 without outputs, every cell with an id of its own.

    Raises NotebookRejected and nothing else, whatever the bytes are.
    """
    limits = limits or NotebookLimits()
    raw = _parse(data, limits)
    major = _version(raw)
    try:
        cells = cells_of(raw, major)
        if len(cells) > limits.cells_most:
            raise NotebookRejected(
                "too-many-cells",
                f"The notebook has {len(cells):,} cells; at most {limits.cells_most:,} are accepted.",
            )
        _require_shallow(raw, limits.depth_most)
        notebook = rebuild(raw, cells, major)
    except FormatProblem as problem:
        raise NotebookRejected("not-a-notebook", f"The notebook file is damaged. {problem}") from None
    _require_python(raw, cells, major)
    if not any(cell.source.strip() for cell in code_cells(notebook)):
        raise NotebookRejected("no-code", "The notebook has no code: there is not one code cell with anything in it.")
    return notebook


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _parse(data: bytes, limits: NotebookLimits) -> Mapping[str, Any]:
    if not data.strip():
        raise NotebookRejected("empty", "The file is empty. Save the notebook and upload it again.")
    if len(data) > limits.bytes_most:
        raise NotebookRejected(
            "too-large",
            f"The file has {len(data) / MIB:.1f} MiB; at most {limits.bytes_most / MIB:.0f} MiB are accepted. "
            "Clear the outputs (Edit → Clear all outputs), save, and upload it again.",
        )
    for start, reason in _MISTAKEN:
        if data.startswith(start):
            raise NotebookRejected("not-json", reason)
    if data.count(b"[") + data.count(b"{") > limits.parts_most:
        raise NotebookRejected(
            "too-large",
            "The file holds too many parts to be read. Clear the outputs (Edit → Clear all outputs), save, and "
            "upload it again.",
        )
    try:
        raw = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotebookRejected(
            "not-text", f"The file is not UTF-8 text (byte {error.start + 1:,} is wrong). Upload the .ipynb file."
        ) from None
    except RecursionError:
        raise _too_deep(limits.depth_most) from None
    except json.JSONDecodeError as error:
        raise _not_json(data, error) from None
    except ValueError:
        raise NotebookRejected("not-json", "The file is not a notebook: it holds a number too long to read.") from None
    if not isinstance(raw, dict):
        raise NotebookRejected("not-a-notebook", _NO_NOTEBOOK.format("it is not an object with cells"))
    return raw


def _not_json(data: bytes, error: json.JSONDecodeError) -> NotebookRejected:
    start = data.lstrip()[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return NotebookRejected("not-json", _SAVED_PAGE)
    if not start.startswith(b"{"):
        return NotebookRejected(
            "not-json",
            "The file is not a notebook: it is not JSON. Upload the .ipynb file itself, not a script or a copy of "
            "its text.",
        )
    return NotebookRejected(
        "not-json",
        f"The notebook file is damaged or incomplete: its JSON breaks off at line {error.lineno:,}, column "
        f"{error.colno:,}. Open it in Jupyter, save it, and upload it again.",
    )


def _version(raw: Mapping[str, Any]) -> int:
    major = raw.get("nbformat")
    if isinstance(major, float) and major.is_integer():
        major = int(major)
    if not isinstance(major, int) or isinstance(major, bool):
        missing = "it has no `nbformat` number" if major is None else "its `nbformat` is not a whole number"
        raise NotebookRejected("not-a-notebook", _NO_NOTEBOOK.format(missing))
    if major < 3:
        raise NotebookRejected(
            "old-format",
            f"The notebook is in format {major}, which is too old to read. Open it in a current Jupyter, save it, and "
            "upload it again.",
        )
    if major > 4:
        shown = major if major < 1_000 else "of another kind"
        raise NotebookRejected(
            "new-format",
            f"The notebook is in format {shown}, newer than this service reads (3 and 4). Save it in format 4 and "
            "upload it again.",
        )
    return major


def _require_shallow(raw: Mapping[str, Any], depth_most: int) -> None:
    """Outputs count too: a file nested so deeply was not written by a notebook program."""
    level: list[Any] = [raw]
    for _ in range(depth_most):
        level = [
            item
            for part in level
            for item in (part.values() if isinstance(part, dict) else part)
            if isinstance(item, dict | list)
        ]
        if not level:
            return
    raise _too_deep(depth_most)


def _too_deep(depth_most: int) -> NotebookRejected:
    return NotebookRejected(
        "too-deep",
        f"The file is nested more than {depth_most} levels deep, which no notebook program writes. Clear the outputs, "
        "save, and upload it again.",
    )


def _require_python(raw: Mapping[str, Any], cells: list[Any], major: int) -> None:
    stated = _languages(raw.get("metadata"))
    if major < 4:
        stated += [cell["language"] for cell in cells if isinstance(cell.get("language"), str)]
    names = [name.strip() for name in stated if name.strip()]
    if any(re.match(r"(i?python|pyodide|cython)", name, re.I) for name in names) or not names:
        return
    raise NotebookRejected(
        "not-python", f"The notebook is written for {names[0][:40]!r}; only Python notebooks are graded here."
    )


def _languages(metadata: object) -> list[str]:
    if not isinstance(metadata, dict):
        return []
    info, spec = metadata.get("language_info"), metadata.get("kernelspec")
    found = [part.get(key) for part, key in ((info, "name"), (spec, "language")) if isinstance(part, dict)]
    names = [name for name in found if isinstance(name, str)]
    kernel = spec.get("name") if isinstance(spec, dict) else None
    if not names and isinstance(kernel, str) and _OTHER_KERNEL.match(kernel):
        names.append(kernel)
    return names
