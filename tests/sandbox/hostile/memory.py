# ruff: noqa: E501  the lines of notebooks
"""Notebooks that try to use up the machine's memory, of every kind."""

from __future__ import annotations

from .attack import TOOLS, Attack

OUT_OF_MEMORY = "out of memory"
SMALL = {"memory_mib": 300}


def attacks() -> list[Attack]:
    children = "import os, time\nfor child in range(12):\n    if os.fork() == 0:\n        x = bytearray(60 << 20)\n"
    shared = (
        "import mmap, time\nx = []\nwhile True:\n    x.append(mmap.mmap(-1, 10 << 20{}))\n    x[-1].write(b'1' * (10 << 20))"
        "; time.sleep(0.02)"
    )
    return [
        Attack(
            "allocate_little_by_little",
            # not so fast that nobody can look before its addresses are used up
            ("import time\nx = []\nwhile True: x.append(bytearray(10 << 20)); time.sleep(0.02)", "1"),
            ("died", "skipped"),
            reason=OUT_OF_MEMORY,
            limits=SMALL,
            cold=True,
        ),
        Attack(
            "allocate_forty_gigabytes_at_once",
            ("x = bytearray(40 * 10**9)", "import numpy as np\nx = np.ones(5 * 10**9)", "x = bytearray(4 << 30)", "1"),
            ("error", "error", "error", "ok"),
            error="MemoryError",
            cold=True,
        ),
        Attack(
            "allocate_in_many_children",
            (children + "        time.sleep(60)\ntime.sleep(60)",),
            ("died",),
            reason=OUT_OF_MEMORY,
            limits=SMALL,
            cold=True,
        ),
        Attack(
            "allocate_in_private_mappings",
            (shared.format(", flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS"),),
            ("died",),
            reason=OUT_OF_MEMORY,
            limits=SMALL,
        ),
        Attack("allocate_in_shared_mappings", (shared.format(""),), ("died",), reason=OUT_OF_MEMORY, limits=SMALL),
        Attack(
            "allocate_in_files_without_a_name",
            (
                TOOLS,
                "refused('memfd', os.memfd_create, 'x')\nrefused('memfd_secret', syscall, 447, 0)",
            ),
            ("ok", "ok"),
        ),
        Attack(
            "allocate_in_system_v_shared_memory",
            (
                TOOLS,
                "libc.shmget(1, 1 << 30, 0o1600) == -1 or refused('shmget', int)",
            ),
            ("ok", "ok"),
        ),
        Attack(
            "fill_shared_memory_files",
            ("open('/dev/shm/x', 'wb').write(b'x' * (100 << 20))",),
            ("error",),
            error="No space left|File too large",
            cold=True,
        ),
        Attack(
            "fill_shared_memory_files_in_pieces",
            ("for n in range(200): open(f'/dev/shm/{n}', 'wb').write(b'x' * (1 << 20))",),
            ("error",),
            error="No space left",
            cold=True,
        ),
        Attack(
            "expand_a_bomb_of_zeros",
            (
                "import zlib\npacked = zlib.compress(bytes(64 << 20))\n"
                "x = [zlib.decompress(packed) for _ in range(500)]",
            ),
            ("died|error|timeout",),
            limits=SMALL,
        ),
        Attack(
            "recurse_until_the_stack_is_gone",
            ("import sys\nsys.setrecursionlimit(10**9)\ndef f(x): return f([x]) + f(x)\nf(1)", "1"),
            ("died|error|timeout", "skipped|ok"),
            limits={"cell_s": 4, **SMALL},
        ),
        Attack(
            "recurse_in_c_until_the_stack_is_gone",
            ("x = []\nfor _ in range(10**6): x = [x]\nimport pickle, sys\nsys.setrecursionlimit(10**9)\nrepr(x)", "1"),
            ("died|error|timeout", "skipped|ok"),
            limits={"cell_s": 4},
        ),
        Attack(
            "lock_all_memory",
            (TOOLS, "x = bytearray(64 << 20)\nlibc.mlockall(3) == 0 and refused('mlockall', int)"),
            ("ok", "ok"),
        ),
    ]


ATTACKS = tuple(attacks())
