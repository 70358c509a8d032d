"""Finishing without a Hessian by differences: rows by series, products, truncated Newton, parts, dead features."""

import importlib

import numpy as np
import pytest

import geomsup as gs
from geomsup.features import CorrelatedSets, Independent, Uniform
from geomsup.loss._layout import layout
from geomsup.optimize.large import finish_large, lowest_curvature
from geomsup.optimize.lbfgs import descend
from geomsup.optimize.newton import _row_hessians, curvature, hessian
from geomsup.optimize.objective import Objective
from geomsup.optimize.parts import assemble, revive, take_apart
from geomsup.optimize.row_hessians import row_hessians
from geomsup.optimize.settle import settle
from geomsup.optimize.truncated import Products, truncated_newton
from geomsup.problem import Problem


def random_weights(n, m, seed=0):
    rng = np.random.default_rng(seed)
    return 0.6 * rng.normal(size=(m, n)), -0.3 * rng.random(n)


@pytest.mark.parametrize("law", [Uniform(), Uniform(-1, 1), Uniform(0.5, 1)], ids=repr)
@pytest.mark.parametrize(
    ("p", "tol"),
    # Measured over six draws of each law, relative to the largest entry: 1.2e-3, 5.5e-4, 1.2e-8, 2e-9. Sparse rows
    # jump where one feature alone reaches the kink.
    [(0.05, 5e-3), (0.3, 2e-3), (0.9, 5e-8), (1.0, 1e-8)],
)
def test_row_hessians_agree_with_differences(law, p, tol):
    problem = Problem(n_hidden=3, features=Independent(p, law, 7), importance=0.9 ** np.arange(7))
    W, b = random_weights(7, 3)
    objective = Objective(problem)
    expected, _ = _row_hessians(objective, W.T @ W, b, 3e-6, objective.fine)
    found = row_hessians(layout(problem), W.T @ W, b, terms=2048)
    assert abs(found - expected).max() <= tol * abs(expected).max()


def test_row_hessians_where_coefficients_are_zero():
    """Dropped features, a dead row, and a row that never leaves its linear part."""
    problem = Problem(7, 3, 0.9)
    W, b = random_weights(7, 3)
    W[:, 5:], b[5:] = 0, [0.45, -0.1]
    W[:2, 4], W[2, :4], b[4] = 0, 0, 0.2
    objective = Objective(problem)
    expected, _ = _row_hessians(objective, W.T @ W, b, 3e-6, objective.fine)
    found = row_hessians(layout(problem), W.T @ W, b, terms=2048)
    assert not found[6].any()
    # Measured: 2.2e-7, at the differences' own error for the rows without a kink.
    assert abs(found - expected).max() <= 2e-6
    assert abs(found[4:] - expected[4:]).max() <= 2e-8


@pytest.mark.parametrize("activation", ["relu", "identity"])
@pytest.mark.parametrize("bias", ["free", "zero"])
def test_products_are_those_of_the_hessian(bias, activation):
    problem = Problem(7, 3, 0.9, importance=0.9 ** np.arange(7), activation=activation)
    objective = Objective(problem, bias)
    x = objective.pack(*random_weights(7, 3))
    products = Products(objective, x, np.ones(objective.size, bool), 2048)
    H = hessian(objective, x)
    # Measured: 5.6e-9 of entries up to 4.2.
    np.testing.assert_allclose([products(e) for e in np.eye(objective.size)], H, atol=1e-7)
    np.testing.assert_allclose(products.diagonal(), np.diag(H), atol=1e-7)


def test_truncated_newton_ends_where_newton_does():
    objective = Objective(Problem(20, 5, 0.3, importance=0.7 ** np.arange(20)))
    rng = np.random.default_rng(3)
    start = objective.pack(0.4 * rng.normal(size=(5, 20)), np.zeros(20))
    x = descend(objective, start[None], objective.stages[0], max_steps=600, tol=1e-3).x[0]
    tol = 1e-10 * objective.scale
    found, loss, gradient = truncated_newton(objective, x, tol, terms=512, max_steps=100)
    assert np.linalg.norm(gradient) <= tol
    assert loss <= float(objective(x[None], objective.fine)[0][0])
    again, _, _ = truncated_newton(objective, found, tol, terms=512, max_steps=100)
    np.testing.assert_array_equal(again, found)


def tegum_in_disguise(noise):
    """A pentagon, a digon and two features dropped, turned at random, with noise in the place of zeros."""
    problem = Problem(9, 4, 0.05)
    pentagon = gs.minimize(Problem(5, 2, 0.05), rng=0)
    digon = gs.minimize(Problem(2, 1, 0.05), rng=0)
    W = np.zeros((4, 9))
    W[:2, :5], W[2:3, 5:7] = pentagon.W, digon.W
    b = np.concatenate([pentagon.b, digon.b, [0.025, 0.025]])
    rng = np.random.default_rng(0)
    Q = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    loss = pentagon.loss + digon.loss + 2 * (0.05 / 3 - 0.05**2 / 4)
    return problem, Q @ (W + noise * rng.normal(size=W.shape)), b, loss


