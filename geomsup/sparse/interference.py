"""The potentials of the model itself: what two features cost each other through a ReLU, without and with a bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from geomsup._typing import FloatArray
from geomsup._validate import real_number
from geomsup.sparse.potential import Potential

__all__ = ["BiasedRelu", "ReluSquared"]

RIGHT_ANGLE = 1e-12
"""Cosine below which an angle counts as right. Minima of ReLU² have many exactly right angles, where f'' jumps. Moved
either way, a vector at right angles to both members of an antipodal pair comes closer to one of them: two means add
up to what it meets."""


@final
@dataclass(frozen=True)
class ReluSquared(Potential):
    r"""f(t) = t₊²: what two unit vectors at an acute angle cost each other without bias.

    Examples
    --------
    >>> import numpy as np
    >>> import geomsup as gs
    >>> gs.ReluSquared().value(np.array([-0.5, 0.0, 0.5]))
    array([0.  , 0.  , 0.25])
    """

    def value(self, t: FloatArray) -> FloatArray:
        """t₊²."""
        return np.asarray(np.maximum(t, 0.0) ** 2)

    def slope(self, t: FloatArray) -> FloatArray:
        """2t₊."""
        return np.asarray(2 * np.maximum(t, 0.0))

    def curvature(self, t: FloatArray) -> FloatArray:
        """2 for t > 0, 0 for t < 0; at right angles (to rounding) their mean."""
        return np.where(np.abs(t) <= RIGHT_ANGLE, 1.0, np.where(t > 0, 2.0, 0.0))


@final
@dataclass(frozen=True)
class BiasedRelu(Potential):
    r"""f(t) = (r²t + b)₊³ / (3r²t): what features of norm r, bias b ≤ 0 and values uniform on [0, 1] cost each other.

    With one active feature, n features of norm r and bias b have the loss n A(r², b) + Σ_{i≠j} f(u_i·u_j), where A
    does not depend on the directions (:func:`geomsup.one_active_loss`).

    Parameters
    ----------
    norm : float
        r, positive.
    bias : float
        b, at most 0. At b = 0 this is r⁴/3 times :class:`ReluSquared`.

    Raises
    ------
    ValueError
        A norm that is not positive or a bias that is.

    Examples
    --------
    >>> import numpy as np
    >>> import geomsup as gs
    >>> f = gs.BiasedRelu(norm=1.0, bias=-0.5)  # silent up to t = 1/2
    >>> f.value(np.array([0.25, 0.5, 1.0])) * 24
    array([0., 0., 1.])
    """

    norm: float
    bias: float

    def __post_init__(self) -> None:
        if not real_number("norm", self.norm) > 0:
            raise ValueError(f"norm={self.norm} is not positive: pass the common length r of the features")
        if not real_number("bias", self.bias) <= 0:
            raise ValueError(f"bias={self.bias} is positive, but this potential is for b ≤ 0: use minimize_one_active")

    def value(self, t: FloatArray) -> FloatArray:
        """z³/(3r²t) with z = (r²t + b)₊."""
        z, ratio, a = self._active(t)
        return np.asarray(z**2 * ratio / (3 * a))

    def slope(self, t: FloatArray) -> FloatArray:
        """z²/t − z³/(3r²t²)."""
        z, ratio, a = self._active(t)
        return np.asarray(z * ratio * (1 - ratio / (3 * a)))

    def curvature(self, t: FloatArray) -> FloatArray:
        """2r²z/t − 2z²/t² + 2z³/(3r²t³); continuous for b < 0."""
        if self.bias == 0:
            return self.norm**4 / 3 * ReluSquared().curvature(t)
        _, ratio, a = self._active(t)
        return np.asarray(2 * ratio * (a - ratio + ratio**2 / (3 * a)))

    def _active(self, t: FloatArray) -> tuple[FloatArray, FloatArray, float]:
        """z, z/t (0 where z is) and r²."""
        a = self.norm**2
        z = np.maximum(a * t + self.bias, 0.0)
        return z, z / np.where(z > 0, t, 1.0), a
