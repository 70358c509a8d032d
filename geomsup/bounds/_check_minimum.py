r"""The least loss with one active feature, exactly: that of a regular polygon, and of nothing else.

A marked two-point bound V ≤ 3L (:mod:`geomsup.bounds._check_marked`) leaves a gap ε to 3L* of the regular n-gon. The
gap is closed in four steps.

1. *The polygon* (:mod:`geomsup.sparse.polygons`): G(t) changes sign between two rationals, so it has a root t* between
   them, where the n-gon with g = r² = P/2Q and b = −t*g is a critical point of the loss. Balls contain all of it.
2. *What is as good lies near* (:mod:`geomsup.bounds._nearly`): e = 1 + b/r² and r of every feature lie in short ranges,
   and the angle between any two features within δ_k of 2πk/n for some k ≤ n/2. Where 3L* > 1 that takes a bound for
   n − 1 features.
3. *Such angles are those of a bent n-gon.* Sort the features by angle. Each of the n gaps is at least 2π/n − δ_1, as
   all angles between features are, and together they are 2π; so k ≤ n/2 successive gaps add up to within n δ_1 of
   2πk/n. If n δ_1 + δ_l < π/n for all l, the angle between the two ends can only belong to k. So each gap is within
   δ_1 of 2π/n, and k of them are within min(kδ_1, δ_k) of 2πk/n. Hence θ_i = 2πi/n + d_i with |d_i − d_j| ≤ Δ, the
   largest of these. Turn it until Σ W_i·JW*_i = Σ r_i r* sin d_i = 0, J the quarter turn: some d_i are ≤ 0 and some
   ≥ 0, so |d_i| ≤ Δ and |W_i − W*_i|² ≤ (r_i − r*)² + r_i r* Δ².
4. *There the loss is larger* (:mod:`geomsup.bounds._ball_hessian`). On the ball around the n-gon x* that contains all
   of this, each output responds to the same features throughout, so with H the second derivatives and d from x* to
   another arrangement in it, 3L = 3L* + ∫₀¹ (1 − s) dᵀH(x* + sd) d ds, as the slope at x* is 0. The segment is cut in
   equal parts, and on each H is enclosed on the ball that reaches to its end. The mean of these, with weights
   ∫ 2(1 − s) ds, plus uuᵀ is positive definite, u = (JW*, 0), and d is orthogonal to u where Σ W_i·JW*_i = 0.

So 3L ≥ 3L* for all W and all b ≤ 0, with equality for the n-gon alone, up to rotation, reflection and order. With
``bias`` "free" in the claim, another bound, over biases of any sign, leaves a margin where one of them is positive
(:mod:`geomsup.bounds._check_free`), and what is as good as the n-gon has b ≤ 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from flint import arb, ctx, fmpq

from geomsup._typing import JSON
from geomsup.bounds._algebraic import loss_polynomial
from geomsup.bounds._ball_hessian import Balls, add_outer, hessian, positive_definite
from geomsup.bounds._boxes import Boxes
from geomsup.bounds._check_marked import Pairs, any_sign, curvature, prove_one_active, read_dual, room_alone
from geomsup.bounds._nearly import Confined, Dual, confine, rational
from geomsup.bounds._numbers import above, below
from geomsup.bounds._reading import entry, integer_entry, rational_entry
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import Finding, Refuted

__all__ = [
    "Polygon",
    "bend",
    "check",
    "critical_polygon",
    "isolating_polynomial",
    "loss_between",
    "prove_larger",
    "prove_minimum",
]

BITS = 256
"""Of the balls."""
DIGITS = fmpq(2) ** 170
"""Three times the loss is known to a part in so many."""
PARTS = 8
"""Of a segment. With so many, second derivatives count as if they varied by .4 of what they do."""
HALVINGS = 200
"""Of the interval that contains t*."""
LARGEST = 12
"""Features; what is shown has five to seven."""


class Polygon(NamedTuple):
    """Balls that contain t*, the squared norm g, and three times the loss of a critical regular n-gon.

    Each of its outputs responds to so many neighbours on either side.
    """

    n: int
    responding: int
    t: arb
    g: arb
    H: arb

    def directions(self) -> list[tuple[arb, arb]]:
        """Unit vectors at the angles 2πi/n."""
        angles = [fmpq(2 * i, self.n) for i in range(self.n)]
        return [(arb.cos_pi_fmpq(x), arb.sin_pi_fmpq(x)) for x in angles]


def check(certificate: Certificate) -> Finding:
    """Check the bound, and the four steps."""
    claim, proof = certificate.claim, certificate.proof
    if entry(claim, "quantity") != "least one-active loss":
        raise ValueError(f"the quantity {str(claim['quantity'])[:40]!r} is unknown")
    if entry(claim, "arrangement") != "regular polygon":
        raise ValueError(f"the arrangement {str(claim['arrangement'])[:40]!r} is unknown")
    n = integer_entry(claim, "n", 5, LARGEST)
    integer_entry(claim, "m", 2, 2)
    value, most = (rational_entry(claim, key, 0) for key in ("value", "at_most"))
    low, high = loss_between(n)
    if value > low or most < high:
        raise Refuted(
            f"the regular {n}-gon has a loss of {above(high):.12g}, and the claim is that it is between "
            f"{below(value):.12g} and {above(most):.12g}"
        )
    if entry(claim, "polynomial") != isolating_polynomial(n, value, most):
        raise Refuted(f"three times the loss of the regular {n}-gon is not a root of the polynomial claimed")
    free = any_sign(claim)
    prove_minimum(proof, n, free=free)
    range_ = "b of any sign" if free else "b ≤ 0"
    return Finding(
        f"one-active loss ≥ {below(value)} for {n} features in 2 dimensions, all W and {range_}; least, and at most "
        f"{above(most)}, for the regular {n}-gon alone"
    )


def prove_minimum(proof: JSON, n: int, *, free: bool) -> None:
    """Prove that the regular n-gon, and nothing else, has the least loss; remembered.

    Raises
    ------
    Refuted
        It is not shown: the bound is not close enough to the loss of the n-gon, or not proved.
    """
    parts = {key: entry(proof, key) for key in ("one_active", "kernel", "alone", *(["any_sign"] if free else []))}
    _prove(json.dumps(parts | {"fewer": proof.get("fewer")}), n)


@lru_cache(maxsize=8)
def _prove(text: str, n: int) -> None:
    proof = json.loads(text)
    with precision(BITS):
        polygon = critical_polygon(n)
        dual, fewer = _dual(proof, n), _fewer(proof, n)
        above_it = 3 * loss_between(n)[1] + 1 / DIGITS  # so that what is as good has terms strictly below ε
        if "any_sign" in proof:
            _prove_negative(entry(proof, "any_sign"), n, above_it)
        reason = Refuted("nothing is left")
        for near in confine(dual, above_it, fewer, rational((1 - polygon.t).mid())):
            try:
                prove_larger(polygon, near, bend(polygon, near.boxes))
            except Refuted as found:
                reason = found
            else:
                return
        raise reason


def _prove_negative(proof: JSON, n: int, most: fmpq) -> None:
    """Prove that arrangements with 3L ≤ most have no positive bias."""
    margin = rational_entry(proof, "margin", 0)
    V, own = _dual(proof, n, margin).V, most - _fewer(proof, n, fmpq(0))
    if own >= 1 or V + (n - 1) * margin * ((1 - own) / 3) ** 2 <= most:
        raise Refuted("a positive bias may cost less than what the bound leaves")


def _dual(proof: JSON, n: int, margin: fmpq | None = None) -> Dual:
    """A marked two-point bound on the loss of n features, proved; with a margin over biases of any sign."""
    if not isinstance(proof, dict):
        raise ValueError(f"a bound for {n} features is not a group of entries")
    one_active = rational_entry(proof, "one_active", 0)
    prove_one_active(proof, one_active, n, 2, margin)
    F, q = read_dual(proof)
    return Dual(n, 3 * one_active, curvature(one_active, n), room_alone(F, q, n), Pairs.of(F, q, 2))


def _fewer(proof: JSON, n: int, margin: fmpq | None = None) -> fmpq:
    """Three times what n − 1 features lose at least."""
    fewer = proof.get("fewer")
    return fmpq(0) if fewer is None else _dual(fewer, n - 1, margin).V


def loss_between(n: int) -> tuple[fmpq, fmpq]:
    """Rationals between which the loss of the critical regular n-gon lies, with no more digits than tell it apart."""
    with precision(BITS):
        H = critical_polygon(n).H
        low, high = (H.lower() * DIGITS).floor(), (H.upper() * DIGITS).ceil()
        return rational(low) / (3 * DIGITS), rational(high) / (3 * DIGITS)


def isolating_polynomial(n: int, value: fmpq, most: fmpq) -> list[int]:
    """The irreducible polynomial, constant first, whose only root between 3·value and 3·most is 3L*."""
    with precision(BITS):
        return loss_polynomial(n, critical_polygon(n).responding, arb(3 * value).union(arb(3 * most)))


def critical_polygon(n: int) -> Polygon:
    """The critical regular n-gon, n ≥ 5, whose t* lies between 0 and cos(2π/n)."""
    cosines = [arb.cos_pi_fmpq(fmpq(2 * k, n)) for k in range(1, (n - 1) // 4 + 1)]

    def responding(t: arb) -> list[arb]:
        if not all(c > t or c < t for c in cosines):
            raise Refuted("an output may or may not respond")
        return [c for c in cosines if c > t]

    def G(t: arb) -> arb:
        terms = [(c - t) ** 2 / c * (2 * c * (1 + t) - 2 - t - t * t) for c in responding(t)]
        return t * (1 - t) ** 3 + 2 * sum(terms, arb(0))

    low, high = fmpq(0), rational(cosines[0].lower()) - fmpq(1, 2**40)
    if not (G(arb(low)) < 0 and G(arb(high)) > 0):
        raise Refuted(f"no critical regular {n}-gon was isolated")
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        at = G(arb(middle))
        if at < 0:
            low = middle
        elif at > 0:
            high = middle
        else:
            break
    t = arb(low).union(arb(high))
    P = (1 - t) ** 2 * (2 + t)
    Q = (1 - t) ** 3 + 2 * sum(((c - t) ** 3 / c for c in responding(t)), arb(0))
    return Polygon(n, len(responding(t)), t, P / (2 * Q), n * (1 - P * P / (4 * Q)))


def bend(polygon: Polygon, boxes: Boxes) -> arb:
    """Δ: how far angles between features may differ from those of the n-gon.

    Raises
    ------
    Refuted
        The boxes, in (ρ, e, e', t), allow angles that are not near those of the n-gon.
    """
    n = polygon.n
    low, high = boxes.x[3] - boxes.h[3], boxes.x[3] + boxes.h[3]
    nearest = np.rint(np.arccos(boxes.x[3]) * n / (2 * np.pi))
    off = {}
    for k in range(1, n // 2 + 1):
        these = nearest == k
        if not these.any():
            raise Refuted(f"no two features can be {k} steps apart")
        ends = [arb(float(low[these].min())).acos(), arb(float(high[these].max())).acos()]
        off[k] = _largest([abs(end - 2 * arb.pi() * k / n) for end in ends])
    if not (nearest >= 1).all() or not all(n * off[1] + one < arb.pi() / n for one in off.values()):
        raise Refuted(f"what is left has angles that are not near those of the regular {n}-gon")
    return _largest([one.min(k * off[1]) for k, one in off.items()])


def prove_larger(polygon: Polygon, near: Confined, delta: arb) -> None:
    """Prove that all bent polygons within the ranges have a larger loss than the regular one.

    Raises
    ------
    Refuted
        It is not shown.
    """
    r, (shortest, longest), (low, high) = polygon.g.sqrt(), near.r, near.e
    radial = _largest([abs(longest - r), abs(r - shortest)])
    distance = (radial * radial + longest * r * delta * delta).sqrt()
    bias = -polygon.t * polygon.g
    deepest, least = (low - 1) * longest * longest, (high - 1) * shortest * shortest
    in_bias = _largest([abs(deepest - bias), abs(least - bias)])
    vertices = [(r * x, r * y) for x, y in polygon.directions()]
    size = 3 * polygon.n
    mean = [[arb(0)] * size for _ in range(size)]
    for k in range(PARTS):
        end, weight = fmpq(k + 1, PARTS), fmpq(2 * (PARTS - k) - 1, PARTS**2)
        ball, b = _around(end * distance), bias + _around(end * in_bias)
        H = hessian([(x + ball, y + ball) for x, y in vertices], [b] * polygon.n)
        mean = [[x + weight * y for x, y in zip(*rows, strict=True)] for rows in zip(mean, H, strict=True)]
    add_outer(mean, turning(vertices))
    if not positive_definite(mean):
        raise Refuted(f"the loss is not shown to be larger as far as {float(distance):.3g} from the regular polygon")


def turning(vertices: list[tuple[arb, arb]]) -> Balls:
    """(JW, 0), feature by feature: how an arrangement in the plane moves when it is turned."""
    return [x for vertex in vertices for x in (-vertex[1], vertex[0], arb(0))]


def _largest(several: list[arb]) -> arb:
    largest = several[0]
    for x in several[1:]:
        largest = largest.max(x)
    return largest


def _around(radius: arb) -> arb:
    """The ball around 0 of that radius, rounded up."""
    return arb(0, above(rational(radius.upper())))


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Balls of so many bits."""
    before, ctx.prec = ctx.prec, bits
    try:
        yield
    finally:
        ctx.prec = before
