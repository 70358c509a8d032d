r"""Biases of any sign in the marked two-point bound: inputs that always have one active feature.

Nothing prices a positive bias in

.. math:: \sum_i \Bigl[A(W_i \cdot W_i, b_i) + \sum_{j \ne i} B(W_i \cdot W_j, b_i)\Bigr],

and it lowers A where W_i·W_i < 1. The scale is eliminated as in :mod:`geomsup.bounds._check_marked`, because it still
is one: for b ≥ 0 let S = r² + b and φ = r/√S, so that r² = Sφ², b = S(1 − φ²) and φ in [0, 1]. Then

.. math:: 3A = 1 - S(3 - \varphi^2) + S^2 (3 - 3\varphi^2 + \varphi^4), \qquad
          3B(c, b) = c^2 + 3cb + 3b^2 \ (c \ge -b), \quad \frac{b^3}{|c|} \ (c \le -b) .

With b ≤ 0 it is G = R e² πᵀψ(e), R = r², and the own term R²e³; here it is G = S πᵀψ_0(φ) and S²(3 − 3φ² + φ⁴). So Q ≥
v (ΣG)² is proved as there, with the same q, once the matrices F_k have more rows, the last, for features with b ≥ 0:

.. math:: \psi_0 = (1, \varphi^2, \varphi^4, \dots), \qquad \psi_k = \varphi\,\psi_0 \ (k \text{ odd}), \qquad
          \psi_k = \varphi^2\,\psi_0 \ (k \ge 2 \text{ even}),

each followed by zeros or preceded by them, as the sign of the bias says, and π = (3, −1, 0, …, 3, −1, 0, …). With r = 0
no direction is left. At b = 0 a feature may count as either, and nothing has to be continuous there. The kernel is
S S' Σ_k ψ_kᵀ F_k ψ_k' P_k(t), or with R e² ψ(e) in place of one or both. *Alone* is not an inequality here but says
what q is,

.. math:: q_+(\varphi) = \frac{1}{n-1} \Bigl[3 - 3\varphi^2 + \varphi^4 - \tfrac12 \sum_k \psi_k^\top F_k \psi_k\Bigr],

and q₊ ≥ 0 on [0, 1] has to hold. *Pairs*, with size(x) = e or 1, own(x) = size³ q, norm(x) = 1 or φ, and bias(x) =
e − 1 or 1 − φ², is one inequality for all choices of two kinds and of which of them is the larger:

.. math:: \mathrm{own} + \rho^4\, \mathrm{own}' + 3B(\rho z, \mathrm{bias}) + \rho^2\, 3B(z, \rho\, \mathrm{bias}')
          \ge \rho^2\, \mathrm{size}^2\, \mathrm{size}'^2\, K, \qquad z = \mathrm{norm}\ \mathrm{norm}'\, t .

It is proved on boxes in (ρ, x, x', t). B is an expectation of a square of a positive part of an affine function, hence
convex in (c, b): it lies above its tangent at any point, and the one used is that at the center as it was computed.
Where ρ and one size are small, the inequality follows from K ≤ 0, from 4 q q' ≥ size size' K², or from 3B(z, ρ bias') ≥
size² size'² K, as there.

**A positive bias costs something.** Let pairs hold with q − μ and q₊ − μ, neither negative, in place of q and q₊. Then
a pair that contains feature i with b_i ≥ 0 leaves at least μ S_i², whichever of both is the larger, because the own
terms do. Suppose 3L ≤ H, and that n − 1 features lose at least a third of h': then 3A_i ≤ H − h' < 1 for each i, so no
feature is silent, S_i (3 − φ²) ≥ 1 − H + h' and S_i ≥ (1 − H + h')/3. Feature i is in n − 1 pairs, so with V the bound

.. math:: 3L \ge V + (n-1)\, \mu\, \bigl(\tfrac{1 - H + h'}{3}\bigr)^2 .

Where that is above H, all biases are negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import fmpq

from geomsup._typing import BoolArray, FloatArray
from geomsup.bounds._boxes import Boxes, Enclosure, minus, plus, prove, rounding, times, univariate
from geomsup.bounds._numbers import Number
from geomsup.bounds._pairs import Kernel, in_floats, kappa_tangent, kernel, kernel_in_floats, power
from geomsup.bounds._polynomials import Polynomial, combination, multiply, nonnegative, subtract
from geomsup.bounds.verify import Refuted

__all__ = ["Kind", "Meeting", "meetings", "prove_free"]

Matrix = list[list[fmpq]]
ONE, ZERO = fmpq(1), fmpq(0)
MOST = 50_000_000
"""Boxes of one pair of kinds, a quarter of a million per second."""


@dataclass(frozen=True)
class Kind:
    """What features of one sign of the bias bring into pairs: polynomials of their mark, constant first."""

    q: FloatArray
    size: FloatArray
    norm: FloatArray
    bias: FloatArray
    free: bool
    """The bias is not negative."""

    @classmethod
    def nonpositive(cls, q: Sequence[Number]) -> Kind:
        """b ≤ 0, of mark e."""
        return cls(in_floats(q), np.array([0.0, 1.0]), np.array([1.0]), np.array([-1.0, 1.0]), free=False)

    @classmethod
    def nonnegative(cls, q: Sequence[Number]) -> Kind:
        """b ≥ 0, of mark φ."""
        return cls(in_floats(q), np.array([1.0]), np.array([0.0, 1.0]), np.array([1.0, 0.0, -1.0]), free=True)

    def positive(self) -> Kind:
        """The same with every term made positive."""
        return Kind(np.abs(self.q), np.abs(self.size), np.abs(self.norm), np.abs(self.bias), self.free)


@dataclass(frozen=True)
class Meeting:
    """The inequality of a pair of kinds on boxes, in floats; with `positive`, the magnitudes of everything in it."""

    first: Kind
    second: Kind
    kernel: Kernel
    positive: bool = False

    @property
    def magnitude(self) -> Meeting:
        """The same with every term made positive."""
        return Meeting(self.first.positive(), self.second.positive(), np.abs(self.kernel), positive=True)

    def bare(self, boxes: Boxes) -> tuple[Enclosure, Enclosure]:
        """K, and 4 q q' − size size' K², on boxes in (x, x', t)."""
        K, one, other = kernel(self.kernel, boxes, 0), self.first, self.second
        both = times(univariate(2 * one.q, boxes, 0), univariate(2 * other.q, boxes, 1))
        sizes = times(univariate(one.size, boxes, 0), univariate(other.size, boxes, 1))
        return K, self._minus(both, times(sizes, times(K, K)))

    def room(self, boxes: Boxes) -> Enclosure:
        """Left side minus right side, from below, on boxes in (ρ, x, x', t); exact at their centers."""
        one, other = self.first, self.second
        rho, squared = power(1, boxes, 0), power(2, boxes, 0)
        own = plus(_own(one, boxes, 1), times(power(4, boxes, 0), _own(other, boxes, 2)))
        sizes = times(_squared(one.size, boxes, 1), _squared(other.size, boxes, 2))
        together = times(times(squared, sizes), kernel(self.kernel, boxes, 1))
        z = times(times(univariate(one.norm, boxes, 1), univariate(other.norm, boxes, 2)), power(1, boxes, 3))
        first = self._response(one, times(rho, z), univariate(one.bias, boxes, 1))
        second = self._response(other, z, times(rho, univariate(other.bias, boxes, 2)))
        return plus(self._minus(own, together), plus(first, times(squared, second)))

    def second_output(self, boxes: Boxes) -> Enclosure:
        """3B(z, ρ bias') − size² size'² K, from below: where it is not negative, the rest is not either."""
        one, other = self.first, self.second
        z = times(times(univariate(one.norm, boxes, 1), univariate(other.norm, boxes, 2)), power(1, boxes, 3))
        lost = self._response(other, z, times(power(1, boxes, 0), univariate(other.bias, boxes, 2)))
        sizes = times(_squared(one.size, boxes, 1), _squared(other.size, boxes, 2))
        return self._minus(lost, times(sizes, kernel(self.kernel, boxes, 1)))

    def _response(self, kind: Kind, c: Enclosure, b: Enclosure) -> Enclosure:
        """3B(c, b) from below: the tangent at the center."""
        if kind.free:
            value, by_c, by_b = _tangent(c.c, b.c, self.positive)
        else:
            value, by_c, by_b = kappa_tangent(c.c, -b.c, self.positive)
        return Enclosure(value, by_c * c.g + by_b * b.g, by_c * c.r + by_b * b.r)

    def _minus(self, a: Enclosure, b: Enclosure) -> Enclosure:
        return plus(a, b) if self.positive else minus(a, b)


def meetings(F: list[Matrix], loud: int, q: Polynomial, n: int, m: int, margin: fmpq = ZERO) -> list[Meeting]:
    """The pairs with a bias b ≥ 0, from the exact data, with q less a margin μ; `loud` rows of F are of such biases.

    Raises
    ------
    Refuted
        q − μ is negative somewhere.
    """
    rows = len(F[0]) - loud
    right = [_product([row[rows:] for row in matrix], _marks(k, loud)) for k, matrix in enumerate(F)]
    mixed = [matrix[:rows] for matrix in right]
    both = [_product(_transposed(_marks(k, loud)), matrix[rows:]) for k, matrix in enumerate(right)]
    of_silent, of_positive = subtract(q, [margin]), subtract(_alone(both, n), [margin])
    if not (nonnegative(of_silent, ZERO, ONE) and nonnegative(of_positive, ZERO, ONE)):
        raise Refuted("what is left for pairs with a positive bias is negative")
    below_, above = Kind.nonpositive(of_silent), Kind.nonnegative(of_positive)
    flipped = [_transposed(matrix) for matrix in mixed]
    return [
        Meeting(one, other, kernel_in_floats(_polynomials(matrices, m)))
        for one, other, matrices in ((below_, above, mixed), (above, below_, flipped), (above, above, both))
    ]


def prove_free(
    F: list[Matrix], loud: int, q: Polynomial, n: int, m: int, margin: fmpq = ZERO, *, most: int = MOST
) -> int:
    """Prove the inequalities of pairs with a bias b ≥ 0, with q less a margin; returns the number of boxes it took.

    Raises
    ------
    Refuted
        One is false, or not proved with so many boxes.
    """
    return sum(_prove(meeting, most) for meeting in meetings(F, loud, q, n, m, margin))


def _prove(meeting: Meeting, most: int) -> int:
    magnitude = meeting.magnitude
    off_bare = rounding(magnitude.bare)
    off = rounding(lambda boxes: (magnitude.room(boxes), magnitude.second_output(boxes)))

    def settled(boxes: Boxes) -> BoolArray:
        (K, excess), (unsure_K, unsure) = meeting.bare(boxes), off_bare(boxes)
        return np.asarray((K.high() <= -unsure_K) | (excess.low() >= unsure))

    def decide(boxes: Boxes) -> tuple[BoolArray, FloatArray]:
        room = meeting.room(boxes)
        unsure, _ = off(boxes)
        if (room.c < -unsure).any():
            place = ", ".join(f"{x:.6g}" for x in boxes.x[:, room.c.argmin()])
            raise Refuted(f"the inequality of pairs with a positive bias is false at ρ, x, x', t = {place}")
        done = np.asarray(room.low() >= unsure)
        if not done.all():
            rest = boxes.select(~done)
            second = meeting.second_output(rest).low() >= off(rest)[1]
            done[~done] = settled(Boxes(rest.x[1:], rest.h[1:])) | second
        return done, np.abs(room.g) + boxes.h**2

    start = Boxes(np.array([[0.5], [0.5], [0.5], [0.0]]), np.array([[0.5], [0.5], [0.5], [1.0]]))
    return prove(decide, start, most)[0]


def _tangent(c: FloatArray, b: FloatArray, positive: bool) -> tuple[FloatArray, FloatArray, FloatArray]:
    """3B for b ≥ 0 and its derivatives, none negative. With b and |c| up to 1 no term exceeds 8, 12 and 12."""
    if positive:
        return np.full_like(c, 8.0), np.full_like(c, 12.0), np.full_like(c, 12.0)
    whole = c >= -b
    share = b / np.where(whole, 1.0, -c)
    part = share * b
    value = np.where(whole, c * c + 3 * c * b + 3 * b * b, part * b)
    return value, np.where(whole, 2 * c + 3 * b, share * part), np.where(whole, 3 * c + 6 * b, 3 * part)


def _own(kind: Kind, boxes: Boxes, axis: int) -> Enclosure:
    """size³ q."""
    cubed = times(univariate(kind.size, boxes, axis), _squared(kind.size, boxes, axis))
    return times(cubed, univariate(kind.q, boxes, axis))


def _squared(p: FloatArray, boxes: Boxes, axis: int) -> Enclosure:
    return univariate(np.convolve(p, p), boxes, axis)


def _alone(both: list[Matrix], n: int) -> Polynomial:
    """q₊."""
    diagonal: Polynomial = [ZERO] * (2 * len(both[0]) - 1)
    for matrix in both:
        for a, row in enumerate(matrix):
            for b, x in enumerate(row):
                diagonal[a + b] = diagonal[a + b] + x / 2
    own: Polynomial = [fmpq(3), ZERO, fmpq(-3), ZERO, ONE]
    return multiply([fmpq(1, max(n - 1, 1))], subtract(own, diagonal))


def _marks(k: int, size: int) -> Matrix:
    """ψ_k as coefficients of 1, φ, φ², …: one row for each entry."""
    lowest = 2 - k % 2 if k else 0
    return [[fmpq(int(power == lowest + 2 * a)) for power in range(2 * size + 1)] for a in range(size)]


def _product(A: Matrix, B: Matrix) -> Matrix:
    return [[sum((x * y for x, y in zip(row, column, strict=True)), ZERO) for column in _transposed(B)] for row in A]


def _transposed(A: Matrix) -> Matrix:
    return [list(column) for column in zip(*A, strict=True)]


def _polynomials(matrices: list[Matrix], m: int) -> list[list[Polynomial]]:
    """The polynomials p_ab(t) of Σ_ab x^a x'^b p_ab(t)."""
    rows, columns = range(len(matrices[0])), range(len(matrices[0][0]))
    return [[combination(m, [matrix[a][b] for matrix in matrices]) for b in columns] for a in rows]
