r"""What three active features do to the output of one of them, bounded from below by terms of two features.

Output i with itself, j and k active loses E (u − y₊)², y = gu + cu' + c'u'' + b, with g = R = W_i·W_i, b = −τR, c =
W_i·W_j = zR and c' = W_i·W_k = z'R. That is W = 1/3 − 2R X + R² Y with

.. math:: X(z, z', \tau) = E\, u\,(u + zu' + z'u'' - \tau)_+, \qquad Y(z, z', \tau) = E\,(u + zu' + z'u'' - \tau)_+^2 .

The bound is a function h = eR φ_1(z) + e²R² φ_2(z), e = 1 − τ, φ_1 and φ_2 polynomials on either side of 0 that are 0
there, and a product of y = e c₊. For every κ ≥ 0 and θ

.. math:: \sum_{j < k} W(c_j, c_k) \ge \sum_{j < k} \bigl[w + h_j + h_k + \kappa\,y_j y_k\bigr]
          \ge \binom{N}{2} w + \sum_j \bigl[(N - 1)\,h_j + \kappa\,(\theta y_j - \tfrac12 y_j^2)\bigr]
          - \tfrac12 \kappa \theta^2, \qquad w = \min_{z, z'} \bigl[W - h - h' - \kappa\,y y'\bigr]_-,

for N other features, since Σ_{j<k} y_j y_k = ½ (Σ y_j)² − ½ Σ y_j², and a square lies above its tangents. w ≤ 0
is a function of R and τ, 0 where what is in brackets is never negative.

**Caps.** Let h̃ = h + ½ κy², so that h + h' + κyy' ≤ h̃ + h̃'. Its φ_1 and φ_2 shall be at most N_1 and N_2, and at most
−N_1 and −N_2 for |z| ≥ 2. Then w ≥ −2(eR N_1 + e²R² N_2), and only |z|, |z'| ≤ 2 count: beyond, W − h̃ − h̃' ≥ W ≥ 0.

**On boxes** in (R, e, z, z') Y is convex and above its tangent at the center. X is convex too, below its tangent and
half of its largest second derivative, which in a direction is E u ẋ² δ(x) ≤ ẋ²/max(1, |z|, |z'|), x = u + zu' + z'u'' −
τ. Its slopes are differences over the width of the box, wrong by at most a quarter of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import fmpq

from geomsup._typing import BoolArray, FloatArray
from geomsup.bounds._boxes import Boxes, Enclosure, minus, plus, scaled, times, univariate
from geomsup.bounds._numbers import below
from geomsup.bounds._pairs import in_floats, power
from geomsup.bounds._polynomials import Polynomial, add, nonnegative, subtract
from geomsup.bounds._positive_parts import descending, moment, own_moment

__all__ = ["FARTHEST", "Own", "SharedTerms", "three_active"]

FARTHEST = 2
"""|z| beyond which nothing has to be looked at."""
DEGREES = (4, 2)
"""Of φ_2 and φ_1: h must be a polynomial in ρ and t where z = t/ρ and R is ρ²R."""
ROUNDING = 2.0**-32
"""Of e²W on boxes: moments are wrong by at most 2⁻⁴² (1 + |t| + Σ a)ʳ, r ≤ 2, with |t| + Σ a ≤ 10, and count 8 and 16
times."""
ZERO = fmpq(0)


@dataclass(frozen=True)
class Own:
    """The coefficients of φ_2 and φ_1 in |z|, |z|², …, for z < 0 and for z > 0; κ and θ; N_2 and N_1."""

    negative: tuple[fmpq, ...]
    positive: tuple[fmpq, ...]
    kappa: fmpq
    theta: fmpq
    caps: tuple[fmpq, fmpq]

    @classmethod
    def read(cls, lists: list[list[fmpq]]) -> Own:
        """From four lists of numbers.

        Raises
        ------
        ValueError
            There are too few or too many, κ is negative, or h̃ exceeds its caps.
        """
        if [len(row) for row in lists] != [sum(DEGREES), sum(DEGREES), 2, 2]:
            raise ValueError("own has not 6, 6, 2 and 2 numbers")
        negative, positive, (kappa, theta), (second, first) = lists
        own = cls(tuple(negative), tuple(positive), kappa, theta, (second, first))
        if kappa < 0 or not own._capped():
            raise ValueError("κ is negative, or h̃ exceeds its caps")
        return own

    def of_pair(self, n: int, alpha: fmpq) -> SharedTerms:
        """What a pair of n features has of both outputs."""
        weight = alpha**2
        sides = [
            tuple(in_floats([(n - 2) * weight * x for x in part]) for part in _parts(side))
            for side in (self.negative, self.positive)
        ]
        product = below(weight * self.kappa * self.theta), below(-weight * self.kappa / 2)
        return SharedTerms((sides[0][0], sides[0][1]), (sides[1][0], sides[1][1]), product)

    def below(self, boxes: Boxes) -> tuple[Enclosure, float]:
        """e² [W − h − h' − κyy'] from below, on boxes in (x, e, z/2, z'/2), eR = 4x, z and z' each of one sign.

        And what its center is wrong by at most.
        """
        X, Y = _integrals(boxes)
        e, e_2 = power(1, boxes, 1), power(2, boxes, 1)
        both = np.where((boxes.x[2:] > 0).all(axis=0), below(self.kappa) * FARTHEST**2, 0.0)
        shared = scaled(both, times(power(1, boxes, 2), power(1, boxes, 3)))
        linear = scaled(0.0, e)
        for axis in (2, 3):
            phi_2, phi_1 = self._sides(boxes, axis)
            linear, shared = plus(linear, phi_1), plus(shared, phi_2)
        first = scaled(4.0, times(power(1, boxes, 0), plus(scaled(2.0, times(e, X)), times(e_2, linear))))
        second = scaled(16.0, times(power(2, boxes, 0), minus(Y, times(e_2, shared))))
        size = sum(abs(below(x)) for x in (*self.negative, *self.positive)) + below(self.kappa)
        total = plus(scaled(1 / 3, e_2), minus(second, first))
        return total, ROUNDING + 2.0**-42 * 16 * FARTHEST**4 * 2 * size

    def _sides(self, boxes: Boxes, axis: int) -> tuple[Enclosure, Enclosure]:
        """φ_2 and φ_1."""
        right, found = boxes.x[axis] > 0, []
        for parts in zip(_parts(self.negative), _parts(self.positive), strict=True):
            left, other = (
                univariate(np.append(0.0, in_floats(part)) * scale ** np.arange(len(part) + 1), boxes, axis)
                for part, scale in zip(parts, (-float(FARTHEST), float(FARTHEST)), strict=True)
            )
            found.append(_chosen(right, other, left))
        return found[0], found[1]

    def _capped(self) -> bool:
        """Whether φ_1 and φ_2 of h̃ keep below the caps, and below minus them beyond ±2, z = ±1/y."""
        ok = all(cap >= 0 for cap in self.caps)
        for side, kappa in ((self.negative, ZERO), (self.positive, self.kappa)):
            for part, half, cap in zip(_parts(side), (kappa / 2, ZERO), self.caps, strict=True):
                phi: Polynomial = add([ZERO, *part], [ZERO, ZERO, half])
                reversed_ = [*[ZERO] * (len(part) + 1 - len(phi)), *phi[::-1]]
                beyond = subtract(subtract([ZERO], reversed_), [*[ZERO] * len(part), cap])
                ok = ok and nonnegative(subtract([cap], phi), ZERO, fmpq(FARTHEST))
                ok = ok and nonnegative(beyond, ZERO, fmpq(1, FARTHEST))
        return ok


@dataclass(frozen=True)
class SharedTerms:
    """What a pair has: φ_2 and φ_1 for z < 0 and for z > 0, and the factors of y and y², in floats."""

    negative: tuple[FloatArray, FloatArray]
    positive: tuple[FloatArray, FloatArray]
    product: tuple[float, float]

    def below(self, boxes: Boxes, *, positive: bool = False) -> tuple[Enclosure, Enclosure]:
        """The coefficients of R and R², on boxes in (ρ, e, e', t), t of one sign; or magnitudes.

        With z = ρt one output has eʲ φ_j(z) and the other e'ʲ ρ^2ʲ φ_j(t/ρ), j = 1 and 2.
        """
        z = times(power(1, boxes, 0), power(1, boxes, 3))
        z_2, t_2, rho_2 = times(z, z), power(2, boxes, 3), power(2, boxes, 0)
        linear, quadratic = (self._coefficients(j, boxes, positive) for j in (0, 1))
        first = plus(scaled(linear[0], z), scaled(linear[1], t_2))
        terms = times(rho_2, z), z_2, times(z, t_2), power(4, boxes, 3)
        second = plus(
            plus(scaled(quadratic[0], terms[0]), scaled(quadratic[1], terms[1])),
            plus(scaled(quadratic[2], terms[2]), scaled(quadratic[3], terms[3])),
        )
        found = []
        for j, own, other, of_y in ((1, linear, first, z), (2, quadratic, second, z_2)):
            factor = self.product[j - 1]
            factors = np.where(boxes.x[3] > 0, abs(factor) if positive else factor, 0.0)
            one, two = plus(_composed(own, z), scaled(factors, of_y)), plus(other, scaled(factors, of_y))
            found.append(plus(times(power(j, boxes, 1), one), times(power(j, boxes, 2), two)))
        return found[0], found[1]

    def _coefficients(self, j: int, boxes: Boxes, positive: bool) -> list[FloatArray]:
        """Of z, z², … in φ_1 and φ_2, box by box."""
        sides = [self.negative[1 - j], self.positive[1 - j]]
        signs = (-1.0) ** np.arange(1, len(sides[0]) + 1)
        left, right = signs * sides[0], sides[1]
        if positive:
            left = right = np.maximum(np.abs(left), np.abs(right))
        return [np.where(boxes.x[3] > 0, y, x) for x, y in zip(left, right, strict=True)]


def _composed(coefficients: Sequence[FloatArray], z: Enclosure) -> Enclosure:
    """A polynomial without constant term, its coefficients box by box, of an enclosure."""
    p: list[FloatArray] = [np.zeros_like(z.c), *coefficients]
    values = [_polynomial(p, z.c)]
    for _ in range(2):
        p = [k * x for k, x in enumerate(p)][1:]
        values.append(_polynomial(p, z.c))
    width = np.abs(z.g).sum(axis=0) + z.r
    third = _polynomial([np.abs(k * x) for k, x in enumerate(p)][1:], np.abs(z.c) + width)
    r = np.abs(values[1]) * z.r + width**2 / 2 * (np.abs(values[2]) + width * third)
    return Enclosure(values[0], values[1] * z.g, r)


def _polynomial(p: Sequence[FloatArray], x: FloatArray) -> FloatArray:
    value = np.zeros_like(x)
    for coefficient in reversed(p):
        value = value * x + coefficient
    return value


def three_active(g: FloatArray, b: FloatArray, c: FloatArray, other: FloatArray) -> FloatArray:
    """W, for arrays of one shape."""
    y = _Affine(g, b, c, other)
    return np.asarray(1 / 3 - 2 * y.own(0, 1) + y.whole(2))


def _integrals(boxes: Boxes) -> tuple[Enclosure, Enclosure]:
    """X from above and Y from below, on boxes in (·, e, z/2, z'/2), up to rounding exact at their centers."""
    scale = np.array([1.0, FARTHEST, FARTHEST])[:, None]
    x, h = scale * boxes.x[1:], scale * boxes.h[1:]

    def at(x: FloatArray) -> _Affine:
        return _Affine(np.ones_like(x[0]), x[0] - 1, x[1], x[2])

    y = at(x)
    slopes, moved = np.zeros_like(boxes.x), np.zeros_like(boxes.x)
    slopes[1:] = 2 * h * np.stack([y.whole(1), y.own(1, 1), y.own(2, 1)])
    for axis, step in enumerate(np.eye(3)[:, :, None] * h):
        moved[1 + axis] = (at(x + step).own(0, 1) - at(x - step).own(0, 1)) / 2
    whole = h.sum(axis=0)
    narrow = np.maximum(np.abs(x[1:]) - h[1:], 1.0).max(axis=0)
    curved = np.minimum((whole**2 / 2 + (h**2).sum(axis=0) / 4) / narrow, whole)
    zero = np.zeros_like(curved)
    return Enclosure(y.own(0, 1), moved, curved), Enclosure(y.whole(2), slopes, zero)


def _parts(side: tuple[fmpq, ...]) -> tuple[list[fmpq], list[fmpq]]:
    """φ_2 and φ_1."""
    return list(side[: DEGREES[0]]), list(side[DEGREES[0] :])


def _chosen(where: BoolArray, a: Enclosure, b: Enclosure) -> Enclosure:
    """One or the other, for each box."""
    return Enclosure(*(np.where(where, x, y) for x, y in zip(a, b, strict=True)))


@dataclass(frozen=True)
class _Affine:
    """gu + cu' + c'u'' + b; a negative coefficient belongs to 1 − u'."""

    g: FloatArray
    b: FloatArray
    c: FloatArray
    other: FloatArray

    def whole(self, r: int) -> FloatArray:
        """E y₊ʳ."""
        return moment(self._start, descending(self._sizes), r)

    def own(self, which: int, r: int) -> FloatArray:
        """E u y₊ʳ, or with u' or u''."""
        sizes = self._sizes
        value = own_moment(self._start, sizes[which], descending([*sizes[:which], *sizes[which + 1 :]]), r)
        if which == 0:
            return value
        return np.where((self.g, self.c, self.other)[which] < 0, self.whole(r) - value, value)

    @property
    def _start(self) -> FloatArray:
        return np.asarray(self.b + np.minimum(self.c, 0) + np.minimum(self.other, 0))

    @property
    def _sizes(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        tiny = 1e-200  # divisions by the largest of them
        return np.maximum(self.g, tiny), np.maximum(np.abs(self.c), tiny), np.maximum(np.abs(self.other), tiny)
