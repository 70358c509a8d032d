"""Proving that a sum of rows is at least a value, by cutting the weights into boxes and the biases into cells.

A **box** of weights carries, for every row, a list of **cells**, intervals of that row's bias outside of which nothing
has to be proved any more. Row i depends on the weights through G_i = (G_i1, …, G_in), which stays within c_i ± w_i on
the box. Rows share the weights, and at a minimum of the sum their slopes cancel; so linear terms s_i are taken out
first: with R_i = G_i − c_i,

    L ≥ Σ_i min over cells and |R_i| ≤ w_i of [I_i φ_i − s_i·R_i] + min over the box of Σ_i s_i·R_i.

This holds for every s_i, and is of second order in the size of the box if they are the slopes where the sum is least.
The first terms are bounded by affine functions, :class:`~geomsup.bounds._row_loss.Affine`; where the tangents for them
are taken, and the s_i, come from :mod:`geomsup.bounds._tangents`. The last one is a quadratic form: with W = X + D,
|D| ≤ h elementwise, and S_ij = s_ij + s_ji,

    2 Σ_i s_i·G_i = Σ_ij S_ij W_i·W_j = Σ_ij S_ij X_i·X_j + 2 Σ_ij S_ij X_i·D_j + Σ_ij S_ij D_i·D_j,

and |D_i·D_j| ≤ h_i·h_j, D_i·D_i ≥ 0. A cell for which the sum, with its own term in place of the least, is at least the
value is dropped; a box is finished when a row has no cell left. The other cells are halved until they move z much less
than the box does, and then the box is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from geomsup._typing import BoolArray, FloatArray, IntArray
from geomsup.bounds._row_loss import ROUNDING, Range, Row, gram
from geomsup.bounds._tangents import least_place, multipliers
from geomsup.bounds.verify import Refuted

__all__ = ["Below", "Cells", "Cover", "Subdivision", "cover"]

CHUNK = 1024
"""Boxes at once, with some ten cells for each row: their arrays stay in the cache."""
FINE = 0.125
"""Half-width of a cell relative to how far its box moves z. Measured: 1 and 1/16 take half as many cells more."""
FINEST = 2.0**-40
"""Half-width of a cell, relative to 1 + |b|, that is not halved; down to it centers are exact."""
NARROWEST = 2.0**-34
"""Half-width below which a box is given up; down to it centers are exact."""


class Below(Refuted):
    """There is an arrangement whose loss is below the value."""

    def __init__(self, loss: float, W: FloatArray, b: FloatArray) -> None:
        super().__init__(f"an arrangement has a loss of {loss:.12g}: W = {W.tolist()}, b = {b.tolist()}")
        self.loss, self.W, self.b = loss, W, b


class Subdivision(NamedTuple):
    """How far a proof is: boxes looked at, boxes waiting, and the share of the weights' volume not settled yet."""

    boxes: int
    waiting: int
    unsettled: float


class Cells(NamedTuple):
    """Intervals of one row's bias, b ± h; `owner` is the box, in increasing order."""

    owner: IntArray
    b: FloatArray
    h: FloatArray

    def select(self, which: BoolArray) -> Cells:
        """Some of the cells."""
        return Cells(self.owner[which], self.b[which], self.h[which])

    def halved(self, which: BoolArray) -> Cells:
        """Some of the cells cut in two."""
        index = np.repeat(np.arange(self.b.size), 1 + which)
        second = np.zeros(index.size, dtype=bool)
        second[1:] = index[1:] == index[:-1]
        h = np.where(which, self.h / 2, self.h)[index]
        return Cells(self.owner[index], self.b[index] + np.where(which[index], np.where(second, h, -h), 0.0), h)


