"""Regular polygons with one active feature: published digits, stationarity of the loss, where there are roots."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import Polynomial
from scipy.optimize import minimize_scalar

import geomsup as gs
from geomsup.optimize.newton import curvature
from geomsup.sparse.one_active import OneActive
from tests.test_published import agrees

CHEN = {  # arXiv:2310.06301: l*, b*, h_k, L(k, k)
    5: ("1.17046", "-0.28230", "0.23738", "0.015826"),
    6: ("1.32053", "-0.61814", "0.86746", "0.048192"),
    7: ("1.44839", "-0.96691", "1.74870", "0.083271"),
    8: ("1.55045", "-1.29119", "2.77310", "0.115546"),
}


@pytest.mark.parametrize("k", CHEN)
def test_published_digits(k):
    polygon = gs.k_gon(k)
    for value, shown in zip((polygon.length, polygon.bias, polygon.h, polygon.mean_loss()), CHEN[k], strict=True):
        assert agrees(value, shown)


@pytest.mark.parametrize(
    ("k", "c", "biased", "shown"),
    [(5, 6, 0, "0.06874"), (5, 6, 1, "0.06180"), (4, 5, 0, "0.06667"), (4, 5, 1, "0.05667")],
)
def test_dead_features(k, c, biased, shown):
    """CHEN: L(k, c) and, with a plus for every dead feature at bias 1/(2c), L(k⁺, c)."""
    polygon = gs.k_gon(k)
    assert agrees(polygon.mean_loss(c, biased=biased), shown)
    W = np.hstack([polygon.arrangement.W, np.zeros((2, c - k))])
    b = np.concatenate([polygon.arrangement.b, np.where(np.arange(c - k) < biased, 1 / (2 * c), 0)])
    direct = gs.one_active_loss(gs.Problem(c, 2), W, b) / c
    # rounding: measured at most 3e-17
    assert polygon.mean_loss(c, biased=biased) == pytest.approx(direct, abs=2e-16)


@given(st.integers(3, 60))
def test_the_polygon_is_a_critical_point_of_the_loss(k):
    """In all 3k parameters, not only in the two of the family."""
    polygon = gs.k_gon(k)
    loss, dW, db = gs.one_active_loss_and_grad(gs.Problem(k, 2), polygon.arrangement.W, polygon.arrangement.b)
    assert 3 * loss == pytest.approx(polygon.h, abs=1e-16 * k * k)  # measured at most 2e-17 k²
    # rounding: measured at most 2e-15
    assert max(np.abs(dW).max(), np.abs(db).max()) <= 1e-14


@given(st.integers(3, 40))
def test_no_other_norm_or_bias_is_better(k):
    polygon = gs.k_gon(k)
    c = np.cos(2 * np.pi * np.arange(k) / k)

    def h(t):
        """3H at threshold t and the best norm, by the definition, over all products."""
        c_active = c[c > t]
        P, Q = (1 - t) ** 2 * (2 + t), np.sum((c_active - t) ** 3 / c_active)
        return k * (1 - P * P / (4 * Q))

    grid = np.linspace(0, 0.99, 200)
    start = grid[int(np.argmin([h(t) for t in grid]))]
    best = minimize_scalar(h, bounds=(max(0, start - 0.01), start + 0.01), method="bounded", options={"xatol": 1e-10})
    assert polygon.h <= best.fun + 1e-12 * k


def critical_thresholds(k):
    """All roots of G in (0, 1) with their chambers, by the roots of polynomials: no bracketing."""
    c = np.cos(2 * np.pi * np.arange(1, (k - 1) // 4 + 1) / k)
    t = Polynomial([0.0, 1.0])
    G = t * (1 - t) ** 3
    found = []
    for s, (high, low) in enumerate(zip(c, [*c[1:], 0.0], strict=True), start=1):
        G += 2 * (c[s - 1] - t) ** 2 / c[s - 1] * (2 * c[s - 1] * (1 + t) - 2 - t - t**2)
        roots = G.roots()
        found += [(s, root.real) for root in roots if abs(root.imag) <= 1e-9 and low <= root.real < high]
    return found


def test_one_root_for_every_k_and_where_it_lies():
    """No root among polygons that respond to all acute neighbours at k = 9, 10, 11, 13; a root of 12, and 5 … 8."""
    everywhere = []
    for k in range(5, 201):
        ((s, t),) = critical_thresholds(k)
        polygon = gs.k_gon(k)
        assert (polygon.acute, polygon.interacting) == ((k - 1) // 4, s)
        # roots of a polynomial with coefficients of order k: measured at most 7e-14
        assert -polygon.bias / polygon.length**2 == pytest.approx(t, abs=5e-13)
        if s == polygon.acute:
            everywhere.append(k)
    assert everywhere == [5, 6, 7, 8, 12]


@pytest.mark.parametrize("k", [9, 10, 11, 13])
def test_no_polygon_responds_to_all_acute_neighbours(k):
    with pytest.raises(ValueError, match=f"in the critical regular {k}-gon an output responds to"):
        gs.k_gon(k, all_acute=True)


@pytest.mark.parametrize("k", [3, 4, 5, 8, 12])
def test_polygons_that_do(k):
    assert gs.k_gon(k, all_acute=True) == gs.k_gon(k)


def test_the_decagon_is_golden():
    """t = 1/φ solves the quartic: l = φ, b = -φ, h = 5, the loss of five dropped features out of ten."""
    golden = (1 + np.sqrt(5)) / 2
    decagon = gs.k_gon(10)
    assert (decagon.length, decagon.bias, decagon.h) == pytest.approx((golden, -golden, 5), rel=1e-14)


@pytest.mark.parametrize("k", range(5, 14))
def test_minima_up_to_nine_and_saddles_from_ten(k):
    objective = OneActive(gs.Problem(k, 2), "free")
    arrangement = gs.k_gon(k).arrangement
    x = objective.pack(arrangement.W, arrangement.b)
    # at twelve an output's neighbours three steps away are at right angles but silent: no kink is met
    assert curvature(objective, x, np.zeros_like(x)).kind == ("minimum" if k <= 9 else "saddle")


def test_small_polygons_do_not_interfere():
    for k in (3, 4):
        assert (gs.k_gon(k).length, gs.k_gon(k).bias, gs.k_gon(k).h) == (1.0, 0.0, 0.0)


def test_refusals():
    with pytest.raises(ValueError, match="k=2 is too small"):
        gs.k_gon(2)
    with pytest.raises(ValueError, match="n_features=4 is too small"):
        gs.k_gon(5).mean_loss(4)
    with pytest.raises(ValueError, match="biased=2, but of 6 features only 1 are dead"):
        gs.k_gon(5).mean_loss(6, biased=2)
