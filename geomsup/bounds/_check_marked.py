r"""The marked two-point bound: the loss with one active feature, over all norms and all biases b ≤ 0.

Write feature i as W_i = r u, b_i = −τ r², e = 1 − τ. A feature with W_i = 0 or τ ≥ 1 loses 1/3, and leaving it out
costs nothing more; for the others, with G_i = r_i² e_i² (3 − e_i),

.. math:: 3L \ge n - \sum_i G_i + Q, \quad Q = \sum_i r_i^4 e_i^3 + \sum_{i \ne j} k_{ij}, \quad
          k_{ij} = r_i^4\, \kappa(r_j t_{ij}/r_i,\, \tau_i), \quad \kappa(z, y) = \frac{(z - y)_+^3}{z} .

If Q ≥ v (Σ G)² then 3L ≥ n − 1/(4v). The certificate has matrices F_k ⪰ 0 with F_0 ⪰ 2v ππᵀ, π = (3, −1, 0, …), and a
polynomial q ≥ 0 on [0, 1]. With ψ(e) = (1, e, …) and K(e, e', t) = Σ_k ψ(e)ᵀ F_k ψ(e') P_k(t), it says

- *alone*: 1 ≥ (n − 1) q(e) + ½ e K(e, e, 1) for e in [0, 1];
- *pairs*: κ(ρt, τ) + ρ² κ(t, ρτ') ≥ −e³ q(e) − ρ⁴ e'³ q(e') + ρ² e² e'² K(e, e', t), for ρ ≤ 1, e, e' in [0, 1] and
  t in [−1, 1]; exchanging both features covers ρ > 1.

Pairs, times r⁴ with ρ = r'/r, add up to Q ≥ Σ r⁴e³ [1 − (n−1) q − ½ e K(e, e, 1)] + ½ Σ_{i,j} r_i² r_j² e_i² e_j² K,
and the last sum is at least 2v (Σ G)².

**Pairs are proved in two steps.** Where K ≤ 0 or 4 q(e) q(e') ≥ e e' K² the right side is ≤ 0 for every ρ, as −a − b +
2√(ab) ≤ 0, and the left side never is negative. That settles small e or e', and t ≤ 0 but for narrow boxes around
touching places. On the remaining boxes κ, which is convex, is replaced by its tangent at the center, and a polynomial
in (ρ, e, e', t) is left. It also suffices that κ(t, ρτ') ≥ e² e'² K there, which helps where ρ and e are small.

With ``bias`` "free" in the claim, :mod:`geomsup.bounds._check_free` extends all this to biases of any sign.

**At a density p** of independent features, biases of any sign: with nothing active output i loses b_i₊², and only the
inputs with at most one active feature are counted,

.. math:: L \ge p (1-p)^{n-1} \sum_i \Bigl[A_i + \sum_{j \ne i} B_{ij} + \tfrac{1-p}{p} b_{i+}^2\Bigr] .

For b > 0 and g = r² < 1, A + (1 − p) b²/p = (1 − g)²/3 − b(1 − g) + b²/p is at least (1 − 3p/4)(1 − g)²/3, that is
(1 − 3p/4) A at b = 0; for g ≥ 1 it is at least A at b = 0; and B grows with b. So L is at least p (1 − p)^{n−1} (1 −
3p/4) times the bound above. If that holds for biases of any sign, it is the bound times p (1 − p)^{n−1}, as b₊² ≥ 0.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from flint import fmpq

from geomsup._typing import JSON, BoolArray, FloatArray
from geomsup.bounds._boxes import Boxes, Enclosure, minus, plus, prove, rounding, times, univariate
from geomsup.bounds._check_free import prove_free
from geomsup.bounds._matrices import rank_if_semidefinite
from geomsup.bounds._numbers import below
from geomsup.bounds._pairs import Kernel, in_floats, kappa, kernel, kernel_in_floats, power
from geomsup.bounds._polynomials import Polynomial, add, combination, multiply, nonnegative, subtract
from geomsup.bounds._reading import entry, integer_entry, items, rational_entry, rationals_entry
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import Finding, Refuted, require_at_most

__all__ = [
    "MAX_DEGREE",
    "MAX_MARKS",
    "Matrix",
    "Pairs",
    "any_sign",
    "check",
    "curvature",
    "exact_kernel",
    "prove_one_active",
    "prove_pairs",
    "read_dual",
    "read_kernel",
    "read_matrix",
    "room_alone",
    "truncated",
]

Matrix = list[list[fmpq]]
ONE, ZERO = fmpq(1), fmpq(0)
MAX_DEGREE, MAX_MARKS = 30, 6
"""Of P_k and of q, and rows of F_k: the error analysis of the boxes allows for these."""
MOST = 200_000_000
"""Boxes, of the order of a million per second. Measured: at most a million for bounds that were brought to touch."""
FINE = 2.0**-5
"""Half-width in e, e', t of boxes with t ≥ 0 that the first step leaves to the second."""
FINEST = 2.0**-8
"""The same with any t: near −1/2 and −1 in certificates with small gaps, where the first step, which squares K, is
decided too late: what it is unsure of was 2e-9 for the hexagon, in the second 3e-11."""


