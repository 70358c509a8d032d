"""When a neuron that squares serves two features: the model of capacity with a phase boundary in closed form."""

from itertools import product
from math import sqrt

import numpy as np
from scipy.optimize import least_squares, root

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.features import Discrete, Independent

ACCURACY = 1e-12
"""Measured: at most 3e-15."""


def prediction(k: float, a: float, b: float, what: str) -> float:
    """The weights c², d² and the constant e of the best fit, for a ≥ b and k > 1."""
    if k > 1 + 2 * a / b:
        c2, d2 = ((k - 1) * (x * (k - 1) - 2 * y) / ((k - 3) * (k + 1)) for x, y in ((a, b), (b, a)))
    else:
        c2, d2 = a, 0.0
    return {"c²": c2, "d²": d2, "e": a + b - c2 - d2}[what]


def measurement(k: float, a: float, b: float, what: str) -> float:
    """The same by minimising the mean square over c, d and e, from many starts, on the law itself."""

    def errors(x: FloatArray) -> FloatArray:
        return weighted_errors(k, a, b, x)

    def slopes(x: FloatArray) -> FloatArray:
        states, chances = law(k)
        served = 2 * (states @ x[:2])
        return np.asarray(
            -np.sqrt(chances)[:, None] * np.column_stack([served[:, None] * states, np.ones(len(states))])
        )

    fits = [least_squares(errors, x, slopes) for x in np.random.default_rng(0).normal(size=(12, 3))]
    best = min(fits, key=lambda fit: float(fit.cost)).x
    # Comparing errors places a minimum to 1e-8; a zero of the gradient near it is found to rounding.
    c, d, e = root(lambda x: slopes(x).T @ errors(x), best, tol=1e-15).x
    return {"c²": float(c**2), "d²": float(d**2), "e": float(e)}[what]


def weighted_errors(k: float, a: float, b: float, parameters: FloatArray) -> FloatArray:
    """a x_1² + b x_2² − (c x_1 + d x_2)² − e in every state, times the root of its probability."""
    states, chances = law(k)
    error = states**2 @ np.array([a, b]) - (states @ parameters[:2]) ** 2 - parameters[2]
    return np.asarray(np.sqrt(chances) * error)


def law(k: float) -> tuple[FloatArray, FloatArray]:
    """The values of two independent features of kurtosis k and variance 1, and their probabilities."""
    features = Independent(1 / k, Discrete([-sqrt(k), sqrt(k)]), 2)
    p, values = float(features.feature_probability[0]), features.laws[0].support
    single = [(0.0, 1 - p), *((value, p / 2) for value in values)]
    pairs = list(product(single, repeat=2))
    return np.array([[x, y] for (x, _), (y, _) in pairs]), np.array([q * r for (_, q), (_, r) in pairs])


CLAIM = Claim(
    topic="loss",
    statement="Fit a x_1² + b x_2², a ≥ b > 0, by (c x_1 + d x_2)² + e. If the kurtosis k > 1 + 2a/b the best fit "
    "uses both features: c² = (k − 1)(a(k − 1) − 2b)/((k − 3)(k + 1)), d² the same with a and b exchanged, e = 2(a "
    "+ b)/(k + 1). Otherwise c² = a, d = 0, e = b is a best fit, and if a > b the only one up to sign.",
    conditions="x_1, x_2 independent, mean 0, variance 1, kurtosis E x⁴ = k > 1, both the same.",
    source="Scherlis et al. 2022, Polysemanticity and Capacity in Neural Networks, arXiv:2210.01892, and exercises "
    "on it.",
    status=Status.PROVED,
    evidence="The proof; least squares on a law of that kurtosis, on both sides of the boundary.",
    proof="Put C = c², D = d². The error is (a − C) x_1² + (b − D) x_2² − 2cd x_1 x_2 − e, the best e is a + b − C "
    "− D, and the mean square left is f = (k − 1)((a − C)² + (b − D)²) + 4CD on C, D ≥ 0. Its second derivatives "
    "have the eigenvalues 2(k − 1) ± 4. For k ≥ 3, f is convex, and (a, 0) is least exactly if ∂f/∂D = 4a − 2(k − "
    "1)b ≥ 0 there, k ≤ 1 + 2a/b. If k is larger it is above 3, f is strictly convex, and (k − 1)C + 2D = (k − 1)a, "
    "2C + (k − 1)D = (k − 1)b has the solution stated, positive. For k < 3, f falls along (1, −1) or (−1, 1) from "
    "every inner point, so it is least on an axis: at (a, 0), where it is (k − 1)b², or at (0, b), where it is (k − "
    "1)a².",
    cases=[
        Case("k = 6, a = b = 1: c²", (6.0, 1.0, 1.0, "c²"), "=", ACCURACY),
        Case("k = 6, a = b = 1: d²", (6.0, 1.0, 1.0, "d²"), "=", ACCURACY),
        Case("k = 9, a = 2, b = 1: c²", (9.0, 2.0, 1.0, "c²"), "=", ACCURACY),
        Case("k = 9, a = 2, b = 1: d²", (9.0, 2.0, 1.0, "d²"), "=", ACCURACY),
        Case("k = 9, a = 2, b = 1: e", (9.0, 2.0, 1.0, "e"), "=", ACCURACY),
        Case("k = 5.2, a = 2, b = 1, above the boundary at 5: d²", (5.2, 2.0, 1.0, "d²"), "=", ACCURACY),
        Case("k = 4.5, a = 2, b = 1, below it: d²", (4.5, 2.0, 1.0, "d²"), "=", ACCURACY),
        Case("k = 2, a = 2, b = 1: c²", (2.0, 2.0, 1.0, "c²"), "=", ACCURACY),
        Case("k = 2, a = 2, b = 1: e", (2.0, 2.0, 1.0, "e"), "=", ACCURACY),
    ],
    prediction=prediction,
    measurement=measurement,
)
