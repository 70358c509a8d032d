"""Checking certificates, with exact rationals, ball arithmetic, and floats whose every rounding is bounded.

Nothing here, and nothing that it imports, solves an optimisation problem: a certificate is checked by other code than
found it. Each kind of certificate has a checker in a module of its own, :data:`CHECKERS`, which re-derives the value
from the proof and compares it with the claim.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from geomsup.bounds._numbers import Number, above, below, sign
from geomsup.bounds.certificate import Certificate

if TYPE_CHECKING:
    from geomsup.bounds.result import Bound, Bracket

__all__ = ["CHECKERS", "Evidence", "Finding", "Refuted", "Verification", "require_at_most", "verify"]

CHECKERS = {
    "two-point": "geomsup.bounds._check_two_point",
    "measure": "geomsup.bounds._check_measure",
    "linear": "geomsup.bounds._check_linear",
    "variance": "geomsup.bounds._check_linear",
    "bias-free loss": "geomsup.bounds._check_two_point",
    "uniform class": "geomsup.bounds._check_uniform",
    "marked two-point": "geomsup.bounds._check_marked",
    "least loss": "geomsup.bounds._check_minimum",
    "density": "geomsup.bounds._check_density",
    "coherence": "geomsup.bounds._check_coherence",
    "three-point": "geomsup.bounds._check_three_point",
    "branch and bound": "geomsup.bounds._check_branch",
    "layers": "geomsup.bounds._check_layers",
}
"""Kind of certificate to the module whose function ``check(certificate)`` returns a :class:`Finding` or raises
:class:`Refuted`."""


class Evidence(StrEnum):
    """What a certificate was found to be worth."""

    PROVED = "proved"
    """Checked in exact arithmetic, or with enclosures of every rounding error."""
    VERIFIED = "verified numerically"
    """Checked in floating point, with the residuals counted on the safe side, but not every rounding."""
    FAILED = "failed"
    """Not established."""


class Refuted(Exception):
    """Raised by a checker: the certificate does not prove its claim; the message says why."""


def require_at_most(value: Number, proved: Number) -> None:
    """Raise :class:`Refuted` unless value ≤ proved."""
    if sign(proved - value) < 0:
        raise Refuted(f"the proof gives a value of {below(proved):.12g}, not {above(value):.12g}")


@dataclass(frozen=True)
class Finding:
    """What a checker established: a statement in words, and how."""

    statement: str
    status: Evidence = Evidence.PROVED


@dataclass(frozen=True)
class Verification:
    """The result of checking a certificate: true unless it failed.

    Parameters
    ----------
    status : Evidence
        PROVED, VERIFIED or FAILED.
    statement : str
        What the certificate establishes; empty when it failed.
    reason : str
        Why it failed; empty otherwise.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.verify(gs.bound(gs.FramePotential(), n=7, m=3).certificate)
    Verification(proved: Σ_{i≠j} f(u_i·u_j) ≥ 9.33333333333 for all 7 unit vectors in R^3, f = t²)
    """

    status: Evidence
    statement: str = ""
    reason: str = ""

    def __bool__(self) -> bool:
        return self.status is not Evidence.FAILED

    def __repr__(self) -> str:
        return f"Verification({self.status}: {self.statement or self.reason})"


def verify(certificate: Certificate | Bound | Bracket | str | os.PathLike[str]) -> Verification:
    """Check a certificate from its own data alone.

    Parameters
    ----------
    certificate : Certificate, Bound, Bracket or path
        What to check; of a bracket both sides.

    Returns
    -------
    Verification
        With the statement that was proved, or the reason why it failed. A certificate that says something false about
        itself, lacks an entry or is too large to check fails; it does not raise.

    Raises
    ------
    ValueError
        A file that is not a certificate, or an object that has none.

    Examples
    --------
    >>> import geomsup as gs
    >>> bound = gs.bound(gs.ReluSquared(), n=10, m=4, method="two-point")
    >>> bool(gs.verify(bound))
    True
    >>> certificate = bound.certificate
    >>> forged = gs.Certificate(certificate.kind, {**certificate.claim, "value": "5/3"}, certificate.proof)
    >>> gs.verify(forged)
    Verification(failed: the proof gives a value of 1.1924..., not 1.66666666667)
    """
    certificates = _certificates_of(certificate)
    found = [_check(one) for one in certificates]
    failed = next((one for one in found if not one), None)
    if failed is not None:
        return failed
    numeric = any(one.status is Evidence.VERIFIED for one in found)
    return Verification(Evidence.VERIFIED if numeric else Evidence.PROVED, "; ".join(one.statement for one in found))


def _certificates_of(source: Certificate | Bound | Bracket | str | os.PathLike[str]) -> list[Certificate]:
    if isinstance(source, Certificate):
        return [source]
    if isinstance(source, (str, os.PathLike)):
        return [Certificate.load(source)]
    found = [getattr(source, name, None) for name in ("certificate", "witness")]
    certificates = [one for k, one in enumerate(found) if isinstance(one, Certificate) and one not in found[:k]]
    if not certificates:
        raise ValueError(f"{source!r} has no certificate: pass a Certificate, a Bound, or the path of a saved one")
    return certificates


def _check(certificate: Certificate) -> Verification:
    module = CHECKERS.get(certificate.kind)
    if module is None:
        return Verification(
            Evidence.FAILED, reason=f"the kind {certificate.kind!r:.60} is unknown, known are {', '.join(CHECKERS)}"
        )
    try:
        finding: Finding = import_module(module).check(certificate)
    except (Refuted, ValueError) as error:
        return Verification(Evidence.FAILED, reason=str(error))
    return Verification(finding.status, finding.statement)
