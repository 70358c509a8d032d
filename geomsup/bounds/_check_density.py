r"""The marked two-point bound of the loss at a density p: inputs with two active features, some of those with three.

All W, and all b of any sign.

Features are independent, on with probability p, and uniform on [0, 1]. With α = p/(1 − p), g = W_i·W_i and c_ij =
W_i·W_j, inputs with at most two active features give, and with three the outputs of these,

.. math:: \frac{L}{p (1-p)^{n-1}} \ge T = \sum_i \Bigl[A(g_i, b_i) + \frac{b_{i+}^2}{\alpha}\Bigr]
          + \sum_{i \ne j} \bigl[B(c_{ij}, b_i) + \alpha D(g_i, c_{ij}, b_i)\bigr]
          + \alpha \sum_i \sum_{j < k} V(c_{ij}, c_{ik}, b_i) + \alpha^2 \sum_i \sum_{j < k} W(g_i, b_i, c_{ij}, c_{ik})

with A and B as in :mod:`geomsup.bounds._check_marked`, D(g, c, b) = E(u − (gu + cu' + b)₊)², and V what two active
features do to a third output. For W_i = r u and b_i = −τ r² let R = r² and e = 1 − τ. V is replaced by what
:mod:`geomsup.bounds._third_outputs` says, terms of two features and of one, and W by what
:mod:`geomsup.bounds._own_outputs` says, or they are left out. The certificate has the *third* d and θ for V, the *own*
h, κ, θ and caps N_1, N_2 for W (all 0 where it is left out), a *threshold* a ≤ 1/3, a number *most* σ ≥ 0, polynomials
s_0, s_1, s_2, and matrices F_k ⪰ 0 and H_k ⪰ 0. They make

.. math:: s = s_0(e) + R s_1(e) + R^2 s_2(e), \quad
          P = \sum_k \bigl[\Phi_k^\top F_k \Phi_k' + r r' \chi^\top H_k \chi'\bigr] P_k(t)

where Φ_0 = (1, R, Re, …), Φ_k = (R, Re, …) for k ≥ 1 and χ = (1, e, …). T ≥ nλ is what follows, in four steps.

**A positive bias** b is replaced by 0. For it A + b²/α ≥ A_0 − b (1 − g)₊ + b²/p with A_0 = (1 − g)²/3 that of b = 0;
B and V grow with b; and D and W fall by at most b E 2u = b, as the response y ≥ 0 grows by at most b and (u − y)² falls
by at most 2u for each unit of that. So with ε = (n − 1)α + ½ (n − 1)(n − 2) α², the second term if W is counted, what
feature i gains is at most b[(1 − g)₊ + ε] − b²/p, hence at most its *price* (p/4) [(1 − g)₊ + ε]², which depends on no
other feature. From here on e = 1 for it, and its A is A_0 less the price.

**Features with A ≥ a are left out.** That does for all with e ≤ e_0, as 3A ≥ 1 − e (3 − e)²/4 for e ≥ 0, and for those
with b ≤ 0 that do not respond to themselves, W_i = 0 or e ≤ 0, for which A = 1/3.

**For those that are left** the certificate says, for e_0 ≤ e ≤ 1,

- *alone*: A − ½ αμθ²e⁴R² + ½ α² [(n − 1)(n − 2) w − κθ²] + (n − 1) s − ½ P(i, i) ≥ λ where A ≤ a;
- *most*: s + (n − 2) α² (eR N_1 + e²R² N_2) ≤ σ where A ≤ a, and λ + (n − 1)σ ≤ a;
- *pairs*: B_ij + B_ji + α (D_ij + D_ji) + ½ αμ (Q_ij + Q_ji) + α² (H_ij + H_ji) ≥ s_i + s_j + P_ij, Q_ij = 2θe_i²R_i
  Y_ij − Y_ij², H_ij = (n − 2) h_ij + κ (θ y_ij − ½ y_ij²).

For the n' features that are left there are (n' − 1)(n' − 2)/2 times w ≤ 0, which is no less, and (n' − 2) h_ij, which
lacks at most (n − n') (eR N_1 + e²R² N_2). So pairs and alone add up to T ≥ n'λ − (n − n') Σ [s + (n' − 1) α² (eR N_1 +
e²R² N_2)] ≥ n'λ − (n − n') n' σ, as n' ≤ n − 1 where it matters, and Σ P_ij ≥ 0 by Schoenberg's theorem. Each of the
others has at least a ≥ λ + (n − 1)σ, and n' ≤ n − 1 if there are any. What they share with others is not negative.

**Pairs** with ρ = r'/r ≤ 1, which exchange allows, are quadratic in R,

.. math:: a_0 + a_1 R + a_2 R^2, \quad a_1 = -2\alpha (X + \rho \tilde X) - \dots, \quad
          a_2 = \tfrac13 (\kappa + \rho^2 \tilde\kappa) + \alpha (Y + \rho^2 \tilde Y) - \dots,

with functions of (1, ρt, τ) and (ρ, t, ρτ') of :mod:`geomsup.bounds._responses`, as D = 1/3 − 2RX + R²Y. So are h and y
where t has one sign, z = ρt of one output and t/ρ of the other. They hold for all R ≥
0 where a_0 ≥ 0, a_2 ≥ 0, and a_1 ≥ 0 or 4 a_0 a_2 ≥ a_1². That is proved on boxes in (ρ, e, e', t). Y and κ lie above
their tangents. X lies below its tangent and half of its largest second derivative, as that in the direction v is
E u (v_a u + v_z u' − v_d)² δ(au + zu' − d), and the density of au + zu' is at most 1/max(a, |z|).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from flint import fmpq

from geomsup.bounds._check_marked import MAX_DEGREE, Matrix, exact_kernel, read_matrix
from geomsup.bounds._density_alone import GRID, Quadratic, Single
from geomsup.bounds._density_pairs import Pairs, prove_pairs
from geomsup.bounds._matrices import rank_if_semidefinite
from geomsup.bounds._numbers import below
from geomsup.bounds._own_outputs import Own
from geomsup.bounds._pairs import in_floats, kernel_in_floats
from geomsup.bounds._polynomials import Polynomial, add, multiply, subtract
from geomsup.bounds._reading import entry, integer_entry, items, rational_entry, rationals_entry
from geomsup.bounds._third_outputs import Product, product_below
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import Finding, Refuted

__all__ = ["Dual", "check", "least_e", "per_feature"]

ONE, ZERO = fmpq(1), fmpq(0)


def check(certificate: Certificate) -> Finding:
    """Check the matrices, the features alone, and the pairs."""
    claim = certificate.claim
    m, value = integer_entry(claim, "m", 2, 10_000), rational_entry(claim, "value", 0)
    if entry(claim, "quantity") != "loss":
        raise ValueError(f"the quantity {str(entry(claim, 'quantity'))[:40]!r} is unknown")
    least = per_feature(certificate)
    given = {key: claim[key] for key in ("n", "m", "feature_probability")}
    _prove(Certificate(certificate.kind, given, certificate.proof).to_json(), least)
    n, p = integer_entry(claim, "n", 2, 10**6), rational_entry(claim, "feature_probability", 0)
    return Finding(f"loss ≥ {below(value):.12g} for all W of shape ({m}, {n}) and all b at p = {below(p):.6g}")


@lru_cache(maxsize=64)
def _prove(contents: str, least: fmpq) -> None:
    """Prove that T ≥ nλ; remembered: one proof serves all importances."""
    dual = Dual.read(Certificate.from_json(contents))
    if dual.threshold > fmpq(1, 3) or least + (dual.n - 1) * dual.most > dual.threshold:
        raise Refuted("features that are left out do not cost what the others may lose by it")
    if any(rank_if_semidefinite(matrix) is None for matrix in (*dual.even, *dual.odd)):
        raise Refuted("a matrix is not positive semidefinite: P_k may only be added")
    dual.prove_alone(least)
    prove_pairs(dual.pairs())


def per_feature(certificate: Certificate) -> fmpq:
    """The λ that makes the value claimed."""
    claim = certificate.claim
    n, value = integer_entry(claim, "n", 2, 10**6), rational_entry(claim, "value", 0)
    p, importance = (rational_entry(claim, key, 0) for key in ("feature_probability", "importance"))
    if not (0 < p < 1 and importance > 0):
        raise ValueError(f"feature_probability is {below(p):.6g}, importance {below(importance):.6g}: 0 < p < 1, 0 < I")
    return value / (importance * p * (1 - p) ** (n - 1) * n)


@dataclass(frozen=True)
class Dual:
    """The exact data: F_0, F_1, … with the mark 1 in F_0 alone, H_0, H_1, …, s, and the two numbers."""

    n: int
    m: int
    p: fmpq
    even: list[Matrix]
    odd: list[Matrix]
    s: Quadratic
    threshold: fmpq
    most: fmpq
    third: tuple[fmpq, fmpq] | None = None
    own: Own | None = None

    @classmethod
    def read(cls, certificate: Certificate) -> Dual:
        """From a certificate."""
        claim, proof = certificate.claim, certificate.proof
        n, m = integer_entry(claim, "n", 2, 10**6), integer_entry(claim, "m", 2, 10_000)
        p = rational_entry(claim, "feature_probability", 0)
        even, odd = (items(proof, key, read_matrix, 1, MAX_DEGREE + 1) for key in ("even", "odd"))
        if any(len(matrix) != len(even[0]) - 1 for matrix in even[1:]) or len({len(matrix) for matrix in odd}) != 1:
            raise ValueError("the matrices have different sizes")
        rows = items(proof, "alone", lambda name, row: rationals_entry({name: row}, name, 1, MAX_DEGREE + 1), 3, 3)
        s: list[Polynomial] = [list(row) for row in rows]
        threshold, most = (rational_entry(proof, key, 0) for key in ("threshold", "most"))
        third = rationals_entry(proof, "third", 2, 2, 0) if "third" in proof else None
        pair = (third[0], third[1]) if third else None
        own = None
        if "own" in proof:
            lists = items(proof, "own", lambda name, row: rationals_entry({name: row}, name, 1, MAX_DEGREE), 4, 4)
            own = Own.read([list(row) for row in lists])
        return cls(n, m, p, even, odd, (s[0], s[1], s[2]), threshold, most, pair, own)

    @property
    def alpha(self) -> fmpq:
        """p/(1 − p)."""
        return self.p / (1 - self.p)

    @property
    def linear(self) -> Polynomial:
        """The part of P that is the mark 1 times a mark of the other feature, divided by its R."""
        return list(self.even[0][0][1:])

    @property
    def quadratic(self) -> list[Matrix]:
        """F_k without the mark 1."""
        return [[row[1:] for row in self.even[0][1:]], *self.even[1:]]

    def pairs(self) -> Pairs:
        """The inequality of pairs, in floats."""
        first, second, third = (in_floats(p) for p in (self.s[0], add(self.s[1], self.linear), self.s[2]))
        even, odd = (kernel_in_floats(exact_kernel(F, self.m)) for F in (self.quadratic, self.odd))
        constant = below(2 * self.alpha / 3 - self.even[0][0][0])
        least = below(least_e(self.threshold))
        product = Product.of(self.third, self.alpha)
        own = None if self.own is None else self.own.of_pair(self.n, self.alpha)
        return Pairs(below(self.alpha), constant, (first, second, third), even, odd, product, least, own)

    def alone(self, least: fmpq) -> Quadratic:
        """A + (n − 1) s − ½ P(i, i) − λ, less what single features pay for products."""
        linear = add(multiply([fmpq(2)], self.linear), _diagonal(self.odd))
        P: Quadratic = [self.even[0][0][0]], linear, _diagonal(self.quadratic)
        first, second, third = (
            add(subtract(a, multiply([fmpq(1, 2)], b)), multiply([fmpq(self.n - 1)], s))
            for a, b, s in zip(cost_above(least), P, self.s, strict=True)
        )
        if self.third is not None:
            mu, _ = product_below(self.third[0])
            third = subtract(third, [*[ZERO] * 4, self.alpha * mu * self.third[1] ** 2 / 2])
        if self.own is not None:
            first = subtract(first, [self.alpha**2 * self.own.kappa * self.own.theta**2 / 2])
        return first, second, third

    def room(self) -> Quadratic:
        """σ − s − (n − 2)α² (eR N_1 + e²R² N_2)."""
        first, second, third = (subtract(a, b) for a, b in zip(([self.most], [], []), self.s, strict=True))
        if self.own is None:
            return first, second, third
        square, linear = (-(self.n - 2) * self.alpha**2 * cap for cap in self.own.caps)
        return first, add(second, [ZERO, linear]), add(third, [ZERO, ZERO, square])

    def prove_alone(self, least: fmpq) -> None:
        """Prove *alone* and *most*."""
        triples = self.alpha**2 * (self.n - 1) * (self.n - 2) / 2 if self.own else ZERO
        A, excess = cost_above(self.threshold), (self.n - 1) * self.alpha + triples
        e = least_e(self.threshold)
        Single(self.alone(least), self.room(), A, e, self.p, excess, self.own, triples).prove()


def least_e(threshold: fmpq) -> fmpq:
    """An e_0 with 3A ≥ 1 − e (3 − e)²/4 ≥ 3a for e ≤ e_0, as e (3 − e)² grows up to 1."""
    found = [e for k in range(GRID) if (e := fmpq(k, GRID)) * (3 - e) ** 2 <= 4 * (1 - 3 * threshold)]
    return max(found, default=ZERO)


def cost_above(value: fmpq) -> Quadratic:
    """A − value."""
    return [fmpq(1, 3) - value], [ZERO, ZERO, -ONE, fmpq(1, 3)], [ZERO, ZERO, ZERO, fmpq(1, 3)]


def _diagonal(matrices: Sequence[Matrix]) -> Polynomial:
    """Σ_k ψᵀF_kψ."""
    total: Polynomial = []
    for matrix in matrices:
        for a, row in enumerate(matrix):
            total = add(total, [*([ZERO] * a), *row])
    return total

