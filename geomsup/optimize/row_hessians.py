r"""Second derivatives of every row by one matrix product each: the curvature of problems too large for differences.

For :math:`z = b + \sum_j a_j x_j` and with :math:`x_b = 1` standing for the bias, a row
:math:`E z_+^2 - 2 E\,x_{own} z_+` has, for j and l among the features and the bias,

.. math:: R_{jl} = 2 E\,x_j x_l\,[z > 0] - 2 E\,x_{own} x_j x_l\,\delta(z) .

On \|z\| ≤ R, which need hold only almost always, the step and the delta function have the Fourier series

.. math:: [z > 0] = \tfrac12 + \sum_{k\ \mathrm{odd}} \frac{2}{\pi k} \sin\frac{\pi k z}{R}, \qquad
          \delta(z) = \frac{1}{2R} + \frac1R \sum_{k} \cos\frac{\pi k z}{R},

so all that is needed are the transforms :math:`E\,x_j x_l e^{itz} = \rho_j \rho_l \varphi`, where for independent
features :math:`\varphi = e^{itb} \prod_j f_j`, :math:`f_j = 1 - p_j + p_j E e^{ita_jx_j}`,
:math:`\rho_j = p_j E\,x_j e^{ita_jx_j}/f_j`; the sum over k is then the product of a matrix (n + 1, K) with its
transpose. Terms are damped by :math:`\exp(-36 (k/K)^8)`: this is the Hessian of the loss smoothed over a width of
R/K, and it differs from that of the loss by a few such widths where the latter jumps. It chooses directions and tells
kinds apart; what has converged is said by exact gradients.
"""

from __future__ import annotations

import numpy as np

from geomsup._typing import ComplexArray, FloatArray, IntArray
from geomsup.loss._layout import Layout
from geomsup.loss._tails import row_range

__all__ = ["row_hessians"]

NEAR, ORDERS = 0.5, 10
"""Below this phase transforms are summed as power series of so many terms: the first left out is under 3e-10."""
DEVIATIONS = 12.0
"""Standard deviations of z that the period of the series covers on either side; what lies beyond is folded back."""
TINY = 1e-30
"""In place of a factor that is exactly 0, by which the product of all is divided."""


def row_hessians(
    layout: Layout, M: FloatArray, b: FloatArray, *, terms: int, linear: bool = False, dtype: type = np.float64
) -> FloatArray:
    """R of every row, times its importance, shape (n, n + 1, n + 1), the bias last.

    Parameters
    ----------
    layout : Layout
        Independent features.
    M, b : arrays, shapes (n, n) and (n,)
        Effective matrix and bias.
    terms : int
        K.
    linear : bool
        Whether the output is z itself, as it is anyway in rows that are never negative.
    dtype : type
        Of the result.
    """
    n = b.size
    low, high = row_range(layout, M, b)
    R: FloatArray = np.zeros((n, n + 1, n + 1), dtype)
    both = _second_moments(layout)
    straight, reach = linear | (low >= 0), np.maximum(-low, high)
    for i in np.flatnonzero((layout.importance > 0) & ((high > 0) | linear)).tolist():
        row = 2 * both if straight[i] else _row(layout, both, M[i], float(b[i]), i, float(reach[i]), terms)
        R[i] = layout.importance[i] * row
    return R


def _second_moments(layout: Layout) -> FloatArray:
    """E x_j x_l, the constant 1 of the bias last."""
    n, p = layout.n_features, layout.group_probability[layout.group_of]
    mean = np.append(p * layout.moments[:, 1], 1.0)
    both = np.outer(mean, mean)
    both[np.arange(n), np.arange(n)] = p * layout.moments[:, 2]
    return both


