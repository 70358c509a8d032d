r"""The linear model, where the expected loss is a quadratic form in the first two moments of the inputs.

With :math:`S = E\,xx^\top`, :math:`\mu = E\,x` and residual rows :math:`r_i = e_i - M_{i\cdot}`,

.. math:: L = \sum_i I_i \left( r_i S r_i^\top - 2 b_i\, r_i \mu + b_i^2 \right).
"""

from __future__ import annotations

import numpy as np

from geomsup._typing import FloatArray
from geomsup.problem import Problem

__all__ = ["linear_loss_and_grad"]


def linear_loss_and_grad(
    problem: Problem, M: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Loss, bound on its rounding error, dM and db for σ(z) = z; leading axes of M and b number instances.

    Examples
    --------
    >>> import numpy as np
    >>> import geomsup as gs
    >>> from geomsup.loss.linear import linear_loss_and_grad
    >>> problem = gs.Problem(n_features=1, n_hidden=1, feature_probability=1.0, activation="identity")
    >>> loss, error, dM, db = linear_loss_and_grad(problem, np.array([[0.0]]), np.array([0.5]))
    >>> round(float(loss), 12)  # the variance of a uniform variable
    0.083333333333
    """
    S, mean = problem.features.second_moments(), problem.features.mean()
    importance = problem.importance
    residual = np.eye(problem.n_features) - M
    image = residual @ S
    shift = residual @ mean
    rows = np.sum(image * residual, axis=-1) - 2 * b * shift + b * b
    loss = rows @ importance
    size = np.sum((np.abs(residual) @ np.abs(S)) * np.abs(residual), axis=-1)
    size = size + 2 * np.abs(b) * (np.abs(residual) @ np.abs(mean)) + b * b
    error = 2.0**-53 * (4 * problem.n_features + 8) * (size @ importance)
    dM = -2 * importance[:, None] * (image - b[..., None] * mean)
    db = 2 * importance * (b - shift)
    return loss, error, dM, db
