"""Which features may be exchanged: permutations that keep the label of each and take blocks of features to blocks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product
from math import factorial, prod
from typing import Any

import numpy as np

from geomsup._typing import IntArray
from geomsup.features.groups import Group
from geomsup.problem import Problem

__all__ = ["Exchanges"]


@dataclass(frozen=True, eq=False)
class Exchanges:
    """A group of permutations π: label[π(i)] = label[i], and i and j share a block if and only if π(i) and π(j) do.

    Labels belong to one kind of block: blocks that share a label have the same labels, each equally often. So every
    injection of some blocks that keeps the rules extends to a permutation.

    Parameters
    ----------
    labels, blocks : int arrays of shape (n,)
        Numbered 0, 1, … without gaps.
    """

    labels: IntArray
    blocks: IntArray

    @classmethod
    def of_labels(cls, labels: Any) -> Exchanges:
        """Any exchange of features with one label."""
        numbers = np.unique(np.asarray(labels), return_inverse=True)[1].reshape(-1).astype(np.int64)
        return cls(numbers, np.arange(len(numbers)))

    @classmethod
    def of_problem(cls, problem: Problem) -> Exchanges:
        """What leaves the law of the inputs and the importances of a problem unchanged.

        Members of a set that have one value law and importance are exchanged, whole sets of one kind, probability and
        membership, and independent features that are alike. A set that is always on together, or never on, is no set:
        its members are independent.
        """
        laws, importance = problem.features.laws, problem.importance.tolist()
        members: dict[Any, int] = {}
        labels: dict[Any, int] = {}
        label, block = np.empty((2, problem.n_features), np.int64)
        parts = [part for group in problem.features.groups for part in _independent_parts(group)]
        for k, part in enumerate(parts):
            silent = part.probability == 0  # what is never active has no values
            own = [members.setdefault((silent or laws[i], importance[i]), len(members)) for i in part.members]
            kind = part.kind, part.probability, tuple(sorted(own))
            label[list(part.members)] = [labels.setdefault((kind, member), len(labels)) for member in own]
            block[list(part.members)] = k
        return cls(label, block)

    @cached_property
    def kinds(self) -> list[list[list[IntArray]]]:
        """Blocks of each kind, and in each block its members label by label."""
        found: dict[int, list[list[IntArray]]] = {}
        for block in range(int(self.blocks.max()) + 1):
            members = np.flatnonzero(self.blocks == block)
            own = self.labels[members]
            cells = [members[own == label] for label in np.unique(own)]
            found.setdefault(int(own.min()), []).append(cells)
        return list(found.values())

    @property
    def alone(self) -> bool:
        """Whether every block is one feature, so that labels are all there is."""
        return int(self.blocks.max()) + 1 == len(self.blocks)

    @property
    def count(self) -> int:
        """How many permutations there are: k! for k blocks of a kind, and s! for s members with one label, in each."""
        inside = prod(factorial(len(cell)) for kind in self.kinds for block in kind for cell in block)
        return inside * prod(factorial(len(kind)) for kind in self.kinds)

    def all(self) -> IntArray:
        """All of them, one a row."""
        rows = np.empty((self.count, len(self.labels)), np.int64)
        targets = np.concatenate([cell for kind in self.kinds for block in kind for cell in block])
        for row, parts in zip(rows, product(*map(_arrangements, self.kinds)), strict=True):
            row[targets] = np.concatenate(parts)
        return rows


def _independent_parts(group: Group) -> list[Group]:
    """The group, or its members one by one where nothing depends on the draw that they share."""
    if len(group.members) == 1:
        return [Group(group.members, group.member_probability, "together")]
    if group.probability == 0 or (group.probability == 1 and group.kind == "together"):
        return [Group((i,), group.probability, "together") for i in group.members]
    return [group]


def _arrangements(blocks: list[list[IntArray]]) -> list[IntArray]:
    """Every order of blocks of one kind, with every order inside their cells, laid out one after the other."""
    return [
        np.concatenate([np.array(part, np.int64) for part in parts])
        for order in permutations(blocks)
        for parts in product(*(permutations(cell.tolist()) for block in order for cell in block))
    ]
