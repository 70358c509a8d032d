"""Directions from the Higman–Sims graph, which the binary Golay code gives in integers."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from geomsup._typing import BoolArray, FloatArray
from geomsup.frames.codes import two_products

__all__ = ["higman_sims_code"]

GENERATOR = 0b110001110101
"""x¹¹ + x¹⁰ + x⁶ + x⁵ + x⁴ + x² + 1, which divides x²³ − 1 over the field of two elements."""


def higman_sims_code() -> FloatArray:
    """A hundred directions in R²² on the vertices of the Higman–Sims graph: products −4/11 and 1/11.

    The projection on the eigenspace of the graph for −8; −4/11 for neighbours, of which every vertex has 22. Symmetry
    order 88,704,000. Tight, D = 11/50. (Higman, Sims 1968, "A simple group of order 44,352,000".)

    Returns
    -------
    ndarray of shape (22, 100)

    Examples
    --------
    >>> import geomsup as gs, numpy as np
    >>> W = gs.frames.higman_sims_code()
    >>> [round(float(product), 4) for product in np.unique((W.T @ W).round(6))]
    [-0.3636, 0.0909, 1.0]
    """
    return two_products(_higman_sims(), -4 / 11, 1 / 11, 22)


def _hexads() -> list[list[int]]:
    """The 77 blocks of the Steiner system S(3, 6, 22): octads of the extended Golay code through two points."""
    code = {0}
    for shift in range(12):
        code |= {word ^ (GENERATOR << shift) for word in code}
    extended = [word | (word.bit_count() % 2) << 23 for word in sorted(code)]
    octads = [word for word in extended if word.bit_count() == 8 and word >> 22 == 3]
    return [[point for point in range(22) if word >> point & 1] for word in octads]


def _higman_sims() -> BoolArray:
    """100 vertices: one joined to the 22 points, points to the blocks that hold them, blocks to disjoint ones."""
    blocks = _hexads()
    adjacent = np.zeros((100, 100), dtype=bool)
    adjacent[0, 1:23] = True
    for k, block in enumerate(blocks):
        adjacent[[1 + point for point in block], 23 + k] = True
    for k, j in combinations(range(77), 2):
        adjacent[23 + k, 23 + j] = not set(blocks[k]) & set(blocks[j])
    return np.asarray(adjacent | adjacent.T)
