"""Proved bounds on the loss with one active feature over all norms and biases, and on the loss at any density.

The theorem is in :mod:`geomsup.bounds._check_marked`, the program that is solved in
:mod:`geomsup.bounds._marked_program`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from flint import fmpq

from geomsup._validate import integer
from geomsup.bounds._check_marked import MAX_DEGREE, truncated
from geomsup.bounds._marked_program import Program, rounded, solve
from geomsup.bounds._numbers import exact, text
from geomsup.bounds._store import stored
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.result import Bound, bound_from, exact_value
from geomsup.bounds.verify import Evidence, verify
from geomsup.features import Independent, Uniform
from geomsup.problem import Problem

__all__ = ["one_active_bound", "sparse_loss_bound"]

METHOD = "marked two-point SDP, degree {degree}"
ROOMS = (1e-9, 1e-8, 3e-8, 1e-7, 1e-6, 1e-5)
"""δ, tried in turn until the certificate is proved. Measured: the pentagon's loss is lowered by 110 δ, relative."""
ROUNDS = 40
NEW = 150
"""Rows added in one."""
ENOUGH = 0.5
"""Share of δ by which the inequality may be exceeded when the rounds stop."""
CORNER = 0.02
"""Smallest ρ, e, e' at which points are looked for: towards 0 the inequality holds once q > 0."""
POINTS, CELLS, STEPS, NEAR = 60_000, 10, 80, 60
"""Random points of a round; the worst of each of CELLS³ cells in (e, e', t), which are improved in so many steps; rows
that points are put around."""
KEPT = 0.3
"""Slack, relative to e³ + ρ⁴e'³, beyond which a row is dropped."""
BITS = 44
"""Binary places of a rounded coefficient."""


def one_active_bound(n: int, m: int, *, degree: int | None = None, rng: Any = None) -> Bound:
    r"""A lower bound on the loss with one active feature, over **all** W and all b ≤ 0.

    .. math:: \sum_i \Bigl[A(W_i \cdot W_i, b_i) + \sum_{j \ne i} B(W_i \cdot W_j, b_i)\Bigr], \qquad
              A(g, b) = E(u - (gu + b)_+)^2, \quad B(g, b) = E (gu + b)_+^2,

    u uniform on [0, 1], as in :func:`geomsup.one_active_loss` with importance 1. It is the limit of L/p as p → 0.

    Parameters
    ----------
    n, m : int
        Features and hidden dimensions, m ≥ 2.
    degree : int, optional
        Largest k of P_k. By default the certificate that ships with the package, for (5, 2), (6, 2) and (12, 3), and 8
        elsewhere. Solving needs the extra ``bounds`` (cvxpy and Clarabel) and takes seconds; so does the check.
    rng : optional
        Of the search for violated places.

    Returns
    -------
    Bound
        *Proved*; 0 for n ≤ 2m, where vectors without positive products have no loss. It need not be sharp.

    Raises
    ------
    ValueError
        Counts out of range, or nothing could be proved.
    ModuleNotFoundError
        cvxpy or Clarabel is missing and no certificate ships.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.bounds.one_active_bound(5, 2)  # the pentagon has 0.0791281353...
    Bound(proved by marked two-point SDP, ...: one-active loss ≥ 0.0791281144... for 5 features in 2 dimensions, ...)
    """
    n, m = integer("n", n, at_least=1), integer("m", m, at_least=2)
    if n <= 2 * m:
        return Bound(0.0, "none", None, Evidence.PROVED, "one-active loss ≥ 0")
    kept = stored(f"one-active-{n}-{m}") if degree is None else None
    if kept is not None:
        return bound_from(kept, METHOD.format(degree=len(kept.proof["kernel"]) - 1))
    degree = integer("degree", 8 if degree is None else degree, at_least=1)
    if degree > MAX_DEGREE:
        raise ValueError(f"degree={degree} is above {MAX_DEGREE}, the largest that is checked: pass less")
    for room in ROOMS:
        certificate = rounded(solve(Program(n, m, degree), room, np.random.default_rng(rng)), n, m)
        if certificate is not None and verify(certificate):
            return bound_from(certificate, METHOD.format(degree=degree))
    raise ValueError(f"nothing could be proved for n={n}, m={m} at degree {degree}: no bound known; try another degree")


def sparse_loss_bound(problem: Problem) -> Bound:
    r"""A lower bound on the loss at any density p, over all W and all b of any sign: inputs with at most one feature.

    .. math:: L \ge I\, p\, (1-p)^{n-1} \Bigl(1 - \frac{3p}{4}\Bigr) L_1

    with L₁ of :func:`one_active_bound`. As p → 0 nothing is lost.

    Parameters
    ----------
    problem : Problem
        Independent features with equal probability and importance, uniform on [0, 1]; ReLU output.

    Returns
    -------
    Bound
        *Proved*.

    Raises
    ------
    ValueError
        Another kind of problem.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.bounds.sparse_loss_bound(gs.Problem(5, 2, 0.001))
    Bound(proved by marked two-point SDP, ...: loss ≥ 7.87...e-05 for all W of shape (2, 5) and all b at p = 0.001)
    """
    p, importance = problem.features.feature_probability, problem.importance
    uniform = isinstance(problem.features, Independent) and set(problem.features.laws) == {Uniform(0.0, 1.0)}
    if not uniform or problem.activation != "relu" or np.ptp(p) or np.ptp(importance):
        raise ValueError(
            f"no bound known for {problem!r}: pass a problem with ReLU and independent features, all of one "
            "probability and importance, and uniform on [0, 1]"
        )
    one_active = one_active_bound(problem.n_features, problem.n_hidden)
    if one_active.certificate is None:
        return Bound(0.0, "none", None, Evidence.PROVED, "loss ≥ 0")
    found, density = exact_value(one_active.certificate), exact(float(p[0]))
    assert isinstance(found, fmpq)
    claim = {
        "quantity": "loss",
        "n": problem.n_features,
        "m": problem.n_hidden,
        "feature_probability": text(density),
        "importance": text(exact(float(importance[0]))),
        "value": text(exact(float(importance[0])) * truncated(found, density, problem.n_features)),
    }
    proof = {**one_active.certificate.proof, "one_active": text(found)}
    return bound_from(Certificate("marked two-point", claim, proof), one_active.method)
