"""Directions from strongly regular graphs: one product for neighbours, one for the others."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from geomsup._typing import BoolArray, FloatArray
from geomsup._validate import integer
from geomsup.frames.polytopes import simplex

__all__ = ["clebsch_code", "equiangular", "petersen_code", "two_products"]


def petersen_code() -> FloatArray:
    """Ten directions in R⁴ on the vertices of the Petersen graph: products −2/3 for neighbours, 1/6 for the others.

    The projection on the eigenspace of the graph for −2, or: the midpoints of the edges of a simplex. Symmetry order
    120. Tight, D = 2/5. (Bachoc, Vallentin 2009, "Optimality and uniqueness of the (4,10,1/6) spherical code".)

    Returns
    -------
    ndarray of shape (4, 10)

    Examples
    --------
    >>> import geomsup as gs, numpy as np
    >>> W = gs.frames.petersen_code()
    >>> [round(float(product), 4) for product in np.unique((W.T @ W).round(6))]
    [-0.6667, 0.1667, 1.0]
    """
    return two_products(_petersen(), -2 / 3, 1 / 6, 4)


def clebsch_code() -> FloatArray:
    """Sixteen directions in R⁵ on the vertices of the Clebsch graph: products −3/5 for neighbours, 1/5 for the others.

    The projection on the eigenspace of the graph for −3, or: every other vertex of the cube in R⁵. Symmetry order
    1920. Tight, D = 5/16. (Cohn, Kumar, "Universally optimal distribution of points on spheres", table 1.)

    Returns
    -------
    ndarray of shape (5, 16)

    Examples
    --------
    >>> import geomsup as gs, numpy as np
    >>> W = gs.frames.clebsch_code()
    >>> [round(float(product), 4) for product in np.unique((W.T @ W).round(6))]
    [-0.6, 0.2, 1.0]
    """
    return two_products(_clebsch(), -3 / 5, 1 / 5, 5)


def equiangular(n_features: int, n_hidden: int) -> FloatArray:
    r"""An equiangular tight frame: all products ±c with c as small as Welch's bound allows.

    .. math:: c = \sqrt{\frac{n - m}{m(n - 1)}}, \qquad W W^\top = \frac{n}{m} I

    A change of sign of a column keeps the lines but changes the arrangement, so a choice of signs is part of the
    definition. With "neighbours" those of the graph named:

    ========  ====  ==========  ======================================================  ==============
    n in m    c     neighbours  graph                                                   symmetry order
    ========  ====  ==========  ======================================================  ==============
    6 in 3    1/√5  −c          a pentagon and a vertex apart (half of an icosahedron)  10
    10 in 5   1/3   −c          Petersen                                                120
    16 in 6   1/3   −c          Clebsch                                                 1920
    28 in 7   1/3   +c          pairs out of eight, neighbours when they share one      40320
    d+1 in d  1/d   −c          complete: the simplex                                   (d+1)!
    ========  ====  ==========  ======================================================  ==============

    (Lemmens, Seidel 1973, "Equiangular lines"; Fickus, Mixon, "Tables of the existence of equiangular tight frames".)

    Parameters
    ----------
    n_features, n_hidden : int
        n and m, as in the table.

    Raises
    ------
    ValueError
        No such frame is in the table.

    Examples
    --------
    >>> import geomsup as gs, numpy as np
    >>> W = gs.frames.equiangular(6, 3)
    >>> [round(float(product), 4) for product in np.unique((W.T @ W).round(6))]
    [-0.4472, 0.4472, 1.0]
    """
    n = integer("n_features", n_features, at_least=2)
    m = integer("n_hidden", n_hidden, at_least=1)
    if n == m + 1:
        return simplex(m)
    if (n, m) == (6, 3):
        distance = np.subtract.outer(np.arange(6), np.arange(6)) % 5
        adjacent = (distance == 1) | (distance == 4)
        adjacent[5] = adjacent[:, 5] = False
        return two_products(adjacent, -1 / np.sqrt(5), 1 / np.sqrt(5), 3)
    if (n, m) == (10, 5):
        return two_products(_petersen(), -1 / 3, 1 / 3, 5)
    if (n, m) == (16, 6):
        return two_products(_clebsch(), -1 / 3, 1 / 3, 6)
    if (n, m) == (28, 7):
        return two_products(_shared(8) == 1, 1 / 3, -1 / 3, 7)
    raise ValueError(
        f"no equiangular tight frame of {n} in {m} dimensions is known here: "
        "pass 6 in 3, 10 in 5, 16 in 6, 28 in 7 or d + 1 in d"
    )


def _petersen() -> BoolArray:
    """Vertices: pairs out of five; neighbours: disjoint pairs."""
    return np.asarray(_shared(5) == 0)


def _shared(points: int) -> FloatArray:
    """How many points two pairs share, for all pairs out of `points`."""
    pairs = np.zeros((points * (points - 1) // 2, points))
    for row, pair in zip(pairs, combinations(range(points), 2), strict=True):
        row[list(pair)] = 1
    return np.asarray(pairs @ pairs.T)


def _clebsch() -> BoolArray:
    """Vertices: words of four bits; neighbours: words that differ in one bit or in all four."""
    words = np.array([[(word >> bit) & 1 for bit in range(4)] for word in range(16)])
    differ = (words[:, None] != words[None]).sum(axis=-1)
    return np.asarray((differ == 1) | (differ == 4))


def two_products(adjacent: BoolArray, neighbours: float, others: float, rank: int) -> FloatArray:
    """Unit columns of the given rank whose products are `neighbours` on edges and `others` elsewhere.

    The Gram matrix is n/rank times a projection, so its eigenvectors give the columns.
    """
    G = np.where(adjacent, neighbours, others)
    np.fill_diagonal(G, 1.0)
    _, vectors = np.linalg.eigh(G)
    return np.asarray(np.sqrt(len(G) / rank) * vectors[:, -rank:].T)
