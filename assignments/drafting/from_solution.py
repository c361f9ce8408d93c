"""A package drafted from a solved notebook. What must be tried out is asked of the caller, who has a sandbox."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assignments.drafting.cells import Cell, has_markers, notebook_text, solution_of, starter_of
from assignments.drafting.functions import Function, emptied, functions_of
from assignments.drafting.skeleton import TEMPLATE, filled, toml_text
from assignments.loading import CHECKS, SOLUTION, STARTER, TOML

POINTS = 100
# How arguments are drawn, by the kind that a function was found to take.
DRAWS = {
    "v": "rng.normal(1.0, 2.0, size=n)",
    "p": "rng.uniform(0.2, 3.0, size=n)",
    "s": "float(rng.uniform(0.2, 3.0))",
    "i": "int(rng.integers(2, 9))",
    "m": "rng.normal(size=(n, n + 1))",
}


@dataclass(frozen=True)
class Shape:
    """What a function was found to take and give: one kind an argument, and an example as source."""

    kinds: str
    arguments: str
    value: str


class Draft:
    """Of the cells of one notebook. Raises DraftError and MarkerError."""

    def __init__(self, slug: str, title: str, cells: Sequence[Cell], wanted: Sequence[str]) -> None:
        self.slug = slug
        self.title = title
        self.marked = has_markers(cells)
        self.plain = solution_of(cells)
        self.functions = functions_of(self.plain, wanted)
        self.cells = list(cells)

    def probe(self) -> dict[str, str]:
        """A package whose one check finds out what the functions take, and says so in its text for staff."""
        names = [function.name for function in self.functions]
        parameters = {function.name: len(function.parameters) for function in self.functions}
        probe = (TEMPLATE / "probe.py.txt").read_text(encoding="utf-8")
        sources = {function.name: function.source for function in self.functions}
        checks = probe.replace("{{sources}}", repr(sources)).replace("{{parameters}}", repr(parameters))
        check = f'[[checks]]\nkey = "probe"\ntitle = "probe"\npoints = 1\nwatches = {names}\n'
        toml = f'title = "probe"\nsummary = "probe"\n{check}'
        starter = notebook_text([("code", "pass")])
        return {TOML: toml, CHECKS: checks, STARTER: starter, SOLUTION: notebook_text(self.plain)}

    def package(self, shapes: Mapping[str, Shape]) -> dict[str, str]:
        """All but the cases."""
        solution = self._with_texts(self.plain, shapes)
        starter = self._with_texts(self._starter(), shapes)
        return {
            TOML: self._toml(),
            CHECKS: self._checks(shapes),
            STARTER: notebook_text(starter),
            SOLUTION: notebook_text(solution),
        }

    def cases(self) -> dict[str, tuple[str, str]]:
        """Description and notebook of each case; what they get is found out by grading them."""
        names = {function.name for function in self.functions}
        lists = "np.asarray(_own_{0}(*arguments)).tolist()"
        found = {
            "right-in-another-way": ("The right results as plain numbers and lists.", self._wrapped(lists)),
            "sign-wrong": ("Every result with the wrong sign.", self._wrapped("-np.asarray(_own_{0}(*arguments))")),
            "twice-too-large": ("Every result twice too large.", self._wrapped("2 * np.asarray(_own_{0}(*arguments))")),
            "hostile": ("Objects that equal everything.", self._wrapped("Anything(1.0)")),
        }
        first = self.functions[0].name
        if len(names) > 1:
            cells = [(kind, emptied(source, sorted(names - {first}))) for kind, source in self.plain]
            found["partly-right"] = (f"Only {first} is filled in.", cells)
        else:
            found["constant"] = ("The same result whatever the arguments.", self._wrapped("1.0"))
        return {name: (text, notebook_text(cells)) for name, (text, cells) in found.items()}

    def _points(self) -> list[int]:
        each, rest = divmod(POINTS, len(self.functions))
        return [each + (1 if i < rest else 0) for i in range(len(self.functions))]

    def _starter(self) -> list[Cell]:
        if self.marked:
            return starter_of(self.cells)
        names = [function.name for function in self.functions]
        return [(kind, emptied(source, names) if kind == "code" else source) for kind, source in self.plain]

    def _with_texts(self, cells: Sequence[Cell], shapes: Mapping[str, Shape]) -> list[Cell]:
        rows = "\n".join(
            f"| `{f.name}({', '.join(f.parameters)})` | {points} |"
            for f, points in zip(self.functions, self._points(), strict=True)
        )
        written: list[Cell] = [("markdown", f"# {self.title}\n\n| what you write | points |\n|---|---|\n{rows}")]
        for index, cell in enumerate(cells):
            written.append(cell)
            for function in self.functions:
                shape = shapes[function.name]
                if function.cell == index and shape.value and not _checks_itself(cells, function.name):
                    written.append(("code", _self_check(function, shape)))
        return written

    def _toml(self) -> str:
        head = filled((TEMPLATE / "assignment.toml.txt").read_text(encoding="utf-8"), self.slug, toml_text(self.title))
        head = head[: head.index("[[checks]]\n")]
        tables = [
            f'[[checks]]\nkey = "{function.name}"\ntitle = "{function.name}"\npoints = {points}\nkind = "function"\n'
            f'hint = "Called with new {" and ".join(function.parameters)}."\n'
            for function, points in zip(self.functions, self._points(), strict=True)
        ]
        return head + "\n".join(tables)

    def _checks(self, shapes: Mapping[str, Shape]) -> str:
        head = (
            (TEMPLATE / "drafted.py.txt").read_text(encoding="utf-8").replace("{{title}}", self.title.replace('"', "'"))
        )
        return head + "".join(_check(function, shapes[function.name]) for function in self.functions)

    def _wrapped(self, result: str) -> list[Cell]:
        """The solution with every function replaced, in its own cell, by one that returns `result`."""
        cells = list(self.plain)
        for function in self.functions:
            kind, source = cells[function.cell]
            name = function.name
            wrapper = f"_own_{name} = {name}\ndef {name}(*arguments):\n    return {result.format(name)}"
            cells[function.cell] = (kind, f"{source}\n\n{wrapper}")
        return [("code", _ANYTHING), *cells]


_ANYTHING = """import numpy as np

