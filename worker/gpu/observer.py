"""A process of its own that asks the driver, because a sick GPU can hold up whoever asks it: `-m worker.gpu.observer`.

Each line that it reads is the uuid of a GPU, or nothing for all; it answers each with one line of JSON. It ends when
nobody is left to ask.
"""

from __future__ import annotations

import json
import sys

from worker.gpu.discovery import GpuError


def main() -> None:
    from worker.gpu.nvml import Nvml

    nvml: Nvml | None = None
    for line in sys.stdin:
        try:
            nvml = nvml or Nvml()
            told: dict[str, object] = {"readings": [reading.to_json() for reading in nvml.read(line.strip())]}
        except GpuError as problem:
            told = {"error": str(problem)}
            nvml = None
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
