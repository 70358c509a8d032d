r"""Features that are not alike, or more of them, from bounds for a few that are.

Features are independent, on with probability p_i, and uniform on [0, 1]. Write L*(S) for the least loss, over all W and
b, of the features of a set S alone, each with importance 1, and L*_k(p) if those are k features of one density.

**Fewer features.** Σ_{i ∈ S} L_i ≥ L*(S) for any W and b of all features: given the others, whatever they are, the
outputs of S are those of W_S with other biases. So if Σ_S w_S 1[i ∈ S] ≤ I_i for all i, with weights w_S ≥ 0,

.. math:: L = \sum_i I_i L_i \ge \sum_S w_S L^*(S).

Sets that make the most of it are layers, S = {i : I_i > s} with ds for weight, among the features of one density. And
the mean over all j of k features says L*_k ≥ (k/j) L*_j.

**Other densities.** A feature that is on with probability p is one of density p' with probability λ, and else *on*, if
p' ≤ p and λ = (1 − p)/(1 − p'), or else *off*, if p' ≥ p and λ = p/p'. Given which are which, and the values of those
that are on or off, the others are features of density p'. So

.. math:: L^*_k(p) \ge \sum_{s \le k} \binom{k}{s} \lambda^s (1 - \lambda)^{k - s} L^*_s(p').
"""

from __future__ import annotations

import math
from typing import NamedTuple

from flint import fmpq

from geomsup._typing import JSON
from geomsup.bounds._numbers import below
from geomsup.bounds._reading import entry, integer_entry, items, rational_entry, rationals_entry
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.result import verified_once
from geomsup.bounds.verify import Evidence, Finding, Refuted, require_at_most

__all__ = ["Alike", "alike", "check", "least_of"]

KINDS = ("density", "marked two-point", "branch and bound")
MOST = 40_000
"""Features."""
MOST_BOUNDS = 100
TOGETHER = 60
"""Features whose numbers of one density are summed over; more are taken as means over so many of them."""


class Alike(NamedTuple):
    """L* of so many equal features of one density is at least the value."""

    n: int
    density: fmpq
    value: fmpq


def check(certificate: Certificate) -> Finding:
    """Check the bounds for equal features, and add them up."""
    claim, proof = certificate.claim, certificate.proof
    m = integer_entry(claim, "m", 1, MOST)
    if entry(claim, "quantity") != "loss":
        raise ValueError(f"the quantity {str(claim['quantity'])[:40]!r} is unknown")
    p = rationals_entry(claim, "feature_probability", 1, MOST, 0)
    importance = rationals_entry(claim, "importance", len(p), len(p), 0)
    if max(p) > 1:
        raise ValueError("a feature_probability is above 1")
    known = items(proof, "bounds", lambda name, one: _proved(name, one, m), 1, MOST_BOUNDS)
    total, left = fmpq(0), list(importance)
    for part in items(proof, "parts", lambda name, one: one, 1, 10 * MOST):
        features = items(part, "features", _index, 1, len(p))
        weight = rational_entry(part, "weight", 0)
        which = items(part, "bounds", _index, 1, len(known))
        if len(set(features)) != len(features) or max(features) >= len(p) or max(which) >= len(known):
            raise ValueError("parts name a feature twice, or a feature or a bound that there is not")
        if len({p[i] for i in features}) != 1 or len({known[k].density for k in which}) != 1:
            raise Refuted("a part has features, or bounds, of different densities")
        for i in features:
            left[i] -= weight
        total += weight * least_of(len(features), p[features[0]], [known[k] for k in which])
    if min(left) < 0:
        raise Refuted("the weights of a feature add up to more than its importance")
    value = rational_entry(claim, "value", 0)
    require_at_most(value, total)
    shape = f"({m}, {len(p)})"
    return Finding(f"loss ≥ {below(value):.12g} for all W of shape {shape} and all b, {_densities(p)}")


def least_of(k: int, p: fmpq, known: list[Alike]) -> fmpq:
    """A number that L*_k(p) is at least, from bounds of one density."""
    if k > TOGETHER:
        return fmpq(k, TOGETHER) * least_of(TOGETHER, p, known)
    density = known[0].density
    if density == p:
        share = fmpq(1)
    else:
        share = (1 - p) / (1 - density) if density < p else p / density
    total = fmpq(0)
    for s in range(1 if share < 1 else k, k + 1):
        best = max((one.value * s / one.n for one in known if one.n <= s), default=fmpq(0))
        total += math.comb(k, s) * share**s * (1 - share) ** (k - s) * best
    return total


def alike(certificate: Certificate) -> Alike:
    """What a certificate claims about equal features and biases of any sign.

    Raises
    ------
    ValueError, Refuted
        It is about something else.
    """
    claim = certificate.claim
    if certificate.kind not in KINDS:
        raise ValueError(f"a bound of the kind {certificate.kind[:40]!r} is not one of {', '.join(KINDS)}")
    if entry(claim, "quantity") != "loss" or claim.get("bias", "free") != "free":
        raise Refuted("a bound is not about the loss with biases of any sign")
    n = integer_entry(claim, "n", 1, MOST)
    density, importance = (_common(claim, key, n) for key in ("feature_probability", "importance"))
    if importance == 0:
        raise Refuted("a bound is about features of no importance")
    return Alike(n, density, rational_entry(claim, "value", 0) / importance)


def _proved(name: str, data: JSON, m: int) -> Alike:
    certificate = Certificate(*(entry(data, key) for key in ("kind", "claim", "proof")))
    found = alike(certificate)
    if integer_entry(certificate.claim, "m", 1, MOST) != m:
        raise Refuted(f"{name} is not about {m} dimensions")
    verification = verified_once(certificate.to_json())
    if verification.status is not Evidence.PROVED:
        raise Refuted(f"{name} is not proved: {verification.reason}")
    return found


def _common(claim: JSON, key: str, n: int) -> fmpq:
    if not isinstance(entry(claim, key), list):
        return rational_entry(claim, key, 0)
    values = set(rationals_entry(claim, key, n, n, 0))
    if len(values) != 1:
        raise Refuted(f"the features of a bound differ in their {key}")
    return values.pop()


def _index(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} is {str(value)[:40]}, not a number of a feature or a bound")
    return value


def _densities(p: list[fmpq]) -> str:
    low, high = below(min(p)), below(max(p))
    return f"p = {low:.6g}" if low == high else f"p from {low:.6g} to {high:.6g}"
