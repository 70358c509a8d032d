"""Branches: against minima found anew, closed forms and derivatives; their events; what is refused."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

import geomsup as gs
from geomsup.features import CorrelatedSets
from geomsup.phases import Path, along

TWO = gs.Problem(2, 1)
FIVE = gs.Problem(5, 2)


def two(r):
    """Two features in one dimension, of importances 1 and r."""
    return along(gs.Problem(2, 1, importance=[1, r]), "feature_probability", (0.05, 1.0))


@pytest.fixture(scope="module")
def pair():
    """The antipodal pair of equal features, followed past its bifurcation."""
    path = along(TWO, "feature_probability", (0.05, 0.9))
    return path, gs.continuation(path, gs.minimize(path(0.3), rng=0), at=0.3, saddles=True)


@pytest.fixture(scope="module")
def pentagon():
    path = along(FIVE, "feature_probability", (0.02, 0.4))
    return path, gs.continuation(path, gs.minimize(path(0.1), rng=0, n_starts=8), at=0.1)


def test_points_are_stationary_and_their_losses_exact(pentagon):
    path, branch = pentagon
    assert (np.diff(branch.s) > 0).all()
    # measured: 1e-15 of a scale between 0.03 and 0.5
    assert branch.gradient_norm.max() < 1e-13
    for k in (0, 7, -1):
        loss, dW, db = gs.expected_loss_and_grad(path(branch.s[k]), branch.W[k], branch.b[k], tol=1e-13)
        assert float(loss) == pytest.approx(branch.loss[k], abs=1e-15)
        assert np.linalg.norm([*dW.ravel(), *db]) < 1e-13
        assert branch.error[k] < 1e-13


@pytest.mark.parametrize("shown", [(0.1, 0.026305131), (0.05, 0.008903594), (0.03, 0.004208955)])
def test_the_pentagon_has_the_published_losses_on_the_way(shown):
    """CALC, to the nine digits shown; the branch starts at p = 0.1 and is followed to each density."""
    s, loss = shown
    path = along(FIVE, "feature_probability", (min(s, 0.1), 0.11))
    branch = gs.continuation(path, gs.minimize(path(0.1), rng=0, n_starts=8), at=0.1)
    assert branch.loss[0 if s < 0.1 else np.searchsorted(branch.s, 0.1)] == pytest.approx(loss, abs=5e-10)


def test_the_slope_is_that_of_the_loss(pair):
    path, branch = pair
    h = 1e-4
    for k in (3, 10):
        short = along(TWO, "feature_probability", (branch.s[k] - h, branch.s[k] + h))
        near = gs.continuation(short, branch.arrangement(k), at=branch.s[k])
        # the ends of a path are its points; truncation h²L'''/6 is about 1e-9
        assert branch.slope[k] == pytest.approx((near.loss[-1] - near.loss[0]) / (2 * h), abs=1e-7)
    assert path(branch.s[3]).n_features == 2


def odd_curvature(s):
    """Lowest eigenvalue of odd moves at the best (w, −w) with equal biases; found by nested minimisation of the loss
    and second differences of it, and not by the package's optimiser."""
    problem = gs.Problem(2, 1, s)

    def loss(w, v, b, c):
        return float(gs.expected_loss(problem, [[w, v]], [b, c], tol=1e-14))

    def best(function, low, high):
        return minimize_scalar(function, bounds=(low, high), method="bounded", options={"xatol": 1e-9})

    w = best(lambda w: best(lambda b: loss(w, -w, b, b), 0.3, 0.36).fun, 0.74, 0.77).x
    b, h = best(lambda b: loss(w, -w, b, b), 0.3, 0.36).x, 1e-3
    f = [[loss(w + i * h, -w + i * h, b + j * h, b - j * h) for j in (-1, 0, 1)] for i in (-1, 0, 1)]
    cross = (f[2][2] - f[2][0] - f[0][2] + f[0][0]) / 4
    second = np.array([[f[2][1] + f[0][1] - 2 * f[1][1], cross], [cross, f[1][2] + f[1][0] - 2 * f[1][1]]]) / h**2
    return np.linalg.eigvalsh(second)[0]


