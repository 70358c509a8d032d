"""``bound`` and ``bracket``: the bound that is known for a problem or an energy, and both sides of its optimum."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from geomsup._typing import JSON
from geomsup._validate import integer
from geomsup.bounds._attained import energy_at_most
from geomsup.bounds._numbers import exact, sign, text
from geomsup.bounds._of_problems import best_bound
from geomsup.bounds.closed_forms import welch_bound
from geomsup.bounds.result import Bound, Bracket, bound_from, exact_value
from geomsup.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from geomsup.optimize import Progress
    from geomsup.sparse import Potential

# The searches load SciPy's optimisers and are imported where they run: checking a certificate must not need them.

__all__ = ["OF_PROBLEMS", "bound", "bracket", "description_of"]

METHODS = ("two-point", "three-point", "marked", "branch-and-bound")
OF_PROBLEMS = METHODS[2:]
"""Those for the loss of a problem; the others are for energies."""


def bound(
    subject: Problem | Potential,
    n: int | None = None,
    m: int | None = None,
    *,
    bias: str = "free",
    method: str | None = None,
    degree: int = 4,
    wide: bool = False,
    multipliers: bool = False,
    callback: Callable[[Progress], None] | None = None,
) -> Bound:
    r"""A number that no arrangement can beat, with a certificate.

    ============================================  ==============================================================
    subject                                       bound
    ============================================  ==============================================================
    a potential, with n and m                     two-point LP on Σ_{i≠j} f(u_i·u_j) for n unit vectors in R^m; for t₊²
                                                  also n²/C(m) − n from the capacity of m dimensions
    the same, ``method="two-point"``              the two-point LP alone
    the same, ``method="three-point"``            three-point SDP, n ≥ 3 and m ≥ 3; seconds to minutes
    a problem with activation ``"identity"``      the tail of principal components
    a problem with ReLU and ``bias="zero"``       from the capacity of m dimensions; independent, non-negative values
    a problem with ReLU and equal features        from the losses with one and two active features, m ≥ 2, where that
                                                  is checked in seconds: 3, 4 or 5 features in the plane
    the same, ``method="marked"``                 the same for any n > m, and as sharp as is known; seconds to minutes
    other independent features, with ReLU         layers of importance and of density, from the bounds for 3 to 6 equal
                                                  features in the plane, 12 in three dimensions, 2 in one
    two features in one dimension, with ReLU      branch and bound over all arrangements, sharp to 1e-6
    three, ``method="branch-and-bound"``          the same; seconds to minutes
    any other problem                             none known: 0
    ============================================  ==============================================================

    Parameters
    ----------
    subject : Problem or Potential
        What is to be minimised.
    n, m : int, optional
        Number of unit vectors and dimension, for a potential.
    bias : str
        ``"free"`` or ``"zero"``: what arrangements of a problem are compared with.
    method : str, optional
        Of an energy ``"two-point"`` or ``"three-point"``, which needs the extra ``bounds``. Of a problem
        ``"marked"``: use :func:`geomsup.bounds.sparse_loss_bound` whatever it takes; without a certificate in the
        package that needs the extra too. Or ``"branch-and-bound"``: use :func:`geomsup.bounds.global_bound`, for up to
        three features. Where several bounds apply to a problem, the largest is returned.
    degree, wide, multipliers
        Of the three-point program; see :func:`geomsup.bounds.three_point_energy`. For ``method="three-point"`` only.
    callback : callable, optional
        Called with a :class:`~geomsup.optimize.Progress` after each round of the three-point or the marked program.

    Returns
    -------
    Bound
        Its certificate was checked. Where no bound is known `value` is 0, as any sum of squares says, and `known` is
        False.

    Raises
    ------
    ValueError
        A potential without n and m, or whose values between samples are not known (:class:`~geomsup.CustomPotential`);
        a method, or an option of another method, that does not fit the subject.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.bound(gs.Riesz(), n=12, m=3)  # the icosahedron has 98.3305
    Bound(proved by two-point LP, degree ...: Σ_{i≠j} f(u_i·u_j) ≥ 98.3305... for all 12 unit vectors in R^3, ...)
    >>> linear = gs.Problem(5, 2, 0.5, activation="identity")
    >>> print(f"{gs.bound(linear).value:.6f}")  # 3 (p/3 − p²/4)
    0.312500
    >>> gs.bound(gs.Problem(20, 5, 0.01), bias="zero")
    Bound(proved by three-point certificate: loss ≥ 0.0236... for all W of shape (5, 20) without bias, ...)
    """
    if bias not in ("free", "zero"):
        raise ValueError(f"bias={bias!r} is unknown: pass 'free' or 'zero'")
    if method not in (None, *METHODS):
        raise ValueError(f"method={method!r} is unknown: pass {', '.join(METHODS[:-1])} or {METHODS[-1]}")
    if (wide or multipliers) and method != "three-point":
        raise ValueError(f"wide={wide} and multipliers={multipliers} are of three points: pass method='three-point'")
    if isinstance(subject, Problem):
        if method not in (None, *OF_PROBLEMS):
            raise ValueError(f"method={method!r} is for energies, and the subject is a problem: leave it out")
        if n is not None or m is not None:
            raise ValueError("n and m are given, but the problem has its own: leave them out")
        return best_bound(subject, bias, method, callback)
    if method in OF_PROBLEMS:
        raise ValueError(f"method={method!r} is for problems, and the subject is a potential: leave it out")
    if n is None or m is None:
        raise ValueError(f"n={n} and m={m}, but an energy needs both: pass n vectors in m dimensions")
    if method == "three-point":
        from geomsup.bounds.three_point import three_point_energy

        return three_point_energy(subject, n, m, degree, wide=wide, multipliers=multipliers, callback=callback)
    n, m = integer("n", n, at_least=1), integer("m", m, at_least=1)
    return _energy_bound(subject, n, m, alone=method is not None)


def bracket(
    subject: Problem | Potential,
    n: int | None = None,
    m: int | None = None,
    *,
    bias: str = "free",
    method: str | None = None,
    degree: int = 4,
    wide: bool = False,
    multipliers: bool = False,
    **search: Any,
) -> Bracket:
    """Both sides of an optimum: what a search attains, and what nothing can beat.

    Parameters
    ----------
    subject, n, m, bias, method, degree, wide, multipliers
        As in :func:`geomsup.bound`.
    **search
        Passed to :func:`geomsup.minimize` or :func:`geomsup.minimize_energy`: ``n_starts``, ``rng``, ``callback`` …

    Returns
    -------
    Bracket
        The upper side is the value attained, rounded up in ball arithmetic or with its error bound; the lower side is
        proved, and 0 where no bound is known.

    Raises
    ------
    ValueError
        As in :func:`geomsup.bound` and the search.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.bracket(gs.ReluSquared(), n=5, m=2, n_starts=8, rng=0)
    Bracket(0.95491... ≤ energy of 5 unit vectors in R^2 ≤ 0.954915..., relative gap ..., lower proved)
    >>> gs.bracket(gs.Problem(n_features=4, n_hidden=3), n_starts=4, rng=0)
    Bracket(0 ≤ loss ≤ 0.0008..., no bound known)
    >>> gs.bracket(gs.Problem(5, 2, 0.0002), n_starts=4, rng=0)  # the pentagon
    Bracket(1.58...e-05 ≤ loss ≤ 1.59...e-05, relative gap 0.006..., lower proved)
    """
    lower = bound(subject, n, m, bias=bias, method=method, degree=degree, wide=wide, multipliers=multipliers)
    if isinstance(subject, Problem):
        from geomsup.optimize import minimize

        solution = minimize(subject, bias="zero" if bias == "zero" else "free", **search)
        upper = math.nextafter(solution.loss + solution.error, math.inf)
        return Bracket("loss", lower.value, max(lower.value, upper), solution.W, lower.certificate)
    from geomsup.sparse import minimize_energy

    assert n is not None  # bound refuses it
    assert m is not None
    found = minimize_energy(subject, n, m, **search)
    upper = energy_at_most(description_of(subject), found.U)
    name = f"energy of {n} unit vectors in R^{m}"
    return Bracket(name, lower.value, upper, found.U, lower.certificate)


def description_of(potential: Potential) -> JSON:
    """The potential as a certificate names it, its parameters exact.

    Raises
    ------
    ValueError
        It is given by code, so that nothing is known of it between the points at which it is evaluated.
    """
    from geomsup.sparse import BiasedRelu, FramePotential, PiecewisePolynomial, ReluSquared, Riesz

    match potential:
        case ReluSquared():
            return {"name": "relu_squared"}
        case FramePotential():
            return {"name": "frame"}
        case BiasedRelu(norm, bias):
            return {"name": "biased_relu", "norm_squared": text(exact(norm) ** 2), "bias": text(exact(bias))}
        case Riesz(s):
            return {"name": "riesz", "s": text(exact(s))}
        case PiecewisePolynomial(breaks, coefficients):
            pieces = [[text(exact(x)) for x in piece] for piece in coefficients]
            return {"name": "piecewise", "breaks": [text(exact(x)) for x in breaks], "coefficients": pieces}
    raise ValueError(
        f"no bound known for {potential!r}: a potential given by code is not known between the points where it is "
        "evaluated; pass a PiecewisePolynomial that lies below it, or one of the named potentials"
    )


def _energy_bound(potential: Potential, n: int, m: int, *, alone: bool) -> Bound:
    """From pairs, if not `alone` then or from the capacity."""
    from geomsup.bounds.capacity import energy_from_capacity
    from geomsup.bounds.lp import energy_certificate

    description = description_of(potential)
    if description["name"] == "frame":
        return welch_bound(n, m, potential="frame")
    if description["name"] == "riesz" and m == 1 and n > 2:
        raise ValueError(f"n={n} points on a line coincide and {potential!r} is infinite there: pass m of at least 2")
    certificate = energy_certificate(potential.value, description, n, m)
    other = energy_from_capacity(n, m) if description["name"] == "relu_squared" and n > 1 and not alone else None
    if other is not None and sign(exact_value(other) - exact_value(certificate)) > 0:
        return bound_from(other, "three-point certificate")
    return bound_from(certificate, f"two-point LP, degree {len(certificate.proof['coefficients']) - 1}")
