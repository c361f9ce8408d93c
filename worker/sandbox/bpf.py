"""The language of Linux's system call filters, as far as we need it; and a search in it that takes few steps."""

from __future__ import annotations

import struct
from collections.abc import Sequence

LOAD_WORD, JUMP, JUMP_EQUAL, JUMP_NOT_BELOW, JUMP_ANY_BIT, AND, RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x54, 0x06
LONGEST_JUMP = 255  # of a conditional one

Program = list[bytes]


def load(offset: int) -> bytes:
    return _instruction(LOAD_WORD, offset)


def mask(bits: int) -> bytes:
    return _instruction(AND, bits)


def give(verdict: int) -> bytes:
    return _instruction(RETURN, verdict)


def when(test: int, value: int, body: Sequence[bytes]) -> Program:
    """`body` has to end with a return: what follows is reached where the test fails."""
    return [_instruction(test, value, 0, len(body)), *body]


def when_not(test: int, value: int, body: Sequence[bytes]) -> Program:
    return [_instruction(test, value, len(body), 0), *body]


def one_of(values: Sequence[int], then: int, otherwise: int) -> Program:
    """The verdict `then` where the loaded word is one of `values`."""
    checks = [part for value in values for part in when(JUMP_EQUAL, value, [give(then)])]
    return [*checks, give(otherwise)]


def search(leaves: Sequence[tuple[int, Program]]) -> Program:
    """A balanced tree. `leaves`: (first number, program), in order of the numbers; each holds up to the next one's
    first number, and ends with a return. The loaded word is not below the first."""
    if len(leaves) == 1:
        return list(leaves[0][1])
    middle = len(leaves) // 2
    low, high = search(leaves[:middle]), search(leaves[middle:])
    pivot = leaves[middle][0]
    if len(low) <= LONGEST_JUMP:
        return [_instruction(JUMP_NOT_BELOW, pivot, len(low), 0), *low, *high]
    return [_instruction(JUMP_NOT_BELOW, pivot, 0, 1), _instruction(JUMP, len(low)), *low, *high]


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
