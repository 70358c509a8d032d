"""The table that compares searching with training, as it is shown in the documentation."""

import csv
from pathlib import Path

import pytest

import geomsup as gs

TABLE = Path(__file__).resolve().parents[1] / "docs" / "data" / "crosscheck.csv"
ROWS = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))


def test_every_setting_is_there() -> None:
    sizes = [int(row["n"]) for row in ROWS]
    assert {n: sizes.count(n) for n in sizes} == {5: 6, 20: 10, 80: 2}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"n={row['n']},{row['importance']},p={row['p']}")
def test_the_search_is_never_above_training(row: dict[str, str]) -> None:
    losses = [float(row[name]) for name in ("solver", "trained min", "median", "max")]
    assert losses == sorted(losses)
    # a minimum below the best by less than the digits to which large searches finish counts as the same
    assert float(row["mean basin"].rstrip("%")) > -1e-3


@pytest.mark.parametrize("row", [row for row in ROWS if row["n"] == "5"], ids=lambda row: row["p"])
def test_the_search_can_be_repeated(row: dict[str, str]) -> None:
    decay = float(row["importance"].removesuffix("^i"))
    density = min((20.0 ** (-k / 9) for k in range(10)), key=lambda p: abs(p - float(row["p"])))
    p = density if decay < 1 else float(row["p"])
    solution = gs.minimize(gs.Problem(5, 2, p, gs.geometric_importance(5, decay)), rng=1)
    assert solution.loss == pytest.approx(float(row["solver"]), rel=1e-6)
