from __future__ import annotations

import pytest

from grader.leaderboard.errors import NicknameRefused
from grader.leaderboard.names import cleaned, folded
from grader.text import one_line


def test_nothing_in_a_line_turns_the_text_around_or_hides_in_it() -> None:
    assert one_line("Deep \u202egninraeL\u202c 2026") == "Deep gninraeL 2026"
    assert one_line("\u2067a\u2069\u200e\u061cb\ufeff\u200b") == "ab"
    assert one_line(" a\tb\n c\x00d ") == "a b c d"
    assert one_line("می\u200cخواهم") == "می\u200cخواهم"


@pytest.mark.parametrize("name", ["Аda", "Adа Lovelace", "ρaul", "sаm"])
def test_letters_of_two_scripts_do_not_make_one_name(name: str) -> None:
    with pytest.raises(NicknameRefused, match="one script"):
        cleaned(name)


def test_names_that_look_the_same_are_the_same() -> None:
    assert folded("сара") == folded("capa")
    assert folded("Sam") == folded("sám")
    assert folded("Борис") != folded("Bopuc!")


@pytest.mark.parametrize("name", ["Борис", "Ωmega".replace("mega", "μέγα"), "東京タワー", "Łódź 7", "O'Neil-Smith"])
def test_any_one_script_is_welcome(name: str) -> None:
    assert cleaned(name) == name


def test_a_nickname_with_a_direction_in_it_is_refused() -> None:
    with pytest.raises(NicknameRefused):
        cleaned("abc\u202edef")
