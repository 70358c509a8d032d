"""The families of input laws: independent features, and sets of correlated or anticorrelated ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from geomsup._typing import JSON, ArrayLike, FloatArray
from geomsup._validate import integer, one_per, probabilities, summary
from geomsup.features.groups import Features, Group, Kind
from geomsup.features.laws import ValueLaw, law_from_dict
from geomsup.features.uniform import UNIT_INTERVAL


@final
class Independent(Features):
    """Every feature is active on its own: x_i = 0 with probability 1 − p_i, otherwise drawn from its value law.

    The inputs of Elhage et al. 2022, "Toy Models of Superposition", with p = 1 − S.

    Parameters
    ----------
    feature_probability : float or array of shape (n,)
        The p_i. One number needs `n_features`.
    values : ValueLaw or sequence of n of them
        Value laws, uniform on [0, 1] by default.
    n_features : int, optional
        Number of features; taken from the array when there is one.

    Raises
    ------
    ValueError
        A probability outside [0, 1], or sizes that do not agree.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.features.Independent([0.1, 0.5]).mean()
    array([0.05, 0.25])
    """

    def __init__(
        self,
        feature_probability: ArrayLike,
        values: ValueLaw | Sequence[ValueLaw] = UNIT_INTERVAL,
        n_features: int | None = None,
    ) -> None:
        p = probabilities("feature_probability", feature_probability)
        if n_features is None:
            if p.ndim != 1 or not p.size:
                raise ValueError(
                    f"feature_probability has shape {p.shape} and n_features is not given: "
                    "pass n_features, or one probability per feature"
                )
            n_features = p.size
        p = one_per("feature_probability", p, integer("n_features", n_features, at_least=1), "features")
        self._settle(tuple(Group((i,), p_i, "together") for i, p_i in enumerate(p.tolist())), values)

    def to_dict(self) -> JSON:
        """A JSON-able description."""
        return {
            "features": "independent",
            "feature_probability": self.feature_probability.tolist(),
            "values": self._values(),
        }

    def __repr__(self) -> str:
        return (
            f"Independent(feature_probability={summary(self.feature_probability)}, "
            f"values={self._values_repr()}, n_features={self.n_features})"
        )


class _Sets(Features):
    """What the two families of sets share: all but the kind of group."""

    _kind: Kind
    _name: str

    def __init__(
        self,
        sets: Sequence[Sequence[int]],
        set_probability: ArrayLike,
        values: ValueLaw | Sequence[ValueLaw] = UNIT_INTERVAL,
    ) -> None:
        for k, members in enumerate(sets):
            if not hasattr(members, "__len__"):
                raise ValueError(f"sets[{k}]={members!r} is not a set of features: pass [{members!r}]")
        p = one_per("set_probability", probabilities("set_probability", set_probability), len(sets), "sets")
        self._settle(
            tuple(
                Group(tuple(members), p_g, self._kind if len(members) > 1 else "together")
                for members, p_g in zip(sets, p.tolist(), strict=True)
            ),
            values,
        )

    @property
    def sets(self) -> tuple[tuple[int, ...], ...]:
        """The members of each set."""
        return tuple(group.members for group in self.groups)

    @property
    def set_probability(self) -> FloatArray:
        """The probability that each set is on, shape (number of sets,)."""
        return np.array([group.probability for group in self.groups])

    def to_dict(self) -> JSON:
        """A JSON-able description."""
        sets = [list(members) for members in self.sets]
        p = self.set_probability.tolist()
        return {"features": self._name, "sets": sets, "set_probability": p, "values": self._values()}

    def __repr__(self) -> str:
        sizes = np.array([len(members) for members in self.sets], dtype=np.float64)
        return (
            f"{type(self).__name__}(<{len(sizes)} sets of size {summary(sizes)}>, "
            f"set_probability={summary(self.set_probability)}, values={self._values_repr()})"
        )


@final
class CorrelatedSets(_Sets):
    """Sets of features that are all active or all inactive: φ_set = (1 − p) + p Π_j φ_j.

    Values inside an active set are independent. A set of one is an ordinary independent feature. (Elhage et al.
    2022, "Toy Models of Superposition", section on correlated and anticorrelated features.)

    Parameters
    ----------
    sets : sequence of sequences of int
        A partition of range(n).
    set_probability : float or array of shape (number of sets,)
        Probability that a set is on.
    values : ValueLaw or sequence of n of them
        Value laws, uniform on [0, 1] by default.

    Raises
    ------
    ValueError
        The sets are not a partition, or a probability is outside [0, 1].

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.features.CorrelatedSets([[0, 1], [2]], 0.5, gs.features.Constant()).second_moments()
    array([[0.5 , 0.5 , 0.25],
           [0.5 , 0.5 , 0.25],
           [0.25, 0.25, 0.5 ]])
    """

    _kind = "together"
    _name = "correlated_sets"

    @classmethod
    def of_size(
        cls, n_sets: int, size: int, set_probability: ArrayLike, values: ValueLaw | Sequence[ValueLaw] = UNIT_INTERVAL
    ) -> CorrelatedSets:
        """`n_sets` consecutive sets of `size` features each."""
        return cls(_consecutive(n_sets, size), set_probability, values)


@final
class AnticorrelatedSets(_Sets):
    """Sets of features of which at most one is active: φ_set = (1 − p) + (p/g) Σ_j φ_j for a set of g.

    A set is on with probability p, and then one member, chosen uniformly, is active: each feature has marginal
    probability p/g. A set of one is an ordinary independent feature. (Elhage et al. 2022, "Toy Models of
    Superposition", section on correlated and anticorrelated features.)

    Parameters
    ----------
    sets : sequence of sequences of int
        A partition of range(n).
    set_probability : float or array of shape (number of sets,)
        Probability that a set is on; not the marginal probability of a feature.
    values : ValueLaw or sequence of n of them
        Value laws, uniform on [0, 1] by default.

    Raises
    ------
    ValueError
        The sets are not a partition, or a probability is outside [0, 1].

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.features.AnticorrelatedSets([[0, 1], [2]], 0.5).feature_probability
    array([0.25, 0.25, 0.5 ])
    """

    _kind = "one_of"
    _name = "anticorrelated_sets"

    @classmethod
    def of_size(
        cls, n_sets: int, size: int, set_probability: ArrayLike, values: ValueLaw | Sequence[ValueLaw] = UNIT_INTERVAL
    ) -> AnticorrelatedSets:
        """`n_sets` consecutive sets of `size` features each."""
        return cls(_consecutive(n_sets, size), set_probability, values)


def features_from_dict(description: JSON) -> Features:
    """Rebuild a law of features from its `to_dict`.

    Raises
    ------
    ValueError
        The description names no known law, or its parameters are wrong.

    Examples
    --------
    >>> import geomsup as gs
    >>> features = gs.features.AnticorrelatedSets.of_size(2, 3, 0.1)
    >>> gs.features.features_from_dict(features.to_dict()) == features
    True
    """
    known: dict[str, type[Any]] = {
        "independent": Independent,
        "correlated_sets": CorrelatedSets,
        "anticorrelated_sets": AnticorrelatedSets,
    }
    try:
        parameters = dict(description)
        family = known[parameters.pop("features")]
        values = parameters.pop("values")
        laws = law_from_dict(values) if isinstance(values, dict) else [law_from_dict(value) for value in values]
        return family(**parameters, values=laws)  # type: ignore[no-any-return]
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{description!r} does not describe a law of features ({error!r}): "
            f"'features' is one of {', '.join(known)}, the rest are its parameters"
        ) from None


def _consecutive(n_sets: int, size: int) -> list[list[int]]:
    n_sets, size = integer("n_sets", n_sets, at_least=1), integer("size", size, at_least=1)
    return np.arange(n_sets * size).reshape(n_sets, size).tolist()
