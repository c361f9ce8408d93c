"""What `nvidia-smi` says, and which GPUs follow from it. A stand-in speaks in its place: machines without a GPU too
must show that the words are understood."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.gpu.discovery import GpuError, NvidiaSmi, parse

GPU = """
<gpu id="00000000:0{number}:00.0">
  <product_name>NVIDIA H200</product_name>
  <mig_mode><current_mig>{mig}</current_mig></mig_mode>
  <uuid>GPU-{number}aaa-bbb</uuid>
  <minor_number>{minor}</minor_number>
  <fb_memory_usage><total>143771 MiB</total><used>0 MiB</used></fb_memory_usage>
</gpu>
"""


def log(*entries: str) -> str:
    head = '<?xml version="1.0" ?><!DOCTYPE nvidia_smi_log SYSTEM "x.dtd">'
    return f"{head}<nvidia_smi_log>{''.join(entries)}</nvidia_smi_log>"


TWO = log(GPU.format(number=0, minor=3, mig="Disabled"), GPU.format(number=1, minor=0, mig="N/A"))


def stand_in(folder: Path, text: str, code: int = 0) -> str:
    (folder / "told.xml").write_text(text)
    script = folder / "nvidia-smi"
    script.write_text(f"#!/bin/sh\n[ \"$*\" = '-q -x' ] || exit 9\ncat '{folder}/told.xml'\nexit {code}\n")
    script.chmod(0o755)
    return str(script)


def test_each_gpu_has_its_own_device_file_and_the_shared_ones(tmp_path: Path) -> None:
    first, second = NvidiaSmi(stand_in(tmp_path, TWO), {}).gpus()
    assert (first.uuid, first.name, first.memory_mib) == ("GPU-0aaa-bbb", "NVIDIA H200", 143771)
    assert [str(node) for node in first.nodes] == [
        "/dev/nvidia3",
        "/dev/nvidiactl",
        "/dev/nvidia-uvm",
        "/dev/nvidia-uvm-tools",
    ]
    assert str(second.nodes[0]) == "/dev/nvidia0"


@pytest.mark.parametrize(
    ("visible", "numbers"),
    [("0", [0]), ("1,0", [1, 0]), ("GPU-1", [1]), ("", []), ("-1", []), ("1,7,0", [1]), ("GPU-", [])],
)
def test_cuda_visible_devices_is_obeyed(tmp_path: Path, visible: str, numbers: list[int]) -> None:
    found = NvidiaSmi(stand_in(tmp_path, TWO), {"CUDA_VISIBLE_DEVICES": visible}).gpus()
    assert [gpu.uuid for gpu in found] == [f"GPU-{number}aaa-bbb" for number in numbers]


def test_a_machine_without_the_driver_has_none() -> None:
    assert NvidiaSmi("no-such-nvidia-smi", {}).gpus() == ()


def test_a_gpu_in_mig_instances_is_left_out() -> None:
    assert parse(log(GPU.format(number=0, minor=0, mig="Enabled")).encode()) == ()


@pytest.mark.parametrize("text", ["", "no XML", log("<gpu/>"), log(GPU.format(number=0, minor="N/A", mig="N/A"))])
def test_words_that_are_not_understood_are_no_gpu_and_said(text: str) -> None:
    with pytest.raises(GpuError, match="do not understand"):
        parse(text.encode())


def test_a_driver_that_does_not_work_is_said(tmp_path: Path) -> None:
    with pytest.raises(GpuError, match="does not work"):
        NvidiaSmi(stand_in(tmp_path, "NVIDIA-SMI has failed", 9), {}).gpus()
