r"""Two-point bounds (Delsarte and Yudin): what a positive definite polynomial below the potential proves.

Let h = Σ c_k P_k with c_k ≥ 0 for k ≥ 1 and h ≤ f on [-1, 1]. For unit vectors and weights w_i ≥ 0,
Σ w_i w_j P_k(u_i·u_j) ≥ 0, and P_0 = 1, so

.. math:: \sum_{i,j} w_i w_j f(u_i \cdot u_j) \ge \sum_{i,j} w_i w_j h(u_i \cdot u_j) \ge c_0 \Bigl(\sum_i w_i\Bigr)^2 .

- *measure energy*: the double sum is at least c₀ for weights that add up to 1.
- *capacity*, f = t₊²: C(m) ≤ 1/c₀.
- *energy* of n unit vectors, without the diagonal: Σ_{i≠j} f ≥ n² c₀ − n h(1).
- *bias-free loss*: see :func:`layer_cake`.
"""

from __future__ import annotations

from flint import fmpq

from geomsup._typing import JSON
from geomsup.bounds._numbers import Number, above, below, sign
from geomsup.bounds._pieces import below_potential, describe_potential, read_potential
from geomsup.bounds._polynomials import combination
from geomsup.bounds._reading import entry, integer_entry, number_entry, numbers_entry, rationals_entry
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import Finding, Refuted, require_at_most

__all__ = ["MAX_DEGREE", "check", "energy_bound", "layer_cake", "loss_finding"]

MAX_DEGREE = 60
RELU_SQUARED: JSON = {"name": "relu_squared"}


def check(certificate: Certificate) -> Finding:
    """Check h ≤ f and c_k ≥ 0, and that the value follows."""
    claim = certificate.claim
    m = integer_entry(claim, "m", 1, 10_000)
    value = number_entry(claim, "value")
    c = numbers_entry(certificate.proof, "coefficients", 1, 1 + (MAX_DEGREE if m > 1 else 1))
    quantity = entry(claim, "quantity")
    description = entry(claim, "potential") if quantity in ("energy", "measure energy") else RELU_SQUARED
    potential = read_potential(description)
    for k, x in enumerate(c):
        if k and sign(x) < 0:
            raise Refuted(f"coefficient {k} is negative: P_{k} may only be added")
    below_potential(combination(max(m, 2), c), potential, dimension=m)
    if quantity == "energy":
        n = integer_entry(claim, "n", 1, 10**9)
        require_at_most(value, energy_bound(c, n))
        f = describe_potential(description)
        return Finding(f"Σ_{{i≠j}} f(u_i·u_j) ≥ {below(value):.12g} for all {n} unit vectors in R^{m}, f = {f}")
    if quantity == "measure energy":
        require_at_most(value, c[0])
        f = describe_potential(description)
        return Finding(
            f"Σ w_i w_j f(u_i·u_j) ≥ {below(value):.12g} for all weights of sum 1 on unit vectors in R^{m}, f = {f}"
        )
    if quantity == "capacity":
        if sign(c[0]) <= 0 or sign(value) <= 0:
            raise Refuted("the coefficient of P_0 is not positive, and nothing follows")
        require_at_most(1 / value, c[0])
        return Finding(f"C({m}) ≤ {above(value):.12g}: no arrangement in R^{m} is worth more features without bias")
    if quantity == "loss":
        return loss_finding(claim, m, value, c[0])
    raise ValueError(f"the quantity {str(quantity)[:40]!r} is unknown")


def loss_finding(claim: JSON, m: int, value: Number, c: Number) -> Finding:
    """What C(m) ≤ 1/c says about a loss without bias."""
    importance = rationals_entry(claim, "importance", 1, 10_000, 0)
    alone = rationals_entry(claim, "alone", len(importance), len(importance), 0)
    if sign(c) <= 0:
        raise Refuted("the constant is not positive, and nothing follows")
    require_at_most(value, layer_cake(importance, alone, 1 / c))
    return Finding(
        f"loss ≥ {below(value):.12g} for all W of shape ({m}, {len(importance)}) without bias, non-negative "
        "independent values"
    )


def energy_bound(c: list[Number], n: int) -> Number:
    """n² c₀ − n h(1), where h(1) = Σ c_k."""
    return c[0] * (n * n) - sum(c[1:], c[0]) * n


def layer_cake(importance: list[fmpq], alone: list[fmpq], capacity: Number) -> Number:
    r"""A lower bound on the loss without bias, for any importances and probabilities of independent features.

    Let a_j be the probability that feature j alone is active times E[x_j²] given that it is ("alone"), values not
    negative. What inputs with one active feature cost is Σ_{i,j} I_i a_j e_ij with e_ij = (1 − M_ii)² on the
    diagonal and (M_ij)₊² off it. For any set S of features Σ_{i,j ∈ S} e_ij ≥ \|S\| − C(m), so writing
    I_i = ∫ 1[I_i > s] ds and a_j = ∫ 1[a_j > t] dt,

    .. math:: L \ge \int\!\!\int \bigl(|\{i : I_i > s, a_i > t\}| - C\bigr)_+ \, ds\, dt .
    """
    total: Number = fmpq(0)
    rows = sorted(zip(importance, alone, strict=True), reverse=True)
    for k, (weight, _) in enumerate(rows):
        lower = rows[k + 1][0] if k + 1 < len(rows) else fmpq(0)
        if weight == lower:
            continue
        inside = sorted((a for _, a in rows[: k + 1]), reverse=True)
        layer: Number = fmpq(0)
        for size, a in enumerate(inside, start=1):
            excess = size - capacity
            if sign(excess) > 0:
                after = inside[size] if size < len(inside) else fmpq(0)
                layer = layer + excess * (a - after)
        total = total + layer * (weight - lower)
    return total
