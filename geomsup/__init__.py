"""The geometry of superposition: exact losses and optimal arrangements for toy models.

>>> import geomsup as gs
>>> problem = gs.Problem(n_features=5, n_hidden=2, feature_probability=0.05)
>>> solution = gs.minimize(problem, rng=0)
>>> print(f"{solution.loss:.9f}")
0.008903594
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from geomsup import features
from geomsup.arrangement import Arrangement
from geomsup.dimensionality import dimensions_per_feature, feature_dimensionality, represented
from geomsup.importance import geometric_importance
from geomsup.loss import (
    ExpectedLoss,
    effective_loss_and_grad,
    expected_loss,
    expected_loss_and_grad,
    oracle_loss,
    untied_loss_and_grad,
)
from geomsup.problem import Problem

if TYPE_CHECKING:
    from geomsup import bounds, claims, frames, phases, plot
    from geomsup.atlas import AtlasModule
    from geomsup.auditing import Audit, Weights, audit, audit_all, read_weights
    from geomsup.bounds import Bound, Bracket, Certificate, Verification, bound, bracket, capacity, verify
    from geomsup.identification import Alignment, Factor, Geometry, Symmetry, alignment, identify, symmetry
    from geomsup.local import LocalStructure, Stress, local_structure
    from geomsup.loss.expansion import Expansion, expansion, one_active_loss, one_active_loss_and_grad
    from geomsup.loss.sampled import SampledLoss, sampled_loss
    from geomsup.optimize import Minimum, MultistartLBFGS, Solution, Status, minimize
    from geomsup.phases import Boundary, Branch, PhaseDiagram, Sweep, continuation, phase_boundary, phase_diagram, sweep
    from geomsup.sparse import (
        BiasedRelu,
        CapacitySolution,
        CustomPotential,
        EnergySolution,
        FramePotential,
        KGon,
        OneActiveSolution,
        PiecewisePolynomial,
        ReluSquared,
        Riesz,
        capacity_of,
        capacity_search,
        energy_of,
        k_gon,
        minimize_energy,
        minimize_one_active,
    )
    from geomsup.training import (
        SGD,
        Adam,
        AdamW,
        ConstantRate,
        CosineDecay,
        LinearDecay,
        Run,
        TrainingHistory,
        TrainingSettings,
        train,
    )

    atlas: AtlasModule

__version__ = "0.1.0"

_LATER = {
    "geomsup.auditing": "Audit Weights audit audit_all read_weights",
    "geomsup.bounds": "Bound Bracket Certificate Verification bound bracket capacity verify",
    "geomsup.identification": "Alignment Factor Geometry Symmetry alignment identify symmetry",
    "geomsup.local": "LocalStructure Stress local_structure",
    "geomsup.loss.expansion": "Expansion expansion one_active_loss one_active_loss_and_grad",
    "geomsup.loss.sampled": "SampledLoss sampled_loss",
    "geomsup.optimize": "Minimum MultistartLBFGS Solution Status minimize",
    "geomsup.phases": "PhaseDiagram Sweep phase_diagram sweep Boundary Branch continuation phase_boundary",
    "geomsup.sparse": (
        "BiasedRelu CapacitySolution CustomPotential EnergySolution FramePotential KGon OneActiveSolution "
        "PiecewisePolynomial ReluSquared Riesz capacity_of capacity_search energy_of k_gon minimize_energy "
        "minimize_one_active"
    ),
    "geomsup.training": (
        "Adam AdamW ConstantRate CosineDecay LinearDecay Run SGD TrainingHistory TrainingSettings train"
    ),
    "geomsup": "atlas bounds claims frames phases plot",
}
"""Names imported when first used, by module, so that `import geomsup` stays light; its own are modules."""
_HOME = {name: module for module, names in _LATER.items() for name in names.split()}

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Alignment",
    "Arrangement",
    "Audit",
    "BiasedRelu",
    "Bound",
    "Boundary",
    "Bracket",
    "Branch",
    "CapacitySolution",
    "Certificate",
    "ConstantRate",
    "CosineDecay",
    "CustomPotential",
    "EnergySolution",
    "Expansion",
    "ExpectedLoss",
    "Factor",
    "FramePotential",
    "Geometry",
    "KGon",
    "LinearDecay",
    "LocalStructure",
    "Minimum",
    "MultistartLBFGS",
    "OneActiveSolution",
    "PhaseDiagram",
    "PiecewisePolynomial",
    "Problem",
    "ReluSquared",
    "Riesz",
    "Run",
    "SampledLoss",
    "Solution",
    "Status",
    "Stress",
    "Sweep",
    "Symmetry",
    "TrainingHistory",
    "TrainingSettings",
    "Verification",
    "Weights",
    "alignment",
    "atlas",
    "audit",
    "audit_all",
    "bound",
    "bounds",
    "bracket",
    "capacity",
    "capacity_of",
    "capacity_search",
    "claims",
    "continuation",
    "dimensions_per_feature",
    "effective_loss_and_grad",
    "energy_of",
    "expansion",
    "expected_loss",
    "expected_loss_and_grad",
    "feature_dimensionality",
    "features",
    "frames",
    "geometric_importance",
    "identify",
    "k_gon",
    "local_structure",
    "minimize",
    "minimize_energy",
    "minimize_one_active",
    "one_active_loss",
    "one_active_loss_and_grad",
    "oracle_loss",
    "phase_boundary",
    "phase_diagram",
    "phases",
    "plot",
    "read_weights",
    "represented",
    "sampled_loss",
    "sweep",
    "symmetry",
    "train",
    "untied_loss_and_grad",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'geomsup' has no attribute {name!r}")
    if _HOME[name] == "geomsup":
        value: Any = importlib.import_module(f"geomsup.{name}")
    else:
        value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
