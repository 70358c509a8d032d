"""The loss as a function of one vector of free parameters, for many instances at once and at a chosen fidelity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from geomsup._typing import ArrayLike, FloatArray, IntArray
from geomsup._validate import real_array
from geomsup.loss._kernels import kernel
from geomsup.loss._layout import layout
from geomsup.loss.linear import linear_loss_and_grad
from geomsup.problem import Problem

__all__ = ["EXACT", "Bias", "Fidelity", "Objective"]

BiasMode = Literal["free", "zero", "nonpositive"]
Bias = BiasMode | ArrayLike


@dataclass(frozen=True)
class Fidelity:
    """Accuracy of one evaluation: rows by splines of at most ``budget`` nodes, the others by ``terms`` frequencies."""

    terms: int
    budget: int


SPLINE = Fidelity(terms=0, budget=700)
"""Every row a spline, at every stage, where no tree has more nodes than that."""
COARSE = Fidelity(terms=32, budget=0)
MIDDLE = Fidelity(terms=512, budget=200)
EXACT = Fidelity(terms=4096, budget=20_000)
"""The last word of a search at up to 48 features: near a minimum most rows are short splines."""


class Objective:
    """Loss and gradient in x = (W, b), or x = W where the bias is fixed.

    Parameters
    ----------
    problem : Problem
        What to minimise.
    bias : "free", "zero", "nonpositive" or array of shape (n_features,)
        Whether b is free, fixed at zero, constrained to b ≤ 0, or fixed at the values given.

    Attributes
    ----------
    exact : bool
        Whether every evaluation, at any fidelity, is exact up to rounding.
    coarse, stages, fine : Fidelity, tuple of Fidelity, Fidelity
        Of a search, of the descents that finish it one after the other, and of Newton's method.
    stage_steps : int
        Most steps of each of those descents.
    variances : array, shape (n_features,)
        What each feature loses at its best constant answer, I_i Var x_i.
    scale : float
        Loss of the best constant answer, Σ_i I_i Var x_i: what gradients are measured by. Where no input varies, the
        loss of the answer 0, Σ_i I_i E x_i².

    Raises
    ------
    ValueError
        Another word, or a bias of another shape.
    """

    def __init__(self, problem: Problem, bias: Bias = "free") -> None:
        self.problem = problem
        n, m = problem.n_features, problem.n_hidden
        self.fixed: FloatArray | None = None
        self.nonpositive = False
        self.stopped = False
        if isinstance(bias, str):
            if bias not in ("free", "zero", "nonpositive"):
                raise ValueError(
                    f"bias={bias!r} is unknown: pass 'free', 'zero', 'nonpositive' or an array of n_features values"
                )
            self.nonpositive = bias == "nonpositive"
            if bias == "zero":
                self.fixed = np.zeros(n)
        else:
            self.fixed = real_array("bias", bias)
            if self.fixed.shape != (n,):
                raise ValueError(f"bias has shape {self.fixed.shape}, but the problem has n_features={n}: pass ({n},)")
        self.split = n * m
        self.size = self.split + (0 if self.fixed is not None else n)
        self.data = layout(problem)
        self.exact = self.data.spline_nodes <= SPLINE.budget
        self.coarse, self.stages, self.stage_steps, self.fine = _fidelities(n, self.exact)
        second = np.diag(problem.features.second_moments())
        self.variances = problem.importance * (second - problem.features.mean() ** 2)
        variance, size = float(self.variances.sum()), float(problem.importance @ second)
        self.scale = max(variance if variance > 1e-9 * size else size, 1e-300)

    def bias_of(self, features: IntArray) -> Bias:
        """What `bias` says of these features alone."""
        if self.fixed is not None:
            return self.fixed[features]
        return "nonpositive" if self.nonpositive else "free"

    def pack(self, W: FloatArray, b: FloatArray) -> FloatArray:
        """The vector of free parameters of weights with any leading axes."""
        flat = W.reshape(*W.shape[:-2], self.split)
        return flat if self.fixed is not None else np.concatenate([flat, b], axis=-1)

    def unpack(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """W and b from the vector."""
        n, m = self.problem.n_features, self.problem.n_hidden
        W = x[..., : self.split].reshape(*x.shape[:-1], m, n)
        b = x[..., self.split :] if self.fixed is None else np.broadcast_to(self.fixed, (*x.shape[:-1], n))
        return W, b

    def project(self, x: FloatArray) -> FloatArray:
        """The nearest feasible point."""
        if self.nonpositive:
            x = x.copy()
            np.minimum(x[..., self.split :], 0, out=x[..., self.split :])
        return x

    def held(self, x: FloatArray, gradient: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Coordinates that the constraint b ≤ 0 keeps from moving downhill."""
        mask = np.zeros(x.shape, dtype=bool)
        if self.nonpositive:
            mask[..., self.split :] = (x[..., self.split :] >= 0) & (gradient[..., self.split :] < 0)
        return mask

    def __call__(self, x: FloatArray, fidelity: Fidelity) -> tuple[FloatArray, FloatArray]:
        """Loss (S,) and gradient (S, size) of S parameter vectors.

        Raises
        ------
        InterruptedError
            After `stopped` was set, so that the threads of an interrupted search end at once.
        """
        W, b = self.unpack(x)
        loss, dM, db = self.effective(np.swapaxes(W, -1, -2) @ W, b, fidelity)
        dW = W @ (dM + np.swapaxes(dM, -1, -2))
        return loss, self.pack(dW, db)

    def effective(self, M: FloatArray, b: FloatArray, fidelity: Fidelity) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Loss (S,), dM (S, n, n) and db (S, n) of S effective matrices and biases, whose rows stand alone.

        Raises
        ------
        InterruptedError
            As above.
        """
        if self.stopped:
            raise InterruptedError("the search was stopped")
        if self.problem.activation == "identity":
            loss, _, dM, db = linear_loss_and_grad(self.problem, M, b)
            return loss, dM, db
        return kernel().batch(self.data, M, np.ascontiguousarray(b), fidelity.terms, fidelity.budget)

    def rotations(self, x: FloatArray) -> FloatArray:
        """Orthonormal basis, in columns, of the directions in which rotations of the hidden space move x."""
        W, _ = self.unpack(x)
        m = W.shape[0]
        directions = []
        for i in range(m):
            for j in range(i):
                move = np.zeros_like(W)
                move[i], move[j] = W[j], -W[i]
                directions.append(self.pack(move, np.zeros(W.shape[1])))
        if not directions:
            return np.zeros((self.size, 0))
        U, s, _ = np.linalg.svd(np.array(directions).T, full_matrices=False)
        return np.asarray(U[:, s > 1e-8 * max(1e-300, s[0])])


def _fidelities(n_features: int, exact: bool) -> tuple[Fidelity, tuple[Fidelity, ...], int, Fidelity]:
    """Coarse, stages, steps per stage and fine, by the size of the problem.

    Beyond 48 features all rows stay series: a row that changes its method makes the loss jump by the truncation error,
    at which a line search fails. Measured at finished minima, where zeros are exactly zero: gradients are off by 6e-13
    at 2048 terms with 80 features (p = 0.01), by 1e-10 at 1024 terms with 215 (p = 0.05).
    """
    if exact:
        return SPLINE, (SPLINE,), 1500, SPLINE
    if n_features <= 48:
        return COARSE, (MIDDLE,), 1500, EXACT
    if n_features <= 128:
        return COARSE, (Fidelity(64, 0), Fidelity(256, 0)), 400, Fidelity(2048, 0)
    return COARSE, (Fidelity(64, 0),), 100, Fidelity(1024, 0)
