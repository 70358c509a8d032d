"""Value, error bound and gradient for one effective matrix: each row by the spline or the series, whichever is exact.

A row whose tree is within the budget has the spline's value. The others, and those whose rounding is above their share
of the tolerance, get a series that is lengthened until its error fits.
"""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray, IntArray
from geomsup.loss._kernels import kernel
from geomsup.loss._layout import Layout, layout
from geomsup.loss._tails import FIRST, SHELLS, half_period, row_range, truncation_bounds, without_subnormals
from geomsup.loss.linear import linear_loss_and_grad
from geomsup.problem import Problem

UNIT_ROUNDOFF = 2.0**-53
UNDERFLOW = 1e-300
"""Covers products that underflow, where rounding is not relative."""
SPLINE_BUDGET = 20_000
"""Nodes per row of the spline recursion: all of n ≤ 13 on [0, 1], and any row whose coefficients differ in scale."""
MOST_TERMS = 2**18
"""Longest series. At n = 80 with 0/1 features it takes about 10 s and gives about 1e-8."""
GRADIENT_TERMS = 2**14
"""Longest series of a gradient, whose use needs no more."""


def evaluate(
    problem: Problem, M: FloatArray, b: FloatArray, tol: float, *, with_gradient: bool
) -> tuple[float, float, FloatArray, FloatArray]:
    """Loss, error bound (M taken as exact), dM and db."""
    n = problem.n_features
    if problem.activation == "identity":
        loss, bounds, dM, db = linear_loss_and_grad(problem, M, b)
        return float(loss), float(bounds), dM, db
    data = layout(problem)
    M, left_out = without_subnormals(data, M, b)
    rows = np.flatnonzero(data.importance > 0)
    share = tol / max(1, rows.size) / np.maximum(data.importance, 1e-300)
    value, error = np.zeros(n), np.zeros(n)
    gradient = np.zeros((n, n + 1))
    left = rows
    if data.states is not None:
        value[rows], error[rows], nodes, gradient[rows] = kernel().spline_rows(data, M, b, rows, SPLINE_BUDGET)
        error[rows[nodes < 0]] = np.inf
        left = rows[error[rows] > share[rows]]
    else:
        error[rows] = np.inf
    if left.size:
        _series(data, M, b, left, share, value, error, gradient, with_gradient)
    importance = data.importance
    terms = importance * (data.own_square + value)
    total = float(terms.sum())
    n_states = 1 if data.states is None else len(data.states[0])
    size = float(importance @ data.own_square)
    rounding = UNIT_ROUNDOFF * ((n + n_states + 4) * float(np.abs(terms).sum()) + 4 * size)
    bound = float(importance @ error) + rounding + UNDERFLOW + left_out
    return total, bound, importance[:, None] * gradient[:, :-1], importance * gradient[:, -1]


def _series(
    data: Layout,
    M: FloatArray,
    b: FloatArray,
    rows: IntArray,
    share: FloatArray,
    value: FloatArray,
    error: FloatArray,
    gradient: FloatArray,
    with_gradient: bool,
) -> None:
    """Fill value, error and gradient of the given rows from the Fourier series, lengthened until the error fits."""
    low, high = row_range(data, M, b)
    R = half_period(low, high)
    tails = truncation_bounds(data, M, R)
    goal = share / 2
    longest = int(np.log2(MOST_TERMS // FIRST))
    enough = np.argmax(tails <= goal[:, None], axis=1)
    enough[~(tails <= goal[:, None]).any(axis=1)] = SHELLS
    shells = np.clip(enough, 2, longest)
    if with_gradient:
        pending = rows[np.isinf(error[rows])]
        terms = np.minimum(FIRST * 2 ** shells[pending], GRADIENT_TERMS)
        _, _, _, _, gradient[pending] = kernel().series_rows(data, M, b, pending, terms, True)
    # where the bound in advance would need a long series, the sandwich may do with a shorter one: lengthen step by step
    shells = np.where(enough > 8, 8, shells)
    todo = rows
    while todo.size:
        terms = FIRST * 2 ** shells[todo]
        plain, middle, gap, size, _ = kernel().series_rows(data, M, b, todo, terms, False)
        rounding = _series_rounding(data, M, R, b, todo, terms, size)
        tail = tails[todo, shells[todo]]
        cubic = _cubic_tail(R[todo], terms)
        below = np.maximum(plain - tail, middle - gap - cubic)
        above = np.minimum(plain + tail, middle + gap + cubic)
        found = np.where(tail <= gap + cubic, plain, (below + above) / 2)
        truncation = np.maximum(above - found, found - below)
        better = truncation + rounding < error[todo]
        value[todo[better]], error[todo[better]] = found[better], (truncation + rounding)[better]
        again = (truncation > goal[todo]) & (shells[todo] < longest) & (error[todo] > share[todo])
        todo = todo[again]
        shells[todo] = np.minimum(shells[todo] + 2, longest)


def _cubic_tail(R: FloatArray, terms: IntArray) -> FloatArray:
    """Bound on Σ_{k>K} A|φ|/k³ that asks nothing of φ: A/(2K²), A = R²/(2π³)."""
    return R * R / (4 * np.pi**3 * terms.astype(float) ** 2)


def _series_rounding(
    data: Layout, M: FloatArray, R: FloatArray, b: FloatArray, rows: IntArray, terms: IntArray, size: FloatArray
) -> FloatArray:
    """Rounding of a series: of each term, and of the phases, which grows with k but is damped by 1/k² and 1/k³.

    Products of n factors carry λ√n roundoffs with λ = 6 in the probabilistic model of Higham and Mary (2019), which
    fails with probability below 2 exp(−λ²/2) < 1e-7.
    """
    n = data.n_features
    A, B = R[rows] ** 2 / (2 * np.pi**3), R[rows] / np.pi**2
    growth = 2 * A + B * data.reach[rows] * (1 + np.log(terms))
    return np.asarray(UNIT_ROUNDOFF * ((6 * n**0.5 + 24) * size + (8 * np.pi + n**0.5) * growth))


def product_error(problem: Problem, out: FloatArray, W: FloatArray, M: FloatArray, b: FloatArray) -> float:
    """What the rounding of M = W_out W can change in the loss: Σ_ij |∂L/∂M_ij| |δM_ij|, bounded from the ranges."""
    delta = _product_deviation(out, W, M)
    data = layout(problem)
    low, high = row_range(data, M, b)
    reach = np.maximum(np.abs(low), np.abs(high)) if problem.activation == "identity" else np.maximum(high, 0)
    size = problem.feature_probability * np.sqrt(data.moments[:, 2])
    return float(2.02 * (problem.importance * (data.reach + reach)) @ (delta @ size))


def _product_deviation(out: FloatArray, W: FloatArray, M: FloatArray) -> FloatArray:
    """Bound on |M − W_out W|, entry by entry: measured in extended precision where there is any, otherwise a priori."""
    size = np.abs(out) @ np.abs(W)
    if np.finfo(np.longdouble).nmant < 63:
        return np.asarray(len(W) * UNIT_ROUNDOFF * size)
    deviation = np.abs(out.astype(np.longdouble) @ W.astype(np.longdouble) - M).astype(np.float64)
    return np.asarray((1 + 4 * UNIT_ROUNDOFF) * deviation + len(W) * 2.0**-63 * size)
