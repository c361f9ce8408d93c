from __future__ import annotations

import tomllib

from reference.frozen import FrozenValue
from tools.calibrate import as_toml, merged

BEFORE = {
    "cpu-fp32-matmul": FrozenValue("cpu-fp32-matmul", 2e-7, "", "one machine"),
    "cuda-fp32-matmul": FrozenValue("cuda-fp32-matmul", 5e-7, "", "one GPU"),
    "cuda-tf32-convolution": FrozenValue("cuda-tf32-convolution", 4e-4, "", "one GPU"),
}


def test_the_worst_of_all_machines_stays_with_its_source() -> None:
    rows = {"cuda-fp32-matmul": 3e-7, "cuda-tf32-convolution": 6e-4, "cuda-tf32-matmul": 1e-4}
    after = merged(BEFORE, rows, "cuda", "another GPU", anew=False)
    assert {name: (row.value, row.source) for name, row in after.items()} == {
        "cpu-fp32-matmul": (2e-7, "one machine"),
        "cuda-fp32-matmul": (5e-7, "one GPU"),
        "cuda-tf32-convolution": (6e-4, "another GPU"),
        "cuda-tf32-matmul": (1e-4, "another GPU"),
    }


def test_a_device_can_be_measured_anew_and_the_other_stays() -> None:
    after = merged(BEFORE, {"cuda-fp32-matmul": 3e-7}, "cuda", "another GPU", anew=True)
    assert {name: row.value for name, row in after.items()} == {"cpu-fp32-matmul": 2e-7, "cuda-fp32-matmul": 3e-7}


def test_what_is_written_can_be_read() -> None:
    read = tomllib.loads(as_toml(BEFORE))
    assert {name: entry["value"] for name, entry in read.items()} == {name: row.value for name, row in BEFORE.items()}
    assert read["cuda-fp32-matmul"]["source"] == "one GPU"
