"""One row of the table of a claim: a case, what it gives, and the words for how it is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from geomsup._text import finite_or_none
from geomsup._typing import JSON

Relation = Literal["=", "≤", "≥", "<", ">"]


class Status(StrEnum):
    """How a claim, or one case of it, is known."""

    PROVED = "proved"
    """There is a mathematical argument, or a certificate checked in exact or ball arithmetic."""
    VERIFIED = "verified"
    """A computation in floating point establishes it for the cases listed, with small residuals."""
    SEARCHED = "searched"
    """A conjecture: searches found no exception, and nothing excludes one."""
    REFUTED = "refuted"
    """False: the cases listed are exceptions."""


@dataclass(frozen=True)
class Case:
    """One row of the table of a claim: what is predicted and measured for some arguments.

    Parameters
    ----------
    label : str
        What the row is about, in words.
    arguments : tuple
        Of the functions `prediction` and `measurement` of the claim.
    relation : {"=", "≤", "≥", "<", ">"}
        Between the measured number, on the left, and the predicted one.
    tolerance : float
        Absolute: how far the two may be apart for "=", and by how much "≤" and "≥" may be missed.
    status : Status, optional
        How this case is known; by default like the claim.
    slow : bool
        Takes more than a few seconds, and is measured only when asked for.

    Raises
    ------
    ValueError
        An unknown relation, or a tolerance that is not a number of at least 0; strict relations have none.

    Examples
    --------
    >>> import geomsup as gs
    >>> case = gs.claims.Case("pentagon", (5,), "≤")
    >>> case.holds(measured=2.0, predicted=2.5), case.holds(measured=3.0, predicted=2.5)
    (True, False)
    """

    label: str
    arguments: tuple[Any, ...] = ()
    relation: Relation = "="
    tolerance: float = 0.0
    status: Status | None = None
    slow: bool = False

    def __post_init__(self) -> None:
        if self.relation not in ("=", "≤", "≥", "<", ">"):
            raise ValueError(f"relation={self.relation!r} is unknown: pass one of =, ≤, ≥, < and >")
        strict = self.relation in ("<", ">")
        if not 0 <= self.tolerance < math.inf or (strict and self.tolerance):
            raise ValueError(
                f"tolerance={self.tolerance} for {self.relation}: pass a number of at least 0, or 0 for < >"
            )

    def holds(self, *, measured: float, predicted: float) -> bool:
        """Whether the two numbers stand in the relation; never if one is not a number."""
        apart = measured - predicted
        match self.relation:
            case "=":
                return abs(apart) <= self.tolerance
            case "≤":
                return apart <= self.tolerance
            case "≥":
                return apart >= -self.tolerance
            case "<":
                return apart < 0
            case ">":
                return apart > 0


@dataclass(frozen=True)
class Outcome:
    """A case with its numbers.

    Examples
    --------
    >>> import geomsup as gs
    >>> outcome = gs.claims.claim("antipodal-pair").check().outcomes[0]
    >>> outcome.holds, outcome.case.relation
    (True, '=')
    """

    case: Case
    status: Status
    predicted: float
    measured: float

    @property
    def holds(self) -> bool:
        """Whether the relation is satisfied."""
        return self.case.holds(measured=self.measured, predicted=self.predicted)

    @property
    def difference(self) -> float:
        """measured − predicted."""
        return self.measured - self.predicted

    def to_dict(self) -> JSON:
        """Everything as plain data, for ``json.dumps``."""
        return {
            "case": self.case.label,
            "status": str(self.status),
            "measured": finite_or_none(self.measured),
            "relation": self.case.relation,
            "predicted": finite_or_none(self.predicted),
            "tolerance": self.case.tolerance,
            "holds": self.holds,
        }
