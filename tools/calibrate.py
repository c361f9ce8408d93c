"""Measures how far right answers differ by device, and keeps it where the comparators look:

    python -m tools.calibrate --device cuda      # on a machine with a GPU and the CUDA build of PyTorch
    python -m tools.calibrate --device cpu --dry-run

Rows of the other device stay as they are; of this one the worst of all times stays, so that several machines can
be measured one after the other (`--anew` begins afresh).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reference.comparators.devices import TOPIC
from reference.frozen import FOLDER, FrozenValue, frozen_values
from worker.environments import load_environments

ROOT = Path(__file__).resolve().parent.parent
LONGEST_S = 1800
HEAD = """\
# Worst differences of operations in float32 from double precision, each relative to the largest entry of the result.
# Written by `python -m tools.calibrate`; reference/comparators/devices.py says how they are used. A device without rows
# has never been measured: its documented default is used.
"""


def measure(interpreter: Path, device: str, repeats: int) -> dict[str, Any]:
    """What tools/reference_operations.py tells. Ends the program where it cannot run."""
    command = [str(interpreter), "-I", str(ROOT / "tools" / "reference_operations.py"), device, str(repeats)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        sys.exit(f"{interpreter} cannot measure on {device!r}: {last}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def merged(
    before: Mapping[str, FrozenValue], rows: Mapping[str, float], device: str, source: str, *, anew: bool
) -> dict[str, FrozenValue]:
    kept = {name: row for name, row in before.items() if not (anew and name.startswith(f"{device}-"))}
    for name, worst in rows.items():
        if name not in kept or worst > kept[name].value:
            kept[name] = FrozenValue(name, worst, "", source)
    return dict(sorted(kept.items()))


def as_toml(rows: Mapping[str, FrozenValue]) -> str:
    tables = [f"[{name}]\nvalue = {row.value!r}\nsource = {json.dumps(row.source)}\n" for name, row in rows.items()]
    return "\n".join([HEAD, *tables])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cpu", "cuda"), required=True)
    parser.add_argument("--environment", default="course", help="of environments.toml")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--anew", action="store_true", help="forget what was measured of this device before")
    parser.add_argument("--dry-run", action="store_true", help="print, and write nothing")
    options = parser.parse_args()
    interpreter = load_environments(ROOT / "environments.toml")[options.environment].interpreter
    told = measure(interpreter, options.device, options.repeats)
    facts = " ".join(str(part) for part in told["facts"].values() if part)
    source = f"{facts}, {options.repeats} repeats, {datetime.now(UTC):%Y-%m-%d}"
    for name, worst in sorted(told["rows"].items()):
        print(f"{name:34} {worst:.2e}")
    if not options.dry_run:
        text = as_toml(merged(frozen_values(TOPIC), told["rows"], options.device, source, anew=options.anew))
        (FOLDER / f"{TOPIC}.toml").write_text(text, encoding="utf-8")
        print(f"written: {FOLDER / f'{TOPIC}.toml'}")


if __name__ == "__main__":
    main()
