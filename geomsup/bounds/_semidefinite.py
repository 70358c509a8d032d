"""The semidefinite programs of three-point bounds in floats: their rows at points, and Clarabel, which solves them.

Nothing here is trusted: what comes out is a proposal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geomsup._typing import FloatArray, IntArray
from geomsup.bounds.lp import gegenbauer_values

__all__ = ["Kernels", "cosines", "solve", "triangle"]

TOL = 1e-9
"""Of the solver. Measured: at 1e-10 and below it stops early more often, at values that are no better."""


@dataclass(frozen=True)
class Kernels:
    """Rows of T at points, one column for each entry of the matrices F_k, stacked upper triangles, off-diagonals √2."""

    m: int
    degree: int
    wide: bool = False
    """All a_kr have that degree, and there are P_k of one cosine up to twice that; otherwise degree − k and none."""
    index: list[tuple[Any, Any]] = field(init=False)
    scale: list[FloatArray] = field(init=False)

    def __post_init__(self) -> None:
        triangles = [triangle(size) for size in self.sizes]
        object.__setattr__(self, "index", [(i, j) for i, j, _ in triangles])
        object.__setattr__(self, "scale", [scale for _, _, scale in triangles])

    @property
    def sizes(self) -> list[int]:
        """Of F_0, F_1, ..."""
        return [self.degree + 1 - (0 if self.wide else k) for k in range(self.degree + 1)]

    @property
    def pairs(self) -> int:
        """Highest degree of the P_k of one cosine: all polynomials have the same in each."""
        return 2 * self.degree if self.wide else 0

    @property
    def columns(self) -> int:
        """Number of entries in all."""
        return sum(size * (size + 1) // 2 for size in self.sizes)

    def rows(self, points: FloatArray) -> FloatArray:
        """Shape (points, columns)."""
        u, v, t = points.T
        zonal = [self._zonal(*three) for three in ((u, v, t), (u, t, v), (v, t, u))]
        blocks = []
        for k, size in enumerate(self.sizes):
            one, two, three = (gegenbauer_values(self.m + 2 * k, max(size - 1, 1), w)[:size].T for w in (u, v, t))
            i, j = self.index[k]
            total = np.zeros((len(points), i.size))
            for (a, b), Q in zip(((one, two), (one, three), (two, three)), zonal, strict=True):
                total = total + (a[:, i] * b[:, j] + a[:, j] * b[:, i]) * Q[k][:, None] / 6
            blocks.append(total * self.scale[k])
        return np.hstack(blocks)

    def values(self, points: FloatArray, matrices: Sequence[FloatArray]) -> FloatArray:
        """T at points: rows(points) times the entries of the matrices, without the rows."""
        u, v, t = points.T
        zonal = [self._zonal(*three) for three in ((u, v, t), (u, t, v), (v, t, u))]
        total = np.zeros(len(points))
        for k, (size, F) in enumerate(zip(self.sizes, matrices, strict=True)):
            one, two, three = (gegenbauer_values(self.m + 2 * k, max(size - 1, 1), w)[:size] for w in (u, v, t))
            left, middle = F @ one, F @ two
            for (a, b), Q in zip(((left, two), (left, three), (middle, three)), zonal, strict=True):
                total += np.sum(a * b, axis=0) * Q[k] / 3
        return total

    def matrices(self, x: FloatArray) -> list[FloatArray]:
        """The F_k of a solution."""
        found, start = [], 0
        for size, (i, j), scale in zip(self.sizes, self.index, self.scale, strict=True):
            F = np.zeros((size, size))
            F[i, j] = F[j, i] = x[start : start + i.size] / scale
            found.append(F)
            start += i.size
        return found

    def traces(self) -> FloatArray:
        """The row of Σ tr F_k."""
        return np.concatenate([(i == j).astype(float) for i, j in self.index])

    def _zonal(self, u: FloatArray, v: FloatArray, t: FloatArray) -> list[FloatArray]:
        """Q_0, …, Q_degree."""
        x, y = t - u * v, (1 - u * u) * (1 - v * v)
        Q, M = [np.ones_like(u), x], self.m - 1
        for k in range(1, self.degree):
            Q.append(((2 * k + M - 2) * x * Q[k] - k * y * Q[k - 1]) / (k + M - 2))
        return Q


def triangle(size: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Rows and columns of the upper triangle, column by column, and the weights that make it a vector: 1 or √2."""
    i, j = np.triu_indices(size)
    by_column = np.lexsort((i, j))
    i, j = i[by_column], j[by_column]
    return i, j, np.where(i == j, 1.0, np.sqrt(2))


def cosines(angles: FloatArray) -> FloatArray:
    """Cosines of three unit vectors from two angles at the first and the angle between the planes; shape (N, 3)."""
    one, two, between = angles.T
    u, v = np.cos(one), np.cos(two)
    return np.stack([u, v, u * v + np.sin(one) * np.sin(two) * np.cos(between)], axis=1)


def solve(
    cost: FloatArray, rows: FloatArray, room: FloatArray, sizes: Sequence[int], positive: int = 0, equal: int = 0
) -> tuple[FloatArray, FloatArray]:
    """The x of least cost·x with rows·x ≤ room, whose last entries are positive semidefinite matrices, and multipliers.

    Before the matrices there are as many numbers ≥ 0 as `positive` says, and the first `equal` rows are equations.
    Entries are not finite if the solver found nothing.

    Raises
    ------
    ImportError
        Clarabel is not installed.
    """
    from scipy import sparse

    try:
        import clarabel
    except ImportError:
        raise ImportError("three-point bounds are solved by Clarabel: pip install 'geomsup[bounds]'") from None
    entries = positive + sum(size * (size + 1) // 2 for size in sizes)
    free = cost.size - entries
    identity = sparse.hstack([sparse.csc_matrix((entries, free)), -sparse.identity(entries)])
    settings = clarabel.DefaultSettings()
    settings.verbose, settings.max_threads = False, 1
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = TOL
    cones = [clarabel.ZeroConeT(equal)] if equal else []
    cones.append(clarabel.NonnegativeConeT(room.size - equal + positive))
    cones += [clarabel.PSDTriangleConeT(size) for size in sizes]
    A = sparse.vstack([sparse.csc_matrix(rows), identity]).tocsc()
    b = np.concatenate([room, np.zeros(entries)])
    none = sparse.csc_matrix((cost.size, cost.size))
    found = clarabel.DefaultSolver(none, cost, A, b, cones, settings).solve()
    return np.array(found.x), np.array(found.z)[: room.size]
