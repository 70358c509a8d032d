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

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from math import fsum

import numpy as np

from geomsup._typing import ArrayLike, FloatArray, IntArray
from geomsup._validate import integer, one_per, real_array
from geomsup.loss._layout import Layout, layout
from geomsup.loss._one_active import one_active
from geomsup.problem import Problem

__all__ = ["Expansion", "expansion", "one_active_loss", "one_active_loss_and_grad"]

UNIT_ROUNDOFF = 2.0**-53
MAX_ORDER = 3
UNDERFLOW = 1e-300
"""More than what products below the range of floats can have lost."""
BATCH = 256
"""Subsets summed before their sum is added exactly to the others: it bounds the rounding of the summation."""
MAX_NODES = 100_000
"""Nodes of one row; only discrete laws with more than 46 values can need more at order 3."""


@dataclass(frozen=True, eq=False)
class Expansion:
    """Contributions to the loss of the inputs with 0, 1, … active features: lower ≤ loss ≤ upper.

    Parameters
    ----------
    terms : array, shape (order + 1,)
        ℓ_k, the part of the loss from inputs with exactly k active features.
    lower, upper : float
        Bounds on the loss of the given weights, rounding included.
    order : int
        Largest number of active features kept.

    Examples
    --------
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=2, n_hidden=1, feature_probability=0.5)
    >>> gs.expansion(problem, [[1.0, -1.0]], [0.0, 0.0])  # the pair fails only when both are active
    Expansion(order=2, terms=[0, 0, 0.0833333], 0.0833333 ≤ loss ≤ 0.0833333)
    """

    terms: FloatArray
    lower: float
    upper: float
    order: int

    def __repr__(self) -> str:
        terms = ", ".join(f"{term:.6g}" for term in self.terms)
        return f"Expansion(order={self.order}, terms=[{terms}], {self.lower:.6g} ≤ loss ≤ {self.upper:.6g})"


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
    n, importance, p = data.n_features, data.importance, _probability(data)
    count = _count_distribution(p)
    largest, zmax, product_error = _ranges(data, out, W, M, b)

    terms = [float(count[0]) * float(importance @ np.maximum(b, 0) ** 2)]
    error = UNIT_ROUNDOFF * (4 * n + 8) * terms[0]
    if order >= 1:
        each, scale = _one_active_rows(data, M, b)
        alone = np.array([weight for weight, _ in _subsets(p, 1)])
        terms.append(fsum(alone * (importance @ each)))
        error += 64 * UNIT_ROUNDOFF * float(importance @ scale @ alone)
    for k in range(2, order + 1):
        term, rounding = _many_active(data, M, b, p, k)
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
    each, _ = _one_active_rows(data, W.T @ W, b)
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


def _probability(data: Layout) -> FloatArray:
    return np.asarray(data.group_probability[data.group_of], np.float64)


def _count_distribution(p: FloatArray) -> FloatArray:
    """P(k features active), k = 0 … n: a convolution of positive numbers, so accurate in each entry."""
    count = np.ones(1)
    for p_j in p:
        count = np.append(count * (1 - p_j), 0) + np.append(0, count * p_j)
    return count