def check(certificate: Certificate) -> Finding:
    """Check the matrices, the features alone, and the pairs."""
    claim, proof = certificate.claim, certificate.proof
    n, m = integer_entry(claim, "n", 1, 10**6), integer_entry(claim, "m", 2, 10_000)
    value = rational_entry(claim, "value", 0)
    quantity = entry(claim, "quantity")
    if quantity == "one-active loss":
        free = any_sign(claim)
        prove_one_active(proof, value, n, m, ZERO if free else None)
        range_ = "b of any sign" if free else "b ≤ 0"
        return Finding(f"one-active loss ≥ {below(value):.12g} for {n} features in {m} dimensions, all W and {range_}")
    if quantity == "loss":
        p, importance = (rational_entry(claim, key, 0) for key in ("feature_probability", "importance"))
        if p > 1:
            raise ValueError(f"feature_probability is {below(p):.6g}, above 1")
        one_active, free = rational_entry(proof, "one_active", 0), proof.get("bias") == "free"
        require_at_most(value, importance * truncated(one_active, p, n, free=free))
        prove_one_active(proof, one_active, n, m, ZERO if free else None)
        return Finding(f"loss ≥ {below(value):.12g} for all W of shape ({m}, {n}) and all b at p = {below(p):.6g}")
    raise ValueError(f"the quantity {str(quantity)[:40]!r} is unknown")


def truncated(one_active: fmpq, p: fmpq, n: int, *, free: bool = False) -> fmpq:
    """What a bound on the loss with one active feature, for b ≤ 0 or for b of any sign, says at a density p."""
    return p * (1 - p) ** (n - 1) * (1 if free else 1 - 3 * p / 4) * one_active


def any_sign(claim: JSON) -> bool:
    """Whether a claim is on biases of any sign; by default on b ≤ 0."""
    bias = claim.get("bias", "nonpositive")
    if bias not in ("nonpositive", "free"):
        raise ValueError(f"the bias {str(bias)[:40]!r} is neither 'nonpositive' nor 'free'")
    return bool(bias == "free")


def prove_one_active(proof: JSON, value: fmpq, n: int, m: int, margin: fmpq | None = None) -> None:
    """Prove that the loss with one active feature is at least a value; remembered: one proof serves all densities.

    For b ≤ 0, or with a `margin` for biases of any sign (:mod:`geomsup.bounds._check_free`).
    """
    keys = ["kernel", "alone"] if margin is None and "loud" not in proof else ["kernel", "alone", "loud"]
    text = json.dumps({key: entry(proof, key) for key in keys})
    _prove(text, value, n, m)
    if margin is not None:
        _prove_free(text, n, m, margin)


def read_kernel(proof: JSON) -> tuple[list[Matrix], int]:
    """The matrices F_k of a certificate, and how many of their rows, the last, are of biases b ≥ 0."""
    F = items(proof, "kernel", read_matrix, 1, MAX_DEGREE + 1)
    if len({len(matrix) for matrix in F}) != 1:
        raise ValueError("the matrices of kernel have different sizes")
    return F, integer_entry(proof, "loud", 2, len(F[0]) - 2) if "loud" in proof else 0


