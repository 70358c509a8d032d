"""What a claim is, and what checking it gives. Files of claims find here all that they are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from geomsup._typing import JSON
from geomsup.bounds import Bound, Bracket, Certificate, Evidence, Verification, verify
from geomsup.claims._case import Case, Outcome, Status

__all__ = ["TOPICS", "Case", "Check", "Claim", "Outcome", "Status"]

TOPICS = ("geometry", "loss", "one active feature", "energy and capacity", "phases")
"""In the order in which claims are listed."""
Evident = Certificate | Bound | Bracket
Callback = Callable[[str, int, int], None]
"""Called with a label, the number of cases done, and their total."""


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
