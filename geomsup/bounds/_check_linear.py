r"""Bounds from second moments: the linear model, and features that share no direction.

**linear.** For x' = Mx + b with M of rank at most m, Σ the covariance of x and D = diag(I), the loss with the best
bias is tr D(1 − M)Σ(1 − M)ᵀ = ‖D^½Σ^½ − D^½MΣ^½‖², so (Eckart and Young) at least the sum of all but the m largest
eigenvalues of A = D^½ Σ D^½. Those m have at most the sum mτ + tr Z for any τ and any Z ⪰ 0 with A ⪯ τ1 + Z (Ky Fan).
With Z = D^½YD^½ no root is left:

.. math:: L \ge \operatorname{tr} D\Sigma - m\tau - \operatorname{tr} DY
          \qquad\text{if}\quad Y \succeq 0, \quad \tau D^{-1} + Y - \Sigma \succeq 0 .

Σ is block diagonal with one block for each group of features; Y is too.

**variance.** A feature that no direction represents has a constant output, so its loss is at least I_i Var x_i. When
the columns of W are orthogonal at most m features have one: L is at least the sum of all but the m largest I_i Var x_i.
"""

from __future__ import annotations

from typing import Any

from flint import fmpq

from geomsup._typing import JSON
from geomsup.bounds._matrices import rank_if_semidefinite
from geomsup.bounds._numbers import Number, below
from geomsup.bounds._reading import entry, integer_entry, items, number_entry, rational_entry, rationals_entry
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import Finding, Refuted, require_at_most

__all__ = ["check"]

MOST = 2000
"""Features; a block of the covariance may have at most 200."""
Matrix = list[list[fmpq]]


def check(certificate: Certificate) -> Finding:
    """Check the two matrix inequalities, or add up the variances."""
    claim = certificate.claim
    value = number_entry(claim, "value")
    return (_linear if certificate.kind == "linear" else _variance)(claim, certificate.proof, value)


def _linear(claim: JSON, proof: JSON, value: Number) -> Finding:
    m = integer_entry(claim, "m", 1, MOST)
    blocks = items(claim, "blocks", _block, 0, MOST)
    tau = rational_entry(proof, "threshold", 0)
    excess = items(proof, "excess", _matrix, len(blocks), len(blocks))
    total = -tau * m
    for k, ((importance, covariance), Y) in enumerate(zip(blocks, excess, strict=True)):
        size = range(len(importance))
        if len(Y) != len(importance):
            raise ValueError(f"excess[{k}] has another size than blocks[{k}]")
        slack = [[Y[i][j] - covariance[i][j] + (tau / importance[i] if i == j else 0) for j in size] for i in size]
        for name, matrix in (("Y", Y), ("τD⁻¹ + Y − Σ", slack)):
            if rank_if_semidefinite(matrix) is None:
                raise Refuted(f"block {k} of {name} is not positive semidefinite")
        total += sum((importance[i] * (covariance[i][i] - Y[i][i]) for i in size), fmpq(0))
    require_at_most(value, total)
    n = integer_entry(claim, "n", sum(len(importance) for importance, _ in blocks), MOST)
    return Finding(f"loss ≥ {below(value):.12g} for every linear model with {n} features in {m} dimensions")


def _variance(claim: JSON, proof: JSON, value: Number) -> Finding:
    importance = rationals_entry(claim, "importance", 0, MOST, 0)
    variance = rationals_entry(claim, "variances", len(importance), len(importance), 0)
    losses = sorted(i * v for i, v in zip(importance, variance, strict=True))
    quantity = entry(claim, "quantity")
    if quantity == "loss of dropped features":
        require_at_most(value, sum(losses, fmpq(0)))
        return Finding(f"loss ≥ {below(value):.12g} when these {len(losses)} features have no direction")
    if quantity == "loss without superposition":
        m = integer_entry(claim, "m", 1, MOST)
        require_at_most(value, sum(losses[: max(0, len(losses) - m)], fmpq(0)))
        return Finding(f"loss ≥ {below(value):.12g} for all W with orthogonal columns in {m} dimensions")
    raise ValueError(f"the quantity {str(quantity)[:40]!r} is unknown")


def _block(name: str, item: Any) -> tuple[list[fmpq], Matrix]:
    importance = rationals_entry(item, "importance", 1, 200, 0)
    covariance = items(item, "covariance", _matrix_row, len(importance), len(importance))
    if not all(importance):
        raise ValueError(f"an importance in {name} is 0: leave the feature out")
    return importance, _symmetric(f"{name}.covariance", covariance)


def _matrix(name: str, item: Any) -> Matrix:
    return _symmetric(name, items({name: item}, name, _matrix_row, 1, 200))


def _matrix_row(name: str, item: Any) -> list[fmpq]:
    return rationals_entry({name: item}, name, 1, 200)


def _symmetric(name: str, rows: Matrix) -> Matrix:
    if any(len(row) != len(rows) for row in rows):
        raise ValueError(f"{name} is not square")
    if any(row[j] != rows[j][i] for i, row in enumerate(rows) for j in range(i)):
        raise ValueError(f"{name} is not symmetric")
    return rows