class Cover(NamedTuple):
    """Boxes x ± h of shape (m, n, boxes), with the cells of each row."""

    x: FloatArray
    h: FloatArray
    cells: tuple[Cells, ...]

    @property
    def size(self) -> int:
        """Boxes."""
        return int(self.x.shape[2])

    @property
    def volume(self) -> float:
        """In the weights that vary."""
        return float(np.where(self.h > 0, 2 * self.h, 1.0).prod(axis=(0, 1)).sum())

    def select(self, which: BoolArray) -> Cover:
        """Some of the boxes."""
        position = np.cumsum(which) - 1
        kept = [cells.select(which[cells.owner]) for cells in self.cells]
        cells = tuple(Cells(position[one.owner], one.b, one.h) for one in kept)
        return Cover(self.x[:, :, which], self.h[:, :, which], cells)

    def joined(self, other: Cover) -> Cover:
        """Both."""
        cells = tuple(
            Cells(np.r_[a.owner, b.owner + self.size], np.r_[a.b, b.b], np.r_[a.h, b.h])
            for a, b in zip(self.cells, other.cells, strict=True)
        )
        return Cover(np.dstack([self.x, other.x]), np.dstack([self.h, other.h]), cells)

    def halved(self) -> Cover:
        """Each box cut in two across its longest side."""
        flat = self.h.reshape(self.h.shape[0] * self.h.shape[1], self.size)
        axis, each = flat.argmax(axis=0), np.arange(self.size)
        h, step = flat.copy(), np.zeros_like(flat)
        h[axis, each] /= 2
        step[axis, each] = h[axis, each]
        halves, steps = h.reshape(self.h.shape), step.reshape(self.h.shape)
        return Cover(self.x - steps, halves, self.cells).joined(Cover(self.x + steps, halves, self.cells))


def cover(
    rows: Sequence[Row],
    importance: FloatArray,
    value: float,
    without: FloatArray,
    alike: Sequence[tuple[int, int]],
    start: Cover,
    most: int,
    progress: Callable[[Subdivision], None] | None = None,
) -> int:
    """Prove that Σ I_i φ_i ≥ value on all boxes of `start` and their cells.

    `without[i]` is at most Σ_{k ≠ i} I_k φ_k everywhere; I_i φ_i ≥ value − without[i] is known where a cell is extreme.
    `alike` has the pairs (i, j) for which only ‖W_i‖ ≥ ‖W_j‖ is asked about.

    Returns
    -------
    int
        Boxes looked at.

    Raises
    ------
    Below
        There is an arrangement with a smaller loss.
    Refuted
        A box is undecided although narrow, or more than `most` boxes are needed.
    """
    stack, looked, whole = [start], 0, start.volume
    while stack:
        boxes = stack.pop()
        while stack and boxes.size + stack[-1].size <= CHUNK:
            boxes = boxes.joined(stack.pop())
        if boxes.size > CHUNK:
            now = np.arange(boxes.size) < CHUNK
            stack.append(boxes.select(~now))
            boxes = boxes.select(now)
        looked += boxes.size
        if looked > most:
            raise Refuted(f"{most} boxes do not decide it, near W = {_place(boxes)}")
        if progress is not None:
            waiting = [boxes, *stack]
            progress(Subdivision(looked, sum(one.size for one in waiting), sum(one.volume for one in waiting) / whole))
        boxes = boxes.select(~_out_of_order(boxes, alike))
        left, ready = _undecided(rows, importance, value, without, boxes)
        if not left.size:
            continue
        if left.h.max(axis=(0, 1)).min() < NARROWEST:
            raise Refuted(f"it is undecided near W = {_place(left)}")
        stack.extend(part for part in (left.select(~ready), left.select(ready).halved()) if part.size)
    return looked


def _out_of_order(boxes: Cover, alike: Sequence[tuple[int, int]]) -> BoolArray:
    """Boxes in which ‖W_i‖ < ‖W_j‖ everywhere, by more than rounding, for one of the pairs."""
    nearest = np.maximum(np.abs(boxes.x) - boxes.h, 0.0)
    least, most = (nearest**2).sum(axis=0), ((np.abs(boxes.x) + boxes.h) ** 2).sum(axis=0)
    out = np.zeros(boxes.size, dtype=bool)
    for i, j in alike:
        out |= most[i] < least[j] * (1 - ROUNDING)
    return out


