"""Real GPUs, real kernels. Where there is none, these tests are skipped and say so: `make test-gpu`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from worker.environments import Environment, load_environments
from worker.gpu.asking import ObservedDriver
from worker.gpu.discovery import Gpu
from worker.sandbox.warm.pool import POOLS, Pool

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def gpu() -> Gpu:
    driver = ObservedDriver()
    found = driver.gpus()
    driver.close()
    if not found:
        pytest.skip("this machine has no NVIDIA GPU")
    return found[0]


@pytest.fixture(scope="session")
def environment(gpu: Gpu) -> Environment:
    return replace(load_environments(ROOT / "environments.toml")["course"], gpu=gpu)


@pytest.fixture(scope="session")
def warm(environment: Environment) -> Iterator[Pool]:
    pool = POOLS.keep_warm(environment)
    assert pool is not None
    assert pool.wait(120, 1), pool.trouble
    yield pool
    POOLS.stop()


@pytest.fixture(params=["cold", "forked"])
def started(request: pytest.FixtureRequest, environment: Environment) -> str:
    """How kernels are started."""
    if request.param == "forked":
        request.getfixturevalue("warm")
    else:
        POOLS.stop()
    return str(request.param)
