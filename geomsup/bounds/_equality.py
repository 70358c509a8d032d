r"""Where a polynomial in three cosines is 0 and not negative around: what subdivision cannot settle.

**Lemma.** Let g be a polynomial, p a point of a box N, and S the axes along which p lies at the upper end of N. Suppose
that g(p) = 0, that ∂_i g < 0 on N for i in S, that ∂_i g(p) = 0 for all other i, and that the Hessian of g in these
other axes is positive definite where x_S = p_S. Then g ≥ 0 on N.

Raise the coordinates x_S of a point of N to p_S: the segment stays in N, g decreases along it, and ends where g is
convex in what is left, and stationary and 0 at p. ∎

At triples of different vectors S is empty; it has one axis where two vectors coincide, and three where all do.
"""

from __future__ import annotations

from collections.abc import Sequence

from flint import arb, fmpq

from geomsup.bounds._ball_hessian import positive_definite
from geomsup.bounds._bernstein import Box, values_between
from geomsup.bounds._triples import Trivariate, derivative_of, value_at
from geomsup.bounds.verify import Refuted

__all__ = ["neighbourhood"]

HALVINGS = 3, 13
"""Boxes reach 1/8 from p, then 1/16, …, 1/4096. Measured: the stored certificates take 1/128 or more."""


def neighbourhood(g: Trivariate, p: Sequence[fmpq], low: Sequence[fmpq], high: Sequence[fmpq]) -> Box:
    """A box around p within [low, high] on which g ≥ 0 by the lemma, the largest of those tried.

    Raises
    ------
    Refuted
        One of the conditions does not hold, or not visibly.
    """
    place = "(" + ", ".join(map(str, p)) + ")"
    ends = [x == b for x, b in zip(p, high, strict=True)]
    slopes = [derivative_of(g, axis) for axis in range(3)]
    if value_at(g, p) != 0 or any(value_at(slopes[axis], p) != 0 for axis in range(3) if not ends[axis]):
        raise Refuted(f"the inequality for triples is not an equality, or not stationary, at {place}")
    for k in range(*HALVINGS):
        near = [max(a, x - fmpq(1, 2**k)) for a, x in zip(low, p, strict=True)]
        far = [min(b, x + fmpq(1, 2**k)) for b, x in zip(high, p, strict=True)]
        if _falls_to_a_convex_face(slopes, ends, near, far):
            return near, far
    raise Refuted(f"the inequality for triples may be violated around {place}, where it is an equality")


def _falls_to_a_convex_face(
    slopes: Sequence[Trivariate], ends: Sequence[bool], near: Sequence[fmpq], far: Sequence[fmpq]
) -> bool:
    """Whether the slopes along S are negative on the box, and the Hessian in the other axes is definite on its face."""
    if any(values_between(slope, near, far)[1] >= 0 for slope, end in zip(slopes, ends, strict=True) if end):
        return False
    face = [b if end else a for a, b, end in zip(near, far, ends, strict=True)]
    free = [axis for axis in range(3) if not ends[axis]]
    return not free or positive_definite([[_ball(derivative_of(slopes[i], j), face, far) for j in free] for i in free])


def _ball(g: Trivariate, low: Sequence[fmpq], high: Sequence[fmpq]) -> arb:
    a, b = values_between(g, low, high)
    return arb(a).union(arb(b))

