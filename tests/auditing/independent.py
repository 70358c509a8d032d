"""The minimum below given weights, by a path that shares no code with the package's own."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize as scipy_minimize

import geomsup as gs
from geomsup.optimize.distinct import Describer


def independent(problem, W, b):
    """Loss, W and b at the end of the gradient flow on the exact loss: LSODA in small steps, then BFGS from near it."""
    m, n = W.shape

    def loss_and_gradient(x):
        loss, dW, db = gs.expected_loss_and_grad(problem, x[: m * n].reshape(m, n), x[m * n :])
        return float(loss), np.concatenate([dW.ravel(), db])

    def still_steep(t, x):
        return np.linalg.norm(loss_and_gradient(x)[1]) - 1e-4 * problem.feature_probability.max()

    still_steep.terminal = True
    start = np.concatenate([W.ravel(), b])
    path = solve_ivp(
        lambda t, x: -loss_and_gradient(x)[1], (0, 1e7), start, method="LSODA", rtol=1e-6, atol=1e-9, events=still_steep
    )
    end = scipy_minimize(loss_and_gradient, path.y[:, -1], jac=True, method="BFGS", options={"gtol": 1e-10})
    return end.fun, end.x[: m * n].reshape(m, n), end.x[m * n :]


def assert_same_minimum(problem, minimum, W, b):
    loss, other_W, other_b = independent(problem, W, b)
    # measured on the 26 small cases of trained.py: losses within 1e-16, arrangements within 5e-8
    assert minimum.loss == pytest.approx(loss, abs=1e-12)
    describer = Describer(problem)
    described = describer.describe(minimum.W, minimum.b), describer.describe(other_W, other_b)
    assert describer.distance(*described) < 1e-6
