r"""Polynomials in the three cosines of three unit vectors: the kernels of Bachoc and Vallentin, in exact arithmetic.

For unit vectors x, y, z put u = x·y, v = x·z, t = y·z. With P_k of the sphere in R^(m−1),

.. math:: Q_k(u, v, t) = \bigl((1-u^2)(1-v^2)\bigr)^{k/2} \, P_k\Bigl(\frac{t - uv}{\sqrt{(1-u^2)(1-v^2)}}\Bigr)

is a polynomial, and for every fixed x and every polynomial a the kernel (y, z) ↦ a(x·y) a(x·z) Q_k is positive
semidefinite: Q_k is a positive multiple of P_k at the components of y and z orthogonal to x. So is
T = Σ_k Σ_r a_kr(u) a_kr(v) Q_k(u, v, t), and ∫∫∫ T dμ³ ≥ 0 for every measure μ, without any condition on the a_kr.
(Bachoc, Vallentin 2008, *New upper bounds for kissing numbers from semidefinite programming*, theorem 3.2.)

A polynomial in (u, v, t) is a dictionary from exponents to coefficients.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import comb

from flint import fmpq, fmpq_mat

from geomsup.bounds._numbers import Number
from geomsup.bounds._polynomials import Polynomial, combination, gegenbauer

__all__ = [
    "DETERMINANT",
    "Trivariate",
    "derivative_of",
    "kernel",
    "kernel_of_matrices",
    "mean_of_three",
    "on_pairs",
    "subtract_triples",
    "value_at",
]

Trivariate = dict[tuple[int, int, int], fmpq]

DETERMINANT: Trivariate = {
    (0, 0, 0): fmpq(1),
    (1, 1, 1): fmpq(2),
    (2, 0, 0): fmpq(-1),
    (0, 2, 0): fmpq(-1),
    (0, 0, 2): fmpq(-1),
}
"""1 + 2uvt − u² − v² − t² ≥ 0: with u, v, t in [-1, 1] exactly the cosines of three unit vectors in R³ or more."""


def kernel(m: int, factors: Sequence[Sequence[Sequence[fmpq]]], *, pairs: Sequence[fmpq] = ()) -> Trivariate:
    r"""The mean of T over the three ways to choose x.

    `factors[k]` lists the a_kr, each by its coefficients in P_0, P_1, … of the sphere in R^(m+2k), m ≥ 3. `pairs` are
    factors of P_1(t), P_2(t), … of the sphere in R^m, which are kernels as well if they are not negative.
    """
    squares = [fmpq_mat([list(row) for row in rows]) if rows else None for rows in factors]
    return kernel_of_matrices(m, [[] if A is None else (A.transpose() * A).tolist() for A in squares], pairs=pairs)


def kernel_of_matrices(
    m: int, matrices: Sequence[Sequence[Sequence[fmpq]]], *, pairs: Sequence[fmpq] = ()
) -> Trivariate:
    """The same from the matrices Σ_r a_kr a_krᵀ, which are any that are positive semidefinite; an empty one is 0."""
    zonal: Trivariate = defaultdict(fmpq)
    inner = gegenbauer(m - 1, max(len(matrices) - 1, 1))
    for k, F in enumerate(matrices):
        if not F:
            continue
        size = len(F)
        basis = gegenbauer(m + 2 * k, max(size - 1, 1))
        powers = fmpq_mat([[basis[i][j] if j <= i else fmpq(0) for j in range(size)] for i in range(size)])
        square = (powers.transpose() * fmpq_mat([list(row) for row in F]) * powers).tolist()
        for (i, j, s), q in _zonal(inner[k]).items():
            for a, line in enumerate(square):
                for b, x in enumerate(line):
                    zonal[a + i, b + j, s] += q * x
    total: Trivariate = defaultdict(fmpq)
    for (a, b, c), x in zonal.items():
        if x:
            for exponents in ((a, b, c), (a, c, b), (c, a, b)):
                total[exponents] += x / 3
    between = _rational([fmpq(0), *pairs], m)
    for exponents, x in mean_of_three(between, between, between).items():
        total[exponents] += x
    return dict(total)


def on_pairs(T: Trivariate) -> Polynomial:
    """T(u, u, 1): two of the three vectors coincide. T symmetric."""
    p: Polynomial = [fmpq(0)] * (1 + max((a + b for a, b, _ in T), default=0))
    for (a, b, _), x in T.items():
        p[a + b] = p[a + b] + x
    return p


def mean_of_three(p: Sequence[fmpq], q: Sequence[fmpq], r: Sequence[fmpq]) -> Trivariate:
    """(p(u) + q(v) + r(t))/3."""
    total: Trivariate = defaultdict(fmpq)
    for axis, one in enumerate((p, q, r)):
        for j, x in enumerate(one):
            total[tuple(j if axis == other else 0 for other in range(3))] += x / 3  # type: ignore[index]
    return dict(total)


def subtract_triples(p: Trivariate, q: Trivariate) -> Trivariate:
    """p − q."""
    total = defaultdict(fmpq, p)
    for exponents, x in q.items():
        total[exponents] -= x
    return dict(total)


def derivative_of(p: Trivariate, axis: int) -> Trivariate:
    """The derivative of p by one of the cosines."""
    return {
        (a - (axis == 0), b - (axis == 1), c - (axis == 2)): x * (a, b, c)[axis]
        for (a, b, c), x in p.items()
        if (a, b, c)[axis]
    }


def value_at(p: Trivariate, point: Sequence[fmpq]) -> fmpq:
    """p at a point."""
    u, v, t = point
    return sum((x * u**a * v**b * t**c for (a, b, c), x in p.items()), fmpq(0))


def _rational(c: list[Number], m: int) -> list[fmpq]:
    return combination(m, c)  # type: ignore[return-value]


def _zonal(P: Sequence[Number]) -> Trivariate:
    """Q_k for P_k = Σ_s P[s] t^s, from (t − uv)^s ((1 − u²)(1 − v²))^((k − s)/2)."""
    k = len(P) - 1
    total: Trivariate = defaultdict(fmpq)
    for s, x in enumerate(P):
        if not x:
            continue
        half = (k - s) // 2
        for l in range(s + 1):
            for i in range(half + 1):
                for j in range(half + 1):
                    c = comb(s, l) * comb(half, i) * comb(half, j) * (-1) ** (s - l + i + j)
                    total[s - l + 2 * i, s - l + 2 * j, l] += x * c
    return dict(total)
