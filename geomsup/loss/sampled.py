"""The loss by Monte Carlo: an estimate with its standard error, for problems of any kind and size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geomsup._typing import ArrayLike
from geomsup._validate import integer
from geomsup.problem import Problem

__all__ = ["SampledLoss", "sampled_loss"]


@dataclass(frozen=True)
class SampledLoss:
    """A sample mean of the loss with its standard error. ``float()`` gives the value.

    Parameters
    ----------
    value : float
        Mean over the samples.
    stderr : float
        Standard deviation over samples divided by the root of their number.
    n_samples : int
        Number of samples.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.SampledLoss(value=0.0892, stderr=0.0011, n_samples=1000)
    SampledLoss(0.0892 ± 0.0011, n_samples=1000)
    """

    value: float
    stderr: float
    n_samples: int

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return f"SampledLoss({self.value:.6g} ± {self.stderr:.2g}, n_samples={self.n_samples})"


def sampled_loss(
    problem: Problem,
    W: ArrayLike,
    b: ArrayLike,
    *,
    n_samples: int,
    rng: np.random.Generator | int | None = None,
    W_out: ArrayLike | None = None,
    batch_size: int = 65_536,
) -> SampledLoss:
    r"""Estimate the expected loss L = E Σ_i I_i (x_i − σ(WᵀWx + b)_i)² from random inputs.

    .. math:: \bar\ell = \frac1N \sum_s \ell_s, \qquad
              \text{stderr}^2 = \frac{1}{N (N - 1)} \sum_s (\ell_s - \bar\ell)^2

    Parameters
    ----------
    problem : Problem
        Any features and activation.
    W : array_like, shape (n_hidden, n_features)
        Feature directions in its columns.
    b : array_like, shape (n_features,)
        Output bias.
    n_samples : int
        Number of inputs, at least 2.
    rng : Generator, int or None
        Passed through `numpy.random.default_rng`.
    W_out : array_like, shape (n_features, n_hidden), optional
        Output weights of an untied model; by default ``W.T``.
    batch_size : int
        Inputs held in memory at a time. A generator gives other inputs with another batch size.

    Returns
    -------
    SampledLoss

    Raises
    ------
    ValueError
        Fewer than 2 samples, or weights that do not fit the problem.

    Notes
    -----
    The standard error means what it says when many samples contribute: with rare features (n_samples · p of order 1)
    it is as random as the estimate. Batches are merged by the update of Chan, Golub and LeVeque (1983), *Algorithms
    for computing the sample variance*, which does not cancel.

    Examples
    --------
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=2, n_hidden=1, feature_probability=0.5)
    >>> W, b = [[1.0, -1.0]], [0.0, 0.0]
    >>> estimate = gs.sampled_loss(problem, W, b, n_samples=10_000, rng=0)
    >>> abs(float(estimate) - float(gs.oracle_loss(problem, W, b))) < 4 * estimate.stderr < 0.01
    True
    """
    W, b = problem.check_weights(W, b)
    out = W.T if W_out is None else problem.check_output_weights(W_out)
    if W.ndim != 2 or out.ndim != 2:
        raise ValueError(f"W has shape {W.shape} and W_out {out.shape}, several instances: pass one of them at a time")
    n_samples = integer("n_samples", n_samples, at_least=2)
    batch_size = integer("batch_size", batch_size, at_least=1)
    rng = np.random.default_rng(rng)
    mean = squares = 0.0  # squares: sum of squared deviations from the mean
    for done in range(0, n_samples, batch_size):
        size = min(batch_size, n_samples - done)
        x = problem.features.sample(rng, size)
        losses = (x - problem.activation_function(x @ W.T @ out.T + b)) ** 2 @ problem.importance
        difference = float(losses.mean()) - mean
        squares += float(np.sum((losses - losses.mean()) ** 2)) + difference**2 * done * size / (done + size)
        mean += difference * size / (done + size)
    return SampledLoss(mean, float(np.sqrt(squares / n_samples / (n_samples - 1))), n_samples)
