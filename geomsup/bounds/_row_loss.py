r"""The loss of one output, enclosed from below on boxes of weights and cells of its bias.

Output i is z₊ with z = b_i + Σ_j G_ij x_j, G = WᵀW, and loses, the sum running over the sets S of active features,

.. math:: \varphi_i = \frac{p_i}{3} + E z_+^2 - 2 E\,x_i z_+, \qquad E z_+^2 = \sum_S \pi_S E_S z_+^2 .

As functions of (G_i1, …, G_in, b_i), in which z is affine, both E z₊² and E x_i z₊ are **convex**, since x_i ≥ 0. So on
a box of these n + 1 parameters E z₊² is at least any of its tangents, and E x_i z₊ is at most any affine function plus
the largest excess over that at a vertex. The two together are an affine lower bound whose error is of second order in
the size of the box. It needs no derivative of E x_i z₊: the affine function has the mean slopes between vertices. Which
tangent is best is in :mod:`geomsup.bounds._tangents`. The part of E z₊² from inputs that are 0, π_∅ b₊², stays as it
is: π_∅ is not small where p is.

**Rounding.** Everything that enters is at most Σ_{S ≠ ∅} π_S (1 + M)² + π_∅ (b + h_b)₊² in size, M = Σ_j |G_ij| + |b|
at its largest, and the moments are computed to 2⁻⁴² of it. A tangent may be taken at one end of the box and count at
the other, where errors of its slopes 2 E u z₊ weigh at most 4 times as much; its value adds 1, E x_i z₊ and its factor
2 at most 2, and some fifty operations follow. 2⁻³⁹ of it is subtracted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from flint import fmpq

from geomsup._typing import BoolArray, FloatArray, IntArray
from geomsup.bounds._numbers import below
from geomsup.bounds._positive_parts import descending, moment, own_moment

__all__ = ["ROUNDING", "Affine", "Over", "Range", "Row", "gram"]

ROUNDING = 2.0**-39
TINY = 1e-200
"""Stands for a divisor of 0."""
WIDER = 2.0**-48
"""Relative: what the parameters' ranges are widened by, so that rounding them does not matter."""


class Range(NamedTuple):
    """G_ij on boxes of weights: center ± wide contains it, center + shift is its value at the centers of the boxes."""

    center: FloatArray
    wide: FloatArray
    shift: FloatArray


@dataclass(frozen=True)
class Over:
    """An affine function above E x_i z₊ on cells: there G_ij = g_j + r_j, |r_j| ≤ wide_j, and the bias is y = b ± hb.

    It is excess + Σ slopes_j r_j + rise (y − b)/hb. Arrays of shape (n, cells) or (cells,).
    """

    b: FloatArray
    hb: FloatArray
    g: FloatArray
    wide: FloatArray
    excess: FloatArray
    slopes: FloatArray
    rise: FloatArray


@dataclass(frozen=True)
class Affine:
    """value + Σ slope_j r_j, a lower bound for |r| ≤ wide and every bias of the cell; one entry per cell.

    `bias` is the slope in the bias at the center, `reach` is how far the box moves z; `extreme` says that the bias is
    so low or so high that the output alone loses too much.
    """

    value: FloatArray
    slope: FloatArray
    bias: FloatArray
    reach: FloatArray
    extreme: BoolArray


