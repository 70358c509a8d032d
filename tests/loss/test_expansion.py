"""The expansion in active features: exact terms, bounds on both sides, and the closed form of the sparse limit."""

import sys
from fractions import Fraction
from itertools import combinations
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize

from geomsup.features import AnticorrelatedSets, Constant, CorrelatedSets, Discrete, Independent, Uniform
from geomsup.loss.expansion import expansion, one_active_loss, one_active_loss_and_grad
from geomsup.loss.oracle import oracle_loss
from geomsup.problem import Problem
from tests.strategies import LAWS, arrays, biases, independent, numbers, problems, weights


@st.composite
def solved(draw, **kwargs):
    problem = draw(problems(families=("independent",), **kwargs))
    return problem, *draw(weights(problem))


def given_active(problem, active):
    """The problem in which exactly these features are active."""
    on = np.isin(np.arange(problem.n_features), active).astype(float)
    return problem.replace(feature_probability=on)


def exact_terms(problem, W, b, order, W_out=None):
    """ℓ_0 … ℓ_order as rationals."""
    p = [Fraction(x) for x in problem.feature_probability.tolist()]
    return [
        sum(
            (
                prod(p[j] if j in active else 1 - p[j] for j in range(len(p)))
                * oracle_loss(given_active(problem, active), W, b, W_out=W_out)
                for active in combinations(range(len(p)), k)
            ),
            Fraction(0),
        )
        for k in range(order + 1)
    ]


def scale_of(W, b):
    """The square of the largest |z| and |x|, roughly: what rounding errors go with."""
    return (2 + float(np.abs(W).sum() ** 2 + np.abs(b).sum())) ** 2


def polygon(k, length):
    angle = 2 * np.pi * np.arange(k) / k
    return length * np.array([np.cos(angle), np.sin(angle)])


@given(solved(), st.integers(0, 3))
@settings(max_examples=60)
def test_bounds_enclose_the_loss(case, order):
    problem, W, b = case
    found = expansion(problem, W, b, order=order)
    assert found.terms.shape == (order + 1,)
    assert (found.terms >= 0).all()
    assert found.lower <= oracle_loss(problem, W, b) <= found.upper
    assert np.isclose(found.lower, found.terms.sum(), rtol=0, atol=5e-13 * scale_of(W, b))  # measured 5e-14


@given(solved())
@settings(max_examples=40)
def test_terms_are_exact(case):
    problem, W, b = case
    found = expansion(problem, W, b, order=3)
    for term, exact in zip(found.terms, exact_terms(problem, W, b, 3), strict=True):
        assert abs(float(Fraction(term) - exact)) <= 3e-16 * scale_of(W, b)  # measured 4e-17


@given(solved(max_features=3))
@settings(max_examples=40)
def test_all_terms_add_up_to_the_loss(case):
    problem, W, b = case
    found = expansion(problem, W, b, order=3)
    exact = oracle_loss(problem, W, b)
    assert abs(float(Fraction(found.terms.sum()) - exact)) <= 1e-16 * scale_of(W, b)  # measured 4e-18
    assert found.upper - found.lower <= 2e-13 * scale_of(W, b)  # nothing is left out; measured 1.4e-14


def test_untied_weights():
    rng = np.random.default_rng(5)
    problem = Problem(4, 2, [0.1, 0.5, 1.0, 0.0], features=None)
    W, W_out, b = rng.normal(size=(2, 4)), rng.normal(size=(4, 2)), rng.normal(size=4)
    found = expansion(problem, W, b, order=3, W_out=W_out)
    exact = [float(term) for term in exact_terms(problem, W, b, 3, W_out)]
    np.testing.assert_allclose(found.terms, exact, rtol=1e-13, atol=1e-16)
    assert found.lower <= oracle_loss(problem, W, b, W_out=W_out) <= found.upper
    assert found.terms[0] == 0  # feature 2 is always active


