"""One certificate of every kind and quantity, made once."""

from functools import cache

import numpy as np

import geomsup as gs
from geomsup import bounds
from geomsup.bounds._store import stored
from geomsup.bounds.lp import capacity_certificate
from geomsup.bounds.marked import marked_bound
from geomsup.bounds.result import bound_from


def _correlated():
    features = gs.features.CorrelatedSets([[0, 1, 2], [3, 4]], [0.3, 0.2])
    return gs.Problem(n_hidden=2, features=features, importance=[1, 0.5, 0.25, 0.7, 0.0], activation="identity")


MAKERS = {
    "energy": lambda: gs.bound(gs.ReluSquared(), n=8, m=3, method="two-point"),
    "energy, from the capacity": lambda: gs.bound(gs.ReluSquared(), n=16, m=5),
    "energy on a circle": lambda: gs.bound(gs.ReluSquared(), n=6, m=2),
    "energy on a line": lambda: gs.bound(gs.ReluSquared(), n=5, m=1),
    "biased": lambda: gs.bound(gs.BiasedRelu(1.2, -0.3), n=6, m=2),
    "riesz": lambda: gs.bound(gs.Riesz(), n=6, m=3),
    "frame": lambda: gs.bound(gs.FramePotential(), n=7, m=3),
    "piecewise": lambda: gs.bound(gs.PiecewisePolynomial([-1, 0.25, 1], [[0], [1 / 64, -0.125, 0.25]]), n=7, m=3),
    "capacity": lambda: bound_from(capacity_certificate(3), "two-point LP"),
    "pentagon": lambda: bounds.capacity_bound(2),
    "linear": lambda: gs.bound(gs.Problem(6, 2, 0.3, gs.geometric_importance(6, 0.7), activation="identity")),
    "linear, correlated": lambda: gs.bound(_correlated()),
    "dropped": lambda: bounds.dropped_feature_floor(gs.Problem(5, 2, 0.2), [3, 4]),
    "orthogonal": lambda: bounds.price_of_orthogonality(gs.Problem(5, 2, 0.2, gs.geometric_importance(5, 0.5))),
    "bias-free": lambda: gs.bound(gs.Problem(7, 2, 0.1, gs.geometric_importance(7, 0.9)), bias="zero"),
    "three-point capacity": lambda: bounds.three_point_capacity(4, 3),
    "three-point capacity, minimisers": lambda: bounds.three_point_capacity(4, 1, wide=True, multipliers=True),
    "three-point energy, minimisers": lambda: bounds.three_point_energy(
        gs.ReluSquared(), 7, 3, 1, wide=True, multipliers=True
    ),
    "three-point energy": lambda: bounds.three_point_energy(gs.ReluSquared(), 10, 4, 3),
    "coherence": lambda: bounds.coherence_bound(9, 3),
    "coherence, degree 4": lambda: bounds.coherence_bound(120, 8),
    "coherence, Rankin": lambda: bounds.coherence_bound(7, 3),
    "uniform class": lambda: bounds.uniform_class_bound(5, 2, aim=0.01),
    "marked": lambda: marked_bound(5, 2),
    "least": lambda: bounds.polygon_minimum(5),
    "marked, any bias": lambda: bounds.one_active_bound(5, 2, bias="free"),
    "branch and bound": lambda: bounds.global_bound(gs.Problem(2, 1, 0.3, importance=[1, 0.3])),
    "layers": lambda: bounds.layered_bound(gs.Problem(5, 2, 0.01, gs.geometric_importance(5, 0.9))),
    "marked, at a density": lambda: bounds.sparse_loss_bound(gs.Problem(5, 2, 0.0002)),
}
WITNESSES = {
    "directions": lambda: bounds.arrangement_certificate(np.round(gs.frames.polygon(5), 12)),
    "pentagon, exact": lambda: gs.capacity(2).witness,
    "three-point capacity, sharp": lambda: stored("capacity-5-upper"),
    "Clebsch": lambda: gs.capacity(5).witness,
    "density": lambda: stored("density-5-2-0.1"),
}
NAMES = [*MAKERS, *WITNESSES]


@cache
def certificate(name):
    return MAKERS[name]().certificate if name in MAKERS else WITNESSES[name]()
