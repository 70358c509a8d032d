"""By the number of active features: the contribution of each number, and the largest error that any input can have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice
from math import fsum

import numpy as np

from geomsup._typing import FloatArray, IntArray
from geomsup.loss._layout import Layout
from geomsup.loss._one_active import one_active

UNIT_ROUNDOFF = 2.0**-53
BATCH = 256
"""Subsets summed before their sum is added exactly to the others: it bounds the rounding of the summation."""
MAX_NODES = 100_000
"""Nodes of one row; only discrete laws with more than 46 values can need more at order 3."""


def probabilities(data: Layout) -> FloatArray:
    """p_j of independent features."""
    return np.asarray(data.group_probability[data.group_of], np.float64)


def count_distribution(p: FloatArray) -> FloatArray:
    """P(k features active), k = 0 … n: a convolution of positive numbers, so accurate in each entry."""
    count = np.ones(1)
    for p_j in p:
        count = np.append(count * (1 - p_j), 0) + np.append(0, count * p_j)
    return count


def subsets(p: FloatArray, size: int) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Every set of ``size`` features with the probability that exactly it is active."""
    for members in combinations(range(p.size), size):
        chance = 1 - p
        chance[list(members)] = p[list(members)]
        yield float(np.prod(chance)), members


def one_active_rows(data: Layout, M: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """E (x_i − (z_i)_+)² with feature j alone, and the size its rounding goes with, both [i, j]."""
    own = np.eye(data.n_features)
    value, _, _ = one_active(data, M, b[:, None], own)
    size = np.abs(b)[:, None] + np.abs(M) * data.reach + own * data.reach
    return np.maximum(value + own * data.moments[:, 2], 0), size * size


def many_active(data: Layout, M: FloatArray, b: FloatArray, p: FloatArray, k: int) -> tuple[float, float]:
    """ℓ_k and a bound on the rounding of its rows."""
    rows = np.flatnonzero(data.importance > 0)
    importance = data.importance[rows]
    sums, error = [0.0], 0.0
    possible = ((chance, members) for chance, members in subsets(p, k) if chance > 0)
    while batch := list(islice(possible, BATCH)):
        chance = np.array([weight for weight, _ in batch])
        active = np.zeros((len(batch), p.size))
        np.put_along_axis(active, np.array([members for _, members in batch]), 1.0, axis=1)
        value, rounding = _spline_rows(data, M, b, rows, chance, active)
        value = value + (chance @ active[:, rows]) * data.moments[rows, 2]
        sums.append(float(importance @ value))
        error += float(importance @ rounding)
    return max(0.0, fsum(sums)), error


def _spline_rows(
    data: Layout, M: FloatArray, b: FloatArray, rows: IntArray, chance: FloatArray, active: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Σ over the subsets of chance · (E z_i₊² − 2E x_i z_i₊), and the same sum of its rounding bounds, for each row."""
    value, error = np.zeros(rows.size), np.zeros(rows.size)
    try:
        from geomsup.loss._compiled import spline_rows
    except ImportError:
        from geomsup.loss.spline import spline_row

        for weight, on in zip(chance, active, strict=True):
            for r, i in enumerate(rows.tolist()):
                row = spline_row(data, M[i], float(b[i]), i, on, budget=MAX_NODES)
                if row is None:
                    raise _too_many_values() from None
                value[r] += weight * (row.square - 2 * row.cross)
                error[r] += weight * row.error
        return value, error
    widest = max(2, int(np.diff(data.atom_start).max()))
    size = min(MAX_NODES, sum(widest**d for d in range(int(active[0].sum()) + 1)))
    value, error, nodes, _ = spline_rows(M, b, rows, chance, active, data.laws, size, True)
    if (nodes < 0).any():
        raise _too_many_values()
    return value, error


def _too_many_values() -> ValueError:
    return ValueError(
        f"a row takes more than {MAX_NODES} nodes because a discrete law has many values: pass a smaller order"
    )


def ranges(
    data: Layout, out: FloatArray, W: FloatArray, M: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """Per row, sup over all inputs of (x − z_+)² and of |z|; in all, what the rounding of M can change in the loss.

    With t the sum over the other features, x − (M_ii x + b + t)_+ is concave in x and falls with t. So it is largest
    for the least t, at an end of the range of x or where z = 0, and least for the largest t, at an end.
    """
    p = probabilities(data)
    low = np.where(p > 0, np.where(p < 1, np.minimum(data.low, 0), data.low), 0)
    high = np.where(p > 0, np.where(p < 1, np.maximum(data.high, 0), data.high), 0)
    g = np.diag(M)
    t_low = b + np.minimum(M * low, M * high).sum(axis=1) - np.minimum(g * low, g * high)
    t_high = b + np.maximum(M * low, M * high).sum(axis=1) - np.maximum(g * low, g * high)
    with np.errstate(over="ignore"):  # a zero of z far outside the range
        kink = np.clip(np.divide(-t_low, g, out=low.copy(), where=g != 0), low, high)
    most = np.max([x - np.maximum(g * x + t_low, 0) for x in (low, high, kink)], axis=0)
    least = np.min([x - np.maximum(g * x + t_high, 0) for x in (low, high)], axis=0)
    reach = np.maximum(np.abs(low), np.abs(high))
    zmax = np.abs(b) + np.abs(M) @ reach
    shift = (out.shape[1] + 1) * UNIT_ROUNDOFF * (np.abs(out) @ np.abs(W)) @ reach  # of z, from the rounding of M
    error = np.maximum(np.abs(most), np.abs(least)) + 4 * (data.n_features + 4) * UNIT_ROUNDOFF * zmax + shift
    return error * error, zmax, float(data.importance @ ((2.02 * error + shift) * shift))
