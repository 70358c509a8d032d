"""The law of the inputs: which features are active together, and what value an active feature takes.

A *value law* (`Uniform`, `Constant`, `Discrete`) describes one feature given that it is active. A *law of features*
(`Independent`, `CorrelatedSets`, `AnticorrelatedSets`) says which features are active, one independent `Group` at a
time, and holds a value law for each feature.
"""

from __future__ import annotations

from geomsup.features.families import AnticorrelatedSets, CorrelatedSets, Independent, features_from_dict
from geomsup.features.groups import Features, Group
from geomsup.features.laws import Constant, Discrete, Uniform, ValueLaw, law_from_dict

__all__ = [
    "AnticorrelatedSets",
    "Constant",
    "CorrelatedSets",
    "Discrete",
    "Features",
    "Group",
    "Independent",
    "Uniform",
    "ValueLaw",
    "features_from_dict",
    "law_from_dict",
]
