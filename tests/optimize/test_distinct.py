"""Arrangements are the same exactly up to what the problem does not see: rotations, and features that are alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomsup.features import AnticorrelatedSets, CorrelatedSets
from geomsup.optimize.distinct import Describer
from geomsup.problem import Problem
from tests.strategies import problems, weights

# Measured over 1000 random problems: 9e-16.
SAME = 1e-13
# The smallest distance after a forbidden exchange, over 1500 draws of each kind below: 3e-3.
OTHER = 1e-4


@st.composite
def rotations(draw, m):
    """Orthogonal matrices of either determinant."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return np.linalg.qr(rng.normal(size=(m, m)))[0]


@st.composite
def permitted(draw, problem):
    """A permutation that keeps the labels of the features and maps groups to groups."""
    labels = problem.interchangeable()
    order = np.arange(problem.n_features)
    groups = [list(group.members) for group in problem.features.groups]
    kinds = {}
    for group in groups:
        kinds.setdefault(tuple(sorted(labels[group])), []).append(group)
    for alike in kinds.values():
        images = draw(st.permutations(alike))
        for group, image in zip(alike, images, strict=True):
            for label in set(labels[group]):
                here = [i for i in group if labels[i] == label]
                there = draw(st.permutations([i for i in image if labels[i] == label]))
                order[here] = there
    return order


def distance(problem, W, b, V, c):
    describer = Describer(problem)
    return describer.distance(describer.describe(W, b), describer.describe(V, c))


@given(st.data())
def test_rotations_and_permitted_permutations_change_nothing(data):
    problem = data.draw(problems(max_features=6))
    W, b = data.draw(weights(problem))
    order = data.draw(permitted(problem))
    Q = data.draw(rotations(problem.n_hidden))
    assert distance(problem, W, b, (Q @ W)[:, order], b[order]) <= SAME


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 3))
@settings(max_examples=60)
def test_features_of_different_importance_are_not_exchanged(seed, n, m):
    rng = np.random.default_rng(seed)
    problem = Problem(n, m, 0.1, importance=0.9 ** np.arange(n))
    W, b = rng.normal(size=(m, n)), np.linspace(0, -1, n)
    first, second = rng.choice(n, 2, replace=False)
    order = np.arange(n)
    order[[first, second]] = order[[second, first]]
    assert distance(problem, W, b, W, b) == 0
    assert distance(problem, W, b, W[:, order], b[order]) > OTHER


@given(st.integers(0, 2**32 - 1), st.sampled_from([CorrelatedSets, AnticorrelatedSets]))
@settings(max_examples=60)
def test_features_are_exchanged_with_their_sets(seed, family):
    rng = np.random.default_rng(seed)
    problem = Problem(features=family([[0, 1], [2, 3]], 0.1))
    W, b = rng.normal(size=(2, 4)), np.zeros(4)
    for order in ([1, 0, 2, 3], [2, 3, 0, 1], [3, 2, 0, 1]):
        assert distance(problem, W, b, W[:, order], b) <= SAME
    # 0 and 2 become partners: the inner products inside the sets are others
    assert distance(problem, W, b, W[:, [0, 2, 1, 3]], b) > OTHER


def test_partners_differ_in_a_hexagon():
    """Correlated features side by side or opposite: one shape, two arrangements."""
    angle = np.pi * np.arange(6) / 3
    W, b = np.array([np.cos(angle), np.sin(angle)]), np.zeros(6)
    sides = Problem(features=CorrelatedSets([[0, 1], [2, 3], [4, 5]], 0.1))
    assert distance(sides, W, b, W[:, [2, 3, 4, 5, 0, 1]], b) <= SAME
    assert distance(sides, W, b, W[:, [0, 3, 1, 4, 2, 5]], b) > 0.5
    assert distance(Problem(6, 2), W, b, W[:, [0, 3, 1, 4, 2, 5]], b) <= SAME


def test_a_bias_is_part_of_an_arrangement():
    W = np.eye(2)
    assert distance(Problem(2, 2), W, np.zeros(2), W, np.array([0.0, -0.1])) == pytest.approx(0.1)
    assert distance(Problem(2, 2), W, np.array([-0.1, 0.0]), W, np.array([0.0, -0.1])) == 0


def test_groups_are_in_order_of_loss():
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    W = np.array([np.eye(2), 2 * np.eye(2), turn, 2 * turn, np.eye(2)])
    b = np.zeros((5, 2))
    found = Describer(Problem(2, 2)).groups(W, b, np.array([3.0, 1.0, 3.0, 1.0, np.nan]), loss_tol=1e-6, tol=1e-6)
    assert found == [[1, 3], [0, 2]]


def test_equal_arrangements_of_different_loss_stay_apart():
    W, b = np.array([np.eye(2), np.eye(2)]), np.zeros((2, 2))
    describer = Describer(Problem(2, 2))
    assert describer.groups(W, b, np.array([1.0, 1.1]), loss_tol=1e-3, tol=1e-3) == [[0], [1]]
    assert describer.groups(W, b, np.array([1.0, 1.1]), loss_tol=0.2, tol=1e-3) == [[0, 1]]
