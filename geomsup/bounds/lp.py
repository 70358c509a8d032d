r"""The linear program of Delsarte and Yudin: the best polynomial below a potential, rounded until it can be proved.

.. math:: \max \; n\,c_0 - \sum_k c_k \quad\text{or}\quad \max \; c_0
          \qquad\text{subject to}\qquad \sum_k c_k P_k(t) \le f(t) \ \ (-1 \le t \le 1), \quad c_k \ge 0 \ (k \ge 1)

The first is n² c₀ − n h(1) divided by n, for n unit vectors; the second is for weights, and its 1/c₀ bounds the
capacity (:mod:`geomsup.bounds._check_two_point`). The solver works with floats and with t on a grid, so what it returns
is only a proposal: it is rounded to rationals and lowered until the exact check passes. A solver that stops early, or
is wrong, costs quality and never truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from flint import fmpq

from geomsup._typing import JSON, ArrayLike, FloatArray
from geomsup._validate import real_array
from geomsup.bounds._check_two_point import MAX_DEGREE, energy_bound
from geomsup.bounds._numbers import Number, below, exact, sign, text
from geomsup.bounds._pieces import Described, below_potential, read_potential
from geomsup.bounds._polynomials import combination
from geomsup.bounds._reading import numbers_entry
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import Refuted

__all__ = [
    "best_polynomial",
    "capacity_certificate",
    "energy_certificate",
    "gegenbauer_values",
    "linear_program",
    "maxima",
    "polynomial_values",
]

DEGREES = (3, 7, 12, 18)
"""All tried; coefficients that come out as 0 are left out, so a certificate has the degree that it needs."""
SAME = 1e-9
"""Relative gain for which a higher degree is not worth its longer certificate."""
FINE = 2001
"""Points at which a proposal is compared with the potential, before its maxima are located between them."""
ROUNDS, TOL = 20, 1e-10
"""Of adding the worst cosines to the grid, and the excess at which that stops: the solver's own tolerance."""
LAST_ROUNDS, ZOOM = 8, 1e5
"""The last rounds solve for a correction, magnified: that takes the excess from 1e-10 to 1e-14."""
TILT = 1e-9
"""What a coefficient costs for each degree. The optimum is often not unique (for the pentagon there is a family), and
then the proposals of an untilted program wander: measured, the excess stayed at 1e-7 for 40 rounds. Tilted, it falls by
a factor of four each round, and no value changed by more than 1e-11."""
SIDE = 1e-9
"""How far from an edge its sides are looked at."""
STEEP = 1e4
"""Where the potential exceeds this multiple of its size at right angles it is cut off: that only weakens the bound."""
BITS = 50
"""Binary places of a rounded coefficient, relative to the largest."""
LOWERINGS = 16
"""Times that c₀ is lowered, each time four times as far, before a proposal is given up."""

Function = Callable[[FloatArray], FloatArray]


def energy_certificate(f: Function, description: JSON, n: int, m: int) -> Certificate:
    """The best two-point bound found on Σ_{i≠j} f(u_i·u_j) for n unit vectors in R^m.

    Raises
    ------
    ValueError
        Nothing could be proved.
    """

    def value(c: list[Number]) -> Number:
        return energy_bound(c, n)

    objective = np.full(max(DEGREES) + 1, -1.0)
    objective[0] = n - 1
    claim = {"quantity": "energy", "m": m, "n": n, "potential": description}
    return _certificate(claim, best_polynomial(f, read_potential(description), m, objective, value), value)


def capacity_certificate(m: int) -> Certificate:
    """The best two-point bound found on the capacity of m dimensions."""
    objective = np.zeros(max(DEGREES) + 1)
    objective[0] = 1.0
    potential = read_potential({"name": "relu_squared"})
    c = best_polynomial(lambda t: np.maximum(t, 0.0) ** 2, potential, m, objective, lambda c: c[0])
    return _certificate({"quantity": "capacity", "m": m}, c, lambda c: 1 / c[0])


