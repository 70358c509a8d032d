r"""What holds at a minimiser: polynomials in three cosines whose sum is not negative there, in exact arithmetic.

**Positions.** If unit vectors u_i with weights w_i minimise Σ w_i w_j f(u_i·u_j), f is C¹ and u_i may move, then
Σ_j w_j f'(u_i·u_j)(u_j − (u_i·u_j)u_i) = 0, and so Σ_j w_j f'(t_ij)(t_jk − t_ij t_ik) = 0 for every k. Multiplied by
q(t_ik) and summed over all triples with their weights, for any function q,

.. math:: M(u, v, t) = q(v)\, f'(u)\, (t - uv), \qquad \sum_{i,j,k} w_i w_j w_k\, M(t_{ij}, t_{ik}, t_{jk}) = 0 .

Where j = i or k = i a term is 0, so it makes no difference whether equal indices are left out.

**Weights.** If a measure μ of mass 1 minimises I = ∫∫ f dμ², then U(x) = ∫ f(x·y) dμ(y) ≥ I for all unit vectors x:
otherwise moving mass there would help. The mean of U is I, so U = I almost everywhere on μ. With s = Σ r_k P_k and all
r_k ≥ 0, for any number c₀,

.. math:: \iiint s(x \cdot z)\,(f(x \cdot y) - c_0)\, d\mu^3 = (I - c_0)\,S, \qquad S = \iint s\, d\mu^2 \ge 0 .

Points of the support minimise U, so that measures have the first property as well, with w = μ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

from flint import fmpq

from geomsup.bounds._numbers import sign
from geomsup.bounds._pieces import Described, RieszPower
from geomsup.bounds._polynomials import Polynomial, derivative, evaluate, multiply, subtract
from geomsup.bounds._triples import Trivariate

__all__ = ["Multipliers", "slopes"]


@dataclass(frozen=True)
class Multipliers:
    """One q and one f' for each interval; s, and f − c₀ on each interval. Empty lists are zeros."""

    q: list[Polynomial]
    slopes: list[Polynomial]
    s: Polynomial
    rest: list[Polynomial]

    def on_triples(self, chosen: Sequence[int]) -> Trivariate:
        """The mean of M − s(v)(f(u) − c₀) over the orders of u, v, t, where these are on the intervals chosen."""
        total: Trivariate = defaultdict(fmpq)
        for a, b, c in permutations(range(3)):
            if self.q:
                _add_product(total, (a, b, c), self.slopes[chosen[a]], self.q[chosen[b]])
            if self.s:
                _add_product(total, (a, b, None), self.rest[chosen[a]], [-x for x in self.s])
        return dict(total)

    def on_pairs(self, k: int) -> Polynomial:
        """Three times the mean of M at (u, u, 1), u on interval k: q f' (1 − u²)."""
        if not self.q:
            return []
        return multiply(multiply(self.q[k], self.slopes[k]), [fmpq(1), fmpq(0), fmpq(-1)])


NONE = Multipliers([], [], [], [])


def slopes(potential: Described) -> list[Polynomial]:
    """f' on each interval of f.

    Raises
    ------
    ValueError
        The potential is not a piecewise polynomial, or has a kink or a jump.
    """
    if isinstance(potential, RieszPower) or any(piece.denominator != [1] for piece in potential):
        raise ValueError("multipliers need a piecewise polynomial, and the potential is none: pass multipliers=False")
    for left, right in pairwise(potential):
        gap = subtract(right.numerator, left.numerator)
        if any(sign(evaluate(p, right.low)) for p in (gap, derivative(gap))):
            raise ValueError("multipliers need a potential without kinks and jumps: pass multipliers=False")
    return [derivative(piece.numerator) for piece in potential]


def _add_product(
    total: Trivariate, axes: tuple[int, int, int | None], p: Polynomial, q: Polynomial
) -> None:
    """Add p(u) q(v) (t − uv)/6, or p(u) q(v)/6 if there is no axis of t, to the total."""
    a, b, c = axes
    factors = [((0, 0), fmpq(1, 6))] if c is None else [((0, 0), fmpq(1, 6)), ((1, 1), fmpq(-1, 6))]
    for i, x in enumerate(p):
        for j, y in enumerate(q):
            for (up, vp), weight in factors:
                exponents = [0, 0, 0]
                exponents[a], exponents[b] = i + up, j + vp
                if c is not None and not up:
                    exponents[c] = 1
                # Rational: potentials, q and s are read as such.
                total[tuple(exponents)] += weight * x * y  # type: ignore[index, assignment]
