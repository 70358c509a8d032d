"""The rational oracle: exact identities, with ``==`` wherever both sides are rational."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomsup.features import AnticorrelatedSets, CorrelatedSets, Discrete, Independent, Uniform
from geomsup.loss.oracle import oracle_loss
from geomsup.problem import Problem
from tests.strategies import arrays, biases, independent, numbers, problems, weights

F = Fraction


@st.composite
def solved(draw, **kwargs):
    problem = draw(problems(max_features=3, **kwargs))
    return problem, *draw(weights(problem))


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 1.0])
def test_antipodal_pair_and_dropped_feature(p):
    pair = oracle_loss(Problem(2, 1, p), [[1.0, -1.0]], [0.0, 0.0])
    assert pair == F(p) ** 2 / 3
    dropped = oracle_loss(Problem(1, 1, p), [[0.0]], [p / 2])
    assert dropped == F(p) / 3 - F(p) ** 2 / 4


def test_identity_activation_is_the_quadratic_form_of_the_moments():
    rng = np.random.default_rng(0)
    for features in (
        Independent([0.1, 0.9, 0.5], [Uniform(-2, 0.3), Discrete([-1, 1], [1, 3]), Uniform()]),
        CorrelatedSets([[0, 2], [1]], [0.3, 0.6], Uniform(0.5, 1)),
        AnticorrelatedSets([[0, 2], [1]], [0.3, 0.6]),
    ):
        problem = Problem(n_hidden=2, features=features, importance=[1, 0.5, 2], activation="identity")
        W, b = rng.normal(size=(2, 3)), rng.normal(size=3)
        R = np.eye(3) - W.T @ W
        rows = np.diag(R @ features.second_moments() @ R.T) - 2 * b * (R @ features.mean()) + b**2
        # Measured: 2e-16 of the loss; the right side is in floating point.
        assert float(oracle_loss(problem, W, b)) == pytest.approx(problem.importance @ rows, rel=1e-14)


@given(solved(laws=st.sampled_from([Uniform(), Uniform(0.5, 1), Discrete([0, 0.5, 2])])))
def test_relu_is_the_identity_where_z_is_never_negative(case):
    problem, W, b = case
    linear = problem.replace(activation="identity")
    assert oracle_loss(problem, abs(W), abs(b)) == oracle_loss(linear, abs(W), abs(b))


@given(st.data())
def test_discrete_values_are_an_enumeration(data):
    n = data.draw(st.integers(1, 3))
    law = Discrete([-1, 0.25, 2], [1, 2, 1])
    problem = Problem(n_hidden=n, features=data.draw(independent(n, laws=st.just(law))))
    M, b = data.draw(arrays((n, n), numbers())), data.draw(arrays(n, biases))
    values = [(F(0), None), (F(-1), F(1, 4)), (F(1, 4), F(1, 2)), (F(2), F(1, 4))]
    expected = F(0)
    for x in product(values, repeat=n):
        chance = F(1)
        for (_, share), p in zip(x, problem.feature_probability, strict=True):
            chance *= 1 - F(p) if share is None else F(p) * share
        for i in range(n):
            z = F(b[i]) + sum(F(M[i, j]) * x[j][0] for j in range(n))
            expected += chance * (x[i][0] - max(z, F(0))) ** 2
    assert oracle_loss(problem, np.eye(n), b, W_out=M) == expected


@given(solved())
@settings(max_examples=50)
def test_symmetries_are_exact(case):
    problem, W, b = case
    loss = oracle_loss(problem, W, b)
    assert loss >= 0
    # signed permutations of the hidden dimensions are the orthogonal maps that floats apply without rounding
    assert oracle_loss(problem, -W[::-1], b) == loss
    assert oracle_loss(problem, W, b, W_out=W.T) == loss
    assert oracle_loss(problem.replace(importance=problem.importance * 4), W, b) == 4 * loss
    padded = np.vstack([W, np.zeros(problem.n_features)])
    assert oracle_loss(problem.replace(n_hidden=problem.n_hidden + 1), padded, b) == loss


@given(solved(families=("independent",)), st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_features_can_be_permuted_and_idle_ones_added(case, random):
    problem, W, b = case
    loss = oracle_loss(problem, W, b)
    order = random.sample(range(problem.n_features), problem.n_features)
    p, laws = problem.feature_probability, problem.features.laws
    shuffled = problem.replace(
        features=Independent(p[order], [laws[j] for j in order]), importance=problem.importance[order]
    )
    assert oracle_loss(shuffled, W[:, order], b[order]) == loss
    more = problem.replace(features=Independent([*p, 0.0], [*laws, Uniform()]), importance=[*problem.importance, 1])
    assert oracle_loss(more, np.column_stack([W, np.ones(len(W))]), [*b, -100.0]) == loss


def test_sets_are_mixtures():
    """Given which set members are on, the features are independent with probability 0 or 1."""
    rng = np.random.default_rng(1)
    W, b = rng.normal(size=(2, 3)), rng.normal(size=3) / 4
    given_on = {
        on: oracle_loss(Problem(3, 2, np.array(on, float)), W, b)
        for on in [(0, 0, 0), (1, 1, 0), (0, 0, 1), (1, 1, 1), (1, 0, 0), (0, 1, 0), (1, 0, 1), (0, 1, 1)]
    }
    p, q = F(0.3), F(0.6)
    both = Problem(n_hidden=2, features=CorrelatedSets([[0, 1], [2]], [0.3, 0.6]))
    assert oracle_loss(both, W, b) == (
        (1 - p) * (1 - q) * given_on[0, 0, 0] + p * (1 - q) * given_on[1, 1, 0]
        + (1 - p) * q * given_on[0, 0, 1] + p * q * given_on[1, 1, 1]
    )  # fmt: skip
    one = Problem(n_hidden=2, features=AnticorrelatedSets([[0, 1], [2]], [0.3, 0.6]))
    assert oracle_loss(one, W, b) == (
        (1 - p) * (1 - q) * given_on[0, 0, 0] + p / 2 * (1 - q) * (given_on[1, 0, 0] + given_on[0, 1, 0])
        + (1 - p) * q * given_on[0, 0, 1] + p / 2 * q * (given_on[1, 0, 1] + given_on[0, 1, 1])
    )  # fmt: skip


def test_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"pass W\.T"):
        oracle_loss(Problem(), np.ones((5, 2)), np.zeros(5))
    with pytest.raises(ValueError, match=r"pass W_out\.T"):
        oracle_loss(Problem(), np.ones((2, 5)), np.zeros(5), W_out=np.ones((2, 5)))
