r"""How the learning rate changes during training: a factor for every step, 1 at the first.

Step t of T runs from 0 to T − 1. Without an `end` the formulas are those of the public notebook of Elhage et al. 2022,
"Toy Models of Superposition".
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

from geomsup._validate import real_number

__all__ = ["SCHEDULES", "ConstantRate", "CosineDecay", "LinearDecay", "Schedule"]


class Schedule(ABC):
    """A factor on the learning rate."""

    @abstractmethod
    def factor(self, step: int, n_steps: int) -> float:
        """The factor at ``step``, 0 ≤ step < n_steps."""


@final
@dataclass(frozen=True)
class ConstantRate(Schedule):
    """The same learning rate at every step.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.ConstantRate().factor(500, 1000)
    1.0
    """

    def factor(self, step: int, n_steps: int) -> float:
        """Always 1."""
        return 1.0


@final
@dataclass(frozen=True)
class LinearDecay(Schedule):
    """A straight line: 1 − (1 − end) t/T.

    Parameters
    ----------
    end : float
        What is reached after the last step, in [0, 1].

    Raises
    ------
    ValueError
        `end` is outside [0, 1].

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.LinearDecay().factor(250, 1000)
    0.75
    """

    end: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "end", _fraction(self.end))

    def factor(self, step: int, n_steps: int) -> float:
        """1 − (1 − end) t/T."""
        return 1 - (1 - self.end) * step / n_steps


@final
@dataclass(frozen=True)
class CosineDecay(Schedule):
    """A quarter of a cosine: end + (1 − end) cos(π t / 2(T − 1)), which is steepest at the end.

    Parameters
    ----------
    end : float
        What is reached at the last step, in [0, 1].

    Raises
    ------
    ValueError
        `end` is outside [0, 1].

    Examples
    --------
    >>> import geomsup as gs
    >>> print(f"{gs.CosineDecay().factor(500, 1001):.4f}")
    0.7071
    """

    end: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "end", _fraction(self.end))

    def factor(self, step: int, n_steps: int) -> float:
        """end + (1 − end) cos(π t / 2(T − 1))."""
        return self.end + (1 - self.end) * math.cos(math.pi / 2 * step / max(1, n_steps - 1))


SCHEDULES: dict[str, type[Schedule]] = {"constant": ConstantRate, "linear": LinearDecay, "cosine": CosineDecay}
"""Schedules by name."""


def _fraction(end: float) -> float:
    end = real_number("end", end)
    if not 0 <= end <= 1:
        raise ValueError(f"end={end:g} is outside [0, 1]: pass the part of the learning rate that is left")
    return end
