"""Three correlated pairs in two dimensions: the boundaries between neighbouring arrangements, each against a search."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.features import CorrelatedSets
from geomsup.phases import along

BASE = gs.Problem(n_hidden=2, features=CorrelatedSets.of_size(3, 2, 0.1))


def collapsed(W):
    """How many pairs have one direction."""
    unit = W / np.linalg.norm(W, axis=0)
    return int(sum(unit[:, 2 * k] @ unit[:, 2 * k + 1] > 1 - 1e-6 for k in range(3)))


def minimum(path, s, pairs):
    """The lowest finished minimum at s in which so many pairs have one direction."""
    minima = gs.minimize(path(s), rng=0, n_starts=24).minima
    return next(m for m in minima if m.gradient_norm < 1e-9 and collapsed(m.W) == pairs)


BOUNDARIES = [
    ((0.06, 0.08), (0.06, 0), (0.08, 1), 0.0713272243),
    ((0.13, 0.16), (0.135, 1), (0.155, 1), 0.1405501768),  # in the second, another pair is nearly collapsed
    ((0.155, 0.17), (0.158, 1), (0.167, 2), 0.1625727343),
    ((0.3, 0.42), (0.35, 2), (0.4, 3), 0.3936228267),
    ((0.42, 0.45), (0.425, 3), (0.445, 3), 0.4361959394),  # two of the three antipodal, then all at 120 degrees
    ((0.7, 0.85), (0.74, 3), (0.77, 3), 0.7515074934),  # all three in half of the plane
    ((0.75, 0.85), (0.79, 3), (0.815, 3), 0.8038128799),  # the middle one shorter
]

BOTH = {(0.155, 0.17): (0.155, 0.17), (0.13, 0.16): (0.13, 0.156338041), (0.75, 0.85): (0.783622, 0.816565029)}
"""Where both are minima, of the interval."""


@pytest.mark.slow
@pytest.mark.parametrize(("interval", "below", "above", "s"), BOUNDARIES)
def test_pairs_collapse_one_after_the_other(interval, below, above, s):
    path = along(BASE, "set_probability", interval)
    starts = [minimum(path, *one) for one in (below, above)]
    boundary = gs.phase_boundary(path, *starts, at=(below[0], above[0]))
    assert (boundary.order, boundary.lower_before) == (1, "first")
    assert boundary.error < 1e-10
    assert boundary.s == pytest.approx(s, abs=1e-9)
    if interval in BOTH:
        assert boundary.hysteresis == pytest.approx(BOTH[interval], abs=1e-6)
    # TMS: 0.05, 0.15, 0.2 to 0.25 and above 0.5 for its trained models, and nothing beyond
    for side, pairs in ((-1e-3, below[1]), (1e-3, above[1])):
        found = gs.minimize(path(boundary.s + side), rng=1, n_starts=40)
        assert found.loss == pytest.approx(boundary.loss + side * boundary.slopes[side > 0], abs=1e-5)
        assert collapsed(found.W) == pairs
