"""What a claim is, what checking it gives, and the words for how it is known."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

from geomsup._text import finite_or_none
from geomsup._typing import JSON
from geomsup.bounds import Bound, Bracket, Certificate, Evidence, Verification, verify

__all__ = ["TOPICS", "Case", "Check", "Claim", "Outcome", "Relation", "Status"]

TOPICS = ("geometry", "loss", "one active feature", "energy and capacity", "phases")
"""In the order in which claims are listed."""
Relation = Literal["=", "≤", "≥", "<", ">"]
Evident = Certificate | Bound | Bracket
Callback = Callable[[str, int, int], None]
"""Called with a label, the number of cases done, and their total."""


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


@dataclass(frozen=True)
class Check:
    """What a check of a claim found: true if nothing in it failed.

    Parameters
    ----------
    claim : Claim
        What was checked.
    outcomes : tuple of Outcome
        The cases that were measured.
    verifications : tuple of Verification
        Of its certificates.
    skipped : int
        Slow cases that were left out.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.claims.claim("capacity-plane").check()
    Check(capacity-plane: 6 of 6 cases hold, 1 certificate proved)
    """

    claim: Claim
    outcomes: tuple[Outcome, ...]
    verifications: tuple[Verification, ...]
    skipped: int

    @property
    def holds(self) -> bool:
        """Whether every measured case has its relation and every certificate proves what it says."""
        proved = all(one.status is Evidence.PROVED for one in self.verifications)
        return proved and all(outcome.holds for outcome in self.outcomes)

    def __bool__(self) -> bool:
        return self.holds

    def to_dict(self) -> JSON:
        """Everything as plain data, for ``json.dumps``: no times, so that equal results are equal text."""
        return {
            "holds": self.holds,
            "cases": [outcome.to_dict() for outcome in self.outcomes],
            "skipped": self.skipped,
            "certificates": [
                {"status": str(one.status), "statement": one.statement, "reason": one.reason}
                for one in self.verifications
            ],
        }

    def __repr__(self) -> str:
        good = sum(outcome.holds for outcome in self.outcomes)
        parts = [f"{good} of {len(self.outcomes)} cases hold"]
        if self.skipped:
            parts.append(f"{self.skipped} slow left out")
        if count := len(self.verifications):
            proved = sum(one.status is Evidence.PROVED for one in self.verifications)
            of = "" if proved == count else f"{proved} of "
            parts.append(f"{of}{count} certificate{'s' if count > 1 else ''} proved")
        return f"Check({self.claim.name}: {', '.join(parts)})"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A theorem, a conjecture, or a statement that turned out false, with what is known of it.

    Parameters
    ----------
    statement, conditions : str
        What is claimed, and for what.
    source : str
        Who says so, and where.
    topic : str
        One of ``gs.claims.TOPICS``.
    status : Status
        How the statement as a whole is known; single cases can be known better.
    evidence : str
        What that status rests on, in words.
    cases : sequence of Case
        The table; at least one row. Of a claim that is refuted the rows are exceptions.
    prediction, measurement : callable
        From the arguments of a case to a number: what the statement says, and what the package computes.
    proof : str
        The argument, where there is one.
    certificates : callable
        Makes the certificates that the status rests on, if any; `check` verifies them.
    name : str
        That of its file, with ``-`` for ``_``; the registry fills it in.

    Raises
    ------
    ValueError
        An empty text, an unknown topic, no case, two cases of one label, or *proved* with neither a proof nor a
        certificate.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.claims.claim("obtuse-vectors")
    Claim(obtuse-vectors, proved: In R^m there are at most 2m nonzero vectors whose products are ...)
    """

    statement: str
    conditions: str
    source: str
    topic: str
    status: Status
    evidence: str
    cases: Sequence[Case]
    prediction: Callable[..., float]
    measurement: Callable[..., float]
    proof: str = ""
    certificates: Callable[[], Sequence[Evident]] | None = None
    name: str = ""

    def __post_init__(self) -> None:
        for field in ("statement", "conditions", "source", "evidence"):
            if not getattr(self, field).strip():
                raise ValueError(f"the {field} of {self.name or 'a claim'} is empty: say it in a sentence")
        if self.topic not in TOPICS:
            raise ValueError(f"topic={self.topic!r} is unknown: pass one of {', '.join(TOPICS)}")
        labels = [case.label for case in self.cases]
        if not labels or len(set(labels)) < len(labels):
            raise ValueError(f"the cases are {labels}: pass at least one, each with a label of its own")
        known = (self.status, *(case.status for case in self.cases))
        if Status.PROVED in known and not self.proof.strip() and self.certificates is None:
            raise ValueError("the status is proved, without a proof or a certificate: give one, or say searched")

    def check(self, *, slow: bool = False, callback: Callback | None = None) -> Check:
        """Measure every case and verify every certificate.

        Parameters
        ----------
        slow : bool
            Measure the slow cases too.
        callback : callable, optional
            Called before each case with its label, how many are done, and how many there are.

        Returns
        -------
        Check
        """
        chosen = [case for case in self.cases if slow or not case.slow]
        outcomes = []
        for done, case in enumerate(chosen):
            if callback is not None:
                callback(case.label, done, len(chosen))
            numbers = (float(f(*case.arguments)) for f in (self.prediction, self.measurement))
            outcomes.append(Outcome(case, case.status or self.status, *numbers))
        verifications = [verify(one) for one in (self.certificates() if self.certificates else ())]
        return Check(self, tuple(outcomes), tuple(verifications), len(self.cases) - len(chosen))

    def named(self, name: str) -> Claim:
        """The same claim under a name."""
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
            raise ValueError(
                f"name={name!r} is not a name: pass lower-case words joined by -, such as 'capacity-plane'"
            )
        return replace(self, name=name)

    def to_dict(self) -> JSON:
        """The statement and what is said about it, without measuring anything."""
        texts = ("name", "topic", "statement", "conditions", "source", "evidence", "proof")
        return {field: getattr(self, field) for field in texts} | {"status": str(self.status)}

    def __repr__(self) -> str:
        return f"Claim({self.name}, {self.status}: {self.statement})"
