"""A hostile notebook does not disturb the one beside it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import numpy as np
import pytest
from nbformat.v4 import new_code_cell

from assignments.asking import Call, Got
from tests.support.kernel_values import call_all
from worker.kernels.session import NotebookSession, SessionSpec

HOSTILE = {
    "prints": "while True: print('spam ' * 200)",
    "forks": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "allocates": "x = []\nwhile True: x.append(bytearray(1 << 20))",
    "kills": "import os\nwhile True:\n    for pid in range(2, 400):\n"
    "        try: pid != os.getpid() and os.kill(pid, 9)\n        except OSError: pass",
}
HONEST = "import numpy as np\ndef f(x): return np.linalg.inv(x) @ x\n"


@pytest.mark.parametrize("what", HOSTILE)
def test_right_values_in_normal_time_beside_one_that(spec: SessionSpec, what: str) -> None:
    async def hostile() -> str:
        wanted = replace(spec, limits=replace(spec.limits, cell_s=3, memory_mib=400))
        async with NotebookSession(wanted) as session:
            return (await session.run_cell(new_code_cell(HOSTILE[what]), 0)).status

    async def honest() -> float:
        async with NotebookSession(spec) as session:
            began = time.monotonic()
            assert (await session.run_cell(new_code_cell(HONEST), 0)).status == "ok"
            for _ in range(10):
                (reply,) = await call_all(session, [Call("f", (np.eye(3) * 4,))])
                assert isinstance(reply, Got)
                np.testing.assert_allclose(reply.value, np.eye(3))  # type: ignore[arg-type]
                await asyncio.sleep(0.1)
            return time.monotonic() - began

    async def both() -> tuple[str, float]:
        first, second = await asyncio.gather(hostile(), honest())
        return first, second

    status, seconds = asyncio.run(both())
    assert status in ("timeout", "died", "error")
    assert seconds < 6
