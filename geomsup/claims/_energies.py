"""What the two claims about least energies share: the construction, the search, and five vectors in the plane."""

from geomsup._typing import FloatArray
from geomsup.bounds import Bound, Certificate, capacity
from geomsup.bounds.result import bound_from
from geomsup.frames import antipodal_pairs, tegum
from geomsup.sparse import ReluSquared, energy_of, minimize_energy

__all__ = ["energy_with_pairs", "least_energy_found", "pentagon_bound"]


def energy_with_pairs(W: FloatArray, m: int) -> float:
    """The energy of W with an antipodal pair in each of the other dimensions of R^m."""
    return energy_of(ReluSquared(), W if m == len(W) else tegum(W, antipodal_pairs(m - len(W))))


def least_energy_found(n: int, m: int) -> float:
    """By a search."""
    return minimize_energy(ReluSquared(), n, m, n_starts=32, rng=0).energy


def pentagon_bound() -> Bound:
    """On five vectors in the plane, over Q(√5): the polynomial of the capacity touches t₊² at t = 1 too."""
    polynomial = capacity(2).certificate
    assert polynomial is not None
    claim = {"quantity": "energy", "m": 2, "n": 5, "potential": {"name": "relu_squared"}}
    return bound_from(Certificate("two-point", {**claim, "value": "15/4 - 5/4*sqrt(5)"}, polynomial.proof), "two-point")
