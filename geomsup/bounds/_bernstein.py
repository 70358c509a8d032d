r"""Proof that a polynomial in the cosines of three unit vectors is not negative, by subdivision.

A polynomial on a box lies between its smallest and its largest Bernstein coefficient there. The box is halved until on
every part one of these holds:

- the coefficients of g are positive;
- those of D = 1 + 2uvt − u² − v² − t² are negative: no three unit vectors have such cosines;
- those of g − λD are positive for some λ ≥ 0 (so g ≥ λD, and D ≥ 0 wherever unit vectors are): this is what settles
  boxes across the surface D = 0, at which g may be small;
- the part is a mirror image of another one, where g is symmetric;
- it lies in a box on which g ≥ 0 is known (:mod:`geomsup.bounds._equality`).

**Why this is a proof although the coefficients are floats.** The first coefficients are exact rationals. Each is
rounded to a float, and from then on every box carries a number `error` that bounds the distance of each of its
coefficients from the exact one. A half has coefficients S c, where the rows of S are weights binom(i, j)/2^i, which are
floats exactly and add up to 1. So errors do not grow but by the rounding of a sum of n + 1 products, in any order and
with or without fused operations, which is at most (n + 1)u/(1 − (n + 1)u) Σ|S_ij c_j| ≤ 2(n + 2)u M with the rounding
unit u = 2⁻⁵³ and M the largest coefficient (Higham 2002, *Accuracy and Stability of Numerical Algorithms*, section
3.1). A coefficient counts as positive when it exceeds its error. The first error includes 2⁻⁹⁰⁰, more than all
underflows of a proof can add up to; the factor 2 is more than the rounding of the errors themselves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from math import comb
from typing import NamedTuple

import numpy as np
from flint import fmpq, fmpq_mat

from geomsup._typing import BoolArray, FloatArray, IntArray
from geomsup.bounds._numbers import above, below
from geomsup.bounds._triples import DETERMINANT, Trivariate
from geomsup.bounds.verify import Refuted

__all__ = ["MOST", "Box", "nonnegative_on_triples", "values_between"]

Box = tuple[Sequence[fmpq], Sequence[fmpq]]
"""Lower and upper ends along the three axes."""

UNIT = 2.0**-53
TINY = 2.0**-900
CHUNK = 1500
"""Boxes handled at once: more do not fit into the cache."""
MOST = 200_000
"""Boxes before the proof gives up. Measured: the stored certificates take 900 to 8500."""
DEEPEST = 120
"""Halvings of one box: 40 of each side, so that its corners are floats exactly."""
TRIALS = 9
"""Values of λ tried, by bisection. Measured for m = 4 and degree 8: 6 take a third more boxes, 14 save none."""


class Boxes(NamedTuple):
    """Coefficients of g and of D with their errors, and the lower corners and sides in [0, 1]³; one row each."""

    g: FloatArray
    g_error: FloatArray
    D: FloatArray
    D_error: FloatArray
    low: FloatArray
    side: FloatArray

    def take(self, rows: IntArray) -> Boxes:
        return Boxes(*(array[rows] for array in self))


def nonnegative_on_triples(
    g: Trivariate,
    low: Sequence[fmpq],
    high: Sequence[fmpq],
    *,
    mirrors: Sequence[tuple[int, int]] = (),
    known: Sequence[Box] = (),
    most: int = MOST,
) -> int:
    """Return if g ≥ 0 for all cosines u, v, t of three unit vectors with low ≤ (u, v, t) ≤ high.

    `mirrors` lists pairs of axes (i, j), i < j, that g, low and high do not tell apart; `known` lists boxes on which
    g ≥ 0 is known; `most` is the number of boxes before it gives up. Returns the number of boxes.

    Raises
    ------
    Refuted
        It is negative somewhere, or comes too close to 0 to tell.
    """
    degree = max([2, *(max(exponents) for exponents, x in g.items() if x)])
    stack = [_root(g, degree, low, high)]
    raised, settled_before = _raising(degree), [_shrunk(box, low, high) for box in known]
    count = 0
    while stack:
        boxes = stack.pop()
        if len(boxes.g) > CHUNK:
            stack += [boxes.take(np.arange(CHUNK, len(boxes.g))), boxes.take(np.arange(CHUNK))]
            continue
        count += len(boxes.g)
        _refuse_negative(boxes, low, high)
        boxes = boxes.take(np.flatnonzero(~_inside(boxes, settled_before)))
        left = boxes.take(np.flatnonzero(~_settled(boxes, raised, mirrors)))
        if count > most or np.any(left.side < 2.0**-40):
            place = _place(left if len(left.side) else boxes, 0, low, high)
            raise Refuted(f"the inequality for triples comes too close to equality near {place}")
        axes = _axes(left)
        stack += [_halved(left.take(rows), axis) for axis in range(3) if (rows := np.flatnonzero(axes == axis)).size]
    return count


def values_between(g: Trivariate, low: Sequence[fmpq], high: Sequence[fmpq]) -> tuple[float, float]:
    """Bounds on the values of g on the box [low, high], of which sides may be 0."""
    degree = max([0, *(max(exponents) for exponents, x in g.items() if x)])
    coefficients, error = _bernstein(g, degree, low, high)
    least, largest = coefficients.min() - error, coefficients.max() + error
    return math.nextafter(least, -math.inf), math.nextafter(largest, math.inf)


def _shrunk(box: Box, low: Sequence[fmpq], high: Sequence[fmpq]) -> tuple[list[float], list[float]]:
    """The box in [0, 1]³, rounded inwards."""
    near, far = (
        [(x - a) / (b - a) for x, a, b in zip(corner, low, high, strict=True)] for corner in box
    )
    return [above(x) for x in near], [below(x) for x in far]


def _inside(boxes: Boxes, known: Sequence[tuple[list[float], list[float]]]) -> BoolArray:
    inside = np.zeros(len(boxes.low), dtype=bool)
    for near, far in known:
        inside |= ((boxes.low >= near) & (boxes.low + boxes.side <= far)).all(axis=1)
    return inside


def _root(g: Trivariate, degree: int, low: Sequence[fmpq], high: Sequence[fmpq]) -> Boxes:
    coefficients, error = _bernstein(g, degree, low, high)
    D, D_error = _bernstein(DETERMINANT, 2, low, high)
    return Boxes(coefficients[None], np.array([error]), D[None], np.array([D_error]), np.zeros((1, 3)), np.ones((1, 3)))


def _bernstein(p: Trivariate, n: int, low: Sequence[fmpq], high: Sequence[fmpq]) -> tuple[FloatArray, float]:
    """Coefficients of Π B_i(s), degree n in each variable, where u = low + (high − low)s; and their error."""
    size = n + 1
    table = [[p.get((a, b, c), fmpq(0)) for b in range(size) for c in range(size)] for a in range(size)]
    for axis in range(3):
        # Transform the first index, and move it behind the others.
        rows = (_to_bernstein(n, low[axis], high[axis]) * fmpq_mat(table)).tolist()
        flat = [[rows[a][b * size + c] for a in range(size)] for b in range(size) for c in range(size)]
        table = [[x for c in range(size) for x in flat[b * size + c]] for b in range(size)]
    try:
        values = np.array([[float(Fraction(int(x.p), int(x.q))) for x in row] for row in table])
    except OverflowError:
        raise Refuted("a coefficient of the inequality for triples is too large") from None
    return values.reshape(size, size, size), 2 * UNIT * float(np.abs(values).max()) + TINY


def _to_bernstein(n: int, low: fmpq, high: fmpq) -> fmpq_mat:
    """From the coefficients of x^j to those of B_l in s, x = low + (high − low)s."""
    every, side = range(n + 1), high - low
    shift = [[comb(j, i) * low ** (j - i) * side**i if j >= i else fmpq(0) for j in every] for i in every]
    lift = [[fmpq(comb(l, i), comb(n, i)) if l >= i else fmpq(0) for i in every] for l in every]
    return fmpq_mat(lift) * fmpq_mat(shift)


def _raising(n: int) -> FloatArray:
    """From the coefficients of degree 2 in one variable to those of degree n, rounded."""
    weights = [
        [comb(2, i) * comb(n - 2, l - i) / comb(n, l) if l >= i else 0.0 for i in range(3)] for l in range(n + 1)
    ]
    return np.array(weights)


def _settled(boxes: Boxes, raised: FloatArray, mirrors: Sequence[tuple[int, int]]) -> BoolArray:
    flat = boxes.g.reshape(len(boxes.g), -1)
    D = boxes.D.reshape(len(boxes.D), -1)
    settled: BoolArray = (flat.min(axis=1) > boxes.g_error) | (D.max(axis=1) < -boxes.D_error)
    for i, j in mirrors:
        settled |= boxes.low[:, i] >= boxes.low[:, j] + boxes.side[:, j]
    across = np.flatnonzero(~settled & (D.min(axis=1) <= boxes.D_error))
    if across.size:
        settled[across] = _settled_across(boxes.take(across), raised)
    return settled


def _settled_across(boxes: Boxes, raised: FloatArray) -> BoolArray:
    """Whether g − λD has positive coefficients for one of the λ ≥ 0 tried."""
    g = boxes.g.reshape(len(boxes.g), -1)
    D = np.einsum("nabc,xa,yb,zc->nxyz", boxes.D, raised, raised, raised, optimize=True).reshape(g.shape)
    g_size, D_size = np.abs(g).max(axis=1), np.abs(boxes.D).max(axis=(1, 2, 3))
    # The weights of a raised coefficient add up to 1 and are rounded: three sums of three products.
    D_error = boxes.D_error + 48 * UNIT * D_size
    s, step = np.full(len(g), 0.5), 0.25
    settled = np.zeros(len(g), dtype=bool)
    rows = np.arange(len(g))
    for _ in range(TRIALS):
        multiplier = g_size / np.maximum(D_size, TINY) * s / (1 - s)
        rest = g - multiplier[:, None] * D
        least = rest.argmin(axis=1)
        error = boxes.g_error + multiplier * D_error + 4 * UNIT * (g_size + multiplier * (D_size + D_error))
        settled |= rest[rows, least] > error
        # The minimum is concave in λ; it rises where its coefficient of D is negative.
        s = s + np.where(D[rows, least] < 0, step, -step)
        step /= 2
    return settled


def _refuse_negative(boxes: Boxes, low: Sequence[fmpq], high: Sequence[fmpq]) -> None:
    """A corner coefficient is the value there."""
    g, D = boxes.g[:, :: boxes.g.shape[1] - 1], boxes.D[:, ::2, ::2, ::2]
    g = g[:, :, :: boxes.g.shape[2] - 1, :: boxes.g.shape[3] - 1]
    bad = (g < -boxes.g_error[:, None, None, None]) & (boxes.D_error[:, None, None, None] < D)
    if bad.any():
        row = int(np.argwhere(bad)[0, 0])
        raise Refuted(f"the inequality for triples fails near {_place(boxes, row, low, high)}")


def _axes(boxes: Boxes) -> IntArray:
    """The axis along which g varies most: where halving gains most."""
    steps = [np.abs(np.diff(boxes.g, axis=axis)).max(axis=(1, 2, 3)) for axis in (1, 2, 3)]
    axes: IntArray = np.argmax(steps, axis=0)
    return axes


def _halved(boxes: Boxes, axis: int) -> Boxes:
    halves = []
    for upper in (False, True):
        g, g_error = _half(boxes.g, boxes.g_error, axis, upper)
        D, D_error = _half(boxes.D, boxes.D_error, axis, upper)
        low, side = boxes.low.copy(), boxes.side.copy()
        side[:, axis] /= 2
        low[:, axis] += side[:, axis] * upper
        halves.append(Boxes(g, g_error, D, D_error, low, side))
    return Boxes(*(np.concatenate(pair) for pair in zip(*halves, strict=True)))


def _half(c: FloatArray, error: FloatArray, axis: int, upper: bool) -> tuple[FloatArray, FloatArray]:
    n = c.shape[1] - 1
    S = np.array([[comb(i, j) / 2.0**i for j in range(n + 1)] for i in range(n + 1)])
    S = S[::-1, ::-1] if upper else S
    half = np.moveaxis(np.moveaxis(c, axis + 1, -1) @ S.T, -1, axis + 1)
    return np.ascontiguousarray(half), error + 2 * (n + 2) * UNIT * np.abs(c).max(axis=(1, 2, 3))


def _place(boxes: Boxes, row: int, low: Sequence[fmpq], high: Sequence[fmpq]) -> str:
    middle = boxes.low[row] + boxes.side[row] / 2
    place = (below(a) + below(b - a) * s for a, b, s in zip(low, high, middle, strict=True))
    return "(" + ", ".join(f"{x:.5f}" for x in place) + ")"
