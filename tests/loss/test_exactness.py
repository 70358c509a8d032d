"""The promise of the exact loss, on many problems: |value − exact| ≤ reported error, and the error is small."""

from fractions import Fraction

import numpy as np
import pytest

import geomsup as gs
from geomsup.features import AnticorrelatedSets, CorrelatedSets, Independent, Uniform
from tests.strategies import LAWS


def random_features(rng, n):
    laws = [LAWS[k] for k in rng.integers(len(LAWS), size=n)] if rng.random() < 0.6 else [Uniform()] * n
    kind = rng.integers(3)
    if kind == 0:
        return Independent(rng.choice([0, 0.001, 0.05, 0.3, 0.7, 1.0], n), laws)
    cuts = np.flatnonzero(rng.random(n - 1) < 0.5) + 1
    sets = [members.tolist() for members in np.split(rng.permutation(n), cuts)]
    return (CorrelatedSets, AnticorrelatedSets)[kind - 1](sets, rng.choice([0.01, 0.1, 0.5, 1.0], len(sets)), laws)


def random_weights(rng, m, n):
    """Generic; of all scales with b near the kink; antipodal pairs, slightly off; with equal and zero entries."""
    family = rng.integers(4)
    if family == 0:
        return rng.normal(size=(m, n)), rng.normal(size=n) / 3
    if family == 1:
        return rng.normal(size=(m, n)) * 10.0 ** rng.uniform(-8, 0, n), rng.uniform(-1e-6, 1e-6, n)
    if family == 2:
        pairs = np.zeros((m, n))
        pairs[np.arange(n) // 2 % m, np.arange(n)] = (-1.0) ** np.arange(n)
        return pairs + 10.0 ** rng.integers(-9, -1) * rng.normal(size=(m, n)), rng.choice([0, 1e-7, -1e-6, 0.15], n)
    return rng.choice([0, 1.0, -1.0, 0.5], (m, n)), rng.choice([0, -0.5, 0.25, -1.0], n)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_the_error_is_honest_and_small(seed):
    """Up to six features, any law: measured over 2,000 problems, off by at most .22 of the error, and that 5e-13."""
    rng = np.random.default_rng(seed)
    for _ in range(1000 if seed else 60):
        n, m = int(rng.integers(1, 7)), int(rng.integers(1, 4))
        problem = gs.Problem(n_hidden=m, features=random_features(rng, n), importance=rng.uniform(0, 2, n))
        W, b = random_weights(rng, m, n)
        found, exact = gs.expected_loss(problem, W, b), gs.oracle_loss(problem, W, b)
        assert abs(Fraction(found.value) - exact) <= found.error <= 1e-12 * max(1, exact), repr((problem, W, b))


@pytest.mark.parametrize("law", [Uniform(0, 1), Uniform(-1, 1)], ids=str)
@pytest.mark.parametrize("n", [20, 80])
def test_the_error_is_small_for_many_dense_features(n, law):
    """The loss is about 70 there at n = 80, and the rounding of WᵀW alone would be 2e-10 if it were not measured."""
    rng = np.random.default_rng(n)
    problem = gs.Problem(n_hidden=n // 4, features=Independent(1.0, law, n))
    found = gs.expected_loss(problem, rng.normal(size=(n // 4, n)) / (n // 4) ** 0.5, rng.normal(size=n) / 5)
    assert found.error <= 1e-10


@pytest.mark.parametrize("tiny", [5e-324, 2e-313, 1e-289, 1e-160])
@pytest.mark.parametrize("n", [3, 12])
def test_subnormal_weights_change_nothing(n, tiny):
    W = np.eye(2, n)
    without = gs.expected_loss(gs.Problem(n, 2, 0.3), W, np.zeros(n))
    W[:, 2] = tiny, -tiny
    loss, dW, db = gs.expected_loss_and_grad(gs.Problem(n, 2, 0.3), W, np.zeros(n))
    assert abs(float(loss) - float(without)) <= loss.error < 1e-13
    assert np.isfinite(dW).all()
    assert np.isfinite(db).all()
