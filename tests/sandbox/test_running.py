"""Ordinary notebooks behave in the jail as they do at home."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from assignments.asking import Call, Got, KernelGone, Missing, NotCallable, Raised, TimedOut, Uncarried
from reference.plain import Opaque, TensorValue
from tests.support.kernel_values import call_all
from worker.environments import Environment
from worker.kernels.errors import KernelStartError
from worker.kernels.session import NotebookSession, SessionSpec

from .conftest import ROOT, Runner


def test_outputs_and_errors_are_left_in_the_cells(run: Runner) -> None:
    ran = run("print('a'); 2 + 3", "1 / 0", "print('still here')")
    assert ran.statuses == ["ok", "error", "ok"]
    assert ran.summaries[1].error == "ZeroDivisionError: division by zero"
    assert ran.text(0).split() == ["a", "5"]
    assert "still here" in ran.text(2)


def test_markdown_and_empty_cells_cost_nothing(spec: SessionSpec) -> None:
    async def scenario() -> list[str]:
        async with NotebookSession(spec) as session:
            cells = [new_markdown_cell("# Title"), new_code_cell("   \n")]
            return [(await session.run_cell(cell, i)).status for i, cell in enumerate(cells)]

    assert asyncio.run(scenario()) == ["ok", "ok"]


def test_syntax_error_wrong_indent_and_top_level_await(run: Runner) -> None:
    ran = run("def f(:", "  x = 1\n  x", "import asyncio\nawait asyncio.sleep(0.01)\n7", "x = 5")
    assert ran.statuses == ["error", "ok", "ok", "ok"]  # IPython itself removes the leading indent
    assert ran.summaries[0].error.startswith("SyntaxError")
    assert "7" in ran.text(2)


def test_plots_are_shown_and_the_fonts_are_not_searched_again(run: Runner) -> None:
    ran = run(
        "%matplotlib inline\nimport logging; logging.basicConfig(level='INFO')\nimport matplotlib.pyplot as plt",
        "plt.plot([1, 2]); plt.title('t'); plt.show()",
        "import glob, os, matplotlib\nfor path in glob.glob(matplotlib.get_cachedir() + '/fontlist*'):\n"
        "    print(os.statvfs(path).f_flag & os.ST_RDONLY)",
    )
    assert ran.statuses == ["ok", "ok", "ok"]
    assert ran.text(2).strip() == "1"  # the list that it was given; one of its own could be written
    assert any("image/png" in output.get("data", {}) for output in ran.cells[1].outputs)
    shown = ran.text(0) + ran.text(1)
    assert "font" not in shown.lower()
    assert "warning" not in shown.lower()


@pytest.mark.parametrize(
    "line",
    ["!wget http://example.org/x", "!pip install torch", "%pip install torch", "!apt-get -y install x", "!git clone x"],
)
def test_fetching_and_installing_say_that_there_is_no_network(run: Runner, line: str) -> None:
    ran = run(line, "print(_exit_code if '_exit_code' in globals() else 0)")
    assert "[grader] no network here" in ran.text(0)
    assert ran.statuses == ["ok", "ok"]
    assert ran.text(1).strip() == "0"


def test_shell_commands_show_their_output(run: Runner) -> None:
    ran = run("!echo one; echo two >&2", "files = !ls -a\nfiles")
    assert "one" in ran.text(0)
    assert "two" in ran.text(0)
    assert "'.'" in ran.text(1)


def test_what_programs_write_last_belongs_to_their_cell(run: Runner) -> None:
    ran = run(*(f"import os; _ = os.system('echo {number}')" for number in range(30)))
    assert [ran.text(number).strip() for number in range(30)] == [str(number) for number in range(30)]


def test_course_files_are_in_the_working_folder_and_cannot_be_changed(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1,2\n")
    (tmp_path / "x.csv").chmod(0o600)
    files = {"x.csv": tmp_path / "x.csv", "data/y.csv": tmp_path / "x.csv"}
    ran = run("open('x.csv').read(), open('data/y.csv').read()", "open('x.csv', 'w')", data_files=files)
    assert ran.statuses == ["ok", "error"]
    assert ran.text(0).count("1,2") == 2
    assert (tmp_path / "x.csv").read_text() == "1,2\n"


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", ""])
def test_course_files_cannot_be_put_elsewhere(run: Runner, tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(ValueError, match="below the working folder"):
        run("1", data_files={name: tmp_path / "x"})


def test_the_user_has_a_name_and_a_home(run: Runner) -> None:
    ran = run("import getpass, os, pathlib, socket, tempfile\ngetpass.getuser(), str(pathlib.Path.home())")
    assert "('student', '/home/student')" in ran.text(0)


def test_a_cell_that_takes_too_long_is_stopped_and_later_cells_run(run: Runner) -> None:
    # the first error of a kernel takes longer to show
    ran = run("x = 1\n1 / 0", "import time\nfor i in range(1000): time.sleep(0.1)", "x += 1\nx", cell_s=2)
    assert ran.statuses == ["error", "timeout", "ok"]
    assert ran.text(2).strip() == "2"


def test_a_top_level_await_that_takes_too_long_is_stopped(run: Runner) -> None:
    # it is caught, because what shows such an error takes its time
    source = "import asyncio\ntry: await asyncio.sleep(100)\nexcept asyncio.CancelledError: print('stopped')"
    ran = run(source, "1", cell_s=2)
    assert ran.statuses == ["timeout", "ok"]
    assert ran.text(0).strip() == "stopped"


def test_the_whole_notebook_has_a_time_limit(run: Runner) -> None:
    ran = run("import time; time.sleep(100)", "1", calls=[Call("f")], wall_s=1.5)
    assert ran.statuses == ["timeout", "skipped"]
    assert ran.reason == "the notebook used its whole time of 2 s"
    assert ran.replies == [KernelGone(ran.reason)]


def test_exit_in_a_cell_does_not_end_the_run(run: Runner) -> None:
    ran = run("exit()", "quit()", "raise SystemExit", "40 + 2")
    assert ran.statuses[-1] == "ok"
    assert "42" in ran.text(3)


def test_input_fails_and_does_not_wait(run: Runner) -> None:
    ran = run("input('name?')")
    assert ran.summaries[0].error.startswith("StdinNotImplementedError")


def test_a_progress_bar_leaves_one_line(run: Runner) -> None:
    ran = run("for i in range(20000): print(f'\\r{i}%', end='')\nprint()")
    assert ran.text(0).strip() == "19999%"


def test_long_output_is_cut_and_says_so(run: Runner) -> None:
    ran = run("for i in range(30000): print('line', i)", "print('next')")
    assert ran.statuses == ["ok", "ok"]
    assert "was cut" in ran.text(0)
    assert len(ran.text(0)) < 201_000
    assert "next" in ran.text(1)


def test_values_of_every_kind_come_back(run: Runner) -> None:
    ran = run(
        "import numpy as np\na = np.arange(6.).reshape(2, 3).T\nb = [1, 2.5, (True, None)]\nc = {'k': 1j, 2: b'x'}",
        "n = 10**50\nnan = float('nan')\nf = lambda: 1\nd = np.float32(2)\ns = np.array(['p', 'qq'])",
        names=["a", "b", "c", "n", "nan", "f", "d", "s", "nothing"],
    )
    a, b, c, n, nan, f, d, s, nothing = ran.replies
    assert isinstance(a, Got)
    np.testing.assert_array_equal(a.value, np.arange(6.0).reshape(2, 3).T)
    assert b == Got([1, 2.5, (True, None)])
    assert c == Got({"k": 1j, 2: b"x"})
    assert n == Got(10**50)
    assert isinstance(nan, Got)
    assert np.isnan(nan.value)
    assert isinstance(f, Got)
    assert f.value == Opaque("function", True) or (f.value.type_name, f.value.is_callable) == ("function", True)
    assert isinstance(d, Got)
    assert (d.value.dtype, d.value.shape) == (np.float32, ())
    assert isinstance(s, Got)
    assert s.value.tolist() == ["p", "qq"]
    assert nothing == Missing("nothing")


def test_a_list_of_arrays_that_numpy_made_an_array_of_objects_is_a_list(run: Runner) -> None:
    ran = run(
        "import numpy as np\nlayers = np.empty(2, dtype=object)\nlayers[:] = [np.ones((2, 3)), np.zeros(2)]",
        "table = np.array([[1, None], [2, 'x']], dtype=object)\nitself = np.empty(1, dtype=object); itself[0] = itself",
        names=["layers", "table", "itself"],
    )
    layers, table, itself = ran.replies
    assert isinstance(layers, Got)
    assert isinstance(layers.value, list)
    assert [entry.shape for entry in layers.value] == [(2, 3), (2,)]  # type: ignore[union-attr]
    assert table == Got([[1, None], [2, "x"]])
    assert itself == Uncarried(
        "The value of itself cannot be read: it is nested more than 32 levels deep, or contains itself."
    )


def test_tensors_come_back_and_go_in(run: Runner) -> None:
    ran = run(
        "import torch\nt = torch.ones(2, 3, requires_grad=True)\nh = torch.tensor([1.5], dtype=torch.bfloat16)",
        "def double(x):\n    assert isinstance(x, torch.Tensor) and x.requires_grad\n    return 2 * x",
        calls=[Call("double", (TensorValue(np.array([[1.0, 2.0]]), True),))],
        names=["t", "h"],
    )
    doubled, t, h = (reply.value for reply in ran.replies)  # type: ignore[union-attr]
    np.testing.assert_array_equal(doubled.array, [[2.0, 4.0]])
    assert doubled.array.dtype == np.float64
    assert (t.array.shape, t.requires_grad, t.device) == ((2, 3), True, "cpu")
    assert (h.array.dtype, h.array.tolist()) == (np.float32, [1.5])


def test_calls_reply_in_order_whatever_happens_in_them(run: Runner) -> None:
    ran = run(
        "import time\ndef square(x): return x * x\ndef bad(x):\n    return x.nothing",
        "def slow(): time.sleep(60)\nv = 3",
        calls=[Call("square", (3,)), Call("bad", (1,)), Call("slow"), Call("Squar"), Call("v"), Call("square", (4,))],
        call_s=2,
    )
    assert ran.replies == [
        Got(9),
        Raised("AttributeError", "'int' object has no attribute 'nothing'", "return x.nothing"),
        TimedOut(2),
        Missing("Squar", ("square",)),
        NotCallable("v", "int"),
        Got(16),
    ]


def test_a_call_sees_its_variables_and_given_functions_and_leaves_no_trace(run: Runner) -> None:
    ran = run(
        "K = 1\ndef f(x): return K * indicator(x)",
        calls=[
            Call(
                "f",
                (2,),
                variables={"K": 10},
                given="def indicator(x):\n    return helper(x)\ndef helper(x): return -x",
            )
        ],
        names=["K", "indicator", "helper"],
    )
    assert ran.replies == [Got(-20), Got(1), Missing("indicator"), Missing("helper")]


def test_calls_do_not_change_random_numbers_output_or_figures_of_the_notebook(spec: SessionSpec) -> None:
    seeds = "import random, numpy as np, torch\nrandom.seed(1); np.random.seed(1); _ = torch.manual_seed(1)"
    noisy = (
        "import matplotlib.pyplot as plt\n"
        "def noisy():\n"
        "    print('loud'); plt.plot([1]); plt.show(); display(1); plt.plot([2])\n"
        "    return random.random() + np.random.rand() + float(torch.rand(()))"
    )
    draw = "print(random.random(), np.random.rand(), torch.rand(()))"

    async def scenario(asking: bool) -> str:
        async with NotebookSession(spec) as session:
            cells = [new_code_cell(source) for source in (seeds, noisy, draw)]
            for index, cell in enumerate(cells):
                if index == 2 and asking:
                    (reply,) = await call_all(session, [Call("noisy")])
                    assert isinstance(reply, Got), reply
                await session.run_cell(cell, index)
            return str([output for cell in cells for output in cell.outputs])

    assert asyncio.run(scenario(True)) == asyncio.run(scenario(False))


def test_every_call_of_many_begins_with_the_random_numbers_that_the_notebook_left(run: Runner) -> None:
    drawing = "def draw():\n    return random.random() + np.random.rand()"
    late = "def late():\n    import torch\n    return float(torch.rand(())) + draw()"
    seeds = "import random, numpy as np\nrandom.seed(1); np.random.seed(1)"
    calls = [Call("draw"), Call("draw"), Call("late"), Call("late"), Call("late"), Call("draw")]
    ran = run(seeds, drawing, late, calls=calls)
    first, second, _, one, two, last = (reply.value for reply in ran.replies if isinstance(reply, Got))
    assert first == second == last
    assert one == two  # a generator that came in with the call before is kept too


def test_a_called_function_may_print_as_much_as_it_likes(run: Runner) -> None:
    ran = run("def f():\n    for _ in range(60): print('x' * (1 << 20))\n    return 1", calls=[Call("f")] * 4)
    assert ran.replies == [Got(1)] * 4
    assert ran.reason == ""


def test_arguments_changed_in_place_are_reported_and_are_copies(run: Runner) -> None:
    array = np.zeros(3)
    ran = run(
        "def f(x, y, z):\n    y[0] = 9\n    return y", calls=[Call("f", (1, array, [1])), Call("f", (1, array, [1]))]
    )
    for reply in ran.replies:
        assert isinstance(reply, Got)
        assert reply.changed_arguments == (1,)
    assert array.tolist() == [0, 0, 0]


def test_the_student_is_shown_names_that_look_alike(run: Runner) -> None:
    ran = run("def ComputeLoss(): pass\ndef compute_los_(): pass\ncompute_loss_value = 1", calls=[Call("compute_loss")])
    assert ran.replies == [Missing("compute_loss", ("ComputeLoss", "compute_los_"))]


def test_a_name_that_was_cut_short_or_made_longer_looks_alike_too(run: Runner) -> None:
    calls = [Call("normal_distribution"), Call("distance")]
    ran = run(
        "def normal_dist(): pass\ndef distance_of(): pass\ndef norm(): pass\ndef distance_of_all_points(): pass",
        calls=calls,
    )
    assert ran.replies == [
        Missing("normal_distribution", ("normal_dist",)),
        Missing("distance", ("distance_of",)),
    ]


def test_memory_and_time_are_measured(run: Runner) -> None:
    ran = run(
        "x = bytearray(200 << 20)\nimport time\nt = time.process_time()\nwhile time.process_time() - t < 0.5: pass"
    )
    assert 200 < ran.usage.peak_memory_mib < 400
    assert 0.4 < ran.usage.cpu_seconds < 10


def test_an_environment_without_ipykernel_is_a_start_error_that_says_so(spec: SessionSpec) -> None:
    plain = Environment("plain", Path("/usr/bin/python3"))
    if not plain.interpreter.exists():
        pytest.skip("this machine has no Python of its own")

    async def scenario() -> None:
        async with NotebookSession(replace(spec, environment=plain)):
            pass

    with pytest.raises(KernelStartError, match="ModuleNotFoundError"):
        asyncio.run(scenario())


def test_a_cancelled_session_is_removed_too(spec: SessionSpec) -> None:
    async def scenario() -> None:
        async with NotebookSession(spec) as session:
            await session.run_cell(new_code_cell("import time; time.sleep(100)"), 0)

    async def cancelled_after(seconds: float) -> None:
        task = asyncio.create_task(scenario())
        await asyncio.sleep(seconds)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    for seconds in (0.02, 0.1, 1.0):  # while the jail, the kernel and the cell are started
        asyncio.run(cancelled_after(seconds))


def test_the_same_kernel_without_a_jail_runs_only_when_asked_for(spec: SessionSpec, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1,2")

    async def scenario() -> list[str]:
        wanted = replace(spec, unsafe=True, data_files={"x.csv": tmp_path / "x.csv"})
        async with NotebookSession(wanted) as session:
            cell = new_code_cell(f"import os; print(open('x.csv').read(), os.path.exists({str(ROOT)!r}))")
            await session.run_cell(cell, 0)
            return str(cell.outputs[0].text).split()

    assert asyncio.run(scenario()) == ["1,2", "True"]


def test_a_function_that_does_not_end_is_waited_for_once_in_a_series_of_calls(run: Runner) -> None:
    ran = run(
        "begun = []\ndef stuck(x):\n    begun.append(x)\n    while True: pass\ndef fine(x): return x",
        calls=[Call("stuck", (1,)), Call("stuck", (2,)), Call("stuck", (3,)), Call("fine", (4,))],
        names=["begun"],
        call_s=2,
    )
    assert ran.replies[:4] == [TimedOut(2), TimedOut(2), TimedOut(2), Got(4)]
    assert ran.replies[4] == Got([1])
