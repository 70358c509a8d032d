"""One common norm and bias: the windows against losses, polygons and the icosahedron."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds import uniform_class_bound, uniform_loss
from geomsup.bounds._check_uniform import bernstein, polarized
from geomsup.bounds._numbers import exact
from geomsup.bounds._polynomials import evaluate
from tests.bounds.recomputed import margin

BEST = {"pentagon": gs.frames.polygon(5), "hexagon": gs.frames.polygon(6), "heptagon": gs.frames.polygon(7)}
BEST["icosahedron"] = gs.frames.icosahedron()


PENTAGON = uniform_class_bound(5, 2)


@pytest.mark.parametrize("k", [5, 6, 7, 8])
def test_the_loss_of_a_polygon(k):
    assert uniform_loss(gs.frames.polygon(k)) == pytest.approx(gs.k_gon(k).h / 3, rel=1e-10)


def test_the_loss_of_the_icosahedron():
    assert uniform_loss(BEST["icosahedron"]) == pytest.approx(0.5323796633, abs=1e-9)


@given(st.integers(2, 4), st.integers(2, 8), st.floats(0.2, 2), st.floats(0, 2), st.integers(0, 10**6))
def test_no_norm_and_bias_do_better_than_the_best(m, n, r, b, seed):
    U = np.random.default_rng(seed).normal(size=(m, n))
    U /= np.linalg.norm(U, axis=0)
    assert uniform_loss(U) <= gs.one_active_loss(gs.Problem(n, m), r * U, np.full(n, -b)) + 1e-10


def test_potentials_of_a_window_add_up():
    """Σ_j B_j(s) φ_j(t) = (t − τ)³/t for t beyond the window."""
    low, high = exact(0.125), exact(0.25)
    for s in (0.0, 0.3, 1.0):
        tau = 0.125 + s * 0.125
        for t in (0.3, 0.7, 1.0):
            total = 0.0
            for j, B in enumerate(bernstein()):
                piece = polarized(low, high, j)[-1]
                value = (
                    evaluate(piece.numerator, exact(t)) / evaluate(piece.denominator, exact(t)) * evaluate(B, exact(s))
                )
                total += float(value.p) / float(value.q)
            assert total == pytest.approx((t - tau) ** 3 / t, rel=1e-12)


@pytest.mark.parametrize("name", BEST)
def test_best_in_its_class(name):
    """The certificates that ship with the package."""
    U = BEST[name]
    aim, bound = uniform_loss(U), uniform_class_bound(U.shape[1], U.shape[0])
    assert bound.status == "proved"
    assert bound.value <= aim <= bound.value * (1 + 1e-6)  # measured: 6e-8 for the pentagon, 3e-8 for the others
    assert margin(bound.certificate) >= -1e-9
    assert len(bound.certificate.to_json()) < 30_000


@settings(max_examples=200)
@given(st.floats(0.3, 2), st.floats(0, 1.5), st.integers(0, 10**6))
def test_nothing_of_the_class_beats_it(r, b, seed):
    U = np.random.default_rng(seed).normal(size=(2, 5))
    U /= np.linalg.norm(U, axis=0)
    assert PENTAGON.value <= gs.one_active_loss(gs.Problem(5, 2), r * U, np.full(5, -b)) + 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("name", BEST)
def test_the_certificates_can_be_found_again(name):
    U = BEST[name]
    aim = uniform_loss(U)
    bound = uniform_class_bound(U.shape[1], U.shape[0], aim=aim)
    assert bound.value <= aim <= bound.value * (1 + 1e-6)


@pytest.mark.slow
def test_not_tight_for_eight_in_three_dimensions():
    found = gs.minimize_one_active(8, 3, n_starts=16, rng=0)
    bound = uniform_class_bound(8, 3, aim=found.loss)
    assert 0.8 * found.loss < bound.value < 0.9 * found.loss  # measured: 16 % below the square antiprism


def test_a_lower_aim_gives_a_lower_bound():
    told = []
    bound = uniform_class_bound(5, 2, aim=0.01, callback=told.append)
    assert 0.0099 < bound.value <= 0.01
    assert told[0].done == 1
    assert max(one.done for one in told if one.phase == "windows") == told[0].total
    assert told[-1].best >= bound.value


@pytest.mark.parametrize(("n", "m"), [(4, 2), (1, 2)])
def test_without_acute_angles_nothing_is_lost(n, m):
    assert uniform_class_bound(n, m, aim=0.0).value == 0.0


def test_bad_input():
    with pytest.raises(ValueError, match="aim=-1"):
        uniform_class_bound(5, 2, aim=-1)
    with pytest.raises(ValueError, match="m=1"):
        uniform_class_bound(5, 1, aim=0.1)
    with pytest.raises(ValueError, match="no certificate for n=9, m=4"):
        uniform_class_bound(9, 4)
