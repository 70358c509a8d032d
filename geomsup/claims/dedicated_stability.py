"""From which importance on a dimension of one's own is a local minimum."""

import numpy as np
from scipy.optimize import brentq
from scipy.optimize import minimize as scipy_minimize

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.loss.expected import expected_loss
from geomsup.optimize import minimize
from geomsup.phases import along, continuation
from geomsup.problem import Problem

ROOT = 2e-11
"""Measured: 6e-12 and less."""
TILT = 1e-3
"""Length of the second feature in nearby arrangements."""


def critical_importance(s: float) -> float:
    """r_c(s) = v/c in closed form."""
    linear = s / 2 + 2 * (1 - s) ** 2
    down = (np.sqrt(linear**2 + s**3 * (1 - s)) - linear) / (2 * s * (1 - s))
    up = 1 - (np.sqrt(0.25 + (1 - s) * (2 - s)) - 0.5) / (2 * (1 - s))
    on_down, on_up = (s / 3 - s * beta + beta**2 - 0.75 * (s / 2 - beta) ** 2 for beta in (down, up))
    c_down = s * on_down + (1 - s) * ((1 - s) * down**2 + s * down**3 / 3)
    c_up = s * on_up + (1 - s) * s * (1 - up) ** 3 / 3
    return float((s / 3 - s**2 / 4) / min(c_down, c_up))


def prediction(number: float, what: str) -> float:
    """The density at which r_c is the number; or no gain."""
    return float(brentq(lambda s: critical_importance(s) - number, 0.4, 0.95, xtol=1e-14)) if what == "fades" else 0.0


def measurement(number: float, what: str) -> float:
    """The density at which the short feature of a lopsided pair vanishes; or what the best tilt loses more."""
    if what != "fades":
        factor = 1.02 if what == "above" else 0.98
        return min(excess(number, factor * critical_importance(number), side * TILT) for side in (1, -1))
    path = along(Problem(2, 1, importance=[1, 1 / number]), "feature_probability", (0.05, 1.0))
    below = prediction(number, what) - 0.03
    minima = minimize(path(below), n_starts=8, rng=0).minima
    lopsided = next(one for one in minima if one.W[0, 0] * one.W[0, 1] < 0)
    return continuation(path, lopsided, at=below).events[-1].s


def excess(s: float, r: float, tilt: float) -> float:
    """What W = (w, tilt) loses more than W = (1, 0), at the best w and biases, relative to the square of the tilt."""
    problem = Problem(2, 1, s, importance=[r, 1])

    def loss(x: FloatArray) -> float:
        return float(expected_loss(problem, [[1 + TILT * x[0], tilt]], [TILT * x[1], s / 2 + TILT * x[2]]))

    found = scipy_minimize(loss, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-14})
    return float((found.fun - (s / 3 - s**2 / 4)) / tilt**2)


CLAIM = Claim(
    topic="phases",
    statement="Two features of density s and importances r and 1 in one dimension: the first alone, W = (1, 0) with "
    "bias s/2 on the second output, is a local minimum for r > r_c(s) and none for r < r_c(s), with r_c = v/c, v = s/3 "
    "− s²/4, c the lesser of two quadratic minima in closed form. Where it is also the best arrangement, as at "
    "densities from 0.53 to 0.8, the second feature fades in continuously at r_c.",
    conditions="Independent, uniform on [0, 1], 0 < s < 1, W and b free. The last sentence is searched.",
    source="The question of dedicated dimensions is from Nanda, 200 Concrete Open Problems in Mechanistic "
    "Interpretability, 4.24; derived here. docs/phases_boundaries.md has the case of opposite signs.",
    status=Status.PROVED,
    evidence="The proof; the density at which a branch of minima ends, followed numerically; exact losses of tilted "
    "arrangements 2 % above and below r_c.",
    proof="Tilt W by η. The second output, linear there, gains η²v to second order. The first, with bias |η|β and its "
    "gain at the best value, pays rη²c: where x_1 is on, Q(β) = s/3 − sβ + β² − ¾(s/2 − β)², β counted against the "
    "tilt; where it is off, the positive part of |η|(β − x_2) for η < 0 and of η(x_2 − β) for η > 0. So c = min sQ(β) "
    "+ (1 − s)[(1 − s)β² + sβ³/3] or min sQ(β) + (1 − s)s(1 − β)³/3 over β, whichever is less: roots of quadratic "
    "equations. The change of the loss is η²(rc − v) + O(η³).",
    cases=[
        *(
            Case(f"r = 1/{d}: the second feature vanishes", (1 / d, "fades"), "=", ROOT, Status.VERIFIED, slow=d > 0.7)
            for d in (0.7, 0.9)
        ),
        *(Case(f"s = {s}, r = 1.02 r_c: best tilt", (s, "above"), ">", 0.0, Status.VERIFIED) for s in (0.1, 0.3, 0.7)),
        *(Case(f"s = {s}, r = 0.98 r_c: best tilt", (s, "below"), "<", 0.0, Status.VERIFIED) for s in (0.1, 0.3, 0.7)),
    ],
    prediction=prediction,
    measurement=measurement,
)
