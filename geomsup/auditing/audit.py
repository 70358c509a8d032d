"""`audit`: how good trained weights are, and what keeps them from being better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import frozen, real_number
from geomsup.auditing.descent import nearest_minimum
from geomsup.auditing.result import LEVEL, Audit, Source
from geomsup.loss.expected import expected_loss_and_grad, untied_loss_and_grad
from geomsup.optimize import Minimum, MultistartLBFGS, Progress, Solution, minimize
from geomsup.optimize.distinct import Describer
from geomsup.optimize.settle import loss_tolerance
from geomsup.problem import Problem

__all__ = ["audit", "audit_all"]

Best = Solution | Minimum | float

FEW, KEPT = 10, 32
"""Up to so many features, finishing a minimum costs milliseconds, and the search keeps so many for the ranks."""


@dataclass(frozen=True)
class _Known:
    """Minima and losses known for a problem, lowest first, and where they come from."""

    minima: tuple[Minimum, ...]
    losses: tuple[tuple[float, float], ...]
    source: Source


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
    known = _known(problem, best, n_starts, rng, workers, callback)
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
    searched: dict[Problem, _Known] = {}
    audits: list[Audit] = []
    for k, problem in enumerate(listed):
        known = searched.get(problem) if given[k] is None else None
        if known is None:
            known = _known(problem, given[k], n_starts, rng, workers, callback)
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


def _known(
    problem: Problem,
    best: Best | None,
    n_starts: int | None,
    rng: Any,
    workers: int,
    callback: Callable[[Progress], None] | None,
) -> _Known:
    """What is known about the problem: by a search, or as given."""
    source: Source = "given"
    if best is None:
        method = MultistartLBFGS(n_keep=KEPT if problem.n_features <= FEW else None)
        best = minimize(problem, method=method, n_starts=n_starts, rng=rng, workers=workers, callback=callback)
        source = "search"
    if isinstance(best, Solution):
        if best.problem != problem:
            raise ValueError(f"best is a solution of {best.problem}, not of {problem}: pass one of the same problem")
        minima = tuple(minimum for minimum in best.minima if minimum.kind != "saddle") or best.minima[:1]
    elif isinstance(best, Minimum):
        loss, _, _ = expected_loss_and_grad(problem, best.W, best.b)  # its own may be that of another problem
        minima = (replace(best, loss=float(loss), error=float(loss.error)),)
    else:
        value = real_number("best", best)
        if value < 0:
            raise ValueError(f"best={value:g} is negative: pass a loss, a sum over features")
        return _Known((), ((value, 0.0),), source)
    return _Known(minima, tuple((minimum.loss, minimum.error) for minimum in minima), source)


def _audit(
    problem: Problem, W: FloatArray, b: FloatArray, W_out: FloatArray | None, known: _Known, follow: bool
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
        nearest = replace(landing.minimum, hits=_hits(problem, landing.minimum, known.minima))
        if not nearest.loss <= value:  # the weights are a minimum, and the descent moved within rounding
            nearest = replace(nearest, W=W, b=b, loss=value, error=error, gradient_norm=slope)
        lowest = nearest.loss, nearest.error
    levels = _levels([*known.losses, lowest])
    if nearest is not None:
        rank = 1 + sum(level[0] < lowest[0] and not _same(level, lowest) for level in levels)
    best = min([*known.losses, lowest])
    source = known.source if any(_same(best, one) for one in known.losses) else "weights"
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


def _same(first: tuple[float, float], second: tuple[float, float]) -> bool:
    """Whether two losses, each with its error, are one."""
    return abs(first[0] - second[0]) <= LEVEL * max(abs(first[0]), abs(second[0])) + first[1] + second[1]


def _levels(losses: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Different losses among these, lowest first."""
    levels: list[tuple[float, float]] = []
    for one in sorted(losses):
        if not levels or not _same(levels[-1], one):
            levels.append(one)
    return levels


def _hits(problem: Problem, nearest: Minimum, minima: tuple[Minimum, ...]) -> int:
    """How many descents of the search ended in this minimum, up to rotation and exchange of like features."""
    everything = (nearest, *minima)
    W, b, loss = (np.array([getattr(one, name) for one in everything]) for name in ("W", "b", "loss"))
    groups = Describer(problem).groups(W, b, loss, loss_tol=LEVEL, tol=1e-4)
    return next(sum(everything[k].hits for k in group) for group in groups if 0 in group)
