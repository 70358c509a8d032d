"""Symmetries and isomorphisms of complete graphs with coloured edges, by refinement along a chain of stabilisers.

Colours are integers in a symmetric matrix whose diagonal colours the vertices. A partition of the vertices is an
integer label each, canonical: it does not depend on how the vertices are numbered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import factorial, prod

import numpy as np

from geomsup._typing import FloatArray, IntArray

__all__ = ["Chain", "colours", "orbit"]


def colours(values: FloatArray, tol: float) -> IntArray:
    """Number the values in increasing order, the same number for neighbours closer than `tol`."""
    flat = values.ravel()
    order = np.argsort(flat)
    labels = np.empty(flat.size, np.int64)
    labels[order] = np.cumsum(np.diff(flat[order], prepend=flat[order[:1]]) > tol)
    return labels.reshape(values.shape)


def orbit(vertex: int, generators: list[IntArray]) -> set[int]:
    """Where the group of these permutations takes the vertex."""
    reached, fresh = {vertex}, [vertex]
    while fresh:
        images = {int(g[v]) for v in fresh for g in generators}
        fresh = list(images - reached)
        reached |= images
    return reached


@dataclass(frozen=True)
class _Partition:
    """Labels of the vertices, and what the refinement saw on the way: equal for partitions that may correspond."""

    labels: IntArray
    trace: tuple[bytes, ...]

    @property
    def discrete(self) -> bool:
        return int(self.labels.max()) + 1 == len(self.labels)

    def cell(self, label: int) -> list[int]:
        return [int(v) for v in np.flatnonzero(self.labels == label)]


def _refine(edges: IntArray, labels: IntArray) -> _Partition:
    """Split cells until each vertex of a cell sees the same colours in each cell, equally often."""
    n, trace = len(labels), []
    while True:
        seen = np.sort(edges * n + labels, axis=1)
        table, refined, counts = np.unique(
            np.column_stack([labels, seen]), axis=0, return_inverse=True, return_counts=True
        )
        trace.append(table.tobytes() + counts.tobytes())
        refined = refined.reshape(-1).astype(np.int64)
        if len(table) == labels.max() + 1:
            return _Partition(refined, tuple(trace))
        labels = refined


def _individualise(edges: IntArray, partition: _Partition, vertex: int) -> _Partition:
    labels = 2 * partition.labels
    labels[vertex] -= 1
    return _refine(edges, np.unique(labels, return_inverse=True)[1].reshape(-1).astype(np.int64))


def _twins(edges: IntArray) -> list[IntArray]:
    """Vertices that may be exchanged two at a time with all others fixed, such as those of a simplex, together."""
    classes: list[list[int]] = []
    for v in range(len(edges)):
        first = np.array([members[0] for members in classes], dtype=np.int64)
        differ = edges[first] != edges[v]
        differ[:, v] = False
        differ[np.arange(len(first)), first] = edges[first, first] != edges[v, v]
        twin = np.flatnonzero(~differ.any(axis=1))
        if len(twin):
            classes[twin[0]].append(v)
        else:
            classes.append([v])
    return [np.array(members) for members in classes]


class _Quotient:
    """One vertex for each class of twins, marked with its colour, the colour inside its class and the class's size."""

    def __init__(self, edges: IntArray) -> None:
        self.classes = _twins(edges)
        first = np.array([members[0] for members in self.classes])
        self.edges = edges[np.ix_(first, first)]
        marks = [(edges[c[0], c[0]], edges[c[0], c[1]] if len(c) > 1 else -1, len(c)) for c in self.classes]
        table, labels = np.unique(np.array(marks), axis=0, return_inverse=True)
        refined = _refine(self.edges, labels.reshape(-1).astype(np.int64))
        self.partition = _Partition(refined.labels, (table.tobytes(), *refined.trace))

    def lift(self, image: IntArray, other: _Quotient) -> IntArray:
        """The map of vertices that takes class k here to class image[k] there."""
        lifted = np.empty(sum(map(len, self.classes)), np.int64)
        for k, members in enumerate(self.classes):
            lifted[members] = other.classes[image[k]]
        return lifted

    def exchanges(self) -> Iterator[IntArray]:
        """Generators of the permutations inside the classes: two neighbours exchanged, and all shifted by one."""
        for members in self.classes:
            swapped, shifted = np.append(members[1::-1], members[2:]), np.roll(members, 1)
            for moved in (swapped, shifted)[: len(members) - 1]:
                permutation = np.arange(sum(map(len, self.classes)))
                permutation[members] = moved
                yield permutation


class Chain:
    """A base, vertices that no symmetry but the identity fixes, with the refined partitions of its stabilisers.

    The order of the group is the product over the base of the length of the orbit of each base point under the
    symmetries that fix the base points before it, so it is found without listing the group: one search per point of a
    cell that no symmetry found so far reaches. (Seress 2003, "Permutation Group Algorithms", chapters 4 and 9.) Twins
    are taken as one vertex first: k of them contribute a factor k!.

    Parameters
    ----------
    edges : int array of shape (n, n)
        Symmetric; the diagonal colours the vertices.
    """

    def __init__(self, edges: IntArray) -> None:
        self.n_vertices = len(edges)
        self.quotient = _Quotient(edges)
        self.edges = self.quotient.edges
        self.partitions = [self.quotient.partition]
        self.base: list[int] = []
        while not (last := self.partitions[-1]).discrete:
            largest = int(np.argmax(np.bincount(last.labels)))
            self.base.append(last.cell(largest)[0])
            self.partitions.append(_individualise(self.edges, last, self.base[-1]))

    def symmetries(self) -> tuple[int, list[IntArray]]:
        """The order of the group and generators; generator g takes vertex v to g[v]."""
        order, generators = 1, list[IntArray]()
        for level in reversed(range(len(self.base))):
            point, fixed = self.base[level], self.partitions[level]
            reached, excluded = orbit(point, generators), set[int]()
            for image in fixed.cell(int(fixed.labels[point])):
                if image in reached or image in excluded:
                    continue
                symmetry = self._extend(level, image, self.edges, fixed)
                if symmetry is None:
                    excluded |= orbit(image, generators)
                else:
                    generators.append(symmetry)
                    reached = orbit(point, generators)
            order *= len(reached)
        order *= prod(factorial(len(members)) for members in self.quotient.classes)
        lifted = [self.quotient.lift(generator, self.quotient) for generator in generators]
        return order, [*lifted, *self.quotient.exchanges()]

    def isomorphism(self, edges: IntArray) -> IntArray | None:
        """A map v → map[v] that takes this graph to the one with the other edges, or None when there is none."""
        other = _Quotient(edges)
        if other.partition.trace != self.quotient.partition.trace:
            return None
        image = self._descend(0, other.edges, other.partition)
        return None if image is None else self.quotient.lift(image, other)

    def _extend(self, level: int, image: int, other: IntArray, partition: _Partition) -> IntArray | None:
        """Send the base point of this level to `image`, and the base points after it wherever they can go."""
        refined = _individualise(other, partition, image)
        if refined.trace != self.partitions[level + 1].trace:
            return None
        return self._descend(level + 1, other, refined)

    def _descend(self, level: int, other: IntArray, partition: _Partition) -> IntArray | None:
        own = self.partitions[level]
        if own.discrete:
            image = np.argsort(partition.labels)[own.labels]
            return image if (other[np.ix_(image, image)] == self.edges).all() else None
        for candidate in partition.cell(int(own.labels[self.base[level]])):
            found = self._extend(level, candidate, other, partition)
            if found is not None:
                return found
        return None
