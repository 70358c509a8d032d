r"""How close to each other n lines must come: lower bounds on the coherence max |u_i·u_j| of unit vectors.

The arguments are in :mod:`geomsup.bounds._check_coherence`. Two of them are formulas; beyond those a linear program
proposes the polynomial, and exact arithmetic checks it.
"""

from __future__ import annotations

import math

import numpy as np
from flint import fmpq

from geomsup._typing import JSON, FloatArray
from geomsup._validate import integer
from geomsup.bounds._check_coherence import mean_square
from geomsup.bounds._numbers import Number, Surd, below, exact, text
from geomsup.bounds._polynomials import gegenbauer
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.lp import gegenbauer_values, linear_program, maxima
from geomsup.bounds.result import Bound, bound_from, exact_value
from geomsup.bounds.verify import verify

__all__ = ["coherence_bound"]

LARGEST_DEGREE = 24
"""Of the polynomials of the linear program, which leaves out what it does not need."""
GRID, FINE = 100, 2001
"""Cosines at which f ≤ 0 is required at first, and at which its maxima are looked for."""
ROUNDS, TOL = 12, 1e-10
"""Of adding the maxima, and the excess at which that stops."""
NEAR = 1e-5
"""How far below 0 the polynomial may be at an added cosine that is kept."""
XTOL = 1e-11
"""Of s."""
LOWER, ATTEMPTS = 1e-10, 12
"""What s is lowered by at first, relative, for the proof; four times as much each time that fails."""
SAME = 1e-8
"""Relative gain for which a formula is not given up for the linear program."""
BITS = 60
"""Binary places of a rounded coefficient."""
LARGEST_FACTOR, LARGEST_RADICAND = 1000, 10**9
"""Squares of larger numbers are not taken out of a root; roots of larger numbers are rounded."""


def coherence_bound(n: int, m: int) -> Bound:
    r"""A lower bound on the coherence of n lines in R^m: how far from orthogonal some two of n unit vectors must be.

    .. math:: \max_{i \ne j} |u_i \cdot u_j| \ge
              \sqrt{\frac{n - m}{m (n - 1)}}, \qquad
              \frac{1}{\sqrt m} \ \Bigl(n > \tfrac{m(m+1)}{2}\Bigr), \qquad
              \sqrt{\frac{3n - m(m + 2)}{(n - m)(m + 2)}}, \qquad \ldots

    of Welch, of Rankin and of Levenshtein; the dots are the linear program over polynomials of degree up to 24.

    Parameters
    ----------
    n, m : int
        Number of unit vectors, at least 2, and dimension.

    Returns
    -------
    Bound
        The largest of these, *proved*; 0 for n ≤ m.

    Raises
    ------
    ValueError
        Counts that are too small.

    Notes
    -----
    The first is attained by equiangular tight frames (:func:`geomsup.frames.equiangular`), and by them only. Welch
    1974, *Lower bounds on the maximum cross correlation of signals*; Levenshtein 1992, *Designs as maximum codes in
    polynomial metric spaces*; Conway, Hardin, Sloane 1996, *Packing lines, planes, etc.*

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.bounds.coherence_bound(6, 3)  # the diagonals of the icosahedron attain it
    Bound(proved by Welch's argument, degree 2: max |u_i·u_j| ≥ 0.44721359... for all 6 unit vectors in R^3)
    >>> gs.bounds.coherence_bound(7, 3).exact  # 1/√3: the four diagonals of the cube and its three axes attain it
    '0 + 1/3*sqrt(3)'
    >>> gs.bounds.coherence_bound(120, 8).exact  # 1/2: the roots of E_8
    '1/2'
    """
    n, m = integer("n", n, at_least=2), integer("m", m, at_least=1)
    known = _formulas(n, m)
    method = max(known, key=lambda name: below(exact_value(known[name])))
    found = _searched(n, m, below(exact_value(known[method]))) if n > m > 1 else None
    if found is not None:
        return bound_from(found, f"linear program, degree {2 * len(found.proof['coefficients']) - 2}")
    return bound_from(known[method], method)


def _formulas(n: int, m: int) -> dict[str, Certificate]:
    """What each of the formulas that apply proves."""
    found = {"orthogonal vectors": _certificate(n, m, fmpq(0), [fmpq(0)])}
    if n > m > 1:
        welch = mean_square(n, m)
        found["Welch's argument, degree 2"] = _polynomial(n, m, welch, [-welch, fmpq(1)])
        square = fmpq(3 * n - m * (m + 2), (n - m) * (m + 2))
        if 0 < square <= fmpq(6, m + 4):  # beyond that P_2 has a negative coefficient
            found["Levenshtein's argument, degree 4"] = _polynomial(n, m, square, [fmpq(0), -square, fmpq(1)])
    if 2 * n > m * (m + 1):
        found["Rankin's argument, negative products"] = _certificate(n, m, fmpq(1, m), None)
    return found


