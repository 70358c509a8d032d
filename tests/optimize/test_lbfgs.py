"""Batched L-BFGS: it descends, it stops where it says, and the instances of a batch do not see each other."""

import numpy as np
import pytest

from geomsup.optimize.lbfgs import descend
from geomsup.optimize.objective import Fidelity, Objective
from geomsup.problem import Problem

ANY = Fidelity(0, 0)


class Quadratic:
    """1 + (x − c)ᵀA(x − c)/2 with eigenvalues 1 … 1000, and optionally the constraint x ≤ 0."""

    def __init__(self, size, nonpositive=False):
        rng = np.random.default_rng(size)
        Q = np.linalg.qr(rng.normal(size=(size, size)))[0]
        self.A = Q * np.geomspace(1, 1000, size) @ Q.T
        self.centre = rng.normal(size=size)
        self.nonpositive = nonpositive
        self.scale = 1.0
        self.calls = 0

    def __call__(self, x, fidelity):
        self.calls += 1
        move = x - self.centre
        slope = move @ self.A
        return 1 + np.einsum("ij,ij->i", move, slope) / 2, slope

    def project(self, x):
        return np.minimum(x, 0) if self.nonpositive else x

    def held(self, x, gradient):
        return (x >= 0) & (gradient < 0) if self.nonpositive else np.zeros(x.shape, bool)


def starts(objective, count, seed=0):
    n, m = objective.problem.n_features, objective.problem.n_hidden
    rng = np.random.default_rng(seed)
    return objective.pack(rng.normal(size=(count, m, n)) / 2, rng.normal(size=(count, n)) / 10)


def test_a_quadratic_is_solved():
    objective = Quadratic(12)
    found = descend(objective, np.outer([0.0, 1.0, -5.0], np.ones(12)), ANY, max_steps=500, tol=1e-10)
    np.testing.assert_allclose(found.x, np.tile(objective.centre, (3, 1)), atol=1e-9)
    np.testing.assert_allclose(found.loss, 1, rtol=1e-14)
    assert (found.gradient_norm <= 1e-10).all()
    assert (found.steps < 200).all()


def test_a_start_at_the_minimum_stays_there():
    objective = Quadratic(4)
    found = descend(objective, objective.centre[None], ANY, max_steps=10, tol=1e-10)
    np.testing.assert_array_equal(found.x[0], objective.centre)
    assert found.steps.tolist() == [0]
    assert objective.calls == 1


def test_starting_points_are_not_changed():
    x = np.ones((2, 5))
    descend(Quadratic(5), x, ANY, max_steps=5, tol=1e-10)
    np.testing.assert_array_equal(x, np.ones((2, 5)))


def test_at_most_max_steps():
    found = descend(Quadratic(12), np.zeros((2, 12)), ANY, max_steps=3, tol=1e-10)
    assert (found.steps <= 3).all()


def test_a_constrained_quadratic_ends_at_the_conditions_of_karush_kuhn_and_tucker():
    objective = Quadratic(8, nonpositive=True)
    found = descend(objective, np.full((1, 8), 1.0), ANY, max_steps=2000, tol=1e-7)
    x = found.x[0]
    _, slope = objective(found.x, ANY)
    at_bound = x == 0
    assert (x <= 0).all()
    assert at_bound.any()
    assert not at_bound.all()
    assert (slope[0, at_bound] < 0).all()
    assert np.linalg.norm(slope[0, ~at_bound]) <= 1e-7 * found.loss[0]
    assert found.gradient_norm[0] <= 1e-7 * found.loss[0]


@pytest.mark.parametrize("p", [0.05, 0.5])
def test_the_loss_of_every_instance_falls_to_a_critical_point(p):
    objective = Objective(Problem(5, 2, p))
    x = starts(objective, 6)
    history = [objective(x, objective.fine)[0]]
    found = descend(
        objective, x, objective.fine, max_steps=1000, tol=1e-8, callback=lambda _, loss: history.append(loss.copy())
    )
    rise = np.diff(history, axis=0)
    assert (rise <= 1e-14 * history[0]).all()
    assert (found.loss < 0.9 * history[0]).all()
    assert (found.gradient_norm <= 1e-8 * found.loss).all()
    value, gradient = objective(found.x, objective.fine)
    np.testing.assert_array_equal(value, found.loss)
    np.testing.assert_allclose(np.linalg.norm(gradient, axis=1), found.gradient_norm, rtol=1e-12)


def test_the_callback_counts_steps():
    steps = []
    objective = Objective(Problem(3, 1, 0.2))
    found = descend(
        objective, starts(objective, 3), objective.fine, max_steps=50, tol=1e-8, callback=lambda k, _: steps.append(k)
    )
    assert steps == list(range(len(steps)))
    assert max(found.steps) <= len(steps)


@pytest.mark.parametrize("bias", ["free", "nonpositive"])
def test_an_instance_alone_takes_the_same_path_as_in_a_batch(bias):
    objective = Objective(Problem(4, 2, 0.1), bias)
    x = starts(objective, 5)
    together = descend(objective, x, objective.fine, max_steps=60, tol=1e-8)
    backwards = descend(objective, x[::-1], objective.fine, max_steps=60, tol=1e-8)
    np.testing.assert_array_equal(backwards.x[::-1], together.x)
    for k in range(5):
        alone = descend(objective, x[k : k + 1], objective.fine, max_steps=60, tol=1e-8)
        np.testing.assert_array_equal(alone.x[0], together.x[k])
        assert alone.steps[0] == together.steps[k]


def test_a_nonpositive_bias_is_held_at_zero_where_it_would_be_positive():
    problem = Problem(4, 1, 0.4)  # two features are dropped, whose bias wants to be 0.2
    objective = Objective(problem, "nonpositive")
    found = descend(objective, starts(objective, 4), objective.fine, max_steps=1000, tol=1e-7)
    _, b = objective.unpack(found.x)
    _, gradient = objective(found.x, objective.fine)
    _, slope = objective.unpack(gradient)
    assert (b <= 0).all()
    assert ((b == 0) & (slope < 0)).any()
    assert (found.gradient_norm <= 1e-7 * found.loss).all()


def test_a_stalled_instance_is_given_up():
    objective = Quadratic(30)
    x = np.zeros((1, 30))
    patient = descend(objective, x, ANY, max_steps=500, tol=1e-13)
    hasty = descend(objective, x, ANY, max_steps=500, tol=1e-13, patience=5, stall=0.5)
    assert hasty.steps[0] < patient.steps[0]
