"""Certificates of the bound at a density p: those that ship, what lies between them, and new ones.

The theorem is in :mod:`geomsup.bounds._check_density`, the program in :mod:`geomsup.bounds._density_program`. Whatever
is put together here counts only after it was checked.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from flint import fmpq

from geomsup.bounds._check_density import per_feature
from geomsup.bounds._density_program import Program, rounded, solve
from geomsup.bounds._numbers import Number, below, read_number, text
from geomsup.bounds._store import stored, stored_names
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import verify

__all__ = ["solved", "stored_at"]

ROOMS = (1e-5, 1e-4)
"""δ, tried in turn until the certificate is proved. Measured for n = 5, m = 2 and p = 0.05, CPU time: the first costs
0.2 % and is reached in 50 s, the check takes 5 s."""


def stored_at(n: int, m: int, p: fmpq, importance: fmpq) -> Certificate | None:
    """The best certificate that ships for p, or a mean of two that ship with one threshold; None if there is neither.

    T without the price is linear in α = p/(1 − p), and what the certificate says about it is linear in the dual: the
    mean of two duals is one for the mean of the two α. The price is convex in α for n ≥ 2, so that is covered too.
    """
    kept = [one for name in stored_names(f"density-{n}-{m}-") if (one := stored(name)) is not None]
    kept.sort(key=lambda one: (one.proof["threshold"], _density(one)))
    found = [_claiming(one, p, importance, per_feature(one)) for one in kept if _density(one) == p]
    for low, high in pairwise(kept):
        if low.proof["threshold"] == high.proof["threshold"] and _density(low) < p < _density(high):
            found.append(_mean(low, high, p, importance))
    return max(found, key=per_feature, default=None)


def solved(n: int, m: int, p: fmpq, importance: fmpq, degree: int, rng: Any) -> Certificate | None:
    """A new certificate, proved; None if that failed."""
    for room in ROOMS:
        program = Program(n, m, below(p), degree)
        certificate = rounded(program, solve(program, room, np.random.default_rng(rng)), p, importance)
        if certificate is not None and verify(certificate):
            return certificate
    return None


def _mean(low: Certificate, high: Certificate, p: fmpq, importance: fmpq) -> Certificate:
    a, b, alpha = (x / (1 - x) for x in (_density(low), _density(high), p))
    share = (alpha - a) / (b - a)

    def mean(one: Any, other: Any) -> Any:
        if isinstance(one, list):
            return [mean(x, y) for x, y in zip(one, other, strict=True)]
        return text(read_number("", one) * (1 - share) + read_number("", other) * share)

    proof = {key: mean(item, high.proof[key]) for key, item in low.proof.items()}
    least = per_feature(low) * (1 - share) + per_feature(high) * share
    return _claiming(Certificate(low.kind, low.claim, proof), p, importance, least)


def _claiming(certificate: Certificate, p: fmpq, importance: fmpq, least: fmpq) -> Certificate:
    n = certificate.claim["n"]
    value = importance * p * (1 - p) ** (n - 1) * n * least
    claim = {"feature_probability": text(p), "importance": text(importance), "value": text(value)}
    return Certificate(certificate.kind, {**certificate.claim, **claim}, certificate.proof)


def _density(certificate: Certificate) -> fmpq:
    found: Number = read_number("feature_probability", certificate.claim["feature_probability"])
    assert isinstance(found, fmpq)
    return found
