from __future__ import annotations

import pytest

from grader.db.base import new_id
from grader.db.types import clean_text
from grader.submissions.intake import clean_filename


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("mine.ipynb", "mine.ipynb"),
        ("C:\\Users\\ada\\mine.ipynb", "mine.ipynb"),
        ("../../etc/passwd", "passwd"),
        ("", "notebook.ipynb"),
        ("   ", "notebook.ipynb"),
        ("a\r\nSet-Cookie: x.ipynb", "aSet-Cookie: x.ipynb"),
        ("evil\u202egnp.ipynb", "evilgnp.ipynb"),
        ("übung 1.ipynb", "übung 1.ipynb"),
        ("nul\x00.ipynb", "nul.ipynb"),
    ],
)
def test_a_file_name_is_fit_to_be_shown(given: str, shown: str) -> None:
    assert clean_filename(given) == shown


def test_a_long_file_name_is_cut() -> None:
    assert len(clean_filename("x" * 5000)) == 150


def test_text_for_the_database_has_no_nul_and_no_half_characters() -> None:
    assert clean_text("a\x00b\ud83dc") == "a\ufffdb?c"
    assert clean_text("ünïcode 😀") == "ünïcode 😀"


def test_ids_made_later_sort_later_and_none_is_made_twice() -> None:
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert [i[:13] for i in ids] == sorted(i[:13] for i in ids)
    assert {i[14] for i in ids} == {"7"}
    assert {i[19] for i in ids} <= set("89ab")
