"""How much rarer one feature of a pentagon may be."""

import numpy as np
from scipy.optimize import brentq

from geomsup.claims._claim import Case, Claim, Status
from geomsup.frames import polygon
from geomsup.optimize import Solution, minimize
from geomsup.phases import Path, continuation, phase_boundary
from geomsup.problem import Problem
from geomsup.sparse import minimize_one_active

ROOT = 1e-9
"""Measured: at most 2e-12, and errors reported below 3e-12."""
PAIRS = np.array([[0.0, 1, -1, 0, 0], [0, 0, 0, 1, -1]])
RATIO = 0.4
"""Of the rare density to the others that has been given: 2.5 times less frequent."""


def prediction(what: str, s: float = 0.0) -> float:
    """Where the losses of two minima are equal, each descended to by itself: ρ* at density s, or s at ρ = 0.4."""
    if what == "ratio":
        return float(brentq(lambda rho: pairs_less_pentagon(s, rho), 0.15, 0.6, xtol=1e-12))
    if what == "density":
        return float(brentq(lambda s: pairs_less_pentagon(s, RATIO), 0.05, 0.15, xtol=1e-12))
    return 0.138


def measurement(what: str, s: float = 0.0) -> float:
    """The same from two branches followed; or ρ* in the limit of one active feature."""
    if what == "ratio":
        path = Path(lambda rho: rare(s, rho), 0.05, 1.0, "rho")
        return phase_boundary(path, local(s, 1.0, "pentagon"), local(s, 0.08, "pairs"), at=(1.0, 0.08)).s
    if what == "density":
        path = Path(lambda s: rare(s, RATIO), 0.04, 0.13, "s")
        return phase_boundary(path, local(0.06, RATIO, "pentagon"), local(0.12, RATIO, "pairs"), at=(0.06, 0.12)).s
    path = Path(lambda rho: rare(0.9, rho), 0.03, 1.0, "rho")
    bent = continuation(path, minimize_one_active(5, 2, n_starts=8, rng=0), at=1.0, loss="one_active")
    return phase_boundary(path, bent, lambda rho: (PAIRS, np.zeros(5)), loss="one_active").s


def rare(s: float, rho: float) -> Problem:
    """Five features in the plane, the first ρ times as frequent as the others."""
    return Problem(5, 2, s * np.array([rho, 1, 1, 1, 1]))


def local(s: float, rho: float, which: str) -> Solution:
    """The minimum next to the regular pentagon, or next to two pairs without the rare feature."""
    start = (PAIRS, np.array([rho * s / 2, 0, 0, 0, 0]))
    if which == "pentagon":
        start = (1.1 * polygon(5), np.full(5, -0.2))
    return minimize(rare(s, rho), n_starts=0, start=start)


def pairs_less_pentagon(s: float, rho: float) -> float:
    """How much more the pairs lose."""
    return local(s, rho, "pairs").loss - local(s, rho, "pentagon").loss


CLAIM = Claim(
    topic="phases",
    statement="With one of five features in the plane ρ times as frequent as the others, two antipodal pairs without "
    "it are better than the bent pentagon below ρ* = 0.425482, 0.269081 and 0.184877 at densities 0.1, 0.05 and 0.02 "
    "of the others, 0.131622 in the limit of rare features. The ratio of 2.5 that has been given holds at the density "
    "0.0923.",
    conditions="Independent, uniform on [0, 1], importance 1, W and b free. That nothing else is better is searched.",
    source="Elhage et al. 2022, Toy Models of Superposition, section on non-uniform superposition, for the transition "
    "at about 2.5 times less frequent, at density 0.05; a prototype had the limit 0.138.",
    status=Status.VERIFIED,
    evidence="Two branches of minima followed until their losses cross, against a root of the difference of losses of "
    "minima that are descended to one by one. docs/phases_boundaries.md has the table.",
    cases=[
        Case("ρ* at s = 0.05", ("ratio", 0.05), "=", ROOT),
        *(Case(f"ρ* at s = {s}", ("ratio", s), "=", ROOT, slow=True) for s in (0.1, 0.02)),
        Case("density at which ρ* = 0.4, 2.5 times", ("density",), "=", ROOT, slow=True),
        Case("ρ* with one active feature, against the 0.138 noted", ("limit",), "<", slow=True),
    ],
    prediction=prediction,
    measurement=measurement,
)