def _row(
    layout: Layout, both: FloatArray, a: FloatArray, b: float, own: int, reach: float, terms: int
) -> FloatArray:
    n, p = a.size, layout.group_probability[layout.group_of]
    mean, m2 = both[n], np.diag(both)[:n]
    m1 = mean[:n]
    active = np.flatnonzero((a != 0) & (p > 0))
    if own not in active:
        active = np.append(active, own)
    spread = float(np.sqrt(a**2 @ (m2 - m1**2)))
    span = min(reach, abs(b + float(a @ m1)) + DEVIATIONS * spread)
    k = np.arange(1, terms + 1)
    t = np.asarray(np.pi * k / span, np.float64)
    damping = np.exp(-36 * (k / terms) ** 8)
    step = np.where(k % 2 == 1, 2 / (np.pi * k), 0.0) * damping
    delta = damping / span
    mine = int(np.flatnonzero(active == own)[0])
    v, u, w, third = _transforms(layout, a, t, active)
    chance = p[active, None]
    f = 1 - chance + chance * v
    f[f == 0] = TINY
    ratio, second, third = chance * u / f, chance * w / f, chance[mine] * third[mine] / f[mine]
    phi = np.exp(1j * b * t) * np.prod(f, axis=0)
    rho = np.concatenate([ratio, np.ones((1, terms))])  # visible features, then the bias

    # weights of ρ_j ρ_l where neither is the own feature
    plain = 2 * (-1j * step) * phi
    weight = plain - 2 * delta * phi * ratio[mine]
    inner = _product(weight[None] * rho, rho)
    diagonal = (np.concatenate([second, np.ones((1, terms))]) * weight).sum(axis=1).real
    inner[np.arange(len(rho)), np.arange(len(rho))] = diagonal
    across = _product((plain * ratio[mine] - 2 * delta * phi * second[mine])[None], rho)[0]
    across[mine] = (plain * second[mine] - 2 * delta * phi * third).sum().real
    inner[mine], inner[:, mine] = across, across
    # the constant terms of both series
    visible = np.append(active, n)
    inner += both[np.ix_(visible, visible)]
    triple = mean[own] * both
    triple[own], triple[:, own] = m2[own] * mean, m2[own] * mean
    triple[own, own] = p[own] * layout.moments[own, 3]
    inner -= triple[np.ix_(visible, visible)] / span
    # a passive feature moves z as its mean moves b
    moves = np.zeros((n + 1, len(visible)))
    moves[visible, np.arange(len(visible))] = 1
    rest = np.setdiff1d(np.arange(n), active)
    moves[rest, -1] = m1[rest]
    result = moves @ inner @ moves.T
    result[rest, rest] = m2[rest] * inner[-1, -1]
    return np.asarray(result)


def _product(left: ComplexArray, right: ComplexArray) -> FloatArray:
    """Re Σ_k left_jk right_lk."""
    return np.asarray(left.real @ right.real.T - left.imag @ right.imag.T)


def _transforms(
    layout: Layout, a: FloatArray, t: FloatArray, features: IntArray
) -> tuple[ComplexArray, ComplexArray, ComplexArray, ComplexArray]:
    """E x^r e^{itax}, r = 0 … 3, of the features listed, each of shape (features, frequencies)."""
    waves = np.empty((4, features.size, t.size), np.complex128)
    smooth = layout.kind[features] == 0
    if smooth.any():
        chosen = features[smooth]
        low, high = layout.low[chosen, None], layout.high[chosen, None]
        tau = a[chosen, None] * t
        near = np.abs(tau) * np.maximum(np.abs(low), np.abs(high)) < NEAR
        inverse = -1j / np.where(near, 1.0, tau)
        upper, lower = np.exp(1j * tau * high) / (high - low), np.exp(1j * tau * low) / (high - low)
        previous = np.zeros_like(upper)
        for r in range(4):  # by parts: every order divides by tau once more
            previous = inverse * (high**r * upper - low**r * lower - r * previous)
            waves[r, smooth] = previous
        rows, columns = np.nonzero(near)
        power, series = 1j * tau[rows, columns], np.zeros((4, rows.size), np.complex128)
        term = np.ones_like(power)
        for l in range(ORDERS):
            for r in range(4):
                k = r + l + 1
                series[r] += term * ((high**k - low**k) / (k * (high - low)))[rows, 0]
            term = term * power / (l + 1)
        waves[:, np.flatnonzero(smooth)[rows], columns] = series
    for place in np.flatnonzero(~smooth).tolist():
        j = features[place]
        atoms = slice(layout.atom_start[j], layout.atom_start[j + 1])
        x, weight = layout.atom_values[atoms], layout.atom_weights[atoms]
        wave = np.exp(1j * a[j] * np.outer(t, x))
        for r in range(4):
            waves[r, place] = wave @ (weight * x**r)
    return waves[0], waves[1], waves[2], waves[3]