def test_partial_sums_increase_and_bounds_close():
    problem, W, b = Problem(6, 2, 0.1), polygon(6, 1.1), np.full(6, -0.2)
    found = [expansion(problem, W, b, order=k) for k in range(4)]
    lower, upper = [x.lower for x in found], [x.upper for x in found]
    assert lower == sorted(lower)
    assert upper == sorted(upper, reverse=True)
    np.testing.assert_array_equal(found[3].terms[:3], found[2].terms)
    assert repr(found[1]).startswith("Expansion(order=1, terms=[0, ")


def test_many_subsets_are_summed_in_batches():
    n = 14
    problem = Problem(n, 2, 0.05)
    W, b = polygon(n, 0.9), np.full(n, -0.1)
    both = expansion(problem, W, b, order=3).terms
    # rotation by one place is a symmetry, so one row stands for all of them
    only = problem.replace(importance=np.eye(n)[0])
    np.testing.assert_allclose(both, n * expansion(only, W, b, order=3).terms, rtol=1e-12)  # measured 2e-16


def test_without_numba(monkeypatch):
    rng = np.random.default_rng(6)
    problem = Problem(features=Independent(0.3, LAWS[:5], 5))
    W, b = rng.normal(size=(2, 5)), rng.normal(size=5) / 4
    found = expansion(problem, W, b, order=3)
    monkeypatch.setitem(sys.modules, "geomsup.loss._compiled", None)
    np.testing.assert_allclose(expansion(problem, W, b, order=3).terms, found.terms, rtol=1e-13)


@given(st.data())
@settings(max_examples=60)
def test_one_active_is_the_sum_over_features_alone(data):
    n = data.draw(st.integers(1, 4))
    problem = Problem(n_hidden=2, features=data.draw(independent(n)), importance=data.draw(st.floats(0, 2)))
    W, b = data.draw(arrays((2, n), numbers())), data.draw(arrays(n, biases))
    share = data.draw(arrays(n, st.floats(0, 2)))
    exact = sum(Fraction(share[j]) * oracle_loss(given_active(problem, [j]), W, b) for j in range(n))
    value, _, _ = one_active_loss_and_grad(problem, W, b, weights=share)
    assert one_active_loss(problem, W, b, weights=share) == pytest.approx(value, rel=1e-13, abs=1e-15 * scale_of(W, b))
    assert abs(float(Fraction(value) - exact)) <= 1e-16 * scale_of(W, b)  # measured 1e-17


@pytest.mark.parametrize("b", [-0.4, -0.1, 0.0, 0.2])
def test_one_active_by_quadrature(b):
    """A and B of Chen et al., arXiv:2310.06301, Lemma 3.1: uniform values, bias of any sign."""
    W = np.array([[1.1, -0.6, 0.7]])
    M = W.T @ W
    expected = 0.0
    for i in range(3):
        for j in range(3):
            zero = [z for z in [-b / M[i, j]] if 0 < z < 1]
            expected += quad(lambda u, i=i, j=j: (u * (i == j) - max(M[i, j] * u + b, 0)) ** 2, 0, 1, points=zero)[0]
    found = one_active_loss(Problem(3, 1), W, np.full(3, b))
    assert found == pytest.approx(expected, rel=1e-12)  # measured 4e-16


def test_one_active_closed_form_of_positive_part():
    """B(g, b) = (g + b)_+³/(3g) for b ≤ 0 < g."""
    g, b = 0.7, -0.2
    value = one_active_loss(Problem(2, 1), [[1.0, g]], [-100.0, b], weights=[1.0, 0.0])
    assert value == pytest.approx(1 / 3 + (g + b) ** 3 / (3 * g), rel=1e-15)


