r"""One row of the loss by a Fourier series in closed form: the specification of the compiled kernel.

For :math:`z = b + \sum_j a_j x_j` with :math:`|z| \le R` and :math:`h = 2\pi/R`, so that :math:`|hz| \le 2\pi`, the
classical series

.. math:: \sum_{k \ge 1} \frac{\cos k\theta}{k^2} = \frac{\pi^2}{6} - \frac{\pi|\theta|}{2} + \frac{\theta^2}{4},
          \qquad \sum_{k \ge 1} \frac{\sin k\theta}{k^3}
          = \frac{\pi^2\theta}{6} - \frac{\pi\theta|\theta|}{4} + \frac{\theta^3}{12}
          \qquad (|\theta| \le 2\pi)

express :math:`|z|` and :math:`z|z|`, hence :math:`x z_+ = (xz + x|z|)/2` and :math:`z_+^2 = (z^2 + z|z|)/2`, by moments
and by the transforms :math:`\varphi(t) = E e^{itz}`, :math:`\psi(t) = E\,x_{own} e^{itz}`, products over groups:

.. math:: E z_+^2 - 2E\,x z_+ = \tfrac12 E z^2 - E\,xz
          + \tfrac{\pi}{3h} (E z - E x) + \tfrac{h}{6\pi} E z^3 - \tfrac{h}{2\pi} E\,x z^2
          + \mathrm{Re} \sum_{k \ge 1} \Bigl[\tfrac{iA}{k^3} \varphi(kh) + \tfrac{B}{k^2} \psi(kh)\Bigr],

A = 2/(πh²), B = 2/(πh). It is exact; only cutting the sum after K terms is not. The events with at most one active
feature, whose transforms decay slowest, are taken out of φ and ψ and added back in closed form. The gradient is that of
the cut-off sum with h held fixed, which it is: R is max \|z\| rounded up to a power of 2^(1/4).

**The sandwich.** Where φ and ψ do not decay (values 0/1), cut-off series can be enclosed all the same. Replace
:math:`C(\theta) = \sum \cos(k\theta)/k^2` by trigonometric polynomials of degree K above and below it: then
:math:`E\,x|z|` lies within the mean of the two ± half their distance, weighted by max \|x\| where x is active. The best
such polynomials are derived in :mod:`geomsup.loss._extremal`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geomsup._typing import BoolArray, FloatArray
from geomsup.loss._extremal import extremal_coefficients
from geomsup.loss._layout import Layout
from geomsup.loss._one_active import one_active
from geomsup.loss._tails import half_period, row_range
from geomsup.loss._transforms import (
    chance,
    companions,
    company_transforms,
    group_factors,
    law_transforms,
    product_except,
)

__all__ = ["SeriesRow", "series_row"]


class SeriesRow(NamedTuple):
    """E z₊² − 2 E x_own z₊: by the cut-off series, by the middle of the sandwich (with half its gap); Σ of |terms|."""

    value: float
    middle: float
    gap: float
    size: float
    gradient: FloatArray


class _Moments(NamedTuple):
    """E z, E z², E z³ and, for every feature, E x_j z^r (r = 0, 1, 2) and E x_own x_j z^r (r = 0, 1)."""

    z: FloatArray
    x: FloatArray
    xx: FloatArray


def series_row(
    layout: Layout, a: FloatArray, b: float, own: int, terms: int, *, with_gradient: bool = True, block: int = 4096
) -> SeriesRow:
    """One row of the loss by a Fourier series of ``terms`` terms.

    Parameters
    ----------
    layout : Layout
        Groups and value laws.
    a : array, shape (n,)
        Coefficients of the row.
    b : float
        Its bias.
    own : int
        The feature that the row reconstructs.
    terms : int
        Number of terms K.
    with_gradient : bool
        Whether to compute the gradient of ``value`` in (a, b); it is zero otherwise.
    block : int
        Frequencies handled at a time.

    Returns
    -------
    SeriesRow
        The error of ``value`` is bounded in advance by :mod:`geomsup.loss._tails`; that of ``middle`` is at most
        ``gap`` plus the terms A φ(kh)/k³ left out, at most A/(2K²).

    Examples
    --------
    >>> import numpy as np
    >>> from geomsup.loss._layout import layout
    >>> from geomsup.problem import Problem
    >>> row = series_row(layout(Problem(2, 1, 0.5)), np.array([1.0, -1.0]), 0.0, 0, 500)
    >>> abs(0.5 / 3 + row.value - 0.5**2 / 6) < 1e-7  # the antipodal pair costs p²/6 for each feature
    True
    """
    n, gradient = a.size, np.zeros(a.size + 1)
    low, high = row_range(layout, a[None], np.array([b]))
    if high[0] <= 0:
        return SeriesRow(0.0, 0.0, 0.0, 0.0, gradient)
    linear = bool(low[0] >= 0)
    h = 1.0 if linear else 2 * np.pi / float(half_period(low, high)[0])
    alpha = np.array([0, 1, 0]) if linear else np.array([np.pi / (3 * h), 0.5, h / (6 * np.pi)])
    beta = np.array([0, -2, 0]) if linear else -np.array([np.pi / (3 * h), 1, h / (2 * np.pi)])
    every = _moments(layout, a, b, own)
    parts = [*(alpha * every.z), *(beta * every.x[:, own])]
    value, size = float(np.sum(parts)), float(np.sum(np.abs(parts)))
    gradient += _polynomial_slope(alpha, beta, every, own)
    if linear:
        return SeriesRow(value, value, 0.0, size, gradient if with_gradient else np.zeros(n + 1))

    # at most one active feature: the closed form in place of the polynomial half
    passive = _passive_features(layout, a, own)
    nothing, alone = _few_active(layout, passive)
    mine = np.arange(n) == own
    powers = np.array([1, b, b * b, b**3])
    value += nothing * (max(b, 0) ** 2 - float(alpha @ powers[1:]))
    gradient[n] += nothing * (2 * max(b, 0) - alpha @ (np.arange(1, 4) * powers[:3]))
    closed, da, db = one_active(layout, a, np.array([b]), mine.astype(float))
    x1, x2, x3 = layout.moments[:, 1:4].T
    xz = np.array([x1, b * x1 + a * x2, b * b * x1 + 2 * a * b * x2 + a * a * x3])
    z = np.array([b + a * xz[0], b * (b + a * x1) + a * xz[1], b * (b * (b + a * x1) + a * xz[1]) + a * xz[2]])
    closed = closed - (alpha @ z + mine * (beta @ xz))
    value += float(alone @ closed)
    size += float(alone @ np.abs(closed))
    slopes = np.arange(1, 4) * alpha
    own_slopes = np.array([beta[1], 2 * beta[2]])
    gradient[n] += alone @ (db - slopes @ [np.ones(n), z[0], z[1]] - mine * (own_slopes @ xz[:2]))
    gradient[:n] += alone * (da - slopes @ xz - mine * (own_slopes @ [x2, b * x2 + a * x3]))

    # the series over the other events
    A, B = 2 / (np.pi * h * h), 2 / (np.pi * h)
    extremal = extremal_coefficients(terms)
    q = chance(layout)
    reach = float(layout.reach[own])
    centre = (extremal.above_constant + extremal.below_constant) / 2
    middle = B * centre * float(every.x[0, own] - alone[own] * x1[own])
    gap = B * (extremal.above_constant - centre) * reach * float(q[own] - alone[own])
    for begin in range(0, terms, block):
        k = np.arange(begin + 1, min(begin + block, terms) + 1)
        t, cubic, square = np.asarray(h * k, np.float64), 1j * A / k**3, B / k**2
        v, u, w = law_transforms(layout, a, t, own)
        company, pair = company_transforms(layout, v, own)
        phase = np.exp(1j * b * t)
        factor, others, rest = group_factors(layout, v * company, phase, own)
        own_x = q[own] * u[own] * company[own]
        term = cubic * factor + square * own_x
        taken = cubic * (nothing + alone @ v) + square * alone[own] * u[own]
        part = others * term - phase * taken
        value += float(part.real.sum())
        size += float(np.abs(part.real).sum())

        above, below = extremal.above[k - 1], extremal.below[k - 1]
        weighted = (others * own_x - phase * alone[own] * u[own]).real
        active = (others * q[own] * v[own] * company[own] - phase * alone[own] * v[own]).real
        middle += B * float(((above + below) / 2 - 1 / k**2) @ weighted)
        gap += B * reach * float((above - below) / 2 @ active)
        if with_gradient:  # d/da_j puts i t x_j under every transform
            moved = q[:, None] * u * company
            second = q[own] * np.where(mine[:, None], w * company[own], u[own] * u * pair)
            inside = (layout.group_of == layout.group_of[own])[:, None]
            slope = np.where(inside, others * (cubic * moved + square * second), rest * moved * term)
            slope = slope - phase * alone[:, None] * (cubic * u + square * mine[:, None] * w)
            gradient[:n] -= slope.imag @ t
            gradient[n] -= part.imag @ t
    gradient[:n][passive] = (q * x1)[passive] * gradient[n]  # such a feature moves z as its mean moves b
    return SeriesRow(value, value + middle, gap, size, gradient if with_gradient else np.zeros(n + 1))


def _moments(layout: Layout, a: FloatArray, b: float, own: int) -> _Moments:
    q, company = chance(layout), companions(layout)
    same = layout.group_of[:, None] == layout.group_of
    x1, x2, x3 = layout.moments[:, 1:4].T
    # within a group, E x_j Z^r for Z = Σ a_k x_k over its members, from the mean and square of what goes with x_j
    r1 = company @ (a * x1)
    r2 = company @ (a * a * (x2 - x1 * x1)) + r1 * r1
    e0, e1, e2 = q * x1, q * (a * x2 + x1 * r1), q * (a * a * x3 + 2 * a * x2 * r1 + x1 * r2)
    group_mean, group_square = same @ (a * e0), same @ (a * e1)
    mean = b + float(a @ e0)
    variance = float(a @ e1) - float((a * e0) @ group_mean)
    outside = mean - group_mean
    outside_square = variance - (group_square - group_mean**2) + outside**2
    xz, xzz = e1 + e0 * outside, e2 + 2 * e1 * outside + e0 * outside_square
    second = variance + mean * mean
    third = b * second + float(a @ xzz)
    xx = e0[own] * e0
    xxz = e1[own] * e0 + e0[own] * e1 + xx * (outside[own] - group_mean)
    near, with_own = same[own], company[own]
    xx[near] = (with_own * q * x1[own] * x1)[near]
    inner = a[own] * x2[own] * x1 + a * x2 * x1[own] + x1[own] * x1 * (r1[own] - a * x1)
    xxz[near] = (with_own * q * inner)[near]
    xx[own], xxz[own] = q[own] * x2[own], q[own] * (a[own] * x3[own] + x2[own] * r1[own])
    xxz[near] += xx[near] * outside[own]
    return _Moments(np.array([mean, second, third]), np.array([e0, xz, xzz]), np.array([xx, xxz]))


def _polynomial_slope(alpha: FloatArray, beta: FloatArray, moments: _Moments, own: int) -> FloatArray:
    """Gradient in (a, b) of Σ_r alpha_r E z^r + Σ_r beta_r E x_own z^r."""
    z, (x, xz, xzz), (xx, xxz) = moments
    a = alpha[0] * x + 2 * alpha[1] * xz + 3 * alpha[2] * xzz + beta[1] * xx + 2 * beta[2] * xxz
    b = alpha[0] + 2 * alpha[1] * z[0] + 3 * alpha[2] * z[1] + beta[1] * x[own] + 2 * beta[2] * xz[own]
    return np.append(a, b)


def _passive_features(layout: Layout, a: FloatArray, own: int) -> BoolArray:
    """Which independent features other than the own one have the coefficient zero."""
    alone = np.diff(layout.group_start)[layout.group_of] == 1
    return np.asarray((a == 0) & alone & (np.arange(a.size) != own))


def _few_active(layout: Layout, passive: BoolArray) -> tuple[float, FloatArray]:
    """Probability that no feature is active, and that exactly feature j is (0 for members of correlated sets).

    Passive features do not count.
    """
    p, size = layout.group_probability.copy(), np.diff(layout.group_start)
    p[layout.group_of[passive]] = 0
    others_idle = product_except((1 - p).astype(np.complex128)).real
    alone = np.where((size == 1) | (layout.group_kind == 1), p / size * others_idle, 0.0)
    return float(np.prod(1 - p)), alone[layout.group_of]
