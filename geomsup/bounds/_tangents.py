r"""Where tangents of E z₊² are taken on a box, and which linear terms are taken out of the rows.

Every tangent and every linear term gives a true bound (:mod:`geomsup.bounds._branching`), so this is about its size
alone, and need not be exact.

With E x_i z₊ replaced by the affine function above it, the sum of the rows is convex in (G, b), and its least on a box
is that of its tangents at the place where it is least. Taken at the center, they lose the curvature of E z₊², which is
of order p where the loss itself is of order p²: that takes smaller boxes. In the decomposition

    Σ_i min [I_i φ_i − s_i·G_i] + min Σ_i s_i·G_i

each bracket has a place of its own, for each cell. So: (1) a quadratic model of the sum on the box, the biases
eliminated; (2) its least, by coordinates; (3) s_i, the slopes of the rows there; (4) the least of each bracket in a
quadratic model of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geomsup._typing import FloatArray, IntArray
from geomsup.bounds._row_loss import Affine, Over, Row

__all__ = ["least_place", "multipliers"]

SWEEPS = 3
"""Over the coordinates."""
TINY = 1e-200
"""Stands for a divisor of 0."""


def multipliers(
    rows: Sequence[Row],
    importance: FloatArray,
    x: FloatArray,
    h: FloatArray,
    overs: Sequence[Over],
    flat: Sequence[Affine],
    best: Sequence[IntArray],
) -> FloatArray:
    """Slopes s_ij in G_ij, of shape (n, n, boxes), where about the sum of the rows is least on boxes x ± h.

    `flat` are the rows with tangents at the centers of their cells, `best` the cell of each row and box that counts.
    """
    m, n, count = x.shape
    H, s, models = np.zeros((m * n, m * n, count)), np.zeros((m * n, count)), []
    for row, weight, over, one, k in zip(rows, importance, overs, flat, best, strict=True):
        Q, J = row.curvature(over.g[:, k], over.b[k]), _gram_slopes(x, row.i)
        pull, stiff = Q[:n, n], np.maximum(Q[n, n], TINY)
        H += weight * np.einsum("jab,jkb,kcb->acb", J, Q[:n, :n] - pull * pull[:, np.newaxis] / stiff, J, optimize=True)
        s += weight * np.einsum("jab,jb->ab", J, one.slope[:, k] - pull * one.bias[k] / stiff)
        models.append((J, pull, stiff))
    d = _least(H, s, h.reshape(m * n, count))
    y = x + d.reshape(x.shape)
    found = []
    for row, weight, over, one, k, (J, pull, stiff) in zip(rows, importance, overs, flat, best, models, strict=True):
        far = over.wide[:, k].sum(axis=0)
        step = -(one.bias[k] / 2 + (pull * np.einsum("jab,ab->jb", J, d)).sum(axis=0)) / stiff
        g = [(y[:, row.i] * y[:, j]).sum(axis=0) for j in range(n)]
        _, slopes, _ = row.power(g, over.b[k] + np.clip(step, -far, far))
        found.append(weight * (np.array(slopes) - 2 * over.slopes[:, k]))
    return np.array(found)


def least_place(row: Row, weight: float, over: Over, flat: Affine, s: FloatArray) -> FloatArray:
    """Where about weight · φ − s · G is least on each cell, relative to its center: n + 1 rows, the bias last."""
    slope = np.array([*(flat.slope - s / max(weight, TINY)), flat.bias])
    return _least(row.curvature(over.g, over.b), slope, np.array([*over.wide, over.hb]))


def _gram_slopes(x: FloatArray, i: int) -> FloatArray:
    """Derivatives of G_i1, …, G_in in the weights at x, of shape (n, m n, boxes)."""
    m, n, count = x.shape
    J = np.zeros((n, m, n, count))
    for j in range(n):
        J[j, :, j] += x[:, i]
        J[j, :, i] += x[:, j]
    return J.reshape(n, m * n, count)


def _least(H: FloatArray, s: FloatArray, h: FloatArray) -> FloatArray:
    """About the least of s·d + d·Hd for |d| ≤ h."""
    d = np.zeros_like(s)
    for _ in range(SWEEPS):
        for k in range(len(s)):
            slope = s[k] + 2 * (H[k] * d).sum(axis=0)
            d[k] = np.clip(d[k] - slope / np.maximum(2 * H[k, k], TINY), -h[k], h[k])
    return d
