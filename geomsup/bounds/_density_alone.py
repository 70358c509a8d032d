r"""The inequalities of single features of :mod:`geomsup.bounds._check_density`: *alone* and *most*.

Both are quadratics in R with polynomials in e for coefficients, wanted where A ≤ a, and at e = 1 also with the price of
a positive bias, where A less the price is at most a. With own outputs *alone* has (N choose 2) α² w more, w the minimum
over z and z' of :mod:`geomsup.bounds._own_outputs`; so it is an inequality in (R, e, z, z'), proved on boxes for z, z'
in [−2, 2], and for w = 0. Where boxes in (R, e) are wide, w ≥ −2(eR N_1 + e²R² N_2) has to do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from flint import fmpq

from geomsup._typing import BoolArray, FloatArray
from geomsup.bounds._boxes import Boxes, Enclosure, minus, plus, prove, rounding, scaled, times, univariate
from geomsup.bounds._numbers import below, sign
from geomsup.bounds._own_outputs import Own
from geomsup.bounds._pairs import in_floats, power
from geomsup.bounds._polynomials import Polynomial, add, evaluate, multiply, nonnegative, subtract
from geomsup.bounds.verify import Refuted

__all__ = ["GRID", "Quadratic", "Single"]

Quadratic = tuple[Polynomial, Polynomial, Polynomial]
"""Coefficients of 1, R, R², each a polynomial in e."""
ONE, ZERO = fmpq(1), fmpq(0)
GRID = 256
"""e_0 and the ends of the interval of R at e = 1 are multiples of 1/GRID."""
FARTHEST = 16
"""R above which features with a positive bias have to be left out."""
MOST = 20_000_000
"""Boxes."""
MOST_R = 4
"""The same with own outputs: boxes have eR ≤ 4."""
COARSE = 2.0**-6
"""Half-widths in eR/4 and e above which boxes are not cut in z."""


@dataclass(frozen=True)
class Single:
    """*alone*, σ − what it bounds, A − a, e_0, p, the α of all others and their pairs in the price, and w's weight."""

    alone: Quadratic
    room: Quadratic
    A: Quadratic
    least: fmpq
    p: fmpq
    excess: fmpq
    own: Own | None
    weight: fmpq

    def prove(self) -> None:
        """Prove them.

        Raises
        ------
        Refuted
            One is false, or not proved.
        """
        low, high = self._range()
        alone = _at_one(self.alone)
        ok = nonnegative(_at_one(self.room), low, high) and nonnegative(subtract(alone, self._far), ONE, high)
        if not ok or (low < 1 and not nonnegative(subtract(alone, self._price), low, ONE)):
            raise Refuted("the inequality of single features fails with a positive bias")
        for name, quadratic in (("alone", self.alone), ("most", self.room)):
            _prove_unless(quadratic, self.A, self.least, name)
        if self.own is None:
            return
        if high > MOST_R:
            raise Refuted(f"a feature with R = {MOST_R} and a positive bias is not left out")
        self._prove_with_others(self.own, [ZERO], np.array([[0.5, 0.5], [0.5, 0.5]]))
        for one, center, width in ((self._price, 1 / 8, 1 / 8), (self._far, 5 / 8, 3 / 8)):
            self._prove_with_others(self.own, one, np.array([[center, width], [1.0, 0.0]]))

    def _lowest(self, own: Own) -> Quadratic:
        """*alone* with what w is at least."""
        second, first = (-2 * self.weight * cap for cap in own.caps)
        return self.alone[0], add(self.alone[1], [ZERO, first]), add(self.alone[2], [ZERO, ZERO, second])

    @property
    def _far(self) -> Polynomial:
        """The price for R ≥ 1."""
        return [self.p / 4 * self.excess**2]

    @property
    def _price(self) -> Polynomial:
        """For R ≤ 1."""
        return multiply([self.p / 4], multiply([1 + self.excess, -ONE], [1 + self.excess, -ONE]))

    def _range(self) -> tuple[fmpq, fmpq]:
        """An interval of R in which are all with A less the price at most a."""
        A = _at_one(self.A)
        ends = [fmpq(k, GRID) for k in range(1, FARTHEST * GRID)]
        low = max((R for R in ends[:GRID] if nonnegative(subtract(A, self._price), ZERO, R)), default=ZERO)
        high = next((R for R in ends[GRID:] if sign(evaluate(subtract(A, self._far), R)) >= 0), None)
        if high is None:
            raise Refuted(f"a feature with R = {FARTHEST} and a positive bias is not left out")
        return low, high

    def _prove_with_others(self, own: Own, price: Polynomial, start: FloatArray) -> None:
        """Prove *alone* less a price where A less the price is at most a, from boxes in (x, e), R = 4x/e."""
        cost = in_floats([x * 4**k for k, x in enumerate(price)])
        alone, A, lowest = (_Scaled.of(one, cost) for one in (self.alone, self.A, self._lowest(own)))
        weight, low = below(self.weight), below(self.least)

        def decide(boxes: Boxes) -> tuple[BoolArray, FloatArray]:
            (bare, unsure), (cost_less, unsure_A), (least, unsure_least) = (
                one.on(boxes) for one in (alone, A, lowest)
            )
            done = (boxes.x[1] + boxes.h[1] <= low) | (cost_less.low() >= unsure_A) | (least.low() >= unsure_least)
            done |= (boxes.x[2] + boxes.h[2] <= boxes.x[3] - boxes.h[3])  # z and z' may be exchanged
            spread = np.abs(bare.g) + boxes.h**2
            narrow = ~done & (boxes.h[:2] <= COARSE).all(axis=0)
            spread[2:, ~narrow] = 0.0
            if not narrow.any():
                return np.asarray(done), spread
            some, bare = boxes.select(narrow), Enclosure(bare.c[narrow], bare.g[:, narrow], bare.r[narrow])
            bracket, unsure_bracket = own.below(some)
            total = plus(bare, scaled(weight, bracket))
            unsure = unsure[narrow] + weight * unsure_bracket
            counts = (cost_less.c[narrow] < -unsure_A[narrow]) & (some.x[1] > low)
            false = counts & (total.c < -unsure)
            if false.any():
                x, e, z, other = some.x[:, false.argmax()]
                place = f"{4 * x / e:.6g}, {e:.6g}, {2 * z:.6g}, {2 * other:.6g}"
                raise Refuted(f"the inequality of single features (alone) fails at R, e, z, z' = {place}")
            done[narrow] = total.low() >= unsure
            spread[:, narrow] = np.abs(total.g) + some.h**2
            return np.asarray(done), spread

        signs = np.array([[0.5, 0.5, -0.5], [0.5, -0.5, -0.5]])
        center = np.vstack([np.repeat(start[:, :1], 3, axis=1), signs])
        prove(decide, Boxes(center, np.vstack([np.repeat(start[:, 1:], 3, axis=1), np.abs(signs)])), MOST)


