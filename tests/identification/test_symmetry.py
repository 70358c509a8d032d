"""Symmetry groups: known orders, and every permutation tried where there are few."""

import pickle
from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from geomsup._typing import FloatArray
from tests.identification.moved import moved

frames = gs.frames

ORDERS = [
    (frames.polygon(5), 10),
    (frames.polygon(12), 24),
    (frames.simplex(3), 24),
    (frames.simplex(20), factorial(21)),
    (frames.octahedron(), 48),
    (frames.cube(), 48),
    (frames.cuboctahedron(), 48),
    (frames.icosahedron(), 120),
    (frames.dodecahedron(), 120),
    (frames.square_antiprism(), 16),
    (frames.square_antiprism(frames.COULOMB_ANGLE), 16),
    (frames.prism(3), 12),
    (frames.antiprism(5), 20),
    (frames.bipyramid(5), 20),
    (frames.cell_24(), 1152),
    (frames.petersen_code(), 120),
    (frames.clebsch_code(), 1920),
    (frames.equiangular(6, 3), 10),
    (frames.equiangular(10, 5), 120),
    (frames.equiangular(16, 6), 1920),
    (frames.equiangular(28, 7), 40320),
    (frames.antipodal_pairs(8), 2**8 * factorial(8)),
    (frames.tegum(frames.polygon(5), frames.icosahedron(), frames.polygon(5)), 10**2 * 2 * 120),
    (frames.tegum(frames.simplex(3), frames.simplex(3)), 24**2 * 2),
    (np.hstack([frames.cell_24()] * 3), 1152 * factorial(3) ** 24),
    (frames.simplex(200), factorial(201)),
    (np.eye(50), factorial(50)),
    (np.zeros((2, 4)), 24),
    (frames.scaled(frames.polygon(5), [1, 1, 1, 1, 2]), 2),
    (frames.random_frame(5, 60, rng=0), 1),
]


@pytest.mark.parametrize(("W", "order"), ORDERS)
def test_orders(W: FloatArray, order: int) -> None:
    found = gs.symmetry(3 * moved(W, rng=1))
    assert found.order == order
    # Measured: at most 2e-14 times the largest squared norm, 9.
    assert found.deviation < 1e-12 * 9


def by_trying_all(G: FloatArray) -> list[tuple[int, ...]]:
    n = len(G)
    return [p for p in permutations(range(n)) if np.abs(G[np.ix_(p, p)] - G).max() < 1e-9]


@given(st.integers(1, 3), st.lists(st.integers(-1, 1), min_size=3, max_size=18))
def test_against_every_permutation(m: int, entries: list[int]) -> None:
    W = np.array(entries[: len(entries) // m * m], dtype=float).reshape(m, -1)[:, :6]
    found = gs.symmetry(W)
    group = by_trying_all(W.T @ W)
    assert found.order == len(group)
    orbits = {tuple(sorted({p[i] for p in group})) for i in range(W.shape[1])}
    assert set(found.orbits) == orbits


@given(st.sampled_from([frames.icosahedron(), frames.square_antiprism(), frames.tegum(*[frames.polygon(3)] * 2)]))
def test_generators_generate(W: FloatArray) -> None:
    found = gs.symmetry(W)
    group = {tuple(range(W.shape[1]))}
    fresh = list(group)
    while fresh:
        fresh = list({tuple(g[list(p)].tolist()) for p in fresh for g in found.generators} - group)
        group |= set(fresh)
    assert len(group) == found.order


def test_tolerance_decides() -> None:
    W = frames.polygon(5) * (1 + 1e-4 * np.arange(5))
    assert gs.symmetry(W).order == 1
    assert gs.symmetry(W, tol=1e-3).order == 10
    assert 1e-4 < gs.symmetry(W, tol=1e-3).deviation < 1e-3
    with pytest.raises(ValueError, match="tol=0 is not positive"):
        gs.symmetry(W, tol=0)


def test_prints_and_pickles() -> None:
    found = gs.symmetry(frames.bipyramid(3))
    assert repr(found) == "Symmetry(order=12, 3 generators, 2 orbits)"
    again = pickle.loads(pickle.dumps(found))
    assert again.order == 12
    assert again.orbits == ((0, 1, 2), (3, 4))
