"""A problem laid out as flat arrays: the one form in which the kernels, compiled or not, read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

import numpy as np

from geomsup._typing import FloatArray, IntArray
from geomsup.problem import Problem

__all__ = ["Layout", "layout"]

MAX_STATES = 4096
"""Joint on/off states of the correlated and anticorrelated sets beyond which the spline method is not tried."""


@dataclass(frozen=True, eq=False)
class Layout:
    """Groups and laws of a problem as arrays; ``kind`` is 0 for a uniform law, 1 for one with atoms."""

    n_features: int
    n_hidden: int
    importance: FloatArray
    group_start: IntArray
    group_member: IntArray
    group_probability: FloatArray
    group_kind: IntArray
    group_of: IntArray
    kind: IntArray
    low: FloatArray
    high: FloatArray
    atom_start: IntArray
    atom_values: FloatArray
    atom_weights: FloatArray
    moments: FloatArray

    @property
    def groups(self) -> tuple[FloatArray | IntArray, ...]:
        """The five arrays that describe the groups."""
        return self.group_start, self.group_member, self.group_probability, self.group_kind, self.group_of

    @property
    def laws(self) -> tuple[FloatArray | IntArray, ...]:
        """The seven arrays that describe the value laws."""
        return (
            self.kind, self.low, self.high, self.atom_start, self.atom_values, self.atom_weights, self.moments
        )  # fmt: skip

    @cached_property
    def reach(self) -> FloatArray:
        """Largest |x_j|."""
        return np.maximum(np.abs(self.low), np.abs(self.high))

    @cached_property
    def own_square(self) -> FloatArray:
        """E x_i², shape (n,)."""
        size = np.diff(self.group_start)
        p = np.where(self.group_kind == 0, self.group_probability, self.group_probability / size)
        return np.asarray(p[self.group_of] * self.moments[:, 2])

    @cached_property
    def spline_nodes(self) -> int:
        """Nodes of the largest spline tree of one row, summed over the states of the sets (2**62 where hopeless)."""
        if self.states is None or self.n_features > MAX_BRANCHING:
            return 2**62
        total = 0
        for active in self.states[1]:
            nodes, level = 1, 1
            for j in np.flatnonzero(active):
                values = [self.low[j], self.high[j]]
                if self.kind[j] == 1:
                    values = list(self.atom_values[self.atom_start[j] : self.atom_start[j + 1]])
                level *= len({0.0, *values}) if active[j] < 1 else len(values)
                nodes += level
            total += nodes
        return total

    @cached_property
    def states(self) -> tuple[FloatArray, FloatArray] | None:
        """Probability of every joint state of the sets, and P(feature active | state), which is 0, p or 1.

        Given the state the features are independent: those in sets are on or off for sure, the others on with
        their own probability. None where there are more than ``MAX_STATES``.
        """
        alone = np.zeros(self.n_features)
        choices: list[list[tuple[float, tuple[int, ...]]]] = []
        count = 1
        for g, p in enumerate(self.group_probability):
            members = self.group_member[self.group_start[g] : self.group_start[g + 1]]
            if members.size == 1:
                alone[members] = p
            elif self.group_kind[g] == 0:
                choices.append([(1 - p, ()), (p, tuple(members))])
            else:
                choices.append([(1 - p, ()), *((p / members.size, (j,)) for j in members)])
            count *= len(choices[-1]) if members.size > 1 else 1
            if count > MAX_STATES:
                return None
        weights, active = [], []
        for combination in product(*choices):
            weight = float(np.prod([w for w, _ in combination])) if combination else 1.0
            if weight > 0:
                on = alone.copy()
                on[[j for _, members in combination for j in members]] = 1.0
                weights.append(weight)
                active.append(on)
        return np.array(weights), np.array(active)


@lru_cache(maxsize=128)
def layout(problem: Problem) -> Layout:
    """The flat arrays of a problem (kept for the last problems asked for)."""
    groups, laws = problem.features.groups, problem.features.laws
    n = problem.n_features
    group_of = np.empty(n, np.int64)
    for g, group in enumerate(groups):
        group_of[list(group.members)] = g
    atoms = [law.atoms for law in laws]
    values = [np.empty(0) if a is None else a[0] for a in atoms]
    weights = [np.empty(0) if a is None else a[1] for a in atoms]
    return Layout(
        n_features=n,
        n_hidden=problem.n_hidden,
        importance=problem.importance,
        group_start=np.cumsum([0, *(len(group.members) for group in groups)]),
        group_member=np.array([j for group in groups for j in group.members], np.int64),
        group_probability=np.array([group.probability for group in groups]),
        group_kind=np.array([0 if group.kind == "together" else 1 for group in groups], np.int64),
        group_of=group_of,
        kind=np.array([int(a is not None) for a in atoms], np.int64),
        low=np.array([law.support[0] for law in laws]),
        high=np.array([law.support[1] for law in laws]),
        atom_start=np.cumsum([0, *(v.size for v in values)]),
        atom_values=np.concatenate(values),
        atom_weights=np.concatenate(weights),
        moments=_moments(laws, min(n, MAX_BRANCHING) + 7),
    )


MAX_BRANCHING = 96
"""Features with non-zero coefficients in one row beyond which the spline method is not tried."""


def _moments(laws: tuple[object, ...], count: int) -> FloatArray:
    distinct = {law: [law.moment(k) for k in range(count)] for law in set(laws)}  # type: ignore[attr-defined]
    return np.array([distinct[law] for law in laws])
