"""The bounds that are known of the loss of a problem, and the largest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geomsup.bounds._check_two_point import layer_cake
from geomsup.bounds._moments import alone
from geomsup.bounds._numbers import exact, text
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.closed_forms import linear_bound
from geomsup.bounds.result import Bound, bound_from, exact_value
from geomsup.bounds.verify import Evidence
from geomsup.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from geomsup.optimize import Progress

# The searches load SciPy's optimisers and are imported where they run: checking a certificate must not need them.

__all__ = ["best_bound"]

AT_ONCE = ((3, 2), (4, 2), (5, 2), (6, 2), (12, 3))
"""(n, m) whose stored certificates are checked in 0.4 to 2 s of CPU time."""
STORED = AT_ONCE[:3]
"""Those of which certificates at a density ship."""
NEW = 5
"""Degree of the certificates at a density that are made for others when asked for."""
BRANCHED = 2
"""Features of which all arrangements are gone through unasked: 0.15 to 1.2 s of CPU time; three take 10 s and more."""
LARGEST, LARGEST_SET = 2000, 60
"""Features, and features that are on together, up to which a bound is worked out: seconds in exact arithmetic."""


def best_bound(
    problem: Problem, bias: str, method: str | None, callback: Callable[[Progress], None] | None
) -> Bound:
    """The largest of the bounds that apply."""
    candidates = (
        _linear(problem),
        _without_bias(problem) if bias == "zero" else None,
        _sparse(problem, callback, patient=method == "marked"),
        _layers(problem, callback),
        _everywhere(problem, bias, patient=method == "branch-and-bound"),
    )
    known = [one for one in candidates if one is not None]
    return max(known, key=float, default=Bound(0.0, "none", None, Evidence.PROVED, "loss ≥ 0"))


def _linear(problem: Problem) -> Bound | None:
    if problem.activation != "identity" or not _of_moderate_size(problem):
        return None
    if max(len(group.members) for group in problem.features.groups) > LARGEST_SET:
        return None
    return linear_bound(problem)


def _sparse(problem: Problem, callback: Callable[[Progress], None] | None, *, patient: bool) -> Bound | None:
    n, m = problem.n_features, problem.n_hidden
    if n <= m or m < 2 or problem.activation != "relu" or not (patient or (n, m) in AT_ONCE):
        return None
    from geomsup.bounds.marked import sparse_loss_bound

    try:
        degree = NEW if patient and (n, m) not in STORED else None
        found = sparse_loss_bound(problem, degree=degree, quick=not patient, callback=callback)
    except ValueError:  # features that are not alike, or nothing could be proved: no bound known
        return None
    return found if found.known and found.value > 0 else None


def _layers(problem: Problem, callback: Callable[[Progress], None] | None) -> Bound | None:
    if problem.n_features <= max(problem.n_hidden, BRANCHED) or problem.activation != "relu":
        return None
    from geomsup.bounds.layers import layered_bound

    try:
        found = layered_bound(problem, callback=callback)
    except ValueError:  # features that are not independent and uniform
        return None
    return found if found.known else None


def _everywhere(problem: Problem, bias: str, *, patient: bool) -> Bound | None:
    n, m = problem.n_features, problem.n_hidden
    if m >= n or problem.activation != "relu" or not (patient or n == BRANCHED):
        return None
    from geomsup.bounds.branch_and_bound import global_bound

    try:
        found = global_bound(problem, bias=bias)
    except ValueError:  # features that it does not know
        return None
    return found if found.known else None


def _of_moderate_size(problem: Problem) -> bool:
    return max(problem.n_features, problem.n_hidden) <= LARGEST


def _without_bias(problem: Problem) -> Bound | None:
    single = alone(problem.features) if problem.activation == "relu" and _of_moderate_size(problem) else None
    if single is None:
        return None
    from geomsup.bounds.capacity import capacity_bound

    capacity = capacity_bound(problem.n_hidden)
    assert capacity.certificate is not None
    importance = [exact(float(x)) for x in problem.importance]
    claim = {
        "quantity": "loss",
        "m": problem.n_hidden,
        "importance": [text(x) for x in importance],
        "alone": [text(x) for x in single],
        "value": text(layer_cake(importance, single, exact_value(capacity.certificate))),
    }
    # The proof is that of the capacity, and so is the argument.
    kind = "bias-free loss" if capacity.certificate.kind == "two-point" else capacity.certificate.kind
    return bound_from(Certificate(kind, claim, capacity.certificate.proof), capacity.method)
