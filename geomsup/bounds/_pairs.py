r"""Enclosures of functions of two features, on boxes in (ρ, e, e', t): kernels, and what features do to each other.

Feature i has W_i = r u, b_i = −τ r², e = 1 − τ, and feature j has r' = ρr, e', and t = u·u'. Output i then depends on
(ρt, τ), output j on (ρ, t, ρτ'), and everything it costs is r², or r⁴, times convex functions of these. A tangent at
the center of a box is a lower bound of a convex function; the products in ρt and ρe' are of second order.

With `positive`, the same functions compute the magnitudes that :mod:`geomsup.bounds._boxes` asks for: every term is
made positive. The values and derivatives that come in are then constants that no box exceeds.
"""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray
from geomsup.bounds._boxes import Boxes, Enclosure, plus, times, univariate

__all__ = ["Kernel", "first_output", "kappa", "kappa_tangent", "kernel", "power", "second_output"]

Kernel = tuple[tuple[FloatArray, ...], ...]
"""The polynomials p_ab(t), constant first, of K = Σ_ab eᵃ e'ᵇ p_ab(t)."""


def kernel(polynomials: Kernel, boxes: Boxes, axis: int) -> Enclosure:
    """K, where e, e' and t are the coordinates from `axis` on."""
    total: Enclosure | None = None
    for a, row in enumerate(polynomials):
        for b, p in enumerate(row):
            term = univariate(p, boxes, axis + 2)
            for exponent, where in ((a, axis), (b, axis + 1)):
                if exponent:
                    term = times(term, power(exponent, boxes, where))
            total = term if total is None else plus(total, term)
    assert total is not None
    return total


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
