r"""Bounds that are formulas: the linear model, degree 2, and what features without superposition must lose."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from flint import fmpq

from geomsup._typing import JSON, FloatArray
from geomsup._validate import integer
from geomsup.bounds._check_two_point import energy_bound
from geomsup.bounds._moments import Block, covariance_blocks, variances
from geomsup.bounds._numbers import Number, exact, text
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.result import Bound, bound_from
from geomsup.problem import Problem

__all__ = ["dropped_feature_floor", "linear_bound", "price_of_orthogonality", "welch_bound"]

SLACK = 2.0**-50
"""Of the matrices of a correlated linear model, relative to their size: what makes rounded ones semidefinite."""


def linear_bound(problem: Problem) -> Bound:
    r"""The weighted tail of principal components: nothing linear in ``n_hidden`` dimensions loses less.

    .. math:: L \ge \sum_{k > m} \lambda_k\bigl(D^{1/2} \Sigma D^{1/2}\bigr), \qquad D = \operatorname{diag}(I),
              \quad \Sigma = \operatorname{Cov} x

    with the eigenvalues in decreasing order.

    Parameters
    ----------
    problem : Problem
        Any features and importances; activation ``"identity"``.

    Returns
    -------
    Bound
        *Proved* in exact arithmetic.

    Raises
    ------
    ValueError
        Another activation.

    Notes
    -----
    Untied weights attain it (Eckart and Young). Tied weights attain it exactly when the projection on the leading
    eigenvectors commutes with D: for equal importance with any covariance, and for uncorrelated features with any
    importance, where the model keeps the m features of largest I_i Var x_i. With both, the tied optimum may lie above.

    Examples
    --------
    >>> import geomsup as gs
    >>> problem = gs.Problem(6, 2, 0.5, gs.geometric_importance(6, 0.5), activation="identity")
    >>> bound = gs.bounds.linear_bound(problem)  # (1/4 + 1/8 + 1/16 + 1/32) (p/3 - p²/4)
    >>> print(f"{bound.value:.9f} {15 / 32 * (0.5 / 3 - 0.25 / 4):.9f}")
    0.048828125 0.048828125
    """
    if problem.activation != "identity":
        raise ValueError(
            f"activation={problem.activation!r}, but this bound is for the linear model: pass activation='identity'"
        )
    m, n = problem.n_hidden, problem.n_features
    weights = [exact(float(x)) for x in problem.importance]
    blocks = [_weighted(block, weights) for block in covariance_blocks(problem.features)]
    blocks = [(importance, covariance) for importance, covariance in blocks if importance]
    spectra = [_spectrum(importance, covariance) for importance, covariance in blocks]
    every = np.sort(np.concatenate([np.zeros(m + 1), *(values for values, _ in spectra)]))[::-1]
    tau = exact(float(every[m]))
    singles = sorted((i[0] * c[0][0] for i, c in blocks), reverse=True) if all(len(i) == 1 for i, _ in blocks) else None
    if singles is not None:  # then everything is rational, and so is the answer
        tau = singles[m] if m < len(singles) else fmpq(0)
    excess = [_excess(*block, *spectrum, tau) for block, spectrum in zip(blocks, spectra, strict=True)]
    value = -tau * m
    for (importance, covariance), Y in zip(blocks, excess, strict=True):
        value += sum((w * (covariance[i][i] - Y[i][i]) for i, w in enumerate(importance)), fmpq(0))
    claim: JSON = {
        "quantity": "linear loss",
        "n": n,
        "m": m,
        "blocks": [{"importance": _texts(i), "covariance": [_texts(row) for row in c]} for i, c in blocks],
        "value": text(value),
    }
    proof: JSON = {"threshold": text(tau), "excess": [[_texts(row) for row in Y] for Y in excess]}
    return bound_from(Certificate("linear", claim, proof), "the tail of principal components")


def welch_bound(n: int, m: int, *, potential: str = "relu_squared") -> Bound:
    r"""The bound of degree 2 on the energy of n unit vectors in R^m, in closed form.

    .. math:: \sum_{i \ne j} (u_i \cdot u_j)^2 \ge \frac{n^2}{m} - n, \qquad
              \sum_{i \ne j} (u_i \cdot u_j)_+^2 \ge \frac{n\,(n - 2m)^2}{m\,(n(m + 1) - 4m)} \quad (n \ge 2m)

    Parameters
    ----------
    n, m : int
        Number of vectors and dimension.
    potential : str
        ``"relu_squared"`` or ``"frame"``.

    Returns
    -------
    Bound
        *Proved*. Where the formula does not apply or is negative, 0.

    Raises
    ------
    ValueError
        Counts that are not positive, or another potential.

    Notes
    -----
    The first is Welch's bound (1974), an equality for tight frames. The second comes from the polynomial of degree 2
    that touches t₊² at one positive cosine and at −1: h = (2s − s²) t² + 2(s − s²) t − s², where t² − h is the square
    of (1 − s) t − s and s = (n − 2m)/(n(m + 1) − 4m) is the best choice. As n grows it says C(m) ≤ m(m + 1).

    Examples
    --------
    >>> import geomsup as gs
    >>> print(f"{gs.bounds.welch_bound(7, 3, potential='frame').value:.9f}")  # 49/3 − 7
    9.333333333
    >>> gs.bounds.welch_bound(6, 2).exact  # the hexagon has 3
    '6/5'
    """
    n, m = integer("n", n, at_least=1), integer("m", m, at_least=1)
    if potential not in ("relu_squared", "frame"):
        raise ValueError(f"potential={potential!r} has no bound of degree 2 here: pass 'relu_squared' or 'frame'")
    c: list[Number] = [fmpq(0)]
    if potential == "frame":
        c = [fmpq(1, m), fmpq(0), fmpq(m - 1, m)] if n > m else c
    elif n > 2 * m:
        s = fmpq(n - 2 * m, n * (m + 1) - 4 * m)
        square, linear, constant = 2 * s - s * s, 2 * (s - s * s), -s * s
        c = [constant + square / m, linear, square * fmpq(m - 1, m)]
    if m == 1:  # P_2 = 1 on the two points of the sphere in R¹
        c = [c[0] + sum(c[2:], fmpq(0)), *c[1:2]]
    claim = {"quantity": "energy", "m": m, "n": n, "potential": {"name": potential}, "value": text(energy_bound(c, n))}
    return bound_from(Certificate("two-point", claim, {"coefficients": _texts(c)}), "Welch's argument, degree 2")


def dropped_feature_floor(problem: Problem, dropped: Iterable[int]) -> Bound:
    r"""What features without a direction must lose, whatever the others do: Σ I_i Var x_i.

    The output of a feature with W_i = 0 is a constant, and the best constant is the mean. For values uniform on [0, 1]
    the variance is p/3 − p²/4.

    Parameters
    ----------
    problem : Problem
        Any features, importances and activation.
    dropped : iterable of int
        The features with W_i = 0.

    Returns
    -------
    Bound
        *Proved*, for the arrangements in which those features are dropped.

    Raises
    ------
    ValueError
        A feature that does not exist.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.bounds.dropped_feature_floor(gs.Problem(5, 2, 0.5), [3, 4]).exact  # 2 (1/6 − 1/16)
    '5/24'
    """
    chosen = sorted({integer("dropped", i, at_least=0) for i in dropped})
    if chosen and chosen[-1] >= problem.n_features:
        raise ValueError(f"dropped={chosen[-1]}, but features are numbered 0 to {problem.n_features - 1}")
    claim = {"quantity": "loss of dropped features"}
    return _variance_bound(problem, chosen, claim, "the variance of dropped features")


def price_of_orthogonality(problem: Problem) -> Bound:
    r"""What a model must lose that gives no two features an angle other than 90°: the variance of all but m features.

    .. math:: L \ge \sum_{\text{all but the } m \text{ largest}} I_i \operatorname{Var} x_i
              \;=\; (n - m)\,v, \qquad v = \frac{(1 - S)(1 + 3S)}{12}

    the last for equal importance and values uniform on [0, 1], S = 1 − p.

    Parameters
    ----------
    problem : Problem
        Any features, importances and activation.

    Returns
    -------
    Bound
        *Proved*, for W with orthogonal columns, of which at most m are not zero.

    Notes
    -----
    Turning the m kept features into antipodal pairs, with n ≥ 2m and no bias, changes the loss of each pair from v to
    p²/3: superposition gains m (1 − S)(7S − 3)/12 over this price, which is positive exactly when S > 3/7.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.bounds.price_of_orthogonality(gs.Problem(5, 2, 0.5)).exact  # 3 (0.5)(2.5)/12
    '5/16'
    """
    everything = range(problem.n_features)
    claim = {"quantity": "loss without superposition", "m": problem.n_hidden}
    return _variance_bound(problem, everything, claim, "the price of orthogonality")


def _variance_bound(problem: Problem, chosen: Iterable[int], claim: JSON, method: str) -> Bound:
    variance = variances(problem.features)
    importance = [exact(float(problem.importance[i])) for i in chosen]
    losses = [w * variance[i] for w, i in zip(importance, chosen, strict=True)]
    kept = min(int(claim.get("m", 0)), len(losses))
    value = sum(sorted(losses)[: len(losses) - kept], fmpq(0))
    claim = {
        **claim,
        "importance": _texts(importance),
        "variances": _texts([variance[i] for i in chosen]),
        "value": text(value),
    }
    return bound_from(Certificate("variance", claim, {}), method)


def _weighted(block: Block, weights: list[fmpq]) -> tuple[list[fmpq], list[list[fmpq]]]:
    """Importances and covariance of the features of a block that count."""
    kept = [k for k, i in enumerate(block.members) if weights[i]]
    return [weights[block.members[k]] for k in kept], [[block.covariance[i][j] for j in kept] for i in kept]


def _spectrum(importance: list[fmpq], covariance: list[list[fmpq]]) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues and eigenvectors of D^½ Σ D^½, in floats."""
    root = np.sqrt([float(x.p) / float(x.q) for x in importance])
    Sigma = np.array([[float(x.p) / float(x.q) for x in row] for row in covariance])
    values, vectors = np.linalg.eigh(root[:, None] * Sigma * root)
    return values, vectors


def _excess(
    importance: list[fmpq], covariance: list[list[fmpq]], values: FloatArray, vectors: FloatArray, tau: fmpq
) -> list[list[fmpq]]:
    """Y: the part of the spectrum above τ, in the scale of the covariance; with a little more if it is rounded."""
    if len(importance) == 1:
        return [[max(fmpq(0), covariance[0][0] - tau / importance[0])]]
    threshold = float(tau.p) / float(tau.q)
    root = np.sqrt([float(x.p) / float(x.q) for x in importance])
    Z = (vectors * np.maximum(values - threshold, 0.0)) @ vectors.T
    Z = (Z + Z.T) / 2 + len(root) * SLACK * (np.abs(values).max() + threshold) * np.eye(len(root))
    Y = Z / root[:, None] / root
    Y = np.tril(Y) + np.tril(Y, -1).T
    return [[exact(x) for x in row] for row in Y.tolist()]


def _texts(numbers: Iterable[Number]) -> list[str]:
    return [text(x) for x in numbers]
