"""The least loss with one active feature, exactly, where a regular polygon attains it.

The theorem is in :mod:`geomsup.bounds._check_minimum`.
"""

from __future__ import annotations

import math
from typing import Any

from flint import fmpq

from geomsup._typing import JSON
from geomsup._validate import integer
from geomsup.bounds._check_minimum import isolating_polynomial, loss_between
from geomsup.bounds._marked_program import dyadic
from geomsup.bounds._numbers import above, text
from geomsup.bounds._reading import rational_entry
from geomsup.bounds._store import stored
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.marked import METHOD, Range, is_free, marked_bound, name_of, one_active_bound
from geomsup.bounds.result import Bound, Bracket, bound_from

# The searches load SciPy's optimisers and are imported where they run: checking a certificate must not need them.

__all__ = ["minimum_certificate", "one_active_bracket", "polygon_minimum", "with_any_sign"]

LEAST = "least one-active loss"
"""The quantity of a certificate that holds the least loss itself."""


def polygon_minimum(
    n: int, *, bias: Range = "nonpositive", degree: int | None = None, marks: int | None = None, rng: Any = None
) -> Bound:
    r"""The least loss with one active feature of n features in the plane, exactly, where a regular n-gon attains it.

    Over all W and all b ≤ 0, or all b, nothing has a smaller loss than the polygon of :func:`geomsup.k_gon`, and
    nothing else has the same, up to rotation, reflection and the order of the features. The certificate encloses the
    number between two rationals that differ by less than 1e-50, and has an irreducible polynomial with integer
    coefficients: three times the number is its only root there.

    Parameters
    ----------
    n : int
        Features, at least 5. Proved for 5, 6 and 7; over biases of any sign for 5 and 6.
    bias : "nonpositive" or "free"
        The biases over which it is the least.
    degree, marks : int, optional
        Largest k of P_k, and rows of the matrices, in a new certificate. By default the one that ships with the
        package, and 8 and 2 elsewhere.
    rng : optional
        Of the search for violated places, in a new certificate.

    Returns
    -------
    Bound
        *Proved*. `value` is the largest float below the least loss.

    Raises
    ------
    ValueError
        It could not be proved. It is false from n = 8 on, where a heptagon and dropped features are better.
    ModuleNotFoundError
        cvxpy or Clarabel is missing and no certificate ships.

    Examples
    --------
    >>> import geomsup as gs
    >>> least = gs.bounds.polygon_minimum(5)
    >>> print(f"{least.value:.14f} {gs.k_gon(5).h / 3:.14f}")
    0.07912813537247 0.07912813537247
    >>> gs.verify(least)
    Verification(proved: one-active loss ≥ 0.0791281353724... for 5 features in 2 dimensions, ...; least, ... alone)
    >>> gs.bounds.polygon_minimum(5, bias="free").value == least.value
    True
    """
    n, free = integer("n", n, at_least=5), is_free(bias)
    kept = stored(name_of("least", n, 2, free=free)) if degree is None and marks is None else None
    if kept is None:
        from geomsup.sparse import k_gon  # loads SciPy's solvers, which checking must not need

        polygon, of = k_gon(n), {"degree": 8 if degree is None else degree, "rng": rng, "marks": marks}
        kept = minimum_certificate(
            marked_bound(n, 2, near=polygon.arrangement, **of), marked_bound(n - 1, 2) if polygon.h >= 1 else None
        )
        if free:
            fewer = marked_bound(n - 1, 2, free=True) if polygon.h >= 1 else None
            kept = with_any_sign(kept, marked_bound(n, 2, free=True, **of), fewer)
    return bound_from(kept, METHOD.format(degree=len(kept.proof["kernel"]) - 1))


def one_active_bracket(
    n: int, m: int, *, bias: Range = "nonpositive", degree: int | None = None, rng: Any = None, **search: Any
) -> Bracket:
    """Both sides of the least loss with one active feature, over all W and all b ≤ 0, or all b of any sign.

    Parameters
    ----------
    n, m : int
        Features and hidden dimensions, m ≥ 2.
    bias, degree
        As in :func:`geomsup.bounds.one_active_bound`.
    rng : optional
        Of the searches, for violated places and for arrangements.
    **search
        Passed to :func:`geomsup.minimize_one_active`, where the least is not known: ``n_starts``, ``callback`` …

    Returns
    -------
    Bracket
        Lower is :func:`geomsup.bounds.one_active_bound`. For (5, 2), (6, 2) and, with b ≤ 0, (7, 2) both sides are the
        loss of the regular polygon, so that nothing is left between them; elsewhere upper is what a search attains,
        with its error.

    Raises
    ------
    ValueError, ModuleNotFoundError
        As in :func:`geomsup.bounds.one_active_bound` and the search.

    Examples
    --------
    >>> import geomsup as gs
    >>> bracket = gs.bounds.one_active_bracket(5, 2)
    >>> print(bracket.relative_gap, f"{bracket.upper:.12f}")
    0.0 0.079128135372
    """
    lower = one_active_bound(n, m, bias=bias, degree=degree, rng=rng)
    subject = f"one-active loss of {n} features in R^{m}"
    if lower.certificate is not None and lower.certificate.claim["quantity"] == LEAST:
        from geomsup.sparse import k_gon

        upper = above(rational_entry(lower.certificate.claim, "at_most"))
        return Bracket(subject, lower.value, upper, k_gon(n).arrangement.W, lower.certificate, lower.certificate)
    from geomsup.sparse import minimize_one_active

    found = minimize_one_active(n, m, bias=bias, rng=rng, **search)
    upper = max(lower.value, math.nextafter(found.loss + found.error, math.inf))
    return Bracket(subject, lower.value, upper, found.W, lower.certificate)


def minimum_certificate(one_active: Bound, fewer: Bound | None = None) -> Certificate:
    """The certificate of a regular polygon as the least, from that of a bound which it nearly attains; not checked.

    Where the polygon loses more than a third, a silent feature is excluded by a bound for one feature `fewer`.
    """
    assert one_active.certificate is not None
    n = one_active.certificate.claim["n"]
    low, high = loss_between(n)
    claim = {
        "quantity": LEAST,
        "arrangement": "regular polygon",
        "n": n,
        "m": 2,
        "value": text(low),
        "at_most": text(high),
        "polynomial": isolating_polynomial(n, low, high),
    }
    return Certificate("least loss", claim, _proof(one_active, fewer))


def with_any_sign(least: Certificate, one_active: Bound, fewer: Bound | None = None) -> Certificate:
    """The same over biases of any sign, from bounds over those; not checked."""
    n, high = least.claim["n"], rational_entry(least.claim, "at_most")
    V, others = (fmpq(0) if one is None else rational_entry(_claim(one), "value") for one in (one_active, fewer))
    own = fmpq(1, 3) - high + others
    margin = 6 * (high - V) / ((n - 1) * own * own)  # twice what is needed
    any_sign = {**_proof(one_active, fewer), "margin": text(dyadic(above(margin)))}
    return Certificate(least.kind, {**least.claim, "bias": "free"}, {**least.proof, "any_sign": any_sign})


def _claim(bound: Bound) -> JSON:
    assert bound.certificate is not None
    return bound.certificate.claim


def _proof(one_active: Bound, fewer: Bound | None) -> JSON:
    """What proves a bound, and one for one feature fewer."""
    assert one_active.certificate is not None
    proof = {**one_active.certificate.proof, "one_active": one_active.exact}
    return proof if fewer is None else {**proof, "fewer": _proof(fewer, None)}
