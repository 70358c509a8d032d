"""The global optimum of small problems, proved: every W and every b, the exact loss, by cutting them into boxes.

How the boxes are bounded is in :mod:`geomsup.bounds._row_loss` and :mod:`geomsup.bounds._branching`, why finitely many
are enough in :mod:`geomsup.bounds._check_branch`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from flint import fmpq

from geomsup._typing import JSON, FloatArray
from geomsup._validate import integer, real_number
from geomsup.bounds._branching import Below, Subdivision
from geomsup.bounds._check_branch import BIASES, LARGEST, MOST, proved
from geomsup.bounds._numbers import below, exact, text
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.result import Bound
from geomsup.bounds.verify import Evidence, Finding, Refuted
from geomsup.features import Independent, Uniform
from geomsup.problem import Problem

__all__ = ["global_bound"]

METHOD = "branch and bound"
COARSER = 10.0
"""Factor on the gap after an attempt that was too much work."""
ROOM = 0.99
"""Share of the gap that the claim is below `upper`, so that the error of `upper` does not decide."""
SEARCHES = 4
"""Times that a search is started again from an arrangement below `upper`, before it is given up."""


def global_bound(
    problem: Problem,
    *,
    bias: str = "free",
    gap: float = 1e-6,
    upper: float | None = None,
    most: int = 2_000_000,
    callback: Callable[[Subdivision], None] | None = None,
) -> Bound:
    r"""A lower bound on the exact loss of **every** arrangement, within a relative gap of the best one found.

    .. math:: E \sum_i I_i \bigl(x_i - (W^\top W x + b)_{i+}\bigr)^2 \;\ge\; (1 - \text{gap}) \, L_{\text{upper}}

    The weights are cut into boxes and the biases into cells, on which convexity gives lower bounds of second order.

    Parameters
    ----------
    problem : Problem
        ReLU, independent features uniform on [0, 1], at most three; any probabilities and importances.
    bias : str
        ``"free"``, ``"nonpositive"`` or ``"zero"``.
    gap : float
        Relative, in (0, 1). Where it would take more than `most` boxes, ten times as much is tried, and so on.
    upper : float, optional
        A loss that is attained; by default that of :func:`geomsup.minimize`. Only the effort depends on it: if it is
        below the minimum, the bound is true and not sharp; if it is above, an arrangement below it is met, and the
        search goes on from there.
    most : int
        Boxes of one attempt. With two features 400 to 60,000 are needed for 1e-6, some 50,000 per second.
    callback : callable, optional
        Called with a `Subdivision` (boxes, waiting, unsettled): `unsettled` is the share of the volume of weights
        that is still open, and falls from 1 to 0.

    Returns
    -------
    Bound
        *Proved*. Where nothing could be proved within `most` boxes, `known` is False.

    Raises
    ------
    ValueError
        Another kind of problem, a bias, a gap or an upper value out of range.

    Notes
    -----
    :func:`geomsup.verify` repeats the subdivision, in the same time.

    Examples
    --------
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=2, n_hidden=1, feature_probability=0.3, importance=[1, 0.3])
    >>> gs.bounds.global_bound(problem)  # the antipodal pair with unequal lengths has 0.01826296972...
    Bound(proved by branch and bound: loss ≥ 0.01826295... for all W of shape (1, 2) and all b at p = 0.3)
    """
    _check_problem(problem)
    if bias not in BIASES:
        raise ValueError(f"bias={bias!r} is unknown: pass one of {', '.join(map(repr, BIASES))}")
    gap = real_number("gap", gap)
    if not 0 < gap < 1:
        raise ValueError(f"gap={gap:g} is not between 0 and 1: pass the relative gap to be proved, such as 1e-6")
    integer("most", most, at_least=1)
    best = _searched(problem, bias) if upper is None else real_number("upper", upper)
    if best < 0:
        raise ValueError(f"upper={best:g} is negative, but a loss is not: pass the loss of an arrangement")
    best = min(best, _dropped(problem, bias))
    searches, without = 0, _without_each(problem)
    while gap < 1:
        value = exact(best) * (1 - exact(gap * ROOM))
        try:
            certificate, finding = _attempt(problem, bias, value, without, most, callback)
        except Below as found:
            if searches == SEARCHES:
                best = found.loss
            else:
                best, searches = min(found.loss, _searched(problem, bias, [(found.W, found.b)])), searches + 1
        except Refuted:
            gap *= COARSER
        else:
            return Bound(below(value), METHOD, certificate, finding.status, finding.statement)
    return Bound(0.0, "none", None, Evidence.PROVED, "loss ≥ 0")


def _check_problem(problem: Problem) -> None:
    independent = isinstance(problem.features, Independent) and set(problem.features.laws) == {Uniform(0.0, 1.0)}
    n, m = problem.n_features, problem.n_hidden
    if not independent or problem.activation != "relu" or n > LARGEST or m >= n:
        raise ValueError(
            f"branch and bound does not know {problem!r}: pass a problem with ReLU, at most {LARGEST} independent "
            "features that are uniform on [0, 1], and fewer hidden dimensions than features (else W = I loses nothing)"
        )


def _searched(problem: Problem, bias: str, start: list[tuple[FloatArray, FloatArray]] | None = None) -> float:
    from geomsup.optimize import minimize  # a solver: not needed to check

    found = minimize(problem, bias=bias, start=start, n_starts=0 if start else None, rng=0)
    return found.loss + found.error


def _dropped(problem: Problem, bias: str) -> float:
    """The loss of the arrangement that keeps m features and drops the others, or a little more."""
    p = problem.feature_probability
    losses = problem.importance * (p / 3 - (p * p / 4 if bias == "free" else 0.0))
    return float(np.sort(losses)[: problem.n_features - problem.n_hidden].sum() * (1 + 1e-15))


def _without_each(problem: Problem) -> list[JSON]:
    """What is proved of the problem without each feature, as the proof holds it; empty where that is nothing."""
    n, m = problem.n_features, problem.n_hidden
    if m >= n - 1:
        return []
    found = []
    for i in range(n):
        rest = [j for j in range(n) if j != i]
        shorter = Problem(n - 1, m, problem.feature_probability[rest], problem.importance[rest])
        part = global_bound(shorter).certificate
        found.append(
            {"value": part.claim["value"], "boxes": part.proof["boxes"]} if part else {"value": "0", "boxes": 1}
        )
    return found


def _attempt(
    problem: Problem,
    bias: str,
    value: fmpq,
    without: list[JSON],
    most: int,
    callback: Callable[[Subdivision], None] | None,
) -> tuple[Certificate, Finding]:
    """A certificate of a value that was proved.

    Raises
    ------
    Refuted
        It could not be.
    """
    claim = {
        "quantity": "loss",
        "n": problem.n_features,
        "m": problem.n_hidden,
        "bias": bias,
        "feature_probability": [text(exact(float(p))) for p in problem.feature_probability],
        "importance": [text(exact(float(weight))) for weight in problem.importance],
        "value": text(value),
    }
    parts: JSON = {"without": without} if without else {}
    finding, boxes = proved(Certificate(METHOD, claim, {**parts, "boxes": most}), callback)
    # Another order of summation on another machine may need a few more.
    return Certificate(METHOD, claim, {**parts, "boxes": min(2 * boxes + 1000, MOST)}), finding
