"""The symmetry group of an arrangement: which permutations of its features are rotations of the space."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import factorial

import numpy as np
from scipy.sparse.csgraph import connected_components

from geomsup._typing import ArrayLike, IntArray
from geomsup._validate import real_number
from geomsup.arrangement import Arrangement
from geomsup.identification._coloured import Chain, colours

__all__ = ["Symmetry", "symmetry"]


@dataclass(frozen=True, eq=False)
class Symmetry:
    """The group of permutations π with G_π(i)π(j) = G_ij, G = WᵀW: those that a rotation of the space performs.

    Parameters
    ----------
    order : int
        How many there are, the identity included.
    generators : tuple of int arrays of shape (n,)
        Permutations that generate the group; ``g[i]`` is where feature i goes.
    orbits : tuple of tuples of int
        Features that the group takes to each other, in increasing order of the first.
    tolerance : float
        Difference up to which neighbouring entries of G count as equal.
    deviation : float
        The largest difference that a generator makes, between an entry of G and the one it is taken to.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.symmetry(gs.frames.polygon(5))
    Symmetry(order=10, 2 generators, 1 orbit)
    """

    order: int
    generators: tuple[IntArray, ...]
    orbits: tuple[tuple[int, ...], ...]
    tolerance: float
    deviation: float

    def __repr__(self) -> str:
        counts = [(len(self.generators), "generator"), (len(self.orbits), "orbit")]
        shown = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts)
        return f"Symmetry(order={self.order}, {shown})"


def symmetry(W: ArrayLike, *, tol: float = 1e-6) -> Symmetry:
    """The automorphism group of the Gram matrix: its order, generators and orbits.

    Entries of G closer than a tolerance get one colour, which makes G a complete graph with coloured edges; its
    automorphisms are counted along a chain of stabilisers, without listing them. Parts that are orthogonal to each
    other are taken one at a time, and k equal parts contribute a factor k!: (order of one)^k · k! in all.

    The order is that of the coloured graph. Where entries that differ by more than the tolerance are linked by entries
    between them the graph may be more symmetric than G, and `Symmetry.deviation` shows it. Norms count: a pentagon
    with five different norms has order 1. Zero columns may be exchanged with each other.

    Parameters
    ----------
    W : array_like of shape (m, n)
        Directions in columns.
    tol : float
        Tolerance relative to the largest squared norm.

    Raises
    ------
    ValueError
        W is not a matrix of finite numbers, or `tol` is not positive.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.symmetry(gs.frames.cell_24()).order
    1152
    >>> gs.symmetry(gs.frames.antipodal_pairs(8)).order == 2**8 * 40320
    True
    """
    tol = real_number("tol", tol)
    if tol <= 0:
        raise ValueError(f"tol={tol:g} is not positive: pass a small number such as 1e-6")
    W = Arrangement(W).W
    largest = float(np.abs(W).max())
    unit = W / (largest or 1.0)
    G = unit.T @ unit
    tolerance = tol * max(float(np.diag(G).max()), np.finfo(np.float64).tiny)
    edges = colours((G + G.T) / 2, tolerance)
    count, part = connected_components(np.abs(G) > tolerance, directed=False)
    classes = _classes(edges, [np.flatnonzero(part == k) for k in range(count)])

    order, generators, orbits = 1, list[IntArray](), list[tuple[int, ...]]()
    for chain, copies in classes:
        own_order, own_generators = chain.symmetries()
        order *= own_order ** len(copies) * factorial(len(copies))
        for copy in copies:
            for own in own_generators:
                generators.append(_permutation(len(G), copy, copy[own]))
        for one, next_one in pairwise(copies):
            generators.append(_permutation(len(G), np.append(one, next_one), np.append(next_one, one)))
        for cell in _cells(chain.n_vertices, own_generators):
            orbits.append(tuple(sorted(int(v) for copy in copies for v in copy[cell])))
    deviation = max((float(np.abs(G[np.ix_(g, g)] - G).max()) for g in generators), default=0.0)
    return Symmetry(order, tuple(generators), tuple(sorted(orbits)), tolerance * largest**2, deviation * largest**2)


def _classes(edges: IntArray, parts: list[IntArray]) -> list[tuple[Chain, list[IntArray]]]:
    """Isomorphic parts together: a chain of the first, and each as a list of vertices in the order of the first."""
    classes = list[tuple[Chain, list[IntArray]]]()
    for part in parts:
        own = edges[np.ix_(part, part)]
        for chain, copies in classes:
            image = chain.isomorphism(own) if len(copies[0]) == len(part) else None
            if image is not None:
                copies.append(part[image])
                break
        else:
            classes.append((Chain(own), [part]))
    return classes


def _permutation(n: int, sources: IntArray, targets: IntArray) -> IntArray:
    permutation = np.arange(n)
    permutation[sources] = targets
    return permutation


def _cells(n: int, generators: list[IntArray]) -> list[IntArray]:
    """The orbits of a group on 0 … n − 1."""
    joined = np.eye(n, dtype=bool)
    for g in generators:
        joined[np.arange(n), g] = True
    count, labels = connected_components(joined, directed=False)
    return [np.flatnonzero(labels == k) for k in range(count)]
