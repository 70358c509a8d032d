"""What a bound and a bracket are: numbers on the safe side, with the certificates behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from geomsup._typing import FloatArray
from geomsup.bounds._numbers import Number, above, below
from geomsup.bounds._reading import number_entry
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import Evidence, Verification, verify

__all__ = ["Bound", "Bracket", "bound_from", "exact_value"]

AT_MOST = ("capacity",)
"""Quantities whose certificates bound them from above; those of all others bound from below."""


@dataclass(frozen=True, eq=False)
class Bound:
    """A number that nothing can beat, with the certificate that says so.

    Parameters
    ----------
    value : float
        The certified value, rounded to a float on the safe side: at most every solution of a minimisation, at least
        every solution of a maximisation.
    method : str
        The argument, for example ``"two-point LP, degree 7"``; ``"none"`` where no bound is known and the value is only
        what a sum of squares says, 0.
    certificate : Certificate or None
        Checked before the bound was returned; None where no bound is known.
    status : Evidence
        PROVED or VERIFIED.
    statement : str
        What is bounded, in words.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.bound(gs.ReluSquared(), n=5, m=2)  # the pentagon has 0.954915028...
    Bound(proved by two-point LP, degree ...: Σ_{i≠j} f(u_i·u_j) ≥ 0.954915... for all 5 unit vectors in R^2, f = t₊²)
    >>> gs.bound(gs.Problem(4, 3, feature_probability=0.1))
    Bound(no bound known: loss ≥ 0)
    """

    value: float
    method: str
    certificate: Certificate | None
    status: Evidence
    statement: str

    @property
    def known(self) -> bool:
        """False where no bound is known."""
        return self.certificate is not None

    @property
    def verified(self) -> bool:
        """True: a certificate that fails is not made into a bound. Check again with :func:`geomsup.verify`."""
        return self.status is not Evidence.FAILED

    @property
    def exact(self) -> str | None:
        """The certified value in exact arithmetic, as text such as ``"80/7"`` or ``"35/11 + 5/11*sqrt(5)"``."""
        return None if self.certificate is None else str(self.certificate.claim["value"])

    def summary(self) -> str:
        """The value to twelve digits and how it is known, or that no bound is."""
        return f"{self.value:#.12g}   ({self.status} by {self.method})" if self.known else "no bound known"

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        how = f"{self.status} by {self.method}" if self.known else "no bound known"
        return f"Bound({how}: {self.statement})"


@dataclass(frozen=True, eq=False)
class Bracket:
    """Both sides of an optimum: lower ≤ optimum ≤ upper.

    Parameters
    ----------
    subject : str
        What the optimum is of.
    lower, upper : float
        Rounded outwards.
    arrangement : array or None, shape (m, n)
        Directions that attain the constructive side: the upper one of a minimum, the lower one of a capacity.
    certificate : Certificate or None
        Of the other side, which nothing can beat; None where no bound is known.
    witness : Certificate or None
        Of the constructive side, where that is exact.

    Examples
    --------
    >>> import geomsup as gs
    >>> bracket = gs.capacity(2)
    >>> bracket.relative_gap, bracket.lower <= 5 * (7 + 5**0.5) / 11 <= bracket.upper
    (0.0, True)
    >>> gs.bracket(gs.ReluSquared(), n=4, m=3, n_starts=2, rng=0)
    Bracket(0 ≤ energy of 4 unit vectors in R^3 ≤ 0, relative gap 0, lower proved)
    """

    subject: str
    lower: float
    upper: float
    arrangement: FloatArray | None
    certificate: Certificate | None
    witness: Certificate | None = None

    @property
    def known(self) -> bool:
        """False where no bound is known for the side that a search cannot give."""
        return self.certificate is not None

    @property
    def gap(self) -> float:
        """upper − lower, rounded up; from the exact values where both sides have one."""
        if self.certificate is not None and self.witness is not None:
            one, other = exact_value(self.certificate), exact_value(self.witness)
            try:
                return max(above(one - other), above(other - one))
            except ValueError:  # in different number fields
                pass
        return math.nextafter(self.upper - self.lower, math.inf) if self.upper != self.lower else 0.0

    @property
    def relative_gap(self) -> float:
        """gap/upper; 0 when both sides are 0."""
        gap = self.gap
        return gap / abs(self.upper) if gap else 0.0

    def __repr__(self) -> str:
        sides = f"{self.lower:.12g} ≤ {self.subject} ≤ {self.upper:.12g}"
        if not self.known:
            return f"Bracket({sides}, no bound known)"
        proved = "both sides proved" if self.witness is not None else "lower proved"
        return f"Bracket({sides}, relative gap {self.relative_gap:.2g}, {proved})"


def bound_from(certificate: Certificate, method: str) -> Bound:
    """Check a certificate and make a bound of it.

    Raises
    ------
    ValueError
        It proves nothing. That is a defect of what made it, and no bound is given.
    """
    verification = verified_once(certificate.to_json())
    if not verification:
        raise ValueError(f"{certificate!r} does not prove its claim ({verification.reason}): no bound known")
    value = exact_value(certificate)
    rounded = above(value) if certificate.claim.get("quantity") in AT_MOST else below(value)
    return Bound(rounded, method, certificate, verification.status, verification.statement)


@lru_cache(maxsize=256)
def verified_once(contents: str) -> Verification:
    """The check of a certificate, once in a process for the same contents: those that ship come again and again."""
    return verify(Certificate.from_json(contents))


def exact_value(certificate: Certificate) -> Number:
    """The value that a certificate claims."""
    return number_entry(certificate.claim, "value")
