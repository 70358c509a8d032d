r"""Moments E z₊ʳ and E u z₊ʳ of z = t + Σ a_j u_j, a_j ≥ 0, the u_j independent and uniform on [0, 1].

With d the largest of the a_j and F the same with it left out,

.. math:: E z_+^r = \frac{F_{r+1}(t + d) - F_{r+1}(t)}{(r + 1)\,d}, \qquad
          E\,u\,z_+^r = \frac{F_{r+1}(t + d)}{(r + 1)\,d} - \frac{F_{r+2}(t + d) - F_{r+2}(t)}{(r + 1)(r + 2)\,d^2}

if u belongs to d; if not, the first formula holds for E u z₊ʳ too. Where t ≥ 0 nothing is cut off, and the moments are
polynomials; where t + Σ a ≤ 0 they are 0. Only numbers, operations + − × ÷ and comparisons: no table, no series.

**Rounding.** Between these two |t| ≤ Σ a ≤ 3d, so that what is divided by d is a difference of numbers of size at most
(|t| + Σ a)^{r+1} ≤ 6d (|t| + Σ a)ʳ, and the same holds one level further in, where t is t or t + d. So no division
amplifies: three levels lose at most a factor 6·6·6 over the handful of roundings in each, and the error of every result
is below 2⁻⁴² (1 + |t| + Σ a)ʳ. A sign of t that rounding gets wrong exchanges two formulas that agree there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from geomsup._typing import FloatArray

__all__ = ["descending", "moment", "own_moment"]

Function = Callable[[FloatArray, Sequence[FloatArray]], FloatArray]


def moment(t: FloatArray, a: Sequence[FloatArray], r: int) -> FloatArray:
    """E z₊ʳ for arrays of one shape; a from the largest to the smallest, at most three."""
    if not a:
        return np.asarray(np.maximum(t, 0.0) ** r)
    return _by_place(t, a, lambda t, a: _whole(t, a, r), lambda t, a: _cut_moment(t, a, r))


def own_moment(t: FloatArray, own: FloatArray, others: Sequence[FloatArray], r: int) -> FloatArray:
    """E u z₊ʳ, `own` the coefficient of u; the others from the largest to the smallest, at most two."""
    return _by_place(
        t,
        (own, *others),
        lambda t, a: 0.5 * _whole(t, a, r) + _covariance(t, a, r),
        lambda t, a: _cut_own_moment(t, a[0], a[1:], r),
    )


def _by_place(t: FloatArray, a: Sequence[FloatArray], whole: Function, cut: Function) -> FloatArray:
    """`whole` where t ≥ 0, `cut` where z changes its sign, and 0 where it is not positive."""
    values = np.zeros(t.shape)
    for function, where in ((whole, t >= 0), (cut, (t < 0) & (t + sum(a) > 0))):
        if where.any():
            values[where] = function(t[where], [d[where] for d in a])
    return values


def _cut_moment(t: FloatArray, a: Sequence[FloatArray], r: int) -> FloatArray:
    d, rest = a[0], a[1:]
    if rest:
        return np.asarray((moment(t + d, rest, r + 1) - moment(t, rest, r + 1)) / ((r + 1) * d))
    top = np.minimum(t + d, d)
    return np.asarray(top**r * (top / d) / (r + 1))


def _cut_own_moment(t: FloatArray, own: FloatArray, others: Sequence[FloatArray], r: int) -> FloatArray:
    if not others:
        top = np.minimum(t + own, own)
        return np.asarray(top**r * (top / own) * (1 - top / own / (r + 2)) / (r + 1))
    values, largest = np.empty(t.shape), own >= others[0]
    if largest.any():
        s, d, rest = t[largest], own[largest], [one[largest] for one in others]
        change = moment(s + d, rest, r + 2) - moment(s, rest, r + 2)
        values[largest] = (moment(s + d, rest, r + 1) - change / ((r + 2) * d)) / ((r + 1) * d)
    if not largest.all():
        s, own, (d, *rest) = t[~largest], own[~largest], [one[~largest] for one in others]
        values[~largest] = (own_moment(s + d, own, rest, r + 1) - own_moment(s, own, rest, r + 1)) / ((r + 1) * d)
    return values


def descending(a: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
    """Up to three arrays, sorted elementwise from the largest to the smallest."""
    if len(a) < 2:
        return tuple(a)
    first, second = np.maximum(a[0], a[1]), np.minimum(a[0], a[1])
    if len(a) == 2:
        return first, second
    rest = np.minimum(first, a[2])
    return np.maximum(first, a[2]), np.maximum(second, rest), np.minimum(second, rest)


def _whole(t: FloatArray, a: Sequence[FloatArray], r: int) -> FloatArray:
    """E zʳ, r from 1 to 4."""
    mean, variance = _mean(t, a), _variance(a)
    if r == 1:
        return mean
    if r == 2:
        return mean * mean + variance
    if r == 3:
        return mean * (mean * mean + 3 * variance)
    fourth: FloatArray = 3 * variance * variance - sum(d**4 for d in a) / 120
    square = mean * mean
    return square * (square + 6 * variance) + fourth


def _covariance(t: FloatArray, a: Sequence[FloatArray], r: int) -> FloatArray:
    """E (u − 1/2) zʳ, u with the first coefficient, r from 1 to 3."""
    own = a[0]
    if r == 1:
        return own / 12
    mean = _mean(t, a)
    if r == 2:
        return own * mean / 6
    return own * (mean * mean + _variance(a)) / 4 - own**3 / 120


def _mean(t: FloatArray, a: Sequence[FloatArray]) -> FloatArray:
    return np.asarray(t + sum(a) / 2)


def _variance(a: Sequence[FloatArray]) -> FloatArray:
    return np.asarray(sum(d * d for d in a) / 12)
