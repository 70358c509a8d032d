"""Bounds that are formulas, against losses of arrangements and against their own closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds import dropped_feature_floor, linear_bound, price_of_orthogonality, welch_bound
from geomsup.bounds._moments import covariance_blocks, variances
from tests.strategies import problems, weights


def identity(problem):
    return problem.replace(activation="identity")


def best_linear(problem):
    """The best untied linear model: reduced-rank regression, from the singular values in floats."""
    S = problem.features.second_moments() - np.outer(problem.features.mean(), problem.features.mean())
    root = np.sqrt(problem.importance)
    return np.sort(np.linalg.eigvalsh(root[:, None] * S * root))[: max(0, problem.n_features - problem.n_hidden)].sum()


@given(problems(max_features=5))
def test_moments_are_exact(problem):
    mean = problem.features.mean()
    expected = problem.features.second_moments() - np.outer(mean, mean)
    found = np.zeros_like(expected)
    for block in covariance_blocks(problem.features):
        for i, row in zip(block.members, block.covariance, strict=True):
            found[i, list(block.members)] = [float(x.p) / float(x.q) for x in row]
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(
        [float(x.p) / float(x.q) for x in variances(problem.features)], np.diag(expected), atol=1e-15
    )


@given(problems(max_features=5))
def test_the_linear_bound_is_the_tail(problem):
    bound, tail = linear_bound(identity(problem)), best_linear(problem)
    scale = 1e-14 * float(problem.importance.sum() + 1)
    assert tail - 20 * scale <= bound.value <= tail + scale
    assert bound.status == "proved"


@given(st.data())
def test_no_linear_model_beats_it(data):
    problem = identity(data.draw(problems(max_features=4)))
    W, b = data.draw(weights(problem))
    loss = gs.expected_loss(problem, W, b)
    assert linear_bound(problem).value <= loss.value + loss.error


@given(st.data())
def test_uncorrelated_features_attain_it(data):
    problem = identity(data.draw(problems(max_features=5, families=("independent",))))
    variance = (
        problem.importance * np.diag(problem.features.second_moments())
        - problem.importance * problem.features.mean() ** 2
    )
    kept = np.argsort(-variance, kind="stable")[: problem.n_hidden]
    W = np.eye(problem.n_features)[kept]
    W = np.vstack([W, np.zeros((problem.n_hidden - len(kept), problem.n_features))])
    b = np.where(np.isin(np.arange(problem.n_features), kept), 0.0, problem.features.mean())
    loss = gs.expected_loss(problem, W, b)
    assert linear_bound(problem).value == pytest.approx(loss.value, abs=1e-14 + 2 * loss.error)


def test_equal_importance_attains_it_with_any_covariance():
    problem = gs.Problem(
        n_hidden=2, features=gs.features.CorrelatedSets([[0, 1, 2], [3, 4]], [0.3, 0.2]), activation="identity"
    )
    mean = problem.features.mean()
    vectors = np.linalg.eigh(problem.features.second_moments() - np.outer(mean, mean))[1][:, -2:]
    loss = gs.expected_loss(problem, vectors.T, mean - vectors @ (vectors.T @ mean))
    assert linear_bound(problem).value == pytest.approx(loss.value, rel=1e-12)


def test_importance_and_correlation_together_leave_a_gap():
    features = gs.features.CorrelatedSets([[0, 1]], 0.3)
    problem = gs.Problem(n_hidden=1, features=features, importance=[1.0, 0.1], activation="identity")
    found = gs.minimize(problem, n_starts=4, rng=0)
    bound = linear_bound(problem)
    assert bound.value < 0.95 * found.loss  # tied weights do not reach the untied optimum
    S = features.second_moments() - np.outer(features.mean(), features.mean())
    root = np.sqrt(problem.importance)
    vector = np.linalg.eigh(root[:, None] * S * root)[1][:, -1]
    out, into = (vector / root)[:, None], (vector * root)[None, :]
    untied = gs.expected_loss(problem, into, features.mean() - out @ into @ features.mean(), W_out=out)
    assert untied.value == pytest.approx(bound.value, rel=1e-12)


def test_features_that_do_not_matter_and_more_dimensions_than_features():
    assert linear_bound(gs.Problem(3, 1, 0.5, [0, 0, 0], activation="identity")).value == 0.0
    assert linear_bound(gs.Problem(3, 5, 0.5, activation="identity")).value == 0.0
    with pytest.raises(ValueError, match="is for the linear model"):
        linear_bound(gs.Problem())


@pytest.mark.parametrize(("n", "m"), [(n, m) for m in (1, 2, 3, 5) for n in (1, m, 2 * m, 2 * m + 1, 3 * m + 1, 40)])
def test_degree_two_in_closed_form(n, m):
    frame, relu = welch_bound(n, m, potential="frame"), welch_bound(n, m)
    assert frame.value == pytest.approx(max(0, n * n / m - n), abs=1e-12)
    assert relu.value == pytest.approx(
        n * (n - 2 * m) ** 2 / (m * (n * (m + 1) - 4 * m)) if n > 2 * m else 0, rel=1e-12
    )
    for U in np.random.default_rng(0).normal(size=(20, m, n)):
        assert frame.value <= gs.energy_of(gs.FramePotential(), U) * (1 + 1e-12)
        assert relu.value <= gs.energy_of(gs.ReluSquared(), U) + 1e-12


def test_degree_two_is_attained():
    tight = gs.frames.equiangular(6, 3)
    assert gs.energy_of(gs.FramePotential(), tight) == pytest.approx(welch_bound(6, 3, potential="frame").value)
    assert welch_bound(7, 1).value == 35 / 2  # 7 points on a line: 3 and 4, 6 + 12 = 18


def test_degree_two_is_what_the_program_finds_at_degree_two():
    from geomsup.bounds import lp

    for n, m in ((9, 3), (30, 4)):
        objective = np.array([n - 1.0, -1.0, -1.0])
        c = lp.propose(gs.ReluSquared().value, m, objective)
        assert n * objective @ c == pytest.approx(welch_bound(n, m).value, rel=1e-8)


@pytest.mark.parametrize("S", [0.0, 0.2, 3 / 7, 0.5, 0.9, 0.99])
def test_price_of_orthogonality(S):
    n, m = 7, 2
    problem = gs.Problem(n, m, 1 - S)
    price = price_of_orthogonality(problem)
    assert price.value == pytest.approx((n - m) * (1 - S) * (1 + 3 * S) / 12, rel=1e-14)
    W, b = np.zeros((m, n)), np.zeros(n)
    W[:, :m], b[m:] = np.eye(m), (1 - S) / 2
    assert gs.expected_loss(problem, W, b).value == pytest.approx(price.value, rel=1e-12)
    W[:, m : 2 * m], b[m : 2 * m] = -np.eye(m), 0.0
    gain = price.value - gs.expected_loss(problem, W, b).value
    assert gain == pytest.approx(m * (1 - S) * (7 * S - 3) / 12, abs=1e-12)
    assert (gain > 1e-12) == (S > 3 / 7 + 1e-12)


@given(st.data())
def test_orthogonal_columns_pay_the_price_and_dropped_features_their_variance(data):
    problem = data.draw(problems(max_features=4))
    W, b = data.draw(weights(problem))
    W = W * np.eye(*W.shape)  # at most m columns, orthogonal
    loss = gs.expected_loss(problem, W, b)
    assert price_of_orthogonality(problem).value <= loss.value + loss.error
    W = data.draw(weights(problem))[0]
    W[:, 0] = 0
    loss = gs.expected_loss(problem, W, b)
    dropped = np.flatnonzero(~W.any(axis=0)).tolist()
    assert dropped_feature_floor(problem, dropped).value <= loss.value + loss.error


def test_a_feature_that_does_not_exist():
    with pytest.raises(ValueError, match="numbered 0 to 4"):
        dropped_feature_floor(gs.Problem(), [5])
