"""The inequality of pairs of :mod:`geomsup.bounds._check_density`, proved on boxes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from geomsup._typing import BoolArray, FloatArray
from geomsup.bounds._boxes import Boxes, Enclosure, minus, plus, prove, rounding, scaled, times, univariate
from geomsup.bounds._own_outputs import SharedTerms
from geomsup.bounds._pairs import Kernel, first_output, kappa, kernel, power, second_output
from geomsup.bounds._responses import Response, respond
from geomsup.bounds._third_outputs import Product
from geomsup.bounds.verify import Refuted

__all__ = ["MOST", "Pairs", "prove_pairs"]

MOST = 20_000_000
"""Boxes, 800,000 per second. Measured: the stored certificates need at most 1.1 million."""
LIMITS = (1.0, 1.0, 1.0, 1.0, 4.0, 4.0, 4.0, 4.0)
"""No box exceeds these in X, Y and their derivatives: |au + zu' − d| ≤ 2 where positive, and u, u' ≤ 1."""


@dataclass(frozen=True)
class Pairs:
    """The inequality of pairs on boxes, in floats; with `positive`, the magnitudes of everything in it.

    `s` are s_0, s_1 and the linear part of P, and s_2, `own` what a pair has of own outputs with three active.
    """

    alpha: float
    constant: float
    s: tuple[FloatArray, FloatArray, FloatArray]
    even: Kernel
    odd: Kernel
    third: Product
    least_e: float
    own: SharedTerms | None
    positive: bool = False

    @property
    def magnitude(self) -> Pairs:
        """The same with every term made positive."""
        first, second, third = (np.abs(p) for p in self.s)
        even, odd = np.abs(self.even), np.abs(self.odd)
        return replace(
            self, constant=abs(self.constant), s=(first, second, third), even=even, odd=odd, positive=True
        )

    def coefficients(self, boxes: Boxes) -> tuple[Enclosure, Enclosure, Enclosure]:
        """a_0, a_1, a_2 from below, on boxes in (ρ, e, e', t), t of one sign; exact at their centers."""
        rho, squared = power(1, boxes, 0), power(2, boxes, 0)
        X, X_other, Y, Y_other = self._responses(boxes)
        kappas = kappa(boxes, positive=self.positive)
        s = [
            plus(univariate(p, boxes, 1), times(power(2 * k, boxes, 0), univariate(p, boxes, 2)))
            for k, p in enumerate(self.s)
        ]
        a_0 = self._minus(scaled(self.constant, power(0, boxes, 0)), s[0])
        both = plus(scaled(2 * self.alpha, plus(X, times(rho, X_other))), times(rho, kernel(self.odd, boxes, 1)))
        a_1 = self._minus(scaled(0.0, rho), plus(s[1], both))
        one, other = (plus(scaled(1 / 3, k), scaled(self.alpha, y)) for k, y in zip(kappas, (Y, Y_other), strict=True))
        kept = plus(plus(one, times(squared, other)), self.third.below(boxes, positive=self.positive))
        a_2 = self._minus(kept, plus(s[2], times(squared, kernel(self.even, boxes, 1))))
        if self.own is None:
            return a_0, a_1, a_2
        linear, square = self.own.below(boxes, positive=self.positive)
        return a_0, plus(a_1, linear), plus(a_2, square)

    def excess(self, a_0: Enclosure, a_1: Enclosure, a_2: Enclosure) -> Enclosure:
        """4 a_0 a_2 − a_1²."""
        return self._minus(scaled(4.0, times(a_0, a_2)), times(a_1, a_1))

    def _minus(self, a: Enclosure, b: Enclosure) -> Enclosure:
        return plus(a, b) if self.positive else minus(a, b)

    def _responses(self, boxes: Boxes) -> tuple[Enclosure, Enclosure, Enclosure, Enclosure]:
        """X at both outputs, from above, and Y, from below."""
        rho, e, f, t = boxes.x
        if self.positive:
            one = other = Response(*(np.full_like(t, limit) for limit in LIMITS))
        else:
            one, other = respond(np.ones_like(t), rho * t, 1 - e), respond(rho, t, rho * (1 - f))
        X, Y = first_output(one.X, one.X_z, one.X_d, boxes), first_output(one.Y, one.Y_z, one.Y_d, boxes)
        X_other = second_output(other.X, other.X_a, other.X_z, other.X_d, boxes, positive=self.positive)
        Y_other = second_output(other.Y, other.Y_a, other.Y_z, other.Y_d, boxes, positive=self.positive)
        curved, curved_other = _curvatures(boxes, self.positive)
        return X._replace(r=X.r + curved), X_other._replace(r=X_other.r + curved_other), Y, Y_other


def _curvatures(boxes: Boxes, positive: bool) -> tuple[FloatArray, FloatArray]:
    """How far X may lie above its tangents."""
    rho, _, _, t = boxes.x
    width_rho, width_e, width_f, width_t = boxes.h
    width_z = np.abs(t) * width_rho + rho * width_t + width_rho * width_t
    width_d = width_rho + rho * width_f + width_rho * width_f
    # The derivatives by a, z and d stay within [0, 1/3], [0, 1/4] and [−1/2, 0].
    steep = (width_rho + width_t + width_d) / 2
    if positive:
        return (width_z + width_e) ** 2 / 2, steep
    # Boxes are not so narrow that the smallest divisor could make a difference.
    divisor = np.maximum(np.maximum(rho - width_rho, np.abs(t) - width_t), 2.0**-30)
    return (width_z + width_e) ** 2 / 2, np.minimum((width_d + width_t) ** 2 / 2 / divisor, steep)


def prove_pairs(pairs: Pairs, *, most: int = MOST) -> int:
    """Prove the inequality of pairs; returns the number of boxes that it took.

    Raises
    ------
    Refuted
        It is false, or not proved with so many boxes.
    """
    magnitude = pairs.magnitude

    def magnitudes(boxes: Boxes) -> tuple[Enclosure, ...]:
        found = magnitude.coefficients(boxes)
        return *found, magnitude.excess(*found)

    off = rounding(magnitudes, steps=1)

    def decide(boxes: Boxes) -> tuple[BoolArray, FloatArray]:
        found, (*unsure, unsure_excess) = pairs.coefficients(boxes), off(boxes)
        a_0, a_1, a_2 = (one._replace(c=one.c - error) for one, error in zip(found, unsure, strict=True))
        excess = pairs.excess(*found)
        counts = (boxes.x[1:3] + boxes.h[1:3] > pairs.least_e).all(axis=0)
        inside = (boxes.x[1:3] > pairs.least_e).all(axis=0)
        false = (found[2].c < -unsure[2]) | ((excess.c < -unsure_excess) & (found[1].c < -unsure[1]))
        if (false & inside).any():
            place = ", ".join(f"{x:.6g}" for x in boxes.x[:, (false & inside).argmax()])
            raise Refuted(f"the inequality of pairs is false at ρ, e, e', t = {place}")
        holds = (a_0.low() >= 0) & (a_2.low() >= 0) & ((a_1.low() >= 0) | (excess.low() >= unsure_excess))
        return holds | ~counts, np.abs(excess.g) + boxes.h**2

    start = Boxes(np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [-0.5, 0.5]]), np.full((4, 2), 0.5))
    return prove(decide, start, most)[0]
