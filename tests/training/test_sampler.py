"""Batches have the law of the problem, and active-only batches the conditional law and its exact weight."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomsup as gs
from geomsup.features import AnticorrelatedSets, Constant, CorrelatedSets, Discrete, Independent, Uniform, ValueLaw
from geomsup.problem import Problem
from geomsup.training.model import Model, pack
from geomsup.training.sampler import Sampler
from tests.strategies import problems

MIXED = [Uniform(), Uniform(-1, 0.5), Constant(2.0), Discrete([-1, 0.5, 3], weights=[1, 2, 1])]
FAMILIES = [
    Independent([0.0, 0.02, 0.3, 1.0]),
    Independent([0.1, 0.2, 0.3, 0.4], MIXED),
    Independent(0.2, Discrete([0, 1]), 4),
    CorrelatedSets([[2, 0], [1], [3]], [0.3, 0.2, 0.0], MIXED),
    AnticorrelatedSets([[3, 0, 2], [1]], [0.6, 1.0], MIXED),
    AnticorrelatedSets([[0, 1, 2, 3]], 0.1, Constant()),
]


def generator(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def batch(features, size, *, dtype=np.float64, active_only=False, seed=0):
    """Inputs in rows, and what they stand for."""
    sampler = Sampler([Problem(features=features)], size, dtype, active_only=active_only)
    return sampler.draw(generator(seed))[0].T.astype(float), float(sampler.weight[0])


def quiet(features):
    """P(no group is on)."""
    return float(np.prod([1 - group.probability for group in features.groups]))


def deviation(estimates, value):
    """In standard errors; 0 for a quantity that does not vary and is right."""
    error = np.std(estimates, axis=0) / np.sqrt(len(estimates))
    difference = np.abs(np.mean(estimates, axis=0) - value)
    return np.max(np.where(difference <= 1e-12, 0, difference / np.maximum(error, 1e-300)))


@pytest.mark.parametrize("features", FAMILIES, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("active_only", [False, True])
def test_moments_are_those_of_the_problem(features, dtype, active_only):
    """E f = weight E[f given active] + (1 − weight) f(0), for f = x, x xᵀ and waves; f − f(0) here."""
    x, weight = batch(features, 200_000, dtype=dtype, active_only=active_only)
    # 5 standard errors: with 26 quantities in 24 cases, one beyond them is expected in 3000 such tests.
    # Single precision rounds 2e5 values by 6e-8 each, far below a standard error.
    assert deviation(weight * x, features.mean()) < 5
    assert deviation(weight * x[:, :, None] * x[:, None, :], features.second_moments()) < 5
    wave = np.exp(1j * x) - 1
    exact = features.feature_probability * [complex(law.characteristic(1.0)) - 1 for law in features.laws]
    assert deviation(weight * wave.real, exact.real) < 5
    assert deviation(weight * wave.imag, exact.imag) < 5


@pytest.mark.parametrize("features", FAMILIES, ids=repr)
def test_every_active_only_input_is_active(features):
    x, weight = batch(features, 10_000, active_only=True)
    assert weight == pytest.approx(1 - quiet(features), rel=1e-14)
    if all(law.atoms is None or 0 not in law.atoms[0] for law in features.laws):
        assert (x != 0).any(axis=1).all()


def test_patterns_have_their_exact_conditional_probability():
    p = np.array([0.1, 0.5, 0.02, 0.3])
    x, weight = batch(Independent(p), 400_000, active_only=True, dtype=np.float32)
    patterns = np.array(list(itertools.product([False, True], repeat=4))[1:])
    probability = np.prod(np.where(patterns, p, 1 - p), axis=1) / weight
    counts = np.array([np.all((x > 0) == pattern, axis=1).sum() for pattern in patterns])
    chi2 = np.sum((counts - 400_000 * probability) ** 2 / (400_000 * probability))
    assert chi2 < 36.1  # the 99.9 % point with 14 degrees of freedom
    assert counts.sum() == 400_000


def test_of_an_anticorrelated_set_one_is_on():
    for active_only in (False, True):
        x, _ = batch(AnticorrelatedSets.of_size(3, 2, 0.7), 5000, active_only=active_only)
        assert ((x.reshape(5000, 3, 2) != 0).sum(axis=2) <= 1).all()
    x, _ = batch(CorrelatedSets.of_size(3, 2, 0.7), 5000)
    on = (x != 0).reshape(5000, 3, 2)
    assert (on[:, :, 0] == on[:, :, 1]).all()


@pytest.mark.parametrize("p", [1e-300, 1e-12, 1e-4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tiny_probabilities_need_no_rejection(p, dtype):
    x, weight = batch(Independent([p, 3 * p]), 40_000, active_only=True, dtype=dtype)
    assert weight == pytest.approx(4 * p, rel=1e-3)
    first, second = (x > 0).sum(axis=0)
    assert first + second >= 40_000
    assert abs(second - 30_000) < 5 * np.sqrt(40_000 * 3 / 16) + 40_000 * 3 * p
    assert x[x > 0].mean() == pytest.approx(0.5, abs=5 / np.sqrt(12 * 40_000))


def test_single_precision_resolves_rare_features():
    """At p = 1e-4 the values are uniform to 32 random bits, 4e5 of them below p: a 24-bit grid would have 1678."""
    x, _ = batch(Independent(1e-4, n_features=20), 1_000_000, dtype=np.float32)
    values = x[x > 0]
    assert abs(values.size - 2000) < 5 * np.sqrt(2000)
    assert np.unique(values).size > 0.98 * values.size  # measured .997; 2000 draws from 1678 would give .58


def test_never_and_always():
    features = Independent([0.0, 1.0])
    for dtype in (np.float32, np.float64):
        for active_only in (False, True):
            x, weight = batch(features, 100_000, dtype=dtype, active_only=active_only)
            assert weight == 1
            assert (x[:, 0] == 0).all()
            assert (x[:, 1] > 0).all()
            assert (x[:, 1] <= 1).all()
    with pytest.raises(ValueError, match="no feature of instance 1 is ever active"):
        Sampler([Problem(), Problem(feature_probability=0)], 8, np.float64, active_only=True)


def test_instances_keep_their_own_law():
    """Neighbours of different structure are drawn apart, and in their places."""
    laws = [FAMILIES[1], FAMILIES[1], FAMILIES[3], Independent(0.5, n_features=4), Independent(0.1, n_features=4)]
    sampler = Sampler([Problem(features=one) for one in laws], 100_000, np.float64)
    for x, features in zip(sampler.draw(generator()), laws, strict=True):
        assert deviation(x.T, features.mean()) < 5
        assert deviation(x.T**2, np.diag(features.second_moments())) < 5


@given(problem=problems(max_features=3), seed=st.integers(0, 9))
@settings(max_examples=30)
def test_a_value_is_in_its_support_or_zero(problem, seed):
    active_only = quiet(problem.features) < 1 and seed % 2 == 1
    x, _ = batch(problem.features, 500, active_only=active_only, seed=seed)
    for column, law in zip(x.T, problem.features.laws, strict=True):
        low, high = law.support
        active = column[column != 0]
        assert ((low <= active) & (active <= high)).all()


def test_a_law_without_quantiles_draws_for_itself():
    class Triangle(ValueLaw):
        """A law that is not among those with a quantile: E x = 2/3."""

        support, atoms, moment, characteristic, to_dict = (0.0, 1.0), None, None, None, None

        def sample(self, rng, size):
            return np.maximum(rng.random(size), rng.random(size))

    x, _ = batch(Independent(0.5, Triangle(), 2), 100_000)
    assert deviation(x[x > 0], 2 / 3) < 5


@pytest.mark.parametrize("features", [FAMILIES[0], FAMILIES[3], FAMILIES[4]], ids=repr)
def test_the_gradient_is_unbiased(features):
    """Against the exact gradient, all inputs and active ones only; the second is never noisier."""
    problem = Problem(features=features, importance=[1, 0.5, 2, 1])
    rng = np.random.default_rng(1)
    W, b = rng.normal(size=(2, 4)) / 2, np.array([0.2, -0.1, 0.1, 0.05])
    _, dW, db = gs.expected_loss_and_grad(problem, W, b)
    exact = pack(dW, db, None)
    spread = {}
    for active_only in (False, True):
        sampler = Sampler([problem], 500, np.float64, active_only=active_only)
        model, source = Model([problem], sampler.x, sampler.weight, mean=False), generator(2)
        theta = pack(W, b, None)[None]
        drawn = [model.gradient(theta, sampler.draw(source), np.empty_like(theta))[0] for _ in range(400)]
        assert deviation(np.array(drawn), exact) < 5
        spread[active_only] = np.var(drawn, axis=0).sum()
    assert spread[True] < 1.1 * spread[False]  # the spread of 400 draws is known to some 5 %


def test_active_only_takes_the_noise_of_the_empty_inputs_away():
    """At p = .01 and n = 5 a batch of active inputs stands for one 1/(1 − .99⁵) = 20.4 times as large."""
    problem = Problem(5, 2, 0.01)
    angle = 2 * np.pi * np.arange(5) / 5
    theta = pack(1.2 * np.array([np.cos(angle), np.sin(angle)]), np.full(5, -0.3), None)[None]
    variance = {}
    for active_only in (False, True):
        sampler = Sampler([problem], 1024, np.float64, active_only=active_only)
        model, source = Model([problem], sampler.x, sampler.weight, mean=False), generator(3)
        drawn = [model.gradient(theta, sampler.draw(source), np.empty_like(theta)) for _ in range(2000)]
        variance[active_only] = np.var(drawn, axis=0).sum()
    assert 18 < variance[False] / variance[True] < 23  # 2000 draws of 15 numbers: known to some 3 %
