"""Which features are active together: a partition into independent groups, and what follows from it.

Groups are the unit of independence. Inside a group the features share one on/off draw, either all at once
("together") or one at a time ("one_of"); across groups nothing is shared, so φ(t) factors over groups.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
import numpy.typing as npt

from geomsup._typing import JSON, FloatArray, IntArray
from geomsup._validate import frozen, integer, probabilities
from geomsup.features.laws import ValueLaw

Kind = Literal["together", "one_of"]


@final
@dataclass(frozen=True)
class Group:
    """Features that share one on/off draw.

    Parameters
    ----------
    members : tuple of int
        Indices of the features.
    probability : float
        Probability that the group is on.
    kind : {"together", "one_of"}
        When on, every member is active (values independent), or exactly one, chosen uniformly.

    Raises
    ------
    ValueError
        No member, a probability outside [0, 1], or another kind.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.features.Group((0, 1), 0.1, "one_of").member_probability
    0.05
    """

    members: tuple[int, ...]
    probability: float
    kind: Kind

    def __post_init__(self) -> None:
        members = tuple(integer(f"members[{k}]", member, at_least=0) for k, member in enumerate(self.members))
        if not members:
            raise ValueError("a group without members: leave it out")
        if self.kind not in ("together", "one_of"):
            raise ValueError(f"kind={self.kind!r} is unknown: pass 'together' or 'one_of'")
        object.__setattr__(self, "members", members)
        object.__setattr__(self, "probability", float(probabilities("probability", self.probability)))

    @property
    def member_probability(self) -> float:
        """Probability that a given member is active."""
        return self.probability / len(self.members) if self.kind == "one_of" else self.probability


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Features(ABC):
    """The joint law of the inputs: independent groups of features and one value law per feature.

    A subclass lists its groups and value laws and passes them to ``_settle``; everything else follows from those.

    Attributes
    ----------
    n_features : int
        Number of features n.
    groups : tuple of Group
        A partition of range(n).
    laws : tuple of ValueLaw
        The value law of each feature, given that it is active.
    feature_probability : ndarray of shape (n,)
        Marginal probability that each feature is active, read-only.
    """

    n_features: int
    groups: tuple[Group, ...]
    laws: tuple[ValueLaw, ...]
    feature_probability: FloatArray

    def _settle(self, groups: tuple[Group, ...], values: ValueLaw | Sequence[ValueLaw]) -> None:
        n = _partition_size([group.members for group in groups])
        laws = (values,) * n if isinstance(values, ValueLaw) else tuple(values)
        if len(laws) != n:
            raise ValueError(f"values has {len(laws)} laws, but there are {n} features: pass one law or {n} of them")
        for k, law in enumerate(laws):
            if not isinstance(law, ValueLaw):
                raise ValueError(f"values[{k}]={law!r} is not a value law: pass Uniform, Constant or Discrete")
        marginal = np.empty(n)
        for group in groups:
            marginal[list(group.members)] = group.member_probability
        fields = {"n_features": n, "groups": groups, "laws": laws, "feature_probability": frozen(marginal)}
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @abstractmethod
    def to_dict(self) -> JSON:
        """A JSON-able description that `features_from_dict` reads back."""

    def mean(self) -> FloatArray:
        """E x, shape (n,): P(i active) times the mean of its value law."""
        return self.feature_probability * self._value_moments(1)

    def second_moments(self) -> FloatArray:
        """E[x xᵀ], shape (n, n), exact.

        The diagonal is P(i active) E[v_i²]. Off it, features of different groups give E x_i E x_j, of a "together"
        group p E v_i E v_j, and of a "one_of" group 0.
        """
        values, mean = self._value_moments(1), self.mean()
        moments = np.outer(mean, mean)
        for group in self.groups:
            block = np.ix_(group.members, group.members)
            inside = np.array(values[list(group.members)])
            moments[block] = group.probability * np.outer(inside, inside) if group.kind == "together" else 0.0
        np.fill_diagonal(moments, self.feature_probability * self._value_moments(2))
        return moments

    def sample(
        self, rng: np.random.Generator | int | None, n_samples: int, dtype: npt.DTypeLike = np.float64
    ) -> npt.NDArray[np.floating[Any]]:
        """Independent inputs.

        Parameters
        ----------
        rng : Generator, int or None
            Passed through `numpy.random.default_rng`.
        n_samples : int
            Number of rows.
        dtype : dtype
            Floating type of the result.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        rng = np.random.default_rng(rng)
        n_samples = integer("n_samples", n_samples, at_least=0)
        on = rng.random((n_samples, len(self.groups))) < np.array([group.probability for group in self.groups])
        group_of, rank, choices = self._positions()
        active = np.take(on, group_of, axis=1)
        if (choices > 1).any():
            active &= np.take(rng.integers(choices, size=on.shape), group_of, axis=1) == rank
        columns: dict[ValueLaw, list[int]] = {}
        for i, law in enumerate(self.laws):
            columns.setdefault(law, []).append(i)
        if len(columns) == 1:
            values = self.laws[0].sample(rng, active.shape)
        else:
            values = np.empty(active.shape)
            for law, where in columns.items():
                values[:, where] = law.sample(rng, (n_samples, len(where)))
        return np.where(active, values, 0.0).astype(dtype, copy=False)

    def interchange_classes(self) -> IntArray:
        """A label for each feature, shape (n,), numbered in order of first appearance.

        Features with one label have the same value law, group kind, group size and group probability. A permutation
        that keeps labels and maps groups to groups leaves the law of the inputs unchanged.
        """
        keys: dict[Any, int] = {}
        labels = np.empty(self.n_features, dtype=np.int64)
        kinds = {i: (group.kind, len(group.members), group.probability) for group in self.groups for i in group.members}
        for i, law in enumerate(self.laws):
            labels[i] = keys.setdefault((law, kinds[i]), len(keys))
        return labels

    def _value_moments(self, k: int) -> FloatArray:
        once = {law: law.moment(k) for law in set(self.laws)}
        return np.array([once[law] for law in self.laws])

    def _positions(self) -> tuple[IntArray, IntArray, IntArray]:
        """The group of each feature, its rank among the choices of that group, and the choices of each group."""
        group_of, rank = np.zeros((2, self.n_features), dtype=np.int64)
        choices = np.ones(len(self.groups), dtype=np.int64)
        for g, group in enumerate(self.groups):
            group_of[list(group.members)] = g
            if group.kind == "one_of":
                rank[list(group.members)] = np.arange(len(group.members))
                choices[g] = len(group.members)
        return group_of, rank, choices

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Features):
            return NotImplemented
        return type(self) is type(other) and (self.groups, self.laws) == (other.groups, other.laws)

    def __hash__(self) -> int:
        return hash((type(self), self.groups, self.laws))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.groups, self.laws)

    def _values(self) -> JSON | list[JSON]:
        return self.laws[0].to_dict() if len(set(self.laws)) == 1 else [law.to_dict() for law in self.laws]

    def _values_repr(self) -> str:
        distinct = list(dict.fromkeys(self.laws))
        return repr(distinct[0]) if len(distinct) == 1 else f"<{len(distinct)} different laws>"


def _restore(family: type[Features], groups: tuple[Group, ...], laws: tuple[ValueLaw, ...]) -> Features:
    features = object.__new__(family)
    features._settle(groups, laws)
    return features


def _partition_size(sets: Sequence[Sequence[int]]) -> int:
    """Check that the sets are a partition of range(n), and return n."""
    flat = [i for members in sets for i in members]
    n = max(flat, default=-1) + 1
    seen: set[int] = set()
    for i in flat:
        if i in seen:
            raise ValueError(f"feature {i} is in the sets twice: the sets must be a partition, remove one of the two")
        seen.add(i)
    if n == 0:
        raise ValueError("there are no sets: pass a partition of range(n_features)")
    if len(seen) < n:
        missing = next(i for i in range(n) if i not in seen)
        raise ValueError(
            f"feature {missing} is in no set, but feature {n - 1} is: the sets must be a partition of range({n}), "
            f"add [{missing}] for an independent feature"
        )
    return n
