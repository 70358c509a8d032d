r"""What an arrangement looks like whose loss is within ε of a marked two-point bound.

Let 3L ≤ H = V + ε, V = n − 1/(4v) the bound, and let h' be at most three times the loss of n − 1 features. Leaving out
feature i leaves a loss of n − 1 features, so 3A_i ≤ h = H − h', and h < 1 is required. Then no feature is silent, and
the proof of the bound (:mod:`geomsup.bounds._check_marked`) loses only what its inequalities leave: with *alone* and
*pairs* for left minus right side there, and S = Σ r²e²(3 − e),

.. math:: \varepsilon \ge 3L - V = v \Bigl(S - \frac1{2v}\Bigr)^2 + \sum_i r_i^4 e_i^3\, \mathrm{alone}(e_i)
          + \sum_{i < j} r_i^4\, \mathrm{pairs}(\rho, e_i, e_j, t_{ij})
          + \tfrac12 \sum_{i, j} r_i^2 r_j^2 e_i^2 e_j^2 \Bigl[K - 2v\,(3 - e_i)(3 - e_j)\Bigr],

i the longer of both in a pair. No term is negative, so each is at most ε. The norms are bounded from below: 3A_i ≤ h
says x (3 − e) ≥ 1 − h + x²/e for x = r²e², so x ≥ (1 − h)/(3 − e), and as e (3 − e)² ≤ 4 both r⁴ and r⁴e³ = x²/e are at
least (1 − h)²/4. That confines e, then every pair (ρ, t) by boxes, then by S every norm; and with better bounds on
the norms everything once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from flint import arb, fmpq

from geomsup._typing import BoolArray, FloatArray
from geomsup.bounds._boxes import Boxes, prove, rounding
from geomsup.bounds._check_marked import Pairs
from geomsup.bounds._numbers import above, below, exact
from geomsup.bounds._polynomials import Polynomial, nonnegative, subtract
from geomsup.bounds.verify import Refuted

__all__ = ["Confined", "Dual", "confine", "rational", "undecided"]

FINEST = (2.0**-9, 2.0**-12, 2.0**-14, 2.0**-15, 2.0**-16, 2.0**-17)
"""Half-widths of the boxes that are left undecided, pass by pass."""
MOST = 1_000_000
"""Boxes of a pass. Measured: at most 72,000 for the pentagon and 400,000 for the hexagon."""
GRID = 2**18
"""Ends of the range of e are multiples of 1/GRID: dyadic, so that boxes are exact."""
ONE, ZERO = fmpq(1), fmpq(0)


class Dual(NamedTuple):
    """A proved marked two-point bound: features, V, v, *alone* as a polynomial, *pairs* on boxes."""

    n: int
    V: fmpq
    v: fmpq
    alone: Polynomial
    pairs: Pairs


class Confined(NamedTuple):
    """Ranges of e and of the norms, and boxes in (ρ, e, e', t) that contain every pair."""

    e: tuple[fmpq, fmpq]
    r: tuple[arb, arb]
    boxes: Boxes


def confine(dual: Dual, most: fmpq, fewer: fmpq, e: fmpq) -> Iterator[Confined]:
    """Ever narrower ranges that contain every arrangement with 3L ≤ most, given h' and an e that is expected.

    Raises
    ------
    Refuted
        The ranges come out too wide to say anything.
    """
    room, own = most - dual.V, most - fewer
    if room < 0 or own >= 1:
        raise Refuted(f"a loss of {below(most / 3):.12g} is below the bound, or so large that features may be silent")
    longer = of_e = (1 - own) ** 2 / 4
    for finest in FINEST:
        low, high = _range_of_e(dual.alone, room / of_e, e)
        boxes = undecided(dual.pairs, (low, high), above(room / longer), finest)
        if not boxes.x.shape[1]:
            raise Refuted("no pair of features is as good as that")
        r = _range_of_r(dual, room, (low, high), exact(float((boxes.x[0] - boxes.h[0]).min())))
        fourth = rational((r[0] ** 4).lower())
        longer, of_e = max(longer, fourth), max(of_e, fourth * low**3)
        yield Confined((low, high), r, boxes)


def _range_of_e(alone: Polynomial, room: fmpq, e: fmpq) -> tuple[fmpq, fmpq]:
    """low < e < high so that alone ≥ room on the rest of [0, 1]."""
    rest = subtract(alone, [room])
    middle = int((e * GRID).floor())
    left = _least(lambda k: nonnegative(rest, ZERO, fmpq(middle - k, GRID)), middle - 1)
    right = _least(lambda k: nonnegative(rest, fmpq(middle + k, GRID), ONE), GRID - middle - 1)
    return fmpq(middle - left, GRID), fmpq(middle + right, GRID)


def _least(holds: Callable[[int], bool], most: int) -> int:
    """The least k in [1, most] for which a property holds that holds for all larger k too."""
    if most < 1 or not holds(most):
        raise Refuted("features alone do not say what their biases are")
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def undecided(pairs: Pairs, e: tuple[fmpq, fmpq], room: float, finest: float) -> Boxes:
    """Boxes that contain all (ρ, e, e', t) with the given e and e' where *pairs* ≤ room."""
    magnitude = pairs.magnitude
    off = rounding(lambda boxes: (magnitude.room(boxes),))

    def decide(boxes: Boxes) -> tuple[BoolArray, FloatArray]:
        left = pairs.room(boxes)
        done = np.asarray(left.low() > room + off(boxes)[0])
        return done, np.where(boxes.h > finest, np.abs(left.g) + boxes.h**2, 0.0)

    center, half = below((e[0] + e[1]) / 2), below((e[1] - e[0]) / 2)
    start = Boxes(np.array([[0.5], [center], [center], [0.0]]), np.array([[0.5], [half], [half], [1.0]]))
    return prove(decide, start, MOST, lambda boxes: np.asarray(boxes.h.max(axis=0) <= finest))[1]


def _range_of_r(dual: Dual, room: fmpq, e: tuple[fmpq, fmpq], ratio: fmpq) -> tuple[arb, arb]:
    """From S = Σ r²e²(3 − e), when no norm is less than `ratio` times another."""
    if ratio <= 0:
        raise Refuted("nothing bounds the ratio of two norms")
    middle, radius = 1 / (2 * arb(dual.v)), (arb(room) / arb(dual.v)).sqrt()
    low, high = (x * x * (3 - x) * dual.n for x in e)  # e²(3 − e) increases
    return ratio * ((middle - radius) / high).sqrt(), ((middle + radius) / low).sqrt() / ratio


def rational(x: arb) -> fmpq:
    """The number that a ball of radius 0 is."""
    return x.fmpq()
