"""Laws of finitely many values: one, or several with their probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import final

import numpy as np

from geomsup._typing import JSON, ArrayLike, ComplexArray, FloatArray
from geomsup._validate import integer, real_array, real_number
from geomsup.features.value_law import ValueLaw, checked_order

__all__ = ["Constant", "Discrete"]


@final
@dataclass(frozen=True)
class Constant(ValueLaw):
    """Always the same value: an active feature is simply on. φ(t) = e^{itv}.

    Parameters
    ----------
    value : float
        The value, not 0.

    Raises
    ------
    ValueError
        The value is 0 or not finite.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.features.Constant(2.0).moment(2)
    4.0
    """

    value: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", real_number("value", self.value))
        if self.value == 0:
            raise ValueError("value=0 makes a feature that is never non-zero: pass another value, or probability 0")

    @property
    def support(self) -> tuple[float, float]:
        """(value, value)."""
        return self.value, self.value

    @property
    def atoms(self) -> tuple[FloatArray, FloatArray]:
        """The value, with probability 1."""
        return np.array([self.value]), np.ones(1)

    def moment(self, k: int) -> float:
        """valueᵏ."""
        return self.value ** integer("k", k, at_least=0)

    def characteristic(self, t: ArrayLike, order: int = 0) -> ComplexArray:
        """value^order e^{it·value}."""
        return np.asarray(self.value ** checked_order(order) * np.exp(1j * (real_array("t", t) * self.value)))

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        """The value, repeated; `rng` is not used."""
        return np.full(size, self.value)

    def to_dict(self) -> JSON:
        """A JSON-able description."""
        return {"law": "constant", **asdict(self)}


@final
@dataclass(frozen=True)
class Discrete(ValueLaw):
    """Finitely many values: φ(t) = Σ_k q_k e^{itv_k}.

    Values are kept in increasing order and weights are normalised, so equal laws compare equal. The value 0 may be
    among them; the feature then counts as active, at 0, with that probability.

    Parameters
    ----------
    values : sequence of float
        The values v_k, distinct.
    weights : sequence of float, optional
        Positive numbers proportional to the probabilities q_k. Equal by default.

    Raises
    ------
    ValueError
        No value, a repeated or non-finite one, only the value 0, a weight that is not positive, or another number
        of weights than values.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.features.Discrete([-1, 1], weights=[1, 3])
    Discrete(values=(-1.0, 1.0), weights=(0.25, 0.75))
    """

    values: Sequence[float]
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        values = real_array("values", self.values)
        if values.ndim != 1 or not values.size:
            raise ValueError(f"values has shape {values.shape}: pass a non-empty sequence of numbers")
        weights = np.ones(values.size) if self.weights is None else real_array("weights", self.weights)
        if weights.shape != values.shape:
            raise ValueError(f"there are {values.size} values but weights has shape {weights.shape}: pass one for each")
        if (weights <= 0).any():
            k = int(np.argmax(weights <= 0))
            raise ValueError(f"weights[{k}]={weights[k]:g} is not positive: leave the value {values[k]:g} out")
        order = np.argsort(values)
        values, weights = values[order], weights[order]
        if (values[1:] == values[:-1]).any():
            repeated = values[1:][values[1:] == values[:-1]][0]
            raise ValueError(f"the value {repeated:g} is given twice: give it once, with the sum of its weights")
        if not values.any():
            raise ValueError("values=[0] makes a feature that is never non-zero: add another value")
        total = math.fsum(weights)
        # Weights once divided sum to 1 within one rounding; leaving those alone makes save and load exact.
        if abs(total - 1) > 2**-52:
            weights = weights / total
        object.__setattr__(self, "values", tuple(values.tolist()))
        object.__setattr__(self, "weights", tuple(weights.tolist()))

    @property
    def support(self) -> tuple[float, float]:
        """The smallest and the largest value."""
        return self.values[0], self.values[-1]

    @property
    def atoms(self) -> tuple[FloatArray, FloatArray]:
        """The values and their probabilities."""
        return np.array(self.values), np.array(self.weights)

    def moment(self, k: int) -> float:
        """Σ q vᵏ."""
        k = integer("k", k, at_least=0)
        values, weights = self.atoms
        return math.fsum(weights * values**k)

    def characteristic(self, t: ArrayLike, order: int = 0) -> ComplexArray:
        """Σ q v^order e^{itv}."""
        values, weights = self.atoms
        return np.asarray(
            np.exp(1j * (real_array("t", t)[..., np.newaxis] * values)) @ (weights * values ** checked_order(order))
        )

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        """Independent draws."""
        values, weights = self.atoms
        return rng.choice(values, size=size, p=weights)

    def to_dict(self) -> JSON:
        """A JSON-able description."""
        return {"law": "discrete", "values": list(self.values), "weights": self.atoms[1].tolist()}
