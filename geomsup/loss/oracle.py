r"""The expected loss in exact rational arithmetic: ground truth for small problems.

Floating-point numbers are rationals, so the loss of *these* weights is a rational number and can be computed without
any rounding.  For active features with coefficients :math:`a_j \ne 0`, values :math:`u_j` uniform on [0, 1] and
:math:`k` of them,

.. math:: V_r(y) = E\,\frac{(y + \sum_j a_j u_j)_+^r}{r!}
          = \frac{1}{(k + r)!\,\prod_j a_j} \sum_{T} (-1)^{k - |T|} \Bigl(y + \sum_{j \in T} a_j\Bigr)_+^{k + r},

the sum running over the subsets of the active features.  In floating point it cancels catastrophically; in rationals
it is simply true.  The cost grows as :math:`3^n`: seconds at n = 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import factorial, lcm
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from geomsup.problem import Problem

__all__ = ["oracle_loss"]

_Rational = Fraction


def oracle_loss(
    problem: Problem, W: npt.ArrayLike, b: npt.ArrayLike, *, W_out: npt.ArrayLike | None = None
) -> Fraction:
    r"""Expected loss of the given floating-point weights as an exact rational number.

    .. math:: L = E \sum_i I_i\,(x_i - \sigma(W^\top W x + b)_i)^2

    Every input is taken at face value (a float *is* a rational), and so is every law: a probability of 0.1 means
    the double nearest to 0.1.

    Parameters
    ----------
    problem : Problem
        ReLU or identity activation; any feature law of the package.
    W : array_like, shape (n_hidden, n_features)
        Feature directions in its columns.
    b : array_like, shape (n_features,)
        Output bias.
    W_out : array_like, shape (n_features, n_hidden), optional
        Output weights of an untied model; by default ``W.T``.

    Returns
    -------
    fractions.Fraction
        The loss, exactly.

    Raises
    ------
    ValueError
        If the shapes do not fit the problem, or the weights are not finite.

    Notes
    -----
    Cost of order :math:`n\,3^n`: meant for n up to 7.  Formula: the truncated-power form of a box spline,
    de Boor, Höllig, Riemenschneider (1993), *Box Splines*, chapter I.

    Examples
    --------
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=2, n_hidden=1, feature_probability=0.5)
    >>> gs.oracle_loss(problem, [[1.0, -1.0]], [0.0, 0.0])  # an antipodal pair costs 2 p^2 / 6
    Fraction(1, 12)
    """
    W, b = problem.check_weights(W, b)
    out = W.T if W_out is None else problem.check_output_weights(W_out)
    effective = _exact_product(out, W)
    bias = [_Rational(float(v)) for v in b]
    importance = [_Rational(float(v)) for v in problem.importance]
    linear = problem.activation == "identity"
    total = _Rational(0)
    for weight, active in _states(problem):
        for i, row in enumerate(effective):
            if importance[i]:
                total += weight * importance[i] * _row_loss(problem, row, bias[i], i, active, linear)
    return total


def _exact_product(left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> list[list[Fraction]]:
    rows = [[_Rational(float(v)) for v in row] for row in left]
    columns = [[_Rational(float(v)) for v in column] for column in right.T]
    return [[sum((x * y for x, y in zip(r, c, strict=True)), _Rational(0)) for c in columns] for r in rows]


def _states(problem: Problem) -> Iterator[tuple[Fraction, tuple[int, ...]]]:
    """Every joint on/off state of the groups, with its probability and the features it activates."""
    choices: list[list[tuple[Fraction, tuple[int, ...]]]] = []
    for group in problem.features.groups:
        p = _Rational(float(group.probability))
        on: list[tuple[Fraction, tuple[int, ...]]]
        if group.kind == "together":
            on = [(p, tuple(group.members))]
        else:
            on = [(p / len(group.members), (j,)) for j in group.members]
        choices.append([(1 - p, ()), *on])
    for combination in product(*choices):
        weight = _Rational(1)
        active: tuple[int, ...] = ()
        for probability, members in combination:
            weight *= probability
            active += members
        if weight:
            yield weight, active


def _row_loss(
    problem: Problem, row: list[Fraction], bias: Fraction, own: int, active: tuple[int, ...], linear: bool
) -> Fraction:
    """E (x_own - sigma(z))^2 given which features are active."""
    laws = problem.features.laws
    atomic = [j for j in active if laws[j].atoms is not None]
    smooth = [j for j in active if laws[j].atoms is None]
    tables = []
    for j in atomic:
        atoms = laws[j].atoms
        assert atoms is not None
        values, weights = atoms
        exact = [_Rational(float(w)) for w in weights]
        tables.append([(_Rational(float(v)), w / sum(exact)) for v, w in zip(values, exact, strict=True)])
    total = _Rational(0)
    for combination in product(*tables):
        weight = _Rational(1)
        offset = bias
        x_own = None if own in active else _Rational(0)
        for j, (value, w) in zip(atomic, combination, strict=True):
            weight *= w
            offset += row[j] * value
            if j == own:
                x_own = value
        spans, own_span = [], None
        for j in smooth:
            low, high = (_Rational(float(v)) for v in laws[j].support)
            offset += row[j] * low
            if j == own:
                own_span = (row[j] * (high - low), low, high)
            else:
                spans.append(row[j] * (high - low))
        total += weight * _squared_error(offset, spans, own_span, x_own, linear)
    return total


def _squared_error(
    y: Fraction,
    spans: list[Fraction],
    own_span: tuple[Fraction, Fraction, Fraction] | None,
    x_own: Fraction | None,
    linear: bool,
) -> Fraction:
    """E (x - sigma(y + a u + sum spans))^2 with x fixed (``x_own``) or x = low + (high - low) u (``own_span``)."""
    values = _linear_moments if linear else _positive_moments
    if own_span is None:
        assert x_own is not None
        first, second = values(y, spans, 1), values(y, spans, 2)
        return x_own**2 - 2 * x_own * first + 2 * second
    a, low, high = own_span
    width = high - low
    square = (low**2 + low * high + high**2) / 3
    everything = [*spans, a]
    first, second = values(y, everything, 1), values(y, everything, 2)
    if a == 0:
        cross = first / 2
    elif linear:
        others = sum(spans, _Rational(0)) / 2
        cross = (y + others) / 2 + a / 3
    else:
        cross = values(y + a, spans, 2) / a - (values(y + a, spans, 3) - values(y, spans, 3)) / a**2
    return square - 2 * (low * first + width * cross) + 2 * second


def _linear_moments(y: Fraction, spans: list[Fraction], r: int) -> Fraction:
    """E (y + sum a_j u_j)^r / r! for r = 1, 2."""
    mean = y + sum(spans, _Rational(0)) / 2
    if r == 1:
        return mean
    return (mean**2 + sum((a**2 for a in spans), _Rational(0)) / 12) / 2


def _positive_moments(y: Fraction, spans: list[Fraction], r: int) -> Fraction:
    """V_r(y) = E (y + sum a_j u_j)_+^r / r!, computed with integers over one common denominator."""
    spans = [a for a in spans if a]
    denominator = lcm(y.denominator, *(a.denominator for a in spans))
    sums = [(y.numerator * (denominator // y.denominator), 1)]
    scale = 1
    for a in spans:
        step = a.numerator * (denominator // a.denominator)
        scale *= step
        sums = [(s, -sign) for s, sign in sums] + [(s + step, sign) for s, sign in sums]
    power = len(spans) + r
    total = sum(sign * s**power for s, sign in sums if s > 0)
    return _Rational(total, factorial(power) * scale * denominator**r)
