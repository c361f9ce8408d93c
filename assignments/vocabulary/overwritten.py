"""A function that its own cell overwrites with a value (`def ratio(x): …`, then `ratio = ratio(x)`)."""

from __future__ import annotations

import dataclasses

from assignments.vocabulary.trials import Setting

# Runs in the kernel, as part of the student's notebook: it makes the function anew from the cells that were run.
# Nothing that it does is believed; the function that it finds is called like any other.
_SOURCE = """
def _recovered(name):
    import __main__, ast
    names = vars(__main__)
    before = names.get(name)
    for text in reversed([text for text in names.get("In", []) if isinstance(text, str) and name in text]):
        try:
            cell = ast.parse(text)
        except (SyntaxError, ValueError):
            cell = ast.parse("\\n".join("pass" if line.startswith(("%", "!")) else line for line in text.split("\\n")))
        found = [n for n in ast.walk(cell) if isinstance(n, ast.FunctionDef) and n.name == name]
        if found:
            try:
                exec(compile(ast.Module([found[-1]], []), "<definition>", "exec"), names)
                return names[name]
            finally:
                names[name] = before
    return before
"""


def as_defined(function: str, setting: Setting) -> Setting:
    """The setting with the function as its `def` made it, and a note that tells the student."""
    given = f"{_SOURCE}\n{function} = _recovered({function!r})\ndel _recovered\n{setting.given}"
    said = (
        f"Note: the notebook overwrites the function `{function}` with a value. It was graded as it was defined; give "
        "the value another name."
    )
    note = " ".join(filter(None, [setting.note, said]))
    return dataclasses.replace(setting, given=given, note=note, always_noted=True)
