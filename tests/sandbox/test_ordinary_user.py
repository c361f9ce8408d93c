"""The jail of a worker that is an ordinary user without any privilege; tried even when the tests run as root."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker.environments import Environment
from worker.sandbox.installation import find_installation
from worker.sandbox.warm.pool import Pool

from .conftest import ROOT

UID = "1000"
SCRIPT = """
import asyncio, json, os, sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from nbformat.v4 import new_code_cell
from assignments.asking import Call
from worker.contract import Limits
from worker.environments import Environment
from worker.kernels.session import NotebookSession, SessionSpec
from worker.sandbox.probe import probe
from worker.sandbox.warm.pool import POOLS
from tests.support.kernel_values import call_all

CELLS = [
    "import os, numpy as np\\ndef f(x): return 2 * x",
    "print(os.getuid(), os.path.exists(%r))" % sys.argv[1],
    "x = bytearray(40 * 10**9)",
    "import time\\nx = []\\nwhile True: x.append(bytearray(10 << 20)); time.sleep(0.02)",
]

async def main():
    environment = Environment("course", Path(sys.argv[2]), ("numpy", "torch"))
    pool = POOLS.keep_warm(environment) if sys.argv[3] == "forked" else None
    assert pool is None or pool.wait(180, 1), pool.trouble
    limits = Limits(memory_mib=300, cell_s=60, scratch_mib=16, processes=30)
    told = {"uid": os.getuid(), "statuses": [], "layers": {}}
    async with NotebookSession(SessionSpec(environment, limits)) as session:
        for index, source in enumerate(CELLS):
            if index == 3:
                told["reply"] = (await call_all(session, [Call("f", (21,))]))[0].value
            cell = new_code_cell(source)
            told["statuses"].append((await session.run_cell(cell, index)).status)
            if index == 1:
                told["seen"] = cell.outputs[0].text
        told["reason"] = session.death_reason
    async with NotebookSession(SessionSpec(environment, replace(limits, cell_s=1))) as session:
        told["statuses"].append((await session.run_cell(new_code_cell("while True: pass"), 0)).status)
    told["forked"] = 0 if pool is None else pool.taken
    POOLS.stop()
    told["layers"] = {layer.name: layer.ok or layer.need == "preferred" for layer in probe(environment)}
    print(json.dumps(told))

asyncio.run(main())
"""
# the interpreters may lie in root's home, which nobody else can enter: in a mount namespace of its own, they can
ENTER = """
set -e
mount -t tmpfs -o mode=755 none /mnt
for folder in "$@"; do
    mkdir -p "/mnt$folder"
    mount --bind "$folder" "/mnt$folder"
done
for folder in "$@"; do
    case "$folder" in /root/*) roots="$roots $folder" ;; esac
done
if [ -n "$roots" ]; then
    mount -t tmpfs -o mode=755 none /root
    for folder in $roots; do mkdir -p "$folder"; mount --bind "/mnt$folder" "$folder"; done
fi
cd /
exec setpriv --reuid="$UID_WANTED" --regid="$UID_WANTED" --clear-groups --inh-caps=-all --bounding-set=-all \\
    env -i PATH=/usr/bin:/bin HOME="$HOME_WANTED" "$PYTHON" -c "$SCRIPT" "$ROOT" "$INTERPRETER" "$STARTER"
"""


def test_the_jail_of_an_ordinary_user_holds(environment: Environment, starter: Pool | None, tmp_path: Path) -> None:
    how = "cold" if starter is None else "forked"
    home = tmp_path / "home"
    home.mkdir()
    if os.geteuid() == 0:
        os.chown(home, int(UID), int(UID))
        for folder in (home, *home.parents):
            if str(folder).startswith("/tmp/") and folder.stat().st_uid == 0:
                folder.chmod(folder.stat().st_mode | 0o111)
        needed = {sys.base_prefix, sys.prefix, str(environment.interpreter.parent.parent), str(ROOT)}
        needed |= {str(place) for place, _ in find_installation(environment.interpreter).mounts}
        told = _as_another(sorted(needed), environment, home, how)
    else:
        told = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(ROOT), str(environment.interpreter), how],
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
    assert told.returncode == 0, told.stderr[-3000:]
    seen = json.loads(told.stdout)
    assert seen["uid"] != 0
    assert seen["statuses"] == ["ok", "ok", "error", "died", "timeout"]
    assert seen["seen"].split() == ["1000", "False"]
    assert seen["reply"] == 42
    assert seen["reason"].startswith("out of memory: used")
    assert all(seen["layers"].values())
    assert seen["forked"] == (0 if starter is None else 2)


def _as_another(needed: list[str], environment: Environment, home: Path, how: str) -> subprocess.CompletedProcess[str]:
    variables = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "UID_WANTED": UID,
        "HOME_WANTED": str(home),
        "PYTHON": sys.executable,
        "SCRIPT": SCRIPT,
        "ROOT": str(ROOT),
        "INTERPRETER": str(environment.interpreter),
        "STARTER": how,
        "roots": "",
    }
    made = subprocess.run(
        ["unshare", "--mount", "sh", "-c", ENTER, "sh", *needed],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env=variables,
    )
    if made.returncode != 0 and "unshare" in made.stderr:
        pytest.skip("this machine does not let root make a mount namespace")
    return made
