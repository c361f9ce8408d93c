"""The code cells of one notebook in a plain Python: what no grader can be quicker than. One JSON line.

bare_cells.py FILE, run by the students' Python: {"seconds": float, "text": what the cells printed}. The libraries
that the cells import are imported before the clock starts.
"""

import contextlib
import importlib
import io
import json
import re
import sys
import time
from pathlib import Path

cells = [cell for cell in json.loads(Path(sys.argv[1]).read_text())["cells"] if cell["cell_type"] == "code"]
sources = ["".join(cell["source"]) for cell in cells]
for module in re.findall(r"^(?:import|from) ([\w.]+)", "\n".join(sources), flags=re.MULTILINE):
    importlib.import_module(module)

printed = io.StringIO()
names: dict[str, object] = {"__name__": "__main__"}
began = time.perf_counter()
with contextlib.redirect_stdout(printed):
    for source in sources:
        exec(compile(source, "cell", "exec"), names)  # noqa: S102 - notebooks of this repository
seconds = time.perf_counter() - began
print(json.dumps({"seconds": seconds, "text": printed.getvalue()}))
