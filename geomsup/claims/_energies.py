"""What the two claims about least energies share: the construction, the search, and the certificates that ship."""

from importlib.resources import files

from geomsup._typing import FloatArray
from geomsup.bounds import Bound, Certificate, capacity
from geomsup.bounds.result import bound_from
from geomsup.frames import antipodal_pairs, tegum
from geomsup.sparse import ReluSquared, energy_of, minimize_energy

__all__ = ["energy_with_pairs", "least_energy_found", "pentagon_bound", "shipped_bound"]


def energy_with_pairs(W: FloatArray, m: int) -> float:
    """The energy of W with an antipodal pair in each of the other dimensions of R^m."""
    return energy_of(ReluSquared(), W if m == len(W) else tegum(W, antipodal_pairs(m - len(W))))


def least_energy_found(n: int, m: int) -> float:
    """By a search."""
    return minimize_energy(ReluSquared(), n, m, n_starts=32, rng=0).energy


def shipped_bound(n: int, m: int) -> Bound:
    """Of :func:`geomsup.bounds.three_point_energy` at degree 5 (m = 4, n = 10) or 6, which takes 15 to 50 s to find."""
    path = files("geomsup.claims") / "data" / f"energy-{n}-{m}.json"
    certificate = Certificate.from_json(path.read_text(encoding="utf-8"))
    return bound_from(certificate, "three-point certificate")


def pentagon_bound() -> Bound:
    """On five vectors in the plane, over Q(√5): the polynomial of the capacity touches t₊² at t = 1 too."""
    polynomial = capacity(2).certificate
    assert polynomial is not None
    claim = {"quantity": "energy", "m": 2, "n": 5, "potential": {"name": "relu_squared"}}
    return bound_from(Certificate("two-point", {**claim, "value": "15/4 - 5/4*sqrt(5)"}, polynomial.proof), "two-point")
