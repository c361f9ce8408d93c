"""Example submissions and the comparison with what they must get."""

from dataclasses import dataclass

import pytest

from assignments.cases import Expected, ExpectedCheck, compare_case, load_case, load_cases
from assignments.errors import PackageError
from assignments.loading import load_package
from tests.support.packages import ASSIGNMENTS, SLUGS


@dataclass(frozen=True)
class Result:
    key: str
    verdict: str
    points: float
    message: str = "A message."
    diagnosis: str | None = None


EXPECTED = Expected(
    5.0, (ExpectedCheck("f", "passed", 5.0), ExpectedCheck("g", "failed", 0.0, "minus-sign", ("sign",)))
)
RIGHT = [Result("f", "passed", 5.0), Result("g", "failed", 0.0, "The sign is wrong.", "minus-sign")]


def test_the_expected_result_has_no_differences():
    assert compare_case(EXPECTED, RIGHT, 5.0) == []


@pytest.mark.parametrize(
    ("results", "score", "says"),
    [
        (RIGHT, 4.0, "score: 4, expected 5"),
        ([RIGHT[0]], 5.0, "g: no result"),
        ([*RIGHT, Result("h", "passed", 0.0)], 5.0, "h: not among"),
        ([Result("f", "partial", 5.0), RIGHT[1]], 5.0, "f: verdict partial, expected passed"),
        ([Result("f", "passed", 4.9), RIGHT[1]], 5.0, "f: 4.9 points, expected 5"),
        ([Result("f", "passed", 5.0, diagnosis="x"), RIGHT[1]], 5.0, "f: diagnosis 'x', expected None"),
        ([RIGHT[0], Result("g", "failed", 0.0, "No.", "minus-sign")], 5.0, "does not say 'sign'"),
    ],
)
def test_every_difference_is_named(results, score, says):
    assert any(says in difference for difference in compare_case(EXPECTED, results, score))


@pytest.mark.parametrize("slug", SLUGS)
def test_the_cases_of_every_package_can_be_loaded_and_add_up(slug):
    package = load_package(ASSIGNMENTS / slug)
    cases = load_cases(package)
    most = {check.key: check.points for check in package.metadata.checks}
    for case in cases:
        assert case.description
        assert sum(check.points for check in case.expected.checks) == pytest.approx(case.expected.score, abs=0.02)
        for check in case.expected.checks:
            assert (check.points == most[check.key]) == (check.verdict == "passed"), (case.name, check.key)


def test_a_case_must_list_every_check(tmp_path):
    package = load_package(ASSIGNMENTS / "gradients-2-backprop")
    (tmp_path / "case.toml").write_text(
        'description = "x"\nscore = 0\n[[checks]]\nkey = "f"\nverdict = "failed"\npoints = 0\n'
    )
    (tmp_path / "notebook.ipynb").write_bytes(package.starter_bytes())
    with pytest.raises(PackageError, match="backward_pass, compute_network_output"):
        load_case(package, tmp_path)


def test_a_case_that_is_malformed_names_the_key(tmp_path):
    package = load_package(ASSIGNMENTS / "gradients-2-backprop")
    (tmp_path / "case.toml").write_text(
        'description = "x"\nscore = 0\n[[checks]]\nkey = "f"\nverdict = "wrong"\npoints = 0\n'
    )
    with pytest.raises(PackageError, match=r"checks.0.verdict"):
        load_case(package, tmp_path)
