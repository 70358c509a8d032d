r"""Lower bounds on a capacity: the arrangement itself, with its value in exact arithmetic.

For any vectors W_j, C(m) ≥ (Σ ‖W_j‖²)² / Σ_{i,j} (W_i·W_j)₊². The proof is either a matrix W of rationals with m
rows, whose products are then rational too, or a Gram matrix over Q or Q(√d), written as a list of its different values
and one row of indices for each row; it must be positive semidefinite of rank at most m, so that such vectors exist.
"""

from __future__ import annotations

from typing import Any

from flint import fmpq, fmpq_mat

from geomsup._typing import JSON
from geomsup.bounds._matrices import rank_if_semidefinite
from geomsup.bounds._numbers import Number, below, sign
from geomsup.bounds._reading import entry, integer_entry, items, number_entry, numbers_entry, rationals_entry
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import Finding, Refuted, require_at_most

__all__ = ["check", "gram_of_directions", "gram_of_rows", "worth_of_gram"]

MOST = 1000
"""Vectors of one arrangement."""
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
"""Digits of the indices."""


def check(certificate: Certificate) -> Finding:
    """Check that the vectors exist, and that they are worth the value."""
    claim, proof = certificate.claim, certificate.proof
    if entry(claim, "quantity") != "capacity of an arrangement":
        raise ValueError(f"the quantity {str(claim['quantity'])[:40]!r} is unknown")
    m = integer_entry(claim, "m", 1, 10_000)
    value = number_entry(claim, "value")
    gram = gram_of_directions(_directions(proof, m)) if "directions" in proof else gram_of_rows(proof)
    rank = m if "directions" in proof else rank_if_semidefinite(gram)
    if rank is None:
        raise Refuted("the Gram matrix is not positive semidefinite: there are no such vectors")
    if rank > m:
        raise Refuted(f"the Gram matrix has rank {rank}: its vectors do not fit into R^{m}")
    worth = worth_of_gram(gram)
    require_at_most(value, worth)
    return Finding(f"C({m}) ≥ {below(value):.12g}: an arrangement of {len(gram)} vectors in R^{m} is worth that")


def worth_of_gram(gram: list[list[Number]]) -> Number:
    """(tr G)² / Σ (G_ij)₊²."""
    trace: Number = fmpq(0)
    squares: Number = fmpq(0)
    for i, row in enumerate(gram):
        trace = trace + row[i]
        for x in row:
            if sign(x) > 0:
                squares = squares + x * x
    if sign(squares) == 0:
        raise Refuted("the arrangement is zero")
    return trace * trace / squares


def gram_of_directions(rows: list[list[fmpq]]) -> list[list[Number]]:
    """WᵀW."""
    W = fmpq_mat(rows)
    return [list(row) for row in (W.transpose() * W).tolist()]


def gram_of_rows(proof: JSON) -> list[list[Number]]:
    """The symmetric matrix that is written as a list of values and rows of indices."""
    values = numbers_entry(proof, "values", 1, len(ALPHABET))
    rows = items(proof, "rows", lambda name, item: _indices(name, item, len(values)), 1, MOST)
    if any(len(row) != len(rows) for row in rows):
        raise ValueError("the Gram matrix is not square")
    if any(row[j] != rows[j][i] for i, row in enumerate(rows) for j in range(i)):
        raise ValueError("the Gram matrix is not symmetric")
    return [[values[k] for k in row] for row in rows]


def _directions(proof: JSON, m: int) -> list[list[fmpq]]:
    rows = items(proof, "directions", lambda name, item: rationals_entry({name: item}, name, 1, MOST), m, m)
    if len({len(row) for row in rows}) != 1:
        raise ValueError("the rows of directions have different lengths")
    return rows


def _indices(name: str, item: Any, count: int) -> list[int]:
    if not isinstance(item, str) or len(item) > MOST:
        raise ValueError(f"{name} is not a row of digits")
    indices = [ALPHABET.find(digit) for digit in item]
    if not all(0 <= k < count for k in indices):
        raise ValueError(f"{name} refers to a value that is not in the list")
    return indices
