r"""Three-point bounds (Bachoc and Vallentin 2008; Cohn and Woo 2012), for measures and for energies.

T is a kernel of :mod:`geomsup.bounds._triples`, so its integral over three copies of a measure is not negative, and p
is a function of one cosine with

.. math:: T(u, v, t) \le \tfrac13 \bigl(p(u) + p(v) + p(t)\bigr)
          \qquad\text{whenever } u, v, t \text{ are the cosines of three unit vectors.}   \tag{1}

**Measures.** If (1) holds for p = f − c, then ∫∫ f dμ² ≥ c for every measure μ of mass 1: integrate (1) over μ³, where
u, v and t have the same distribution. Atoms are no exception, since (1) includes vectors that coincide. For f = t₊²
this is C(m) ≤ 1/c. And n unit vectors with weights 1/n are a measure: Σ_{i≠j} f(u_i·u_j) ≥ n² c − n f(1).

**Energies of n unit vectors.** The diagonal is left out. If (1) holds and

.. math:: 3\,T(u, u, 1) + (n-2)\, p(u) + c \le f(u) \qquad (-1 \le u \le 1), \tag{2}

then Σ_{i≠j} f ≥ n(n − 1)c − n T(1, 1, 1): sum (2) over the pairs i ≠ j; the sum of p is at least that of T over triples
of distinct indices; what remains, T over all triples but those with three equal indices, is at least −n T(1, 1, 1).

**Of minimisers only.** To T may be added what sums to 0 at a minimiser, the M of :mod:`geomsup.bounds._multipliers`: a
minimiser exists, since f is continuous and spheres are compact, and a bound on its energy is a bound on every other.
For measures the right side of (1) may also have s(v)(f(u) − c₀), provided that c ≤ c₀: then integration gives
0 ≤ (I − c₀)S + I − c, so (I − c₀)(1 + S) ≥ c − c₀, and I ≥ c₀ + (c − c₀)/(1 + S) ≥ c, because S ≥ 0.

The function p has one polynomial for each interval on which f is one, so (1) is a polynomial inequality for each choice
of three intervals, up to permutation. It is proved by :mod:`geomsup.bounds._bernstein`; (2) by Sturm's theorem.

**Sharp bounds.** Where an arrangement attains the bound, (1) is an equality at its triples. A proof may list such
triples: around them (1) is proved by :mod:`geomsup.bounds._equality`, and nothing has to be given up. The mean of T
over the arrangement then is 0 exactly: the matrices Σ a aᵀ are singular, and given themselves instead of the a.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations_with_replacement

from flint import fmpq

from geomsup._typing import JSON
from geomsup.bounds._bernstein import MOST, nonnegative_on_triples
from geomsup.bounds._check_two_point import loss_finding
from geomsup.bounds._equality import neighbourhood
from geomsup.bounds._matrices import rank_if_semidefinite
from geomsup.bounds._multipliers import NONE, Multipliers, slopes
from geomsup.bounds._numbers import Number, above, below
from geomsup.bounds._pieces import Described, RieszPower, below_potential, describe_potential, read_potential
from geomsup.bounds._polynomials import Polynomial, add, combination, evaluate, multiply, nonnegative, subtract
from geomsup.bounds._reading import entry, integer_entry, items, rational_entry, rationals_entry
from geomsup.bounds._triples import Trivariate, kernel, kernel_of_matrices, mean_of_three, on_pairs, subtract_triples
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import Finding, Refuted, require_at_most

__all__ = [
    "MAX_DEGREE",
    "bound_on_triples",
    "check",
    "intervals",
    "pairs_below",
    "pieces_of_measure",
]

MAX_DEGREE = 16
MAX_PIECE = 24
"""Degree of the polynomials of p."""
MAX_EQUALITIES = 100
RELU_SQUARED: JSON = {"name": "relu_squared"}
Ends = list[tuple[fmpq, fmpq]]


def check(certificate: Certificate) -> Finding:
    """Check (1), and for energies (2), and that the value follows."""
    claim, proof = certificate.claim, certificate.proof
    m = integer_entry(claim, "m", 3, 1000)
    value = rational_entry(claim, "value")
    quantity = entry(claim, "quantity")
    if quantity not in ("capacity", "loss", "measure energy", "energy"):
        raise ValueError(f"the quantity {str(quantity)[:40]!r} is unknown")
    description = RELU_SQUARED if quantity in ("capacity", "loss") else entry(claim, "potential")
    if quantity != "energy":
        c = _measure_constant(m, json.dumps(description), json.dumps(proof))
        return loss_finding(claim, m, value, c) if quantity == "loss" else _measure(quantity, m, value, c, description)
    n, potential = integer_entry(claim, "n", 2, 10**6), read_potential(description)
    f = describe_potential(description)
    found = f"Σ_{{i≠j}} f(u_i·u_j) ≥ {below(value):.12g} for all {n} unit vectors in R^{m}, f = {f}"
    if "pieces" not in proof:
        c = _measure_constant(m, json.dumps(description), json.dumps(proof))
        last = pieces_of_measure(potential, fmpq(0))[-1]
        require_at_most(value, n * n * c - n * evaluate(last, fmpq(1)))
        return Finding(found)
    c, T = rational_entry(proof, "constant"), _kernel(m, proof)
    ends = intervals(potential)
    p = items(proof, "pieces", _chebyshev, len(ends), len(ends))
    if "weights" in proof:
        raise ValueError("weights are given, but unit vectors have none")
    multipliers = _multipliers(m, proof, potential, c)
    pairs_below(T, p, c, n, potential, multipliers)
    bound_on_triples(T, p, ends, multipliers, equalities=_equalities(proof))
    require_at_most(value, n * (n - 1) * c - n * sum(T.values(), fmpq(0)))
    return Finding(found)


def intervals(potential: Described) -> Ends:
    """Where p has a polynomial each."""
    if isinstance(potential, RieszPower):
        return [(fmpq(-1), fmpq(1))]
    return [(piece.low, piece.high) for piece in potential]


def pieces_of_measure(potential: Described, c: fmpq) -> list[Polynomial]:
    """f − c, for a potential that is a polynomial on each interval."""
    if isinstance(potential, RieszPower) or any(piece.denominator != [1] for piece in potential):
        raise ValueError("the potential is not a piecewise polynomial")
    return [subtract(piece.numerator, [c]) for piece in potential]


def bound_on_triples(
    T: Trivariate,
    p: Sequence[Polynomial],
    ends: Ends,
    multipliers: Multipliers = NONE,
    *,
    equalities: Sequence[Sequence[fmpq]] = (),
    most: int = MOST,
) -> int:
    """Return the number of boxes if (1) holds; otherwise raise :class:`Refuted`.

    `equalities` are triples, in increasing order, around which (1) is proved by convexity.
    """
    boxes = 0
    for chosen in combinations_with_replacement(range(len(ends)), 3):
        g = subtract_triples(mean_of_three(*(_rationals(p[k]) for k in chosen)), T)
        g = subtract_triples(g, multipliers.on_triples(chosen))
        mirrors = [(i, i + 1) for i in (0, 1) if chosen[i] == chosen[i + 1]]
        low, high = [ends[k][0] for k in chosen], [ends[k][1] for k in chosen]
        here = [t for t in equalities if all(a <= x <= b for a, x, b in zip(low, t, high, strict=True))]
        known = [neighbourhood(g, t, low, high) for t in here]
        boxes += nonnegative_on_triples(g, low, high, mirrors=mirrors, known=known, most=most)
    return boxes


def pairs_below(
    T: Trivariate, p: Sequence[Polynomial], c: fmpq, n: int, potential: Described, multipliers: Multipliers = NONE
) -> None:
    """Return if (2) holds; otherwise raise :class:`Refuted`."""
    both = add(multiply([fmpq(3)], on_pairs(T)), [c])
    h = [add(add(both, multipliers.on_pairs(k)), multiply([fmpq(n - 2)], one)) for k, one in enumerate(p)]
    if isinstance(potential, RieszPower):
        below_potential(h[0], potential, dimension=3)
        return
    for one, piece in zip(h, potential, strict=True):
        if not nonnegative(subtract(piece.numerator, multiply(one, piece.denominator)), piece.low, piece.high):
            raise Refuted(f"the inequality for pairs fails on [{below(piece.low):.6g}, {below(piece.high):.6g}]")


@lru_cache(maxsize=64)
def _measure_constant(m: int, description: str, proof: str) -> fmpq:
    """The c that a proof establishes for all measures, remembered: one proof serves the losses of many problems."""
    data, potential = json.loads(proof), read_potential(json.loads(description))
    c = rational_entry(data, "constant")
    p = pieces_of_measure(potential, c)
    ends, multipliers = intervals(potential), _multipliers(m, data, potential, c)
    bound_on_triples(_kernel(m, data), p, ends, multipliers, equalities=_equalities(data))
    return c


def _measure(quantity: str, m: int, value: fmpq, c: fmpq, description: JSON) -> Finding:
    if quantity == "measure energy":
        require_at_most(value, c)
        f = describe_potential(description)
        return Finding(
            f"Σ w_i w_j f(u_i·u_j) ≥ {below(value):.12g} for all weights of sum 1 on unit vectors in R^{m}, f = {f}"
        )
    if c <= 0 or value <= 0:
        raise Refuted("the constant is not positive, and nothing follows")
    require_at_most(1 / value, c)
    return Finding(f"C({m}) ≤ {above(value):.12g}: no arrangement in R^{m} is worth more features without bias")


def _kernel(m: int, proof: JSON) -> Trivariate:
    if "matrices" in proof:
        matrices = items(proof, "matrices", _rows, 1, MAX_DEGREE + 1)
        for k, F in enumerate(matrices):
            if any(len(row) != len(F) for row in F) or any(F[i][j] != F[j][i] for i in range(len(F)) for j in range(i)):
                raise ValueError(f"matrices[{k}] is not symmetric")
            if rank_if_semidefinite(F) is None:
                raise Refuted(f"matrices[{k}] is not positive semidefinite")
        return kernel_of_matrices(m, matrices, pairs=_positive(proof, "pairs"))
    factors = items(proof, "factors", _rows, 1, MAX_DEGREE + 1)
    for k, rows in enumerate(factors):
        if len({len(row) for row in rows}) > 1:
            raise ValueError(f"factors[{k}] has rows of different lengths")
    return kernel(m, factors, pairs=_positive(proof, "pairs"))


def _equalities(proof: JSON) -> list[list[fmpq]]:
    """Triples of which the proof says that (1) is an equality there."""

    def triple(name: str, item: object) -> list[fmpq]:
        return rationals_entry({name: item}, name, 3, 3)

    return items(proof, "equalities", triple, 1, MAX_EQUALITIES) if "equalities" in proof else []


def _multipliers(m: int, proof: JSON, potential: Described, c: fmpq) -> Multipliers:
    """What the proof uses of them."""
    if "stationary" not in proof and "weights" not in proof:
        return NONE
    slope, ends = slopes(potential), intervals(potential)
    q = items(proof, "stationary", _chebyshev, len(ends), len(ends)) if "stationary" in proof else []
    if "weights" not in proof:
        return Multipliers(q, slope, [], [])
    reference = rational_entry(proof, "reference")
    if reference < c:
        raise Refuted("the reference is below the constant, and nothing follows")
    s: list[Number] = [fmpq(0), *_positive(proof, "weights")]
    return Multipliers(q, slope, combination(m, s), pieces_of_measure(potential, reference))


def _positive(proof: JSON, name: str) -> list[fmpq]:
    """Factors of P_1, P_2, ..., none if there is no such entry."""
    if name not in proof:
        return []
    found = rationals_entry(proof, name, 1, MAX_PIECE)
    if min(found) < 0:
        raise Refuted(f"{name} has a negative entry")
    return found


def _rows(name: str, item: object) -> list[list[fmpq]]:
    def row(name: str, item: object) -> list[fmpq]:
        return rationals_entry({name: item}, name, 1, MAX_DEGREE + 1)

    return items({name: item}, name, row, 0, MAX_DEGREE + 1)


def _chebyshev(name: str, item: object) -> Polynomial:
    c: list[Number] = list(rationals_entry({name: item}, name, 1, MAX_PIECE + 1))
    return combination(2, c)


def _rationals(p: Polynomial) -> list[fmpq]:
    if not all(isinstance(x, fmpq) for x in p):
        raise ValueError("a coefficient of the potential is irrational")
    return p  # type: ignore[return-value]
