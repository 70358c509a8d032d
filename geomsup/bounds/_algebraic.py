r"""The polynomial with integer coefficients that the loss of a critical regular polygon is a root of.

With c = cos(2π/n), a root of a known polynomial, and G of :mod:`geomsup.sparse.polygons`, everything about the polygon
lies in the algebra Q[c, t]/(G(t)). There c and t are multiplications, so commuting matrices of rationals, and

.. math:: h = n\,(1 - P^2/4Q), \qquad P = (1-t)^2 (2+t), \qquad Q = (1-t)^3 + \sum 2 (c_k - t)^3/c_k

is a matrix as well. Its characteristic polynomial vanishes at h (Cayley and Hamilton), and evaluating c and t at their
real values keeps that true.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, fmpq, fmpq_mat, fmpz_poly

from geomsup.bounds.verify import Refuted

__all__ = ["loss_polynomial"]


def loss_polynomial(n: int, responding: int, h: arb) -> list[int]:
    """The irreducible polynomial, constant first, of h, three times the loss of the n-gon, which a ball isolates.

    Each output responds to so many neighbours on either side.

    Raises
    ------
    Refuted
        The ball is too wide to tell the factors, or the roots of one, apart.
    """
    cosines = _cosines(n, responding)
    size, one = cosines[0].nrows(), _identity(cosines[0].nrows())
    # G = t (1 − t)³ + Σ 2 (c − t)²/c [2c − 2 + (2c − 1) t − t²], constant first
    coefficients = [one * k for k in (0, 1, -3, 3, -1)]
    for c in cosines:
        alpha, beta = 2 * c - 2 * one, 2 * c - one
        term = (c * c * alpha, c * c * beta - 2 * c * alpha, alpha - c * c - 2 * c * beta, 2 * c + beta, -1 * one)
        coefficients = [a + 2 * c.inv() * b for a, b in zip(coefficients, term, strict=True)]
    t = _companion([coefficients[4].inv() * a for a in coefficients[:4]])
    unit = _identity(4 * size)
    below = unit - t
    P, Q = below * below * (2 * unit + t), below * below * below
    for c in cosines:
        wide = _blocks([[c if i == j else 0 * c for j in range(4)] for i in range(4)])
        above = wide - t
        Q += 2 * wide.inv() * above * above * above
    characteristic = (n * unit - n * P * P * (4 * Q).inv()).charpoly()
    factors = [factor for factor, _ in characteristic.numer().factor()[1] if _at(factor, h).contains(0)]
    if len(factors) != 1 or _at(factors[0].derivative(), h).contains(0):
        raise Refuted("the loss of the polygon is not known well enough to tell its polynomial")
    return [int(x) for x in factors[0].coeffs()]


def _cosines(n: int, count: int) -> list[fmpq_mat]:
    """cos(2πk/n) as multiplications in Q(cos(2π/n)), k = 1 … count."""
    doubled = fmpz_poly.cos_minpoly(n)
    first = _companion([fmpq_mat(1, 1, [fmpq(x)]) for x in doubled.coeffs()[:-1]]) / 2
    cosines = [_identity(first.nrows()), first]
    while len(cosines) <= count:
        cosines.append(2 * first * cosines[-1] - cosines[-2])
    return cosines[1:]


def _companion(coefficients: Sequence[fmpq_mat]) -> fmpq_mat:
    """Multiplication by x modulo xᵈ + Σ a_k xᵏ, whose coefficients are matrices that commute."""
    size, last = coefficients[0].nrows(), len(coefficients) - 1
    zero, one = fmpq_mat(size, size), _identity(size)
    return _blocks(
        [
            [-1 * coefficients[i] if j == last else one if i == j + 1 else zero for j in range(last + 1)]
            for i in range(last + 1)
        ]
    )


def _blocks(rows: Sequence[Sequence[fmpq_mat]]) -> fmpq_mat:
    table = [
        [block[a, b] for block in row for b in range(block.ncols())] for row in rows for a in range(row[0].nrows())
    ]
    return fmpq_mat(table)


def _identity(size: int) -> fmpq_mat:
    return fmpq_mat([[int(i == j) for j in range(size)] for i in range(size)])


def _at(p: fmpz_poly, x: arb) -> arb:
    value = arb(0)
    for a in reversed(p.coeffs()):
        value = value * x + a
    return value
