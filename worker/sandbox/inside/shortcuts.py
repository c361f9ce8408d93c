"""What IPython and ipykernel do for every cell, done once or not at all where that cannot make a difference."""

import functools
import re
import struct

from ipykernel import compiler, ipkernel
from IPython.core import interactiveshell

# What the transformers of tokens look for: an escape at the start of a line, a magic or a command that is assigned,
# a question mark. A line that goes on after a backslash could hide one.
SPECIAL = re.compile(r"^[^\S\n]*[!%,;/]|=\s*[%!]|\?|\\\n", re.MULTILINE)
REMEMBERED = 4  # cells: ipykernel transforms each twice


def take(shell):
    """To be called before student code runs."""
    shell.input_transformer_manager.transform_cell = transformer(shell.input_transformer_manager)
    ipkernel._accepts_parameters = remembered_parameters(shell, ipkernel._accepts_parameters)
    interactiveshell._should_be_async = asynchronous(interactiveshell._should_be_async)
    compiler.murmur2_x86 = quick_hash


def quick_hash(code, seed):
    """MurmurHash2, by which ipykernel names a cell's file: the same number as its own, four bytes at a time."""
    content, factor, low = code.encode(), 0x5BD1E995, 0xFFFFFFFF
    whole = len(content) & ~3
    number = seed ^ len(content)
    for (word,) in struct.iter_unpack("<I", content[:whole]):
        word = word * factor & low
        number = number * factor & low ^ (word ^ word >> 24) * factor & low
    if rest := content[whole:]:
        number = (number ^ int.from_bytes(rest, "little")) * factor & low
    number = (number ^ number >> 13) * factor & low
    return number ^ number >> 15


def asynchronous(original):
    """`original` compiles the whole cell, twice, to see whether it awaits anything at its top level."""

    def should_be_async(cell):
        return ("await" in cell or "async" in cell) and original(cell)

    return should_be_async


def transformer(manager):
    """`manager.transform_cell`, which reads the cell token by token even if nothing in it is IPython's own."""
    original = manager.transform_cell
    stock = transforms_of(manager)

    @functools.lru_cache(maxsize=REMEMBERED)
    def transformed(cell):
        text = cell if cell.endswith("\n") else cell + "\n"
        lines = text.splitlines(keepends=True)
        if len(lines) != text.count("\n"):  # other ends of lines, which mean something only to tokens
            return original(cell)
        for transform in stock[0]:
            lines = transform(lines)
        text = "".join(lines)
        return original(cell) if SPECIAL.search(text) or not is_stepped(lines) else text

    def transform_cell(cell):
        return transformed(cell) if transforms_of(manager) == stock else original(cell)

    return transform_cell


def is_stepped(lines):
    """Whether each line that is indented less than the one before is indented as one above it; else tokens fail."""
    columns = [0]
    for line in lines:
        start = line.expandtabs().lstrip(" ")
        if start.isspace() or start[0] == "#":
            continue
        column = len(line.expandtabs()) - len(start)
        while column < columns[-1]:
            columns.pop()
            if column > columns[-1]:
                return False
        if column > columns[-1]:
            columns.append(column)
    return True


def transforms_of(manager):
    """(those of lines, those of tokens); a notebook may add its own."""
    return [*manager.cleanup_transforms, *manager.line_transforms], [*manager.token_transformers]


def remembered_parameters(shell, original):
    """Which parameters `shell.run_cell` takes does not change, unless the notebook puts another in its place."""
    known = {
        method.__func__: original(method, ["cell_id", "cell_meta"]) for method in (shell.run_cell, shell.run_cell_async)
    }

    def accepts(method, names):
        found = known.get(getattr(method, "__func__", None)) if names == ["cell_id", "cell_meta"] else None
        return original(method, names) if found is None else dict(found)

    return accepts