@pytest.mark.parametrize(
    ("k", "expected", "length", "bias"), [(5, 0.0791281354, 1.17046, -0.28230), (6, 0.2891543, None, None)]
)
def test_polygon_optimum(k, expected, length, bias):
    problem = Problem(k, 2)
    found = minimize(
        lambda x: one_active_loss(problem, polygon(k, x[0]), np.full(k, x[1])), [1.2, -0.3], method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-15},
    )  # fmt: skip
    assert found.fun == pytest.approx(expected, abs=5e-8 if length is None else 5e-11)
    if length is not None:
        assert found.x == pytest.approx([length, bias], abs=5e-6)
    _, dW, db = one_active_loss_and_grad(problem, polygon(k, found.x[0]), np.full(k, found.x[1]))
    assert abs(dW).max() < 1e-7
    assert abs(db).max() < 1e-7


def test_is_the_sparse_limit():
    rng = np.random.default_rng(7)
    W, b = rng.normal(size=(2, 4)), -abs(rng.normal(size=4)) / 4
    limit = one_active_loss(Problem(4, 2), W, b)
    for p in (1e-3, 1e-6):
        # The next term of L/p is of order p; measured: 0.64 p.
        assert float(oracle_loss(Problem(4, 2, p), W, b)) / p == pytest.approx(limit, abs=2 * p)


@pytest.mark.parametrize(
    "laws", [Uniform(), Uniform(-2, 0.3), [Uniform(0.5, 1), Constant(0.7), Discrete([0, 0.5, 2]), Uniform(-1, 1)]]
)
def test_gradient_by_taylor_slope(laws):
    problem = Problem(n_hidden=2, features=Independent(0.1, laws, 4), importance=[1, 0.5, 2, 1])
    rng = np.random.default_rng(8)
    W, b, share = rng.normal(size=(2, 4)), rng.normal(size=4) / 4, rng.random(4)
    value, dW, db = one_active_loss_and_grad(problem, W, b, weights=share)
    for _ in range(5):
        d, e = rng.normal(size=W.shape), rng.normal(size=4)
        rest = [
            one_active_loss(problem, W + t * d, b + t * e, weights=share) - value - t * (np.sum(dW * d) + db @ e)
            for t in (1e-3, 1e-4)
        ]
        assert np.log10(abs(rest[0] / rest[1])) == pytest.approx(2.0, abs=0.02)  # measured: within 8e-4


def test_gradient_is_finite_where_coefficients_vanish():
    value, dW, db = one_active_loss_and_grad(Problem(3, 2), np.zeros((2, 3)), np.full(3, 1e-300))
    assert value == pytest.approx(1.0)
    assert np.isfinite(dW).all()
    np.testing.assert_allclose(db, -1.0)  # −2 E u for the own value, 0 for the others


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: expansion(Problem(features=CorrelatedSets([[0, 1]], 0.1)), np.ones((2, 2)), [0, 0]), "has sets of"),
        (
            lambda: one_active_loss(Problem(features=AnticorrelatedSets([[0, 1]], 0.1)), np.ones((2, 2)), [0, 0]),
            r"pass a problem with Independent features, or use expected_loss",
        ),
        (lambda: expansion(Problem(activation="identity"), np.ones((2, 5)), np.zeros(5)), r"activation='identity'"),
        (lambda: expansion(Problem(), np.ones((2, 5)), np.zeros(5), order=4), r"order=4 is too large: pass at most 3"),
        (lambda: expansion(Problem(), np.ones((2, 5)), np.zeros(5), order=-1), r"order=-1 is too small"),
        (lambda: expansion(Problem(), np.ones((5, 2)), np.zeros(5)), r"pass W\.T"),
        (lambda: expansion(Problem(), np.ones((2, 5)), np.zeros(5), W_out=np.ones((2, 5))), r"pass W_out\.T"),
        (lambda: expansion(Problem(), np.ones((3, 2, 5)), np.zeros(5)), r"several instances: pass W\[k\]"),
        (lambda: one_active_loss(Problem(), np.ones((2, 5)), np.zeros(5), weights=[1, 2]), r"weights has shape \(2,\)"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
