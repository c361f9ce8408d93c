"""Which PyTorch is installed, decided on what pip answered (recorded reports, shortened to what is read)."""

from __future__ import annotations

from typing import Any

import pytest

from tools.setup import torch_build
from tools.setup.say import SetupError
from tools.setup.torch_build import CPU_INDEX, REQUIREMENT, VISION, decide, vision_arguments


def report(*packages: tuple[str, str]) -> dict[str, Any]:
    return {"version": "1", "install": [{"metadata": {"name": n, "version": v}} for n, v in packages]}


PYPI_LINUX = report(
    ("torch", "2.13.0"),
    ("triton", "3.7.1"),
    ("nvidia-cublas", "13.1.1.3"),
    ("cuda-bindings", "13.3.0"),
    ("sympy", "1.14.0"),
)
PYPI_MAC = report(("torch", "2.13.0"), ("sympy", "1.14.0"), ("networkx", "3.6.1"))
LOCAL_CPU_WHEEL = report(("torch", "2.13.0+cpu"), ("sympy", "1.14.0"))


def test_without_a_gpu_an_index_with_cuda_is_passed_over_for_pytorchs_cpu_index() -> None:
    plan = decide(PYPI_LINUX, gpu=False, wished="")
    assert (plan.build, plan.arguments) == ("cpu", (REQUIREMENT, "--no-deps", "--index-url", CPU_INDEX))


@pytest.mark.parametrize("answer", [PYPI_MAC, LOCAL_CPU_WHEEL], ids=["mac", "local wheel"])
def test_without_a_gpu_an_index_with_the_cpu_build_is_used(answer: dict[str, Any]) -> None:
    plan = decide(answer, gpu=False, wished="")
    assert (plan.build, plan.arguments) == ("cpu", (REQUIREMENT,))


def test_without_a_gpu_an_index_that_has_none_leads_to_pytorchs_cpu_index() -> None:
    assert CPU_INDEX in decide(None, gpu=False, wished="").arguments


def test_with_a_gpu_the_default_build_is_installed() -> None:
    plan = decide(PYPI_LINUX, gpu=True, wished="")
    assert (plan.build, plan.arguments, plan.warning) == ("gpu", (REQUIREMENT,), "")


def test_a_wish_for_the_cpu_build_beats_the_gpu() -> None:
    assert CPU_INDEX in decide(PYPI_LINUX, gpu=True, wished="cpu").arguments


def test_a_wish_for_the_gpu_build_is_met_without_a_gpu() -> None:
    assert decide(PYPI_LINUX, gpu=False, wished="gpu").arguments == (REQUIREMENT,)


def test_a_wish_for_the_gpu_build_that_cannot_be_met_is_refused() -> None:
    with pytest.raises(SetupError, match="GRADER_TORCH_INDEX"):
        decide(LOCAL_CPU_WHEEL, gpu=False, wished="gpu")
    with pytest.raises(SetupError, match="GRADER_TORCH_INDEX"):
        decide(None, gpu=False, wished="gpu")


def test_a_gpu_with_a_cpu_only_index_is_said_and_not_refused() -> None:
    plan = decide(LOCAL_CPU_WHEEL, gpu=True, wished="")
    assert plan.build == "cpu"
    assert "stays unused" in plan.warning


def test_an_index_of_ones_own_is_taken_at_its_word() -> None:
    plan = decide(None, gpu=False, wished="", index="https://example.org/simple")
    assert plan.arguments == (REQUIREMENT, "--index-url", "https://example.org/simple")


def test_a_report_without_pytorch_is_not_taken_for_a_cpu_build() -> None:
    assert not torch_build.is_cpu_only(report(("numpy", "2.3.5")))


@pytest.mark.parametrize(("value", "expected"), [("", ""), ("auto", ""), ("CPU", "cpu"), (" gpu ", "gpu")])
def test_the_wish_is_read_from_the_environment(value: str, expected: str) -> None:
    assert torch_build.wish({"GRADER_TORCH": value}) == expected


def test_a_misspelt_wish_is_refused() -> None:
    with pytest.raises(SetupError, match="'cuda' is not one of"):
        torch_build.wish({"GRADER_TORCH": "cuda"})


def test_torchvision_comes_from_where_pytorch_came_from_and_brings_nothing_along() -> None:
    assert vision_arguments(decide(PYPI_MAC, gpu=False, wished="")) == (VISION, "--no-deps")
    from_pytorch = (VISION, "--no-deps", "--index-url", CPU_INDEX)
    assert vision_arguments(decide(PYPI_LINUX, gpu=False, wished="")) == from_pytorch
    own = decide(None, gpu=False, wished="", index="https://example.org/simple")
    assert vision_arguments(own) == (VISION, "--no-deps", "--index-url", "https://example.org/simple")