def _subsets(p: FloatArray, size: int) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Every set of ``size`` features with the probability that exactly it is active."""
    for members in combinations(range(p.size), size):
        chance = 1 - p
        chance[list(members)] = p[list(members)]
        yield float(np.prod(chance)), members


def _one_active_rows(data: Layout, M: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """E (x_i − (z_i)_+)² with feature j alone, and the size its rounding goes with, both [i, j]."""
    own = np.eye(data.n_features)
    value, _, _ = one_active(data, M, b[:, None], own)
    size = np.abs(b)[:, None] + np.abs(M) * data.reach + own * data.reach
    return np.maximum(value + own * data.moments[:, 2], 0), size * size


def _many_active(data: Layout, M: FloatArray, b: FloatArray, p: FloatArray, k: int) -> tuple[float, float]:
    """ℓ_k and a bound on the rounding of its rows."""
    rows = np.flatnonzero(data.importance > 0)
    importance = data.importance[rows]
    sums, error = [0.0], 0.0
    subsets = ((chance, members) for chance, members in _subsets(p, k) if chance > 0)
    while batch := list(islice(subsets, BATCH)):
        chance = np.array([weight for weight, _ in batch])
        active = np.zeros((len(batch), p.size))
        np.put_along_axis(active, np.array([members for _, members in batch]), 1.0, axis=1)
        value, rounding = _spline_rows(data, M, b, rows, chance, active)
        value = value + (chance @ active[:, rows]) * data.moments[rows, 2]
        sums.append(float(importance @ value))
        error += float(importance @ rounding)
    return max(0.0, fsum(sums)), error


def _spline_rows(
    data: Layout, M: FloatArray, b: FloatArray, rows: IntArray, chance: FloatArray, active: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Σ over the subsets of chance · (E z_i₊² − 2E x_i z_i₊), and the same sum of its rounding bounds, for each row."""
    value, error = np.zeros(rows.size), np.zeros(rows.size)
    try:
        from geomsup.loss._compiled import spline_rows
    except ImportError:
        from geomsup.loss.spline import spline_row

        for weight, on in zip(chance, active, strict=True):
            for r, i in enumerate(rows.tolist()):
                row = spline_row(data, M[i], float(b[i]), i, on, budget=MAX_NODES)
                if row is None:
                    raise _too_many_values() from None
                value[r] += weight * (row.square - 2 * row.cross)
                error[r] += weight * row.error
        return value, error
    widest = max(2, int(np.diff(data.atom_start).max()))
    size = min(MAX_NODES, sum(widest**d for d in range(int(active[0].sum()) + 1)))
    value, error, nodes, _ = spline_rows(M, b, rows, chance, active, data.laws, size, True)
    if (nodes < 0).any():
        raise _too_many_values()
    return value, error


def _too_many_values() -> ValueError:
    return ValueError(
        f"a row takes more than {MAX_NODES} nodes because a discrete law has many values: pass a smaller order"
    )


def _ranges(
    data: Layout, out: FloatArray, W: FloatArray, M: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray, float]:
    """Per row, sup over all inputs of (x − z_+)² and of |z|; in all, what the rounding of M can change in the loss.

    With t the sum over the other features, x − (M_ii x + b + t)_+ is concave in x and falls with t. So it is largest
    for the least t, at an end of the range of x or where z = 0, and least for the largest t, at an end.
    """
    p = _probability(data)
    low = np.where(p > 0, np.where(p < 1, np.minimum(data.low, 0), data.low), 0)
    high = np.where(p > 0, np.where(p < 1, np.maximum(data.high, 0), data.high), 0)
    g = np.diag(M)
    t_low = b + np.minimum(M * low, M * high).sum(axis=1) - np.minimum(g * low, g * high)
    t_high = b + np.maximum(M * low, M * high).sum(axis=1) - np.maximum(g * low, g * high)
    with np.errstate(over="ignore"):  # a zero of z far outside the range
        kink = np.clip(np.divide(-t_low, g, out=low.copy(), where=g != 0), low, high)
    most = np.max([x - np.maximum(g * x + t_low, 0) for x in (low, high, kink)], axis=0)
    least = np.min([x - np.maximum(g * x + t_high, 0) for x in (low, high)], axis=0)
    reach = np.maximum(np.abs(low), np.abs(high))
    zmax = np.abs(b) + np.abs(M) @ reach
    shift = (out.shape[1] + 1) * UNIT_ROUNDOFF * (np.abs(out) @ np.abs(W)) @ reach  # of z, from the rounding of M
    error = np.maximum(np.abs(most), np.abs(least)) + 4 * (data.n_features + 4) * UNIT_ROUNDOFF * zmax + shift
    return error * error, zmax, float(data.importance @ ((2.02 * error + shift) * shift))
