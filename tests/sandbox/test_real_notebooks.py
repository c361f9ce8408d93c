"""Notebooks as people really wrote them: for Colab, for an older NumPy, with data to be fetched."""

import numpy as np

from assignments.asking import Call, Got

from .conftest import Runner


def test_a_drive_that_is_mounted_is_the_working_folder(run: Runner) -> None:
    ran = run(
        "from google.colab import drive\ndrive.mount('/content/drive')",
        "open('/content/drive/MyDrive/notes.txt', 'w').write('kept')\nopen('/content/notes.txt').read()",
        "from google.colab import files\nfiles.upload()\nfiles.download('notes.txt')",
        "%cd /content\n!ls",
    )
    assert ran.statuses == ["ok"] * 4
    assert "There is no Drive here" in ran.text(0)
    assert "kept" in ran.text(1)
    assert "notes.txt" in ran.text(3)


def test_names_that_numpy_removed_still_work_and_say_so(run: Runner) -> None:
    ran = run(
        "import numpy as np\nprint(np.product([2, 3]), np.float(1), np.Inf, np.math.factorial(4), np.alltrue([True]))",
        "print(np.matlib.repmat(np.eye(1), 1, 2).shape)",
        "np.no_such_thing",
    )
    assert ran.statuses == ["ok", "ok", "error"]
    assert "6 1.0 inf 24 True" in ran.text(0)
    assert "`np.product` no longer exists in NumPy; `np.prod` is used" in ran.text(0)
    assert "(1, 2)" in ran.text(1)
    assert "AttributeError" in ran.summaries[2].error


def test_shell_commands_that_only_fetch_or_install_do_nothing_quietly(run: Runner) -> None:
    ran = run("!wget -q https://example.org/data.npy\n!pip install torch | tail -1\n%pip install numpy", "x = 1")
    assert ran.statuses == ["ok", "ok"]
    assert "no network here" in ran.text(0)


def test_modules_that_a_cell_wrote_can_be_imported(run: Runner) -> None:
    ran = run("%%writefile helper.py\ndef double(x): return 2 * x", "from helper import double\ndouble(4)")
    assert ran.statuses == ["ok", "ok"]
    assert "8" in ran.text(1)


def test_numbers_of_other_libraries_arrive_as_numbers(run: Runner) -> None:
    ran = run(
        "from decimal import Decimal\nfrom fractions import Fraction\nimport numpy as np",
        "def third(): return Fraction(1, 4)\ndef tenth(): return [Decimal('0.1')]",
        "def layers():\n"
        "    kept = np.empty((2, 2), dtype=object)\n"
        "    for index in np.ndindex(2, 2): kept[index] = np.full(2, sum(index))\n"
        "    return kept",
        calls=[Call("third"), Call("tenth"), Call("layers")],
    )
    assert ran.replies[:2] == [Got(0.25), Got([0.1])]
    kept = ran.replies[2]
    assert isinstance(kept, Got)
    np.testing.assert_array_equal(np.array(kept.value), [[[0, 0], [1, 1]], [[1, 1], [2, 2]]])
