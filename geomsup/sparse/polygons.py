r"""Regular polygons with one active feature: their stationarity equations, reduced to one unknown and solved.

Take k features of norm l at angles 2πj/k in the plane, all with bias b ≤ 0, and put g = l², t = −b/g (the cosine at
which an output begins to respond) and c_j = cos(2πj/k). One active feature, values uniform on [0, 1]:

.. math:: 3 H = 1 - g P(t) + g^2 Q(t), \qquad P = (1-t)^2 (2+t), \qquad
          Q = (1-t)^3 + \sum_{j \ne 0,\; c_j > t} \frac{(c_j - t)^3}{c_j},

for the loss H of one output, so the best norm is g = P/2Q, the loss 3H = 1 − P²/4Q, and its derivative in t vanishes
where

.. math:: G(t) = t (1-t)^3 + \sum_{j \ne 0,\; c_j > t} \frac{(c_j - t)^2}{c_j}
          \bigl[2 c_j (1 + t) - 2 - t - t^2\bigr] = 0,

a polynomial between consecutive cosines. For k ≥ 5, G is negative at 0 and positive at c_1: there is a root between
them. A critical point of this two-parameter family is a critical point of the loss, because the family is all that the
symmetries of the polygon leave fixed (Palais 1979, *The principle of symmetric criticality*).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from geomsup._validate import integer
from geomsup.arrangement import Arrangement

__all__ = ["KGon", "k_gon"]


@dataclass(frozen=True)
class KGon:
    """A critical regular k-gon: the norm and bias at which its loss with one active feature is stationary.

    Parameters
    ----------
    k : int
        Number of features.
    length : float
        l*, their common norm.
    bias : float
        b*, at most 0.
    h : float
        h_k = 3 Σ_i (loss of output i), summed over which feature is active: 3 times the limit of L/p.
    acute, interacting : int
        How many neighbours on each side are at acute angles, and how many of them an output responds to: those with
        cosine above −b*/l*².

    Examples
    --------
    >>> import geomsup as gs
    >>> pentagon = gs.k_gon(5)
    >>> print(f"{pentagon.length:.5f} {pentagon.bias:.5f} {pentagon.h:.5f} {pentagon.mean_loss():.6f}")
    1.17046 -0.28230 0.23738 0.015826
    """

    k: int
    length: float
    bias: float
    h: float
    acute: int
    interacting: int

    def mean_loss(self, n_features: int | None = None, *, biased: int = 0) -> float:
        r"""L(k, c) = (h_k + c − k)/(3c): the loss of c features of which k form the polygon and the others are dead.

        Inputs have exactly one active feature (Chen et al. 2023, arXiv:2310.06301). A dead feature with no direction
        and bias ≤ 0 loses E u² = 1/3; with a bias b > 0 it loses (1/c)(1/3 − b + c b²), least at b = 1/(2c), which
        saves 1/(4c²).

        Parameters
        ----------
        n_features : int, optional
            c, at least k; by default k.
        biased : int
            Dead features with bias 1/(2c), the pluses in k⁺.

        Raises
        ------
        ValueError
            Fewer features than the polygon has, or more biased ones than are dead.

        Examples
        --------
        >>> import geomsup as gs
        >>> print(f"{gs.k_gon(5).mean_loss(6):.5f} {gs.k_gon(5).mean_loss(6, biased=1):.5f}")
        0.06874 0.06180
        """
        c = self.k if n_features is None else integer("n_features", n_features, at_least=self.k)
        if integer("biased", biased, at_least=0) > c - self.k:
            raise ValueError(f"biased={biased}, but of {c} features only {c - self.k} are dead: pass at most that")
        return (self.h + c - self.k) / (3 * c) - biased / (4 * c**2)

    @property
    def arrangement(self) -> Arrangement:
        """The polygon as an :class:`~geomsup.Arrangement`."""
        angle = 2 * np.pi * np.arange(self.k) / self.k
        return Arrangement(self.length * np.array([np.cos(angle), np.sin(angle)]), np.full(self.k, self.bias))


def k_gon(k: int, *, all_acute: bool = False) -> KGon:
    r"""Solve for the norm and bias at which the regular k-gon is critical with one active feature and b ≤ 0.

    Parameters
    ----------
    k : int
        Number of features, at least 3.
    all_acute : bool
        Refuse a polygon whose outputs do not respond to all neighbours at acute angles.

    Returns
    -------
    KGon
        Norm and bias to about 14 digits.

    Raises
    ------
    ValueError
        Fewer than three features; or, if asked, outputs that do not respond to all neighbours at acute angles.

    Notes
    -----
    Chen et al. 2023 (arXiv:2310.06301) tabulate k = 5 … 8. There is a critical regular k-gon for every k ≥ 5, but
    only for k = 5 … 8 and 12 do its outputs respond to all neighbours at acute angles: equations that take this for
    granted have no solution at k = 9, 10, 11, 13 and, as far as checked, any k up to 200. That G has one root only was
    checked for the same k, numerically. For k ≤ 4 nothing interferes: l = 1, b = 0, h = 0.

    Examples
    --------
    >>> import geomsup as gs
    >>> nonagon = gs.k_gon(9)
    >>> nonagon.acute, nonagon.interacting
    (2, 1)
    >>> gs.k_gon(9, all_acute=True)
    Traceback (most recent call last):
    ...
    ValueError: in the critical regular 9-gon an output responds to 1 of 2 neighbours at acute angles on each side: ...
    """
    k = integer("k", k, at_least=3)
    c = np.cos(2 * np.pi * np.arange(1, (k - 1) // 4 + 1) / k)  # at acute angles, on one side

    def G(t: float) -> float:
        d = np.maximum(c - t, 0)
        return float(t * (1 - t) ** 3 + 2 * np.sum(d**2 / c * (2 * c * (1 + t) - 2 - t - t**2)))

    t = brentq(G, 0.0, c[0], xtol=1e-16, rtol=1e-15) if c.size else 0.0
    P = (1 - t) ** 2 * (2 + t)
    Q = (1 - t) ** 3 + 2 * np.sum(np.maximum(c - t, 0) ** 3 / c)
    g = P / (2 * Q)
    interacting = int(np.sum(c > t))
    if all_acute and interacting < c.size:
        raise ValueError(
            f"in the critical regular {k}-gon an output responds to {interacting} of {c.size} neighbours at acute "
            "angles on each side: pass all_acute=False for that polygon, or another k (5 to 8 and 12 respond to all)"
        )
    return KGon(k, float(g**0.5), 0.0 - t * float(g), float(k * (1 - P * g / 2)), c.size, interacting)
