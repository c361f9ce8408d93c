"""Runs a system call filter as Linux would, one instruction after the other."""

from __future__ import annotations

import struct
from dataclasses import dataclass

INSTRUCTION = struct.Struct("=HBBI")
DATA = struct.Struct("=iIQ6Q")  # struct seccomp_data


@dataclass(frozen=True)
class Verdict:
    value: int
    steps: int


def run(program: bytes, audit: int, number: int, *arguments: int) -> Verdict:
    given = [*arguments, *[0] * (6 - len(arguments))]
    data = DATA.pack(struct.unpack("=i", struct.pack("=I", number))[0], audit, 0, *given)
    at, word, steps = 0, 0, 0
    while True:
        code, if_true, if_false, value = INSTRUCTION.unpack_from(program, at * INSTRUCTION.size)
        at, steps = at + 1, steps + 1
        match code:
            case 0x20:
                (word,) = struct.unpack_from("=I", data, value)
            case 0x54:
                word &= value
            case 0x05:
                at += value
            case 0x15:
                at += if_true if word == value else if_false
            case 0x35:
                at += if_true if word >= value else if_false
            case 0x45:
                at += if_true if word & value else if_false
            case 0x06:
                return Verdict(value, steps)
            case _:
                raise AssertionError(f"instruction {code:#x} is not known")
