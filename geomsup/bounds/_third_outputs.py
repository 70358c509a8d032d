r"""What two active features do to the output of a third, bounded from below by terms of two features.

Output i with features j and k active loses V(c_ij, c_ik, b_i) = E (c_ij u + c_ik u' + b_i)₊², u and u' uniform on
[0, 1]. It depends on three features. Let b ≤ 0.

**A product lies below it.** √V is the L² norm of a convex function of (c, c', b) that is not negative, so it is convex,
and it is homogeneous of degree 1. It lies above its tangent at (1, 1, −d), 0 ≤ d < 2, which is symmetric in c and c':
√V ≥ y + y' with y = Ac + Bb. As V ≥ 0, and (y + y')² ≥ 4yy' where both are positive,

.. math:: V(c, c', b) \ge 4 y_+ y'_+ = \mu\,(c + \beta b)_+ (c' + \beta b)_+, \qquad
          \mu = \frac{V_c^2}{V}, \quad \beta = \frac{V_b}{2 V_c},

with V and its derivatives by c and by b at (1, 1, −d), where the two sides are equal. With s = 2 − d, 12 V = s⁴ − 2(s −
1)₊⁴ and 3 V_b = s³ − 2(s − 1)₊³, as u + u' has the density x₊ − 2(x − 1)₊ + (x − 2)₊; and 2V_c = 2V + d V_b, by
Euler.

**A sum of products is a square less squares.** For every θ_i, with Y_j = (c_ij + βb_i)₊,

.. math:: \sum_{j < k} Y_j Y_k = \tfrac12 \Bigl[\bigl(\sum_j Y_j\bigr)^2 - \sum_j Y_j^2\Bigr]
          \ge \tfrac12 \Bigl[\sum_j (2 \theta_i Y_j - Y_j^2) - \theta_i^2\Bigr],

which is a sum over pairs and single features. Nothing is lost if θ_i = Σ_j Y_j. Here θ_i = θ e_i² R_i, so that all
terms are R_i² times functions of (ρt, e), or of (ρ, t, ρτ', e') for the other output, and bounded where e R is.

On boxes: with Y = ℓ₊, ℓ bilinear, and b ≥ 0, ℓ₊ (b − ℓ₊) ≥ ℓ (b − ℓ) everywhere. Where ℓ ≤ 0 at the center it is at
least −h (h − b)₊, h the largest of ℓ₊ on the box, and 0 at the center.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import fmpq

from geomsup._typing import FloatArray
from geomsup.bounds._boxes import Boxes, Enclosure, minus, plus, scaled, times
from geomsup.bounds._numbers import below
from geomsup.bounds._pairs import first_output, power, second_output

__all__ = ["Product", "product_below"]


def product_below(d: fmpq) -> tuple[fmpq, fmpq]:
    """μ and β.

    Raises
    ------
    ValueError
        d is not in [0, 2), or V is not positive.
    """
    if not 0 <= d < 2:
        raise ValueError(f"the tangent is at (1, 1, −d) with d = {float(d.p) / float(d.q):.6g}: 0 ≤ d < 2")
    s = 2 - d
    over = max(s - 1, fmpq(0))
    V, by_b = (s**4 - 2 * over**4) / 12, (s**3 - 2 * over**3) / 3
    by_c = V + d * by_b / 2
    return by_c**2 / V, by_b / (2 * by_c)


@dataclass(frozen=True)
class Product:
    """The terms of a pair, Y (2θe² − Y) times a weight, in floats; all are 0 with a weight of 0."""

    weight: float
    beta: float
    level: float

    @classmethod
    def of(cls, third: tuple[fmpq, fmpq] | None, alpha: fmpq) -> Product:
        """From d and θ, and α that V has for a factor."""
        if third is None:
            return cls(0.0, 0.0, 0.0)
        mu, beta = product_below(third[0])
        return cls(below(alpha * mu / 2), below(beta), below(third[1]))

    def values(self, rho: FloatArray, e: FloatArray, f: FloatArray, t: FloatArray) -> FloatArray:
        """Both outputs of a pair, as coefficients of R²."""
        one, other = np.maximum(rho * t - self.beta * (1 - e), 0), np.maximum(t - self.beta * rho * (1 - f), 0)
        own = one * (2 * self.level * e**2 - one) + rho**2 * other * (2 * rho * self.level * f**2 - other)
        return np.asarray(self.weight * own)

    def alone(self, R: FloatArray, e: FloatArray) -> FloatArray:
        """What single features pay for it."""
        return np.asarray(self.weight * (self.level * R * e**2) ** 2)

    def below(self, boxes: Boxes, *, positive: bool = False) -> Enclosure:
        """The same, from below, exact at the centers; or its magnitude."""
        rho, e, f, t = boxes.x
        steep = np.full_like(t, self.beta)
        if positive:
            first, second = np.full_like(t, 1 + 2 * self.beta), np.full_like(t, 1 + 2 * self.beta)
        else:
            first, second = rho * t - self.beta * (1 - e), t - self.beta * rho * (1 - f)
        one = first_output(first, np.ones_like(t), steep, boxes)
        other = second_output(second, np.zeros_like(t), np.ones_like(t), steep, boxes, positive=positive)
        twice = scaled(2 * self.level, power(2, boxes, 1))
        twice_other = scaled(2 * self.level, times(power(1, boxes, 0), power(2, boxes, 2)))
        own = _positive_part(one, twice, positive=positive)
        shared = _positive_part(other, twice_other, positive=positive)
        return scaled(self.weight, plus(own, times(power(2, boxes, 0), shared)))


def _positive_part(a: Enclosure, b: Enclosure, *, positive: bool) -> Enclosure:
    """a₊ (b − a₊) from below, b ≥ 0."""
    if positive:
        return times(a, plus(a, b))
    c, g, r = times(a, minus(b, a))
    off, high = a.c <= 0, np.maximum(a.high(), 0.0)
    least = high * np.maximum(high - (b.c - np.abs(b.g).sum(axis=0) - b.r), 0.0)
    return Enclosure(np.where(off, 0.0, c), np.where(off, 0.0, g), np.where(off, least, r))
