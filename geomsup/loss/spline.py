r"""One row of the loss by exact integration, one feature after another: the specification of the compiled kernel.

For :math:`z = b + \sum_j a_j x_j` with independent features, order the features by :math:`|a_j| \max|x_j|`, largest
first, let s be the sum over the features not yet integrated, and put

.. math:: V_q(y) = \frac{1}{q!} E\,(y + s)_+^q, \qquad E z_+^2 = 2 V_2(b).

**Recursion.** Let x with coefficient a be the next feature and V' belong to the features after it. A value x = c that
has probability w adds :math:`w V'_q(y + ac)`. A density :math:`p/(h - l)` on [l, h] is integrated by
:math:`\partial_y V'_{q+1} = V'_q`, which raises q by one. So with a table of branches (offset c, weights stay, lift)

.. math:: V_q(y) = \sum_c \text{stay}_c V'_q(y + a c) + \frac{\text{lift}_c}{a} V'_{q+1}(y + a c),

where a uniform law has lift −p/(h − l) at l and +p/(h − l) at h, and an inactive feature stay 1 − p at 0. Weighting
with the feature itself, :math:`E\,x V'_q(y + ax)`, by parts, has the weights c stay, c lift/a and −lift/a² for
:math:`V'_q, V'_{q+1}, V'_{q+2}`: this starts the second channel :math:`V^B_q(y) = E\,x_{own} (y + s)_+^q/q!`, from
which :math:`E\,x_{own} z_+ = V^B_1(b)`; features integrated before the own one act on it as on V.

**Leaves.** Where y + s cannot be positive, V = 0. Where it cannot be negative (or nothing is left),
:math:`V_q(y) = \sum_l \frac{y^{q-l}}{(q-l)!} m_l`, with :math:`m_l = E s^l/l!`, a convolution over the features.

**Stability.** A quotient lift/a is a divided difference, and dividing by a small a would amplify rounding. Largest
first, a node that has to branch has :math:`|y| \le \sum |a_j x_j|` over features no larger than its own, so V is of
order :math:`a^q` below it and the quotient loses a factor bounded by the number of features, not by the ratio of
coefficients; and as soon as y + s has one sign the small features are never divided by. Features below 1e-17 of the
scale of z are left out, which the bound includes.

**Rounding.** The value is a sum over leaves of a weight times a polynomial. Every product on the way carries a
relative error of one roundoff for each operation, and y an absolute one of (depth + 2) roundoffs of
:math:`|b| + \sum|a_j x_j|`, which changes :math:`V_q` by that times :math:`V_{q-1}`. The same recursion with absolute
values of weights, y and moments adds these up. A leaf called zero although y + s is within that error of 0 is charged
the error times :math:`V_0 \le 1`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geomsup._typing import FloatArray, IntArray
from geomsup.loss._layout import Layout
from geomsup.loss._spline_tree import NEGLIGIBLE, VB, Level, V, node_weights, taylor, tree

__all__ = ["SplineRow", "spline_row"]

UNIT_ROUNDOFF = 2.0**-53


class SplineRow(NamedTuple):
    """E z₊², E x_own z₊, and, of square − 2 cross, a bound on the rounding error and the gradient in (a, b)."""

    square: float
    cross: float
    error: float
    nodes: int
    gradient: FloatArray


def spline_row(
    layout: Layout, a: FloatArray, b: float, own: int, active: FloatArray, *, budget: int = 20_000
) -> SplineRow | None:
    """One row of the loss for independent features, exact up to rounding.

    Parameters
    ----------
    layout : Layout
        Value laws; its groups play no part.
    a : array, shape (n,)
        Coefficients of the row.
    b : float
        Its bias.
    own : int
        The feature that the row reconstructs; −1 for none, and then cross = 0.
    active : array, shape (n,)
        Probability that each feature is active.
    budget : int
        Largest number of nodes.

    Returns
    -------
    SplineRow or None
        None where the tree has more nodes than ``budget``, or more levels than the layout has moments for.

    Examples
    --------
    A row of the antipodal pair, whose loss p²/6 is p/3 + square − 2 cross:

    >>> from geomsup.loss._layout import layout
    >>> from geomsup.problem import Problem
    >>> half = np.array([0.5, 0.5])
    >>> row = spline_row(layout(Problem(2, 1)), np.array([1.0, -1.0]), 0.0, 0, half)
    >>> abs(0.5 / 3 + row.square - 2 * row.cross - 0.5**2 / 6) <= row.error < 1e-14
    True
    """
    amplitude = np.where(active > 0, np.abs(a) * layout.reach, 0.0)
    scale = abs(b) + float(amplitude.sum())
    order = np.argsort(-amplitude, kind="stable")
    kept = amplitude[order] > 1e-17 * scale
    neglected, order = float(amplitude[order[~kept]].sum()), order[kept]
    depth, count = order.size, order.size + 4  # moments 0 … depth + 3
    if depth + 5 > layout.moments.shape[1]:
        return None
    has_own = own >= 0 and bool(active[own] > 0)
    reach_own = float(layout.reach[own]) if has_own else 0.0
    levels, pruned = tree(layout, a, b, own, active, order, budget, reach_own, NEGLIGIBLE * scale**2)
    if not levels:
        return None

    powers = [_powers(a[j], active[j], layout.moments[j, : count + 1], j == own) for j in order]
    last = np.zeros((2, count))
    last[V, 0] = 1
    if has_own and own not in order:  # its coefficient is zero: x_own is independent of everything above
        last[VB, 0] = active[own] * layout.moments[own, 1]
    m = _moments([power for power, _ in powers], last)
    values = [np.empty(0)] * (depth + 1)
    for d in range(depth, -1, -1):
        level, leaf = levels[d], levels[d].polynomial
        values[d] = np.zeros((level.y.size, 2, d + 3))
        values[d][leaf] = np.einsum("vk,oqk->voq", taylor(level.y[leaf], d + 3), _toeplitz(m[d][:, : d + 3]))
        if level.branch.any():
            values[d][level.branch] = _gather(level.table, values[d + 1], 0, d + 3)
    root = values[0][0]

    # the gradient is the adjoint of the above: weights of nodes from the top down, then those of the moments
    gradient = np.zeros(a.size + 1)
    dm = [np.zeros((2, count)) for _ in levels]
    for d, (level, weights) in enumerate(zip(levels, node_weights(levels, -2.0), strict=True)):
        leaf, branch = level.polynomial, level.branch
        y_powers, by_leaf = taylor(level.y[leaf], d + 3), weights[leaf]
        for q in range(1, d + 3):
            dm[d][:, : q + 1] += by_leaf[:, :, q].T @ y_powers[:, q::-1]
        if branch.any():  # V'(y + ac) moves by c V'_{q−1}, and the weights of V'_{q+r} go as a^−r
            slope = _gather(level.offset * level.table, values[d + 1], 0, d + 2)
            slope += _gather(level.table * -np.arange(3.0)[:, None] / a[level.feature], values[d + 1], 1, d + 2)
            gradient[level.feature] += np.sum(weights[branch, :, 1:] * slope)
    for d, (j, (power, slope)) in enumerate(zip(order, powers, strict=True)):
        gradient[j] += np.einsum("oq,oiqk,ik", dm[d], _toeplitz(slope), m[d + 1])
        dm[d + 1] += np.einsum("oq,oiqk->ik", dm[d], _toeplitz(power))
    gradient[-1] = 2 * root[V, 1] - 2 * root[VB, 0]
    for j in np.setdiff1d(np.flatnonzero(active > 0), order):  # zero coefficients: x_j is independent of z
        x, xx = active[j] * layout.moments[j, 1:3]
        gradient[j] = 2 * x * root[V, 1] - 2 * xx * root[V, 0] if j == own else x * gradient[-1]

    error = _rounding(layout, a, own, active, order, levels, scale, reach_own)
    error += pruned + neglected * 2 * (scale + reach_own)
    return SplineRow(2 * float(root[V, 2]), float(root[VB, 1]), error, sum(level.y.size for level in levels), gradient)


def _powers(a: float, active: float, moments: FloatArray, is_own: bool) -> tuple[FloatArray, FloatArray]:
    """Normalised moments [channel, channel', l] of one feature, E (ax)^l/l! or E x(ax)^l/l!, and their slopes in a."""
    power = np.cumprod([1.0, *(a / np.arange(1, moments.size - 1))])
    slope = np.append(0.0, power[:-1])
    plain = active * moments[:-1]
    plain[0] = 1  # inactive, the feature is a factor 1 too
    result = np.zeros((2, 2, 2, plain.size))
    for table, by in zip(result, (power, slope), strict=True):
        table[V, V] = by * plain
        table[(VB, V) if is_own else (VB, VB)] = by * (active * moments[1:] if is_own else plain)
    return result[0], result[1]


def _moments(powers: list[FloatArray], last: FloatArray) -> list[FloatArray]:
    """Normalised moments [channel, l] of what is left at each level, by convolution from the last level up."""
    m = [last]
    for power in reversed(powers):
        m.append(np.einsum("oiqk,ik->oq", _toeplitz(power), m[-1]))
    return m[::-1]


def _toeplitz(t: FloatArray) -> FloatArray:
    """Lower triangular matrices [..., q, k] of the convolutions with t."""
    lag = np.subtract.outer(np.arange(t.shape[-1]), np.arange(t.shape[-1]))
    return np.asarray(np.where(lag >= 0, t[..., lag], 0.0), np.float64)


def _gather(table: FloatArray, below: FloatArray, start: int, columns: int) -> FloatArray:
    """Σ table[:, :, r, c] V'_{q+r} for q = start … start + columns − 1, by branching node."""
    padded = np.zeros((*below.shape[:2], below.shape[2] + 2))  # reached only by the unused last column of VB
    padded[:, :, :-2] = below
    children = padded.reshape(-1, table.shape[3], 2, padded.shape[2])
    shifted = [children[..., start + r : start + r + columns] for r in range(3)]
    return np.asarray(sum(np.einsum("oic,bciq->boq", table[:, :, r], shifted[r]) for r in range(3)))


def _rounding(
    layout: Layout, a: FloatArray, own: int, active: FloatArray, order: IntArray, levels: list[Level], scale: float,
    reach_own: float,
) -> float:  # fmt: skip
    """First-order bound on the rounding error: the recursion in absolute values."""
    depth, count = order.size, order.size + 4
    last = np.zeros((2, count))
    last[:, 0] = 1, reach_own if own not in order else 0
    powers = []
    for j in order:
        moments = np.abs(layout.moments[j, : count + 1])
        odd = np.arange(1, count, 2)
        moments[odd] = np.sqrt(moments[odd - 1] * moments[odd + 1])  # ≥ E |x|^l
        plain = _powers(abs(a[j]), active[j], moments, False)[0]
        if j == own:
            plain[VB, V], plain[VB, VB] = reach_own * plain[V, V], 0
            plain[VB, V, 0] *= active[j]
        powers.append(plain)
    m = _moments(powers, last)
    size = [level._replace(table=np.abs(level.table)) for level in levels]
    shift = (depth + 2) * scale  # roundoffs in y
    total = 0.0
    for d, (level, weights) in enumerate(zip(levels, node_weights(size, 2.0 if reach_own else 0.0), strict=True)):
        operations = 6 * d + 3 * (d + 2) + 2 * (depth - d) + 6
        leaf = level.polynomial
        value = np.einsum("vk,oqk->voq", taylor(np.abs(level.y[leaf]), d + 3), _toeplitz(m[d][:, : d + 3]))
        total += np.sum(weights[leaf] * operations * value)
        total += np.sum(weights[leaf, :, 1:] * shift * value[..., :-1])
        doubtful = level.zero & (level.y + level.highest >= -4 * shift * UNIT_ROUNDOFF)
        total += np.sum(weights[doubtful, :, 1]) * shift
    return 1.01 * UNIT_ROUNDOFF * float(total)
