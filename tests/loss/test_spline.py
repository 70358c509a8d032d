"""The spline recursion: within its own error bound of the exact rational value, everywhere."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomsup.features import Constant, Discrete, Independent, Uniform
from geomsup.loss._layout import layout
from geomsup.loss._spline_tree import branch_table
from geomsup.loss.spline import spline_row
from geomsup.problem import Problem
from tests.strategies import LAWS, exact_row, rows, two_pairs_and_a_dropped_feature


def row_over_states(problem, a, b, own, **options):
    """Value, error and gradient of a row of any problem: the mixture over the states of its sets."""
    data = layout(problem)
    value = error = 0.0
    gradient = np.zeros(a.size + 1)
    for weight, active in zip(*data.states, strict=True):
        row = spline_row(data, a, b, own, active, **options)
        value += weight * (row.square - 2 * row.cross)
        error += weight * row.error
        gradient += weight * row.gradient
    return value, error, gradient


def scale_of(problem, a, b):
    return (abs(b) + abs(a) @ layout(problem).reach + 2) ** 2


@given(rows())
def test_is_within_its_error_bound_of_the_oracle(case):
    value, error, _ = row_over_states(*case)
    assert abs(Fraction(value) - exact_row(*case)) <= error
    # The bound is useful too; measured: at most 6e-15 of the square of the largest |z|, with four features.
    assert error <= 3e-14 * scale_of(*case[:3])


@pytest.mark.parametrize("law", LAWS, ids=repr)
@pytest.mark.parametrize("b", [0.0, 1e-6, -1e-6, 1e-14, 0.5, -0.5])
def test_coefficients_of_all_sizes(law, b):
    problem = Problem(features=Independent([0.3, 1.0, 0.9, 0.05], law))
    for a in ([1.0, 1e-8, -1e-4, 0.3], [1e-8, 1e-8, -1e-8, 1e-8], [0.5, 0.5, -0.5, 0.5], [0.0, 1.0, 0.0, -1.0]):
        for own in (0, 1):
            case = problem, np.array(a), b, own
            value, error, _ = row_over_states(*case)
            assert abs(Fraction(value) - exact_row(*case)) <= error


def test_rows_concentrated_at_the_kink():
    for p in (0.05, 0.3, 1.0):
        case = two_pairs_and_a_dropped_feature(p)
        value, error, _ = row_over_states(*case)
        assert abs(Fraction(value) - exact_row(*case)) <= error
        assert error < 1e-14  # measured 4.7e-15


@pytest.mark.parametrize(
    ("probability", "laws", "own"),
    [
        ([0.3, 0.5, 0.9, 0.2], Uniform(), 0),
        ([0.3, 1.0, 0.9, 0.2], [Uniform(-1, 1), Uniform(0.5, 1), Constant(0.7), Uniform()], 1),
        ([0.3, 1.0, 0.9, 0.2], [Uniform(-1, 1), Uniform(0.5, 1), Discrete([0, 0.5, 2]), Uniform()], 2),
    ],
)
def test_gradient_by_taylor_slope_and_by_exact_differences(probability, laws, own):
    problem = Problem(features=Independent(probability, laws))
    a, b = np.array([0.8, -0.5, 0.3, -0.9]), 0.07
    value, _, gradient = row_over_states(problem, a, b, own)
    rng = np.random.default_rng(2)
    for _ in range(5):
        d = rng.normal(size=5)
        steps = np.array([1e-3, 1e-4])
        rest = [row_over_states(problem, a + t * d[:4], b + t * d[4], own)[0] - value - t * gradient @ d for t in steps]
        slope = np.log(abs(rest[0] / rest[1])) / np.log(10)
        assert slope == pytest.approx(2.0, abs=0.02)  # measured: within 2e-3
    h = 2.0**-18
    for j in range(5):
        forth, back = ((np.append(a, b) + s * h * np.eye(5)[j]) for s in (1, -1))
        change = exact_row(problem, forth[:4], forth[4], own) - exact_row(problem, back[:4], back[4], own)
        exact = float(change / (Fraction(forth[j]) - Fraction(back[j])))
        # Measured: 1.2e-11, the third derivative times h²/6.
        assert gradient[j] == pytest.approx(exact, abs=5e-11)


@given(rows(families=("independent",)), st.sampled_from([0.5, 2.0, 8.0]))
def test_is_homogeneous_of_degree_two_in_square_and_one_in_cross(case, factor):
    problem, a, b, own = case
    data = layout(problem)
    row = spline_row(data, a, b, own, problem.feature_probability)
    scaled = spline_row(data, factor * a, factor * b, own, problem.feature_probability)
    # powers of two change no rounding, except where a product underflows
    assert scaled.square == pytest.approx(factor**2 * row.square, rel=1e-15, abs=1e-300)
    assert scaled.cross == pytest.approx(factor * row.cross, rel=1e-15, abs=1e-300)


@given(rows(families=("independent",)))
def test_euler_identity_of_the_gradient(case):
    """a·∂H + b ∂H/∂b = 2 square − 2 cross."""
    problem, a, b, own = case
    row = spline_row(layout(problem), a, b, own, problem.feature_probability)
    left = row.gradient @ np.append(a, b)
    assert left == pytest.approx(2 * row.square - 2 * row.cross, abs=1e-15 * scale_of(problem, a, b))  # measured 6e-17


def test_dead_and_linear_rows_are_one_node():
    data = layout(Problem(3, 2, 0.5))
    dead = spline_row(data, np.array([0.5, -1.0, 0.2]), -0.8, 0, np.full(3, 0.5))
    assert (dead.square, dead.cross, dead.error, dead.nodes) == (0, 0, 0, 1)
    assert not dead.gradient.any()
    linear = spline_row(data, np.array([0.5, -1.0, 0.2]), 1.5, 0, np.full(3, 0.5))
    assert linear.nodes == 1


def test_budget():
    problem, a, b, own = two_pairs_and_a_dropped_feature(0.3)
    data, active = layout(problem), problem.feature_probability
    nodes = spline_row(data, a, b, own, active).nodes
    assert spline_row(data, a, b, own, active, budget=nodes) is not None
    assert spline_row(data, a, b, own, active, budget=nodes - 1) is None


def test_no_own_feature():
    problem, a, b, own = two_pairs_and_a_dropped_feature(0.3)
    data, active = layout(problem), problem.feature_probability
    without, with_own = (spline_row(data, a, b, i, active) for i in (-1, own))
    assert without.cross == 0
    assert without.square == with_own.square


@pytest.mark.parametrize("law", LAWS, ids=repr)
@pytest.mark.parametrize("active", [0.3, 1.0])
def test_branches_carry_all_the_probability_and_no_lift(law, active):
    offset, stay, lift = branch_table(layout(Problem(features=Independent(0.1, law, 1))), 0, active)
    assert stay.sum() == pytest.approx(active if law.atoms and active == 1 else (1 if law.atoms else 1 - active))
    assert lift.sum() == pytest.approx(0, abs=1e-15)
    assert lift @ offset == pytest.approx(0 if law.atoms else active)  # ∫ of the density
    assert (np.diff(offset) > 0).all()