def _polynomial(n: int, m: int, square: fmpq, g: list[fmpq]) -> Certificate:
    """With f(t) = g(t²), expanded in the P_2k."""
    P, f, rest = gegenbauer(m, 2 * len(g) - 2), [fmpq(0)] * len(g), g
    for k in reversed(range(len(g))):
        f[k] = rest[k] / P[2 * k][2 * k]
        rest = [x - f[k] * y for x, y in zip(rest, P[2 * k][::2], strict=False)]
    return _certificate(n, m, square, f)


def _certificate(n: int, m: int, square: fmpq, coefficients: list[fmpq] | None) -> Certificate:
    claim = {"quantity": "coherence", "n": n, "m": m, "value": text(_root(square))}
    proof: JSON = {"square": text(square)}
    if coefficients is not None:
        proof["coefficients"] = [text(x) for x in coefficients]
    return Certificate("coherence", claim, proof)


def _root(square: fmpq) -> Number:
    """Its root, exactly where that can be written; otherwise a float below it."""
    radicand, denominator = int(square.p * square.q), int(square.q)
    outside = 1
    for k in range(2, min(math.isqrt(radicand), LARGEST_FACTOR) + 1):
        while radicand % (k * k) == 0:
            radicand, outside = radicand // (k * k), outside * k
    if math.isqrt(radicand) ** 2 == radicand:
        return fmpq(outside * math.isqrt(radicand), denominator)
    if radicand < LARGEST_RADICAND:
        return Surd(0, fmpq(outside, denominator), radicand)
    value = exact(math.sqrt(below(square)) * (1 - 4 * float(np.finfo(float).eps)))
    return value


def _searched(n: int, m: int, least: float) -> Certificate | None:
    """The best that the linear program proves, if it is more than `least`."""
    from scipy.optimize import brentq  # not before: checking a certificate must not load a solver

    grid = np.cos(np.linspace(0, np.pi / 2, GRID))

    def surplus(s: float) -> float:
        nonlocal grid
        c, grid = _best(m, s, grid)
        return float(n * c[0] - 1)

    low = least * (1 + SAME)
    if surplus(low) <= 0:
        return None
    best = brentq(surplus, low, 1.0, xtol=XTOL)
    for attempt in range(ATTEMPTS):
        s = best * (1 - LOWER * 4**attempt)
        if s <= least:
            break
        c, _ = _best(m, s, grid)
        c[0] -= (n * c[0] - c.sum()) / (2 * (n - 1))  # half of what n f_0 exceeds f(1) by, to stay clear of 0
        certificate = _certificate(n, m, exact(s) ** 2, _rational(c))
        if verify(certificate):
            return certificate
    return None


def _best(m: int, s: float, grid: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The f of largest f_0 with f(1) = 1 and f ≤ 0 up to s, and the grid of t/s with the places where it touches 0."""
    size = LARGEST_DEGREE // 2 + 1
    fine = np.cos(np.linspace(0, np.pi / 2, FINE))
    P = gegenbauer_values(m, LARGEST_DEGREE, s * fine)[::2]
    objective = np.eye(size)[0]
    for _ in range(ROUNDS):
        A = np.vstack([gegenbauer_values(m, LARGEST_DEGREE, s * grid)[::2].T, np.ones(size)])
        c = linear_program(objective, A, np.eye(len(A))[-1], np.zeros(size - 1))
        if c is None:
            return np.zeros(size), grid
        worst = maxima(fine, c @ P)
        excess = c @ gegenbauer_values(m, LARGEST_DEGREE, s * worst)[::2]
        if excess.max() <= TOL:
            break
        kept = (A[:-1] @ c > -NEAR) | (np.arange(grid.size) < GRID)
        grid = np.concatenate([grid[kept], worst[excess > TOL]])
    return c - max(0.0, excess.max()) * objective, grid


def _rational(c: FloatArray) -> list[fmpq]:
    """Rounded, negative ones to 0, without the zeros at the end."""
    whole = np.round(np.concatenate([c[:1], np.maximum(c[1:], 0.0)]) * 2.0**BITS)
    return [fmpq(int(x), 2**BITS) for x in whole[: np.flatnonzero(whole)[-1] + 1]]
