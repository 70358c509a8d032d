r"""How far apart n lines can be: what bounds the coherence max |u_i·u_j|, i ≠ j, of n unit vectors in R^m from below.

**Polynomials** (Delsarte, Goethals and Seidel 1975). Let f = Σ_k f_k P_2k with f_k ≥ 0 for k ≥ 1. For unit vectors
Σ_ij P_2k(u_i·u_j) ≥ 0 and P_0 = 1, so

.. math:: \sum_{i \ne j} f(u_i \cdot u_j) \ge n^2 f_0 - n f(1) .

Let f ≤ 0 for \|t\| ≤ s. If n f_0 > f(1), some f(u_i·u_j) is positive, and the coherence exceeds s. If n f_0 = f(1) and
all \|u_i·u_j\| are below s, they are roots of f, which is a contradiction if there is none. If f_1 > 0 it suffices that
no root has a square of w = (n − m)/(m(n − 1)) or more: then Σ_ij P_2(u_i·u_j) = 0 too, so that w is the mean of the
squares, and one of them is at least that. As f is even it is a polynomial in t², and Sturm's theorem decides all this.

**Negative products** (Rankin 1955; Conway, Hardin and Sloane 1996). The matrices u_i u_iᵀ − 1/m are symmetric of trace
0, a space of dimension m(m + 1)/2 − 1, and have the inner products (u_i·u_j)² − 1/m. At most one more vector than
there are dimensions can have negative products in pairs. So for n > m(m + 1)/2 the coherence is at least 1/√m.
"""

from __future__ import annotations

from flint import fmpq

from geomsup.bounds._numbers import Number, below, sign
from geomsup.bounds._polynomials import Polynomial, combination, has_root, nonnegative
from geomsup.bounds._reading import entry, integer_entry, number_entry, rational_entry, rationals_entry
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import Finding, Refuted, require_at_most

__all__ = ["MAX_DEGREE", "check", "in_squares", "mean_square"]

MAX_DEGREE = 40
"""Of f."""


def check(certificate: Certificate) -> Finding:
    """Check that no n lines have a coherence below the root of `square`, and that the value is at most that."""
    claim, proof = certificate.claim, certificate.proof
    if entry(claim, "quantity") != "coherence":
        raise ValueError(f"the quantity {str(claim['quantity'])[:40]!r} is unknown")
    n, m = integer_entry(claim, "n", 2, 10**9), integer_entry(claim, "m", 1, 10_000)
    value = number_entry(claim, "value")
    square = rational_entry(proof, "square", 0)
    if square > 1:
        raise Refuted("a coherence is at most 1")
    if "coefficients" in proof:
        _polynomial(rationals_entry(proof, "coefficients", 1, MAX_DEGREE // 2 + 1), square, n, m)
    else:
        if 2 * n <= m * (m + 1):
            raise Refuted(f"{n} matrices in {m * (m + 1) // 2 - 1} dimensions can have negative products in pairs")
        require_at_most(square, fmpq(1, m))
    if sign(value) > 0:
        require_at_most(value * value, square)
    return Finding(f"max |u_i·u_j| ≥ {below(value):.12g} for all {n} unit vectors in R^{m}")


def in_squares(coefficients: list[fmpq], m: int) -> Polynomial:
    """g with g(t²) = Σ f_k P_2k(t), m ≥ 2."""
    spread: list[Number] = [fmpq(0)] * (2 * len(coefficients) - 1)
    spread[::2] = coefficients
    return combination(m, spread)[::2]


def mean_square(n: int, m: int) -> fmpq:
    """The mean of (u_i·u_j)² over pairs i ≠ j of a tight frame; Welch's bound on it for all others."""
    return max(fmpq(n - m, m * (n - 1)), fmpq(0))


def _polynomial(coefficients: list[fmpq], square: fmpq, n: int, m: int) -> None:
    if m == 1:
        raise Refuted("in one dimension there is nothing but ±1: no polynomial is needed")
    if any(x < 0 for x in coefficients[1:]):
        raise Refuted("a coefficient is negative: P_2k may only be added")
    g = in_squares(coefficients, m)
    upside_down = [-x for x in g]
    if square > 0 and not nonnegative(upside_down, fmpq(0), square):
        raise Refuted(f"the polynomial is positive somewhere below the square {below(square):.6g}")
    surplus = n * coefficients[0] - sum(coefficients, fmpq(0))
    if surplus < 0:
        raise Refuted(f"the polynomial allows {n} vectors")
    if surplus == 0:
        lowest = mean_square(n, m) if len(coefficients) > 1 and coefficients[1] > 0 else fmpq(0)
        if lowest < square and has_root(g, lowest, square):
            raise Refuted("all products may be roots of the polynomial")
