"""The numbers a + b√5 with rational a and b, and polynomials over them as lists of coefficients, lowest first."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import comb, sqrt


@dataclass(frozen=True)
class Golden:
    a: Fraction
    b: Fraction = Fraction(0)

    def __add__(self, other):
        return Golden(self.a + other.a, self.b + other.b)

    def __sub__(self, other):
        return Golden(self.a - other.a, self.b - other.b)

    def __mul__(self, other):
        return Golden(self.a * other.a + 5 * self.b * other.b, self.a * other.b + self.b * other.a)

    def inverse(self):
        norm = self.a**2 - 5 * self.b**2
        return Golden(self.a / norm, -self.b / norm)

    def sign(self):
        """Exactly: a + b√5 has the sign of the larger of |a| and |b|√5."""
        larger = self.a if self.a**2 > 5 * self.b**2 else self.b
        return (larger > 0) - (larger < 0)

    def __float__(self):
        return float(self.a) + float(self.b) * sqrt(5)


def golden(a, b=0, over=1):
    """(a + b√5)/over."""
    return Golden(Fraction(a, over), Fraction(b, over))


ZERO, ONE = golden(0), golden(1)


def add(p, q):
    size = max(len(p), len(q))
    return [x + y for x, y in zip(p + [ZERO] * (size - len(p)), q + [ZERO] * (size - len(q)), strict=True)]


def times(p, q):
    product = [ZERO] * (len(p) + len(q) - 1)
    for i, x in enumerate(p):
        for j, y in enumerate(q):
            product[i + j] = product[i + j] + x * y
    return product


def scaled(p, factor):
    return [x * factor for x in p]


def divided(p, root):
    """p/(t − root), where root is a root of p."""
    quotient, carry = [], ZERO
    for x in reversed(p):
        carry = x + root * carry
        quotient.append(carry)
    assert quotient.pop() == ZERO
    return quotient[::-1]


def chebyshev(k):
    """T_k."""
    before, now = [ONE], [ZERO, ONE]
    for _ in range(k):
        before, now = now, add(times([ZERO, golden(2)], now), scaled(before, golden(-1)))
    return before


def bernstein(p, low, high):
    """Coefficients in the Bernstein basis of [low, high]: where all are positive, so is p."""
    degree = len(p) - 1
    moved = [ZERO]
    for x in reversed(p):  # p(low + (high − low) s) by Horner's rule
        moved = add(times(moved, [low, high - low]), [x])
    moved = (moved + [ZERO] * (degree + 1))[: degree + 1]
    return [
        sum((golden(Fraction(comb(i, j), comb(degree, j))) * moved[j] for j in range(i + 1)), ZERO)
        for i in range(degree + 1)
    ]
