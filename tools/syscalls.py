"""`python -m tools.syscalls`: which system calls notebooks make that the sandbox's policy refuses.

Runs each notebook in the real jail with a filter that lets such calls through and counts them. What it names can be
added to `also_allow` in the file that GRADER_SANDBOX_POLICY names. Only for notebooks that you trust.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

from assignments.notebooks import read_notebook
from worker.contract import Limits
from worker.environments import Environment, load_environments
from worker.gpu.use import environment_for
from worker.kernels.session import NotebookSession, SessionSpec
from worker.sandbox.observing import Observer, observing

ROOT = Path(__file__).resolve().parent.parent
LIMITS = Limits(wall_s=3600, cell_s=1800, memory_mib=4096, scratch_mib=1024, output_mib=64, processes=256)


def observed(notebook: Path, environment: Environment, data: dict[str, Path], *, everything: bool) -> Counter[str]:
    """Call -> how often, of one notebook."""
    observer = Observer(everything=everything, gpu=environment.gpu is not None)
    with observing(observer):
        asyncio.run(_run(notebook, SessionSpec(environment, LIMITS, data)))
    return observer.counts


async def _run(notebook: Path, spec: SessionSpec) -> None:
    cells = [cell for cell in read_notebook(notebook.read_bytes()).cells if cell.cell_type == "code"]
    async with NotebookSession(spec) as session:
        for index, cell in enumerate(cells):
            summary = await session.run_cell(cell, index)
            if summary.status != "ok":
                print(f"{notebook}: cell {index + 1}: {summary.status} {summary.error}", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, help="a folder with the course files that the notebooks read")
    parser.add_argument("--environment", help="its name in environments.toml (default: the first)")
    parser.add_argument("--environments-file", type=Path, default=ROOT / "environments.toml")
    parser.add_argument(
        "--gpu", action="store_true", help="with a GPU of this machine, as for assignments that want one"
    )
    parser.add_argument("--everything", action="store_true", help="also the calls that the policy allows; slow")
    parser.add_argument("--json", action="store_true", dest="as_json", help="one object: call -> how often")
    options = parser.parse_args()
    environments = load_environments(options.environments_file)
    environment = environments[options.environment] if options.environment else next(iter(environments.values()))
    environment = environment_for(environment, "gpu" if options.gpu else "cpu")
    files = [path for path in sorted(options.data.rglob("*")) if path.is_file()] if options.data else []
    data = {str(path.relative_to(options.data)): path for path in files}
    total: Counter[str] = Counter()
    for notebook in options.notebooks:
        counts = observed(notebook, environment, data, everything=options.everything)
        total += counts
        if not options.as_json:
            print(f"{notebook}: {', '.join(f'{name} ({n})' for name, n in sorted(counts.items())) or 'none'}")
    if options.as_json:
        print(json.dumps(dict(sorted(total.items()))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
