"""Execute notebooks with nbclient as it comes, each in a new kernel; one JSON line for each.

execute_notebooks.py FILES..., run by nbclient's own environment: {"seconds": float, "text": what the cells printed}.
The executed notebook is written beside the submitted one, as a grader would have to.
"""

import json
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

CELL_LIMIT_S = 300

for name in sys.argv[1:]:
    began = time.perf_counter()
    notebook = nbformat.read(name, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=CELL_LIMIT_S, kernel_name="python3").execute()
    nbformat.write(notebook, Path(name).with_suffix(".executed.ipynb"))  # type: ignore[no-untyped-call]
    seconds = time.perf_counter() - began
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    text = "".join(output.text for output in outputs if output.output_type == "stream")
    print(json.dumps({"seconds": seconds, "text": text}), flush=True)
