import nbformat
import pytest

from assignments.notebooks import NotebookRejected, read_notebook
from assignments.reseeding import reseeded


def notebook(*sources: str) -> bytes:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells)).encode()


def test_every_seed_that_is_a_number_is_shifted() -> None:
    data, found = reseeded(
        notebook("torch.manual_seed(1)\nnp.random.seed( 4 )", "rng = np.random.default_rng(7)\nx = f(3)"), 10
    )
    sources = [cell.source for cell in read_notebook(data).cells]
    assert found == 3
    assert sources == ["torch.manual_seed(11)\nnp.random.seed( 14 )", "rng = np.random.default_rng(17)\nx = f(3)"]


def test_seeds_without_a_number_and_other_functions_are_left() -> None:
    source = "np.random.seed()\nseed(n)\nreseeded(3)\nmy_seed = 5"
    data, found = reseeded(notebook(source), 10)
    assert found == 0
    assert read_notebook(data).cells[0].source == source


def test_what_is_no_notebook_is_refused() -> None:
    with pytest.raises(NotebookRejected):
        reseeded(b"no notebook", 1)
