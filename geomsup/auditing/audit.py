"""`audit`: how good trained weights are, and what keeps them from being better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import frozen
from geomsup.auditing._known import Best, Known, hits_of, known_of, levels_of, same
from geomsup.auditing.descent import nearest_minimum
from geomsup.auditing.result import Audit
from geomsup.loss.expected import expected_loss_and_grad, untied_loss_and_grad
from geomsup.optimize import Progress
from geomsup.optimize.settle import loss_tolerance
from geomsup.problem import Problem

__all__ = ["audit", "audit_all"]


def audit(
    problem: Problem,
    W: ArrayLike,
    b: ArrayLike,
    *,
    W_out: ArrayLike | None = None,
    best: Best | None = None,
    follow: bool = True,
    n_starts: int | None = None,
    rng: Any = 0,
    workers: int = 1,
    callback: Callable[[Progress], None] | None = None,
) -> Audit:
    r"""Exact loss of trained weights, and how much of it is noise, how much the basin they ended in.

    .. math:: L(W) - L^* = [L(W) - L(\text{nearest})] + [L(\text{nearest}) - L^*]

    with the local minimum nearest to the weights, at the end of the path of steepest descent
    :math:`(\dot W, \dot b) = -\nabla L`, and the best loss known, L*.

    Parameters
    ----------
    problem : Problem
        What the weights were trained for.
    W : array_like of shape (n_hidden, n_features)
        Feature directions in columns; arrays, lists or tensors.
    b : array_like of shape (n_features,)
        Biases.
    W_out : array_like of shape (n_features, n_hidden), optional
        Output weights of an untied model, σ(W_out W x + b). It is compared with the best *tied* weights.
    best : Solution, Minimum or float, optional
        The best known, in place of a search: of the same problem, a loss as a sum over features.
    follow : bool
        Follow the path of steepest descent. False: descend by L-BFGS, many times faster beyond 10 features, which can
        end in a neighbouring minimum.
    n_starts, rng, workers
        Of the search, as in :func:`geomsup.minimize`; not used when `best` is given. The search does not see the
        weights, so audits of the same problem share one result.
    callback : callable, optional
        Called with a `Progress`, by the search and after each audit.

    Returns
    -------
    Audit

    Raises
    ------
    ValueError
        Weights that do not fit the problem (a transposed W is named as such) or have an instance axis; a `best` of
        another problem, or that is not a loss.

    Notes
    -----
    The loss is exact to the error reported. The best loss is *searched*: it can be too high, so that the excess is too
    low, never the other way round. The nearest minimum is found numerically; the documentation of the audit says how.

    Examples
    --------
    >>> import geomsup as gs, numpy as np
    >>> problem = gs.Problem(n_features=5, n_hidden=2, feature_probability=0.05)
    >>> angle = 2 * np.pi * np.arange(5) / 5
    >>> pentagon = 1.2 * np.array([np.cos(angle), np.sin(angle)])
    >>> audit = gs.audit(problem, pentagon, np.full(5, -0.3))
    >>> print(f"{audit.loss:.6f} is {100 * audit.relative(audit.noise):.1f}% above its own minimum, rank {audit.rank}")
    0.009463 is 6.3% above its own minimum, rank 1
    """
    W, b = problem.check_weights(W, b)
    if W.ndim != 2:
        raise ValueError(f"W has shape {W.shape}, several instances: pass them to audit_all")
    out = None if W_out is None else problem.check_output_weights(W_out)
    if out is not None and out.ndim != 2:
        raise ValueError(f"W_out has shape {out.shape}, several instances: pass them to audit_all")
    known = known_of(problem, best, n_starts, rng, workers, callback)
    found = _audit(problem, W, b, out, known, follow)
    if callback is not None:
        callback(Progress("descending", 1, 1, found.best))
    return found


def audit_all(
    problems: Problem | Sequence[Problem],
    W: ArrayLike,
    b: ArrayLike,
    *,
    W_out: ArrayLike | None = None,
    best: Best | Sequence[Best] | None = None,
    follow: bool = True,
    n_starts: int | None = None,
    rng: Any = 0,
    workers: int = 1,
    callback: Callable[[Progress], None] | None = None,
) -> tuple[Audit, ...]:
    """Audit several instances, searching each different problem once.

    Parameters
    ----------
    problems : Problem, or sequence of Problem
        One for all instances, or one for each.
    W : array_like of shape (instances, n_hidden, n_features)
        Feature directions in columns.
    b : array_like of shape (instances, n_features), or (n_features,)
        Biases.
    W_out : array_like of shape (instances, n_features, n_hidden), or (n_features, n_hidden), optional
        Output weights of untied models.
    best : Solution, Minimum or float, or a sequence of those, optional
        One for all instances, or one for each.
    follow, n_starts, rng, workers, callback
        As in :func:`audit`.

    Returns
    -------
    tuple of Audit
        One per instance.

    Raises
    ------
    ValueError
        As in :func:`audit`; or lengths that do not agree.

    Examples
    --------
    >>> import geomsup as gs, numpy as np
    >>> problem = gs.Problem(n_features=2, n_hidden=1, feature_probability=0.1)
    >>> W = np.array([[[1.0, -1.0]], [[1.0, 0.0]]])
    >>> [audit.rank for audit in gs.audit_all(problem, W, np.zeros((2, 2)))]
    [1, 2]
    """
    listed = [problems] if isinstance(problems, Problem) else list(problems)
    if not listed:
        raise ValueError("problems is empty: pass one Problem, or one per instance")
    W, b = listed[0].check_weights(W, b)
    if W.ndim != 3:
        raise ValueError(f"W has shape {W.shape}, but one axis of instances is expected in front: pass one W to audit")
    listed = _per_instance("problems", listed, len(W))
    outs: list[FloatArray | None] = [None] * len(W)
    if W_out is not None:
        out = listed[0].check_output_weights(W_out)
        if out.ndim > 3 or (out.ndim == 3 and len(out) != len(W)):
            raise ValueError(f"W_out has shape {out.shape}, but W has {len(W)} instances: pass one W_out for each")
        outs = list(out) if out.ndim == 3 else [out] * len(W)
    given = _per_instance("best", list(best) if isinstance(best, Sequence) else [best], len(W))
    for problem, weights, bias in zip(listed, W, b, strict=True):
        problem.check_weights(weights, bias)
    searched: dict[Problem, Known] = {}
    audits: list[Audit] = []
    for k, problem in enumerate(listed):
        known = searched.get(problem) if given[k] is None else None
        if known is None:
            known = known_of(problem, given[k], n_starts, rng, workers, callback)
        if given[k] is None:
            searched[problem] = known
        audits.append(_audit(problem, W[k], b[k], outs[k], known, follow))
        if callback is not None:
            callback(Progress("descending", k + 1, len(W), audits[-1].best))
    return tuple(audits)


def _per_instance(name: str, values: list[Any], count: int) -> list[Any]:
    if len(values) not in (1, count):
        raise ValueError(f"{name} has {len(values)} entries, but W has {count} instances: pass one, or one for each")
    return values * count if len(values) == 1 else values


def _audit(
    problem: Problem, W: FloatArray, b: FloatArray, W_out: FloatArray | None, known: Known, follow: bool
) -> Audit:
    tol = loss_tolerance(problem.n_features)
    if W_out is None:
        loss, *slopes = expected_loss_and_grad(problem, W, b, tol=tol)
    else:
        loss, *slopes = untied_loss_and_grad(problem, W, W_out, b, tol=tol)
    value, error = float(loss), float(loss.error)
    slope = float(np.linalg.norm(np.concatenate([part.ravel() for part in slopes])))
    landing = None if W_out is not None else nearest_minimum(problem, W, b, follow=follow)
    nearest, lowest, rank = None, (value, error), None
    if landing is not None:
        nearest = replace(landing.minimum, hits=hits_of(problem, landing.minimum, known.minima))
        if not nearest.loss <= value:  # the weights are a minimum, and the descent moved within rounding
            nearest = replace(nearest, W=W, b=b, loss=value, error=error, gradient_norm=slope)
        lowest = nearest.loss, nearest.error
    levels = levels_of([*known.losses, lowest])
    if nearest is not None:
        rank = 1 + sum(level[0] < lowest[0] and not same(level, lowest) for level in levels)
    best = min([*known.losses, lowest])
    source = known.source if any(same(best, one) for one in known.losses) else "weights"
    return Audit(
        problem=problem,
        W=frozen(W),
        b=frozen(b),
        W_out=None if W_out is None else frozen(W_out),
        loss=value,
        error=error,
        gradient_norm=slope,
        nearest=nearest,
        n_saddles=0 if landing is None else landing.n_saddles,
        followed=landing is not None and landing.followed,
        best=best[0],
        best_error=best[1],
        source=source,
        rank=rank,
        n_minima=len(levels),
    )
