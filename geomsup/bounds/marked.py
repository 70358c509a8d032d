"""Proved bounds on the loss with one active feature over all norms and biases, and on the loss at any density.

The theorem is in :mod:`geomsup.bounds._check_marked`, the program that is solved in
:mod:`geomsup.bounds._marked_program`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from flint import fmpq

from geomsup._typing import FloatArray
from geomsup._validate import integer
from geomsup.arrangement import Arrangement
from geomsup.bounds._boxes import watched
from geomsup.bounds._check_marked import MAX_DEGREE, MAX_MARKS, truncated
from geomsup.bounds._density import solved, stored_at
from geomsup.bounds._marked_program import MARKS, Program, rounded, solve
from geomsup.bounds._numbers import below, exact, sign, text
from geomsup.bounds._store import stored
from geomsup.bounds._touching import touching
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.result import Bound, bound_from, exact_value
from geomsup.bounds.verify import Evidence, verify
from geomsup.features import Independent, Uniform
from geomsup.problem import Problem

if TYPE_CHECKING:
    from geomsup.optimize import Progress

__all__ = ["METHOD", "Range", "is_free", "marked_bound", "name_of", "one_active_bound", "sparse_loss_bound"]

Range = Literal["nonpositive", "free"]
METHOD = "marked two-point SDP, degree {degree}"
ROOMS = (1e-9, 1e-8, 3e-8, 1e-7, 1e-6, 1e-5)
"""δ, tried in turn until the certificate is proved. Measured: the pentagon's loss is lowered by 110 δ, relative."""
TOUCHING = 1e-10
"""δ where the arrangement is known that the bound is to touch. At 3e-11 rounding leaves the heptagon undecided."""
ALIKE = 1e-9
"""Differences between the features of such an arrangement. Measured: 1e-12 at most, after Newton's method."""

SHARES = 1000
"""Steps in which the progress of a proof on boxes is told."""


def one_active_bound(
    n: int,
    m: int,
    *,
    bias: Range = "nonpositive",
    degree: int | None = None,
    marks: int | None = None,
    near: Arrangement | None = None,
    rng: Any = None,
    callback: Callable[[Progress], None] | None = None,
) -> Bound:
    r"""A lower bound on the loss with one active feature, over **all** W and all b ≤ 0, or all b of any sign.

    .. math:: \sum_i \Bigl[A(W_i \cdot W_i, b_i) + \sum_{j \ne i} B(W_i \cdot W_j, b_i)\Bigr], \qquad
              A(g, b) = E(u - (gu + b)_+)^2, \quad B(g, b) = E (gu + b)_+^2,

    u uniform on [0, 1], as in :func:`geomsup.one_active_loss` with importance 1. With b ≤ 0 it is the limit of L/p as
    p → 0. With biases of any sign, and divided by n, it is the loss of inputs that always have exactly one active
    feature (Chen et al. 2023, arXiv:2310.06301, Lemma 3.1).

    Parameters
    ----------
    n, m : int
        Features and hidden dimensions, m ≥ 2.
    bias : "nonpositive" or "free"
        The biases over which the bound holds.
    degree : int, optional
        Largest k of P_k. By default the certificate that ships with the package, for (5, 2), (6, 2), (12, 3) and, with
        b ≤ 0, (7, 2), and 8 elsewhere. Solving needs the extra ``bounds`` (cvxpy and Clarabel) and takes seconds; so
        does the check.
    near : Arrangement, optional
        Where a new certificate is to be sharp: the best arrangement known, if its features are all alike. That takes
        the gap from 1e-7 to 1e-8.
    marks : int, optional
        Rows of the matrices, 2 to 6; 2 by default. Seven features in the plane need 3 (with degree 6).
    rng : optional
        Of the search for violated places.
    callback : callable, optional
        Called with a :class:`~geomsup.optimize.Progress` after each round of solving; its `best` is the bound without
        its proof.

    Returns
    -------
    Bound
        *Proved*; 0 for n ≤ 2m, where vectors without positive products have no loss. It need not be sharp. For (5, 2),
        (6, 2) and, with b ≤ 0, (7, 2) it is the least loss itself: see :func:`geomsup.bounds.polygon_minimum`.

    Raises
    ------
    ValueError
        Counts out of range, another bias, features of `near` that differ, or nothing could be proved.
    ModuleNotFoundError
        cvxpy or Clarabel is missing and no certificate ships.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.bounds.one_active_bound(5, 2)  # the pentagon has 0.0791281353724...
    Bound(proved by marked two-point SDP, ...: one-active loss ≥ 0.0791281353724... for 5 features in 2 dimensions, ...)
    >>> gs.bounds.one_active_bound(12, 3, bias="free").statement  # the icosahedron has 0.532379663...
    'one-active loss ≥ 0.53237... for 12 features in 3 dimensions, all W and b of any sign'
    """
    n, m = integer("n", n, at_least=1), integer("m", m, at_least=2)
    free = is_free(bias)
    if n <= 2 * m:
        return Bound(0.0, "none", None, Evidence.PROVED, "one-active loss ≥ 0")
    least = stored(name_of("least", n, m, free=free)) if degree is None and marks is None else None
    if least is not None:
        return bound_from(least, METHOD.format(degree=len(least.proof["kernel"]) - 1))
    return marked_bound(n, m, degree, near, rng, marks=marks, free=free, callback=callback)


