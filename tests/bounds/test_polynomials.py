"""Gegenbauer polynomials, and the decision whether a polynomial is ≥ 0 on an interval."""

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import eval_chebyt, eval_gegenbauer

from geomsup.bounds._matrices import rank_if_semidefinite
from geomsup.bounds._numbers import Surd, exact, sign
from geomsup.bounds._polynomials import combination, evaluate, gegenbauer, multiply, nonnegative
from geomsup.bounds.lp import gegenbauer_values

small = st.builds(fmpq, st.integers(-40, 40), st.integers(1, 20))


def poly(*factors):
    product = [fmpq(1)]
    for factor in factors:
        product = multiply(product, factor)
    return product


@pytest.mark.parametrize("m", [2, 3, 4, 7, 22])
def test_gegenbauer_against_scipy(m):
    t = np.linspace(-1, 1, 23)
    values = gegenbauer_values(m, 9, t)
    for k, P in enumerate(gegenbauer(m, 9)):
        alpha = m / 2 - 1
        expected = eval_chebyt(k, t) if m == 2 else eval_gegenbauer(k, alpha, t) / eval_gegenbauer(k, alpha, 1.0)
        exactly = [float(x.p) / float(x.q) for x in (evaluate(P, exact(s)) for s in t)]
        np.testing.assert_allclose(values[k], expected, atol=1e-12)
        np.testing.assert_allclose(exactly, expected, atol=1e-12)


@pytest.mark.parametrize("m", [2, 3, 5])
def test_gegenbauer_polynomials_are_positive_definite(m):
    U = np.random.default_rng(0).normal(size=(m, 30))
    U /= np.linalg.norm(U, axis=0)
    for P in gegenbauer_values(m, 8, U.T @ U):
        assert np.linalg.eigvalsh(P).min() >= -1e-10


@given(st.lists(small, max_size=3), st.lists(st.tuples(small, small), max_size=2), small)
def test_squares_and_sums_of_squares_touch_but_do_not_cross(roots, pairs, factor):
    p = poly(*([-r, fmpq(1)] for r in roots for _ in range(2)), *([a * a + b * b, -2 * a, fmpq(1)] for a, b in pairs))
    p = [x * abs(factor) for x in p]
    assert nonnegative(p, fmpq(-1), fmpq(1))
    inside = [r for r in roots if -1 < r < 1]
    if inside and sign(factor):
        assert not nonnegative(multiply(p, [-inside[0], fmpq(1)]), fmpq(-1), fmpq(1))
        shifted = [p[0] - fmpq(1, 10**30), *p[1:]]
        assert not nonnegative(shifted, fmpq(-1), fmpq(1))


@given(st.lists(small, min_size=1, max_size=9))
def test_the_decision_agrees_with_a_fine_grid(p):
    t = np.linspace(-1, 1, 2001)
    values = np.polynomial.polynomial.polyval(t, [float(x.p) / float(x.q) for x in p])
    if nonnegative(p, fmpq(-1), fmpq(1)):
        assert values.min() >= -1e-9
    else:
        assert values.min() <= 1e-3 * max(1.0, np.abs(values).max())


def test_roots_at_the_ends_are_allowed():
    assert nonnegative([fmpq(1), fmpq(0), fmpq(-1)], fmpq(-1), fmpq(1))
    assert nonnegative(poly([fmpq(1), fmpq(1)], [fmpq(1), fmpq(1)], [fmpq(1), fmpq(1)]), fmpq(-1), fmpq(1))
    assert not nonnegative([fmpq(-1), fmpq(0), fmpq(1)], fmpq(-1), fmpq(1))


def test_irrational_roots_are_decided_in_their_field():
    root = (Surd(0, 1, 5) - 1) / 4
    line = [-root, fmpq(1)]
    assert nonnegative(multiply(line, line), fmpq(0), fmpq(1))
    assert not nonnegative(multiply(line, multiply(line, line)), fmpq(0), fmpq(1))
    assert nonnegative(line, root, fmpq(1))


def test_combination_adds_up():
    c = [fmpq(1, 2), fmpq(0), fmpq(1, 3)]
    assert [str(x) for x in combination(3, c)] == ["1/3", "0", "1/2"]  # P_2 = (3t² − 1)/2


@given(st.integers(1, 5), st.integers(0, 4), st.integers(0, 10**6))
def test_rank_of_a_gram_matrix(n, rank, seed):
    W = np.random.default_rng(seed).integers(-3, 4, size=(rank, n))
    gram = [[fmpq(int(x)) for x in row] for row in W.T @ W]
    assert rank_if_semidefinite(gram) == (np.linalg.matrix_rank(W) if rank else 0)
    gram[0][0] -= 1000
    assert rank_if_semidefinite(gram) is None


def test_zeros_on_the_diagonal_with_something_beside_them_are_indefinite():
    assert rank_if_semidefinite([[fmpq(0), fmpq(1)], [fmpq(1), fmpq(0)]]) is None
    assert rank_if_semidefinite([[fmpq(1), fmpq(1)], [fmpq(1), fmpq(0)]]) is None
