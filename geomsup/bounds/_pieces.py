r"""Potentials as a certificate names them, and the exact proof that a polynomial stays below one on [-1, 1].

On each piece [low, high] the potential is N/D with polynomials N and D, D > 0 inside, so h ≤ f there exactly when
N − hD ≥ 0, which :func:`~geomsup.bounds._polynomials.nonnegative` decides. Riesz potentials are not of that form; h < f
is then shown in ball arithmetic, by Taylor expansion on ever smaller intervals.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from flint import arb, arb_series, fmpq

from geomsup._typing import JSON
from geomsup.bounds._numbers import Surd, below, sign
from geomsup.bounds._polynomials import Polynomial, evaluate, multiply, nonnegative, subtract
from geomsup.bounds._reading import entry, items, rational_entry, rationals_entry
from geomsup.bounds.verify import Refuted

__all__ = ["Piece", "RieszPower", "below_potential", "describe_potential", "read_potential"]

ONE, ZERO = fmpq(1), fmpq(0)
ORDER = 4
"""Terms of the Taylor expansions."""
SMALLEST = fmpq(1, 2**40)
"""Width of an interval at which the proof gives up: the polynomial then comes closer than about 2⁻⁸⁰ or crosses."""


@dataclass(frozen=True)
class Piece:
    """f = numerator/denominator on [low, high], the denominator positive inside."""

    low: fmpq
    high: fmpq
    numerator: Polynomial
    denominator: Polynomial


@dataclass(frozen=True)
class RieszPower:
    """f = (2 − 2t)^(−s/2), increasing and infinite at t = 1."""

    s: fmpq


Described = list[Piece] | RieszPower


def read_potential(description: JSON) -> Described:
    """The potential that a certificate names.

    Raises
    ------
    ValueError
        A name or a parameter that is unknown or out of range.
    """
    name = entry(description, "name")
    if name == "relu_squared":
        return _thresholded([ZERO, ZERO, ONE], [ONE], ZERO)
    if name == "frame":
        return [Piece(-ONE, ONE, [ZERO, ZERO, ONE], [ONE])]
    if name == "biased_relu":
        a, b = rational_entry(description, "norm_squared", ZERO), rational_entry(description, "bias")
        if not a or b > 0:
            raise ValueError("norm_squared is not positive, or bias is positive")
        if b == 0:
            return _thresholded([ZERO, ZERO, a * a / 3], [ONE], ZERO)
        line: Polynomial = [b, a]
        return _thresholded(multiply(line, multiply(line, line)), [ZERO, 3 * a], -b / a)
    if name == "piecewise":
        return _piecewise(description)
    if name == "riesz":
        s = rational_entry(description, "s", ZERO)
        if not s:
            raise ValueError("s is 0, not positive")
        return RieszPower(s)
    raise ValueError(f"the potential {str(name)[:40]!r} is unknown")


def describe_potential(description: JSON) -> str:
    """f in a few characters."""
    name = description["name"]
    if name == "biased_relu":
        a, b = rational_entry(description, "norm_squared"), rational_entry(description, "bias")
        return f"(r²t + b)₊³/(3r²t) with r² = {below(a):.6g} and b = {below(b):.6g}"
    if name == "riesz":
        return f"|u − v|^(−{below(rational_entry(description, 's')):.6g})"
    return {"relu_squared": "t₊²", "frame": "t²", "piecewise": "a piecewise polynomial"}[name]


def below_potential(h: Polynomial, potential: Described, *, dimension: int) -> None:
    """Return if h ≤ f wherever the cosine of two unit vectors can be: on [-1, 1], in one dimension at -1 and 1.

    Raises
    ------
    Refuted
        It is not, or is too close to tell (Riesz potentials only).
    """
    if isinstance(potential, RieszPower):
        _below_riesz(h, potential.s, only_ends=dimension == 1)
        return
    for piece in potential:
        gap = subtract(piece.numerator, multiply(h, piece.denominator))
        if dimension == 1:
            for end in {piece.low, piece.high} & {-ONE, ONE}:
                if sign(evaluate(gap, end)) < 0:
                    raise Refuted(f"the polynomial exceeds the potential at the cosine {end}")
        elif not nonnegative(gap, piece.low, piece.high):
            raise Refuted(
                f"the polynomial exceeds the potential somewhere on [{below(piece.low):.6g}, {below(piece.high):.6g}]"
            )


def _thresholded(numerator: Polynomial, denominator: Polynomial, threshold: fmpq) -> list[Piece]:
    """0 up to the threshold, numerator/denominator beyond."""
    if threshold >= 1:
        return [Piece(-ONE, ONE, [], [ONE])]
    return [Piece(-ONE, threshold, [], [ONE]), Piece(threshold, ONE, numerator, denominator)]


def _piecewise(description: JSON) -> list[Piece]:
    breaks = rationals_entry(description, "breaks", 2, 100)
    pieces = items(description, "coefficients", lambda name, item: rationals_entry({name: item}, name, 1, 60), 1, 99)
    if len(pieces) != len(breaks) - 1 or breaks[0] != -1 or breaks[-1] != 1:
        raise ValueError("breaks do not run from -1 to 1 with one list of coefficients for each interval")
    if any(left >= right for left, right in pairwise(breaks)):
        raise ValueError("breaks do not increase")
    return [Piece(low, high, list(p), [ONE]) for (low, high), p in zip(pairwise(breaks), pieces, strict=True)]


def _below_riesz(h: Polynomial, s: fmpq, *, only_ends: bool) -> None:
    coefficients = [arb(x.a) + arb(x.b) * arb(x.d).sqrt() if isinstance(x, Surd) else arb(x) for x in h]
    if not _certainly_below(coefficients, s, -ONE, ZERO):
        raise Refuted("the polynomial exceeds the potential at the cosine -1")
    if only_ends:
        return  # the potential is infinite at 1
    # Near 1 the potential is above any bound of |h|; elsewhere bisect.
    ceiling = sum((abs(c) for c in coefficients), arb(0))
    edge = fmpq(1, 2)
    while not (2 * arb(edge)) ** (-arb(s) / 2) > ceiling:
        edge /= 2
        if edge < SMALLEST:
            raise Refuted("the coefficients are too large for ball arithmetic")
    stack = [(-ONE, 1 - edge)]
    while stack:
        low, high = stack.pop()
        middle, radius = (low + high) / 2, (high - low) / 2
        if _certainly_below(coefficients, s, middle, radius):
            continue
        if radius < SMALLEST:
            raise Refuted(f"the polynomial exceeds the potential near the cosine {below(middle):.6g}, or touches it")
        stack += [(low, middle), (middle, high)]


def _certainly_below(h: list[arb], s: fmpq, middle: fmpq, radius: fmpq) -> bool:
    """Whether f − h > 0 on [middle − radius, middle + radius] follows from its Taylor expansion at the middle."""
    step = arb(0, arb(radius))
    at, over = (_gap(h, s, arb(middle) + wide) for wide in (arb(0), step))
    value = over[ORDER - 1]
    for k in reversed(range(ORDER - 1)):
        value = value * step + at[k]
    return bool(value > 0)


def _gap(h: list[arb], s: fmpq, t: arb) -> list[arb]:
    """Taylor coefficients of f − h at t."""
    line = arb_series([t, 1], prec=ORDER)
    total = (2 - 2 * line) ** (-arb(s) / 2)
    value = arb_series([0], prec=ORDER)
    for c in reversed(h):
        value = value * line + c
    found = (total - value).coeffs()
    return [*found, *[arb(0)] * (ORDER - len(found))]
