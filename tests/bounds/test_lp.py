"""The two-point linear program: its values, its time, and what happens when the solver fails or lies."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds import lp
from geomsup.bounds._numbers import above
from geomsup.bounds.result import exact_value
from tests.bounds.recomputed import margin

SIZES = [(m, n) for m in range(2, 9) for n in (m + 1, 2 * m + 1, 2 * m + 3, 20) if n <= 20]


# Known sharp cases: simplex, octahedron and icosahedron for inverse powers (Yudin 1992; Cohn, Kumar 2007, "Universally
# optimal distribution of points on spheres"), and, for t₊², the pentagon (the certificate of C(2)).
SHARP = [
    (gs.Riesz(), gs.frames.simplex(3)),
    (gs.Riesz(), gs.frames.octahedron()),
    (gs.Riesz(), gs.frames.icosahedron()),
    (gs.Riesz(2.0), gs.frames.polygon(7)),
    (gs.Riesz(6.0), gs.frames.icosahedron()),
    (gs.Riesz(0.7), gs.frames.simplex(5)),
    (gs.ReluSquared(), gs.frames.polygon(5)),
    (gs.BiasedRelu(1.17046, -0.2823), gs.frames.polygon(5)),
    (gs.BiasedRelu(1.32053, -0.61814), gs.frames.polygon(6)),
]


@pytest.mark.parametrize(("potential", "U"), SHARP, ids=str)
def test_sharp_where_theory_says_so(potential, U):
    m, n = U.shape
    energy, bound = gs.energy_of(potential, U), gs.bound(potential, n=n, m=m)
    assert bound.status == "proved"
    assert bound.value <= energy * (1 + 1e-15) + 1e-14
    assert bound.value >= energy * (1 - 1e-7)  # measured: at most 5e-9


@pytest.mark.parametrize(("m", "limit"), [(3, 6.51604), (4, 8.97694), (5, 11.49716), (6, 14.09088), (7, 16.75023)])
def test_capacity_by_linear_programming(m, limit):
    certificate = lp.capacity_certificate(m)
    assert gs.verify(certificate)
    assert limit - 2e-5 <= above(exact_value(certificate)) <= limit + 1e-5
    assert gs.bounds.capacity_bound(m).value <= limit  # from three points


@pytest.mark.parametrize(("m", "limit"), [(8, 19.46919), (22, 62.08127)])
def test_capacity_in_more_dimensions(m, limit):
    assert limit - 2e-4 <= above(exact_value(lp.capacity_certificate(m))) <= limit


@pytest.mark.slow
@pytest.mark.parametrize(("m", "n"), SIZES)
def test_solved_in_a_second_and_proved_in_another(m, n):
    begin = time.process_time()
    certificate = lp.energy_certificate(gs.ReluSquared().value, {"name": "relu_squared"}, n, m)
    solved = time.process_time()
    assert gs.verify(certificate)
    proved = time.process_time()
    assert solved - begin <= 1.0  # measured: 0.1 to 0.5 s
    assert proved - solved <= 1.0  # measured: 0.001 to 0.01 s


@pytest.mark.parametrize(("m", "n"), [(2, 6), (3, 8), (4, 10), (5, 16), (8, 17), (8, 20)])
def test_rounding_costs_little(m, n):
    objective = np.full(max(lp.DEGREES) + 1, -1.0)
    objective[0] = n - 1
    floats = max(
        n * float(objective[: d + 1] @ lp.propose(gs.ReluSquared().value, m, objective[: d + 1])) for d in lp.DEGREES
    )
    assert gs.bound(gs.ReluSquared(), n=n, m=m, method="two-point").value >= floats * (1 - 1e-6)


@settings(max_examples=6)
@given(
    st.sampled_from([0.5, 1.0, 2.5, 7.0]).map(gs.Riesz)
    | st.builds(gs.BiasedRelu, st.floats(0.3, 2), st.floats(-1.5, 0))
    | st.builds(
        lambda a, b, c: gs.PiecewisePolynomial([-1, 0.1, 1], [[a, b], [a + 0.1 * b - 0.001 * c, 0, 0, c]]),
        *[st.integers(-20, 20).map(lambda k: k / 10)] * 3,
    ),
    st.integers(2, 5),
    st.integers(1, 12),
    st.integers(0, 10**6),
)
def test_below_random_vectors_whatever_the_potential(potential, m, n, seed):
    bound = gs.bound(potential, n=n, m=m)
    assert margin(bound.certificate) >= -1e-9
    for U in np.random.default_rng(seed).normal(size=(20, m, n)):
        assert bound.value <= gs.energy_of(potential, U) + 1e-12


def test_a_solver_that_fails_leaves_the_zero_polynomial(monkeypatch):
    monkeypatch.setattr(lp, "linear_program", lambda *_: None)
    bound = gs.bound(gs.ReluSquared(), n=6, m=2)
    assert bound.value == 0.0
    assert bound.status == "proved"


def test_or_a_constant(monkeypatch):
    monkeypatch.setattr(lp, "linear_program", lambda *_: None)
    bound = gs.bound(gs.PiecewisePolynomial([-1, 1], [[-1, 1]]), n=6, m=2)  # t − 1 ≥ −2
    assert bound.value == pytest.approx(-60, rel=1e-12)


def test_a_jump_is_respected():
    step = gs.PiecewisePolynomial([-1, 0.3, 1], [[0], [1]])  # counts pairs closer than 72.5°
    bound = gs.bound(step, n=12, m=3)
    assert margin(bound.certificate) >= -1e-9
    assert 0 < bound.value <= gs.energy_of(step, gs.frames.icosahedron())


@pytest.mark.parametrize("noise", [1e-9, 1e-5, 1e-2, 10.0])
def test_a_solver_that_is_wrong_costs_quality_and_not_truth(monkeypatch, noise):
    solve, rng = lp.linear_program, np.random.default_rng(0)

    def wrong(objective, *rest):
        return solve(objective, *rest) + noise * rng.normal(size=objective.size)

    monkeypatch.setattr(lp, "linear_program", wrong)
    bound = gs.bound(gs.ReluSquared(), n=6, m=2)
    assert 0 <= bound.value <= 3.0
    assert margin(bound.certificate) >= -1e-9


def test_a_solver_that_stops_early_gives_a_weaker_bound(monkeypatch):
    full = gs.bound(gs.ReluSquared(), n=9, m=3, method="two-point").value
    monkeypatch.setattr(lp, "ROUNDS", 1)
    monkeypatch.setattr(lp, "LAST_ROUNDS", 0)
    assert 0 < gs.bound(gs.ReluSquared(), n=9, m=3, method="two-point").value < full


def test_one_vector_has_no_energy():
    assert gs.bound(gs.ReluSquared(), n=1, m=3).value == 0.0


def test_points_on_a_line():
    assert gs.bound(gs.ReluSquared(), n=6, m=1).value == pytest.approx(12.0, rel=1e-12)  # two groups of three
    assert gs.bound(gs.Riesz(), n=2, m=1).value == pytest.approx(1.0, rel=1e-9)  # 2 · 1/2
    with pytest.raises(ValueError, match="points on a line coincide"):
        gs.bound(gs.Riesz(), n=3, m=1)