def test_the_bifurcation_of_the_pair(pair):
    """Where the pair stops being a minimum, against a Hessian of another kind."""
    _, branch = pair
    (event,) = branch.events
    assert event.kind == "bifurcation"
    assert event.error < 1e-9
    assert branch.interval == (0.05, 0.9)
    where = brentq(odd_curvature, 0.71, 0.716, xtol=1e-7)
    # differences with h = 1e-3 are good to 1e-6 of an eigenvalue that falls by 0.6 per unit of s
    assert event.s == pytest.approx(where, abs=1e-5)
    assert (branch.eigenvalue[branch.s < event.s - 1e-3] > 0).all()
    assert (branch.eigenvalue[branch.s > event.s + 1e-3] < 0).all()


def test_without_saddles_the_branch_ends_at_its_bifurcation(pair):
    path, past = pair
    branch = gs.continuation(path, past.arrangement(5), at=past.s[5])
    assert branch.interval[1] == branch.events[-1].s == pytest.approx(past.events[0].s, abs=1e-10)
    assert abs(branch.eigenvalue[-1]) < 1e-10


def test_a_fold(pair):
    """The lopsided pair (0.9, −0.5) exists above a fold only: s is a parabola in the arrangement there."""
    path, _ = pair
    lopsided = next(m for m in gs.minimize(path(0.8), rng=0).minima if m.W[0, 0] * m.W[0, 1] < 0)
    branch = gs.continuation(path, lopsided, at=0.8)
    (event,) = branch.events
    assert event.kind == "fold"
    assert branch.interval == (event.s, 0.9)
    assert abs(branch.eigenvalue[0]) < 1e-9
    # eigenvalues go as the square root of the distance: their squares as the distance, to first order
    near = along(TWO, "feature_probability", (event.s - 0.01, event.s + 2e-4))
    start = gs.minimize(near(event.s + 2e-4), start=branch.arrangement(1), n_starts=0)
    again = gs.continuation(near, start, at=event.s + 2e-4, max_step=0.01)
    assert again.interval[0] == pytest.approx(event.s, abs=1e-11)
    close = (again.s > event.s + 1e-7) & (again.s < event.s + 1e-5)
    ratio = again.eigenvalue[close] ** 2 / (again.s[close] - event.s)
    assert close.sum() >= 3
    assert ratio.max() / ratio.min() < 1.1


def vanishing_density(r):
    """Where the lopsided pair becomes "ignore the last", from second-order expansion at W = (1, 0), b = (0, s/2).

    With w₂ = −ε and b₁ = tε, row 1 costs K ε² and row 2 gains r(s/3 − s²/4) ε²; derived in the documentation.
    """

    def excess(s):
        def cost(t):
            on = t * t - t * s + s / 3 - 0.75 * (t - s / 2) ** 2
            return s * on + (1 - s) * ((1 - s) * t * t + s * t**3 / 3)

        best = minimize_scalar(cost, bounds=(0, 1), method="bounded", options={"xatol": 1e-13}).fun
        return best - r * (s / 3 - s * s / 4)

    return brentq(excess, 0.05, 0.999, xtol=1e-14)


@pytest.mark.parametrize("r", [0.7, 0.8, 0.9])
def test_a_feature_that_vanishes_at_a_kink(r):
    path = two(r)
    start = next(m for m in gs.minimize(path(vanishing_density(r) - 0.03), rng=0).minima if m.W[0, 0] * m.W[0, 1] < 0)
    branch = gs.continuation(path, start, at=vanishing_density(r) - 0.03)
    event = branch.events[-1]
    assert (event.kind, event.features) == ("dropped", (int(np.argmin(np.abs(start.W[0]))),))
    # Extrapolated. Measured in 18 runs: at most 6e-12, and within the error reported.
    assert abs(event.s - vanishing_density(r)) <= event.error < 1e-10
    np.testing.assert_allclose(np.sort(np.abs(branch.W[-1, 0])), [0, 1], atol=1e-9)


