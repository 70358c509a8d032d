"""The tree of the spline recursion: the branches of every feature, the nodes of every level and what they weigh."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geomsup._typing import BoolArray, FloatArray, IntArray
from geomsup.loss._layout import Layout

V, VB = 0, 1
"""The two channels: E (y + s)_+^q/q!, and the same weighted by the own feature."""
NEGLIGIBLE = 2.0**-60
"""A subtree that can change a row by less than this times its scale squared is left out, and its bound reported."""


class BranchTable(NamedTuple):
    """Branches of one feature: offsets c in increasing order, and what each adds of V'_q and of V'_{q+1}/a."""

    offset: FloatArray
    stay: FloatArray
    lift: FloatArray


class Level(NamedTuple):
    """A level of the tree: its feature, the table [channel, channel', r, branch] of weights of V'_{q+r}, its nodes."""

    feature: int
    offset: FloatArray
    table: FloatArray
    highest: float  # of s
    y: FloatArray
    zero: BoolArray
    branch: BoolArray
    pruned: BoolArray

    @property
    def polynomial(self) -> BoolArray:
        """Leaves on which y + s is never negative."""
        return ~(self.zero | self.branch | self.pruned)


def branch_table(layout: Layout, j: int, active: float) -> BranchTable:
    """Branches of feature j when it is active with probability ``active``.

    Examples
    --------
    >>> from geomsup.loss._layout import layout
    >>> from geomsup.problem import Problem
    >>> table = branch_table(layout(Problem(2)), 0, 0.25)  # offset 0 is both "inactive" and the low end of [0, 1]
    >>> table.offset, table.stay, table.lift
    (array([0., 1.]), array([0.75, 0.  ]), array([-0.25,  0.25]))
    """
    idle = [0.0] if active < 1 else []
    atoms = slice(layout.atom_start[j], layout.atom_start[j + 1])
    values = layout.atom_values[atoms] if layout.kind[j] else np.array([layout.low[j], layout.high[j]])
    offset = np.unique([*idle, *values])
    where = np.searchsorted(offset, values)
    stay, lift = np.zeros(offset.size), np.zeros(offset.size)
    if idle:
        stay[np.searchsorted(offset, 0.0)] = 1 - active
    if layout.kind[j]:
        stay[where] += active * layout.atom_weights[atoms]
    else:
        lift[where] = np.array([-active, active]) / (values[1] - values[0])
    return BranchTable(offset, stay, lift)


def tree(
    layout: Layout, a: FloatArray, b: float, own: int, active: FloatArray, order: IntArray, budget: int,
    reach_own: float, cutoff: float,
) -> tuple[list[Level], float]:  # fmt: skip
    """All levels, first to last, and a bound on what was pruned; no levels where they need more than ``budget`` nodes.

    A node is pruned where its weights times the largest values it can have, (y + max s)^q/q!, are below ``cutoff``.
    """
    ends = np.stack([a * layout.low, a * layout.high])[:, order]
    idle = active[order] < 1
    low, high = ends.min(axis=0), ends.max(axis=0)
    s_low = np.append(np.cumsum(np.where(idle, np.minimum(low, 0), low)[::-1])[::-1], 0.0)
    s_high = np.append(np.cumsum(np.where(idle, np.maximum(high, 0), high)[::-1])[::-1], 0.0)
    levels: list[Level] = []
    y, nodes, pruned = np.array([b]), 1, 0.0
    weights = root_weights(-2.0 if reach_own else 0.0)
    for d, j in enumerate(order):
        zero = y + s_high[d] <= 0
        branch = ~zero & (y + s_low[d] < 0)
        largest = taylor(np.maximum(y + s_high[d], 0), d + 3)[:, 1:]
        bound = np.einsum("voq,vq,o->v", np.abs(weights[:, :, 1:]), largest, [1.0, reach_own])
        if not np.all(bound[branch] < 1e200):
            return [], 0.0  # so many tiny coefficients divided by that the weights overflow
        cut = branch & (bound <= cutoff)
        branch &= ~cut
        pruned += float(bound[cut].sum())
        x, stay, lift = branch_table(layout, j, float(active[j]))
        plain = np.array([stay, lift / a[j], np.zeros(x.size)])
        table = np.zeros((2, 2, 3, x.size))
        table[V, V] = plain
        if j == own:
            table[VB, V] = [x * stay, x * lift / a[j], -lift / a[j] ** 2]
        else:
            table[VB, VB] = plain
        levels.append(Level(int(j), x, table, float(s_high[d]), y, zero, branch, cut))
        nodes += int(branch.sum()) * x.size
        if nodes > budget:
            return [], 0.0
        weights = child_weights(levels[-1], weights)
        y = (y[branch, None] + a[j] * x).ravel()
    none = np.zeros(y.size, bool)
    levels.append(Level(-1, np.empty(0), np.empty((2, 2, 3, 0)), 0.0, y, y <= 0, none, none))
    return levels, pruned


def taylor(y: FloatArray, columns: int) -> FloatArray:
    """y^k/k! for k < columns."""
    factors = np.ones((y.size, columns))
    factors[:, 1:] = y[:, None] / np.arange(1, columns)
    np.cumprod(factors, axis=1, out=factors)
    return factors


def node_weights(levels: list[Level], cross: float) -> list[FloatArray]:
    """Weight of every V_q of every node in 2 V_2(b) + cross · V^B_1(b): the adjoint of the recursion."""
    weights = [root_weights(cross)]
    for level in levels[:-1]:
        weights.append(child_weights(level, weights[-1]))
    return weights


def root_weights(cross: float) -> FloatArray:
    """Weights of V_q(b) and V^B_q(b), q = 0, 1, 2."""
    weights = np.zeros((1, 2, 3))
    weights[0, V, 2], weights[0, VB, 1] = 2, cross
    return weights


def child_weights(level: Level, weights: FloatArray) -> FloatArray:
    """Weights of the nodes of the next level."""
    above = weights[level.branch]
    columns = above.shape[2]
    below = np.zeros((len(above), level.offset.size, 2, columns + 3))
    for r in range(3):
        below[..., r : r + columns] += np.einsum("oic,boq->bciq", level.table[:, :, r], above)
    return below[..., : columns + 1].reshape(-1, 2, columns + 1)
