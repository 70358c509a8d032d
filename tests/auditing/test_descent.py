"""The nearest minimum is where steepest descent ends, found again along a path that shares no code with it."""

import importlib

import numpy as np
import pytest

import geomsup as gs
from geomsup.auditing.descent import nearest_minimum
from geomsup.problem import Problem
from tests.auditing.independent import assert_same_minimum
from tests.auditing.trained import FEW


@pytest.mark.parametrize("case", FEW, ids=str)
def test_the_right_minimum_below_trained_weights(case):
    W, b = case.train()
    landing = nearest_minimum(case.problem, W, b)
    assert (landing.n_saddles, landing.followed, landing.minimum.kind) == (0, True, "minimum")
    assert_same_minimum(case.problem, landing.minimum, W, b)


@pytest.mark.parametrize("scale", [1e-4, 0.03, 0.4])
def test_the_right_minimum_below_weights_far_from_any(scale):
    """Also from next to the saddle W = 0, where a descent with long steps ends anywhere."""
    problem = Problem(5, 2, 0.1, importance=gs.geometric_importance(5, 0.9))
    W = scale * np.random.default_rng(1).normal(size=(2, 5))
    assert_same_minimum(problem, nearest_minimum(problem, W, np.zeros(5)).minimum, W, np.zeros(5))


def test_a_minimum_is_below_itself():
    problem = Problem(4, 2, 0.1, importance=gs.geometric_importance(4, 0.9))
    for minimum in gs.minimize(problem, n_starts=8, rng=0).minima:
        landing = nearest_minimum(problem, minimum.W, minimum.b)
        assert landing.minimum.loss == pytest.approx(minimum.loss, rel=1e-12)
        np.testing.assert_allclose(landing.minimum.W, minimum.W, atol=1e-7)


def test_a_saddle_is_left():
    """Nothing represented: a critical point below which there is no particular minimum."""
    problem = Problem(4, 2, 0.1)
    W, b = np.zeros((2, 4)), np.full(4, 0.05)
    landing = nearest_minimum(problem, W, b)
    assert landing.n_saddles > 0
    assert landing.minimum.kind != "saddle"
    assert landing.minimum.loss < float(gs.expected_loss(problem, W, b))


def test_a_saddle_that_cannot_be_left_is_called_one(monkeypatch):
    module = importlib.import_module("geomsup.auditing.descent")
    monkeypatch.setattr(module, "MOST_SADDLES", 0)
    monkeypatch.setattr(module, "settle", lambda objective, x, hits: x)
    monkeypatch.setattr(module, "descend_in_stages", lambda objective, x: x)
    x = nearest_minimum(Problem(4, 2, 0.1), np.zeros((2, 4)), np.full(4, 0.05)).minimum
    np.testing.assert_allclose(x, [*np.zeros(8), *np.full(4, 0.05)], atol=1e-9)


def test_too_many_parameters_for_a_hessian(monkeypatch):
    for name in ("geomsup.auditing.descent", "geomsup.optimize.settle"):
        monkeypatch.setattr(importlib.import_module(name), "LARGEST_HESSIAN", 0)
    problem = Problem(4, 2, 0.1)
    best = gs.minimize(problem, n_starts=8, rng=0)
    landing = nearest_minimum(problem, best.W + 0.01, best.b)
    assert (landing.followed, landing.minimum.kind) == (False, "minimum")
    assert landing.minimum.loss == pytest.approx(best.loss, rel=1e-9)


def test_a_path_need_not_be_followed():
    """By L-BFGS the same minimum from close by, and another one from far away."""
    problem = Problem(5, 2, 0.1)
    best = gs.minimize(problem, n_starts=8, rng=0)
    found = nearest_minimum(problem, best.W + 0.01, best.b, follow=False)
    assert (found.followed, found.minimum.kind) == (False, "minimum")
    assert found.minimum.loss == pytest.approx(best.loss, rel=1e-12)
    starts = 0.1 * np.random.default_rng(0).normal(size=(8, 2, 5))
    pairs = [
        [nearest_minimum(problem, W, np.zeros(5), follow=way).minimum.loss for way in (True, False)] for W in starts
    ]
    assert any(abs(path - jump) > 1e-3 for path, jump in pairs)


@pytest.mark.parametrize("p", [0.0, 1.0])
@pytest.mark.parametrize("activation", ["relu", "identity"])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 3), (3, 2), (2, 3)])
def test_every_kind_of_problem(n, m, p, activation):
    problem = Problem(n, m, p, activation=activation)
    rng = np.random.default_rng(0)
    W, b = rng.normal(size=(m, n)), rng.normal(size=n)
    minimum = nearest_minimum(problem, W, b).minimum
    assert minimum.loss <= float(gs.expected_loss(problem, W, b))
    assert minimum.gradient_norm <= 1e-8


def test_a_kink_ends_the_path():
    """Values of both signs put minima on kinks, where no gradient vanishes: the path stops and loses nothing."""
    law = gs.features.Independent(0.3, gs.features.Discrete([-1, 1]), 2)
    problem = Problem(n_hidden=1, features=law)
    W, b = np.array([[1.0, -0.9]]), np.array([0.1, 0.2])
    landing = nearest_minimum(problem, W, b)
    assert landing.minimum.loss < float(gs.expected_loss(problem, W, b))
