"""Where training starts: random weights of a named scale, or weights that are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from geomsup._typing import ArrayLike, FloatArray
from geomsup.problem import Problem
from geomsup.training.model import pack

__all__ = ["given_start", "random_start"]


def random_start(
    problems: Sequence[Problem], scale: str | float, rng: np.random.Generator, *, tied: bool
) -> FloatArray:
    r"""θ with W normal of mean 0, shape (instances, rows, n_features), and b = 0.

    For K instances the standard deviation is

    .. math:: \sigma_\text{xavier}^2 = \frac{2}{n + m}, \qquad \sigma_\text{notebook}^2 = \frac{2}{n m + K m} :

    Glorot and Bengio (2010) for one matrix, and what ``torch.nn.init.xavier_normal_`` makes of the notebook's tensor of
    shape (K, n, m), which depends on the number of instances. A number is the standard deviation itself. The output
    weights of an untied model are drawn like the input weights.
    """
    K, n, m = len(problems), problems[0].n_features, problems[0].n_hidden
    if scale == "xavier":
        scale = np.sqrt(2 / (n + m))
    elif scale == "notebook":
        scale = np.sqrt(2 / (n * m + K * m))
    theta = np.zeros((K, (m if tied else 2 * m) + 1, n))
    theta[:, :-1] = float(scale) * rng.standard_normal(theta[:, :-1].shape)
    return theta


def given_start(problems: Sequence[Problem], start: Any, *, tied: bool) -> FloatArray:
    """θ from weights: (W, b), (W, b, W_out), or an object that has them; one set for all instances, or one for each.

    An untied model without output weights starts from W_out = Wᵀ.

    Raises
    ------
    ValueError
        Weights that do not fit the problems, or output weights for a tied model.
    """
    W, b, W_out = _weights(start)
    problem, K = problems[0], len(problems)
    if W_out is not None and tied:
        raise ValueError("start has output weights, but a tied model has none: pass tied=False, or (W, b)")
    W, b = problem.check_weights(W, b)
    if tied:
        theta = pack(W, b, None)
    else:
        out = W.swapaxes(-1, -2) if W_out is None else problem.check_output_weights(W_out)
        if out.shape[:-2] != W.shape[:-2]:
            raise ValueError(f"W has shape {W.shape} and W_out {out.shape}: pass as many instances of both")
        theta = pack(W, b, out)
    if theta.shape[:-2] not in ((), (K,)):
        raise ValueError(
            f"start has W of shape {W.shape}, but there are {K} instances: "
            f"pass shape {W.shape[-2:]} for all of them or {(K, *W.shape[-2:])}"
        )
    return np.broadcast_to(theta, (K, *theta.shape[-2:])).copy()


def _weights(start: Any) -> tuple[ArrayLike, ArrayLike, ArrayLike | None]:
    if hasattr(start, "W") and hasattr(start, "b"):
        return start.W, start.b, getattr(start, "W_out", None)
    if isinstance(start, tuple) and len(start) in (2, 3):
        return start[0], start[1], start[2] if len(start) == 3 else None
    raise ValueError(
        f"start={type(start).__name__} is not understood: pass 'xavier', 'notebook', a standard deviation, (W, b), "
        "(W, b, W_out), an Arrangement, a Solution or a Run"
    )