def test_an_arrangement_is_taken_apart_and_put_together():
    problem, W, b, loss = tegum_in_disguise(1e-5)
    objective = Objective(problem)
    parts = take_apart(objective, objective.pack(W, b))
    assert [part.features.tolist() for part in parts] == [[0, 1, 2, 3, 4], [5, 6]]
    assert [part.axes.tolist() for part in parts] == [[0, 1], [2]]
    whole, bias = objective.unpack(assemble(objective, parts))
    assert np.count_nonzero(whole) == 12
    np.testing.assert_array_equal(bias[7:], 0.025)
    # Measured: 1.1e-9.
    assert float(objective(assemble(objective, parts)[None], objective.fine)[0][0]) == pytest.approx(loss, rel=1e-8)
    x = finish_large(objective, objective.pack(W, b), 1e-12, 20)
    value, gradient = objective(x[None], objective.fine)
    assert float(value[0]) == pytest.approx(loss, rel=1e-12)
    assert np.linalg.norm(gradient) <= 1e-12


def test_what_is_not_apart_stays_whole():
    problem, W, b, _ = tegum_in_disguise(0.0)
    spare = np.linalg.svd(W)[0][:, 3]
    W[:, 7] = 0.25 * spare  # too short to count, but zero would cost more
    for whole in (Objective(problem), Objective(problem.replace(features=CorrelatedSets([list(range(9))], 0.05)))):
        parts = take_apart(whole, whole.pack(W, b))
        assert len(parts) == 1
        assert parts[0].objective is whole
        np.testing.assert_array_equal(assemble(whole, parts), whole.pack(W, b))
    nothing = Objective(problem)
    assert len(take_apart(nothing, np.zeros(nothing.size))) == 1


@pytest.mark.parametrize("bias", ["free", "zero", "nonpositive"])
def test_large_problems_end_where_small_ones_do(monkeypatch, bias):
    """With the dense Hessian forbidden, the same minima are finished and judged alike."""
    for problem in (Problem(5, 2, 0.05), Problem(5, 2, 0.3), Problem(7, 3, 0.1)):
        dense = gs.minimize(problem, rng=0, bias=bias).minima[0]
        objective = Objective(problem, bias)
        rng = np.random.default_rng(1)
        near = objective.project(objective.pack(dense.W + 1e-3 * rng.normal(size=dense.W.shape), dense.b))
        for module in ("settle", "large"):
            monkeypatch.setattr(importlib.import_module(f"geomsup.optimize.{module}"), "LARGEST_HESSIAN", 0)
        found = settle(objective, near)
        monkeypatch.undo()
        assert found.loss == pytest.approx(dense.loss, rel=1e-9)
        assert found.gradient_norm <= 1e-9 * objective.scale
        assert found.kind == dense.kind


def test_the_lowest_curvature_by_lanczos(monkeypatch):
    problem = Problem(7, 3, 0.9, importance=0.8 ** np.arange(7))
    objective = Objective(problem)
    best = gs.minimize(problem, rng=0)
    x = objective.pack(best.W, best.b)
    dense = curvature(objective, x, np.zeros(x.size))
    monkeypatch.setattr(importlib.import_module("geomsup.optimize.large"), "LARGEST_SPECTRUM", 0)
    monkeypatch.setattr(importlib.import_module("geomsup.optimize.large"), "BASIS", 20)
    ends = lowest_curvature(objective, x, np.zeros(x.size))
    assert ends is not None
    # Lanczos' method stops at 1 %.
    assert ends.values[[0, -1]] == pytest.approx(dense.values[[0, -1]], rel=0.02)
    sets = Objective(problem.replace(features=CorrelatedSets([list(range(7))], 0.9)))
    assert lowest_curvature(sets, x, np.zeros(x.size)) is None


def test_dead_features_get_the_best_constant():
    problem = Problem(4, 2, 0.1)
    objective = Objective(problem)
    W = np.array([[1.0, -1, 0, 1e-3], [0, 0, 1, 0]])
    x = objective.pack(W, np.array([0, 0, 0, -0.2]))
    loss, _ = objective(x[None], objective.coarse)
    alive, lower = revive(objective, x[None], loss, objective.coarse)
    bias = objective.unpack(alive[0])[1]
    assert bias[3] == pytest.approx(0.05)
    assert not objective.unpack(alive[0])[0][:, 3].any()
    assert float(loss[0] - lower[0]) == pytest.approx(0.05**2, rel=1e-3)
    same, _ = revive(objective, alive, lower, objective.coarse)
    np.testing.assert_array_equal(same, alive)
    linear = Objective(Problem(features=Independent(0.5, Uniform(-1, 0), 2), activation="identity"))
    np.testing.assert_array_equal(linear.unpack(assemble(linear, []))[1], -0.25)
    for bias_mode in ("zero", "nonpositive"):
        held = Objective(problem, bias_mode)
        y = held.pack(W, np.array([0, 0, 0, -0.2]))
        np.testing.assert_array_equal(revive(held, y[None], loss, held.coarse)[0], y[None])
