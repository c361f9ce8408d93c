"""A forked kernel, asked from the inside: has it really lost the network, the files, the right to make processes?"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from grader.cli.health.finding import NOTE, RIGHT, WRONG, Finding

if TYPE_CHECKING:
    from worker.environments import Environment

GROUP, NAME = "sandbox", "inside a forked kernel"
READY_S = 60.0
GIANT_BYTES = 64 << 30  # more than any limit of ours
SLOWER = "Kernels start from nothing here, which is safe but slower: "
FIX = "Set WORKER_WARM=0 and report this."


def forked_finding(environment: Environment) -> Finding:
    """Real cells in a real forked kernel. A machine on which nothing can be forked is well."""
    from worker.sandbox.answers import layers_of
    from worker.sandbox.warm.pool import POOLS

    # Its own libraries are not needed: with what every Python has, the parent is there in a second.
    light = replace(environment, preload=("json",))
    pool = POOLS.keep_warm(light)
    try:
        if pool is None or not pool.wait(READY_S, 1):
            return Finding(GROUP, NAME, NOTE, SLOWER + (pool.trouble if pool else "nothing to preload"), "")
        answers = asyncio.run(_answers(light))
        forked = pool.taken > 0
    finally:
        POOLS.stop()
    if not forked:
        return Finding(GROUP, NAME, NOTE, SLOWER + "the parent forked nothing.", "")
    if answers is None:
        return Finding(GROUP, NAME, WRONG, "Its cell did not end as it should.", FIX)
    wrong = [layer for layer in layers_of(answers) if not layer.ok and layer.need == "required"]
    if wrong:
        return Finding(GROUP, NAME, WRONG, f"{wrong[0].name}: {wrong[0].detail}", FIX)
    checked = ", ".join(layer.name for layer in layers_of(answers))
    return Finding(GROUP, NAME, RIGHT, f"asked about {checked}")


async def _answers(environment: Environment) -> dict[str, Any] | None:
    from nbformat.v4 import new_code_cell

    from worker.kernels.session import NotebookSession, SessionSpec
    from worker.sandbox.answers import LIMITS, questions
    from worker.sandbox.installation import find_installation

    with questions(find_installation(environment.interpreter), GIANT_BYTES) as code:
        async with NotebookSession(SessionSpec(environment, LIMITS)) as session:
            cell = new_code_cell(code)  # type: ignore[no-untyped-call]
            await session.run_cell(cell, 0)
    for output in cell.outputs:
        if output.get("name") == "stdout":
            found: dict[str, Any] = json.loads(output.text)
            return found
    return None
