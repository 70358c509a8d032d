"""Every claim is measured: relations hold, certificates prove, tolerances are small, and the page says the same."""

from pathlib import Path

import pytest

import geomsup as gs
from geomsup.claims._page import page, row
from geomsup.claims._shipped import shipped_bound
from tests.claims.measured import checked

CLAIMS = gs.claims.registry()
PAGE = (Path(gs.__file__).parents[1] / "docs" / "claims.md").read_text(encoding="utf-8")
SAME = 1e-7
"""Between the numbers on the page and those measured now, absolute. The page shows nine digits, of numbers up to 61."""
SLOW = [name for name, claim in CLAIMS.items() if any(case.slow for case in claim.cases)]


@pytest.mark.parametrize("name", CLAIMS)
def test_what_is_claimed_is_measured(name):
    check = checked(name)
    missed = [one.to_dict() for one in check.outcomes if not one.holds]
    assert missed == []
    assert check, check.verifications


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_slow_cases(name):
    check = checked(name, slow=True)
    assert check.skipped == 0
    assert check, [one.to_dict() for one in check.outcomes]
    compare_rows(check)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_small_change_of_any_number_would_be_noticed(name):
    """Rows with = fail when they are off by 1e-5. A gap that a certificate leaves is in a row with ≤ or ≥."""
    outcomes = checked(name).outcomes
    assert any(one.case.relation == "=" for one in outcomes)
    for one in outcomes:
        if one.case.relation == "=":
            for shift in (1e-5, -1e-5):
                assert not one.case.holds(measured=one.measured + shift, predicted=one.predicted)
        assert one.case.tolerance <= 1e-7


@pytest.mark.parametrize("name", CLAIMS)
def test_the_page_has_every_claim_and_its_numbers(name):
    compare_rows(checked(name))


def test_the_page_has_every_word_and_nothing_else():
    """The page without its rows of numbers is what would be written now."""
    written = page([checked(name) for name in CLAIMS])
    assert without_rows(PAGE) == without_rows(written)
    assert len(rows_of(PAGE)) == sum(len(claim.cases) for claim in CLAIMS.values())


def compare_rows(check):
    section = PAGE.split(f"\n### {check.claim.name}\n")[1].split("\n### ")[0]
    shown = {row[0]: row for row in rows_of(section)}
    assert list(shown) == [case.label for case in check.claim.cases]
    for outcome in check.outcomes:
        (now,) = rows_of(row(outcome))
        label, measured, relation, predicted, difference, status = shown[outcome.case.label]
        assert (relation, status) == (now[2], now[5])
        for text, number in ((measured, outcome.measured), (predicted, outcome.predicted)):
            assert float(text) == pytest.approx(number, abs=SAME), label
        # The difference is shown to two digits, or as rounding.
        assert float(difference) == pytest.approx(outcome.difference, rel=0.06, abs=SAME), label


def rows_of(text):
    """The cells of the rows of tables of cases: six in each."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if len(row) == 6 and row[0] != "case" and not row[0].startswith("---")]


def without_rows(text):
    numbers = [line for line in text.splitlines() if line.startswith("|") and len(line.strip("|").split("|")) == 6]
    return [line for line in text.splitlines() if line not in numbers]


@pytest.mark.slow
def test_the_certificates_that_ship_are_found_again():
    pytest.importorskip("clarabel")
    found = gs.bounds.three_point_energy(gs.ReluSquared(), 10, 4, 5).value
    assert found == pytest.approx(
        shipped_bound("energy-10-4").value, rel=1e-5
    )  # two solutions of one program, each rounded