def _undecided(
    rows: Sequence[Row], importance: FloatArray, value: float, without: FloatArray, boxes: Cover
) -> tuple[Cover, BoolArray]:
    """What is left of the boxes, and which of them are to be halved because their cells are small enough."""
    floors = np.array([weight * row.at_least(boxes.x, boxes.h) for row, weight in zip(rows, importance, strict=True)])
    floor = np.maximum(floors.sum(axis=0), (floors + without[:, np.newaxis]).max(axis=0))
    boxes = boxes.select(~(floor >= value * (1 + ROUNDING)))
    if not boxes.size:
        return boxes, np.zeros(0, dtype=bool)
    n = len(rows)
    ranges = [[gram(boxes.x, boxes.h, i, j) for j in range(n)] for i in range(n)]
    overs = [row.over(one, *cells) for row, one, cells in zip(rows, ranges, boxes.cells, strict=True)]
    flat = [row.lower(over, np.zeros((n + 1, over.b.size))) for row, over in zip(rows, overs, strict=True)]
    firsts = [_first_least(one.value, cells.owner, boxes.size) for one, cells in zip(flat, boxes.cells, strict=True)]
    _seek_below(rows, importance, value, boxes.x, np.array([c.b[k] for c, k in zip(boxes.cells, firsts, strict=True)]))
    s = multipliers(rows, importance, boxes.x, boxes.h, overs, flat, firsts)
    lower, reach, least = [], [], []
    for i, (row, weight, cells, over) in enumerate(zip(rows, importance, boxes.cells, overs, strict=True)):
        own = s[i][:, cells.owner]
        found = row.lower(over, least_place(row, weight, over, flat[i], own))
        off = (np.abs(weight * found.slope - own) * over.wide).sum(axis=0)
        low = np.where(found.extreme, np.inf, weight * found.value - (1 + ROUNDING) * off)
        lower.append(low)
        reach.append(found.reach)
        least.append(np.minimum.reduceat(low, _starts(cells.owner, boxes.size)))
    together = _together(s, ranges, boxes.x, boxes.h)
    alive, ready, kept = np.ones(boxes.size, dtype=bool), np.ones(boxes.size, dtype=bool), []
    for i, cells in enumerate(boxes.cells):
        rest = together + sum(other for k, other in enumerate(least) if k != i)
        open_ = ~(lower[i] + rest[cells.owner] >= value)
        cells = cells.select(open_)
        enough = np.maximum(FINE * reach[i][open_], FINEST * (1 + np.abs(cells.b)))
        alive &= np.bincount(cells.owner, minlength=boxes.size) > 0
        ready[cells.owner[cells.h > 2 * enough]] = False
        kept.append(cells.halved(cells.h > enough))
    return Cover(boxes.x, boxes.h, tuple(kept)).select(alive), ready[alive]


def _together(s: FloatArray, ranges: Sequence[Sequence[Range]], x: FloatArray, h: FloatArray) -> FloatArray:
    """A lower bound of Σ s_ij (G_ij − its center) on boxes."""
    center, wide, shift = np.moveaxis(np.array(ranges), 2, 0)
    both = s + s.swapaxes(0, 1)
    curved = np.abs(both) / 2
    for i in range(len(s)):
        curved[i, i] = np.maximum(-s[i, i], 0.0)
    lost = (curved * np.einsum("kib,kjb->ijb", h, h)).sum(axis=(0, 1))
    lost += (np.abs(np.einsum("kib,ijb->kjb", x, both)) * h).sum(axis=(0, 1))
    lost += ROUNDING * (np.abs(s) * (np.abs(center) + wide)).sum(axis=(0, 1))
    return np.asarray((s * shift).sum(axis=(0, 1)) - (1 + ROUNDING) * lost)


def _seek_below(rows: Sequence[Row], importance: FloatArray, value: float, x: FloatArray, b: FloatArray) -> None:
    """Refute the value if the loss at the center of a box, with the biases b, is below it."""
    total = np.zeros(x.shape[2])
    for row, weight, bias in zip(rows, importance, b, strict=True):
        g = [(x[:, row.i] * x[:, j]).sum(axis=0) for j in range(row.n)]
        total += weight * (row.value(g, bias) + ROUNDING * row.size(g, bias))
    k = int(total.argmin())
    if total[k] < value:
        raise Below(float(total[k]), x[:, :, k].copy(), b[:, k].copy())


def _starts(owner: IntArray, count: int) -> IntArray:
    return np.searchsorted(owner, np.arange(count))


def _first_least(values: FloatArray, owner: IntArray, count: int) -> IntArray:
    """For each box the first of its cells with the least value."""
    starts = _starts(owner, count)
    at = np.flatnonzero(values == np.minimum.reduceat(values, starts)[owner])
    return np.asarray(at[np.searchsorted(owner[at], np.arange(count))])


def _place(boxes: Cover) -> str:
    x = boxes.x[:, :, boxes.h.max(axis=(0, 1)).argmin()]
    return str([[float(f"{entry:.4g}") for entry in row] for row in x])
