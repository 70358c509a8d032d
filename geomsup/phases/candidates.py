"""Arrangements that theory suggests: every feature alone on an axis, opposite another, or left out; or a simplex."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np

from geomsup._typing import FloatArray
from geomsup.frames import simplex
from geomsup.problem import Problem

__all__ = ["MOST_ENUMERATED", "Candidate", "candidates"]

MOST_ENUMERATED = 5
"""Features up to which every choice is listed; beyond, only those that give the most to the features of most weight."""


class Candidate(NamedTuple):
    """An arrangement of unit vectors: its name, and W and b."""

    name: str
    W: FloatArray
    b: FloatArray


def candidates(problem: Problem) -> list[Candidate]:
    r"""The arrangements of the theory: unit vectors with b = 0, and features left out with their best bias E x_i.

    With n = 2, m = 1 these are the three of Elhage et al. 2022 (section on the phase change): ignore either feature,
    or put them opposite each other. With n = 3, m = 2 they are those whose W has a kernel spanned by a vector of zeros
    and ones: (0, 0, 1) and its like leave a feature out, (0, 1, 1) and its like put two opposite each other, and
    (1, 1, 1) is the triangle.

    Parameters
    ----------
    problem : Problem
        With up to 5 features all choices are listed, features numbered from 1. With more, for every number of opposite
        pairs the one that leaves out the features with the least I_i p_i, and pairs the least of the others.
    """
    n, m = problem.n_features, problem.n_hidden
    bias = problem.features.mean()
    found = [_candidate(alone, pairs, n, m, bias) for alone, pairs in _choices(problem)]
    if n == m + 1 and n > 2:
        found.append(Candidate("simplex", np.asarray(simplex(m)), np.zeros(n)))
    return found


def _choices(problem: Problem) -> Iterator[tuple[tuple[int, ...], tuple[tuple[int, int], ...]]]:
    """Features alone, and pairs, that fill the dimensions there are."""
    n, m = problem.n_features, problem.n_hidden
    if n > MOST_ENUMERATED:
        order = np.argsort(-problem.importance * problem.feature_probability, kind="stable").tolist()
        for count in range(min(m, n - m) + 1):
            single, rest = order[: m - count], order[m - count : m + count]
            yield tuple(single), tuple(zip(rest[:count], rest[count:], strict=True))
        return
    for count in range(max(0, min(m, n - m)) + 1):
        for alone in combinations(range(n), min(n, m - count)):
            others = [i for i in range(n) if i not in alone]
            for pairs in combinations(combinations(others, 2), count):
                if len({i for pair in pairs for i in pair}) == 2 * count:
                    yield alone, pairs


def _candidate(
    alone: tuple[int, ...], pairs: tuple[tuple[int, int], ...], n: int, m: int, bias: FloatArray
) -> Candidate:
    W, b = np.zeros((m, n)), bias.copy()
    for axis, i in enumerate(alone):
        W[axis, i], b[i] = 1.0, 0.0
    for axis, (i, j) in enumerate(pairs, start=len(alone)):
        W[axis, [i, j]], b[[i, j]] = (1.0, -1.0), 0.0
    left = [str(i + 1) for i in range(n) if not W[:, i].any()]
    words = [f"ignore {', '.join(left)}"] if left else []
    words += [f"{i + 1} opposite {j + 1}" for i, j in pairs]
    return Candidate("; ".join(words) or "all alone", W, b)
