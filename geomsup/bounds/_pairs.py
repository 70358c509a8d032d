r"""Enclosures of functions of two features, on boxes in (ρ, e, e', t): kernels, and what features do to each other.

Feature i has W_i = r u, b_i = −τ r², e = 1 − τ, and feature j has r' = ρr, e', and t = u·u'. Output i then depends on
(ρt, τ), output j on (ρ, t, ρτ'), and everything it costs is r², or r⁴, times convex functions of these. A tangent at
the center of a box is a lower bound of a convex function; the products in ρt and ρe' are of second order.

With `positive`, the same functions compute the magnitudes that :mod:`geomsup.bounds._boxes` asks for: every term is
made positive. The values and derivatives that come in are then constants that no box exceeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
from flint import fmpq

from geomsup._typing import FloatArray
from geomsup.bounds._boxes import Boxes, Enclosure, univariate
from geomsup.bounds._numbers import Number, below

__all__ = [
    "Kernel",
    "first_output",
    "in_floats",
    "kappa",
    "kappa_tangent",
    "kernel",
    "kernel_in_floats",
    "power",
    "second_output",
]

ZERO = fmpq(0)

Kernel = FloatArray
"""Coefficients K_abc of K = Σ K_abc eᵃ e'ᵇ tᶜ."""


def in_floats(p: Sequence[Number]) -> FloatArray:
    """A polynomial, rounded."""
    return np.array([below(x) for x in p] or [0.0])


def kernel_in_floats(polynomials: Sequence[Sequence[Sequence[Number]]]) -> Kernel:
    """The kernel of exact polynomials p_ab(t), constant first, rounded."""
    degree = max(len(p) for row in polynomials for p in row)
    return np.array([[in_floats([*p, *[ZERO] * (degree - len(p))]) for p in row] for row in polynomials])


def kernel(coefficients: Kernel, boxes: Boxes, axis: int) -> Enclosure:
    """K, where e, e' and t are the coordinates from `axis` on: Taylor, with the second derivatives at the center and
    bounds on the third.
    """
    x, h = boxes.x[axis : axis + 3], boxes.h[axis : axis + 3]
    near = _terms(coefficients, x, h, range(3))
    far = _terms(np.abs(coefficients), np.abs(x) + h, h, range(3, 4))
    g, r = np.zeros_like(boxes.x), np.zeros_like(x[0])
    for order, term in near.items():
        if sum(order) == 1:
            g[axis + order.index(1)] = term
        elif sum(order) == 2:
            r += np.abs(term)
    return Enclosure(near[0, 0, 0], g, r + sum(far.values()))


def _terms(coefficients: Kernel, x: FloatArray, h: FloatArray, orders: range) -> dict[tuple[int, int, int], FloatArray]:
    """The terms of the Taylor polynomial of K about x at x + h, of the orders i + j + k asked for."""
    most, shape = orders[-1], coefficients.shape
    E, F, T = (_powers(x[axis], h[axis], size, most) for axis, size in enumerate(shape))
    found = {}
    for k in range(min(most, shape[2] - 1) + 1):
        of_t = (coefficients[:, :, k:].reshape(-1, shape[2] - k) @ T[k, k:]).reshape(*shape[:2], -1)
        for i in range(min(most - k, shape[0] - 1) + 1):
            of_e = np.einsum("abn,an->bn", of_t[i:], E[i, i:])
            for j in range(max(orders[0] - k - i, 0), min(most - k - i, shape[1] - 1) + 1):
                found[i, j, k] = np.einsum("bn,bn->n", of_e[j:], F[j, j:])
    return found


def _powers(x: FloatArray, h: FloatArray, size: int, most: int) -> FloatArray:
    """The terms binom(a, k) x^{a − k} h^k of (x + h)^a, as an array over k ≤ most, a < size, and boxes."""
    terms = np.zeros((most + 1, size, x.size))
    terms[0, 0] = 1
    for a in range(1, size):
        terms[0, a] = terms[0, a - 1] * x
        for k in range(1, min(a, most) + 1):
            terms[k, a] = comb(a, k) * terms[0, a - k] * h**k
    return terms


def power(exponent: int, boxes: Boxes, axis: int) -> Enclosure:
    """A power of one coordinate."""
    return univariate(np.eye(exponent + 1)[exponent], boxes, axis)


def first_output(value: FloatArray, by_z: FloatArray, by_d: FloatArray, boxes: Boxes) -> Enclosure:
    """The tangent of a function of (z, d) = (ρt, 1 − e); `by_d` is *minus* a derivative."""
    rho, _, _, t = boxes.x
    width_rho, width_e, _, width_t = boxes.h
    slopes = np.stack([by_z * t * width_rho, by_d * width_e, np.zeros_like(t), by_z * rho * width_t])
    return Enclosure(value, slopes, by_z * width_rho * width_t)


def second_output(
    value: FloatArray, by_a: FloatArray, by_z: FloatArray, by_d: FloatArray, boxes: Boxes, *, positive: bool = False
) -> Enclosure:
    """The tangent of a function of (a, z, d) = (ρ, t, ρ(1 − e')); `by_d` is *minus* a derivative."""
    rho, _, f, t = boxes.x
    width_rho, _, width_f, width_t = boxes.h
    by_rho = by_a + by_d * (1 + f) if positive else by_a - by_d * (1 - f)
    slopes = np.stack([by_rho * width_rho, np.zeros_like(t), by_d * rho * width_f, by_z * width_t])
    return Enclosure(value, slopes, by_d * width_rho * width_f)


def kappa(boxes: Boxes, *, positive: bool = False) -> tuple[Enclosure, Enclosure]:
    """κ(ρt, τ) and κ(t, ρτ') from below, where κ(z, y) = (z − y)₊³/z."""
    rho, e, f, t = boxes.x
    first = first_output(*kappa_tangent(rho * t, 1 - e, positive), boxes)
    value, by_z, by_y = kappa_tangent(t, rho * (1 - f), positive)
    return first, second_output(value, np.zeros_like(value), by_z, by_y, boxes, positive=positive)


def kappa_tangent(z: FloatArray, y: FloatArray, positive: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """κ, ∂κ/∂z ≥ 0 and −∂κ/∂y ≥ 0; where κ = 0 the tangent is 0. With y < z ≤ 1 no term exceeds 8, 12 and 12."""
    if positive:
        return np.full_like(z, 8.0), np.full_like(z, 12.0), np.full_like(z, 12.0)
    w = np.maximum(z - y, 0.0)
    z = np.where(w > 0, z, 1.0)
    part = w * w / z
    return part * w, part * (2 * z + y) / z, 3 * part
