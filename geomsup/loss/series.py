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
such polynomials interpolate C, with its slope where it has one, at the multiples of 2π/L (above) and half-way between
(below), L = K + 1.

*Coefficients.* With :math:`\hat C(k) = 1/(2k^2)`, :math:`\hat C(0) = 0`, values and slopes on the lattice determine
:math:`\hat T(k) + \hat T(k - L) = \sum_m \hat C(k + mL)` and
:math:`k \hat T(k) + (k - L) \hat T(k - L) = \sum_m (k + mL) \hat C(k + mL)` for 0 < k < L. So
:math:`\hat T(k) = \sum_m (m + 1) \hat C(k + mL)`, with signs (−1)ᵐ for the shifted lattice. With τ = k/L, the sums
over m of 1/(m + τ), 1/(m + τ)² and their alternating forms are π cot πτ, π²/sin² πτ, π/sin πτ, π² cos πτ/sin² πτ. Hence

.. math:: \frac{\pi^2}{L^2} \Bigl[\frac{1-\tau}{\sin^2 \pi\tau} + \frac{\cot \pi\tau}{\pi}\Bigr], \qquad
          \frac{\pi^2}{L^2} \Bigl[\frac{(1-\tau) \cos \pi\tau}{\sin^2 \pi\tau} + \frac{1}{\pi \sin \pi\tau}\Bigr],

and the constants :math:`\sum_{m \ne 0} (\pm 1)^m \hat C(mL)`, which are π²/(6L²) and −π²/(12L²).