def gegenbauer_values(m: int, degree: int, t: FloatArray) -> FloatArray:
    """P_0 … P_degree of :func:`~geomsup.bounds._polynomials.gegenbauer` at t, shape (degree + 1, ...)."""
    P = [np.ones_like(t), t]
    for k in range(1, degree):
        P.append(((2 * k + m - 2) * t * P[k] - k * P[k - 1]) / (k + m - 2))
    return np.array(P[: degree + 1])


def polynomial_values(certificate: Certificate, t: ArrayLike) -> FloatArray:
    """The polynomial of a two-point certificate, in floats: what lies below the potential and touches it.

    Parameters
    ----------
    certificate : Certificate
        Of the kind ``"two-point"``.
    t : array_like
        Cosines.

    Returns
    -------
    ndarray, of the shape of t

    Raises
    ------
    ValueError
        Another kind of certificate.

    Examples
    --------
    >>> import numpy as np
    >>> import geomsup as gs
    >>> t = np.cos(np.array([0, 2, 4]) * np.pi / 5)  # the cosines of the pentagon, where it touches
    >>> np.allclose(gs.bounds.polynomial_values(gs.capacity(2).certificate, t), np.maximum(t, 0) ** 2)
    True
    """
    if certificate.kind != "two-point":
        raise ValueError(f"{certificate!r} has no polynomial: pass a certificate of the kind 'two-point'")
    c = np.array([below(x) for x in numbers_entry(certificate.proof, "coefficients", 1, MAX_DEGREE + 1)])
    values: FloatArray = np.tensordot(
        c, gegenbauer_values(max(2, certificate.claim["m"]), c.size - 1, real_array("t", t)), axes=1
    )
    return values


def _certificate(claim: JSON, c: list[Number], value: Callable[[list[Number]], Number]) -> Certificate:
    return Certificate("two-point", {**claim, "value": text(value(c))}, {"coefficients": [text(x) for x in c]})


def best_polynomial(
    f: Function,
    potential: Described,
    m: int,
    objective: FloatArray,
    value: Callable[[list[Number]], Number],
    *,
    degrees: Sequence[int] = DEGREES,
) -> list[Number]:
    """Coefficients of the best polynomial that could be proved to lie below a potential.

    `f` is the potential in floats, `objective` what the linear program maximises, `value` the same exactly. Constants
    are the fallback.

    Raises
    ------
    ValueError
        Nothing could be proved.
    """
    edges = [below(piece.high) for piece in potential[:-1]] if isinstance(potential, list) and m > 1 else []
    proposals = [propose(f, m, objective[: degree + 1], edges) for degree in (degrees if m > 1 else (1,))]
    worths = [float(objective[: c.size] @ c) if np.isfinite(c).all() else -np.inf for c in proposals]
    # Simplest first among the good ones; the others only if a proof fails.
    good = max(worths) - SAME * abs(max(worths))
    order = sorted(range(len(worths)), key=lambda k: (worths[k] < good, k if worths[k] >= good else -worths[k]))
    best = next((c for c in (_rounded(proposals[k], potential, m) for k in order) if c is not None), None)
    zero: list[Number] = [fmpq(0)]
    lowest = _rounded(np.array([float(np.min(f(_grid(m, edges))))]), potential, m)
    for constant in (zero if _proved(zero, potential, m) else None, lowest):
        if constant is not None and (best is None or sign(value(constant) - value(best)) > 0):
            best = constant
    if best is None:
        raise ValueError("no polynomial below the potential could be proved: no bound known")
    return best


