"""The sparse limit, where one feature is active at a time: three problems that have no probability in them.

========================================  ===========================================================
:mod:`~geomsup.sparse.potentials`         functions of the angle between two vectors
:mod:`~geomsup.sparse.energy`             unit vectors of least energy, for any potential
:mod:`~geomsup.sparse.energy_solution`    what that search found
:mod:`~geomsup.sparse.one_active`         directions, norms and biases for exactly one active feature
:mod:`~geomsup.sparse.capacity`           the same without bias: weighted vectors, capacities
:mod:`~geomsup.sparse.polygons`           regular polygons in closed form
========================================  ===========================================================
"""

from geomsup.sparse.capacity import CapacitySolution, capacity_of, capacity_search
from geomsup.sparse.energy import EnergyMinimum, EnergySolution, energy_of, minimize_energy
from geomsup.sparse.one_active import OneActiveSolution, minimize_one_active
from geomsup.sparse.polygons import KGon, k_gon
from geomsup.sparse.potentials import (
    BiasedRelu,
    CustomPotential,
    FramePotential,
    PiecewisePolynomial,
    Potential,
    ReluSquared,
    Riesz,
)

__all__ = [
    "BiasedRelu",
    "CapacitySolution",
    "CustomPotential",
    "EnergyMinimum",
    "EnergySolution",
    "FramePotential",
    "KGon",
    "OneActiveSolution",
    "PiecewisePolynomial",
    "Potential",
    "ReluSquared",
    "Riesz",
    "capacity_of",
    "capacity_search",
    "energy_of",
    "k_gon",
    "minimize_energy",
    "minimize_one_active",
]
