"""A potential that is a polynomial between one break and the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.polynomial.polynomial import polyder, polyval

from geomsup._typing import FloatArray
from geomsup._validate import real_array
from geomsup.sparse.potential import Potential

__all__ = ["PiecewisePolynomial"]


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