class Anything(float):
    def __eq__(self, other):
        return True
    __hash__ = float.__hash__"""


def _checks_itself(cells: Sequence[Cell], name: str) -> bool:
    """The notebook has a self-check of this function already."""
    return any(kind == "code" and "self-check" in source.lower() and name in source for kind, source in cells)


def _self_check(function: Function, shape: Shape) -> str:
    return (
        f"# Self-check: an example with a known answer.\nimport numpy as np\n"
        f"right = np.allclose({function.name}({shape.arguments}), {shape.value})\n"
        f"print('OK' if right else '{function.name} is not right yet')"
    )


def _check(function: Function, shape: Shape) -> str:
    name = function.name
    draws = ", ".join(DRAWS[kind] for kind in shape.kinds)
    return f'''

def right_{name}() -> Callable[..., Any]:
    """The function of the solution, with what it needs; in a scope of its own, and never sent to a notebook."""
{textwrap.indent(function.source, "    ")}
    return {name}


{name.upper()} = FunctionTask(
    function="{name}",
    parameters=({", ".join(f'"{parameter}"' for parameter in function.parameters)},),
    reference=right_{name}(),
    placeholder=0.0,
)


@check("{name}")
def check_{name}(ask: Ask) -> Outcome:
    def drawn(rng: np.random.Generator, n: int) -> tuple[Any, ...]:
        return ({draws},)

    trials = [Trial(drawn(ask.rng, int(n))) for n in ask.rng.integers(4, 12, size=4)]
    return judge_function(ask, {name.upper()}, trials)
'''
