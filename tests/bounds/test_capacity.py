"""Capacity: both sides proved, in the order that theory demands."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds import arrangement_certificate, capacity_bound
from geomsup.bounds._numbers import below
from geomsup.bounds.result import exact_value

DIMENSIONS = (1, 2, 3, 4, 5, 6, 7, 8, 22)


@pytest.mark.parametrize("m", DIMENSIONS)
def test_both_sides_are_proved_and_the_arrangement_attains_the_lower_one(m):
    bracket = gs.capacity(m)
    assert gs.verify(bracket).status == "proved"
    assert bracket.lower <= bracket.upper
    assert gs.capacity_of(bracket.arrangement) == pytest.approx(bracket.lower, rel=1e-12)
    assert bracket.arrangement.shape[0] == m
    assert bracket.gap >= 0
    assert bracket.lower >= 2 * m  # antipodal pairs


# Relative gaps of the two-point bound against the best arrangements known; the values are in docs/bounds.md.
@pytest.mark.parametrize(
    ("m", "most"),
    [(1, 0.0), (2, 0.0), (3, 0.0135), (4, 0.0232), (5, 0.0), (6, 0.0157), (7, 0.0243), (8, 0.0332), (22, 0.0)],
)
def test_relative_gap(m, most):
    assert gs.capacity(m).relative_gap <= most


def test_one_and_two_dimensions_are_known_exactly():
    assert gs.capacity(1).lower == gs.capacity(1).upper == 2
    bracket = gs.capacity(2)
    assert bracket.gap == 0
    assert bracket.witness.claim["value"] == bracket.certificate.claim["value"] == "35/11 + 5/11*sqrt(5)"
    assert bracket.lower == pytest.approx(5 * (7 + 5**0.5) / 11, rel=1e-15)
    assert bracket.arrangement.shape == (2, 5)


@pytest.mark.parametrize(("m", "value"), [(5, "80/7"), (22, "550/9")])
def test_two_graphs_are_best_exactly(m, value):
    bracket = gs.capacity(m)
    assert bracket.gap == 0
    assert bracket.witness.claim["value"] == bracket.certificate.claim["value"] == value


def test_capacity_is_superadditive_and_the_bounds_know_it():
    lower, upper = {m: gs.capacity(m).lower for m in range(1, 9)}, {m: gs.capacity(m).upper for m in range(1, 9)}
    for a in range(1, 8):
        for b in range(1, 9 - a):
            assert lower[a] + lower[b] <= upper[a + b]


@cache
def upper(m):
    return capacity_bound(m).value


@given(st.integers(1, 8), st.integers(1, 12), st.integers(0, 10**6))
def test_no_arrangement_is_worth_more(m, n, seed):
    W = np.random.default_rng(seed).normal(size=(m, n))
    certificate = arrangement_certificate(W)
    assert gs.verify(certificate)
    assert below(exact_value(certificate)) == pytest.approx(gs.capacity_of(W), rel=1e-12)
    assert below(exact_value(certificate)) <= upper(m)


def test_another_arrangement_can_be_passed():
    bracket = gs.capacity(3, arrangement=gs.frames.icosahedron())
    assert bracket.lower == pytest.approx(6, rel=1e-12)
    with pytest.raises(ValueError, match="pass directions in columns"):
        gs.capacity(3, arrangement=np.eye(2))
    with pytest.raises(ValueError, match="W is zero"):
        gs.capacity(2, arrangement=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="one matrix"):
        arrangement_certificate(np.ones(3))


def test_dimensions_without_a_stored_arrangement_are_searched():
    bracket = gs.capacity(9, n_starts=1, rng=0)
    assert gs.verify(bracket)
    assert bracket.lower >= gs.capacity(5).lower + gs.capacity(4).lower - 1e-9  # side by side
    assert bracket.relative_gap < 0.08


def test_stored_certificates_count_only_after_they_were_checked(monkeypatch, tmp_path):
    stored = gs.capacity(2).certificate
    forged = gs.Certificate(stored.kind, {**stored.claim, "value": "4"}, stored.proof)
    (tmp_path / "data").mkdir()
    forged.save(tmp_path / "data" / "capacity-2-upper.json")
    monkeypatch.setattr("geomsup.bounds._store.files", lambda _: tmp_path)
    with pytest.raises(ValueError, match="does not prove its claim"):
        gs.capacity(2)


def test_the_bracket_prints_what_it_knows():
    assert repr(gs.capacity(2)) == "Bracket(4.19821271705 ≤ C(2) ≤ 4.19821271705, relative gap 0, both sides proved)"
