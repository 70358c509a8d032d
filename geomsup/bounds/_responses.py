r"""What an output does with one other feature active: two integrals over the unit square, and their derivatives.

.. math:: X(a, z, d) = E\, u\,(au + zu' - d)_+, \qquad Y(a, z, d) = E\,(au + zu' - d)_+^2, \qquad a > 0,\ z \ne 0,

u, u' uniform on [0, 1]. Both are convex, of degree 1 and 2. Over u the integrals are elementary: with w = v/a and
v = d − zu', of which the parts above a give nothing,

.. math:: \int u\,(au - v)_+ = \tfrac{a}{6} (1-w)^2 (2+w), \quad \int (au - v)_+^2 = \tfrac{a^2}{3} (1-w)^3
          \quad (0 \le v \le a), \qquad \tfrac{a}{3} - \tfrac{v}{2}, \quad \tfrac{a^2}{3} - av + v^2 \quad (v \le 0).

Over u' they are averages of polynomials of degree at most 3 on the parts of the interval from d − z to d that lie in
[0, a] and below 0: Simpson's rule is exact. No term is negative, so nothing cancels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geomsup._typing import FloatArray

__all__ = ["Response", "respond"]


class Response(NamedTuple):
    """X and Y, their derivatives by a and z, and *minus* those by d: all but those by z of one sign, none negative."""

    X: FloatArray
    X_a: FloatArray
    X_z: FloatArray
    X_d: FloatArray
    Y: FloatArray
    Y_a: FloatArray
    Y_z: FloatArray
    Y_d: FloatArray


def respond(a: FloatArray, z: FloatArray, d: FloatArray) -> Response:
    """X, Y and their derivatives at a > 0 and z ≠ 0; all positive numbers, and ∂/∂z is E u u' 1 and 2 E u' (...)₊."""
    low, high = np.minimum(d - z, d), np.maximum(d - z, d)
    size = np.abs(z)
    total = [np.zeros_like(z) for _ in range(7)]
    middle = np.clip(low, 0.0, a), np.clip(high, 0.0, a)
    below = np.minimum(low, 0.0), np.minimum(high, 0.0)
    for (start, end), inside in ((middle, True), (below, False)):
        share = (end - start) / size / 6
        for v, weight in ((start, share), ((start + end) / 2, 4 * share), (end, share)):
            other = (d - v) / z
            for k, term in enumerate(_inside(a, v, other) if inside else _below(a, v, other)):
                total[k] += weight * term
    X, X_a, X_z, X_d, Y, Y_z, Y_d = total
    return Response(X, X_a, X_z, X_d, Y, 2 * X, Y_z, Y_d)


def _inside(a: FloatArray, v: FloatArray, other: FloatArray) -> tuple[FloatArray, ...]:
    """The integrals over u for 0 ≤ v ≤ a."""
    w, q = v / a, (a - v) / a
    half, square = q * (1 + w) / 2, a * q * q
    return square * (2 + w) / 6, q * (1 + w + w * w) / 3, other * half, half, a * square * q / 3, other * square, square


def _below(a: FloatArray, v: FloatArray, other: FloatArray) -> tuple[FloatArray, ...]:
    """For v ≤ 0."""
    half, third, line = np.full_like(v, 0.5), np.full_like(v, 1 / 3), a - 2 * v
    return a / 3 - v / 2, third, other * half, half, a * a / 3 - a * v + v * v, other * line, line
