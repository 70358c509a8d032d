r"""The expected loss without sampling, with a bound on its error: what everything else in the package stands on.

Every row of the effective matrix M = WᵀW (or W_out W) is an independent one-dimensional problem,
:math:`E (x_i - (z_i)_+)^2` with :math:`z_i = b_i + \sum_j M_{ij} x_j`.  Two exact methods share the work.

* The *spline recursion* (:mod:`geomsup.loss.spline`) integrates one feature at a time.  It is exact up to rounding,
  costs up to 2ⁿ, and is used where that is affordable.
* The *Fourier series* (:mod:`geomsup.loss.series`) costs n times the number of terms.  Its error is bounded in advance
  from the decay of the characteristic functions (:mod:`geomsup.loss._tails`) and, where they do not decay (values 0/1,
  discrete), afterwards, by a sandwich between extremal trigonometric polynomials.

The reported error adds the rounding of the method, of M itself and of the final sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geomsup._typing import ArrayLike, FloatArray, IntArray
from geomsup._validate import real_array, real_number
from geomsup.loss._kernels import kernel
from geomsup.loss._layout import Layout, layout
from geomsup.loss._tails import FIRST, SHELLS, half_period, row_range, truncation_bounds, without_subnormals
from geomsup.loss.linear import linear_loss_and_grad
from geomsup.problem import Problem

__all__ = [
    "ExpectedLoss",
    "effective_loss_and_grad",
    "expected_loss",
    "expected_loss_and_grad",
    "untied_loss_and_grad",
]

UNIT_ROUNDOFF = 2.0**-53
UNDERFLOW = 1e-300
"""Covers products that underflow, where rounding is not relative."""
SPLINE_BUDGET = 20_000
"""Nodes per row of the spline recursion: all of n ≤ 13 on [0, 1], and any row whose coefficients differ in scale."""
MOST_TERMS = 2**18
"""Longest series. At n = 80 with 0/1 features it takes about 10 s and gives about 1e-8."""
GRADIENT_TERMS = 2**14
"""Longest series of a gradient, whose use needs no more."""


@dataclass(frozen=True, eq=False)
class ExpectedLoss:
    """An expected loss and a bound on its error: \\|value − exact\\| ≤ error. ``float()`` gives the value.

    Parameters
    ----------
    value : float or array of shape (instances,)
        The loss, a sum over features.
    error : float or array of shape (instances,)
        Truncation and rounding, never below the true error.

    Examples
    --------
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=2, n_hidden=1, feature_probability=0.5)
    >>> loss = gs.expected_loss(problem, [[1.0, -1.0]], [0.0, 0.0])
    >>> print(f"{float(loss):.12f}", loss.error < 1e-13)
    0.083333333333 True
    """

    value: float | FloatArray
    error: float | FloatArray

    def __float__(self) -> float:
        return float(self.value)

    def __repr__(self) -> str:
        if np.ndim(self.value) == 0:
            return f"ExpectedLoss({self.value:.15g} ± {self.error:.1e})"
        return f"ExpectedLoss({len(np.atleast_1d(self.value))} instances, error ≤ {np.max(self.error):.1e})"


def expected_loss(
    problem: Problem, W: ArrayLike, b: ArrayLike, *, W_out: ArrayLike | None = None, tol: float = 1e-12
) -> ExpectedLoss:
    r"""Expected loss L = E Σ_i I_i (x_i − σ(WᵀWx + b)_i)², exactly, with an error bound.

    Parameters
    ----------
    problem : Problem
        Feature law, importances, activation.
    W : array_like, shape (n_hidden, n_features) or (instances, n_hidden, n_features)
        Feature directions in its columns.
    b : array_like, shape (n_features,) or (instances, n_features)
        Output bias.
    W_out : array_like, shape (n_features, n_hidden), optional
        Output weights of an untied model, σ(W_out W x + b); ``W.T`` by default.
    tol : float
        Aim for an error of ``tol * max(1, loss)``. The error reported is what was reached, which can be more for
        many features with discrete values.

    Returns
    -------
    ExpectedLoss
        ``.value`` and ``.error``; a sum over features (divide by n_features for the mean convention).

    Raises
    ------
    ValueError
        Shapes that do not fit (a transposed W is named as such), entries that are not finite, tol that is not
        positive.

    Notes
    -----
    Source: the model is that of Elhage et al. 2022, *Toy Models of Superposition*; the series, its error bound and
    the recursion are derived in the documentation of the loss.

    Examples
    --------
    >>> import numpy as np
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=5, n_hidden=2, feature_probability=0.05)
    >>> angle = 2 * np.pi * np.arange(5) / 5
    >>> pentagon = 1.2 * np.array([np.cos(angle), np.sin(angle)])
    >>> gs.expected_loss(problem, pentagon, np.full(5, -0.3))
    ExpectedLoss(0.00946271656192... ± ...)
    """
    _check_tolerance(tol)
    W, b = problem.check_weights(W, b)
    out = np.swapaxes(W, -1, -2) if W_out is None else problem.check_output_weights(W_out)
    flat, flat_b, flat_out = _instances(W, b, out)
    values, errors = np.empty(len(flat)), np.empty(len(flat))
    for s in range(len(flat)):
        M = flat_out[s] @ flat[s]
        values[s], errors[s], _, _ = _evaluate(problem, M, flat_b[s], tol, with_gradient=False)
        errors[s] += _product_error(problem, flat_out[s], flat[s], M, flat_b[s])
    if W.ndim == 2:
        return ExpectedLoss(float(values[0]), float(errors[0]))
    return ExpectedLoss(values.reshape(W.shape[:-2]), errors.reshape(W.shape[:-2]))


def expected_loss_and_grad(
    problem: Problem, W: ArrayLike, b: ArrayLike, *, tol: float = 1e-12
) -> tuple[ExpectedLoss, FloatArray, FloatArray]:
    r"""Expected loss of the tied model with its gradient.

    With :math:`D_{ij} = \partial L/\partial M_{ij}`, :math:`\partial L/\partial W = W (D + D^\top)`.

    Parameters
    ----------
    problem, W, b, tol
        As in :func:`expected_loss`; one instance.

    Returns
    -------
    loss : ExpectedLoss
    dW : array, shape (n_hidden, n_features)
    db : array, shape (n_features,)

    Raises
    ------
    ValueError
        As in :func:`expected_loss`.

    Examples
    --------
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=2, n_hidden=1, feature_probability=0.5)
    >>> loss, dW, db = gs.expected_loss_and_grad(problem, [[0.9, -0.9]], [0.0, 0.0])
    >>> dW.shape, db.shape
    ((1, 2), (2,))
    """
    W, b = _one_instance(problem, W, b)
    loss, dM, db = effective_loss_and_grad(problem, W.T @ W, b, tol=tol)
    error = float(loss.error) + _product_error(problem, W.T, W, W.T @ W, b)
    return ExpectedLoss(loss.value, error), W @ (dM + dM.T), db


def untied_loss_and_grad(
    problem: Problem, W: ArrayLike, W_out: ArrayLike, b: ArrayLike, *, tol: float = 1e-12
) -> tuple[ExpectedLoss, FloatArray, FloatArray, FloatArray]:
    """Expected loss of the untied model σ(W_out W x + b), with the gradients in W, W_out and b.

    Parameters
    ----------
    problem, b, tol
        As in :func:`expected_loss`.
    W : array_like, shape (n_hidden, n_features)
        Input weights.
    W_out : array_like, shape (n_features, n_hidden)
        Output weights.

    Returns
    -------
    loss : ExpectedLoss
    dW : array, shape (n_hidden, n_features)
    dW_out : array, shape (n_features, n_hidden)
    db : array, shape (n_features,)

    Raises
    ------
    ValueError
        As in :func:`expected_loss`.

    Examples
    --------
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=2, n_hidden=1, feature_probability=0.5)
    >>> loss, dW, dW_out, db = gs.untied_loss_and_grad(problem, [[1.0, -1.0]], [[1.0], [-1.0]], [0.0, 0.0])
    >>> dW_out.shape
    (2, 1)
    """
    W, b = _one_instance(problem, W, b)
    out = problem.check_output_weights(W_out)
    loss, dM, db = effective_loss_and_grad(problem, out @ W, b, tol=tol)
    error = float(loss.error) + _product_error(problem, out, W, out @ W, b)
    return ExpectedLoss(loss.value, error), out.T @ dM, dM @ W.T, db


def effective_loss_and_grad(
    problem: Problem, M: ArrayLike, b: ArrayLike, *, tol: float = 1e-12
) -> tuple[ExpectedLoss, FloatArray, FloatArray]:
    """Expected loss of x' = σ(Mx + b) for any square M, with its gradient in M and b.

    Parameters
    ----------
    problem : Problem
        Its n_hidden plays no part.
    M : array_like, shape (n_features, n_features)
        Effective matrix.
    b : array_like, shape (n_features,)
        Output bias.
    tol : float
        As in :func:`expected_loss`.

    Returns
    -------
    loss : ExpectedLoss
    dM : array, shape (n_features, n_features)
    db : array, shape (n_features,)

    Raises
    ------
    ValueError
        As in :func:`expected_loss`.

    Examples
    --------
    >>> import numpy as np
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=3, feature_probability=0.1)
    >>> loss, dM, db = gs.effective_loss_and_grad(problem, np.eye(3), np.zeros(3))
    >>> abs(float(loss)) <= loss.error  # nothing is lost with a dimension for each feature
    True
    """
    _check_tolerance(tol)
    M, b = real_array("M", M), real_array("b", b)
    n = problem.n_features
    if M.shape != (n, n) or b.shape != (n,):
        raise ValueError(
            f"M has shape {M.shape} and b {b.shape}, but the problem has n_features={n}: "
            f"pass shapes {(n, n)} and {(n,)}"
        )
    value, error, dM, db = _evaluate(problem, M, b, tol, with_gradient=True)
    return ExpectedLoss(value, error), dM, db


def _evaluate(
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


def _product_error(problem: Problem, out: FloatArray, W: FloatArray, M: FloatArray, b: FloatArray) -> float:
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


def _check_tolerance(tol: float) -> None:
    if not real_number("tol", tol) > 0:
        raise ValueError(f"tol={tol:g} is not positive: pass the error you can accept, such as 1e-12")


def _one_instance(problem: Problem, W: ArrayLike, b: ArrayLike) -> tuple[FloatArray, FloatArray]:
    W, b = problem.check_weights(W, b)
    if W.ndim != 2:
        raise ValueError(
            f"W has shape {W.shape}, several instances, but a gradient is of one: pass W[k] and b[k] for each k"
        )
    return W, b


def _instances(W: FloatArray, b: FloatArray, out: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Weights with all leading axes made one."""
    m, n = W.shape[-2:]
    return W.reshape(-1, m, n), b.reshape(-1, n), np.broadcast_to(out, (*W.shape[:-2], n, m)).reshape(-1, n, m)