def propose(f: Function, m: int, objective: FloatArray, edges: Sequence[float] = ()) -> FloatArray:
    """Floats c_k that solve the linear program: the best found, c₀ lowered by its excess; NaN if the solver fails.

    Both sides of an edge, where the potential may jump, are on the grid, and the worst cosines of each proposal join it
    (Kelley's cutting planes).
    """
    degree = objective.size - 1
    fine = _grid(m, edges)
    P, values = gegenbauer_values(m, degree, fine), _cut_off(f, fine)
    scale = float(np.abs(values).max()) or 1.0
    t = np.concatenate([fine[:: max(1, fine.size // (6 * degree + 20))], fine[[0, -1]], _sides(edges)])
    tilted = objective - TILT * np.arange(degree + 1)
    c, best, worth = np.zeros(degree + 1), np.full(degree + 1, np.nan), -np.inf
    for zoom, rounds in ((1.0, ROUNDS), (ZOOM, LAST_ROUNDS)):
        for _ in range(rounds):
            A = gegenbauer_values(m, degree, t).T
            step = linear_program(tilted, A, zoom * (_cut_off(f, t) / scale - A @ c), -zoom * c[1:])
            if step is None:
                return best * scale
            c = c + step / zoom
            worst = maxima(fine, c @ P - values / scale)
            excess = c @ gegenbauer_values(m, degree, worst) - _cut_off(f, worst) / scale
            lowered = c - max(excess.max(), 0.0) * np.eye(degree + 1)[0]
            if objective @ lowered > worth:
                best, worth = lowered, float(objective @ lowered)
            if excess.max() <= TOL / zoom:
                break
            t = np.concatenate([t, worst[excess > TOL / zoom]])
    return best * scale


def _grid(m: int, edges: Sequence[float]) -> FloatArray:
    """Cosines at which a proposal is compared with the potential, in decreasing order."""
    if m == 1:
        return np.array([1.0, -1.0])
    return np.unique([*np.cos(np.linspace(0, np.pi, FINE)), *_sides(edges)])[::-1]


def _sides(edges: Sequence[float]) -> FloatArray:
    return np.array([side for edge in edges for side in (edge - SIDE, edge, edge + SIDE)])


def linear_program(objective: FloatArray, A: FloatArray, room: FloatArray, floor: FloatArray) -> FloatArray | None:
    """The x of largest objective·x with A x ≤ room and x_k ≥ floor_k for k ≥ 1; None if the solver has none."""
    from scipy.optimize import linprog  # not before: checking a certificate must not load a solver

    options = {"primal_feasibility_tolerance": TOL, "dual_feasibility_tolerance": TOL}
    bounds = [(None, None), *((low, None) for low in floor)]
    x: FloatArray | None = linprog(-objective, A_ub=A, b_ub=room, bounds=bounds, method="highs-ds", options=options).x
    return x


def maxima(fine: FloatArray, at_fine: FloatArray) -> FloatArray:
    """Local maxima of a function on the fine grid, and where a parabola puts them between its points."""
    inside = np.flatnonzero((at_fine[1:-1] >= at_fine[:-2]) & (at_fine[1:-1] >= at_fine[2:])) + 1
    left, middle, right = (fine[inside + k] for k in (-1, 0, 1))
    low, top, high = (at_fine[inside + k] for k in (-1, 0, 1))
    first, second = (low - top) / (left - middle), (high - top) / (right - middle)
    bend = (second - first) / (right - left)
    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = middle - (first + bend * (middle - left)) / (2 * bend)
    vertex = np.where((vertex > np.minimum(left, right)) & (vertex < np.maximum(left, right)), vertex, middle)
    return np.concatenate([vertex, middle, fine[[0, -1]]])


def _cut_off(f: Function, t: FloatArray) -> FloatArray:
    """f, at most STEEP times its size at right angles."""
    with np.errstate(all="ignore"):
        values = np.asarray(f(t))
        return np.minimum(values, STEEP * max(1.0, float(np.abs(f(np.zeros(1)))[0])))


def _rounded(c: FloatArray, potential: Described, m: int) -> list[Number] | None:
    """Rationals close to c that are proved to lie below the potential, c₀ lowered as little as that takes."""
    if not np.isfinite(c).all():
        return None
    unit = 2.0 ** (np.ceil(np.log2(np.abs(c).max() or 1.0)) - BITS)
    whole = np.round(c / unit)
    whole[1:] = np.maximum(whole[1:], 0.0)
    used = max(np.flatnonzero(whole), default=0)
    coefficients: list[Number] = [exact(float(x)) * exact(unit) for x in whole[: used + 1]]
    for attempt in range(LOWERINGS):
        if _proved(coefficients, potential, m):
            return coefficients
        coefficients[0] = coefficients[0] - exact(unit) * 4 ** (attempt + 1)
    return None


def _proved(c: list[Number], potential: Described, m: int) -> bool:
    try:
        below_potential(combination(max(m, 2), c), potential, dimension=m)
    except Refuted:
        return False
    return True
