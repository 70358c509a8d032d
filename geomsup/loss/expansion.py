r"""The loss by the number of active features: lower bounds at any order, and the sparse limit in closed form.

For independent features,

.. math:: L = \sum_{k \ge 0} \ell_k, \qquad
          \ell_k = \sum_{|A| = k} \prod_{j \in A} p_j \prod_{j \notin A} (1 - p_j)\;
                   E\Bigl[\sum_i I_i (x_i - (z_i)_+)^2 \Bigm| \text{exactly } A \text{ active}\Bigr].

Every :math:`\ell_k` is at least 0, so a partial sum is a lower bound on the loss of the weights at hand; what it leaves
out is at most the probability of more active features times the largest squared error over all inputs. As p → 0 with
b ≤ 0, L/p tends to the sum over features of the loss with that feature alone, which is a closed form.
"""

from __future__ import annotations

from math import fsum

import numpy as np

from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import integer, one_per, real_array
from geomsup.loss._by_count import (
    BATCH,
    UNIT_ROUNDOFF,
    count_distribution,
    many_active,
    one_active_rows,
    probabilities,
    ranges,
    subsets,
)
from geomsup.loss._layout import Layout, layout
from geomsup.loss._one_active import one_active
from geomsup.loss.result import Expansion
from geomsup.problem import Problem

__all__ = ["Expansion", "expansion", "one_active_loss", "one_active_loss_and_grad"]

MAX_ORDER = 3
UNDERFLOW = 1e-300
"""More than what products below the range of floats can have lost."""


def expansion(
    problem: Problem, W: ArrayLike, b: ArrayLike, *, order: int = 2, W_out: ArrayLike | None = None
) -> Expansion:
    r"""Expand the loss of given weights in the number of active features, and bound the loss from both sides.

    .. math:: \ell_0 + \dots + \ell_k \;\le\; L \;\le\; \ell_0 + \dots + \ell_k
              + P(\text{more than } k \text{ active}) \sum_i I_i \sup_x (x_i - (z_i)_+)^2

    Parameters
    ----------
    problem : Problem
        Independent features, ReLU.
    W : array_like, shape (n_hidden, n_features)
        Feature directions in its columns.
    b : array_like, shape (n_features,)
        Output bias.
    order : int
        Largest number k of active features, 0 to 3. The cost grows as n^(k + 1).
    W_out : array_like, shape (n_features, n_hidden), optional
        Output weights of an untied model; by default ``W.T``.

    Returns
    -------
    Expansion

    Raises
    ------
    ValueError
        Features that are not independent, another activation than ReLU, an order outside 0 … 3, or weights that
        do not fit the problem.

    Notes
    -----
    ℓ₁ is in closed form, ℓ₂ and ℓ₃ come from the spline recursion (:mod:`geomsup.loss.spline`). The bounds include
    the rounding of all of them and of the product W_out W.

    Examples
    --------
    >>> import numpy as np
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=3, n_hidden=1, feature_probability=0.1)
    >>> W, b = [[1.0, -1.0, 0.0]], [0.0, 0.0, 0.05]
    >>> full = gs.expansion(problem, W, b, order=3)
    >>> full.lower <= gs.oracle_loss(problem, W, b) <= full.upper
    True
    """
    data, W, b = _checked(problem, W, b)
    if integer("order", order, at_least=0) > MAX_ORDER:
        raise ValueError(
            f"order={order} is too large: pass at most {MAX_ORDER}, or use expected_loss for the full sum"
        )
    out = W.T if W_out is None else problem.check_output_weights(W_out)
    if out.ndim != 2:
        raise ValueError(f"W_out has shape {out.shape}, several instances: pass W_out[k] for each k")
    M = out @ W
    n, importance, p = data.n_features, data.importance, probabilities(data)
    count = count_distribution(p)
    largest, zmax, product_error = ranges(data, out, W, M, b)

    terms = [float(count[0]) * float(importance @ np.maximum(b, 0) ** 2)]
    error = UNIT_ROUNDOFF * (4 * n + 8) * terms[0]
    if order >= 1:
        each, scale = one_active_rows(data, M, b)
        alone = np.array([weight for weight, _ in subsets(p, 1)])
        terms.append(fsum(alone * (importance @ each)))
        error += 64 * UNIT_ROUNDOFF * float(importance @ scale @ alone)
    for k in range(2, order + 1):
        term, rounding = many_active(data, M, b, p, k)
        terms.append(term)
        error += rounding + UNIT_ROUNDOFF * (BATCH + 8) * float(count[k] if k <= n else 0) * float(
            importance @ (zmax + data.reach) ** 2
        )
    total = fsum(terms)
    error += UNIT_ROUNDOFF * (4 * n + 8) * total  # of the probabilities, products of n factors
    error += product_error * float(count[1:].sum()) + UNDERFLOW
    tail = (1 + 16 * n * UNIT_ROUNDOFF) * float(count[order + 1 :].sum())
    return Expansion(
        np.array(terms), max(0.0, total - error), total + error + tail * float(importance @ largest), order
    )


