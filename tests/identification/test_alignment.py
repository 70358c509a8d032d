"""The distance between arrangements: a metric on orbits, and what the search finds of it."""

import pickle
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.linalg import orthogonal_procrustes

import geomsup as gs
from geomsup._typing import FloatArray
from geomsup.identification._matching import search
from tests.identification.moved import moved

frames = gs.frames

ENTRIES = st.floats(-2, 2, allow_subnormal=False, width=32)
SMALL = arrays(np.float64, (2, 4), elements=ENTRIES)
LARGE = [frames.icosahedron(), frames.cell_24(), frames.clebsch_code(), frames.simplex(12), frames.antipodal_pairs(8)]
# Measured: 4e-15 at most for entries up to 2.
ROUNDING = 1e-12


def by_trying_all(A: FloatArray, B: FloatArray, labels: list[int]) -> float:
    def distance(order: tuple[int, ...]) -> float:
        Q, _ = orthogonal_procrustes(A[:, order].T, B.T)
        return float(np.linalg.norm(Q.T @ A[:, order] - B))

    allowed = (p for p in permutations(range(len(labels))) if [labels[i] for i in p] == labels)
    return min(map(distance, allowed))


@given(SMALL, SMALL, st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_exact_where_all_are_tried(A: FloatArray, B: FloatArray, labels: list[int]) -> None:
    found = gs.alignment(A, B, interchangeable=labels)
    assert found.exact
    assert found.distance == pytest.approx(by_trying_all(A, B, labels), abs=ROUNDING)
    assert found.lower_bound <= found.distance + ROUNDING
    assert np.linalg.norm(found.rotation @ A[:, found.permutation] - B) == pytest.approx(found.distance, abs=ROUNDING)
    assert np.abs(found.rotation.T @ found.rotation - np.eye(2)).max() < ROUNDING
    assert [labels[i] for i in found.permutation] == labels


@given(SMALL, SMALL, SMALL)
def test_metric(A: FloatArray, B: FloatArray, C: FloatArray) -> None:
    def d(first: FloatArray, second: FloatArray) -> float:
        return gs.alignment(first, second).distance

    assert d(A, B) == pytest.approx(d(B, A), abs=ROUNDING)
    assert d(A, C) <= d(A, B) + d(B, C) + ROUNDING
    assert d(A, moved(A, rng=0)) < ROUNDING
    # Different orbits have different Gram matrices: distance zero would make the products agree.
    G, H = (np.sort((W.T @ W).ravel()) for W in (A, B))
    assert np.abs(G - H).max() <= (np.linalg.norm(A) + np.linalg.norm(B)) * d(A, B) + ROUNDING


@pytest.mark.parametrize("W", LARGE, ids=lambda W: f"{W.shape[1]} in {W.shape[0]}")
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.03])
def test_large_arrangements_find_themselves(W: FloatArray, noise: float) -> None:
    other = moved(W, rng=5, noise=noise)
    there, back = gs.alignment(W, other), gs.alignment(other, W)
    # What was done to W bounds the distance: noise with standard error relative to ‖W‖ far below a half.
    assert there.distance <= max(1.5 * noise, 1e-13) * np.linalg.norm(W)
    assert there.distance == pytest.approx(back.distance, abs=ROUNDING)
    assert there.exact is (noise == 0)
    assert there.lower_bound <= there.distance


def test_search_against_all_permutations() -> None:
    """The search is for arrangements that are close; how often it is right on random ones is worth knowing too."""
    right = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        A, B = rng.standard_normal((2, 3, 6))
        P = search(A, B, np.zeros(6, np.int64))
        Q, _ = orthogonal_procrustes(A[:, P].T, B.T)
        value, best = np.linalg.norm(Q.T @ A[:, P] - B), gs.alignment(A, B).distance
        assert value >= best - ROUNDING
        right += value <= best + 1e-9
    assert right >= 95  # measured: 99; and 298 of 300 for alignment, which searches from both sides


def test_labels_and_dimensions() -> None:
    pentagon = frames.polygon(5)
    turned = pentagon[:, [1, 0, 2, 3, 4]]
    assert gs.alignment(pentagon, turned).distance < ROUNDING
    assert gs.alignment(pentagon, turned, interchangeable=list("abcde")).distance > 0.5
    problem = gs.Problem(importance=gs.geometric_importance(5, 0.9))
    assert gs.alignment(pentagon, turned, interchangeable=problem).distance > 0.5
    padded = np.vstack([pentagon, np.zeros(5)])
    assert gs.alignment(pentagon, padded).distance < ROUNDING
    assert gs.alignment(padded, pentagon).rotation.shape == (3, 3)


def test_prints_and_pickles() -> None:
    found = gs.alignment(frames.cell_24(), moved(frames.cell_24(), rng=0, noise=0.03))
    assert repr(found).startswith("Alignment(distance=0.1")
    assert "at least" in repr(found)
    assert pickle.loads(pickle.dumps(found)).distance == found.distance


def test_refusals() -> None:
    with pytest.raises(ValueError, match="first has 2 features and second 3"):
        gs.alignment(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match=r"interchangeable has shape \(2,\)"):
        gs.alignment(np.eye(3), np.eye(3), interchangeable=[0, 1])
    pairs = gs.Problem(features=gs.features.CorrelatedSets([[0, 1], [2, 3]], 0.1))
    with pytest.raises(ValueError, match="depend on each other"):
        gs.alignment(np.eye(4), np.eye(4), interchangeable=pairs)
