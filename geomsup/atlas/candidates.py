"""Arrangements that are known before anything is searched, and those that the rest of the table suggests."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from geomsup._typing import FloatArray
from geomsup.atlas.entry import Entry
from geomsup.atlas.kinds import KINDS, Key, Kind, probability
from geomsup.frames import higman_sims_code, tegum
from geomsup.identification import symmetry
from geomsup.identification.catalogue import named

__all__ = ["Arranged", "catalogued", "constructed", "related", "suggested"]

Arranged = tuple[FloatArray, FloatArray]
"""W and b."""
MOST = 4
"""Candidates of a sort: the most promising, or drawn at random."""
BESIDE = 0.01
"""How far vectors leave a hyperplane, in which a descent would stay."""


def constructed(kind: Kind, m: int, n: int) -> Arranged | None:
    """An arrangement that attains a proved limit, or is known without a search; None where a search is needed.

    Up to m features are orthonormal, and up to 2m (without a probability) get antipodes. On a line the energy wants
    as many vectors on one side as on the other, and the capacity is that of one pair.
    """
    if (kind, m, n) == ("capacity", 22, 100):
        return higman_sims_code(), np.zeros(n)
    pairs = np.hstack([np.eye(m), -np.eye(m)])
    if n <= (2 * m if probability(kind) is None else m):
        return pairs[:, :n], np.zeros(n)
    if m == 1 and kind == "energy":
        return np.resize(pairs, (1, n)), np.zeros(n)
    if m == 1 and kind == "capacity":
        return np.pad(pairs, ((0, 0), (0, n - 2))), np.zeros(n)
    return None


def related(key: Key) -> Iterator[Key]:
    """The entries that `suggested` looks at, whether the table has them or not."""
    kind, m, n = key
    yield from ((other, m, n) for other in KINDS if other != kind)
    yield from ((kind, m, n - 1), (kind, m, n + 1), (kind, m - 1, n))
    for pair in _splits(key):
        yield from pair


def suggested(key: Key, table: Mapping[Key, Entry], fresh: Collection[Key], rng: np.random.Generator) -> list[Arranged]:
    """Where to start from besides random arrangements.

    The best arrangements of the same size in other respects; those of one feature less, with one added, of one more,
    with a short one taken out, and of one dimension less, a little beside it; and those of two smaller sizes side by
    side, the best few. Only those that come from `fresh` entries of the table.
    """
    kind, m, n = key
    found = [(table[other, m, n].W, table[other, m, n].b) for other in KINDS if (other, m, n) in fresh]
    if (kind, m, n - 1) in fresh:
        fewer = table[kind, m, n - 1]
        added = rng.normal(size=(MOST, m, 1)) * rng.uniform(0.1, 1.0, size=(MOST, 1, 1)) / np.sqrt(m)
        found += [(np.hstack([fewer.W, one]), np.append(fewer.b, 0.0)) for one in added]
    if (kind, m, n + 1) in fresh:
        more = table[kind, m, n + 1]
        norms = np.linalg.norm(more.W, axis=0)
        for i, *_ in sorted(symmetry(more.W).orbits, key=lambda orbit: norms[orbit[0]])[: 2 * MOST]:
            found.append((np.delete(more.W, i, axis=1), np.delete(more.b, i)))
    if (kind, m - 1, n) in fresh:
        flat = table[kind, m - 1, n]
        found.append((np.vstack([flat.W, BESIDE * rng.normal(size=(1, n))]), flat.b))
    sign = -1 if kind == "capacity" else 1
    pairs = [(left, right) for left, right in _splits(key) if left in table and right in table]
    pairs.sort(key=lambda pair: sign * (table[pair[0]].value + table[pair[1]].value))
    for left, right in pairs[:MOST]:
        if left in fresh or right in fresh:
            first, second = table[left], table[right]
            found.append((tegum(first.W, second.W), np.concatenate([first.b, second.b])))
    return found


def catalogued(key: Key) -> list[Arranged]:
    """The frames of the catalogue of that size."""
    _, m, n = key
    return [(entry.W, np.zeros(n)) for entry in named(n) if len(entry.W) == m]


def _splits(key: Key) -> Iterator[tuple[Key, Key]]:
    """The ways to put two smaller sizes side by side."""
    kind, m, n = key
    for k in range(1, m // 2 + 1):
        for j in range(1, n):
            yield (kind, k, j), (kind, m - k, n - j)
