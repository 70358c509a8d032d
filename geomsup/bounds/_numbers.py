"""Exact numbers of certificates: rationals, and a + b√d; as text, compared, and rounded to floats on a chosen side.

Text is ``"7/20"`` or ``"7/20 - 1/20*sqrt(5)"``, and nothing else is read.
"""

from __future__ import annotations

import math
import re
import sys
from fractions import Fraction
from typing import TypeAlias

from flint import arb, fmpq, fmpz

__all__ = ["Number", "Surd", "above", "below", "exact", "read_number", "sign", "text"]

LONGEST = 100_000
"""Characters of one number that are read: honest ones have a few dozen, and a file must not keep the reader busy."""
_RATIONAL = r"-?[0-9]+(?:/[0-9]+)?"
_PATTERN = re.compile(rf"({_RATIONAL})(?: ([+-]) ([0-9]+(?:/[0-9]+)?)\*sqrt\(([0-9]{{1,9}})\))?")


class Surd:
    """a + b√d with rational a and b and an integer d that is not a square: an element of the field Q(√d).

    Arithmetic with rationals and integers stays in the field; two different d do not mix.
    """

    __slots__ = ("a", "b", "d")

    def __init__(self, a: fmpq | int, b: fmpq | int, d: int) -> None:
        if d < 2 or math.isqrt(d) ** 2 == d:
            raise ValueError(f"sqrt({d}) is rational or imaginary: pass a d that is positive and not a square")
        self.a, self.b, self.d = fmpq(a), fmpq(b), d

    def _other(self, other: Number | int) -> Surd:
        if not isinstance(other, Surd):
            return Surd(fmpq(other), 0, self.d)
        if other.d != self.d:
            raise ValueError(f"sqrt({self.d}) and sqrt({other.d}) are in different fields: use one of them")
        return other

    def __add__(self, other: Number | int) -> Surd:
        x = self._other(other)
        return Surd(self.a + x.a, self.b + x.b, self.d)

    __radd__ = __add__

    def __neg__(self) -> Surd:
        return Surd(-self.a, -self.b, self.d)

    def __sub__(self, other: Number | int) -> Surd:
        return self + (-self._other(other))

    def __rsub__(self, other: Number | int) -> Surd:
        return self._other(other) - self

    def __mul__(self, other: Number | int) -> Surd:
        x = self._other(other)
        return Surd(self.a * x.a + self.d * self.b * x.b, self.a * x.b + self.b * x.a, self.d)

    __rmul__ = __mul__

    def __truediv__(self, other: Number | int) -> Surd:
        x = self._other(other)
        norm = x.a * x.a - x.d * x.b * x.b  # 0 only for 0, because √d is irrational
        return self * Surd(x.a / norm, -x.b / norm, self.d)

    def __rtruediv__(self, other: Number | int) -> Surd:
        return self._other(other) / self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (Surd, fmpq, int)) and sign(self - other) == 0

    def __hash__(self) -> int:
        return hash((self.a, self.b, self.d) if self.b else self.a)

    def __repr__(self) -> str:
        return f"Surd({text(self)!r})"


Number: TypeAlias = fmpq | Surd


def sign(x: Number) -> int:
    """-1, 0 or 1, decided exactly."""
    if not isinstance(x, Surd):
        return (x > 0) - (x < 0)
    left, right = (x.a > 0) - (x.a < 0), (x.b > 0) - (x.b < 0)
    if left == right or not right:
        return left
    if not left:
        return right
    return left if x.a * x.a > x.d * x.b * x.b else right


def exact(value: float | int | Fraction | fmpq) -> fmpq:
    """The rational that a float (or integer, or fraction) is, without rounding."""
    if isinstance(value, fmpq):
        return value
    return fmpq(*(value.as_integer_ratio()))


def text(x: Number) -> str:
    """The number as a certificate holds it."""
    if not isinstance(x, Surd):
        return str(x)
    if not x.b:
        return str(x.a)
    return f"{x.a} {'+' if x.b > 0 else '-'} {abs(x.b)}*sqrt({x.d})"


def read_number(what: str, value: object) -> Number:
    """The number that a text of a certificate stands for.

    Raises
    ------
    ValueError
        Not such a text, a denominator of 0, or a root that is not one.
    """
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError(f"{what} is {_shown(value)}: a number is text such as '7/20' or '7/20 - 1/20*sqrt(5)'")
    match = _PATTERN.fullmatch(value)
    if match is None:
        raise ValueError(f"{what} is {_shown(value)}: a number is text such as '7/20' or '7/20 - 1/20*sqrt(5)'")
    rational, operation, root, d = match.groups()
    a = _rational(what, rational)
    if root is None:
        return a
    b = _rational(what, root)
    return Surd(a, b if operation == "+" else -b, int(d))


def below(x: Number) -> float:
    """The largest float that is at most x."""
    try:
        value = _near(x)
    except OverflowError:
        return sys.float_info.max if sign(x) > 0 else -math.inf
    while sign(x - exact(value)) < 0:
        value = math.nextafter(value, -math.inf)
    while value < sys.float_info.max and sign(x - exact(higher := math.nextafter(value, math.inf))) >= 0:
        value = higher
    return value


def above(x: Number) -> float:
    """The smallest float that is at least x."""
    return -below(-x) + 0.0  # 0, not -0


def _near(x: Number) -> float:
    """A float within a unit or two in the last place of x."""
    if isinstance(x, Surd):
        return float(arb(x.a) + arb(x.b) * arb(x.d).sqrt())
    return float(Fraction(int(x.p), int(x.q)))


def _rational(what: str, part: str) -> fmpq:
    numerator, _, denominator = part.partition("/")
    q = fmpz(denominator) if denominator else fmpz(1)
    if not q:
        raise ValueError(f"{what} is {_shown(part)}: its denominator is 0")
    return fmpq(fmpz(numerator), q)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
