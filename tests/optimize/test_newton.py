"""Second order: the Hessian is that of the loss, rotations are flat, and critical points are told apart."""

import numpy as np
import pytest

from geomsup.features import CorrelatedSets, Discrete, Independent
from geomsup.loss.expected import expected_loss
from geomsup.optimize.newton import curvature, hessian, polish
from geomsup.optimize.objective import Objective
from geomsup.problem import Problem


def polygon(k, length):
    angle = 2 * np.pi * np.arange(k) / k
    return length * np.array([np.cos(angle), np.sin(angle)])


def polished(problem, W, b, bias="free"):
    """The objective, the critical point near (W, b), its gradient and the curvature there."""
    objective = Objective(problem, bias)
    x, _, gradient, _ = polish(objective, objective.pack(np.array(W), np.array(b)), 1e-12)
    return objective, x, gradient, curvature(objective, x, gradient)


@pytest.fixture(scope="module")
def pentagon():
    return polished(Problem(5, 2, 0.05), polygon(5, 1.15), np.full(5, -0.25))


def test_hessian_by_second_differences_of_the_loss():
    rng = np.random.default_rng(0)
    problem = Problem(3, 2, 0.3, importance=[1, 0.5, 0.2])
    objective = Objective(problem)
    x = objective.pack(rng.normal(size=(2, 3)), rng.normal(size=3) / 4)
    h = 1e-3
    steps = h * np.eye(x.size)

    def loss(x):
        return float(expected_loss(problem, *objective.unpack(x)))

    expected = [
        [(loss(x + s + t) - loss(x + s - t) - loss(x - s + t) + loss(x - s - t)) / (4 * h * h) for t in steps]
        for s in steps
    ]
    found = hessian(objective, x)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_allclose(found, expected, atol=2e-5 * np.abs(found).max())


@pytest.mark.parametrize("bias", ["free", "zero"])
@pytest.mark.parametrize("activation", ["relu", "identity"])
def test_hessian_by_differences_of_the_gradient(bias, activation):
    """Parameter by parameter, instead of by the chain rule from the rows."""
    rng = np.random.default_rng(1)
    sets = CorrelatedSets([[0, 1], [2, 3, 4]], [0.2, 0.4])
    problem = Problem(n_hidden=3, features=sets, importance=[1, 0.5, 0, 0.2, 2], activation=activation)
    objective = Objective(problem, bias)
    x = objective.pack(rng.normal(size=(3, 5)), rng.normal(size=5) / 4)
    step = 3e-6
    ahead, behind = (objective(x + sign * step * np.eye(x.size), objective.fine)[1] for sign in (1, -1))
    found = hessian(objective, x)
    # rounding of the gradients, 1e-16 / 3e-6, and the third derivative: measured 2e-10
    np.testing.assert_allclose(found, (ahead - behind) / (2 * step), atol=1e-8)


def test_hessian_where_nothing_is_represented():
    """At W = 0, b = E x, every output is the mean: −4 I Var x for each weight, 2 I for each bias."""
    importance = np.array([1.0, 0.5, 0.25])
    problem = Problem(3, 2, 1.0, importance=importance)
    objective = Objective(problem)
    x = objective.pack(np.zeros((2, 3)), np.full(3, 0.5))
    found = hessian(objective, x)
    expected = np.diag(np.concatenate([np.tile(-4 * importance / 12, 2), 2 * importance]))
    np.testing.assert_allclose(found, expected, atol=1e-9)
    shape = curvature(objective, x, objective(x[None], objective.fine)[1][0])
    assert shape.kind == "saddle"
    np.testing.assert_allclose(shape.values[0], -1 / 3, atol=1e-9)


@pytest.mark.parametrize(("n", "m"), [(4, 2), (5, 3), (3, 4)])
def test_rotations_leave_the_loss_unchanged_to_second_order(n, m):
    """f(exp(tA)x) = f(x): the gradient is orthogonal to Ax, and at a critical point H Ax = 0."""
    rng = np.random.default_rng(n)
    objective = Objective(Problem(n, m, 0.2))
    x = objective.pack(rng.normal(size=(m, n)) / 2, rng.normal(size=n) / 5)
    turns = objective.rotations(x)
    assert turns.shape[1] == m * (m - 1) // 2 - (m - n) * (m - n - 1) // 2 * (m > n)
    np.testing.assert_allclose(turns.T @ turns, np.eye(turns.shape[1]), atol=1e-12)
    _, gradient = objective(x[None], objective.fine)
    assert np.abs(gradient[0] @ turns).max() <= 1e-14


