"""What given directions cost, rounded up: the side of a bracket that a search attains."""

from __future__ import annotations

from math import inf, nextafter

from flint import arb, ctx

from geomsup._typing import JSON, FloatArray
from geomsup.bounds._numbers import Number, Surd, exact
from geomsup.bounds._pieces import Described, Piece, RieszPower, read_potential

__all__ = ["energy_at_most"]

BITS = 128
"""Of the balls: the sum is then wrong by less than a float can show."""


def energy_at_most(description: JSON, U: FloatArray) -> float:
    """A float that Σ_{i≠j} f(û_i·û_j) does not exceed, for the columns of U taken at face value and scaled to length 1.

    Computed in balls; where a cosine cannot be told from an edge of a piece, the larger side counts.
    """
    potential = read_potential(description)
    before, ctx.prec = ctx.prec, BITS
    try:
        columns = [[arb(exact(x)) for x in column] for column in U.T.tolist()]
        lengths = [_product(u, u).sqrt() for u in columns]
        total = arb(0)
        for i, u in enumerate(columns):
            for j in range(i):
                total += 2 * _value(potential, _product(u, columns[j]) / (lengths[i] * lengths[j]))
        if not total.is_finite():
            return inf
        value = float(total.upper())
        return value if total <= arb(value) else nextafter(value, inf)
    finally:
        ctx.prec = before


def _product(u: list[arb], v: list[arb]) -> arb:
    total = arb(0)
    for x, y in zip(u, v, strict=True):
        total += x * y
    return total


def _value(potential: Described, t: arb) -> arb:
    """A ball whose upper end is at least f(t)."""
    if isinstance(potential, RieszPower):
        return (2 - 2 * t) ** (-arb(potential.s) / 2)
    # Cosines of parallel vectors may come out as balls that reach beyond ±1: the last pieces go on there.
    last = potential[-1]
    sides = [
        _on(piece, t) for piece in potential if not (t < arb(piece.low)) and (piece is last or not t > arb(piece.high))
    ]
    sides = sides or [_on(potential[0], t)]
    largest = sides[0]
    for side in sides[1:]:
        largest = largest.max(side)
    return largest


def _on(piece: Piece, t: arb) -> arb:
    return _horner(piece.numerator, t) / _horner(piece.denominator, t)


def _horner(p: list[Number], t: arb) -> arb:
    value = arb(0)
    for x in reversed(p):
        value = value * t + (arb(x.a) + arb(x.b) * arb(x.d).sqrt() if isinstance(x, Surd) else arb(x))
    return value