def read_dual(proof: JSON) -> tuple[list[Matrix], Polynomial]:
    """The matrices F_k of a certificate, of biases b ≤ 0 alone, and q."""
    F, loud = read_kernel(proof)
    rows = len(F[0]) - loud
    q: Polynomial = list(rationals_entry(proof, "alone", 1, MAX_DEGREE + 1))
    return [[row[:rows] for row in matrix[:rows]] for matrix in F], q


@lru_cache(maxsize=64)
def _prove(text: str, value: fmpq, n: int, m: int) -> None:
    proof = json.loads(text)
    (whole, loud), (F, q) = read_kernel(proof), read_dual(proof)
    if rank_if_semidefinite(_less_norms(whole[0], curvature(value, n), loud)) is None:
        raise Refuted("kernel[0] is not above 2v ππᵀ")
    if any(rank_if_semidefinite(matrix) is None for matrix in whole[1:]):
        raise Refuted("a matrix of kernel is not positive semidefinite: P_k may only be added")
    if not nonnegative(q, ZERO, ONE):
        raise Refuted("alone is negative somewhere on [0, 1]")
    if not nonnegative(room_alone(F, q, n), ZERO, ONE):
        raise Refuted("the inequality of single features fails")
    prove_pairs(Pairs.of(F, q, m))


@lru_cache(maxsize=64)
def _prove_free(text: str, n: int, m: int, margin: fmpq) -> None:
    """Prove what biases of any sign need beyond that."""
    proof = json.loads(text)
    prove_free(*read_kernel(proof), read_dual(proof)[1], n, m, margin)


def curvature(value: fmpq, n: int) -> fmpq:
    """The v for which Q ≥ v (ΣG)² proves a value: n − 1/(4v) = 3·value."""
    if 3 * value >= n:
        raise Refuted(f"{n} features with no output lose {n}/3, which is not above the value")
    return 1 / (4 * (n - 3 * value))


def exact_kernel(F: list[Matrix], m: int) -> list[list[Polynomial]]:
    """The polynomials p_ab(t) of K = Σ_ab eᵃ e'ᵇ p_ab(t)."""
    size = range(len(F[0]))
    return [[combination(m, [matrix[a][b] for matrix in F]) for b in size] for a in size]


@dataclass(frozen=True)
class Pairs:
    """The inequality of pairs on boxes, in floats; with `positive`, the magnitudes of everything in it."""

    q: FloatArray
    kernel: Kernel
    positive: bool = False

    @classmethod
    def of(cls, F: list[Matrix], q: Polynomial, m: int) -> Pairs:
        """From the exact data."""
        return cls(in_floats(q), kernel_in_floats(exact_kernel(F, m)))

    @property
    def magnitude(self) -> Pairs:
        """The same with every term made positive."""
        return Pairs(np.abs(self.q), np.abs(self.kernel), positive=True)

    def bare(self, boxes: Boxes) -> tuple[Enclosure, Enclosure]:
        """K, and 4 q(e) q(e') − e e' K², on boxes in (e, e', t)."""
        K = kernel(self.kernel, boxes, 0)
        both = times(univariate(2 * self.q, boxes, 0), univariate(2 * self.q, boxes, 1))
        return K, self._minus(both, times(times(power(1, boxes, 0), power(1, boxes, 1)), times(K, K)))

    def room(self, boxes: Boxes) -> Enclosure:
        """Left side minus right side, from below, on boxes in (ρ, e, e', t); exact at their centers."""
        cubed = np.concatenate([np.zeros(3), self.q])
        squares = [power(2, boxes, axis) for axis in range(3)]
        alone = plus(univariate(cubed, boxes, 1), times(power(4, boxes, 0), univariate(cubed, boxes, 2)))
        together = times(times(squares[0], times(squares[1], squares[2])), kernel(self.kernel, boxes, 1))
        first, second = kappa(boxes, positive=self.positive)
        return plus(self._minus(alone, together), plus(first, times(squares[0], second)))

    def second(self, boxes: Boxes) -> Enclosure:
        """κ(t, ρτ') − e² e'² K, from below: where it is not negative, the rest is not either."""
        together = times(times(power(2, boxes, 1), power(2, boxes, 2)), kernel(self.kernel, boxes, 1))
        return self._minus(kappa(boxes, positive=self.positive)[1], together)

    def _minus(self, a: Enclosure, b: Enclosure) -> Enclosure:
        return plus(a, b) if self.positive else minus(a, b)


