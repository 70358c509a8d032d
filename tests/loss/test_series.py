"""The Fourier series: truncation within its bound, a sandwich that encloses, extremal polynomials on their side."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomsup.features import AnticorrelatedSets, Constant, CorrelatedSets, Discrete, Independent, Uniform
from geomsup.loss._extremal import extremal_coefficients
from geomsup.loss._layout import layout
from geomsup.loss._tails import FIRST, half_period, row_range, truncation_bounds
from geomsup.loss.series import series_row
from geomsup.loss.spline import spline_row
from geomsup.problem import Problem
from tests.strategies import LAWS, exact_row, rows, two_pairs_and_a_dropped_feature


def period(problem, a, b, own):
    """R of the row, 0 where z has one sign and no series is needed."""
    return float(half_period(*row_range(layout(problem), a[None], np.array([b])))[0])


def cubic_tail(R, terms):
    """Bound on Σ_{k>K} A |φ|/k³ that asks nothing of φ."""
    return R**2 / (4 * np.pi**3 * terms**2)


def rounding(problem, size, terms):
    """Allowance for rounding: the phases k·h·z carry k roundoffs, damped by 1/k², hence the logarithm.

    Measured: at most 16 % of it over 400 random rows.
    """
    return 1e-16 * (size + 1) * (problem.n_features + np.log(terms))


@given(rows(max_features=4), st.sampled_from([1, 5, 16, 100]))
def test_sandwich_encloses_the_oracle(case, terms):
    problem, a, b, own = case
    row = series_row(layout(problem), a, b, own, terms)
    error = abs(float(Fraction(row.middle) - exact_row(*case)))
    assert row.gap >= -1e-15
    assert error <= row.gap + cubic_tail(period(*case), terms) + rounding(problem, row.size, terms)


@given(rows(max_features=4), st.integers(0, 4))
def test_truncation_is_within_the_bound_known_in_advance(case, shell):
    problem, a, b, own = case
    data, terms = layout(problem), FIRST * 2**shell
    M, R = np.zeros((a.size, a.size)), np.zeros(a.size)
    M[own], R[own] = a, period(*case)
    tail = truncation_bounds(data, M, R)[own, shell]
    row = series_row(data, a, b, own, terms, with_gradient=False)
    assert abs(float(Fraction(row.value) - exact_row(*case))) <= tail + rounding(problem, row.size, terms)


@pytest.mark.parametrize("law", LAWS, ids=repr)
@pytest.mark.parametrize(
    "family",
    [
        lambda law: Independent([0.3, 0.9, 0.05, 1.0], law),
        lambda law: CorrelatedSets([[0, 1], [2, 3]], 0.3, law),
        lambda law: AnticorrelatedSets([[0, 1], [2, 3]], 0.3, law),
        lambda law: AnticorrelatedSets([[0, 1, 2, 3]], 1.0, law),
    ],
    ids=["independent", "correlated", "anticorrelated", "exactly one"],
)
def test_sandwich_closes(law, family):
    """Like 1/K² where z has a density; an atom at z = 0, as there is here, leaves the distance at the kink, 1/K."""
    problem = Problem(features=family(law))
    case = problem, np.array([0.8, -0.5, 0.3, -0.9]), -0.1, 1
    exact, R = exact_row(*case), period(*case)
    for terms in (32, 512):
        row = series_row(layout(problem), *case[1:], terms)
        error = abs(float(Fraction(row.middle) - exact))
        assert error <= row.gap + cubic_tail(R, terms) + rounding(problem, row.size, terms)
        power = 2 if law.atoms is None else 1
        # Measured: at most 0.16 with a density, 0.061 with atoms.
        assert row.gap <= 0.2 * R * layout(problem).reach[1] / (terms + 1) ** power + 1e-15


@pytest.mark.parametrize("terms", [1, 2, 3, 10, 101])
def test_extremal_polynomials_are_on_their_side_and_touch(terms):
    theta = np.linspace(0, 2 * np.pi, 20 * (terms + 1) + 1)  # contains both lattices
    C = np.pi**2 / 6 - np.pi * theta / 2 + theta**2 / 4
    above, below, above_constant, below_constant = extremal_coefficients(terms)
    waves = np.cos(np.outer(theta, np.arange(1, terms + 1)))
    over, under = above_constant + waves @ above - C, C - below_constant - waves @ below
    # Measured: 2.4e-15 at 101 terms.
    assert over.min() > -1e-14
    assert under.min() > -1e-14
    assert abs(over[::20]).max() < 1e-14
    assert abs(under[10::20]).max() < 1e-14
    # Between the points they touch by the fourth power of 1/L, opposite the kink; measured: 0.09 of it at 1 term.
    inside = np.ones(theta.size, bool)
    inside[::10] = False
    assert over[inside].min() > 0.05 / (terms + 1) ** 4
    assert under[inside].min() > 0.05 / (terms + 1) ** 4
    # the constants are the mean distances, and add to π²/(4L²)
    assert above_constant - below_constant == pytest.approx(np.pi**2 / (4 * (terms + 1) ** 2), rel=1e-15)


def test_extremal_coefficients_tend_to_those_of_the_series():
    above, below, _, _ = extremal_coefficients(10**6)
    k = np.arange(1, 11)
    np.testing.assert_allclose(above[:10], 1 / k**2, rtol=1e-9)
    np.testing.assert_allclose(below[:10], 1 / k**2, rtol=1e-9)
    assert abs(above[-1]) < 1e-15


@pytest.mark.parametrize(
    ("features", "own"),
    [
        (Independent([0.3, 0.5, 0.9, 0.2]), 0),
        (Independent([0.3, 1.0, 0.9, 0.2], [Uniform(-1, 1), Uniform(0.5, 1), Constant(0.7), Uniform()]), 1),
        (Independent([0.3, 1.0, 0.9, 0.2], [Uniform(-1, 1), Uniform(0.5, 1), Discrete([0, 0.5, 2]), Uniform()]), 2),
        (CorrelatedSets([[0, 1, 2], [3]], [0.3, 0.6]), 1),
        (AnticorrelatedSets([[0, 1, 2], [3]], [0.3, 0.6], Uniform(-1, 1)), 1),
    ],
)
def test_gradient_by_taylor_slope_and_by_exact_differences(features, own):
    problem, a, b = Problem(features=features), np.array([0.8, -0.5, 0.3, -0.9]), 0.07
    data = layout(problem)
    rng = np.random.default_rng(3)
    for terms in (5, 100):  # the gradient is that of the truncated sum, however short
        row = series_row(data, a, b, own, terms)
        for _ in range(3):
            d = rng.normal(size=5)
            rest = [
                series_row(data, a + t * d[:4], b + t * d[4], own, terms).value - row.value - t * row.gradient @ d
                for t in (1e-4, 1e-5)
            ]
            assert np.log10(abs(rest[0] / rest[1])) == pytest.approx(2.0, abs=0.02)  # measured: within 1.2e-2
    row = series_row(data, a, b, own, 2**14)
    h = 2.0**-18
    for j in range(5):
        forth, back = ((np.append(a, b) + s * h * np.eye(5)[j]) for s in (1, -1))
        change = exact_row(problem, forth[:4], forth[4], own) - exact_row(problem, back[:4], back[4], own)
        exact = float(change / (Fraction(forth[j]) - Fraction(back[j])))
        assert row.gradient[j] == pytest.approx(exact, abs=5e-8)  # measured 1.2e-8


def test_the_hard_case_converges_slowly_but_within_its_bound():
    """Two scales leave z concentrated at the kink: many terms, which is why the spline exists."""
    case = two_pairs_and_a_dropped_feature(0.3)
    problem, a, b, own = case
    exact, errors = exact_row(*case), []
    for terms in (16, 512):
        row = series_row(layout(problem), a, b, own, terms)
        errors.append(abs(float(Fraction(row.value) - exact)))
        assert abs(float(Fraction(row.middle) - exact)) <= row.gap + cubic_tail(period(*case), terms)
    assert errors[0] > 1e-7  # so the test above is one that could fail
    assert errors[1] < errors[0]


def test_blocks_do_not_change_the_sum():
    problem, a, b, own = two_pairs_and_a_dropped_feature(0.3)
    whole, pieces = (series_row(layout(problem), a, b, own, 100, block=block) for block in (4096, 7))
    np.testing.assert_allclose(whole[:4], pieces[:4], rtol=1e-14, atol=1e-16)  # measured 1e-15
    np.testing.assert_allclose(whole.gradient, pieces.gradient, rtol=1e-13, atol=1e-15)


def test_rows_of_one_sign_need_no_series():
    data = layout(Problem(3, 2, 0.5))
    dead = series_row(data, np.array([0.5, -1.0, 0.2]), -0.8, 0, 10)
    assert dead[:4] == (0, 0, 0, 0)
    assert not dead.gradient.any()
    problem, a, b = Problem(3, 2, 0.5), np.array([0.5, -1.0, 0.2]), 1.5
    linear = series_row(data, a, b, 0, 1)
    assert linear.gap == 0
    assert float(exact_row(problem, a, b, 0)) == pytest.approx(linear.value, rel=1e-14)


def test_passive_features_leave_the_series_alone():
    """Coefficients of zero change neither the value nor the speed of convergence, and slope like the bias."""
    a, p = np.array([1.0, -0.9, 0.3]), np.array([0.1, 0.3, 0.2])
    wide = Problem(features=Independent(np.concatenate([p, np.full(9, 0.4)])))
    for b in (-0.2, 0.05):
        short = series_row(layout(Problem(features=Independent(p))), a, b, 0, 64)
        long = series_row(layout(wide), np.concatenate([a, np.zeros(9)]), b, 0, 64)
        exact = spline_row(layout(wide), np.concatenate([a, np.zeros(9)]), b, 0, wide.feature_probability)
        assert long.value == pytest.approx(short.value, abs=1e-15)
        assert long.gradient[[0, 1, 2, -1]] == pytest.approx(short.gradient, abs=1e-15)
        assert long.gradient[3:-1] == pytest.approx(0.2 * short.gradient[-1], abs=1e-15)
        # Measured: at most 1.4e-8 at 64 terms.
        assert abs(long.gradient - exact.gradient).max() < 5e-8
    data, M = layout(wide), np.zeros((12, 12))
    M[0, :3] = a
    narrow, R = layout(Problem(features=Independent(p))), np.array([2.5])
    bound = truncation_bounds(data, M, np.append(R, np.zeros(11)))[0]
    assert bound == pytest.approx(truncation_bounds(narrow, M[:3, :3], np.append(R, np.zeros(2)))[0], rel=1e-12)
