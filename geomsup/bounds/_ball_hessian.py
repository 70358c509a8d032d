r"""Second derivatives of the loss with one active feature, in balls: whether it is convex near an arrangement.

With F(g, b) = (g + b)³/g, wherever an output responds, three times the loss is

.. math:: 3L = \sum_i \bigl[1 + F(g_{ii}, b_i) - \partial_g F(g_{ii}, b_i)\bigr]
          + \sum_{i \ne j,\; g_{ij} + b_i > 0} F(g_{ij}, b_i), \qquad g_{ij} = W_i \cdot W_j,

and with u = b/g: F_g = g (2 + 3u − u³), F_gg = 2 + 2u³, F_gb = 3 − 3u², F_bb = 6 + 6u, F_ggg = −6u³/g, F_ggb = 6u²/g,
F_gbb = −6u/g. The variables are the coordinates of W_i and b_i, feature by feature.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from flint import arb

from geomsup._typing import FloatArray
from geomsup.bounds.verify import Refuted

__all__ = ["Balls", "Matrix", "add_outer", "hessian", "positive_definite"]

Balls = Sequence[arb]
Matrix = list[list[arb]]
Second = tuple[arb, arb, arb, arb]
"""f_g, f_gg, f_gb, f_bb of a function of (g, b)."""


def hessian(W: Sequence[Balls], b: Balls) -> Matrix:
    """Second derivatives of 3L, enclosed for all W_i and b_i in the balls given; W is a list of features.

    Raises
    ------
    Refuted
        Some output neither responds to a feature on all of the balls nor is silent on all of them.
    """
    dimension = len(W[0]) + 1
    H = [[arb(0)] * (dimension * len(W)) for _ in range(dimension * len(W))]
    for i, bias in enumerate(b):
        for j in range(len(W)):
            g = sum((x * y for x, y in zip(W[i], W[j], strict=True)), arb(0))
            if g + bias > 0:
                _add(H, W, i, j, _own(g, bias) if i == j else _other(g, bias))
            elif i == j or not g + bias < 0:
                raise Refuted(f"output {i} may or may not respond to feature {j}")
    return H


def add_outer(H: Matrix, u: Balls) -> None:
    """H + uuᵀ, in place."""
    for row, x in zip(H, u, strict=True):
        for k, y in enumerate(u):
            row[k] = row[k] + x * y


def positive_definite(H: Matrix) -> bool:
    """Whether every symmetric matrix within the balls is shown to be positive definite.

    With T the inverse of a Cholesky factor of the centers, in floats, and |TᵀHT − 1| ≤ E entry by entry, Ew < w for
    some w > 0 says that TᵀHT, scaled by w, has a diagonal above the sum of the rest of each row. So it is positive
    definite, whatever T and w are; T is therefore regular, and H positive definite.
    """
    size = range(len(H))
    centers = np.array([[float(x.mid()) for x in row] for row in H])
    try:
        T = np.linalg.inv(np.linalg.cholesky((centers + centers.T) / 2)).T
    except np.linalg.LinAlgError:
        return False
    columns = [[arb(x) for x in column] for column in T.T.tolist()]
    H_columns = [[_dot(row, column) for row in H] for column in columns]
    E = [[abs(_dot(columns[i], H_columns[j]) - int(i == j)).upper() for j in size] for i in size]
    w = [arb(x) for x in _growing(np.array([[float(x) for x in row] for row in E]))]
    return all(_dot(row, w) < x for row, x in zip(E, w, strict=True))


def _growing(E: FloatArray) -> list[float]:
    """A positive vector that E stretches by about the same factor everywhere."""
    w = np.ones(len(E))
    for _ in range(50):
        w = E @ w + 1e-3 * w
        w /= w.max()
    return list(w.tolist())


def _other(g: arb, b: arb) -> Second:
    """Of F(g, b)."""
    u = b / g
    return g * (2 + 3 * u - u * u * u), 2 + 2 * u * u * u, 3 - 3 * u * u, 6 + 6 * u


def _own(g: arb, b: arb) -> Second:
    """Of F − ∂_g F."""
    u = b / g
    F = _other(g, b)
    return F[0] - F[1], F[1] + 6 * u * u * u / g, F[2] - 6 * u * u / g, F[3] + 6 * u / g


def _add(H: Matrix, W: Sequence[Balls], i: int, j: int, second: Second) -> None:
    """Add the second derivatives of f(W_i·W_j, b_i)."""
    by_g, by_gg, by_gb, by_bb = second
    m = len(W[i])
    at_i, at_j, bias = i * (m + 1), j * (m + 1), i * (m + 1) + m
    slope: dict[int, arb] = {}
    for k in range(m):
        for place, x in ((at_i + k, W[j][k]), (at_j + k, W[i][k])):
            slope[place] = slope.get(place, arb(0)) + x
        H[at_i + k][at_j + k] = H[at_i + k][at_j + k] + by_g
        H[at_j + k][at_i + k] = H[at_j + k][at_i + k] + by_g
    for p, x in slope.items():
        for q, y in slope.items():
            H[p][q] = H[p][q] + by_gg * x * y
        H[p][bias] = H[p][bias] + by_gb * x
        H[bias][p] = H[bias][p] + by_gb * x
    H[bias][bias] = H[bias][bias] + by_bb


def _dot(u: Balls, v: Balls) -> arb:
    return sum((x * y for x, y in zip(u, v, strict=True)), arb(0))
