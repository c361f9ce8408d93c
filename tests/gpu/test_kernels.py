"""CUDA in the jail: it works for the kernel that was given a GPU, on that GPU alone, and nothing of it stays."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tools.calibrate import measure
from worker.contract import Limits
from worker.environments import Environment
from worker.gpu.asking import ObservedDriver
from worker.gpu.discovery import Gpu
from worker.gpu.examination import Examination, Idle
from worker.gpu.places import Sharing
from worker.gpu.quarantine import Quarantine
from worker.gpu.use import DeviceUse
from worker.kernels.session import NotebookSession, SessionSpec
from worker.sandbox.warm.pool import POOLS, Pool

pytestmark = pytest.mark.gpu

LIMITS = Limits(wall_s=240, cell_s=120, memory_mib=8192, scratch_mib=512)
TRAIN = """
import torch
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(32, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1)).to("cuda")
optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
x = torch.randn(512, 32, device="cuda"); y = x.sum(dim=1, keepdim=True)
losses = []
for _ in range(60):
    optimiser.zero_grad(); loss = (net(x) - y).square().mean(); loss.backward(); optimiser.step()
    losses.append(loss.item())
losses[-1] < losses[0] / 2, x.device.type, torch.cuda.device_count()
"""


def run(environment: Environment, *sources: str, limits: Limits = LIMITS) -> tuple[list[str], list[NotebookNode]]:
    async def scenario() -> tuple[list[str], list[NotebookNode]]:
        statuses, cells = [], []
        async with NotebookSession(SessionSpec(environment, limits)) as session:
            for index, source in enumerate(sources):
                cells.append(new_code_cell(source))
                statuses.append((await session.run_cell(cells[-1], index)).status)
        return statuses, cells

    return asyncio.run(scenario())


def text(cell: NotebookNode) -> str:
    return "\n".join(
        str(out.get("text") or out.get("data", {}).get("text/plain", "") or out.get("evalue", ""))
        for out in cell.outputs
    ).strip()


def test_training_works_on_exactly_one_gpu(environment: Environment, started: str) -> None:
    statuses, cells = run(environment, TRAIN)
    assert statuses == ["ok"], text(cells[0])
    assert text(cells[0]) == "(True, 'cuda', 1)"


def test_only_the_files_of_the_assigned_gpu_are_there(environment: Environment, gpu: Gpu, started: str) -> None:
    _, cells = run(environment, "import os; sorted(n for n in os.listdir('/dev') if n.startswith('nvidia'))")
    assert text(cells[0]) == str(sorted(node.name for node in gpu.nodes if node.exists()))


def test_a_kernel_without_a_gpu_sees_none(environment: Environment) -> None:
    _, cells = run(replace(environment, gpu=None), "import torch; torch.cuda.is_available(), torch.cuda.device_count()")
    assert text(cells[0]) == "(False, 0)"


def test_the_parent_has_not_touched_cuda_and_each_kernel_starts_its_own(environment: Environment, warm: Pool) -> None:
    taken = warm.taken
    for _ in range(3):
        statuses, cells = run(
            environment, "import torch; torch.cuda.is_initialized()", "float(torch.ones(3).cuda().sum())"
        )
        assert statuses == ["ok", "ok"]
        assert [text(cell) for cell in cells] == ["False", "3.0"]
    assert warm.taken == taken + 3
    assert warm.parent is not None
    assert "/dev/nvidia" not in open_files(warm.parent.pid)


def test_gpu_memory_is_given_back(environment: Environment, gpu: Gpu, started: str) -> None:
    before = used_mib(gpu)
    statuses, _ = run(
        environment, "import torch; x = torch.empty(2 << 30, dtype=torch.uint8, device='cuda'); x.fill_(1); x.sum()"
    )
    assert statuses == ["ok"]
    assert used_mib(gpu) < before + 1024


def test_a_killed_kernel_gives_its_gpu_memory_back(environment: Environment, gpu: Gpu, started: str) -> None:
    before = used_mib(gpu)
    hang = "import torch; x = torch.ones(1 << 30, dtype=torch.uint8, device='cuda')\nwhile True: x += 1"
    statuses, _ = run(environment, hang, limits=replace(LIMITS, wall_s=30, cell_s=20))
    assert statuses[0] in ("timeout", "died")
    assert used_mib(gpu) < before + 1024


def test_two_kernels_beside_each_other_do_not_see_each_others_memory(environment: Environment, warm: Pool) -> None:
    spec = SessionSpec(environment, LIMITS)

    async def scenario() -> str:
        async with NotebookSession(spec) as first, NotebookSession(spec) as second:
            secret = new_code_cell("import torch; x = torch.full((64 << 20,), 171, dtype=torch.uint8, device='cuda')")
            await first.run_cell(secret, 0)
            look = new_code_cell(
                "import torch; int((torch.empty(256 << 20, dtype=torch.uint8, device='cuda') == 171).sum() > 1000)"
            )
            await second.run_cell(look, 0)
            return text(look)

    assert asyncio.run(scenario()) == "0"


def test_cuda_begun_ahead_is_not_noticed_and_not_shared(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    POOLS.stop()
    monkeypatch.setenv("WORKER_GPU_AHEAD", "1")
    pool = POOLS.keep_warm(environment)
    try:
        assert pool is not None
        assert pool.wait(120, 1), pool.trouble
        assert pool.parent is not None
        assert "/dev/nvidia" not in open_files(pool.parent.pid)  # the parent leaves CUDA alone
        assert "/dev/nvidia" in open_files(pool.spares[0].pid)
        for _ in range(2):
            statuses, cells = run(
                environment, "import torch; torch.cuda.is_initialized()", "float(torch.ones(3).cuda().sum())"
            )
            assert statuses == ["ok", "ok"]
            assert [text(cell) for cell in cells] == ["False", "3.0"]
            assert pool.wait(120, 1), pool.trouble
        assert pool.taken == 2
    finally:
        POOLS.stop()


def test_a_hostile_notebook_leaves_nothing_on_the_device(environment: Environment, gpu: Gpu, started: str) -> None:
    with closing(ObservedDriver()) as driver:
        idle = Idle.of(driver.state(gpu))
        fill = (
            "import os, torch\nheld = []\ntry:\n"
            "    while True: held.append(torch.ones(256 << 20, dtype=torch.uint8, device='cuda'))\n"
            "except torch.cuda.OutOfMemoryError: pass\n"
            "if os.fork() == 0:\n    while True: pass\n"
            "len(held) > 0"
        )
        _, cells = run(environment, fill)
        assert text(cells[0]) == "True"
        Examination(driver).after(gpu, idle, alone=True)  # raises if anything stays


def test_the_driver_tells_of_the_device_and_of_who_is_on_it(environment: Environment, gpu: Gpu) -> None:
    with closing(ObservedDriver()) as driver:
        state = driver.state(gpu)
        assert gpu.uuid.startswith(("GPU-", "MIG-"))
        assert 0 < state.free_mib <= state.memory_mib == gpu.memory_mib
        assert state.errors == ()
        assert gpu.nodes[0].exists()


def test_a_job_is_bracketed_by_looks_at_the_device(environment: Environment, gpu: Gpu, tmp_path: Path) -> None:
    with closing(ObservedDriver()) as driver:
        use = DeviceUse(driver, tmp_path, Sharing(), Examination(driver))
        taken = use.begin(1024)
        statuses, _ = run(replace(environment, gpu=taken), TRAIN)
        use.require_well()
        use.finish()
        assert statuses == ["ok"]
        assert Quarantine(tmp_path).of(taken.uuid) is None
        use.release()


def test_jobs_beside_each_other_share_a_device(environment: Environment, gpu: Gpu, tmp_path: Path) -> None:
    with closing(ObservedDriver()) as driver:
        sharing = Sharing(gpu.memory_mib // 4)
        uses = [DeviceUse(driver, tmp_path, sharing, Examination(driver)) for _ in range(2)]
        assert {use.begin(1024).uuid for use in uses} == {gpu.uuid}

        async def both() -> list[str]:
            async def one() -> str:
                async with NotebookSession(SessionSpec(environment, LIMITS)) as session:
                    cell = new_code_cell(TRAIN)
                    return (await session.run_cell(cell, 0)).status

            return list(await asyncio.gather(one(), one()))

        assert asyncio.run(both()) == ["ok", "ok"]
        for use in uses:
            use.finish()
        assert Quarantine(tmp_path).of(gpu.uuid) is None
        for use in uses:
            use.release()


def test_reference_operations_can_be_measured(environment: Environment) -> None:
    told = measure(environment.interpreter, "cuda", 1)
    assert {name.split("-")[1] for name in told["rows"]} == {"fp32", "tf32"}
    assert max(told["rows"].values()) < 0.05


def open_files(pid: int) -> str:
    return subprocess.run(["ls", "-l", f"/proc/{pid}/fd"], capture_output=True, text=True, check=True).stdout


def used_mib(gpu: Gpu) -> int:
    with closing(ObservedDriver()) as driver:
        return driver.state(gpu).used_mib
