"""What is wrong in `checks.py`, read as text: it is never run here."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from assignments.linting.remark import ERROR, WARNING, Draft, Remark
from assignments.loading import CHECKS
from assignments.toml_problems import did_you_mean

OURS = ("assignments", "reference")
LONGEST = 300  # lines


def check_remarks(draft: Draft) -> list[Remark]:
    path = draft.package.folder / CHECKS
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except SyntaxError as error:
        return [Remark(ERROR, "checks", path, f"is not valid Python: {error.msg}", line=error.lineno)]
    except (OSError, ValueError) as error:
        return [Remark(ERROR, "checks", path, f"cannot be read: {error}")]
    remarks = [*_marks(draft, path, tree), *_imports(path, tree), *_draws(path, tree)]
    lines = text.count("\n")
    if lines > LONGEST:
        advice = "move what other assignments may use to assignments/vocabulary, formulas to reference/implementations"
        remarks.append(Remark(WARNING, "long-checks", path, f"has {lines} lines, more than {LONGEST}", advice=advice))
    return remarks


def _marks(draft: Draft, path: Path, tree: ast.Module) -> Iterator[Remark]:
    wanted = [check.key for check in draft.package.metadata.checks if check.kind != "manual"]
    marked: dict[str, int] = {}
    for node in tree.body:
        for key, line in _keys(node):
            if key in marked:
                yield Remark(ERROR, "checks", path, f'@check("{key}") stands twice', line=line, key=key)
            elif key not in wanted:
                text = f"assignment.toml has no check {key!r}"
                yield Remark(ERROR, "checks", path, text, line=line, key=key, advice=did_you_mean(key, wanted)[2:])
            marked[key] = line
    for key in wanted:
        if key not in marked:
            advice = did_you_mean(key, set(marked) - set(wanted))[2:] or "write the function that carries it out"
            yield Remark(ERROR, "checks", path, f'no function is marked @check("{key}")', key=key, advice=advice)


def _keys(node: ast.stmt) -> Iterator[tuple[str, int]]:
    for decorator in getattr(node, "decorator_list", []):
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "check":
            for argument in decorator.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value, decorator.lineno


def _imports(path: Path, tree: ast.Module) -> Iterator[Remark]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node.level or (node.module or "").split(".")[0] not in OURS:
            continue
        module = node.module or ""
        names = module_names(module)
        if names is None:
            text = f"there is no module {module!r}"
            yield Remark(ERROR, "import", path, text, line=node.lineno, advice=did_you_mean(module, _modules())[2:])
            continue
        for alias in node.names:
            if alias.name != "*" and alias.name not in names and module_names(f"{module}.{alias.name}") is None:
                text = f"{module} has no {alias.name!r}"
                advice = did_you_mean(alias.name, names)[2:]
                yield Remark(ERROR, "import", path, text, line=node.lineno, key=alias.name, advice=advice)


def _draws(path: Path, tree: ast.Module) -> Iterator[Remark]:
    """Inputs that do not come from the run's own seed can be foreseen, or cannot be repeated."""
    for node in ast.walk(tree):
        text = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if text in {"np.random.default_rng", "numpy.random.default_rng"} or text.startswith(("random.", "np.random.")):
            yield Remark(
                WARNING,
                "own-randomness",
                path,
                f"{text}(…) does not depend on the run",
                line=getattr(node, "lineno", None),
                advice="draw inputs from `ask.rng`, which is seeded afresh for every run",
            )


@cache
def module_names(module: str) -> frozenset[str] | None:
    """The names that a module of ours defines, without importing it; None where there is no such module."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        else:
            found |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return frozenset(found)


@cache
def _modules() -> tuple[str, ...]:
    root = Path(__file__).resolve().parents[2]
    files = [path for name in ("vocabulary",) for path in (root / "assignments" / name).glob("*.py")]
    files += (root / "reference").rglob("*.py")
    return tuple(".".join(path.relative_to(root).with_suffix("").parts) for path in files)