def test_a_corner_where_a_bias_changes_sign():
    """Three correlated pairs: the bias of the collapsed pair passes through zero, and the branch goes on."""
    base = gs.Problem(n_hidden=2, features=CorrelatedSets.of_size(3, 2, 0.1))
    path = along(base, "set_probability", (0.04, 0.06))
    minima = gs.minimize(path(0.04), rng=0, n_starts=16).minima
    start = next(m for m in minima if m.b.max() > -0.01 and np.sort(np.linalg.norm(m.W, axis=0))[2] > 0.9)
    branch = gs.continuation(path, start, at=0.04)
    assert [event.kind for event in branch.events] == ["corner"]
    (event,) = branch.events
    assert branch.interval == (0.04, 0.06)
    i = event.features[0]
    assert branch.b[0, i] < 0 < branch.b[-1, i]
    # on either side b_i is close to linear and comes to zero at the corner
    before, after = (np.polyfit(branch.s[part], branch.b[part, i], 2) for part in
                     (branch.s < event.s, branch.s > event.s))  # fmt: skip
    assert np.roots(before)[np.argmin(np.abs(np.roots(before) - event.s))] == pytest.approx(event.s, abs=1e-5)
    assert np.polyval(np.polyder(before), event.s) > 5 * np.polyval(np.polyder(after), event.s) > 0


def test_contacts_are_recorded_when_asked_for(pentagon):
    """In a pentagon neighbours reach each other and the others do not, M_ij + b_i; at high density all do."""
    path, _ = pentagon
    branch = gs.continuation(path, gs.minimize(path(0.1), rng=0, n_starts=8), at=0.1, contacts=True)
    contacts = [event for event in branch.events if event.kind == "contact"]
    for event in contacts:
        W, b = (np.array([np.interp(event.s, branch.s, x) for x in getattr(branch, name).reshape(branch.s.size, -1).T])
                for name in ("W", "b"))  # fmt: skip
        i, j = event.features
        reach = b[i] + (W.reshape(2, 5).T @ W.reshape(2, 5))[i, j]
        assert abs(reach) < 1e-3
    assert all(event.kind != "contact" for event in pentagon[1].events)


def test_the_start_and_the_direction_do_not_matter(pentagon):
    path, branch = pentagon
    again = gs.continuation(
        path, gs.minimize(path(0.2), start=branch.arrangement(-4), n_starts=0), at=0.2, max_step=0.02
    )
    assert again.interval == pytest.approx(branch.interval, abs=1e-10)
    k = int(np.searchsorted(again.s, 0.2))
    assert again.loss[k] == pytest.approx(
        float(gs.minimize(path(0.2), start=branch.arrangement(-4), n_starts=0).loss), abs=1e-14
    )


@given(seed=st.integers(0, 2**32 - 1), order=st.permutations(range(5)), s=st.sampled_from([0.06, 0.12]))
@settings(max_examples=2)
def test_rotations_and_exchanges_change_nothing(pentagon, seed, order, s):
    """The branch of a rotated and permuted pentagon has the same losses, eigenvalues and end."""
    path = along(FIVE, "feature_probability", (0.05, 0.2))
    Q = np.linalg.qr(np.random.default_rng(seed).normal(size=(2, 2)))[0]
    start = gs.minimize(path(s), start=pentagon[1].arrangement(0), n_starts=0).arrangement
    first = gs.continuation(path, start, at=s)
    second = gs.continuation(path, start.rotated(Q).permuted(order), at=s)
    np.testing.assert_allclose(first.loss[[0, -1]], second.loss[[0, -1]], rtol=1e-13)
    np.testing.assert_allclose(first.eigenvalue[[0, -1]], second.eigenvalue[[0, -1]], atol=1e-9)


def test_one_active_feature():
    """The branch of the pentagon in the limit, one feature being rarer: at equal densities the published Σ."""
    path = Path(lambda rho: gs.Problem(5, 2, [rho, 1, 1, 1, 1]), 0.2, 1.0, "rho")
    branch = gs.continuation(path, gs.minimize_one_active(5, 2, rng=0), at=1.0, loss="one_active")
    assert branch.loss[-1] == pytest.approx(0.0791281354, abs=5e-11)
    # L is linear in the densities, so the slope at fixed weights is what feature 0 alone costs
    weights = branch.W[-1], branch.b[-1]
    rare = gs.one_active_loss(gs.Problem(5, 2), *weights)
    assert branch.slope[-1] == pytest.approx(float(rare) / 5, rel=1e-9)


def test_saved_and_loaded(pair, tmp_path):
    _, branch = pair
    loaded = gs.Branch.load(branch.save(tmp_path / "branch"))
    assert repr(loaded) == repr(branch)
    assert loaded.events == branch.events
    np.testing.assert_array_equal(loaded.W, branch.W)
    with pytest.raises(ValueError, match="not a saved branch"):
        gs.Branch.load(TWO.save(tmp_path / "problem"))


