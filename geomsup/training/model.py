r"""The model and its gradient, for many instances at once, with the batch on the last axis.

The parameters of an instance are the rows of one matrix θ: W, then W_outᵀ if it is untied, then b. With E the first m
rows and D the last m + 1 (which overlap in a tied model, where D = [W; b]),

.. math:: h = E x, \qquad z = D^\top \begin{bmatrix} h \\ 1 \end{bmatrix}, \qquad x' = \sigma(z), \qquad
          \delta = C \, (x' - x) \circ \sigma'(z), \qquad C = \operatorname{diag}(c),

    \frac{\partial L}{\partial D} = \begin{bmatrix} h \\ 1 \end{bmatrix} \delta^\top, \qquad
    \frac{\partial L}{\partial E} = (D_{1..m} \, \delta) \, x^\top ,

where c_i is 2 I_i over the batch size (and over n for the mean over features). The bias needs no pass of its own, and
the importances multiply only small matrices: rows of θ instead of δ.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geomsup._typing import FloatArray, Floating
from geomsup.problem import Problem

__all__ = ["Model", "pack", "unpack"]


def pack(W: FloatArray, b: FloatArray, W_out: FloatArray | None) -> FloatArray:
    """θ of shape (..., rows, n) from W (..., m, n), b (..., n) and, for an untied model, W_out (..., n, m)."""
    rows = [W] if W_out is None else [W, W_out.swapaxes(-1, -2)]
    return np.concatenate([*rows, b[..., np.newaxis, :]], axis=-2)


def unpack(theta: FloatArray, n_hidden: int) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """W, b and W_out (None for a tied model) of θ."""
    W, b = theta[..., :n_hidden, :], theta[..., -1, :]
    W_out = theta[..., n_hidden:-1, :].swapaxes(-1, -2)
    return W, b, W_out if W_out.shape[-1] else None


class Model:
    """x' = σ(W_out W x + b), or σ(WᵀW x + b), for each of several problems of one shape.

    Parameters
    ----------
    problems : sequence of Problem
        One per instance, with the same sizes and activation.
    x : array, shape (instances, n_features, batch)
        A batch: only its shape and type matter.
    weight : array, shape (instances,)
        The part of the loss that a batch stands for; the rest is the loss at x = 0.
    mean : bool
        Average over features instead of adding up, in the gradient. The loss is always a sum.
    """

    def __init__(self, problems: Sequence[Problem], x: Floating, weight: FloatArray, *, mean: bool) -> None:
        K, n, batch = x.shape
        self.m = problems[0].n_hidden
        self.relu = problems[0].activation == "relu"
        self.importance = np.array([problem.importance for problem in problems])
        self.weight = weight
        share = 2 * self.importance / (n if mean else 1)
        self.scale = (share * weight[:, np.newaxis] / batch).astype(x.dtype)[:, np.newaxis]
        self.scale_at_zero = (share * (1 - weight[:, np.newaxis])).astype(x.dtype)
        self.hidden: Floating = np.ones((K, self.m + 1, batch), x.dtype)
        self.back: Floating = np.empty((K, self.m, batch), x.dtype)
        self.z: Floating = np.empty_like(x)
        self.active = np.empty(x.shape, bool)

    def gradient(self, theta: Floating, x: Floating, out: Floating) -> Floating:
        """∂L/∂θ on the batch, written to `out`."""
        z = self._forward(theta, x)
        if self.relu:
            np.greater(z, 0, out=self.active)
            z -= x
            z *= self.active
        else:
            z -= x
        out[:, : self.m] = 0  # rows of E, which in a tied model are rows of D too
        np.matmul(self.hidden, z.swapaxes(1, 2), out=out[:, -self.m - 1 :])
        out[:, -self.m - 1 :] *= self.scale
        np.matmul(theta[:, -self.m - 1 : -1] * self.scale, z, out=self.back)
        out[:, : self.m] += self.back @ x.swapaxes(1, 2)
        out[:, -1] += self.scale_at_zero * self._activate(theta[:, -1])
        return out

    def loss(self, theta: Floating, x: Floating) -> FloatArray:
        """The estimate of the loss from the batch, a sum over features, shape (instances,)."""
        errors = self._activate(self._forward(theta, x)) - x
        at_zero = self._activate(theta[:, -1].astype(np.float64))
        active = np.mean(errors * errors, axis=2, dtype=np.float64)
        weight = self.weight[:, np.newaxis]
        total: FloatArray = np.sum(self.importance * (weight * active + (1 - weight) * at_zero**2), axis=1)
        return total

    def _forward(self, theta: Floating, x: Floating) -> Floating:
        np.matmul(theta[:, : self.m], x, out=self.hidden[:, : self.m])
        return np.matmul(theta[:, -self.m - 1 :].swapaxes(1, 2), self.hidden, out=self.z)

    def _activate(self, z: Floating) -> Floating:
        return np.maximum(z, 0) if self.relu else z
