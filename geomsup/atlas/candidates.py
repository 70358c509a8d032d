"""Arrangements that are known before anything is searched, and those that the rest of the table suggests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from geomsup._typing import FloatArray
from geomsup.atlas.entry import Entry
from geomsup.atlas.kinds import KINDS, Key, Kind, probability
from geomsup.frames import higman_sims_code, tegum
from geomsup.identification import symmetry
from geomsup.identification.catalogue import named

__all__ = ["Arranged", "constructed", "related", "suggested"]

Arranged = tuple[FloatArray, FloatArray]
"""W and b."""
MOST = 4
"""Candidates of a sort: the most promising, or drawn at random."""


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
    yield from ((kind, m, n - 1), (kind, m, n + 1))
    for _, _, left, right in _splits(key):
        yield from (left, right)


def suggested(key: Key, table: Mapping[Key, Entry], rng: np.random.Generator) -> list[Arranged]:
    """Where to start from besides random arrangements.

    Frames of the catalogue; the best arrangements of the same size in other respects; those of one feature less, with
    one added, and of one more, with one taken out; and those of two smaller sizes side by side, the best few.
    """
    kind, m, n = key
    found = [(entry.W, np.zeros(n)) for entry in named(n) if len(entry.W) == m]
    found += [(one.W, one.b) for other in KINDS if other != kind and (one := table.get((other, m, n))) is not None]
    fewer, more = table.get((kind, m, n - 1)), table.get((kind, m, n + 1))
    if fewer is not None:
        added = rng.normal(size=(MOST, m, 1)) * rng.uniform(0.1, 1.0, size=(MOST, 1, 1)) / np.sqrt(m)
        found += [(np.hstack([fewer.W, one]), np.append(fewer.b, 0.0)) for one in added]
    if more is not None:
        for i, *_ in symmetry(more.W).orbits[: 2 * MOST]:
            found.append((np.delete(more.W, i, axis=1), np.delete(more.b, i)))
    pairs = []
    for k, j, left, right in _splits(key):
        if left in table and right in table:
            total = table[left].value + table[right].value
            pairs.append((-total if kind == "capacity" else total, k, j, table[left], table[right]))
    for *_, first, second in sorted(pairs, key=lambda pair: pair[:3])[:MOST]:
        found.append((tegum(first.W, second.W), np.concatenate([first.b, second.b])))
    return found


def _splits(key: Key) -> Iterator[tuple[int, int, Key, Key]]:
    """The ways to put two smaller sizes side by side: dimensions and features of the first, and the two keys."""
    kind, m, n = key
    for k in range(1, m // 2 + 1):
        for j in range(1, n):
            yield k, j, (kind, k, j), (kind, m - k, n - j)
