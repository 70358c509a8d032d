"""Losses, energies and dimensionalities of a tegum product are sums over its factors."""

from collections.abc import Callable

import numpy as np

from geomsup._typing import FloatArray
from geomsup.claims._claim import Case, Claim, Status
from geomsup.dimensionality import feature_dimensionality
from geomsup.frames import icosahedron, petersen_code, polygon, simplex, tegum
from geomsup.loss.expansion import one_active_loss
from geomsup.loss.expected import expected_loss
from geomsup.problem import Problem
from geomsup.sparse import ReluSquared, energy_of

ROUNDING = 1e-12
"""Measured: at most 5e-15; the reported errors of the losses add up to less than 1e-12."""
Quantity = Callable[[FloatArray], float]


def prediction(quantity: Quantity, *factors: FloatArray) -> float:
    """The sum over the factors."""
    return sum(quantity(W) for W in factors)


def measurement(quantity: Quantity, *factors: FloatArray) -> float:
    """The product."""
    return quantity(tegum(*factors))


def loss(p: float, bias: float) -> Quantity:
    """Expected loss at feature probability p, all biases equal."""

    def of(W: FloatArray) -> float:
        return float(expected_loss(Problem(W.shape[1], len(W), p), W, np.full(W.shape[1], bias)))

    return of


def one_active(W: FloatArray) -> float:
    """One active feature, bias −0.2."""
    return one_active_loss(Problem(W.shape[1], len(W)), W, np.full(W.shape[1], -0.2))


def energy(W: FloatArray) -> float:
    """Σ (u_i·u_j)₊²."""
    return energy_of(ReluSquared(), W)


def dimensionality(W: FloatArray) -> float:
    """ΣD_i."""
    return float(feature_dimensionality(W).sum())


CLAIM = Claim(
    topic="geometry",
    statement="For features in orthogonal subspaces the expected loss is the sum of the losses of the parts: L(W ⊗ "
    "W') = L(W) + L(W'), and so are the loss with one active feature, the energy Σ (u_i·u_j)₊² and ΣD_i.",
    conditions="Any law of the inputs, dependent features included, any importance, bias and activation; for one "
    "active feature, biases at most 0.",
    source="The tegum products of Elhage et al. 2022, Toy Models of Superposition; derived here.",
    status=Status.PROVED,
    evidence="The proof; measured with and without bias.",
    proof="WᵀW is block diagonal, so the output of a feature depends on the inputs of its own part only, and its "
    "expected error on their joint law. Losses are sums over outputs. With one active feature, outputs of the other "
    "parts receive b ≤ 0 and stay silent. Energies and D_i have no terms between the parts, where products are 0.",
    cases=[
        Case(
            "loss at p = 0.1, bias −0.1: pentagon ⊗ tetrahedron",
            (loss(0.1, -0.1), polygon(5), simplex(3)),
            "=",
            ROUNDING,
        ),
        Case(
            "loss at p = 0.6, bias 0.1: triangle ⊗ square ⊗ line",
            (loss(0.6, 0.1), polygon(3), polygon(4), simplex(1)),
            "=",
            ROUNDING,
        ),
        Case("one active feature: pentagon ⊗ icosahedron", (one_active, polygon(5), icosahedron()), "=", ROUNDING),
        Case(
            "energy: pentagon ⊗ hexagon ⊗ Petersen code",
            (energy, polygon(5), polygon(6), petersen_code()),
            "=",
            ROUNDING,
        ),
        Case("ΣD: pentagon ⊗ tetrahedron", (dimensionality, polygon(5), simplex(3)), "=", ROUNDING),
    ],
    prediction=prediction,
    measurement=measurement,
)
