"""The Higman–Sims graph from the binary Golay code, in integers."""

from itertools import combinations

import numpy as np

GENERATOR = 0b110001110101
"""x¹¹ + x¹⁰ + x⁶ + x⁵ + x⁴ + x² + 1, which divides x²³ − 1 over the field of two elements."""


def hexads():
    """The 77 blocks of the Steiner system S(3, 6, 22): octads of the extended Golay code through two points."""
    code = {0}
    for shift in range(12):
        code |= {word ^ (GENERATOR << shift) for word in code}
    extended = [word | (word.bit_count() % 2) << 23 for word in code]
    octads = [word for word in extended if word.bit_count() == 8 and word >> 22 == 3]
    return [[point for point in range(22) if word >> point & 1] for word in octads]


def adjacency():
    """100 vertices: one joined to the 22 points, points to the blocks that hold them, blocks to disjoint ones."""
    blocks = hexads()
    A = np.zeros((100, 100), dtype=int)
    A[0, 1:23] = 1
    for k, block in enumerate(blocks):
        A[[1 + point for point in block], 23 + k] = 1
    for k, j in combinations(range(77), 2):
        A[23 + k, 23 + j] = not set(blocks[k]) & set(blocks[j])
    return A + A.T
