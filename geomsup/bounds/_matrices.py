"""Exact symmetric matrices: whether one is positive semidefinite, and its rank."""

from __future__ import annotations

from collections.abc import Sequence

from geomsup.bounds._numbers import Number, sign

__all__ = ["rank_if_semidefinite"]


def rank_if_semidefinite(matrix: Sequence[Sequence[Number]]) -> int | None:
    """The rank of a symmetric matrix if it is positive semidefinite, otherwise None; by symmetric elimination.

    What a positive pivot leaves, A − a aᵀ/pivot, is semidefinite exactly when A is; and with only zeros left on the
    diagonal a semidefinite matrix is 0. Cost of order n²·rank operations in exact arithmetic.
    """
    rows = [list(row) for row in matrix]
    left = list(range(len(rows)))
    rank = 0
    while left:
        if any(sign(rows[i][i]) < 0 for i in left):
            return None
        pivot = next((i for i in left if sign(rows[i][i]) > 0), None)
        if pivot is None:
            return rank if all(sign(rows[i][j]) == 0 for i in left for j in left) else None
        left.remove(pivot)
        rank += 1
        for i in left:
            if sign(rows[i][pivot]):
                factor = rows[i][pivot] / rows[pivot][pivot]
                for j in left:
                    rows[i][j] = rows[i][j] - factor * rows[pivot][j]
    return rank