@dataclass(frozen=True)
class Row:
    """Output i of n: the probabilities π_S of the sets of active features, S as a tuple of indices."""

    i: int
    n: int
    probability: dict[tuple[int, ...], float]

    @classmethod
    def of(cls, i: int, p: Sequence[fmpq]) -> Row:
        """Independent features."""
        n, table = len(p), {}
        for size in range(n + 1):
            for active in combinations(range(n), size):
                weight = fmpq(1)
                for j in range(n):
                    weight *= p[j] if j in active else 1 - p[j]
                if weight:
                    table[active] = below(weight)
        return cls(i, n, table)

    @property
    def alone(self) -> float:
        """E x_i²."""
        return sum(weight for active, weight in self.probability.items() if self.i in active) / 3

    @property
    def nothing(self) -> float:
        """π of no active feature."""
        return self.probability.get((), 0.0)

    @property
    def something(self) -> float:
        """Σ π_S over the other sets: accurate where 1 − π_∅ is not."""
        return sum(weight for active, weight in self.probability.items() if active)

    def response(self, g: Sequence[FloatArray], b: FloatArray) -> FloatArray:
        """E x_i z₊ at parameters g_j, b of shapes that broadcast."""
        total: FloatArray = np.zeros(1)
        for active, weight in self.probability.items():
            if self.i in active:
                others = [j for j in active if j != self.i]
                low = b + sum(np.minimum(g[j], 0.0) for j in others)
                sizes = descending([np.abs(g[j]) for j in others])
                low, own, *rest = np.broadcast_arrays(low, g[self.i], *sizes)
                total = total + weight * own_moment(low, own, rest, 1)
        return total

    def power(self, g: Sequence[FloatArray], b: FloatArray) -> tuple[FloatArray, list[FloatArray], FloatArray]:
        """E z₊² with its derivatives in each g_j and in b, from inputs that are not 0."""
        value, slopes, slope = np.zeros_like(b), [np.zeros_like(b) for _ in g], np.zeros_like(b)
        for active, weight in self.probability.items():
            if not active:
                continue
            low = b + sum(np.minimum(g[j], 0.0) for j in active)
            sizes = {j: np.abs(g[j]) for j in active}
            order = descending(list(sizes.values()))
            first = moment(low, order, 1)
            value += weight * moment(low, order, 2)
            slope += 2 * weight * first
            for j in active:
                others = descending([size for k, size in sizes.items() if k != j])
                own = own_moment(low, sizes[j], others, 1)
                slopes[j] += 2 * weight * np.where(g[j] < 0, first - own, own)  # u is 1 − u where z falls with it
        return value, slopes, slope

    def value(self, g: Sequence[FloatArray], b: FloatArray) -> FloatArray:
        """φ, up to rounding."""
        return np.asarray(
            self.alone + self.power(g, b)[0] + self.nothing * np.maximum(b, 0.0) ** 2 - 2 * self.response(g, b)
        )

    def size(self, g: Sequence[FloatArray], b: FloatArray, spread: FloatArray | float = 0.0) -> FloatArray:
        """What ROUNDING is relative to."""
        largest = 1 + spread + np.abs(b) + sum(np.abs(one) for one in g)
        return np.asarray(self.something * largest**2 + self.nothing * np.maximum(b + spread, 0.0) ** 2)

    def at_least(self, x: FloatArray, h: FloatArray) -> FloatArray:
        """A constant below the loss on boxes, whatever the bias: that of a feature with a = G_ii and a free offset."""
        center, wide, _ = gram(x, h, self.i, self.i)
        least, most = center - wide, center + wide
        long = np.maximum(least - 1, 0.0) / np.maximum(least + 1, 1.0)
        return np.asarray(self.alone * (long**2 + np.maximum(1 - most, 0.0) ** 2 / 4) * (1 - ROUNDING))

    def over(self, ranges: Sequence[Range], owner: IntArray, b: FloatArray, hb: FloatArray) -> Over:
        """What is above E x_i z₊ for each cell, the bias within b ± hb and G_ij in the ranges of the box `owner`."""
        g, wide = (np.array([part[owner] for part in parts]) for parts in list(zip(*ranges, strict=True))[:2])
        excess, rises, rise = self._above(g, wide, b, hb)
        return Over(b, hb, g, wide, excess, np.array(rises) / wide, rise)

    def lower(self, over: Over, at: FloatArray) -> Affine:
        """The affine lower bound for each cell, its tangent taken `at` from the center: n + 1 rows, the bias last."""
        b, hb = over.b, over.hb
        value, slopes, slope = self.power([c + d for c, d in zip(over.g, at[:-1], strict=True)], b + at[-1])
        value -= sum(s * d for s, d in zip((*slopes, slope), at, strict=True))
        value += self.alone - 2 * over.excess + self._least(b, hb, slope * hb - 2 * over.rise)
        reach = over.wide.sum(axis=0)
        value -= ROUNDING * self.size(list(over.g), b, reach + hb)
        # No output at all loses p_i/3. With b ≥ Σ |G_ij| + 2 the error is at least 1 whenever x_i is active.
        positive = np.maximum(over.g + over.wide, 0.0).sum(axis=0)
        sizes = 2 + np.abs(over.g).sum(axis=0) + reach
        room = ROUNDING * (sizes + np.abs(b) + hb)
        extreme = (b + hb + positive < -room) | (b - hb > sizes + room)
        bias = slope - 2 * over.rise / np.maximum(hb, TINY) + 2 * self.nothing * np.maximum(b, 0.0)
        return Affine(value, np.array(slopes) - 2 * over.slopes, bias, reach, extreme)

    def curvature(self, g: FloatArray, b: FloatArray) -> FloatArray:
        """About half the second derivatives of E z₊² in (g, b), of shape (n + 1, n + 1, cells).

        Sets of features count as if z had the sign of its mean on them: this chooses tangents, which are all true.
        """
        n = self.n
        total = np.zeros((n + 1, n + 1, *b.shape))
        total[n, n] = self.nothing * (b > 0)
        for active, weight in self.probability.items():
            if active:
                on = weight * (b + sum(g[j] for j in active) / 2 > 0)
                for j in active:
                    total[j, n] += on / 2
                    total[n, j] += on / 2
                    for k in active:
                        total[j, k] += on * (1 / 3 if j == k else 1 / 4)
                total[n, n] += on
        return total

    def _least(self, b: FloatArray, hb: FloatArray, rise: FloatArray) -> FloatArray:
        """The least of rise (y − b)/hb + π_∅ y₊² for y within b ± hb: exact, because π_∅ is not small where p is."""
        steep = np.maximum(-rise, 0.0) / np.maximum(2 * self.nothing * hb, TINY)
        y = np.where(rise < 0, np.clip(steep, b - hb, b + hb), b - hb)
        return np.asarray(rise * (y - b) / np.maximum(hb, TINY) + self.nothing * np.maximum(y, 0.0) ** 2)

    def _above(
        self, g: FloatArray, wide: FloatArray, b: FloatArray, hb: FloatArray
    ) -> tuple[FloatArray, list[FloatArray], FloatArray]:
        """Constant and rises over half a range of an affine function above E x_i z₊ on boxes."""
        n = self.n
        signs = [np.array([-1.0, 1.0]).reshape((2,) + (1,) * (n - j + 1)) for j in range(n + 1)]
        vertices = [c + s * w for c, s, w in zip(g, signs, wide, strict=False)]
        vertices[self.i] = np.maximum(vertices[self.i], 0.0)  # a square, and widened
        values = self.response(vertices, b + signs[n] * hb)
        values = np.broadcast_to(values, (2,) * (n + 1) + b.shape)
        axes = tuple(range(n + 1))
        rises = [np.diff(values, axis=j).mean(axis=axes) / 2 for j in axes]
        excess = values - sum(s * rise for s, rise in zip(signs, rises, strict=True))
        return np.asarray(excess.max(axis=axes)), rises[:n], rises[n]


def gram(x: FloatArray, h: FloatArray, i: int, j: int) -> Range:
    """The range of G_ij on boxes."""
    low, high = x - h, x + h
    if i == j:
        ends = np.minimum(low[:, i] ** 2, high[:, i] ** 2)
        least = np.where((low[:, i] < 0) & (high[:, i] > 0), 0.0, ends).sum(axis=0)
        most = np.maximum(low[:, i] ** 2, high[:, i] ** 2).sum(axis=0)
    else:
        products = np.stack([u[:, i] * v[:, j] for u in (low, high) for v in (low, high)])
        least, most = products.min(axis=0).sum(axis=0), products.max(axis=0).sum(axis=0)
    center, wide = (least + most) / 2, (most - least) / 2
    wide = wide + WIDER * (np.abs(least) + np.abs(most)) + TINY
    return Range(center, wide, (x[:, i] * x[:, j]).sum(axis=0) - center)
