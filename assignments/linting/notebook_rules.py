"""What is unwise in the starter and the solution."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any

from assignments.bindings import bound_names, parse_cell
from assignments.linting.remark import ERROR, WARNING, Draft, Remark
from assignments.loading import SOLUTION, STARTER, TOML
from assignments.toml_lines import line_of
from assignments.toml_problems import did_you_mean

SHORTEST_LEAK = 12  # characters; shorter lines (`y = x`) are found anywhere
_NETWORK = re.compile(
    r"https?://|\b(requests|urllib|urlopen|urlretrieve|wget|curl|gdown)\b|download\s*=\s*True|from_pretrained\(['\"][\w-]+['\"]"
)
_CHECKS_ITSELF = re.compile(
    r"self-?check|right answer|should be|not right yet|\bassert\b|print\(.*(error|accuracy)", re.IGNORECASE
)


def notebook_remarks(draft: Draft) -> list[Remark]:
    return [*_watched(draft), *_leaks(draft), *_self_checks(draft)]


def _code(cells: Sequence[Any]) -> list[tuple[int, str]]:
    return [(i, cell["source"]) for i, cell in enumerate(cells, start=1) if cell["cell_type"] == "code"]


def _watched(draft: Draft) -> Iterator[Remark]:
    bound = frozenset[str]().union(*(bound_names(source) for _, source in _code(draft.solution)))
    for number, check in enumerate(draft.package.metadata.checks):
        missing = [name for name in check.watches if name not in bound]
        for name in missing:
            near = did_you_mean(name, bound)
            yield Remark(
                ERROR,
                "solution-without-name",
                draft.package.folder / TOML,
                f"the solution never defines {name!r}, which the check {check.key!r} watches{near}",
                line=line_of(draft.lines, ("checks", number, "watches")),
                key=f"checks[{number}].watches",
                advice="define it in solution.ipynb, or name what the check looks at in `watches`",
            )
        if check.watches and not missing and not _differs(draft, check.watches):
            yield Remark(
                ERROR,
                "nothing-to-do",
                draft.package.folder / STARTER,
                f"{', '.join(check.watches)}: the starter holds the very code of the solution",
                key=check.key,
                advice="leave a placeholder in the starter for students to fill in",
            )


def _differs(draft: Draft, names: Sequence[str]) -> bool:
    """Some cell of the solution that has to do with the names is not in the starter."""
    given = {ast.dump(tree) for _, source in _code(draft.starter) if (tree := parse_cell(source)) is not None}
    for _, source in _code(draft.solution):
        tree = parse_cell(source)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree is not None else set()
        if (used | bound_names(source)) & set(names) and (tree is None or ast.dump(tree) not in given):
            return True
    return False


def _leaks(draft: Draft) -> Iterator[Remark]:
    """Lines of the solution that stand in the starter where students read them: in a comment or in the text."""
    given = {line for _, source in _code(draft.starter) for line in _lines(source)}
    answers = {line for _, source in _code(draft.solution) for line in _lines(source)} - given
    secret = {line for line in answers if len(line) >= SHORTEST_LEAK and re.search(r"[=(]", line)}
    for index, cell in enumerate(draft.starter, start=1):
        for number, row in enumerate(cell["source"].splitlines(), start=1):
            shown = row.partition("#")[2] if cell["cell_type"] == "code" else row
            found = next((line for line in secret if line in _squeezed(shown)), None)
            if found:
                yield Remark(
                    WARNING,
                    "starter-leaks",
                    draft.package.folder / STARTER,
                    f"line {number} shows a line of the solution: {row.strip()[:80]!r}",
                    cell=index,
                    advice="say what is to be computed, not how it is written",
                )


def _lines(source: str) -> set[str]:
    return {_squeezed(row.partition("#")[0]) for row in source.splitlines()} - {""}


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _self_checks(draft: Draft) -> Iterator[Remark]:
    checking = [(i, source) for i, source in _code(draft.starter) if _CHECKS_ITSELF.search(source)]
    if not checking:
        yield Remark(
            WARNING,
            "no-self-check",
            draft.package.folder / STARTER,
            "no cell tells students whether they are right",
            advice="add a cell `# Self-check: …` that tries an example with a known answer",
        )
    for name, cells in ((STARTER, draft.starter), (SOLUTION, draft.solution)):
        for index, source in _code(cells):
            found = _NETWORK.search(source)
            if found and not draft.package.metadata.data_files:
                yield Remark(
                    WARNING,
                    "needs-network",
                    draft.package.folder / name,
                    f"{found.group(0)!r}: there is no network where notebooks are graded",
                    cell=index,
                    advice="put what it downloads into data/",
                )
