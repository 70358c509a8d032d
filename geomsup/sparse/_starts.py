"""Where searches with one active feature begin, besides random arrangements: spread out, some features dropped.

From random arrangements the larger polygons are hardly ever reached: with seven features in the plane 1 of 96 descents
ended in the heptagon, and 95 of 96 from directions spread out first. A feature without direction stays without one, so
how many to drop is drawn too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geomsup._typing import FloatArray
from geomsup.optimize.lbfgs import descend
from geomsup.problem import Problem
from geomsup.sparse._sphere import SphereEnergy
from geomsup.sparse.potentials import CustomPotential

__all__ = ["given_starts", "spread_starts"]

REPULSION = CustomPotential(np.exp, np.exp)
"""Any would do; this one is finite where vectors coincide, as they must on a line."""
SPREADING = 10
"""Steps of the descent: enough to part close directions, too few to make all starts alike."""
NORMS = 0.9, 1.7
"""Range of the common norm r: regular polygons of up to 16 features have 1 to 1.62, the icosahedron 1.35."""
THRESHOLDS = 0.0, 0.7
"""Range of −b/r², the cosine at which outputs begin to respond: up to 0.62 in polygons, 0.37 in the icosahedron."""


def spread_starts(
    rng: np.random.Generator, count: int, m: int, importance: FloatArray, dropped: float
) -> tuple[FloatArray, FloatArray]:
    """W (count, m, n) and b (count, n): half with all features, half with a random number of the most important.

    The others have no direction and the bias ``dropped``.
    """
    n = importance.size
    W, b = np.zeros((count, m, n)), np.full((count, n), dropped)
    r, t = rng.uniform(*NORMS, size=count), rng.uniform(*THRESHOLDS, size=count)
    live = np.where(rng.random(count) < 0.5, n, rng.integers(min(n, m + 1), n + 1, size=count))
    order = np.argsort(-importance, kind="stable")
    for k in np.unique(live).tolist():
        chosen = np.flatnonzero(live == k)
        sphere = SphereEnergy(REPULSION, k, m)
        x = descend(sphere, rng.normal(size=(chosen.size, m * k)), sphere.fine, max_steps=SPREADING, tol=1e-3).x
        W[np.ix_(chosen, np.arange(m), order[:k])] = r[chosen, None, None] * sphere.unpack(x)[0]
        b[np.ix_(chosen, order[:k])] = -(t * r**2)[chosen, None]
    return W, b


def given_starts(problem: Problem, start: Any) -> list[tuple[FloatArray, FloatArray]]:
    """Warm starts (W, b) from a matrix, a pair, anything that has a ``W`` and perhaps a ``b``, or a list of those.

    Raises
    ------
    ValueError
        One that does not fit the problem.
    """
    if start is None:
        return []
    if isinstance(start, list):
        return [pair for one in start for pair in given_starts(problem, one)]
    if isinstance(start, tuple):
        W, b = start
    else:
        W = getattr(start, "W", start)
        b = getattr(start, "b", np.zeros(problem.n_features))
    W, b = problem.check_weights(W, b)
    if W.ndim != 2:
        raise ValueError(f"start has shape {W.shape}, but a start is one matrix (m, n): pass a list of matrices")
    return [(W, b)]
