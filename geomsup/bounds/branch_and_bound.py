"""The global optimum of small problems, proved: every W and every b, the exact loss, by cutting them into boxes.

How the boxes are bounded is in :mod:`geomsup.bounds._row_loss` and :mod:`geomsup.bounds._branching`, why finitely many
are enough in :mod:`geomsup.bounds._check_branch`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from flint import fmpq

from geomsup._typing import JSON, FloatArray
from geomsup._validate import integer, real_number
from geomsup.bounds._branching import Below, Subdivision
from geomsup.bounds._check_branch import BIASES, LARGEST, MOST, proved
from geomsup.bounds._numbers import below, exact, text
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.result import Bound, exact_value
from geomsup.bounds.verify import Evidence, Finding, Refuted
from geomsup.features import Independent, Uniform
from geomsup.problem import Problem

__all__ = ["global_bound"]

METHOD = "branch and bound"
RAREST = 1e-6
"""Probability below which boxes need more memory than there is: 1e-12 of two features takes above 6 GB."""
COARSE = (0.99, 0.9, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01)
"""Gaps tried in turn where half of the boxes do not reach the gap itself, then each a third of the one before, until
one takes more boxes than are left."""
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
        ReLU, independent features uniform on [0, 1], at most three; any importances, probabilities 0 or from 1e-6 on.
    bias : str
        ``"free"``, ``"nonpositive"`` or ``"zero"``.
    gap : float
        Relative, in (0, 1). Where it would take more than `most` boxes, the least that was reached with them; `method`
        says which.
    upper : float, optional
        A loss that is attained; by default that of :func:`geomsup.minimize`. Only the effort depends on it: if it is
        below the minimum, the bound is true and not sharp; if it is above, an arrangement below it is met, and the
        search goes on from there.
    most : int
        Boxes in all. With two features 100 to 4,000 are needed for 1e-6, with three in one dimension some 40,000, in
        the plane a few hundred thousand where p is small; 5,000 to 20,000 per second.
    callback : callable, optional
        Called with a `Subdivision` (boxes, waiting, unsettled): `unsettled` is the share of the volume of weights
        that is still open, and falls from 1 to 0.

    Returns
    -------
    Bound
        *Proved*. Where not even a hundredth of the best loss could be within `most` boxes, `known` is False.

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
    search = _Search(problem, bias, min(best, _dropped(problem, bias)), callback)
    found, reached = search.attempt(gap, (most + 1) // 2), gap
    for one in [] if found else _finer(gap):
        if (better := search.attempt(one, most - search.boxes)) is None:
            break
        found, reached = better, one
    if found is None:
        return Bound(0.0, "none", None, Evidence.PROVED, "loss ≥ 0")
    method = METHOD if reached == gap else f"{METHOD}, stopped at a relative gap of {reached:.2g}"
    certificate, finding = found
    return Bound(below(exact_value(certificate)), method, certificate, finding.status, finding.statement)


def _check_problem(problem: Problem) -> None:
    independent = isinstance(problem.features, Independent) and set(problem.features.laws) == {Uniform(0.0, 1.0)}
    n, m = problem.n_features, problem.n_hidden
    if not independent or problem.activation != "relu" or n > LARGEST or m >= n:
        raise ValueError(
            f"branch and bound does not know {problem!r}: pass a problem with ReLU, at most {LARGEST} independent "
            "features that are uniform on [0, 1], and fewer hidden dimensions than features (else W = I loses nothing)"
        )
    p = problem.feature_probability
    rare = p[(p > 0) & (p < RAREST)]
    if rare.size:
        raise ValueError(
            f"feature_probability={rare.min():g} is below {RAREST:g}, where losses are too small beside what boxes "
            "leave open: pass a larger one, or 0"
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


@dataclass
class _Search:
    """Attempts at values that come closer and closer to the best loss known, with what they have cost so far."""

    problem: Problem
    bias: str
    best: float
    callback: Callable[[Subdivision], None] | None
    searches: int = 0
    boxes: int = 0

    @cached_property
    def without(self) -> list[JSON]:
        """What is proved of the problem without each feature."""
        return _without_each(self.problem)

    def attempt(self, gap: float, most: int) -> tuple[Certificate, Finding] | None:
        """A proof to within a gap in so many boxes, or None. An arrangement that is better on the way is used."""
        while most > 0:
            value, before = exact(self.best) * (1 - exact(gap * ROOM)), self.boxes

            def told(now: Subdivision, before: int = before) -> None:
                self.boxes = before + now.boxes
                if self.callback is not None:
                    self.callback(now)

            try:
                return _attempt(self.problem, self.bias, value, self.without, most, told)
            except Below as found:
                self._improve(found)
            except Refuted:
                return None
        return None

    def _improve(self, found: Below) -> None:
        if self.searches < SEARCHES:
            loss = _searched(self.problem, self.bias, [(found.W, found.b)])
            self.best, self.searches = min(found.loss, loss), self.searches + 1
        else:
            self.best = found.loss


def _finer(gap: float) -> list[float]:
    """The coarse gaps, and thirds of the last until `gap`."""
    steps = list(COARSE)
    while steps[-1] > 3 * gap:
        steps.append(steps[-1] / 3)
    return [*(step for step in steps if step > gap), gap]


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
