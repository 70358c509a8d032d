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
from geomsup.identification._exchanges import Exchanges
from geomsup.identification._matching import search
from tests.identification.moved import moved

frames = gs.frames

ENTRIES = st.floats(-2, 2, allow_subnormal=False, width=32)
SMALL = arrays(np.float64, (2, 4), elements=ENTRIES)
LARGE = [frames.icosahedron(), frames.cell_24(), frames.clebsch_code(), frames.simplex(12), frames.antipodal_pairs(8)]
THREE_TRIPLES = gs.Problem(features=gs.features.CorrelatedSets([[0, 1, 2], [3, 4, 5], [6, 7, 8]], 0.1))
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
        P = search(A, B, Exchanges.of_labels(np.zeros(6)))
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
    with pytest.raises(ValueError, match="the problem has 5 features, but W has 3"):
        gs.alignment(np.eye(3), np.eye(3), interchangeable=gs.Problem())


@st.composite
def grouped(draw: st.DrawFn) -> gs.Problem:
    """Four features in sets of any sizes, some alike and some not, some always on or never."""
    order = draw(st.permutations(range(4)))
    cuts = sorted(draw(st.sets(st.integers(1, 3), max_size=3)))
    sets = [order[begin:end] for begin, end in zip([0, *cuts], [*cuts, 4], strict=True)]
    family = draw(st.sampled_from([gs.features.CorrelatedSets, gs.features.AnticorrelatedSets]))
    p = [draw(st.sampled_from([0.0, 0.3, 0.3, 0.3, 0.4, 1.0])) for _ in sets]
    laws = [draw(st.sampled_from([gs.features.Uniform()] * 3 + [gs.features.Uniform(0.5, 1)])) for _ in range(4)]
    importance = [draw(st.sampled_from([1.0, 1.0, 1.0, 0.5])) for _ in range(4)]
    return gs.Problem(importance=importance, features=family(sets, p, laws))


@given(grouped())
def test_exchanges_are_the_permutations_that_keep_the_loss(problem: gs.Problem) -> None:
    """Of weights without any symmetry: the loss tells which permutations leave the problem as it is."""
    rng = np.random.default_rng(0)
    W, b = rng.normal(size=(2, 4)), rng.uniform(0.2, 0.6, size=4)
    loss = gs.expected_loss(problem, W, b)
    found = Exchanges.of_problem(problem)
    every = np.array(list(permutations(range(4))))
    kept = [p for p in every if abs(float(gs.expected_loss(problem, W[:, p], b[p])) - loss.value) < 1e-12]
    assert {tuple(row) for row in found.all()} == {tuple(row) for row in kept}
    assert found.count == len(found.all()) == len(kept)


@given(grouped(), SMALL, SMALL, SMALL, st.integers(0, 2**32 - 1))
def test_metric_on_the_orbits_of_a_problem(
    problem: gs.Problem, A: FloatArray, B: FloatArray, C: FloatArray, seed: int
) -> None:
    def d(first: FloatArray, second: FloatArray) -> float:
        return gs.alignment(first, second, interchangeable=problem).distance

    assert d(A, B) == pytest.approx(d(B, A), abs=ROUNDING)
    assert d(A, C) <= d(A, B) + d(B, C) + ROUNDING
    rng = np.random.default_rng(seed)
    permitted = Exchanges.of_problem(problem).all()
    Q = np.linalg.qr(rng.normal(size=(2, 2)))[0]
    assert d(A, Q @ A[:, rng.choice(permitted)]) < ROUNDING
    assert d(Q @ A[:, rng.choice(permitted)], B) == pytest.approx(d(A, B), abs=ROUNDING)
    # a smaller group leaves more apart, and each of the permitted permutations is one of all
    assert d(A, B) >= gs.alignment(A, B).distance - ROUNDING


def test_sets_are_exchanged_whole() -> None:
    """Pairs side by side: two of them may change places, a member of each may not."""
    pairs = gs.Problem(features=gs.features.CorrelatedSets([[0, 1], [2, 3]], 0.1))
    W = np.array([[1.0, 0.9, 0.0, 0.1], [0.0, 0.2, 1.0, 0.8]])
    assert gs.alignment(W, W[:, [3, 2, 0, 1]], interchangeable=pairs).distance < ROUNDING
    crossed = gs.alignment(W, W[:, [0, 2, 1, 3]], interchangeable=pairs)
    assert crossed.distance > 0.5
    assert gs.alignment(W, W[:, [0, 2, 1, 3]]).distance < ROUNDING


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("family", [gs.features.CorrelatedSets, gs.features.AnticorrelatedSets])
def test_many_sets_find_themselves(family: type, noise: float) -> None:
    """Ten sets of four in ten dimensions, too many permutations to try: 10! · 24¹⁰."""
    rng = np.random.default_rng(3)
    sets = rng.permutation(40).reshape(10, 4)
    problem = gs.Problem(n_hidden=10, features=family(sets.tolist(), 0.1))
    W = rng.normal(size=(10, 40)) / np.sqrt(10)
    order = np.empty(40, np.int64)
    for own, other in zip(sets, sets[rng.permutation(10)], strict=True):
        order[own] = rng.permutation(other)
    Q = np.linalg.qr(rng.normal(size=(10, 10)))[0]
    moved_there = Q @ W[:, order] + noise * rng.normal(size=W.shape) / np.sqrt(10)
    found = gs.alignment(W, moved_there, interchangeable=problem)
    assert found.distance <= 1.2 * noise * np.sqrt(40) + 1e-12
    assert found.permutation.tolist() == order.tolist()
    assert found.exact is (noise == 0)


def test_search_with_sets_against_all_permutations() -> None:
    """Three sets of three, 1,296 permutations, of random arrangements. From both sides it was right in 191 of 200."""
    exchanges = Exchanges.of_problem(THREE_TRIPLES)
    assert exchanges.count == 6**4
    permitted, right = {tuple(row) for row in exchanges.all()}, 0
    for seed in range(30):
        A, B = np.random.default_rng(seed).standard_normal((2, 3, 9))
        P = search(A, B, exchanges)
        assert tuple(P) in permitted
        Q, _ = orthogonal_procrustes(A[:, P].T, B.T)
        value, best = np.linalg.norm(Q.T @ A[:, P] - B), gs.alignment(A, B, interchangeable=THREE_TRIPLES).distance
        assert value >= best - ROUNDING
        right += value <= best + 1e-9
    assert right >= 22  # measured: 51 of 60