def is_free(bias: Range) -> bool:
    """Whether biases may have any sign."""
    if bias not in get_args(Range):
        raise ValueError(f"bias={bias!r} is not a range of biases: pass 'nonpositive' or 'free'")
    return bias == "free"


def name_of(kind: str, n: int, m: int, *, free: bool) -> str:
    """Under which a certificate ships."""
    return f"{kind}-free-{n}-{m}" if free else f"{kind}-{n}-{m}"


def _program(n: int, m: int, degree: int | None, marks: int | None, *, free: bool) -> Program:
    degree = integer("degree", 8 if degree is None else degree, at_least=1)
    if degree > MAX_DEGREE:
        raise ValueError(f"degree={degree} is above {MAX_DEGREE}, the largest that is checked: pass less")
    marks = integer("marks", MARKS if marks is None else marks, at_least=2)
    program = Program(n, m, degree, marks, free)
    if marks + program.loud > MAX_MARKS:
        raise ValueError(f"marks={marks} is above {MAX_MARKS - program.loud}, the most that are checked: pass less")
    return program


def _kept(name: str, callback: Callable[[Progress], None] | None) -> Bound | None:
    """The bound of a certificate that ships."""
    kept = stored(name)
    if kept is None:
        return None
    _verified(kept, callback)
    return bound_from(kept, METHOD.format(degree=len(kept.proof["kernel"]) - 1))


def marked_bound(
    n: int,
    m: int,
    degree: int | None = None,
    near: Arrangement | None = None,
    rng: Any = None,
    *,
    marks: int | None = None,
    free: bool = False,
    callback: Callable[[Progress], None] | None = None,
) -> Bound:
    """The marked two-point bound alone, n > 2m."""
    kept = _kept(name_of("one-active", n, m, free=free), callback) if degree is None and marks is None else None
    if kept is not None:
        return kept
    program, places = _program(n, m, degree, marks, free=free), None if near is None else _alike(near, n, m)
    for room in ROOMS:
        proposal = solve(program, room, np.random.default_rng(rng), callback)
        sharp = touching(program, proposal, *places, TOUCHING) if places is not None and proposal is not None else None
        for one in (sharp, proposal):
            certificate = rounded(program, one)
            if certificate is not None and _verified(certificate, callback):
                return bound_from(certificate, METHOD.format(degree=program.degree))
    raise ValueError(f"nothing could be proved for n={n}, m={m} at degree {program.degree}: try another degree")


def _alike(near: Arrangement, n: int, m: int) -> tuple[float, FloatArray]:
    """e of every feature, and the cosines of one with all, itself first."""
    if near.W.shape != (m, n):
        raise ValueError(f"near has W of shape {near.W.shape}, but n={n} and m={m}: pass one of shape ({m}, {n})")
    r = np.linalg.norm(near.W, axis=0)
    cosines = np.sort(near.gram / np.outer(r, r), axis=1)[:, ::-1]
    e = 1 + near.b / r**2
    if max(np.ptp(e), np.ptp(cosines, axis=0).max()) > ALIKE:
        raise ValueError("the features of near are not all alike: leave it out")
    return float(e.mean()), np.asarray(cosines[0])


def _verified(certificate: Certificate, callback: Callable[[Progress], None] | None) -> bool:
    """Check a certificate and say how far that is; it is remembered, so that checking again costs nothing."""
    if callback is None:
        return bool(verify(certificate))
    from geomsup.optimize import Progress  # loads SciPy's optimisers, which checking must not

    part, last, value = 0, 1.0, below(exact_value(certificate))

    def watcher(share: float) -> None:
        nonlocal part, last
        part, last = part + (share < last), share
        callback(Progress(f"proof on boxes, part {part}", round(SHARES * share), SHARES, value))

    with watched(watcher):
        return bool(verify(certificate))


