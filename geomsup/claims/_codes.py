"""What the two claims about capacities that a code attains share."""

from collections.abc import Callable
from dataclasses import dataclass

from geomsup._typing import FloatArray
from geomsup.bounds import Bracket, capacity
from geomsup.claims._claim import Case
from geomsup.sparse import capacity_of

__all__ = ["AttainedCapacity"]

ROUNDING = 1e-12
"""Measured: 2e-15 for m = 5, 7e-15 for m = 22."""


@dataclass(frozen=True)
class AttainedCapacity:
    """C(m) is a value that a code attains."""

    m: int
    value: float
    code: Callable[[], FloatArray]

    def prediction(self, what: str) -> float:
        """The value."""
        return self.value

    def measurement(self, what: str) -> float:
        """Both sides of the bracket, or what the code is worth in floats."""
        if what == "code":
            return capacity_of(self.code())
        bracket = capacity(self.m)
        return bracket.lower if what == "lower" else bracket.upper

    def certificates(self) -> list[Bracket]:
        """Of both sides."""
        return [capacity(self.m)]

    @property
    def cases(self) -> list[Case]:
        """The rows."""
        return [
            Case("upper side, certificate", ("upper",), "=", ROUNDING),
            Case("lower side, exact worth of the code", ("lower",), "=", ROUNDING),
            Case("the code built from its graph", ("code",), "=", ROUNDING),
        ]
