"""What a kernel with a GPU gets that others do not. A device file that every machine has stands in for NVIDIA's;
tests/gpu/ has the real ones."""

from __future__ import annotations

import importlib.util
import os
import sys
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from worker.environments import Environment
from worker.gpu.discovery import Gpu
from worker.kernels.session import SessionSpec
from worker.sandbox import bubblewrap, seccomp, starting
from worker.sandbox.installation import INSIDE, installation_of
from worker.sandbox.warm.pool import Pool, Pools

from .conftest import Ran, run_in

NODE = Path("/dev/tty")
GPU = Gpu("GPU-0000", "stand-in", 1024, (NODE, Path("/dev/there-is-no-such")))
ASK = """
import os, resource
os.path.exists('/dev/tty'), os.environ.get('CUDA_VISIBLE_DEVICES'), resource.getrlimit(resource.RLIMIT_AS)[0]
"""
OPEN = "try: os.open('/dev/tty', os.O_RDWR)\nexcept OSError as problem: print(problem.strerror)"


def ran_in(environment: Environment, spec: SessionSpec) -> Ran:
    import asyncio

    return asyncio.run(run_in(replace(spec, environment=environment), [ASK, OPEN]))


def test_a_kernel_with_a_gpu_has_its_device_and_no_limit_on_addresses(
    environment: Environment, spec: SessionSpec, starter: Pool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not NODE.exists():
        pytest.skip(f"no {NODE} here")
    with_gpu = replace(environment, preload=("json",), gpu=GPU)
    pools = Pools()
    monkeypatch.setattr(starting, "POOLS", pools)
    try:
        if starter is not None:
            pool = pools.keep_warm(with_gpu)
            assert pool is not None
            assert pool.wait(60, 1), pool.trouble
        ran = ran_in(with_gpu, spec)
        if starter is not None:
            assert pool is not None
            assert pool.taken == 1
    finally:
        pools.stop()
    assert ran.text(0).strip() == "(True, 'GPU-0000', -1)"
    assert "Permission denied" not in ran.text(1)  # bound as a device: it opens, or says that there is no terminal


def test_other_kernels_have_no_device(environment: Environment, spec: SessionSpec) -> None:
    exists, visible, addresses = ran_in(environment, spec).text(0).strip().strip("()").split(", ")
    assert (exists, visible) == ("False", "None")
    assert int(addresses) > 0


@pytest.mark.parametrize("starter", ["cold"], indirect=True)
def test_kernels_with_and_without_a_gpu_come_from_different_parents(environment: Environment) -> None:
    made: list[Environment] = []

    def make(wanted: Environment, spares: int) -> Pool:
        made.append(wanted)
        return types.SimpleNamespace(stop=lambda: None, environment=wanted)  # type: ignore[return-value]

    pools = Pools(make)
    with_gpu = replace(environment, gpu=GPU)
    assert pools.keep_warm(environment) is not pools.keep_warm(with_gpu)
    assert pools.find(with_gpu) is not pools.find(environment)
    assert pools.find(replace(environment, gpu=replace(GPU, uuid="GPU-1111"))) is None
    assert made == [environment, with_gpu]


@pytest.mark.parametrize("starter", ["cold"], indirect=True)
def test_exactly_the_assigned_devices_are_named(environment: Environment) -> None:
    installation = installation_of(replace(environment, gpu=GPU))
    arguments = bubblewrap.file_system(installation, spec_limits())
    bound = [arguments[i + 1] for i, word in enumerate(arguments) if word == "--dev-bind-try"]
    assert bound == [str(node) for node in GPU.nodes]
    assert "--dev-bind-try" not in bubblewrap.file_system(installation_of(environment), spec_limits())


def inside_module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, INSIDE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def spec_limits() -> bubblewrap.Limits:
    return bubblewrap.Limits()


@pytest.mark.parametrize("starter", ["cold"], indirect=True)
def test_the_filter_is_the_one_for_gpus(monkeypatch: pytest.MonkeyPatch, environment: Environment) -> None:
    asked: list[bool] = []
    build = seccomp.build_filter

    def noted(*rest: object, gpu: bool = False, **named: object) -> bytes:
        asked.append(gpu)
        return build(*rest, gpu=gpu, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(seccomp, "build_filter", noted)
    from worker.sandbox.jail import run_in_jail

    for gpu in (GPU, None):
        run_in_jail(installation_of(replace(environment, gpu=gpu)), "print(1)", spec_limits())
    assert asked == [True, False]


@pytest.mark.parametrize("starter", ["cold"], indirect=True)
def test_a_parent_that_has_touched_cuda_forks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    nogpu = inside_module("nogpu")
    nogpu.refuse_used()
    torch = types.SimpleNamespace(cuda=types.SimpleNamespace(is_initialized=lambda: True))
    monkeypatch.setitem(sys.modules, "torch", torch)
    with pytest.raises(RuntimeError, match="initialised CUDA"):
        nogpu.refuse_used()
    torch.cuda.is_initialized = lambda: False
    nogpu.refuse_used()
    with open("/dev/null") as file:
        monkeypatch.setattr(nogpu, "DEVICES", "/dev/null")
        assert file.fileno() > 0
        with pytest.raises(RuntimeError, match="opened /dev/null"):
            nogpu.refuse_used()


def test_kernels_that_begin_cuda_ahead_are_as_others_and_the_parent_leaves_it_alone(
    environment: Environment, spec: SessionSpec, starter: Pool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if starter is None:
        pytest.skip("a kernel that is started from nothing waits for no job")
    monkeypatch.setenv("WORKER_GPU_AHEAD", "1")
    with_gpu = replace(environment, preload=("json",), gpu=GPU)
    pools = Pools()
    monkeypatch.setattr(starting, "POOLS", pools)
    try:
        pool = pools.keep_warm(with_gpu)
        assert pool is not None
        assert pool.wait(60, 1), pool.trouble
        assert [spare.pid for spare in pools.spares_with_gpu()] == [spare.pid for spare in pool.spares]
        assert pool.parent is not None
        mapped = Path(f"/proc/{pool.parent.pid}/maps").read_text()
        opened = [os.readlink(entry) for entry in Path(f"/proc/{pool.parent.pid}/fd").iterdir()]
        assert "libcuda" not in mapped
        assert not [name for name in opened if name.startswith("/dev/nvidia")]
        ask = "import os; 'GRADER_CUDA_AHEAD' in os.environ"
        import asyncio

        ran = asyncio.run(run_in(replace(spec, environment=with_gpu), [ask]))
        assert (ran.text(0).strip(), pool.taken) == ("False", 1)
    finally:
        pools.stop()


class Library:
    """In the place of libcuda: notes what it is asked, and says what the test wants."""

    def __init__(self, answers: dict[str, int]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., int]:
        def call(*arguments: object) -> int:
            self.asked.append(name)
            return self._answers.get(name, 0)

        return call


@pytest.mark.parametrize("starter", ["cold"], indirect=True)
@pytest.mark.parametrize(
    ("answers", "asked"),
    [({}, ["cuInit", "cuDeviceGet", "cuDevicePrimaryCtxRetain"]), ({"cuInit": 100}, ["cuInit"])],
)
def test_cuda_is_begun_below_pytorch_and_no_gpu_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, int], asked: list[str]
) -> None:
    nogpu = inside_module("nogpu")
    with monkeypatch.context() as without:
        without.setattr(nogpu, "LIBRARY", "libcuda-that-is-not-there.so")
        nogpu.begin()
    library = Library(answers)
    monkeypatch.setattr(nogpu.ctypes, "CDLL", lambda name: library)
    nogpu.begin()
    assert library.asked == asked
