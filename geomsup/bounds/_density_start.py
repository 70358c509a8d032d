"""Where the program at a density starts: the pairs of an arrangement that is good, and the tangent that fits it.

The dual of the program is a mixture of arrangements. With the pairs of one of them from the beginning λ is never far
too high, and few rounds are spent on places that do not matter.
"""

from __future__ import annotations

import numpy as np
from flint import fmpq

from geomsup._typing import FloatArray
from geomsup.bounds._third_outputs import product_below

__all__ = ["own_of", "pairs_of", "third_of"]

COPIES, JITTERS = 40, (0.003, 0.03)
"""Of each pair, moved by so much in (ρ, e, e', t) and R, relative."""
SILENT = 1e-3
"""R or e below which a feature is not there."""
LEAST = fmpq(1, 50)
"""θ below which the terms are left out."""
GRID = 1000
"""d and θ are rounded to multiples of 1/GRID."""


def pairs_of(W: FloatArray, b: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Rows (ρ, e, e', t) and R of the pairs of features, with copies around them."""
    R, e, G = _marks(W, b)
    first, second = (one.ravel() for one in np.meshgrid(*[np.flatnonzero((R > SILENT) & (e > SILENT))] * 2))
    longer = (first != second) & (R[first] >= R[second])
    i, j = first[longer], second[longer]
    rho = np.sqrt(R[j] / R[i])
    X = np.stack([rho, e[i], e[j], G[i, j] / (rho * R[i])], axis=1)
    moved = [X, *(X + jitter * rng.normal(size=(COPIES, *X.shape)) for jitter in JITTERS)]
    lengths = [R[i], *(R[i] * (1 + jitter * rng.normal(size=(COPIES, i.size))) for jitter in JITTERS)]
    return np.vstack([one.reshape(-1, 4) for one in moved]), np.abs(np.concatenate([one.ravel() for one in lengths]))


def third_of(W: FloatArray, b: FloatArray) -> tuple[fmpq, fmpq] | None:
    """d and θ from the two features that each output responds to most; None where it hardly responds to two."""
    R, e, G = _marks(W, b)
    np.fill_diagonal(G, -np.inf)
    here = (R > SILENT) & (e > SILENT)
    if here.sum() < 3:
        return None
    top = np.sort(G[np.ix_(here, here)], axis=1)[:, -2:]
    R, e = R[here], e[here]
    bias = (1 - e) * R
    both = (top[:, 0] > 0) & (top.sum(axis=1) > bias)
    if not both.any():
        return None
    top, R, e, bias = top[both], R[both], e[both], bias[both]
    d = fmpq(round(GRID * float(np.mean(2 * bias / top.sum(axis=1)))), GRID)
    beta = product_below(d)[1]
    Y = np.maximum(top - float(beta.p) / float(beta.q) * bias[:, None], 0).sum(axis=1)
    level = fmpq(round(GRID * float(np.mean(Y / (R * e**2)))), GRID)
    return (d, level) if level > LEAST else None


def own_of(W: FloatArray, b: FloatArray) -> fmpq:
    """θ of own outputs with three active features: Σ_j e c_{j+}, the mean over the features that are there."""
    R, e, G = _marks(W, b)
    np.fill_diagonal(G, 0.0)
    here = (R > SILENT) & (e > SILENT)
    return fmpq(round(GRID * float((e[:, None] * np.maximum(G, 0.0))[here].sum(axis=1).mean())), GRID)


def _marks(W: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """R, e and the Gram matrix, positive biases replaced by 0."""
    G = W.T @ W
    R = np.diag(G).copy()
    return R, 1 + np.minimum(b, 0) / np.maximum(R, SILENT), G
