"""A forked kernel shows what a kernel started from nothing shows, cell for cell."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
from nbformat import NotebookNode

from worker.kernels.session import SessionSpec
from worker.sandbox.warm.pool import Pool

from .conftest import run_in

pytestmark = pytest.mark.parametrize("starter", ["forked"], indirect=True)

CORPUS = {
    "values": ["1 + 1", "_ + 1", "x = 5", "x", "None", "'a\\nb'", "print('a', end='')", "x; x", "x;"],
    "display": [
        "from IPython.display import HTML, Markdown, Latex, display, clear_output",
        "display(1, 'two'); display(HTML('<b>x</b>'), metadata={'a': 1})",
        "h = display('first', display_id='d'); h.update('second')",
        "print('gone'); clear_output(); print('kept')",
        "class R:\n    def _repr_html_(self): return '<i>r</i>'\nR()",
        "class Bad:\n    def __repr__(self): raise ValueError('no')\nBad()",
        "Markdown('# t'), Latex('$x$')",
    ],
    "errors": [
        "1 / 0",
        "def f(x):\n    return x.missing",
        "f(1)",
        "def g(:",
        "  y = 1\n  y",
        "raise SystemExit",
        "raise KeyboardInterrupt",
        "assert 1 == 2, 'no'",
        "import sys; sys.exit(3)",
        "exec('1 +')",
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('second') from e",
        "import warnings; warnings.warn('careful')",
        "undefined_name",
    ],
    "magics": [
        "%who",
        "%pwd",
        "a = 3",
        "%who",
        "%%capture out\nprint('hidden')",
        "out.stdout",
        "%%writefile m.py\nvalue = 42",
        "import m; m.value",
        "%run m.py",
        "value",
        "!echo shell",
        "lines = !printf 'a\\nb'\nlines",
        "%%bash\necho bash $((1 + 1))",
        "%cd /tmp\n%pwd",
        "%env LANG",
        "%lsmagic\nNone",
        "%xmode Plain\n1 / 0",
        "%nosuchmagic",
        "%reset -f",
        "a",
        "%pip install torch",
        "print?",
        "len??",
    ],
    "interpreter": [
        "import sys, os, __main__",
        "sys.argv, sys.path, __name__, __main__.__name__",
        "os.getcwd(), os.getpid(), os.getuid(), sorted(os.environ.items())",
        "sys.stdin, type(sys.stdout).__name__, sys.flags.isolated, sys.executable",
        "os.listdir('.'), sorted(os.listdir('/')), sorted(os.listdir(os.path.expanduser('~')))",
        "open('x.txt', 'w').write('text')",
        "open('x.txt').read()",
        "import tempfile; tempfile.gettempdir()",
        "[i for i in range(3)], globals().get('_i'), In[-1], len(Out)",
        "get_ipython().__class__.__name__, get_ipython().execution_count",
        "sorted(name for name in dir() if not name.startswith('_'))",
        "import gc; gc.isenabled(), gc.get_threshold(), sys.getswitchinterval(), sys.getrecursionlimit()",
        "import signal; [(n, signal.getsignal(n)) for n in sorted(signal.valid_signals())]",
        "import resource as r\n[r.getrlimit(k) for k in (r.RLIMIT_AS, r.RLIMIT_NPROC, r.RLIMIT_NOFILE)]",
        "import logging; logging.warning('w'); logging.getLogger().level",
    ],
    "asynchronous": [
        "import asyncio",
        "await asyncio.sleep(0.01)\n'slept'",
        "async def f():\n    await asyncio.sleep(0)\n    return 7\nawait f()",
        "task = asyncio.create_task(f())",
        "await task",
        "asyncio.run(f())",
        "async for_ = 1",
    ],
    "processes and threads": [
        "import subprocess, sys, threading, multiprocessing, os, time",
        "subprocess.run(['echo', 'out'], capture_output=True, text=True).stdout",
        "subprocess.check_output([sys.executable, '-c', 'import numpy; print(numpy.arange(3))'], text=True)",
        "os.system('exit 3') >> 8",
        "done = []\nthreads = [threading.Thread(target=done.append, args=(i,)) for i in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]; sorted(done)",
        "t = threading.Thread(target=print, args=('from a thread',)); t.start(); t.join(); time.sleep(0.3)",
        "def square(x): return x * x\nwith multiprocessing.Pool(2) as pool:\n    print(pool.map(square, range(5)))",
        "from concurrent.futures import ProcessPoolExecutor\n"
        "with ProcessPoolExecutor(2) as pool: print(list(pool.map(square, range(3))))",
        "for _ in range(400):\n    pid = os.posix_spawn('/bin/true', ['true'], {}); os.waitpid(pid, 0)",
        "pid = os.fork()\nif pid == 0: os._exit(7)\nos.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])",
        "queue = multiprocessing.Queue(); p = multiprocessing.Process(target=queue.put, args=(5,)); p.start()\n"
        "print(queue.get(timeout=60)); p.join(); p.exitcode",
    ],
    "arrays": [
        "import numpy as np, scipy.stats, scipy.optimize",
        "np.random.seed(3); np.random.rand(3), np.random.default_rng(3).normal(size=2)",
        "np.linalg.inv(np.eye(3) * 4), np.linalg.svd(np.arange(6.).reshape(2, 3))[1]",
        "np.float32(1) / 3, np.arange(12).reshape(3, 4), np.get_printoptions()['precision']",
        "np.array([1., 2.]) / 0",
        "scipy.stats.norm.cdf(1.0), scipy.optimize.minimize(lambda x: (x[0] - 2) ** 2, [0.]).x.round(3)",
        "a = np.random.RandomState(0).rand(300, 300); b = a @ a; b.sum().round(6)",
        "import random; random.seed(1); random.random()",
        "np.seterr(all='raise'); np.float64(1) / 0",
    ],
    "figures": [
        "import matplotlib, matplotlib.pyplot as plt",
        "matplotlib.get_backend(), plt.get_fignums(), plt.rcParams['figure.figsize'], plt.rcParams['figure.dpi']",
        "plt.plot([1, 2, 3]); plt.title('t')",
        "fig, axes = plt.subplots(1, 2)\naxes[0].plot([1]); plt.show(); print('after')",
        "plt.imshow([[1, 2], [3, 4]]); plt.colorbar(); plt.savefig('x.png'); len(open('x.png', 'rb').read()) > 1000",
        "fig",
        "%matplotlib inline",
        "plt.hist([1, 2, 2])",
        "plt.get_fignums()",
    ],
    "torch": [
        "import torch, torch.nn as nn\nimport torch.nn.functional as F\n"
        "from torch.utils.data import DataLoader, TensorDataset",
        "torch.manual_seed(0); torch.rand(3), torch.randn(2, 2)",
        "x = torch.arange(4.).requires_grad_(); (x ** 2).sum().backward(); x.grad",
        "torch.get_num_threads(), torch.get_default_dtype(), torch.cuda.is_available(), torch.is_grad_enabled()",
        "torch.set_num_threads(2); (torch.ones(400, 400) @ torch.ones(400, 400)).sum()",
        "model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 3))\n"
        "data = TensorDataset(torch.randn(32, 1, 8, 8), torch.randint(0, 3, (32,)))\n"
        "optimiser = torch.optim.Adam(model.parameters(), lr=0.01)",
        "for batch, labels in DataLoader(data, batch_size=8):\n"
        "    optimiser.zero_grad(); loss = F.cross_entropy(model(batch), labels); loss.backward(); optimiser.step()\n"
        "round(loss.item(), 3)",
        "torch.manual_seed(1)\nsum(len(b) for b, _ in DataLoader(data, batch_size=8, num_workers=2, shuffle=True))",
        "model",
        "torch.tensor([1., 2.]) + torch.ones(3)",
    ],
}
INTERRUPTED = [
    "1 / 0  # the first error takes longer to show",
    "import time\nprint('begun')\nfor _ in range(100): time.sleep(0.1)",
    "print('still here')",
]


@pytest.mark.parametrize("name", CORPUS)
def test_a_corpus_of_cells_shows_the_same(spec: SessionSpec, name: str) -> None:
    cold, forked = both(spec, CORPUS[name])
    for source, ours, theirs in zip(CORPUS[name], forked, cold, strict=True):
        assert (source, ours) == (source, theirs)


def test_an_interrupted_cell_shows_the_same(spec: SessionSpec) -> None:
    cold, forked = both(replace(spec, limits=replace(spec.limits, cell_s=2)), INTERRUPTED)
    assert forked == cold
    assert [status for status, *_ in forked] == ["error", "timeout", "ok"]


def test_random_numbers_that_nobody_seeded_differ(spec: SessionSpec, starter: Pool) -> None:
    source = (
        "import random, numpy as np, torch, uuid, os, tempfile\n"
        "print(random.random(), np.random.rand(), torch.rand(()).item(), uuid.uuid4(), os.urandom(4), "
        "np.random.default_rng().random(), next(tempfile._get_candidate_names()))"
    )
    before = starter.taken
    shown = [asyncio.run(run_in(spec, [source])).text(0).split() for _ in range(3)]
    assert starter.taken == before + 3
    for drawn in zip(*shown, strict=True):
        assert len(set(drawn)) == 3


def both(spec: SessionSpec, sources: list[str]) -> tuple[list[Any], list[Any]]:
    """What the cells show in a kernel started from nothing, and in a forked one."""
    from_nothing = replace(spec, environment=replace(spec.environment, preload=()))
    shown = []
    for wanted in (from_nothing, spec):
        ran = asyncio.run(run_in(wanted, sources))
        pairs = zip(ran.summaries, ran.cells, strict=True)
        shown.append([(summary.status, plain(summary.error), outputs(cell)) for summary, cell in pairs])
    return shown[0], shown[1]


def outputs(cell: NotebookNode) -> list[Any]:
    """Everything but pictures, which may differ in a time stamp, and what is different in any two runs."""
    shown = []
    for output in cell.outputs:
        data = {kind: plain(str(value)) for kind, value in output.get("data", {}).items() if kind != "image/png"}
        picture = "image/png" in output.get("data", {})
        shown.append((output.output_type, plain(output.get("text", "")), data, picture, traceback_of(output)))
    return shown


def traceback_of(output: NotebookNode) -> str:
    return plain("\n".join(output.get("traceback", ())))


def plain(text: str) -> str:
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return re.sub(r"0x[0-9a-f]+|ipykernel_\d+", "…", text)