def prove_pairs(pairs: Pairs, *, most: int = MOST) -> int:
    """Prove the inequality of pairs; returns the number of boxes that it took.

    Raises
    ------
    Refuted
        It is false, or not proved with so many boxes.
    """
    magnitude = pairs.magnitude
    off_bare, off = rounding(magnitude.bare), rounding(lambda boxes: (magnitude.room(boxes), magnitude.second(boxes)))

    def settled(boxes: Boxes) -> BoolArray:
        (K, excess), (unsure_K, unsure) = pairs.bare(boxes), off_bare(boxes)
        # For t ≤ 0 no output responds to the other feature, and some ratio of norms makes this an exception.
        false = (boxes.x[2] <= 0) & (K.c > unsure_K) & (excess.c < -unsure)
        if false.any():
            place = ", ".join(f"{x:.6g}" for x in boxes.x[:, false.argmax()])
            raise Refuted(f"the inequality of pairs is false at e, e', t = {place}")
        return np.asarray((K.high() <= -unsure_K) | (excess.low() >= unsure))

    def room(boxes: Boxes) -> tuple[BoolArray, FloatArray]:
        room = pairs.room(boxes)
        unsure, _ = off(boxes)
        if (room.c < -unsure).any():
            place = ", ".join(f"{x:.6g}" for x in boxes.x[:, room.c.argmin()])
            raise Refuted(f"the inequality of pairs is false at ρ, e, e', t = {place}")
        done = np.asarray(room.low() >= unsure)
        if not done.all():
            rest = boxes.select(~done)
            second = pairs.second(rest).low() >= off(rest)[1]
            done[~done] = settled(Boxes(rest.x[1:], rest.h[1:])) | second
        return done, np.abs(room.g) + boxes.h**2

    def for_the_second_step(boxes: Boxes) -> BoolArray:
        width = boxes.h.max(axis=0)
        return np.asarray((width <= FINEST) | ((width <= FINE) & (boxes.x[2] >= boxes.h[2])))

    start = Boxes(np.array([[0.5], [0.5], [0.0]]), np.array([[0.5], [0.5], [1.0]]))
    count, left = prove(lambda boxes: (settled(boxes), boxes.h), start, most, for_the_second_step)
    ratio = np.full((1, left.x.shape[1]), 0.5)
    more, _ = prove(room, Boxes(np.vstack([ratio, left.x]), np.vstack([ratio, left.h])), most)
    return count + more


def room_alone(F: list[Matrix], q: Polynomial, n: int) -> Polynomial:
    """1 − (n − 1) q(e) − ½ e K(e, e, 1)."""
    size = len(F[0])
    diagonal: Polynomial = [ZERO] * (2 * size)
    for matrix in F:
        for a in range(size):
            for b in range(size):
                diagonal[a + b + 1] = diagonal[a + b + 1] + matrix[a][b] / 2
    return subtract([ONE], add(multiply([fmpq(n - 1)], q), diagonal))


def _less_norms(matrix: Matrix, v: fmpq, loud: int) -> Matrix:
    """F_0 − 2v ππᵀ."""
    pi = [fmpq(x) for rows in (len(matrix) - loud, loud) for x in [3, -1, *([0] * (rows - 2))][:rows]]
    return [[x - 2 * v * pi[a] * pi[b] for b, x in enumerate(row)] for a, row in enumerate(matrix)]


def read_matrix(name: str, item: Any) -> Matrix:
    """A symmetric matrix of a certificate."""
    rows = items({name: item}, name, lambda name, row: rationals_entry({name: row}, name, 2, MAX_MARKS), 2, MAX_MARKS)
    if any(len(row) != len(rows) for row in rows):
        raise ValueError(f"{name} is not square")
    if any(row[b] != rows[b][a] for a, row in enumerate(rows) for b in range(a)):
        raise ValueError(f"{name} is not symmetric")
    return rows
