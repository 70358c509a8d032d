r"""The inequalities of a marked two-point bound at points, in floats: linear functions of the matrices F_k and of q.

Theorem and names are those of :mod:`geomsup.bounds._check_marked` and, for biases b ≥ 0, of
:mod:`geomsup.bounds._check_free`. What a feature brings into a pair depends on the sign of its bias only, and on one
mark x: e if b ≤ 0, and φ if b ≥ 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geomsup._typing import FloatArray
from geomsup.bounds.lp import gegenbauer_values

__all__ = ["Kind", "Pair", "Proposal", "Shape", "kappa_values", "powers", "response_values"]


@dataclass(frozen=True)
class Proposal:
    """A solution in floats: F of shape (degree + 1, rows, rows), q constant first, and v."""

    F: FloatArray
    q: FloatArray
    v: float


@dataclass(frozen=True)
class Shape:
    """Features and dimensions, the largest k of P_k, rows of F_k for biases b ≤ 0 and b ≥ 0, and the degree of q."""

    n: int
    m: int
    degree: int
    marks: int
    loud: int
    alone: int


@dataclass(frozen=True)
class Kind:
    """Features with a bias b ≥ 0, or b ≤ 0, as functions of their mark x."""

    shape: Shape
    positive: bool

    def size(self, x: FloatArray) -> FloatArray:
        """What its part of the kernel has the square of, and its own term the cube."""
        return np.ones_like(x) if self.positive else x

    def norm(self, x: FloatArray) -> FloatArray:
        """r at scale 1."""
        return x if self.positive else np.ones_like(x)

    def bias(self, x: FloatArray) -> FloatArray:
        """b at scale 1."""
        return np.asarray(1 - x**2 if self.positive else x - 1)

    def marks(self, x: FloatArray) -> FloatArray:
        """ψ_k(x), of shape (degree + 1, rows, x)."""
        degree, marks, loud = self.shape.degree, self.shape.marks, self.shape.loud
        found = np.zeros((degree + 1, marks + loud, x.size))
        if self.positive:
            found[:, marks:] = powers(x**2, loud)
            found[1::2] *= x
            found[2::2] *= x**2
        else:
            found[:, :marks] = powers(x, marks)
        return found

    def alone(self, x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """q as coefficients of F and of q, and a constant."""
        both, n = self.marks(x), self.shape.n
        if not self.positive:
            rows = both.shape[1]
            return np.zeros((x.size, len(both), rows, rows)), powers(x, self.shape.alone + 1).T, 0 * x
        diagonal = np.einsum("kax,kbx->xkab", both, both)
        return -diagonal / (2 * (n - 1)), np.zeros((x.size, self.shape.alone + 1)), (3 - 3 * x**2 + x**4) / (n - 1)


@dataclass(frozen=True)
class Pair:
    """The inequality of a pair of kinds at the rows (ρ, x, x', t): the second feature is ρ times as large."""

    first: Kind
    second: Kind

    def left(self, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients of F and of q on the left, each of shape (rows, ...)."""
        rho, x, y, t = X.T
        shape, sizes = self.first.shape, (self.first.size(x), self.second.size(y))
        P = gegenbauer_values(shape.m, shape.degree, t) * (rho * sizes[0] * sizes[1]) ** 2
        F = np.einsum("kx,kax,kbx->xkab", P, self.first.marks(x), self.second.marks(y))
        one, other = self.first.alone(x), self.second.alone(y)
        of_F = (F + F.swapaxes(2, 3)) / 2
        weights = sizes[0] ** 3, rho**4 * sizes[1] ** 3
        of_q = np.zeros((len(X), shape.alone + 1))
        for weight, own in zip(weights, (one, other), strict=True):
            of_F -= weight[:, None, None, None] * own[0]
            of_q -= weight[:, None] * own[1]
        return of_F, of_q

    def right(self, X: FloatArray) -> FloatArray:
        """What both outputs lose by the other feature, and the constants of q."""
        rho, x, y, t = X.T
        z, weights = self.first.norm(x) * self.second.norm(y) * t, (self.first.size(x) ** 3, self._small(X))
        lost = response_values(rho * z, self.first.bias(x)) + rho**2 * response_values(z, rho * self.second.bias(y))
        return np.asarray(lost + weights[0] * self.first.alone(x)[2] + weights[1] * self.second.alone(y)[2])

    def weight(self, X: FloatArray) -> FloatArray:
        """The size of the own terms."""
        return np.asarray(self.first.size(X[:, 1]) ** 3 + self._small(X))

    def slack(self, proposal: Proposal, X: FloatArray) -> FloatArray:
        """What is left of the inequality, relative to the size of the own terms."""
        F, q = self.left(X)
        left = F.reshape(len(X), -1) @ proposal.F.ravel() + q @ proposal.q
        return np.asarray((self.right(X) - left) / self.weight(X))

    def _small(self, X: FloatArray) -> FloatArray:
        return np.asarray(X[:, 0] ** 4 * self.second.size(X[:, 2]) ** 3)


def powers(e: FloatArray, count: int) -> FloatArray:
    """1, e, e², … as rows."""
    return np.array([e**k for k in range(count)])


def kappa_values(z: FloatArray, y: FloatArray) -> FloatArray:
    """(z − y)₊³/z for y ≥ 0."""
    above = np.maximum(z - y, 0.0)
    return np.asarray(above**3 / np.where(above > 0, z, 1.0))


def response_values(c: FloatArray, b: FloatArray) -> FloatArray:
    """3 E(cu + b)₊² for a bias of either sign."""
    whole = c * c + 3 * c * b + 3 * b * b
    part = b**3 / np.where(c < -b, np.maximum(-c, 1e-300), 1.0)
    return np.where(b <= 0, kappa_values(c, -b), np.where(c < -b, part, whole))