@dataclass(frozen=True)
class _Scaled:
    """e² times a quadratic in R = 4x/e on boxes in (x, e), less a polynomial of x, in floats."""

    coefficients: list[FloatArray]
    price: FloatArray
    off: Callable[[Boxes], tuple[FloatArray, ...]]

    @classmethod
    def of(cls, quadratic: Quadratic, price: FloatArray) -> _Scaled:
        """From the exact quadratic."""
        found = [in_floats(multiply([ZERO] * (2 - k) + [fmpq(4**k)], p)) for k, p in enumerate(quadratic)]
        sizes = [np.abs(p) for p in found]
        return cls(found, price, rounding(lambda boxes: (_values(sizes, -np.abs(price), boxes),), steps=1))

    def on(self, boxes: Boxes) -> tuple[Enclosure, FloatArray]:
        """It, and what it may be off by."""
        return _values(self.coefficients, self.price, boxes), self.off(boxes)[0]


def _values(coefficients: Sequence[FloatArray], price: FloatArray, boxes: Boxes) -> Enclosure:
    first, second, third = (univariate(p, boxes, 1) for p in coefficients)
    terms = plus(times(power(1, boxes, 0), second), times(power(2, boxes, 0), third))
    return minus(plus(first, terms), univariate(price, boxes, 0))


def _prove_unless(quadratic: Quadratic, A: Quadratic, least: fmpq, name: str) -> None:
    """Prove that a quadratic is not negative where A ≤ 0, for e ≥ e_0, on boxes in (x, e), R = 4x/e.

    A ≤ 0 with a ≤ 1/3 needs eR ≤ 3 − e. Both are multiplied by e².
    """
    sides = [_Scaled.of(one, np.zeros(1)) for one in (quadratic, A)]

    def decide(boxes: Boxes) -> tuple[BoolArray, FloatArray]:
        (value, unsure), (cost, unsure_A) = (one.on(boxes) for one in sides)
        outside = boxes.x[1] + boxes.h[1] <= below(least)
        if ((value.c < -unsure) & (cost.c < -unsure_A) & (boxes.x[1] > below(least))).any():
            raise Refuted(f"the inequality of single features ({name}) fails")
        done = outside | (value.low() >= unsure) | (cost.low() >= unsure_A)
        return np.asarray(done), np.abs(value.g) + boxes.h**2

    prove(decide, Boxes(np.full((2, 1), 0.5), np.full((2, 1), 0.5)), MOST)


def _at_one(quadratic: Quadratic) -> Polynomial:
    """As a polynomial in R at e = 1."""
    return [evaluate(p, ONE) for p in quadratic]