*One-sided.* On 0 ≤ θ ≤ 2π, D = C − T is smooth. It has 2K + 2 zeros there, counted with multiplicity: above, K double
ones at the inner multiples and one at each end (simple: D' = ∓π/2 there); below, K + 1 double ones. With one zero more,
Rolle's theorem would give D' at least 2K + 2 and :math:`D'' = \tfrac12 - T''` at least 2K + 1 zeros inside; but a
trigonometric polynomial of degree K has at most 2K in a period unless it is 0, and this one has mean ½. So every inner
zero is exactly double, D does not change sign, and as the mean of C is 0 the sign is that of minus the constant of T.
(Vaaler 1985, *Some extremal functions in Fourier analysis*, has the extremal polynomials of the sawtooth B₁.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geomsup._typing import BoolArray, ComplexArray, FloatArray
from geomsup.features.laws import centred_transforms
from geomsup.loss._layout import Layout
from geomsup.loss._one_active import one_active
from geomsup.loss._tails import half_period, row_range

__all__ = ["Extremal", "SeriesRow", "extremal_coefficients", "series_row"]


class SeriesRow(NamedTuple):
    """E z₊² − 2 E x_own z₊: by the cut-off series, by the middle of the sandwich (with half its gap); Σ of |terms|."""

    value: float
    middle: float
    gap: float
    size: float
    gradient: FloatArray


class Extremal(NamedTuple):
    """Coefficients of cos θ … cos Kθ in the polynomials above and below C, and their constants."""

    above: FloatArray
    below: FloatArray
    above_constant: float
    below_constant: float


class _Moments(NamedTuple):
    """E z, E z², E z³ and, for every feature, E x_j z^r (r = 0, 1, 2) and E x_own x_j z^r (r = 0, 1)."""

    z: FloatArray
    x: FloatArray
    xx: FloatArray


def extremal_coefficients(terms: int) -> Extremal:
    """The trigonometric polynomials of degree ``terms`` closest to C(θ) = Σ cos(kθ)/k² from above and below.

    Examples
    --------
    >>> import numpy as np
    >>> above, below, high, low = extremal_coefficients(3)
    >>> round(float(high + above.sum() - np.pi**2 / 6), 12)  # the upper one meets C at 0
    0.0
    """
    L = terms + 1
    k = np.arange(1, L)
    rest = (L - k) / L  # 1 − τ, and sin πτ = sin π(1 − τ) without cancellation near τ = 1
    sine = np.sin(np.pi * np.minimum(k, L - k) / L)
    cosine = np.where(2 * k <= L, 1, -1) * np.cos(np.pi * np.minimum(k, L - k) / L)
    above = (rest / sine + cosine / np.pi) / sine
    below = (rest * cosine / sine + 1 / np.pi) / sine
    scale = (np.pi / L) ** 2
    return Extremal(scale * above, scale * below, scale / 6, -scale / 12)


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
    q = _chance(layout)
    reach = float(layout.reach[own])
    centre = (extremal.above_constant + extremal.below_constant) / 2
    middle = B * centre * float(every.x[0, own] - alone[own] * x1[own])
    gap = B * (extremal.above_constant - centre) * reach * float(q[own] - alone[own])
    for begin in range(0, terms, block):
        k = np.arange(begin + 1, min(begin + block, terms) + 1)
        t, cubic, square = np.asarray(h * k, np.float64), 1j * A / k**3, B / k**2
        v, u, w = _law_transforms(layout, a, t, own)
        company, pair = _company(layout, v, own)
        phase = np.exp(1j * b * t)
        factor, others, rest = _factors(layout, v * company, phase, own)
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


def _chance(layout: Layout) -> FloatArray:
    """Marginal probability of each feature."""
    size = np.where(layout.group_kind == 1, np.diff(layout.group_start), 1)
    return np.asarray((layout.group_probability / size)[layout.group_of])


def _companions(layout: Layout) -> BoolArray:
    """[j, k]: feature k is another one that is on whenever j is."""
    same = layout.group_of[:, None] == layout.group_of
    together = (layout.group_kind == 0)[layout.group_of]
    return np.asarray(same & together & ~np.eye(layout.n_features, dtype=bool))


def _moments(layout: Layout, a: FloatArray, b: float, own: int) -> _Moments:
    q, company = _chance(layout), _companions(layout)
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


def _except(factors: ComplexArray) -> ComplexArray:
    """Products of all rows but one; without division, since a factor may vanish."""
    one = np.ones_like(factors[:1])
    before = np.cumprod(np.concatenate([one, factors[:-1]]), axis=0)
    after = np.cumprod(np.concatenate([one, factors[:0:-1]]), axis=0)[::-1]
    return np.asarray(before * after)


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
    others_idle = _except((1 - p).astype(np.complex128)).real
    alone = np.where((size == 1) | (layout.group_kind == 1), p / size * others_idle, 0.0)
    return float(np.prod(1 - p)), alone[layout.group_of]


def _law_transforms(
    layout: Layout, a: FloatArray, t: FloatArray, own: int
) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """E e^{itax} and E x e^{itax} for every feature, shape (n, frequencies), and E x² e^{itax} for the own one."""
    mid, half = (layout.low + layout.high)[:, None] / 2, (layout.high - layout.low)[:, None] / 2
    s = a[:, None] * half * t
    phase = np.exp(1j * a[:, None] * mid * t)
    zeroth = np.sinc(s / np.pi)
    first, second = centred_transforms(s, zeroth)
    v, u = phase * zeroth, phase * (mid * zeroth + half * first)
    w = (phase * (mid**2 * zeroth + 2 * mid * half * first + half**2 * second))[own]
    for j in np.flatnonzero(layout.kind == 1):
        atoms = slice(layout.atom_start[j], layout.atom_start[j + 1])
        x, weight = layout.atom_values[atoms], layout.atom_weights[atoms]
        waves = np.exp(1j * a[j] * np.outer(t, x))
        v[j], u[j] = waves @ weight, waves @ (weight * x)
        if j == own:
            w = waves @ (weight * x * x)
    return v, u, w


def _company(layout: Layout, v: ComplexArray, own: int) -> tuple[ComplexArray, ComplexArray]:
    """Transforms of what is on with each feature, and with it and the own one (0 if those are never on together)."""
    companions = _companions(layout)
    company, pair = np.ones_like(v), np.zeros_like(v)
    for j in np.flatnonzero(companions.any(axis=1)):
        company[j] = np.prod(v[companions[j]], axis=0)
        if companions[own, j]:
            pair[j] = np.prod(v[companions[own] & companions[j]], axis=0)
    return company, pair


def _factors(
    layout: Layout, member: ComplexArray, phase: ComplexArray, own: int
) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
    """Transform of the own group, of all others with b, and, for each feature, of all but its and the own group."""
    p, size = layout.group_probability[:, None], np.diff(layout.group_start)[:, None]
    factors = 1 - p + p / size * np.add.reduceat(member[layout.group_member], layout.group_start[:-1], axis=0)
    mine = layout.group_of[own]
    factor = factors[mine].copy()
    factors[mine] = 1
    rest = np.asarray(_except(np.asarray(factors, np.complex128)) * phase)
    return factor, rest[mine], rest[layout.group_of]
