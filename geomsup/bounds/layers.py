"""A bound for features that are not alike, or many, from those for a few that are: layers of importance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpq

from geomsup._typing import JSON, FloatArray, IntArray
from geomsup.bounds._check_layers import Alike, alike, least_of
from geomsup.bounds._check_marked import truncated
from geomsup.bounds._density import stored_at
from geomsup.bounds._numbers import below, exact, text
from geomsup.bounds._reading import rational_entry
from geomsup.bounds._store import stored, stored_names
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.marked import sparse_loss_bound
from geomsup.bounds.result import Bound, bound_from
from geomsup.bounds.verify import Evidence
from geomsup.features import Independent, Uniform
from geomsup.problem import Problem

if TYPE_CHECKING:
    from geomsup.optimize import Progress

__all__ = ["layered_bound"]

METHOD = "layers of importance"
P = "feature_probability"
PAIR_GAP = 1e-3
"""Relative gap of the bound for a pair in one dimension: far below what is lost otherwise."""
LARGEST = 40_000
"""Features of one density times their different importances: 200 that differ, 40,000 that do not."""


def layered_bound(problem: Problem, *, callback: Callable[[Progress], None] | None = None) -> Bound:
    r"""A lower bound on the loss of independent features of any importances and probabilities, over all W and b.

    With L*_k(p) the least loss of k equal features of density p, whatever the others do the features of a set S lose at
    least what they would alone. For features of one density, sorted by importance, that adds up to

    .. math:: L \ge \sum_k (I_k - I_{k+1})\, L^*_k(p), \qquad L^*_k \ge \frac kj L^*_j \ (j \le k), \qquad
              L^*_k(p) \ge \sum_s \binom ks \lambda^s (1 - \lambda)^{k - s} L^*_s(p'),

    λ = (1 − p)/(1 − p') for p' ≤ p and p/p' for p' ≥ p; features of different densities are bounded separately. The
    derivation is in ``docs/bounds.md``.

    Parameters
    ----------
    problem : Problem
        Independent features, uniform on [0, 1]; ReLU output.
    callback : callable, optional
        Not called while stored certificates are checked, which takes a second or two for each density.

    Returns
    -------
    Bound
        *Proved*; 0 where nothing is known: bounds for equal features have to ship, as they do for 3 to 6 in the plane
        and 12 in three dimensions, or there has to be one dimension.

    Raises
    ------
    ValueError
        Another kind of problem, or more than 200 features that differ.

    Examples
    --------
    >>> import numpy as np
    >>> import geomsup as gs
    >>> problem = gs.Problem(5, 2, feature_probability=0.003, importance=0.9 ** np.arange(5))
    >>> gs.bounds.layered_bound(problem)
    Bound(proved by layers of importance: loss ≥ 0.0001... for all W of shape (2, 5) and all b, p = 0.003)
    """
    features = problem.features
    uniform = isinstance(features, Independent) and set(features.laws) == {Uniform(0.0, 1.0)}
    if not uniform or problem.activation != "relu":
        raise ValueError(f"no bound known for {problem!r}: pass independent features, uniform on [0, 1], and ReLU")
    bounds: list[Certificate] = []
    parts: list[JSON] = []
    total = fmpq(0)
    for density in np.unique(problem.feature_probability):
        members, p = np.flatnonzero(problem.feature_probability == density), exact(float(density))
        if members.size * np.unique(problem.importance[members]).size > LARGEST:
            raise ValueError(f"the layers of {problem!r} are too large: round its importances to fewer values")
        layers = list(_layers(members, problem.importance))
        if not 0 < p < 1 or not layers:
            continue
        certificates = _known(problem.n_hidden, p, [(len(S), weight) for S, weight in layers], callback)
        known, which = [alike(one) for one in certificates], [len(bounds) + k for k in range(len(certificates))]
        worth = [least_of(len(S), p, known) if known else fmpq(0) for S, _ in layers]
        total += sum((weight * one for (_, weight), one in zip(layers, worth, strict=True)), fmpq(0))
        parts += [
            {"features": S, "weight": text(weight), "bounds": which}
            for (S, weight), one in zip(layers, worth, strict=True)
            if one > 0
        ]
        bounds += certificates
    if not total:
        return Bound(0.0, "none", None, Evidence.PROVED, "loss ≥ 0")
    claim = {
        "quantity": "loss",
        "m": problem.n_hidden,
        "feature_probability": [text(exact(float(p))) for p in problem.feature_probability],
        "importance": [text(exact(float(x))) for x in problem.importance],
        "value": text(total),
    }
    proof = {"bounds": [{"kind": c.kind, "claim": c.claim, "proof": c.proof} for c in bounds], "parts": parts}
    return bound_from(Certificate("layers", claim, proof), METHOD)


def _layers(members: IntArray, importance: FloatArray) -> Iterator[tuple[list[int], fmpq]]:
    """Sets {i : I_i > s} of members, and for how long a range of s they stay."""
    values = sorted({float(x) for x in importance[members]} | {0.0})
    for low, high in pairwise(values):
        yield members[importance[members] > low].tolist(), exact(high) - exact(low)


def _known(
    m: int, p: fmpq, layers: list[tuple[int, fmpq]], callback: Callable[[Progress], None] | None
) -> list[Certificate]:
    """Proved bounds for equal features of the one density that says most about layers of these sizes and weights."""

    def worth(known: list[Alike]) -> fmpq:
        return sum((weight * least_of(k, p, known) for k, weight in layers), fmpq(0)) if known else fmpq(0)

    largest = max(k for k, _ in layers)
    if m == 1:
        from geomsup.bounds.branch_and_bound import RAREST, global_bound

        rare = below(p) < RAREST
        found = [global_bound(Problem(2, m, below(p)), gap=PAIR_GAP)] if largest >= 2 and not rare else []
    else:
        shipped = [claim for claim in _shipped(m) if claim["n"] <= largest]
        densities = {rational_entry(claim, P) for claim in shipped if P in claim} | {p}
        claims = {q: [_claimed(j, m, q) for j in sorted({claim["n"] for claim in shipped})] for q in densities}
        best = max((claims[q] for q in sorted(claims)), key=worth)
        needed = [one for one in best if worth([other for other in best if other is not one]) < worth(best)]
        problems = [Problem(one.n, m, below(one.density)) for one in needed]
        found = [sparse_loss_bound(problem, quick=True, callback=callback) for problem in problems]
    return [one.certificate for one in found if one.certificate is not None and one.value > 0]


def _claimed(n: int, m: int, density: fmpq) -> Alike:
    """What the certificates say that ship, unchecked."""
    pairs, one_active = stored_at(n, m, density, fmpq(1), quick=True), stored(f"one-active-free-{n}-{m}")
    values = [fmpq(0)]
    if pairs is not None:
        values.append(rational_entry(pairs.claim, "value"))
    if one_active is not None:
        values.append(truncated(rational_entry(one_active.claim, "value"), density, n, free=True))
    return Alike(n, density, max(values))


@cache
def _shipped(m: int) -> list[JSON]:
    """The claims about equal features in m dimensions of certificates that ship."""
    names = [name for prefix in ("density-", "one-active-") for name in stored_names(prefix)]
    kept = [stored(name) for name in names]
    return [one.claim for one in kept if one is not None and one.claim["m"] == m]