def one_active_loss(problem: Problem, W: ArrayLike, b: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    r"""The loss with exactly one active feature, summed over features: the limit of L/p as p → 0.

    .. math:: \sum_i I_i \Bigl[w_i A(M_{ii}, b_i) + \sum_{j \ne i} w_j B(M_{ij}, b_i)\Bigr], \qquad
              A(g, b) = E(u - (gu + b)_+)^2, \quad B(g, b) = E (gu + b)_+^2,

    where u follows the value law of the active feature. It is the limit for b ≤ 0 and equal probabilities; a positive
    bias costs b² with nothing active, which is not part of it.

    Parameters
    ----------
    problem : Problem
        Independent features, ReLU. Its probabilities play no part.
    W : array_like, shape (n_hidden, n_features)
        Feature directions in its columns.
    b : array_like, shape (n_features,)
        Output bias, of any sign.
    weights : float or array_like, shape (n_features,), optional
        w_j, the weight of the event that feature j is the one; 1 by default, so that equal probabilities p give L/p.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        Features that are not independent, another activation than ReLU, or weights that do not fit the problem.

    Notes
    -----
    Chen et al. 2023, *Dynamical versus Bayesian phase transitions in a toy model of superposition*
    (arXiv:2310.06301), Lemma 3.1, for values uniform on [0, 1]; their L is this divided by the number of features.

    Examples
    --------
    The pentagon at the length and bias that are best in the sparse limit:

    >>> import numpy as np
    >>> import geomsup as gs
    >>> angle = 2 * np.pi * np.arange(5) / 5
    >>> pentagon = 1.17046 * np.array([np.cos(angle), np.sin(angle)])
    >>> print(f"{gs.one_active_loss(gs.Problem(5, 2), pentagon, np.full(5, -0.28230)):.8f}")
    0.07912814
    """
    data, W, b = _checked(problem, W, b)
    each, _ = one_active_rows(data, W.T @ W, b)
    return float(data.importance @ each @ _weights(problem, weights))


def one_active_loss_and_grad(
    problem: Problem, W: ArrayLike, b: ArrayLike, *, weights: ArrayLike | None = None
) -> tuple[float, FloatArray, FloatArray]:
    """The loss of :func:`one_active_loss` with its gradient in W and b.

    Parameters
    ----------
    problem, W, b, weights
        As in :func:`one_active_loss`.

    Returns
    -------
    loss : float
    dW : array, shape (n_hidden, n_features)
    db : array, shape (n_features,)

    Raises
    ------
    ValueError
        As in :func:`one_active_loss`.

    Examples
    --------
    >>> import geomsup as gs
    >>> loss, dW, db = gs.one_active_loss_and_grad(gs.Problem(2, 1), [[1.0, -1.0]], [0.0, 0.0])
    >>> loss == 0 and not dW.any() and not db.any()  # nothing interferes with a feature that is alone
    True
    """
    data, W, b = _checked(problem, W, b)
    share = data.importance[:, None] * _weights(problem, weights)
    value, da, db = one_active(data, W.T @ W, b[:, None], np.eye(data.n_features))
    value = value + np.diag(data.moments[:, 2])
    slope = share * da
    return float(np.sum(share * value)), W @ (slope + slope.T), np.sum(share * db, axis=1)


def _checked(problem: Problem, W: ArrayLike, b: ArrayLike) -> tuple[Layout, FloatArray, FloatArray]:
    W, b = problem.check_weights(W, b)
    if W.ndim != 2:
        raise ValueError(f"W has shape {W.shape}, several instances: pass W[k] and b[k] for each k")
    if any(len(group.members) > 1 for group in problem.features.groups):
        raise ValueError(
            f"features={problem.features!r} has sets of features, but this expansion counts features that are "
            "active each on its own: pass a problem with Independent features, or use expected_loss"
        )
    if problem.activation != "relu":
        raise ValueError(
            f"activation={problem.activation!r}, but the expansion is for 'relu': use expected_loss, which is as exact"
        )
    return layout(problem), W, b


def _weights(problem: Problem, weights: ArrayLike | None) -> FloatArray:
    return one_per(
        "weights", real_array("weights", 1.0 if weights is None else weights), problem.n_features, "features"
    )
