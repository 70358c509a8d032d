"""Which features are not zero, and which groups of them are orthogonal to all others."""

from __future__ import annotations

import numpy as np
from scipy.sparse.csgraph import connected_components

from geomsup._typing import BoolArray, FloatArray, IntArray

__all__ = ["nonzero", "numerical_rank", "split"]

SMALL_NORM, LARGE_NORM = 0.1, 0.6
"""Relative to the largest norm: below the first taken for zero, above the second never."""
ZERO = 0.003
"""Cosines up to this are not told apart from 0."""
LARGEST_ZERO = 0.1
"""No cosine above this is ever taken for 0."""
GAP = 2.0
"""How many times larger the next cosine must be for a tolerance between the two."""


def nonzero(norms: FloatArray) -> BoolArray:
    """Which norms are above the widest gap, on a logarithmic scale, between 0.1 and 0.6 of the largest.

    The limits count as norms: without a norm between them everything above √(0.1 · 0.6) ≈ 0.24 is. This asks what a
    search would bring to exactly zero, and not, as :func:`geomsup.represented` does, what is worth naming: minima keep
    features at a third of the length of others.
    """
    largest = float(norms.max())
    if largest == 0:
        return np.zeros(len(norms), dtype=bool)
    relative = norms / largest
    levels = np.sort(np.concatenate([[SMALL_NORM, LARGE_NORM], np.clip(relative, SMALL_NORM, LARGE_NORM)]))
    widest = int(np.argmax(np.diff(np.log(levels))))
    return np.asarray(relative > np.sqrt(levels[widest] * levels[widest + 1]))


def split(U: FloatArray) -> tuple[float, list[IntArray]]:
    r"""A tolerance for cosines, chosen from the data, and the groups of columns that are orthogonal within it.

    At tolerance t the groups are the components of the graph with an edge where :math:`|U_i \cdot U_j| > t`. They
    change only where t passes one of the n − 1 cosines of a maximal spanning tree; those below 0.003 count as 0.003.
    The tolerance is the geometric mean of the widest gap of these cosines, on a logarithmic scale, whose lower end is
    at most 0.1 and whose upper end, the next cosine or 1, is at least twice that. A gap is passed over when its groups
    need more dimensions together than there are, as the vertices of a large simplex do, taken one by one. Without a
    gap all columns are one group.

    Parameters
    ----------
    U : array of shape (m, n)
        Unit columns.

    Returns
    -------
    tolerance : float
    groups : list of int arrays
        In the order of their first columns.
    """
    cosines = np.abs(U.T @ U)
    tree = np.sort(np.clip(_spanning_tree(cosines), ZERO, 1.0))
    whole = [np.arange(len(cosines))]
    low, high = tree, np.append(tree[1:], 1.0)
    for gap in np.argsort(low / high, kind="stable"):
        if low[gap] > LARGEST_ZERO or high[gap] < GAP * low[gap]:
            continue
        tolerance = float(np.sqrt(low[gap] * high[gap]))
        count, labels = connected_components(cosines > tolerance, directed=False)
        groups = [np.flatnonzero(labels == label) for label in range(count)]
        needed = sum(numerical_rank(U[:, group], low[gap]) for group in groups)
        if needed <= numerical_rank(U, low[gap]):
            return tolerance, groups
    return float(np.sqrt(ZERO * tree.min(initial=1.0))), whole


def numerical_rank(U: FloatArray, tolerance: float = ZERO) -> int:
    """How many squared singular values exceed `tolerance` times the largest."""
    squares = np.linalg.svd(U, compute_uv=False) ** 2
    return int(np.sum(squares > tolerance * squares[0]))


def _spanning_tree(weights: FloatArray) -> FloatArray:
    """The n − 1 weights of a maximal spanning tree of a complete graph (Prim)."""
    n = len(weights)
    strongest, outside = weights[0].copy(), np.arange(n) > 0
    edges = np.empty(n - 1)
    for k in range(n - 1):
        v = int(np.argmax(np.where(outside, strongest, -1.0)))
        edges[k], outside[v] = strongest[v], False
        np.maximum(strongest, weights[v], out=strongest)
    return edges