@pytest.mark.parametrize("show", ["loss", "dimensionality"])
def test_drawn(pair, show):
    _, branch = pair
    ax = gs.plot.branch(branch, show=show)
    assert ax.get_xlabel() == "feature probability"
    assert any(line.get_linestyle() == "--" for line in ax.lines)
    plt.close("all")
    with pytest.raises(ValueError, match="'loss' or 'dimensionality'"):
        gs.plot.branch(branch, show="norm")


def test_callback_hears_every_point():
    path = along(TWO, "feature_probability", (0.2, 0.3))
    heard = []
    branch = gs.continuation(path, gs.minimize(path(0.2), rng=0), at=0.2, callback=heard.append)
    assert heard == branch.s[1:].tolist()


PENTAGON = gs.k_gon(5).arrangement


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gs.continuation(TWO, PENTAGON), "is not a path: pass phases.Path"),
        (lambda: along(FIVE, "density", (0.1, 0.2)), "'density' is unknown: pass one of 'feature_probability'"),
        (lambda: along(FIVE, "feature_probability", (0.2, 0.1)), "(0.2, 0.1) is empty"),
        (lambda: along(FIVE, "feature_probability", (0.2, 1.1)), "outside [0, 1]"),
        (lambda: along(FIVE, "feature_probability", (0.1, 0.2), feature=5), "feature=5, but the problem has"),
        (lambda: along(FIVE, "importance", (0.1, 0.2)), "pass feature="),
        (lambda: along(FIVE, "set_probability", (0.1, 0.2)), "in no sets"),
        (lambda: along(FIVE, "feature_probability", 0.1), "pass a pair"),
        (lambda: Path(lambda s: gs.Problem(int(s), 2), 4, 6), "must stay the same along a path"),
        (lambda: Path(lambda s: s, 0, 1), "must return a Problem"),
        (lambda: along(FIVE, "feature_probability", (0.1, 0.2))(0.3), "0.3 is outside the path"),
        (lambda: _follow(PENTAGON, at=0.3), "0.3 is outside the path"),
        (lambda: _follow(PENTAGON), "not near a stationary point: pass gs.minimize"),
        (lambda: _follow((PENTAGON.W.T, PENTAGON.b)), "pass W.T"),
        (lambda: _follow("pentagon"), "start=str is not understood"),
        (lambda: _follow(PENTAGON, loss="sampled"), "'sampled' is unknown"),
        (lambda: _follow(PENTAGON, bias="nonpositive"), "branches with corners"),
        (lambda: _follow(PENTAGON, max_step=0), "not a share of the path"),
        (lambda: _follow((np.zeros((2, 5)), np.full(5, 0.05))), "is a saddle"),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        make()
    assert message in str(error.value)


def _follow(start, **options):
    return gs.continuation(along(FIVE, "feature_probability", (0.1, 0.2)), start, **options)


def test_crossings_with_rivals():
    path = along(TWO, "feature_probability", (0.3, 0.8))
    pair, lopsided = gs.minimize(path(0.4), rng=0), gs.minimize(path(0.71), rng=0)
    rival = gs.continuation(path, lopsided, at=0.71)
    events = gs.continuation(path, pair, at=0.4, rivals=[rival, rival]).events
    crossings = [event for event in events if event.kind == "crossing"]
    boundary = gs.phase_boundary(path, pair, rival, at=(0.4, 0.71))
    assert [event.s for event in crossings] == [boundary.s] * 2
    assert [event.text for event in crossings] == [f"from here on the loss of rival {k} is lower" for k in (0, 1)]
    assert [event.kind for event in events] == ["crossing", "crossing", "bifurcation"]
    apart = gs.continuation(along(TWO, "feature_probability", (0.3, 0.4)), pair, at=0.4)
    assert gs.continuation(path, lopsided, at=0.71, rivals=[apart]).events == rival.events  # nothing in common


def test_a_rival_of_another_path_is_refused():
    path, five = (along(problem, "feature_probability", (0.1, 0.12)) for problem in (TWO, FIVE))
    other = gs.continuation(five, gs.minimize(five(0.1), rng=0, n_starts=8), at=0.1)
    with pytest.raises(ValueError, match="pass branches of this path"):
        gs.continuation(path, gs.minimize(path(0.1), rng=0), at=0.1, rivals=[other])
