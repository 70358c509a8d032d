r"""Potentials: functions of the cosine between two unit vectors, whose sum over pairs is an energy.

============================  ===================================  ===================================================
class                         f(t)                                 where it comes from
============================  ===================================  ===================================================
:class:`ReluSquared`          :math:`t_+^2`                        interference through a ReLU without bias
:class:`BiasedRelu`           :math:`(r^2 t + b)_+^3 / (3 r^2 t)`  the same with a common norm and a common bias b ≤ 0
:class:`Riesz`                :math:`(2 - 2t)^{-s/2}`              inverse powers of the distance; s = 1 is Coulomb's
:class:`FramePotential`       :math:`t^2`                          least for tight frames
:class:`PiecewisePolynomial`  a polynomial on each interval        known everywhere, so it can be bounded exactly
:class:`CustomPotential`      any                                  functions passed in
============================  ===================================  ===================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import final

import numpy as np

from geomsup._typing import JSON, FloatArray
from geomsup._validate import real_number
from geomsup.sparse.interference import BiasedRelu, ReluSquared
from geomsup.sparse.piecewise import PiecewisePolynomial
from geomsup.sparse.potential import Potential

__all__ = [
    "BiasedRelu",
    "CustomPotential",
    "FramePotential",
    "PiecewisePolynomial",
    "Potential",
    "ReluSquared",
    "Riesz",
    "potential_from_dict",
    "potential_to_dict",
]

STEP = 6e-6
"""Of the differences that stand in for a missing second derivative: the cube root of the rounding unit."""


@final
@dataclass(frozen=True)
class Riesz(Potential):
    r"""f(t) = (2 − 2t)^(−s/2): an inverse power of the distance ‖u − v‖ = √(2 − 2t).

    Parameters
    ----------
    s : float
        The power, positive; s = 1 is Coulomb's, whose minimum on the sphere is Thomson's problem.

    Raises
    ------
    ValueError
        A power that is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> import geomsup as gs
    >>> gs.Riesz().value(np.array([-1.0]))  # antipodes are 2 apart
    array([0.5])
    """

    s: float = 1.0

    def __post_init__(self) -> None:
        if not real_number("s", self.s) > 0:
            raise ValueError(f"s={self.s} is not positive: pass the power of the distance, 1 for Coulomb")

    def value(self, t: FloatArray) -> FloatArray:
        """(2 − 2t)^(−s/2)."""
        return self._power(t, -self.s / 2)

    def slope(self, t: FloatArray) -> FloatArray:
        """s (2 − 2t)^(−s/2 − 1)."""
        return self.s * self._power(t, -self.s / 2 - 1)

    def curvature(self, t: FloatArray) -> FloatArray:
        """s (s + 2) (2 − 2t)^(−s/2 − 2)."""
        return self.s * (self.s + 2) * self._power(t, -self.s / 2 - 2)

    def _power(self, t: FloatArray, exponent: float) -> FloatArray:
        with np.errstate(divide="ignore"):  # coincident points cost infinitely much
            return np.asarray((2 - 2 * t) ** exponent)


@final
@dataclass(frozen=True)
class FramePotential(Potential):
    r"""f(t) = t²: n unit vectors in R^m have Σ_{i≠j} t² ≥ n²/m − n, with equality exactly for tight frames.

    The bound is for n ≥ m (Benedetto and Fickus 2003, *Finite normalized tight frames*).

    Examples
    --------
    >>> import geomsup as gs
    >>> print(f"{gs.minimize_energy(gs.FramePotential(), 7, 3, n_starts=2, rng=0).energy:.10f}")  # 49/3 - 7
    9.3333333333
    """

    def value(self, t: FloatArray) -> FloatArray:
        """t²."""
        return np.asarray(t**2)

    def slope(self, t: FloatArray) -> FloatArray:
        """2t."""
        return 2 * t

    def curvature(self, t: FloatArray) -> FloatArray:
        """2."""
        return np.full(t.shape, 2.0)


@final
@dataclass(frozen=True)
class CustomPotential(Potential):
    """A potential from functions of an array.

    Parameters
    ----------
    f, df : callable
        f and its derivative, elementwise on arrays; f' must be continuous on (-1, 1).
    d2f : callable, optional
        Second derivative; by default central differences of ``df``, which only slows down the last digits.

    Examples
    --------
    Points that repel logarithmically:

    >>> import numpy as np
    >>> import geomsup as gs
    >>> log = gs.CustomPotential(lambda t: -np.log(2 - 2 * t) / 2, lambda t: 1 / (2 - 2 * t))
    >>> print(f"{gs.minimize_energy(log, 4, 3, n_starts=4, rng=0).energy:.8f}")  # the tetrahedron: -6 log(8/3)
    -5.88497552
    """

    f: Callable[[FloatArray], FloatArray]
    df: Callable[[FloatArray], FloatArray]
    d2f: Callable[[FloatArray], FloatArray] | None = None

    def value(self, t: FloatArray) -> FloatArray:
        """f(t), as passed."""
        return np.asarray(self.f(t), dtype=np.float64)

    def slope(self, t: FloatArray) -> FloatArray:
        """df(t), as passed."""
        return np.asarray(self.df(t), dtype=np.float64)

    def curvature(self, t: FloatArray) -> FloatArray:
        """d2f(t), or differences of df inside [-1, 1]."""
        if self.d2f is not None:
            return np.asarray(self.d2f(t), dtype=np.float64)
        left, right = np.maximum(t - STEP, -1.0), np.minimum(t + STEP, 1.0)
        return np.asarray((self.slope(right) - self.slope(left)) / (right - left))


_NAMED = {kind.__name__: kind for kind in (ReluSquared, BiasedRelu, PiecewisePolynomial, Riesz, FramePotential)}


def potential_to_dict(potential: Potential) -> JSON:
    """Name and parameters of a potential that has them, for ``json.dumps``.

    Raises
    ------
    ValueError
        It is made of functions, which no file here holds.
    """
    if type(potential) not in _NAMED.values():
        raise ValueError(
            f"{type(potential).__name__} is made of functions and cannot be saved: save the arrangement, "
            "gs.Arrangement(solution.U).save(path)"
        )
    return {"name": type(potential).__name__, **asdict(potential)}  # type: ignore[call-overload]


def potential_from_dict(saved: JSON) -> Potential:
    """The inverse of `potential_to_dict`; KeyError or TypeError for anything else."""
    parameters = dict(saved)
    return _NAMED[parameters.pop("name")](**parameters)