def sparse_loss_bound(
    problem: Problem,
    *,
    degree: int | None = None,
    quick: bool = False,
    rng: Any = None,
    callback: Callable[[Progress], None] | None = None,
) -> Bound:
    r"""A lower bound on the loss at any density p, over all W and all b of any sign.

    It is the larger of two. The first counts inputs with at most one active feature and needs nothing but
    :func:`one_active_bound` with ``bias="free"``, here L₁, or 1 − 3p/4 times that with b ≤ 0 where no other ships; as
    p → 0 nothing is lost. The second also counts, where two are active, the errors of their own outputs, and part of
    those of third outputs: α = p/(1 − p), u and u' uniform on [0, 1].

    .. math:: L \ge I\, p\, (1-p)^{n-1} L_1, \qquad
              L \ge I\, p\, (1-p)^{n-1} \min_{W, b} \sum_i \Bigl[A_i + \frac{b_{i+}^2}{\alpha}
              + \sum_{j \ne i} \bigl(B_{ij} + \alpha D_{ij}\bigr) + \alpha \sum_{j<k} \mu Y_{ij} Y_{ik}\Bigr]

    with D_ij = E(u − (W_i·W_i u + W_i·W_j u' + b_i)₊)² and Y_ij = (W_i·W_j + βb_i)₊, μ and β as in ``docs/bounds.md``.

    Parameters
    ----------
    problem : Problem
        Independent features with equal probability and importance, uniform on [0, 1]; ReLU output.
    degree : int, optional
        Largest k of P_k in a new certificate of the second kind, such as 5. Its search starts from the best
        arrangement that :func:`geomsup.minimize` finds, takes seconds to minutes and the extra ``bounds`` (Clarabel),
        and may fail where p is above 0.1. By default those that ship are used, or means of two of them: for n = 3, 4, 5
        in the plane.
    quick : bool
        Leave out the certificates that count own outputs with three active features: half the time, and 93.6 instead of
        97.1 % of the least loss known of five features at p = 0.05.
    rng : optional
        Of the search for the arrangement and for violated places, in a new certificate.
    callback : callable, optional
        Called with a :class:`~geomsup.optimize.Progress` after each round of that search: `best` is the bound if
        nothing more were violated, and falls. Of the 60 rounds allowed 2 to 15 were needed.

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
    >>> gs.bounds.sparse_loss_bound(gs.Problem(5, 2, 0.0002))
    Bound(proved by marked two-point SDP, ...: loss ≥ 1.58...e-05 for all W of shape (2, 5) and all b at p = 0.0002)
    """
    p, importance = problem.features.feature_probability, problem.importance
    uniform = isinstance(problem.features, Independent) and set(problem.features.laws) == {Uniform(0.0, 1.0)}
    if not uniform or problem.activation != "relu" or np.ptp(p) or np.ptp(importance):
        raise ValueError(
            f"no bound known for {problem!r}: pass a problem with ReLU and independent features, all of one "
            "probability and importance, and uniform on [0, 1]"
        )
    n, m = problem.n_features, problem.n_hidden
    density, weight = exact(float(p[0])), exact(float(importance[0]))
    if degree is None:
        pairs = stored_at(n, m, density, weight, quick=quick)
    else:
        pairs = solved(problem, integer("degree", degree, at_least=1), rng, callback)
    shipped = stored(f"one-active-free-{n}-{m}")
    claimed = fmpq(0) if shipped is None else exact_value(shipped)
    assert isinstance(claimed, fmpq)
    if pairs is not None and sign(exact_value(pairs) - weight * truncated(claimed, density, n, free=True)) > 0:
        return bound_from(pairs, METHOD.format(degree=len(pairs.proof["even"]) - 1))
    free = shipped is not None
    one_active = one_active_bound(n, m) if n <= 2 * m else marked_bound(n, m, None, None, rng, free=free)
    if one_active.certificate is None:
        return Bound(0.0, "none", None, Evidence.PROVED, "loss ≥ 0")
    least = exact_value(one_active.certificate)
    assert isinstance(least, fmpq)
    claim = {
        "quantity": "loss",
        "n": n,
        "m": m,
        "feature_probability": text(density),
        "importance": text(weight),
        "value": text(weight * truncated(least, density, n, free=free)),
    }
    proof = {**one_active.certificate.proof, "one_active": text(least)}
    if free:
        proof["bias"] = "free"
    return bound_from(Certificate("marked two-point", claim, proof), one_active.method)
