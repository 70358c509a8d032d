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

import numpy as np

from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import real_array, real_number
from geomsup.loss._evaluation import evaluate, product_error
from geomsup.loss.result import ExpectedLoss
from geomsup.problem import Problem

__all__ = [
    "ExpectedLoss",
    "effective_loss_and_grad",
    "expected_loss",
    "expected_loss_and_grad",
    "untied_loss_and_grad",
]


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
        values[s], errors[s], _, _ = evaluate(problem, M, flat_b[s], tol, with_gradient=False)
        errors[s] += product_error(problem, flat_out[s], flat[s], M, flat_b[s])
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
    error = float(loss.error) + product_error(problem, W.T, W, W.T @ W, b)
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
    error = float(loss.error) + product_error(problem, out, W, out @ W, b)
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
    value, error, dM, db = evaluate(problem, M, b, tol, with_gradient=True)
    return ExpectedLoss(value, error), dM, db


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
