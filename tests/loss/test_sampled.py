"""Monte Carlo: an estimate whose standard error is the right size, in bounded memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomsup.features import AnticorrelatedSets, CorrelatedSets, Independent, Uniform
from geomsup.loss.oracle import oracle_loss
from geomsup.loss.sampled import SampledLoss, sampled_loss
from geomsup.problem import Problem
from tests.strategies import LAWS, problems, weights

W = np.array([[1.0, -0.8, 0.3, 0.1], [0.2, 0.5, -0.9, 0.4]])
B = np.array([-0.1, 0.2, 0.0, 0.1])
FAMILIES = [
    Independent([0.3, 1.0, 0.5, 0.2], LAWS[:4]),
    Independent([0.3, 1.0, 0.5, 0.2], LAWS[4:]),
    CorrelatedSets([[0, 2], [1, 3]], [0.3, 0.6]),
    AnticorrelatedSets([[0, 2, 1], [3]], [0.3, 0.6], Uniform(-1, 1)),
]


@pytest.mark.parametrize("features", FAMILIES, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("activation", ["relu", "identity"])
@pytest.mark.parametrize("W_out", [None, W.T + 0.3], ids=["tied", "untied"])
def test_is_within_four_and_a_half_standard_errors(features, activation, W_out):
    problem = Problem(n_hidden=2, features=features, importance=[1, 0.5, 2, 0], activation=activation)
    exact = float(oracle_loss(problem, W, B, W_out=W_out))
    estimate = sampled_loss(problem, W, B, n_samples=100_000, rng=11, W_out=W_out)
    assert abs(estimate.value - exact) < 4.5 * estimate.stderr
    assert estimate.stderr < 0.02 * exact


def test_standard_errors_are_honest():
    """(estimate − exact)/stderr has mean square 1: over 300 runs, 3 standard deviations reach from 0.75 to 1.3."""
    problem = Problem(n_hidden=2, features=FAMILIES[0])
    exact = float(oracle_loss(problem, W, B))
    runs = [sampled_loss(problem, W, B, n_samples=1000, rng=seed) for seed in range(300)]
    score = np.array([(run.value - exact) / run.stderr for run in runs])
    assert 0.75 < np.mean(score**2) < 1.3


@given(st.data())
@settings(max_examples=30)
def test_mean_and_stderr_are_those_of_the_samples(data):
    problem = data.draw(problems())
    weight, bias = data.draw(weights(problem))
    size, batch = data.draw(st.integers(2, 40)), data.draw(st.integers(1, 50))
    estimate = sampled_loss(problem, weight, bias, n_samples=size, rng=1, batch_size=batch)
    rng = np.random.default_rng(1)
    x = np.concatenate([problem.features.sample(rng, min(batch, size - k)) for k in range(0, size, batch)])
    losses = (x - np.maximum(x @ weight.T @ weight + bias, 0)) ** 2 @ problem.importance
    assert estimate.n_samples == size
    assert estimate.value == pytest.approx(losses.mean(), rel=1e-12, abs=1e-300)
    assert estimate.stderr == pytest.approx(losses.std(ddof=1) / np.sqrt(size), rel=1e-9, abs=1e-12 * losses.mean())


def test_spread_does_not_cancel():
    """A spread 1e-9 of the mean survives: a sum of squares would lose all of it."""
    problem = Problem(1, 1, 1.0, features=None)
    estimate = sampled_loss(problem, [[0.0]], [1e9], n_samples=4000, rng=2, batch_size=7)
    # (x − 1e9)² has standard deviation 2e9/√12
    assert estimate.stderr == pytest.approx(2e9 / np.sqrt(12) / np.sqrt(4000), rel=0.05)


def test_seeds_generators_and_type():
    problem = Problem(4, 2, 0.3)
    first = sampled_loss(problem, W, B, n_samples=500, rng=3)
    assert first == sampled_loss(problem, W, B, n_samples=500, rng=np.random.default_rng(3))
    assert first.value != sampled_loss(problem, W, B, n_samples=500, rng=4).value
    assert float(first) == first.value
    assert repr(SampledLoss(0.25, 0.0012345, 500)) == "SampledLoss(0.25 ± 0.0012, n_samples=500)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 1}, r"n_samples=1 is too small: pass an int of at least 2"),
        ({"n_samples": 1e4}, r"n_samples=10000.0 is not an integer"),
        ({"n_samples": 10, "batch_size": 0}, r"batch_size=0 is too small"),
        ({"n_samples": 10, "W_out": W}, r"pass W_out\.T"),
        ({"n_samples": 10, "W": W.T}, r"pass W\.T"),
        ({"n_samples": 10, "W": np.ones((3, 2, 4))}, r"several instances: pass one of them"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        sampled_loss(Problem(4, 2), **{"W": W, "b": B, **arguments})
