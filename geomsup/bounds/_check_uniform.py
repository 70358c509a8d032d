r"""One common norm r and bias b ≤ 0 for all features: bounds on the loss with one active feature, for all r, b at once.

With τ = −b/r², the cosine at which an output begins to respond, and φ_τ(t) = (t − τ)₊³/t, n features have

.. math:: \frac{3L}{n} = 1 - r^2 P(\tau) + r^4 \Bigl[(1-\tau)^3 + \frac1n \sum_{i \ne j} \varphi_\tau(u_i \cdot u_j)
          \Bigr], \qquad P = (1-\tau)^2 (2 + \tau)

for τ ≤ 1, and 1 beyond. If the bracket is at least q(τ), then 3L/n ≥ V for every r as soon as P² ≤ 4(1 − V) q, the
discriminant of a quadratic in r². So r is gone, and τ runs through windows that cover [0, 1].

**In a window** τ = (1 − s)·low + s·high. Both φ_τ and (1 − τ)³ are cubic in τ, with the Bernstein coefficients

.. math:: \varphi_j(t) = (t - \text{low})^{3-j} (t - \text{high})^j / t \quad (t \ge \text{high}), \qquad j = 0 \dots 3,

so polynomials h_j ≤ φ_j (on t ≥ high, h_j ≤ 0 below; positive definite, as for any two-point bound) give
h_τ = Σ_j B_j(s) h_j ≤ φ_τ for every τ of the window, and with e_j = n c₀ − h_j(1) of each

.. math:: q(\tau) = \sum_j B_j(s) \bigl[(1 - \text{low})^{3-j} (1 - \text{high})^j + e_j\bigr],

a cubic in s. The last window, up to 1, needs no polynomials: there (1 − τ)³ alone is enough, which is
4(1 − V) ≥ (1 − τ)(2 + τ)², and the right side decreases.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from flint import fmpq

from geomsup.bounds._check_two_point import MAX_DEGREE, energy_bound
from geomsup.bounds._numbers import Number, below, sign
from geomsup.bounds._pieces import Piece, below_potential
from geomsup.bounds._polynomials import Polynomial, add, combination, multiply, nonnegative, subtract
from geomsup.bounds._reading import entry, integer_entry, items, rational_entry, rationals_entry
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import Finding, Refuted

__all__ = ["bernstein", "check", "discriminant", "polarized", "window_worth"]

ONE, ZERO = fmpq(1), fmpq(0)
MOST = 2000
"""Windows."""


def check(certificate: Certificate) -> Finding:
    """Check every window."""
    claim, proof = certificate.claim, certificate.proof
    if entry(claim, "quantity") != "one-active loss, common norm and bias":
        raise ValueError(f"the quantity {str(claim['quantity'])[:40]!r} is unknown")
    n, m = integer_entry(claim, "n", 1, 10**6), integer_entry(claim, "m", 2, 10_000)
    value = rational_entry(claim, "value", 0)
    V = 3 * value / n
    breaks = rationals_entry(proof, "breaks", 1, MOST + 1, 0)
    windows = items(proof, "coefficients", _four, len(breaks) - 1, len(breaks) - 1)
    if breaks[0] != 0 or breaks[-1] > 1 or any(low >= high for low, high in pairwise(breaks)):
        raise ValueError("breaks do not increase from 0 to at most 1")
    if (1 - breaks[-1]) * (2 + breaks[-1]) ** 2 > 4 * (1 - V):
        raise Refuted("the last window, up to 1, starts too early")
    for (low, high), c in zip(pairwise(breaks), windows, strict=True):
        for j in range(4):
            if any(sign(x) < 0 for x in c[j][1:]):
                raise Refuted("a coefficient is negative: P_k may only be added")
            below_potential(combination(m, c[j]), polarized(low, high, j), dimension=m)
        if not nonnegative(discriminant(low, high, window_worth(low, high, c, n), V), ZERO, ONE):
            raise Refuted(f"the polynomials prove less between τ = {below(low):.6g} and {below(high):.6g}")
    return Finding(
        f"one-active loss ≥ {below(value):.12g} for {n} features in {m} dimensions with one common norm and bias b ≤ 0"
    )


def polarized(low: fmpq, high: fmpq, j: int) -> list[Piece]:
    """φ_j as a potential."""
    numerator: Polynomial = [ONE]
    for k in range(3):
        numerator = multiply(numerator, [-(low if k < 3 - j else high), ONE])
    pieces = [Piece(-ONE, min(high, ONE), [], [ONE])]
    return pieces if high >= 1 else [*pieces, Piece(high, ONE, numerator, [ZERO, ONE])]


def window_worth(low: fmpq, high: fmpq, c: list[list[Number]], n: int) -> Polynomial:
    """q as a polynomial in s."""
    q: Polynomial = []
    for j, basis in enumerate(bernstein()):
        coefficient = (1 - low) ** (3 - j) * (1 - high) ** j + energy_bound(c[j], n) / n
        q = add(q, multiply([coefficient], basis))
    return q


def discriminant(low: fmpq, high: fmpq, q: Polynomial, V: fmpq) -> Polynomial:
    """4(1 − V) q − P² as a polynomial in s."""
    tau: Polynomial = [low, high - low]
    rest = subtract([ONE], tau)
    P = multiply(multiply(rest, rest), add([fmpq(2)], tau))
    return subtract(multiply([4 * (1 - V)], q), multiply(P, P))


def bernstein() -> list[Polynomial]:
    """The Bernstein polynomials of degree 3."""
    basis: list[Polynomial] = []
    for j, binomial in enumerate((1, 3, 3, 1)):
        product: Polynomial = [fmpq(binomial)]
        for k in range(3):
            product = multiply(product, [ONE, -ONE] if k < 3 - j else [ZERO, ONE])
        basis.append(product)
    return basis


def _four(name: str, item: Any) -> list[list[Number]]:
    def one(name: str, item: Any) -> list[Number]:
        return list(rationals_entry({name: item}, name, 1, MAX_DEGREE + 1))

    return items({name: item}, name, one, 4, 4)
