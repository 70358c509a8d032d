r"""Proving an inequality on a region by cutting it into boxes: enclosures of first order, many at once, in floats.

On a box with center x and half-widths h, a function is enclosed as c + Σ gᵢ δᵢ + [−r, r], where δᵢ = (xᵢ' − xᵢ)/hᵢ runs
through [−1, 1]. Sums and products of enclosures are enclosures, and r is of order h². A box on which nothing is decided
is halved.

**Rounding.** Each number that is computed here from the data is a sum of products of data, or a quotient of such with a
denominator that is a product of data, in which no path from the data to the result has more than 2⁹ operations.
The error of the result is then at most ((1 + 2⁻⁵³)^512 − 1) < 2⁻⁴³ times the same sum with every term made
positive (Higham 2002, *Accuracy and Stability of Numerical Algorithms*, section 3.1). That *magnitude* is computed by
the same functions, with positive coefficients, and coordinates and half-widths at least those of any box; a result
decides only beyond twice 2⁻⁴³ times it. Centers and half-widths are dyadic and exact.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import NamedTuple

import numpy as np

from geomsup._typing import BoolArray, FloatArray, IntArray
from geomsup.bounds.verify import Refuted

__all__ = ["Boxes", "Enclosure", "minus", "plus", "prove", "rounding", "scaled", "times", "univariate", "watched"]

ROUNDING = 2.0**-42
CHUNK = 8192
"""Boxes at once: their enclosures fit into the cache."""
STEPS = 16
"""Coordinates of magnitudes are multiples of 1/STEPS, so that few differ and most are remembered. Measured: with 4 the
least loss of seven features in the plane is not proved; where nothing is that sharp, 1 takes a tenth less time."""
NARROWEST = 2.0**-24
"""Half-width below which no axis is cut; what is undecided then is given up. Products of two coordinates are exact down
to it."""

_WATCHER: ContextVar[Callable[[float], None] | None] = ContextVar("watcher", default=None)


@contextlib.contextmanager
def watched(watcher: Callable[[float], None]) -> Iterator[None]:
    """Within it, `watcher` is told what share of the volume every proof on boxes has settled, 0 when one begins."""
    token = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


class Boxes(NamedTuple):
    """Centers and half-widths, each of shape (dimension, boxes)."""

    x: FloatArray
    h: FloatArray

    def select(self, which: BoolArray | slice) -> Boxes:
        """Some of the boxes."""
        return Boxes(self.x[:, which], self.h[:, which])

    def halved(self, axis: IntArray) -> Boxes:
        """Each box cut in two across its own axis."""
        h, step = self.h.copy(), np.zeros_like(self.h)
        each = np.arange(h.shape[1])
        h[axis, each] /= 2
        step[axis, each] = h[axis, each]
        return Boxes(np.hstack([self.x - step, self.x + step]), np.hstack([h, h]))

    def largest(self, steps: int = STEPS) -> Boxes:
        """One box with coordinates and half-widths at least as large as any: where magnitudes are computed."""
        most = np.abs(self.x).max(axis=1, keepdims=True)
        return Boxes(np.ceil(steps * most) / steps, np.full_like(most, self.h.max()))


class Enclosure(NamedTuple):
    """c + Σ g δ + [−r, r]: c and r of shape (boxes,), g of shape (dimension, boxes)."""

    c: FloatArray
    g: FloatArray
    r: FloatArray

    def low(self) -> FloatArray:
        """A number that is at most the function, up to rounding."""
        return np.asarray(self.c - np.abs(self.g).sum(axis=0) - self.r)

    def high(self) -> FloatArray:
        """A number that is at least the function, up to rounding."""
        return np.asarray(self.c + np.abs(self.g).sum(axis=0) + self.r)


def univariate(p: FloatArray, boxes: Boxes, axis: int) -> Enclosure:
    """A polynomial, constant first, of one coordinate: Taylor with p'' bounded by its value and |p'''|."""
    x, h = boxes.x[axis], boxes.h[axis]
    values = [_horner(p, x)]
    for _ in range(2):
        p = p[1:] * np.arange(1, p.size)
        values.append(_horner(p, x))
    third = _horner(np.abs(p[1:] * np.arange(1, p.size)), np.abs(x) + h)
    g = np.zeros_like(boxes.x)
    g[axis] = values[1] * h
    return Enclosure(values[0], g, 0.5 * h * h * (np.abs(values[2]) + h * third))


def times(a: Enclosure, b: Enclosure) -> Enclosure:
    """ab."""
    p, q = np.abs(a.g).sum(axis=0), np.abs(b.g).sum(axis=0)
    r = p * q + (np.abs(a.c) + p) * b.r + (np.abs(b.c) + q) * a.r + a.r * b.r
    return Enclosure(a.c * b.c, a.c * b.g + b.c * a.g, r)


def plus(a: Enclosure, b: Enclosure) -> Enclosure:
    """a + b."""
    return Enclosure(a.c + b.c, a.g + b.g, a.r + b.r)


def minus(a: Enclosure, b: Enclosure) -> Enclosure:
    """a − b."""
    return Enclosure(a.c - b.c, a.g - b.g, a.r + b.r)


def scaled(k: float | FloatArray, a: Enclosure) -> Enclosure:
    """ka, k a number or one for each box."""
    return Enclosure(k * a.c, k * a.g, np.abs(k) * a.r)


def rounding(
    magnitudes: Callable[[Boxes], tuple[Enclosure, ...]], *, steps: int = STEPS
) -> Callable[[Boxes], tuple[FloatArray, ...]]:
    """What results on some boxes may be off by at most, box by box, from the function that computes their magnitudes.

    Boxes of about the same size share one magnitude: wide ones have a remainder that says nothing about narrow ones.
    """
    known: dict[bytes, list[float]] = {}

    def of(largest: Boxes) -> list[float]:
        key = largest.x.tobytes() + largest.h.tobytes()
        if key not in known:
            known[key] = [ROUNDING * float(one.high()[0]) for one in magnitudes(largest)]
        return known[key]

    def off(boxes: Boxes) -> tuple[FloatArray, ...]:
        _, size = np.frexp(boxes.h.max(axis=0))
        sizes, which = np.unique(size, return_inverse=True)
        each = [of(boxes.select(which == k).largest(steps)) for k in range(sizes.size)]
        return tuple(np.array(each)[which].T)

    return off


def prove(
    decide: Callable[[Boxes], tuple[BoolArray, FloatArray]],
    start: Boxes,
    most: int,
    leave: Callable[[Boxes], BoolArray] | None = None,
) -> tuple[int, Boxes]:
    """Halve boxes until each is decided, or left over because `leave` says so.

    `decide` returns which boxes are decided, and how much each axis contributes to the spread on the others, so that
    they are cut across the largest.

    Returns
    -------
    int
        Boxes looked at.
    Boxes
        Those left over.

    Raises
    ------
    Refuted
        A box is undecided although narrow, or more than `most` boxes were needed.
    """
    stack, left, count = list(_chunks(start)), [], 0
    watcher, whole, settled = _WATCHER.get(), _volume(start), 0.0
    while stack:
        if watcher is not None:
            watcher(settled / whole)
        boxes = _full(stack)
        count += boxes.x.shape[1]
        if count > most:
            raise Refuted(f"{most} boxes do not prove the inequality of pairs, near {_place(boxes)}")
        done, spread = decide(boxes)
        settled += _volume(boxes.select(done))
        boxes, spread = boxes.select(~done), spread[:, ~done]
        if leave is not None:
            out = leave(boxes)
            left.append(boxes.select(out))
            settled += _volume(left[-1])
            boxes, spread = boxes.select(~out), spread[:, ~out]
        if not boxes.x.shape[1]:
            continue
        wide = boxes.h >= 2 * NARROWEST
        if not wide.any(axis=0).all():
            raise Refuted(f"the inequality of pairs fails or is undecided near {_place(boxes)}")
        stack.extend(_chunks(boxes.halved(np.where(wide, spread, -1.0).argmax(axis=0))))
    return count, _joined(left) if left else start.select(slice(0))


def _horner(p: FloatArray, x: FloatArray) -> FloatArray:
    value = np.zeros_like(x)
    for coefficient in p[::-1]:
        value = value * x + coefficient
    return value


def _volume(boxes: Boxes) -> float:
    return float(boxes.h.prod(axis=0).sum())


def _chunks(boxes: Boxes) -> Iterator[Boxes]:
    for k in range(0, boxes.x.shape[1], CHUNK):
        yield boxes.select(slice(k, k + CHUNK))


def _full(stack: list[Boxes]) -> Boxes:
    """CHUNK boxes from the top of the stack, or all."""
    taken, size = [], 0
    while stack and size < CHUNK:
        top = stack.pop()
        room = CHUNK - size
        if top.x.shape[1] > room:
            stack.append(top.select(slice(room, None)))
        taken.append(top.select(slice(room)))
        size += taken[-1].x.shape[1]
    return taken[0] if len(taken) == 1 else _joined(taken)


def _joined(parts: list[Boxes]) -> Boxes:
    return Boxes(np.hstack([part.x for part in parts]), np.hstack([part.h for part in parts]))


def _place(boxes: Boxes) -> str:
    return ", ".join(f"{x:.4g}" for x in boxes.x[:, boxes.h.max(axis=0).argmin()])
