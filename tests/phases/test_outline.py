"""The boundaries of a map lie where the losses cross, and where a closed form says that an arrangement vanishes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import geomsup as gs
from geomsup.plot.phases import polylines

PAIR = gs.Problem(2, 1)


def continuous_line(s):
    """r = K(s)/V(s), where the lopsided pair turns into ignoring the last feature (docs/phases_boundaries.md)."""

    def K(t):
        on = t**2 - t * s + s / 3 - 0.75 * (t - s / 2) ** 2
        return s * on + (1 - s) * ((1 - s) * t**2 + s * t**3 / 3)

    return minimize_scalar(K, bounds=(0, 1), method="bounded", options={"xatol": 1e-12}).fun / (s / 3 - s**2 / 4)


@pytest.fixture(scope="module")
def corner():
    """Around the point where pair, lopsided pair and ignoring the last feature meet, (r, s) = (.5641, .5117)."""
    axes = {"feature_probability": [0.505, 0.522], "relative_importance": [0.55, 0.58]}
    diagram = gs.phase_diagram(PAIR, axes)
    return diagram, gs.phases.outline(diagram, PAIR)


def test_jumps_and_a_continuous_transition_around_a_triple_point(corner):
    _, found = corner
    assert sorted(found.orders.tolist()) == [1, 1, 2]
    assert found.unresolved == ()
    assert (found.errors < 1e-10).all()
    (along,) = np.flatnonzero(found.orders == 2)
    s, r = found.points[along]
    assert s == 0.522  # between the two importances
    assert r == pytest.approx(continuous_line(s), abs=1e-10)
    # Three lines that meet: as many segments, to one point in the middle.
    assert found.segments.shape == (3, 2, 2)
    np.testing.assert_allclose(found.segments[:, 1], found.points.mean(axis=0)[None].repeat(3, axis=0))
    assert sorted(found.segment_orders.tolist()) == [1, 1, 2]


def test_losses_of_both_sides_are_equal_at_a_jump(corner):
    _, found = corner
    k = int(np.flatnonzero((found.orders == 1) & (found.points[:, 1] == 0.55))[0])
    problem = gs.Problem(2, 1, found.points[k, 0], importance=[1, 0.55])
    best = gs.minimize(problem, rng=0).minima[:2]
    assert best[1].loss - best[0].loss < 1e-10 < np.abs(best[0].W @ best[0].W.T - best[1].W @ best[1].W.T).max()


def test_workers_and_cache_change_nothing(corner, tmp_path):
    diagram, found = corner
    seen = []
    once = gs.phases.outline(diagram, PAIR, workers=2, cache=tmp_path)
    again = gs.phases.outline(diagram, PAIR, cache=tmp_path, callback=seen.append)
    for one in (once, again):
        np.testing.assert_array_equal(one.points, found.points)
        np.testing.assert_array_equal(one.segments, found.segments)
    assert seen == []  # nothing was computed


def test_a_name_that_changes_on_one_branch_is_no_boundary():
    # The lopsided pair on its way to ignoring the last feature, which it reaches at s = 0.631: one branch.
    axes = {"feature_probability": [0.6, 0.61], "relative_importance": [0.7, 0.705]}
    diagram = gs.phase_diagram(PAIR, axes)
    renamed = gs.phases.PhaseDiagram(
        diagram.dims, diagram.coords, diagram.values | {"label": np.array([["one"] * 2, ["other"] * 2])}
    )
    found = gs.phases.outline(renamed, PAIR)
    assert found.orders.size == found.segments.size == 0
    assert ["one and the same loss" in why for _, why in found.unresolved] == [True, True]


def test_drawn(corner):
    diagram, found = corner
    ax = gs.plot.outline(found, ax=gs.plot.phase_diagram(diagram, boundaries=False))
    solid, dashed = ax.collections[-2:]
    assert [len(lines.get_segments()) for lines in (solid, dashed)] == [1, 1]  # two jumps joined in the middle
    plt.close("all")


def test_polylines():
    a, b, c, d = (0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)
    joined = polylines(np.array([(c, b), (a, b), (c, d)]))
    assert joined in ([[a, b, c, d]], [[d, c, b, a]])
    (closed,) = polylines(np.array([(a, b), (b, c), (c, a)]))
    assert len(closed) == 4
    assert closed[0] == closed[-1]
    star = polylines(np.array([(a, d), (b, d), (c, d)]))
    assert sorted(map(len, star)) == [2, 3]


def test_refusals(corner):
    diagram, _ = corner
    with pytest.raises(ValueError, match="not a map over two axes"):
        gs.phases.outline(gs.phase_diagram(PAIR, {"feature_probability": [0.1]}), PAIR)
    sizes = gs.phase_diagram(PAIR, {"feature_probability": [0.1], "n_features": [2, 3]})
    with pytest.raises(ValueError, match="number of parameters changes"):
        gs.phases.outline(sizes, PAIR)
    with pytest.raises(ValueError, match="neither a Problem nor a function"):
        gs.phases.outline(diagram, 3)
