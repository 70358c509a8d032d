"""The law of the inputs from what a problem is given: a law, or probabilities; and the law with those changed."""

from __future__ import annotations

from typing import Any

from geomsup._typing import ArrayLike
from geomsup._validate import integer
from geomsup.features.families import Independent
from geomsup.features.groups import Features
from geomsup.features.uniform import UNIT_INTERVAL

__all__ = ["common", "given_features", "resized"]


def given_features(
    features: Features | None, feature_probability: ArrayLike | None, n_features: int | None
) -> Features:
    """The law itself, or independent features uniform on [0, 1]: five of probability 0.05, unless said otherwise."""
    if n_features is not None:
        n_features = integer("n_features", n_features, at_least=1)
    if features is None:
        p = 0.05 if feature_probability is None else feature_probability
        return Independent(p, UNIT_INTERVAL, 5 if n_features is None else n_features)
    if not isinstance(features, Features):
        raise ValueError(f"features={features!r} is not a law of features: pass Independent(...), for example")
    if feature_probability is not None:
        raise ValueError(
            f"feature_probability={feature_probability!r} and features={features!r} are both given, but features "
            "already holds the probabilities: pass one of the two"
        )
    if n_features not in (None, features.n_features):
        raise ValueError(
            f"n_features={n_features}, but features describes {features.n_features} features: leave n_features out"
        )
    return features


def resized(features: Features, feature_probability: ArrayLike, n_features: int) -> Independent:
    """Independent features with other probabilities or of another number, their value laws kept."""
    if not isinstance(features, Independent):
        raise ValueError(
            f"{type(features).__name__} cannot be changed through n_features or feature_probability: pass features="
        )
    laws: Any = features.laws
    if n_features != features.n_features:
        if feature_probability is features.feature_probability:
            feature_probability = common("feature_probability", features.feature_probability.tolist())
        laws = common("values", laws)
    return Independent(feature_probability, laws, n_features)


def common(name: str, entries: Any) -> Any:
    """The one value that all entries share."""
    if len(set(entries)) > 1:
        raise ValueError(f"n_features cannot change while {name} differs between features: pass {name} as well")
    return entries[0]
