r"""How far the truncated Fourier series of a row can be from its limit.

The terms left out are :math:`A \,\mathrm{Im}\,\varphi(kh)/k^3` and :math:`B\,\mathrm{Re}\,\psi(kh)/k^2` for
:math:`k > K`, with :math:`\varphi` and :math:`\psi` restricted to the events with at least two active groups, those
of passive features (coefficient zero, alone in their group) not counted.  For a
value uniform on an interval of length w, :math:`|E e^{itax}| \le \min(1, 2/(w|at|))`, and a law with atoms has only
the bound 1; sums and products of these bounds over the groups dominate :math:`|\varphi|` and :math:`|\psi|`, and
decrease in t.  So each dyadic shell :math:`(K, 2K]` contributes at most the bound at its left end times
:math:`\int_K^{2K} x^{-3} dx = 3/(8K^2)`, or :math:`\int_K^{2K} x^{-2} dx = 1/(2K)`.
"""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray
from geomsup.loss._layout import Layout

__all__ = ["FIRST", "SHELLS", "half_period", "row_range", "truncation_bounds", "without_subnormals"]

FIRST = 16
"""Smallest number of terms for which a bound is computed; the others are FIRST·2ˢ."""
NEGLIGIBLE = 1e-290
"""Entries of M below this are taken as 0."""
SHELLS = 44
"""Number of shells: the last starts at FIRST·2⁴³ terms, where the remainder is below 1e-14 of B."""


def without_subnormals(layout: Layout, M: FloatArray, b: FloatArray) -> tuple[FloatArray, float]:
    """M with negligible entries taken as 0, and what that can change in the loss; division by a subnormal overflows."""
    small = (M != 0) & (np.abs(M) < NEGLIGIBLE)
    if not small.any():
        return M, 0.0
    # |z_i| changes by at most n · reach · NEGLIGIBLE, and the loss by 2 |x_i − z_i₊| for each unit of that.
    reach = float(layout.reach.max())
    most = reach * (1 + float(np.abs(M).sum(axis=1).max())) + float(np.abs(b).max())
    return np.where(small, 0.0, M), NEGLIGIBLE * 4 * len(b) * reach * (most + 1) * float(layout.importance.sum())


def row_range(layout: Layout, M: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest value of z_i = b_i + Σ_j M_ij x_j, shapes (n,)."""
    ends = M * layout.low, M * layout.high
    smallest, largest = np.minimum(*ends), np.maximum(*ends)
    low, high = b.copy(), b.copy()
    for g, p in enumerate(layout.group_probability):
        members = layout.group_member[layout.group_start[g] : layout.group_start[g + 1]]
        if p == 0:
            continue
        if layout.group_kind[g] == 0:
            below, above = smallest[:, members].sum(axis=1), largest[:, members].sum(axis=1)
        else:
            below, above = smallest[:, members].min(axis=1), largest[:, members].max(axis=1)
        low += below if p == 1 else np.minimum(below, 0)
        high += above if p == 1 else np.maximum(above, 0)
    return low, high


def half_period(low: FloatArray, high: FloatArray) -> FloatArray:
    """Half-period R ≥ max |z| of the series of rows with that range, zero where z keeps its sign.

    Rounded up to a point of a geometric grid of ratio 2^(1/4): constant almost everywhere, so that the truncated sum
    has the gradient of its terms. No grid point is near 1, where optimal arrangements tend to have their range.
    """
    reach = np.maximum(-low, high)
    both = (low < 0) & (high > 0)
    return np.where(both, 2.0 ** ((np.ceil(4 * np.log2(np.where(both, reach, 1.0)) + 0.37) - 0.37) / 4), 0.0)


def truncation_bounds(layout: Layout, M: FloatArray, R: FloatArray) -> FloatArray:
    r"""Bound on what the terms beyond K = FIRST·2ˢ add to E z₊² − 2 E x_i z₊.

    Parameters
    ----------
    layout : Layout
        The problem.
    M : array, shape (n, n)
        Effective matrix.
    R : array, shape (n,)
        Half-period of each row, see `half_period`; zero where the row needs no series.

    Returns
    -------
    array, shape (n, SHELLS)
        One row per feature, one column per s.
    """
    n = M.shape[0]
    h = 2 * np.pi / np.where(R > 0, R, 1.0)
    first = FIRST * 2.0 ** np.arange(SHELLS)
    t = h[:, None] * first
    width = layout.high - layout.low
    smooth = (layout.kind == 0) & (width > 0)
    own = np.arange(n)
    nothing = np.ones((n, SHELLS))
    one = np.zeros((n, SHELLS))
    more = np.zeros((n, SHELLS))
    others_idle = np.ones((n, SHELLS))
    others_on = np.zeros((n, SHELLS))
    weighted = np.zeros((n, SHELLS))
    kept = np.zeros(n, dtype=bool)
    for g, chance in enumerate(layout.group_probability):
        members = layout.group_member[layout.group_start[g] : layout.group_start[g + 1]]
        together = layout.group_kind[g] == 0
        passive = (M[:, members[0]] == 0) & (own != members[0]) & (members.size == 1)
        p = np.where(passive, 0.0, chance)[:, None]
        on = np.ones((n, SHELLS)) if together else np.zeros((n, SHELLS))
        bounds = []
        for j in members:
            decay = _decay(2 / width[j] if smooth[j] else np.inf, M[:, j], t)
            bounds.append(decay)
            if together:
                on *= decay
            else:
                on += decay
        on *= p if together else p / members.size
        for place, j in enumerate(members):  # the rows whose own feature lies in this group
            spread = (abs(layout.low[j]) + abs(layout.high[j]) + width[j]) / width[j] if smooth[j] else np.inf
            mine = layout.reach[j] * _decay(spread / layout.reach[j], M[j, j], t[j])
            if together:
                for other, decay in enumerate(bounds):
                    if other != place:
                        mine = mine * decay[j]
            weighted[j] = mine * (chance if together else chance / members.size)
            kept[j] = together and members.size > 1
        q = 1 - p
        removable = members.size == 1 or not together
        more = more * (q + on) + one * on + (0 if removable else nothing * on)
        one = one * q + (nothing * on if removable else 0)
        nothing = nothing * q
        outside = layout.group_of[own] != g
        others_on[outside] = (others_on * (q + on) + others_idle * on)[outside]
        others_idle[outside] = (others_idle * q)[outside]
    psi = weighted * np.where(kept[:, None], others_on + others_idle, others_on)
    A, B = 2 / (np.pi * h * h), 2 / (np.pi * h)
    cubes = more * 3 / (8 * first**2)
    squares = psi / (2 * first)
    cubes[:, -1] += more[:, -1] / (8 * first[-1] ** 2)
    squares[:, -1] += psi[:, -1] / (2 * first[-1])
    shell = A[:, None] * cubes + B[:, None] * squares
    tail: FloatArray = np.cumsum(shell[:, ::-1], axis=1)[:, ::-1]
    return np.where(R[:, None] > 0, tail, 0.0)


def _decay(constant: float, a: FloatArray, t: FloatArray) -> FloatArray:
    """min(1, constant/(|a| t))."""
    if not np.isfinite(constant):
        return np.ones(t.shape)
    size = np.abs(a)[..., None] * t if np.ndim(a) else abs(a) * t
    return np.minimum(1.0, constant / np.maximum(size, constant))
