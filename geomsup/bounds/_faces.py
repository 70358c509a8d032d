r"""The three-point kernels that a given arrangement makes equalities, in exact arithmetic.

If a bound is sharp for a code X of n unit vectors with equal weights, then Σ T = 0 over all triples of X, and T = Σ_k
⟨F_k, B_k(u, v, t)⟩ with F_k ⪰ 0 has only terms that are not negative in that sum. So F_k M_k = 0 for the moments

.. math:: (M_k)_{ij} = \sum_{x, y, z \in X} P_i(x \cdot y)\, P_j(x \cdot z)\, Q_k(x \cdot y, x \cdot z, y \cdot z),

that is F_k = B Z Bᵀ with the columns of B a basis of the null space of M_k. In (1) there is equality at the triples of
X, and as far as a triple may move freely, cosines of 1 excepted, the slopes agree: linear equations for the Z.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from flint import fmpq, fmpq_mat

from geomsup._typing import IntArray
from geomsup.bounds._polynomials import evaluate, gegenbauer
from geomsup.bounds._triples import Trivariate, derivative_of, kernel_of_matrices, value_at

__all__ = ["Faces", "Variable"]

Variable = tuple[int, int, int]
"""k, i, j with i ≤ j: an entry of the symmetric matrix Z for F_k."""
Triple = tuple[fmpq, fmpq, fmpq]


@dataclass(frozen=True)
class Faces:
    """The matrices F_k = B Z Bᵀ of a code.

    Parameters
    ----------
    m : int
        Dimension.
    cosines : sequence of fmpq
        Those that occur.
    which : array of int, shape (n, n)
        Index of the cosine of each pair.
    degree : int
        Of the kernels.
    """

    m: int
    cosines: Sequence[fmpq]
    which: IntArray
    degree: int

    @cached_property
    def counts(self) -> Counter[tuple[int, int, int]]:
        """How often x·y, x·z, y·z occur together, by index."""
        total: Counter[tuple[int, int, int]] = Counter()
        k = len(self.cosines)
        for row in self.which:
            codes, times = np.unique((row[:, None] * k + row) * k + self.which, return_counts=True)
            for code, count in zip(codes.tolist(), times.tolist(), strict=True):
                total[code // k**2, code // k % k, code % k] += count
        return total

    @cached_property
    def triples(self) -> list[Triple]:
        """Cosines of all triples, each in increasing order."""
        return sorted({self._sorted(index) for index in self.counts})

    @cached_property
    def bases(self) -> list[list[list[fmpq]]]:
        """The columns of B for F_0, F_1, …; none where F_k is 0."""
        return [_null_space(self._moments(k)) for k in range(self.degree + 1)]

    @cached_property
    def kernels(self) -> dict[Variable, Trivariate]:
        """What each entry of the Z adds to T, column by column; those off the diagonal stand for two."""
        found = {}
        for k, B in enumerate(self.bases):
            for j in range(len(B)):
                for i in range(j + 1):
                    matrices: list[list[list[fmpq]]] = [[] for _ in self.bases]
                    matrices[k] = _outer(B[i], B[j], i == j).tolist()
                    found[k, i, j] = kernel_of_matrices(self.m, matrices)
        return found

    def matrices(self, z: dict[Variable, fmpq]) -> list[list[list[fmpq]]]:
        """The F_k; an empty one is 0."""
        sizes = [len(B[0]) if B else 0 for B in self.bases]
        total = [fmpq_mat(size, size) for size in sizes]
        for (k, i, j), x in z.items():
            total[k] += x * _outer(self.bases[k][i], self.bases[k][j], i == j)
        return [F.tolist() for F in total]

    def equations(self, c: fmpq) -> tuple[fmpq_mat, fmpq_mat]:
        """Rows and right sides, for f = t₊² and the bound c: values and free slopes at the triples, none twice."""
        rows: list[list[fmpq]] = []
        for p in self.triples:
            rows.append([value_at(T, p) for T in self.kernels.values()])
            rows[-1].append(sum((x * x for x in p if x > 0), fmpq(0)) / 3 - c)
            for axis in (axis for axis in range(3) if p[axis] < 1):
                rows.append([value_at(derivative_of(T, axis), p) for T in self.kernels.values()])
                rows[-1].append(2 * p[axis] / 3 if p[axis] > 0 else fmpq(0))
        reduced, rank = fmpq_mat(rows).rref()
        table = reduced.tolist()[:rank]
        return fmpq_mat([row[:-1] for row in table]), fmpq_mat([row[-1:] for row in table])

    def _moments(self, k: int) -> fmpq_mat:
        size = self.degree + 1 - k
        P = gegenbauer(self.m + 2 * k, max(size - 1, 1))[:size]
        total = fmpq_mat(size, size)
        for index, times in self.counts.items():
            u, v, t = (self.cosines[a] for a in index)
            one, two = (fmpq_mat([[evaluate(p, w)] for p in P]) for w in (u, v))  # type: ignore[list-item]
            total += one * two.transpose() * (times * _zonal_value(self.m, k, u, v, t))
        return total

    def _sorted(self, index: tuple[int, int, int]) -> Triple:
        u, v, t = sorted(self.cosines[a] for a in index)
        return u, v, t


def _zonal_value(m: int, k: int, u: fmpq, v: fmpq, t: fmpq) -> fmpq:
    """Q_k(u, v, t)."""
    x, y = t - u * v, (1 - u * u) * (1 - v * v)
    Q = [fmpq(1), x]
    for j in range(1, k):
        Q.append(((2 * j + m - 3) * x * Q[j] - j * y * Q[j - 1]) / (j + m - 3))
    return Q[k]


def _null_space(M: fmpq_mat) -> list[list[fmpq]]:
    """A basis, with a unit matrix in the coordinates that are free."""
    reduced, rank = M.rref()
    rows, size = reduced.tolist()[:rank], M.ncols()
    pivots = [next(j for j, x in enumerate(row) if x) for row in rows]
    basis = []
    for j in (j for j in range(size) if j not in pivots):
        basis.append([fmpq(int(i == j)) for i in range(size)])
        for row, pivot in zip(rows, pivots, strict=True):
            basis[-1][pivot] = -row[j]
    return basis


def _outer(a: list[fmpq], b: list[fmpq], same: bool) -> fmpq_mat:
    """a bᵀ + b aᵀ, or a aᵀ if they are the same."""
    product = fmpq_mat([a]).transpose() * fmpq_mat([b])
    return product if same else product + product.transpose()
