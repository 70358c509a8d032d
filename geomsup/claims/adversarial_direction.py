"""The worst attack on one output, and how far it reaches."""

import numpy as np

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.dimensionality import feature_dimensionality
from geomsup.frames import icosahedron, polygon, random_frame

ROUNDING = 1e-13
"""Measured: at most 4e-15."""
BIAS, BUDGET = -0.1, 0.3


def prediction(W: FloatArray, what: str) -> float:
    """Σ ‖W_i‖⁴/D_i; or the sum over outputs of the most that an attack can change."""
    if what == "rows":
        lengths = np.linalg.norm(W, axis=0)
        return float(np.sum(lengths**4 / feature_dimensionality(W)))
    z, reach = _at(W)
    return float(np.sum(_relu(z + BUDGET * reach) - _relu(z)))


def measurement(W: FloatArray, what: str) -> float:
    """Σ ‖M_i‖², M = WᵀW; or what attacks along the rows of M change, or the worst of 2000 random ones."""
    M = W.T @ W
    if what == "rows":
        return float(np.sum(M**2))
    z, reach = _at(W)
    if what == "along the rows":
        attacks = BUDGET * M / reach[:, None]
        return float(sum(abs(_relu(z[i] + M[i] @ attacks[i]) - _relu(z[i])) for i in range(len(M))))
    attacks = np.random.default_rng(1).normal(size=(2000, len(M)))
    attacks *= BUDGET / np.linalg.norm(attacks, axis=1, keepdims=True)
    return float(np.abs(_relu(z + attacks @ M) - _relu(z)).max(axis=0).sum())


def _at(W: FloatArray) -> tuple[FloatArray, FloatArray]:
    """z at an input with two thirds of its features on, and ‖M_i‖."""
    rng, M = np.random.default_rng(0), W.T @ W
    x = rng.random(len(M)) * (rng.random(len(M)) < 2 / 3)
    return np.asarray(M @ x + BIAS), np.asarray(np.linalg.norm(M, axis=1))


def _relu(z: FloatArray) -> FloatArray:
    return np.asarray(np.maximum(z, 0.0))


UNEVEN = np.linspace(0.3, 1.5, 9) * random_frame(4, 9, rng=2)

CLAIM = Claim(
    topic="geometry",
    statement="An attack of norm ε changes output i most along row i of M = WᵀW, by (z_i + ε‖M_i‖)₊ − (z_i)₊ and never "
    "more than ε‖M_i‖; and ‖M_i‖² = ‖W_i‖⁴/D_i, so that a feature that owns 1/k of a dimension is k times as exposed, "
    "in squares, at unit length.",
    conditions="Any W, bias and input; z = Mx + b; attacks of Euclidean norm at most ε on the input; one output at a "
    "time. For W_i ≠ 0.",
    source="Elhage et al. 2022, Toy Models of Superposition, section on adversarial examples, for the direction; the "
    "formulas are derived here.",
    status=Status.PROVED,
    evidence="The proof; the change along the rows of M, and 2000 random attacks, on three arrangements.",
    proof="δ moves z_i by M_i·δ, at most ε‖M_i‖ either way (Cauchy–Schwarz), with equality along ±M_i. The ReLU does "
    "not decrease, so the largest changes are up and down at the ends; it is convex, so the one up is the larger; its "
    "slope is at most 1. And ‖M_i‖² = Σ_j (W_i·W_j)² = ‖W_i‖² Σ_j (Ŵ_i·W_j)² = ‖W_i‖⁴/D_i.",
    cases=[
        case
        for name, W in (("pentagon", polygon(5)), ("icosahedron", icosahedron()), ("9 in R⁴, norms differ", UNEVEN))
        for case in (
            Case(f"{name}: Σ‖M_i‖²", (W, "rows"), "=", ROUNDING),
            Case(f"{name}: attacked along its rows", (W, "along the rows"), "=", ROUNDING),
            Case(f"{name}: worst of 2000 attacks", (W, "random"), "≤"),
        )
    ],
    prediction=prediction,
    measurement=measurement,
)