def test_the_pentagon_has_one_zero_mode(pentagon):
    objective, x, _, shape = pentagon
    H = hessian(objective, x)
    values = np.linalg.eigvalsh(H)
    zero = np.abs(values) <= 1e-8 * values[-1]
    assert zero.sum() == 1
    assert np.abs(H @ objective.rotations(x)).max() <= 1e-8 * values[-1]
    np.testing.assert_allclose(shape.values, values[~zero], atol=1e-8 * values[-1])


def test_the_octahedron_has_three_zero_modes():
    W = np.hstack([np.eye(3), -np.eye(3)])
    objective, x, gradient, shape = polished(Problem(6, 3, 0.05), W, np.full(6, -0.01))
    assert np.linalg.norm(gradient) <= 1e-10
    values = np.linalg.eigvalsh(hessian(objective, x))
    assert (np.abs(values) <= 1e-8 * values[-1]).sum() == 3
    assert shape.values.size == values.size - 3


def test_the_pentagon_is_a_minimum(pentagon):
    objective, x, gradient, shape = pentagon
    assert shape.kind == "minimum"
    assert shape.values[0] > 1e-4
    assert np.linalg.norm(gradient) <= 1e-12
    W, b = objective.unpack(x)
    np.testing.assert_allclose(np.linalg.norm(W, axis=0), np.linalg.norm(W[:, 0]), rtol=1e-9)
    np.testing.assert_allclose(b, b[0], rtol=1e-8)


def test_two_features_that_share_a_direction_are_a_saddle():
    """With a dimension to spare they gain by parting; by symmetry the gradient does not say so."""
    _, x, gradient, shape = polished(Problem(2, 2, 0.1), [[0.7, 0.7], [0, 0]], np.zeros(2))
    # moves descend, also along the two directions of negative curvature: they end near the saddle, at 3.5e-9
    assert np.linalg.norm(gradient) <= 1e-8
    np.testing.assert_allclose(x[[0, 2, 3]], [x[1], 0, 0], atol=1e-6)
    assert shape.kind == "saddle"
    np.testing.assert_allclose(np.abs(shape.vectors[:, 0]), [0, 0, 0.5**0.5, 0.5**0.5, 0, 0], atol=1e-6)
    assert shape.vectors[2, 0] * shape.vectors[3, 0] < 0


@pytest.mark.parametrize(("n", "m"), [(2, 2), (3, 4)])
def test_polish_reaches_a_kink_of_the_gradient(n, m):
    """Where everything fits, W is orthogonal and b = 0, and the second derivative jumps there in every row."""
    W = np.eye(m, n) + 1e-3 * np.random.default_rng(n).normal(size=(m, n))
    _, x, gradient, shape = polished(Problem(n, m, 0.1), W, np.full(n, -1e-3))
    assert np.linalg.norm(gradient) <= 1e-12
    np.testing.assert_allclose(x[-n:], 0, atol=1e-12 / 0.03)  # gradient over curvature
    assert shape.kind == "minimum"


def test_a_feature_without_importance_leaves_its_bias_flat():
    _, _, _, shape = polished(Problem(2, 2, 0.2, importance=[1, 0]), np.eye(2) * [1, 0.1], np.zeros(2))
    assert shape.kind == "degenerate"


def test_polish_reaches_the_gradient_asked_for_and_the_loss_does_not_rise():
    rng = np.random.default_rng(3)
    objective = Objective(Problem(5, 2, 0.05))
    for _ in range(5):
        W = polygon(5, 1.17) + rng.normal(size=(2, 5)) / 100
        x = objective.pack(W, np.full(5, -0.28))
        before = objective(x[None], objective.fine)[0][0]
        found, loss, gradient, shape = polish(objective, x, 1e-9)
        value, slope = objective(found[None], objective.fine)
        assert np.linalg.norm(gradient) <= 1e-9
        np.testing.assert_array_equal(slope[0], gradient)
        assert loss == value[0] <= before
        assert shape.kind == "minimum"


def test_polish_of_a_constrained_bias():
    problem = Problem(3, 1, 0.4)
    W, b = [[1.0, -1.0, 0.02]], np.zeros(3)
    objective, x, gradient, shape = polished(problem, W, b, "nonpositive")
    _, bias = objective.unpack(x)
    assert (bias <= 0).all()
    assert bias[2] == 0  # a dropped feature, whose bias wants to be positive
    assert np.linalg.norm(gradient) <= 1e-12
    assert shape.values.size < x.size


def test_polish_with_discrete_values():
    problem = Problem(features=Independent(0.1, Discrete([0.5, 1.0]), 3), n_hidden=2)
    _, _, gradient, shape = polished(problem, polygon(3, 1.0), np.full(3, -0.01))
    assert np.linalg.norm(gradient) <= 1e-12
    assert shape.kind == "minimum"
