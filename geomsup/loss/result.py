"""What the evaluations of a loss return: a value with a bound on its error, and an expansion with two bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geomsup._typing import FloatArray

__all__ = ["Expansion", "ExpectedLoss"]


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
