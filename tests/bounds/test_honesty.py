"""A bound is below every solution: random problems over all methods, and no exception among them."""

from functools import cache

import numpy as np
import pytest

import geomsup as gs
from geomsup import bounds

# What the value of a solution can be wrong by, relative to its size: a few hundred terms, each a few roundings.
ROUNDING = 1e-13


def energy(rng, potential, bound=gs.bound):
    m, n = int(rng.integers(2, 6)), int(rng.integers(2, 13))
    value = bound(potential, n=n, m=m).value
    U = gs.minimize_energy(potential, n, m, n_starts=2, n_keep=1, rng=rng).U
    others = rng.normal(size=(3, m, n))
    return value, [gs.energy_of(potential, one) for one in (U, *others)]


# The same few n and m come again and again.
known_energy_bound, known_capacity_bound = cache(gs.bound), cache(bounds.capacity_bound)
known_one_active_bound = cache(bounds.one_active_bound)


def relu(rng):
    return energy(rng, gs.ReluSquared(), known_energy_bound)


def biased(rng):
    return energy(rng, gs.BiasedRelu(rng.uniform(0.5, 1.8), -rng.uniform(0, 1)))


def riesz(rng):
    return energy(rng, gs.Riesz(rng.uniform(0.3, 6)))


def spline(rng):
    a, b = rng.uniform(-1, 1, size=2)
    low = [a + b * 0.04, -0.4 * b, b]  # a + b (t − 0.2)² on one side, another bend on the other
    return energy(rng, gs.PiecewisePolynomial([-1, 0.2, 1], [low, [a + 0.04, -0.4, 1.0]]))


def welch(rng):
    m = int(rng.integers(1, 7))
    n = int(rng.integers(1, 5 * m))
    name, potential = [("frame", gs.FramePotential()), ("relu_squared", gs.ReluSquared())][rng.integers(2)]
    bound = bounds.welch_bound(n, m, potential=name)
    return bound.value, [gs.energy_of(potential, U) for U in rng.normal(size=(4, m, n))]


def random_problem(rng, **arguments):
    n = int(rng.integers(2, 7))
    laws = [gs.features.Uniform(), gs.features.Constant(0.7), gs.features.Uniform(0.2, 1)]
    if rng.random() < 0.5:
        features = gs.features.Independent(rng.uniform(size=n), [laws[k] for k in rng.integers(3, size=n)])
    else:
        family = [gs.features.CorrelatedSets, gs.features.AnticorrelatedSets][rng.integers(2)]
        order = rng.permutation(n).tolist()
        features = family([order[: n // 2], order[n // 2 :]], rng.uniform(size=2))
    return gs.Problem(
        n_hidden=int(rng.integers(1, n + 1)), features=features, importance=rng.uniform(size=n), **arguments
    )


def loss_of(problem, W, b):
    loss = gs.expected_loss(problem, W, b)
    return loss.value + loss.error


def linear(rng):
    problem = random_problem(rng, activation="identity")
    m, n = problem.n_hidden, problem.n_features
    W = [rng.normal(size=(m, n)) / np.sqrt(n), np.eye(m, n)]
    return gs.bound(problem).value, [loss_of(problem, one, rng.uniform(0, 0.5, size=n)) for one in W]


def orthogonal(rng):
    problem = random_problem(rng)
    m, n = problem.n_hidden, problem.n_features
    W = np.zeros((m, n))
    W[np.arange(m), rng.permutation(n)[:m]] = rng.uniform(0.5, 1.2, size=m)
    b = rng.uniform(0, 0.5, size=n)
    return bounds.price_of_orthogonality(problem).value, [loss_of(problem, W, b)]


def dropped(rng):
    problem = random_problem(rng)
    m, n = problem.n_hidden, problem.n_features
    gone = rng.permutation(n)[: rng.integers(1, n)]
    W = rng.normal(size=(m, n))
    W[:, gone] = 0
    return bounds.dropped_feature_floor(problem, gone).value, [loss_of(problem, W, rng.uniform(0, 0.5, size=n))]


def bias_free(rng):
    n = int(rng.integers(2, 7))
    problem = gs.Problem(n, int(rng.integers(1, 4)), rng.uniform(0, 0.6, size=n), rng.uniform(size=n))
    bound = gs.bound(problem, bias="zero")
    solution = gs.minimize(problem, bias="zero", n_starts=2, rng=rng)
    W = rng.normal(size=(problem.n_hidden, n))
    return bound.value, [solution.loss + solution.error, loss_of(problem, W, np.zeros(n))]


def capacity(rng):
    m = int(rng.integers(1, 9))
    n = int(rng.integers(1, 4 * m))
    return -known_capacity_bound(m).value, [-gs.capacity_of(W) for W in rng.normal(size=(5, m, n))]


def everywhere(rng):
    problem = gs.Problem(2, 1, rng.uniform(size=2), rng.uniform(0.1, 1, size=2))
    bias = ["free", "nonpositive", "zero"][rng.integers(3)]
    solution = gs.minimize(problem, bias=bias, n_starts=2, rng=rng)
    # Asked to prove what is false half of the time, it has to find out.
    bound = bounds.global_bound(problem, bias=bias, gap=0.01, upper=solution.loss * rng.uniform(0.5, 1.5))
    return bound.value, [solution.loss + solution.error, loss_of(problem, rng.normal(size=(1, 2)), np.zeros(2))]


def always_one(rng):
    bound = known_one_active_bound(5, 2, bias="free")
    found = gs.minimize_one_active(5, 2, bias="free", n_starts=2, n_keep=2, rng=rng)
    W, b = rng.normal(size=(2, 5)) * rng.integers(2, size=5), rng.uniform(-0.5, 0.5, size=5)
    losses = [one.loss for one in found.minima]
    return bound.value, [*losses, gs.one_active_loss(gs.Problem(5, 2), W, b)]


METHODS = (everywhere, always_one, relu, biased, riesz, spline, welch, linear, orthogonal, dropped, bias_free, capacity)
CLOSED = (welch, linear, orthogonal, dropped)


def exceptions(methods, count):
    """The cases, of `count` in turn over the methods, in which a solution lies below its bound."""
    found = []
    for k in range(count):
        method = methods[k % len(methods)]
        bound, values = method(np.random.default_rng([k, 5]))
        if not bound <= min(values) + ROUNDING * max(1.0, abs(min(values))):
            found.append((method.__name__, k, bound, min(values)))
    return found


def test_no_exception_among_closed_forms():
    assert exceptions(CLOSED, 240) == []


def test_no_exception_among_all_methods():
    assert exceptions(METHODS, 40) == []


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_no_exception_among_two_thousand(method):
    assert exceptions([method], -(-2000 // len(METHODS))) == []
