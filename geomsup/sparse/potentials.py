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

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, final

import numpy as np
from numpy.polynomial.polynomial import polyder, polyval

from geomsup._typing import JSON, FloatArray
from geomsup._validate import real_array, real_number

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
RIGHT_ANGLE = 1e-12
"""Cosine below which an angle counts as right. Minima of ReLU² have many exactly right angles, where f'' jumps. Moved
either way, a vector at right angles to both members of an antipodal pair comes closer to one of them: two means add
up to what it meets."""


class Potential(ABC):
    """f(t) for t in [-1, 1], with its first and second derivative; arrays in, arrays of the same shape out."""

    @abstractmethod
    def value(self, t: FloatArray) -> FloatArray:
        """f(t)."""

    @abstractmethod
    def slope(self, t: FloatArray) -> FloatArray:
        """f'(t)."""

    @abstractmethod
    def curvature(self, t: FloatArray) -> FloatArray:
        """f''(t); at a kink of f', the mean of its two sides."""


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
@dataclass(frozen=True, init=False)
class PiecewisePolynomial(Potential):
    r"""f(t) = Σ_j a_kj t^j between one break and the next.

    Unlike functions in code it is known everywhere, so its energies can be bounded exactly.

    Parameters
    ----------
    breaks : sequence of float
        Increasing, from −1 to 1.
    coefficients : sequence of sequences of float
        For each interval the polynomial, constant first. The search wants f' continuous; a bound needs nothing.

    Raises
    ------
    ValueError
        Breaks that do not increase from −1 to 1, or another number of polynomials than intervals.

    Examples
    --------
    >>> import numpy as np
    >>> import geomsup as gs
    >>> f = gs.PiecewisePolynomial([-1, 0, 1], [[0], [0, 0, 1]])  # the same as ReluSquared()
    >>> f.value(np.array([-0.5, 0.0, 0.5]))
    array([0.  , 0.  , 0.25])
    """

    breaks: tuple[float, ...]
    coefficients: tuple[tuple[float, ...], ...]

    def __init__(self, breaks: Sequence[float], coefficients: Sequence[Sequence[float]]) -> None:
        points = tuple(real_array("breaks", breaks).ravel().tolist())
        pieces = tuple(
            tuple(real_array(f"coefficients[{k}]", piece).ravel().tolist()) for k, piece in enumerate(coefficients)
        )
        if len(points) < 2 or points[0] != -1 or points[-1] != 1 or any(np.diff(points) <= 0):
            raise ValueError(f"breaks={points} do not increase from -1 to 1: pass for example [-1, 0, 1]")
        if len(pieces) != len(points) - 1 or not all(pieces):
            raise ValueError(
                f"there are {len(points) - 1} intervals and {len(pieces)} polynomials: pass one list for each interval"
            )
        object.__setattr__(self, "breaks", points)
        object.__setattr__(self, "coefficients", pieces)

    def value(self, t: FloatArray) -> FloatArray:
        """f(t)."""
        return self._derivative(t, 0)

    def slope(self, t: FloatArray) -> FloatArray:
        """f'(t)."""
        return self._derivative(t, 1)

    def curvature(self, t: FloatArray) -> FloatArray:
        """f''(t)."""
        return self._derivative(t, 2)

    def _derivative(self, t: FloatArray, order: int) -> FloatArray:
        """The derivative of the piece that t lies in, at a break the mean of both."""
        values = np.array([polyval(t, polyder(piece, order)) for piece in self.coefficients])

        def piece_at(side: Literal["left", "right"]) -> FloatArray:
            k = np.clip(np.searchsorted(self.breaks, t, side=side) - 1, 0, len(values) - 1)
            chosen: FloatArray = np.take_along_axis(values, k[None], axis=0)[0]
            return chosen

        return np.asarray((piece_at("left") + piece_at("right")) / 2)


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
