"""Certificates of the bound at a density p: those that ship, what lies between them, and new ones.

The theorem is in :mod:`geomsup.bounds._check_density`, the program in :mod:`geomsup.bounds._density_program`. Whatever
is put together here counts only after it was checked.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpq

from geomsup.bounds._check_density import per_feature
from geomsup.bounds._density_cuts import solve
from geomsup.bounds._density_program import Program, rounded
from geomsup.bounds._density_start import own_of, pairs_of, third_of
from geomsup.bounds._numbers import Number, below, exact, read_number, text
from geomsup.bounds._store import stored, stored_names
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import verify
from geomsup.problem import Problem

if TYPE_CHECKING:
    from geomsup.optimize import Progress

__all__ = ["solved", "stored_at"]

ROOMS, FINEST = (2.5e-4, 2.5e-3), 2e-6
"""δ relative to the λ of the best arrangement, tried in turn until the certificate is proved, and the least δ: below it
the solver's accuracy decides. Measured for n = 5, m = 2 and p = 0.05, CPU time: the first costs 0.3 % and is reached in
23 s, the check takes 10 s."""
SHARES = (fmpq(1), fmpq(99, 100))
"""Of λ that are claimed in turn: making the matrices semidefinite can cost *alone* what a small δ does not cover."""
OWN = fmpq(1, 10)
"""(n − 2)p from which own outputs with three active features are counted. Measured for n = 5, m = 2: they are 5.8 %
of the loss at p = 0.05 and 13.5 % at 0.1."""
KIND = ("threshold", "third")
"""Entries of a proof that are not averaged."""


def stored_at(n: int, m: int, p: fmpq, importance: fmpq, *, quick: bool = False) -> Certificate | None:
    """The best certificate for p of those that ship and the means of two of one kind; None if there is none.

    *Quick* are those without own outputs with three active features: half the time of the check.

    T without the price is linear in α = p/(1 − p), and what the certificate says about it is linear in the dual: the
    mean of two duals is one for the mean of the two α. The price is convex in α for n ≥ 2, so that is covered too. At
    α = 0 everything 0 is a dual. Own outputs with three active features count α² of theirs: certificates with them have
    no means.
    """
    kept = [one for name in stored_names(f"density-{n}-{m}-") if (one := stored(name)) is not None]
    kept = [one for one in kept if not (quick and "own" in one.proof)]
    found = [_claiming(one, p, importance, per_feature(one)) for one in kept if _density(one) == p > 0]
    kept = [one for one in kept if "own" not in one.proof]
    kept += [_nothing(one) for one in kept]
    kept.sort(key=lambda one: (_kind(one), _density(one)))
    for low, high in pairwise(kept):
        if _kind(low) == _kind(high) and _density(low) < p < _density(high):
            found.append(_mean(low, high, p, importance))
    return max(found, key=per_feature, default=None)


def solved(
    problem: Problem, degree: int, rng: Any, callback: Callable[[Progress], None] | None = None
) -> Certificate | None:
    """A new certificate, proved; None if that failed."""
    from geomsup.optimize import minimize  # a solver: not needed to check

    rng = np.random.default_rng(rng)
    best = minimize(problem, rng=rng)
    p, importance = (exact(float(x[0])) for x in (problem.feature_probability, problem.importance))
    n, m = problem.n_features, problem.n_hidden
    own = own_of(best.W, best.b) if (n - 2) * p >= OWN else None
    program = Program(n, m, below(p), degree, third=third_of(best.W, best.b), own=own)
    least = best.loss / (below(importance) * program.worth)
    for room in ROOMS:
        x = solve(program, max(room * least, FINEST), rng, pairs_of(best.W, best.b, rng), callback)
        if (proposal := rounded(program, x, p, importance)) is None:
            continue
        for share in SHARES:
            certificate = _claiming(proposal, p, importance, per_feature(proposal) * share)
            if verify(certificate):
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
    least = (per_feature(low) * (1 - share) if a else fmpq(0)) + per_feature(high) * share
    return _claiming(Certificate(low.kind, low.claim, proof), p, importance, least)


def _nothing(certificate: Certificate) -> Certificate:
    """What is proved of p = 0, of the same kind: all numbers 0."""

    def zero(one: Any) -> Any:
        return [zero(x) for x in one] if isinstance(one, list) else "0"

    proof = {key: item if key in KIND else zero(item) for key, item in certificate.proof.items()}
    return Certificate(certificate.kind, {**certificate.claim, "feature_probability": "0", "value": "0"}, proof)


def _claiming(certificate: Certificate, p: fmpq, importance: fmpq, least: fmpq) -> Certificate:
    n = certificate.claim["n"]
    value = importance * p * (1 - p) ** (n - 1) * n * least
    claim = {"feature_probability": text(p), "importance": text(importance), "value": text(value)}
    return Certificate(certificate.kind, {**certificate.claim, **claim}, certificate.proof)


def _kind(certificate: Certificate) -> tuple[str, ...]:
    """What two certificates must share to have a mean."""
    return tuple(str(certificate.proof.get(key)) for key in KIND)


def _density(certificate: Certificate) -> fmpq:
    found: Number = read_number("feature_probability", certificate.claim["feature_probability"])
    assert isinstance(found, fmpq)
    return found
