"""One active feature: the minima that are known, how they scale, and that nothing one can name is better."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomsup as gs
from geomsup.sparse.one_active import OneActive
from tests.sparse.taylor import slope
from tests.test_published import agrees


@pytest.mark.parametrize(
    ("m", "n", "shown"),
    [
        (2, 5, "0.0791281354"),  # pentagon
        (2, 6, "0.2891542562"),  # hexagon
        (3, 7, "0.0534784794"),
        (3, 8, "0.1016743215"),  # square antiprism
        (3, 12, "0.5323796633"),  # icosahedron
        (4, 10, "0.0529215441"),  # Petersen code, cosines -2/3 and 1/6
    ],
)
def test_known_minima(m, n, shown):
    """CALC, with b ≤ 0."""
    solution = gs.minimize_one_active(n, m, n_starts=32, rng=0)
    assert solution.status is gs.Status.CONVERGED
    assert solution.minima[0].kind == "minimum"
    assert agrees(solution.loss, shown)


def test_the_icosahedron_and_the_petersen_code():
    for n, m, cosines in ((12, 3, [-1, -(5**-0.5), 5**-0.5]), (10, 4, [-2 / 3, 1 / 6])):
        W = gs.minimize_one_active(n, m, n_starts=16, rng=0).W
        U = W / np.linalg.norm(W, axis=0)
        others = (U.T @ U)[~np.eye(n, dtype=bool)]
        away = np.abs(others[:, None] - cosines)
        assert set(np.argmin(away, axis=1)) == set(range(len(cosines)))
        assert away.min(axis=1).max() <= 1e-11  # measured at most 2e-13


@pytest.mark.parametrize(("n", "live"), [(5, 5), (6, 6), (7, 7), (8, 7), (9, 7), (10, 7)])
def test_in_the_plane_never_more_than_a_heptagon(n, live):
    """A regular polygon, and the others dropped: the heptagon is below the hexagon and one dropped, .6224876."""
    solution = gs.minimize_one_active(n, 2, n_starts=128, rng=0)
    expected = (gs.k_gon(live).h + n - live) / 3
    assert solution.loss == pytest.approx(expected, abs=1e-12)
    assert np.sum(np.linalg.norm(solution.W, axis=0) > 1e-6) == live


@pytest.mark.parametrize(("n", "shown"), [(5, ("0.01583", "0.05667")), (6, ("0.04819", "0.06180"))])
def test_one_feature_always_active(n, shown):
    """CHEN, divided by n: the polygon, and second L(4⁺, 5) or L(5⁺, 6) with its dead feature at bias 1/(2n)."""
    solution = gs.minimize_one_active(n, 2, bias="free", n_starts=32, rng=0)
    assert solution.mean_loss == solution.loss / n
    for one, digits in zip(solution.minima, shown, strict=False):
        assert agrees(one.loss / n, digits)
    assert solution.minima[1].b.max() == pytest.approx(1 / (2 * n), abs=1e-12)


@given(m=st.integers(1, 3), seed=st.integers(0, 99), share=st.floats(0, 1))
@settings(max_examples=4)
def test_up_to_twice_the_dimension_nothing_is_lost(m, seed, share):
    n = 1 + int(share * (2 * m - 1))
    solution = gs.minimize_one_active(n, m, n_starts=4, rng=seed)
    assert 0 <= solution.loss <= 1e-12


@given(factor=st.sampled_from([0.01, 3.0]), seed=st.integers(0, 9))
@settings(max_examples=4)
def test_the_loss_scales_with_importance(factor, seed):
    importance = np.array([1.0, 0.9, 0.8, 0.7, 0.6])
    first, second = (
        gs.minimize_one_active(5, 2, importance=scale * importance, n_starts=16, rng=seed) for scale in (1, factor)
    )
    assert second.loss == pytest.approx(factor * first.loss, rel=1e-10)


def test_what_does_not_matter_is_dropped():
    solution = gs.minimize_one_active(4, 1, importance=[1.0, 1.0, 0.1, 0.0], n_starts=16, rng=0)
    norms = np.linalg.norm(solution.W, axis=0)
    assert norms[:2] == pytest.approx([1, 1], abs=0.05)
    assert solution.loss <= 0.1 / 3


@pytest.mark.parametrize("bias", ["nonpositive", "free", "zero"])
def test_the_solution_is_what_it_says(bias):
    solution = gs.minimize_one_active(7, 3, bias=bias, n_starts=16, rng=1)
    problem = gs.Problem(7, 3)
    for one in solution.minima:
        assert abs(gs.one_active_loss(problem, one.W, one.b) - one.loss) <= one.error
    assert [one.loss for one in solution.minima] == sorted(one.loss for one in solution.minima)
    assert (solution.arrangement.W == solution.W).all()
    if bias != "free":
        assert solution.b.max() <= 0
    if bias == "zero":
        assert not solution.b.any()


def test_less_freedom_is_not_better():
    free, nonpositive, zero = (
        gs.minimize_one_active(6, 2, bias=bias, n_starts=24, rng=0).loss for bias in ("free", "nonpositive", "zero")
    )
    assert free <= nonpositive + 1e-12 <= zero + 2e-12
    at = gs.k_gon(6)
    fixed = gs.minimize_one_active(6, 2, bias=np.full(6, at.bias), n_starts=24, rng=0)
    assert fixed.loss == pytest.approx(at.h / 3, abs=1e-12)


def test_it_is_the_limit_of_the_loss():
    """L/p at the hexagon approaches the sum in proportion to p."""
    hexagon = gs.k_gon(6)
    away = [
        gs.expected_loss(gs.Problem(6, 2, p), hexagon.arrangement.W, hexagon.arrangement.b).value / p - hexagon.h / 3
        for p in (1e-4, 1e-5)
    ]
    assert np.log10(away[0] / away[1]) == pytest.approx(1, abs=1e-3)  # measured 0.99993


@pytest.mark.parametrize("bias", ["nonpositive", "zero"])
def test_the_gradient_has_taylor_slope_two(bias):
    rng = np.random.default_rng(0)
    objective = OneActive(gs.Problem(5, 2, importance=rng.uniform(0.5, 2, 5)), bias)
    x = objective.pack(rng.normal(size=(2, 5)), rng.uniform(-0.5, -0.1, 5))
    _, gradient = objective(x[None], objective.fine)
    order = slope(lambda y: objective(y[None], objective.fine)[0][0], x, gradient[0], 0.1 * rng.normal(size=x.size))
    assert order == pytest.approx(2, abs=0.02)


def test_the_energy_of_a_common_norm_and_bias():
    """n A(r², b) + Σ f(u_i·u_j): the square antiprism is also the minimum of the energy at its own norm and bias."""
    solution = gs.minimize_one_active(8, 3, n_starts=16, rng=0)
    r, b = np.linalg.norm(solution.W, axis=0), solution.b
    assert np.ptp(r) <= 1e-9
    assert np.ptp(b) <= 1e-9
    potential = gs.BiasedRelu(r.mean(), b.mean())
    own = gs.one_active_loss(gs.Problem(1, 1), [[r.mean()]], [b.mean()])
    assert 8 * own + gs.energy_of(potential, solution.W) == pytest.approx(solution.loss, abs=1e-12)
    assert gs.minimize_energy(potential, 8, 3, n_starts=16, rng=0).energy == pytest.approx(
        gs.energy_of(potential, solution.W), abs=1e-12
    )


def test_deterministic_and_told():
    told = []
    first = gs.minimize_one_active(5, 2, n_starts=40, rng=3, callback=told.append)
    second = gs.minimize_one_active(5, 2, n_starts=40, rng=3)
    assert (first.W == second.W).all()
    assert [one.phase for one in told[:3]] == ["searching", "searching", "finishing"]
    assert told[-1].best == first.loss


def test_refusals():
    with pytest.raises(ValueError, match="bias='down' is unknown"):
        gs.minimize_one_active(3, 2, bias="down")
    with pytest.raises(ValueError, match="importance"):
        gs.minimize_one_active(3, 2, importance=[1.0, 2.0])
    with pytest.raises(ValueError, match="n_keep=0"):
        gs.minimize_one_active(3, 2, n_keep=0)
