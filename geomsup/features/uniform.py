"""Values uniform on an interval, and the transforms of [−1, 1] that theirs are made of."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import final

import numpy as np

from geomsup._typing import JSON, ArrayLike, ComplexArray, FloatArray
from geomsup._validate import integer, real_array, real_number
from geomsup.features.value_law import ValueLaw, checked_order

__all__ = ["UNIT_INTERVAL", "Uniform", "centred_transforms"]


@final
@dataclass(frozen=True)
class Uniform(ValueLaw):
    """Uniform on [low, high]: the value law of toy models of superposition, [0, 1] unless said.

    With centre c and half-width w, φ(t) = e^{itc} j₀(tw), where j₀(s) = sin(s)/s.

    Parameters
    ----------
    low, high : float
        Ends of the interval, low < high.

    Raises
    ------
    ValueError
        The ends are not finite or not in order.

    Examples
    --------
    >>> import geomsup as gs
    >>> law = gs.features.Uniform(-1.0, 1.0)
    >>> law.moment(1), law.support
    (0.0, (-1.0, 1.0))
    """

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", real_number("low", self.low))
        object.__setattr__(self, "high", real_number("high", self.high))
        if not self.low < self.high:
            raise ValueError(
                f"low={self.low:g} is not below high={self.high:g}: pass low < high, or Constant({self.high:g})"
            )

    @property
    def support(self) -> tuple[float, float]:
        """(low, high)."""
        return self.low, self.high

    @property
    def atoms(self) -> None:
        """None: no single value has positive probability."""
        return None

    def moment(self, k: int) -> float:
        """E xᵏ = (highᵏ⁺¹ − lowᵏ⁺¹)/((k+1)(high − low)), summed in a form that does not cancel."""
        k = integer("k", k, at_least=0)
        return math.fsum(self.high**j * self.low ** (k - j) for j in range(k + 1)) / (k + 1)

    def characteristic(self, t: ArrayLike, order: int = 0) -> ComplexArray:
        """E[x^order e^{itx}], from E[uᵏ e^{isu}] for u uniform on [−1, 1], x = c + wu and s = tw."""
        times, order = real_array("t", t), checked_order(order)
        centre, half = self.low / 2 + self.high / 2, self.high / 2 - self.low / 2
        s = times * half
        phase = np.exp(1j * (times * centre))
        zeroth = np.sinc(s / np.pi)
        if order == 0:
            return np.asarray(phase * zeroth)
        first, second = centred_transforms(s, zeroth)
        if order == 1:
            return np.asarray(phase * (centre * zeroth + half * first))
        return np.asarray(phase * (centre**2 * zeroth + 2 * centre * half * first + half**2 * second))

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        """Independent draws."""
        return self.low + (self.high - self.low) * rng.random(size)

    def to_dict(self) -> JSON:
        """A JSON-able description."""
        return {"law": "uniform", **asdict(self)}


UNIT_INTERVAL = Uniform()
"""The default value law."""


def centred_transforms(s: FloatArray, j0: FloatArray) -> tuple[ComplexArray, ComplexArray]:
    """E[u e^{isu}] = i j₁(s) and E[u² e^{isu}] = j₀(s) − 2j₁(s)/s for u uniform on [−1, 1].

    j₁(s) = (sin s − s cos s)/s² cancels near 0, so |s| < 1 uses the power series of both, whose first omitted
    terms are below 1e-19 there.
    """
    small = np.abs(s) < 1
    inside = np.where(small, s, 0.0)
    outside = np.where(small, 1.0, s)
    first, second = np.zeros_like(s), np.zeros_like(s)
    square = inside * inside
    for k in range(9, -1, -1):  # Horner in −s²: the coefficients 1/((2k+1)!(2k+3)) and 1/((2k)!(2k+3))
        first = 1 / (math.factorial(2 * k + 1) * (2 * k + 3)) - square * first
        second = 1 / (math.factorial(2 * k) * (2 * k + 3)) - square * second
    j1 = np.where(small, inside * first, (np.sin(outside) - outside * np.cos(outside)) / outside / outside)
    return 1j * j1, np.where(small, second, j0 - 2 * j1 / outside).astype(np.complex128)
