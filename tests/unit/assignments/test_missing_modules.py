"""What stands behind an import that does not work."""

from __future__ import annotations

import pytest

from assignments.missing_modules import stopped_import


@pytest.mark.parametrize(
    ("source", "line", "module", "statement", "rest"),
    [
        ("import seaborn as sns\nimport math", 1, "seaborn", "import seaborn as sns", "import math"),
        ("import seaborn; import math\nx = 1", 1, "seaborn", "import seaborn", "import math\nx = 1"),
        (
            "import seaborn as sns, numpy as np\n%matplotlib inline",
            1,
            "seaborn",
            "import seaborn as sns, numpy as np",
            "import numpy as np\n%matplotlib inline",
        ),
        ("x = 1\nfrom a.b import (\n    c,\n    d,\n)\n!ls\ny = 2", 3, "a", "from a.b import c, d", "!ls\ny = 2"),
        (
            "from torch.utils.tensorboard import SummaryWriter\nx = 1",
            1,
            "tensorboard",
            "from torch.utils.tensorboard import SummaryWriter",
            "x = 1",
        ),
    ],
)
def test_the_rest_of_the_cell(source: str, line: int, module: str, statement: str, rest: str) -> None:
    stopped = stopped_import(source, line, module)
    assert stopped is not None
    assert (stopped.statement, stopped.rest) == (statement, rest)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("import seaborn", 1),
        ("import seaborn\n\n", 1),
        ("x = 1\nimport seaborn", 1),
        ("def f():\n    import seaborn\nf()\nx = 1", 3),
        ("try:\n    import seaborn\nfinally:\n    x = 1\ny = 2", 2),
        ("%%time\nimport seaborn\nx = 1", 2),
        ("import (\nx = 1", 1),
        ("", 1),
    ],
)
def test_nothing_where_nothing_is_behind_or_the_import_is_part_of_more(source: str, line: int) -> None:
    assert stopped_import(source, line, "seaborn") is None


def test_a_statement_that_would_come_again_is_not_kept() -> None:
    """Several modules, and the one that is missing is none of them: which of them needs it is not known."""
    stopped = stopped_import("import a, b\nx = 1", 1, "hidden")
    assert stopped is not None
    assert stopped.rest == "x = 1"
