r"""Exact polynomials in one variable, over the rationals or over Q(√d): Gegenbauer's, and proofs that one is ≥ 0.

A polynomial is a list of coefficients, constant first. :func:`nonnegative` *decides* p ≥ 0 on an interval, touching
allowed, by Sturm's theorem: if the product q of the factors of p of odd multiplicity has no root inside the interval,
p does not change sign there, and one value tells which sign it has. (Basu, Pollack, Roy 2006, *Algorithms in Real
Algebraic Geometry*, section 2.2.)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise, zip_longest

from flint import fmpq

from geomsup.bounds._numbers import Number, sign

__all__ = [
    "Polynomial",
    "add",
    "combination",
    "derivative",
    "evaluate",
    "gegenbauer",
    "has_root",
    "multiply",
    "nonnegative",
    "subtract",
]

Polynomial = list[Number]


def add(p: Sequence[Number], q: Sequence[Number]) -> Polynomial:
    """p + q."""
    return _trimmed([x + y for x, y in zip_longest(p, q, fillvalue=fmpq(0))])


def subtract(p: Sequence[Number], q: Sequence[Number]) -> Polynomial:
    """p − q."""
    return _trimmed([x - y for x, y in zip_longest(p, q, fillvalue=fmpq(0))])


def multiply(p: Sequence[Number], q: Sequence[Number]) -> Polynomial:
    """pq."""
    product: Polynomial = [fmpq(0)] * (len(p) + len(q) - 1 if p and q else 0)
    for i, x in enumerate(p):
        for j, y in enumerate(q):
            product[i + j] = product[i + j] + x * y
    return _trimmed(product)


def derivative(p: Sequence[Number]) -> Polynomial:
    """p'."""
    return [x * k for k, x in enumerate(p)][1:]


def evaluate(p: Sequence[Number], t: Number) -> Number:
    """p(t), by Horner's rule."""
    value: Number = fmpq(0)
    for x in reversed(p):
        value = value * t + x
    return value


@lru_cache(maxsize=32)
def gegenbauer(m: int, degree: int) -> tuple[tuple[fmpq, ...], ...]:
    r"""P_0, …, P_degree of the sphere in R^m, m ≥ 2, with P_k(1) = 1: Chebyshev's for m = 2, Legendre's for m = 3.

    .. math:: (k + m - 2) P_{k+1} = (2k + m - 2)\, t P_k - k P_{k-1}

    Each is positive definite: Σ w_i w_j P_k(u_i·u_j) ≥ 0 for all unit vectors and weights (Schoenberg 1942).
    """
    P: list[list[fmpq]] = [[fmpq(1)], [fmpq(0), fmpq(1)]]
    for k in range(1, degree):
        shifted = [fmpq(0), *(x * fmpq(2 * k + m - 2, k + m - 2) for x in P[k])]
        before = [x * fmpq(k, k + m - 2) for x in P[k - 1]] + [fmpq(0)] * 2
        P.append([x - y for x, y in zip(shifted, before, strict=True)])
    return tuple(tuple(p) for p in P[: degree + 1])


def combination(m: int, coefficients: Sequence[Number]) -> Polynomial:
    """Σ c_k P_k, constant first."""
    total: Polynomial = [fmpq(0)] * len(coefficients)
    for c, P in zip(coefficients, gegenbauer(m, len(coefficients) - 1), strict=True):
        for j, x in enumerate(P):
            total[j] = total[j] + c * x
    return _trimmed(total)


def nonnegative(p: Sequence[Number], low: Number, high: Number) -> bool:
    """Whether p ≥ 0 on [low, high], low < high: decided, not estimated."""
    p = _trimmed(p)
    if not p:
        return True
    q = _odd_part(p)
    for end in (low, high):
        if q and sign(evaluate(q, end)) == 0:
            q = _divide(q, [-end, fmpq(1)])[0]
    if _roots_between(q, low, high):
        return False
    return _sign_inside(p, low, high) > 0


def has_root(p: Sequence[Number], low: Number, high: Number) -> bool:
    """Whether p has a root in [low, high), low < high; the zero polynomial has."""
    p = _trimmed(p)
    if not p or sign(evaluate(p, low)) == 0:
        return True
    q = _divide(p, _gcd(p, derivative(p)))[0]
    if sign(evaluate(q, high)) == 0:
        q = _divide(q, [-high, fmpq(1)])[0]
    return _roots_between(q, low, high) > 0


def _sign_inside(p: Sequence[Number], low: Number, high: Number) -> int:
    """The sign of p at a point of (low, high) that is not a root."""
    for k in range(1, len(p) + 1):
        value = sign(evaluate(p, low + (high - low) * fmpq(k, len(p) + 1)))
        if value:
            return value
    raise AssertionError("a polynomial that is not zero has at most as many roots as its degree")


def _roots_between(q: Polynomial, low: Number, high: Number) -> int:
    """Number of roots of a squarefree q in (low, high); neither end is one."""
    chain = [q, derivative(q)]
    while chain[-1]:
        remainder = _divide(chain[-2], chain[-1])[1]
        # Dividing by a positive number keeps the signs and the coefficients short.
        scale = remainder[-1] * sign(remainder[-1]) if remainder else fmpq(1)
        chain.append([-x / scale for x in remainder])
    return _variations(chain, low) - _variations(chain, high)


def _variations(chain: Sequence[Sequence[Number]], t: Number) -> int:
    signs = [s for s in (sign(evaluate(p, t)) for p in chain) if s]
    return sum(left != right for left, right in pairwise(signs))


def _odd_part(p: Polynomial) -> Polynomial:
    """The product of the factors of p with odd multiplicity, each once (Yun's squarefree decomposition)."""
    repeated = _gcd(p, derivative(p))
    if len(repeated) == 1:
        return p
    rest, slope = _divide(p, repeated)[0], _divide(derivative(p), repeated)[0]
    odd: Polynomial = [fmpq(1)]
    multiplicity = 1
    while len(rest) > 1:
        slope = subtract(slope, derivative(rest))
        factor = _gcd(rest, slope) if slope else rest
        if multiplicity % 2:
            odd = multiply(odd, factor)
        rest = _divide(rest, factor)[0]
        slope = _divide(slope, factor)[0] if slope else slope
        multiplicity += 1
    return odd


def _gcd(p: Sequence[Number], q: Sequence[Number]) -> Polynomial:
    """The greatest common divisor, monic."""
    p, q = _trimmed(p), _trimmed(q)
    while q:
        p, q = q, _monic(_divide(p, q)[1])
    return _monic(p)


def _divide(p: Sequence[Number], q: Sequence[Number]) -> tuple[Polynomial, Polynomial]:
    """Quotient and remainder."""
    rest = list(p)
    quotient: Polynomial = [fmpq(0)] * max(len(p) - len(q) + 1, 0)
    for k in reversed(range(len(quotient))):
        factor = rest[k + len(q) - 1] / q[-1]
        quotient[k] = factor
        for j, x in enumerate(q):
            rest[k + j] = rest[k + j] - factor * x
    return _trimmed(quotient), _trimmed(rest[: len(q) - 1])


def _monic(p: Polynomial) -> Polynomial:
    return [x / p[-1] for x in p] if p else p


def _trimmed(p: Sequence[Number]) -> Polynomial:
    """Without zeros in the highest places."""
    end = len(p)
    while end and sign(p[end - 1]) == 0:
        end -= 1
    return list(p[:end])
