"""The compiled kernels and their NumPy specifications are the same functions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomsup.features import Constant, Independent, Uniform
from geomsup.loss._layout import layout
from geomsup.loss.series import series_row
from geomsup.loss.spline import spline_row
from geomsup.problem import Problem
from tests.strategies import independent, numbers, rows, two_pairs_and_a_dropped_feature

pytest.importorskip("numba")

from geomsup.loss import _compiled_series, _compiled_spline

# Measured over 600 random rows of up to 7 features: 3e-16 of the scale for values, 2.5e-14 for gradients.
AGREEMENT = 1e-13


def compiled_spline(data, a, b, own, active, budget=20_000):
    gradient, work = np.empty(a.size + 1), _compiled_spline.workspace(budget, data.moments.shape[1])
    row = _compiled_spline.spline_row(a, b, own, active, *data.laws, budget, True, gradient, work)
    return row, gradient


def compiled_series(data, a, b, own, terms, with_gradient):
    gradient, work = np.empty(a.size + 1), _compiled_series.workspace(a.size, len(data.group_probability), 64)
    row = _compiled_series.series_row(a, b, own, terms, with_gradient, data.groups, data.laws, gradient, work)
    return row, gradient


def scale_of(data, a, b):
    return (abs(b) + abs(a) @ data.reach + 1) ** 2


def assert_splines_agree(data, a, b, own, active):
    row = spline_row(data, a, b, own, active)
    (square, cross, error, nodes), gradient = compiled_spline(data, a, b, own, active)
    close = AGREEMENT * scale_of(data, a, b)
    assert nodes == row.nodes
    assert abs(square - row.square) <= close
    assert abs(cross - row.cross) <= close
    assert error == pytest.approx(row.error, rel=1e-12)
    assert abs(gradient - row.gradient).max() <= close


def assert_series_agree(data, a, b, own, terms):
    row = series_row(data, a, b, own, terms)
    close = AGREEMENT * scale_of(data, a, b)
    without, _ = compiled_series(data, a, b, own, terms, False)
    for ours, theirs in zip(row[:4], without, strict=True):
        assert abs(ours - theirs) <= close
    (value, _, _, size), gradient = compiled_series(data, a, b, own, terms, True)
    assert abs(value - row.value) <= close
    assert abs(size - row.size) <= close
    assert abs(gradient - row.gradient).max() <= close


@given(rows(max_features=6))
def test_splines_agree(case):
    problem, a, b, own = case
    data = layout(problem)
    for active in data.states[1]:
        assert_splines_agree(data, a, b, own, active)


@given(independent(4), st.lists(numbers(), min_size=4, max_size=4), st.integers(-1, 3))
@settings(max_examples=50)
def test_splines_agree_on_equal_coefficients_and_without_an_own_feature(features, a, own):
    data = layout(Problem(features=features))
    for coefficients in (np.array(a), np.full(4, a[0]), a[0] * np.array([1, -1, 1, 0])):
        assert_splines_agree(data, coefficients, 0.0, own, features.feature_probability)


def test_splines_agree_on_the_budget():
    problem, a, b, own = two_pairs_and_a_dropped_feature(0.3)
    data, active = layout(problem), problem.feature_probability
    nodes = spline_row(data, a, b, own, active).nodes
    assert compiled_spline(data, a, b, own, active, budget=nodes)[0][3] == nodes
    assert compiled_spline(data, a, b, own, active, budget=nodes - 1)[0][3] == -1


def test_splines_agree_on_many_features_of_decreasing_size():
    rng = np.random.default_rng(4)
    problem = Problem(features=Independent(np.linspace(0, 1, 16), [Uniform(), Constant()] * 8))
    a = rng.normal(size=16) * 10.0 ** -np.arange(16)
    assert_splines_agree(layout(problem), a, -0.1, 3, problem.feature_probability)


@given(rows(max_features=7), st.sampled_from([1, 7, 64, 200]))
def test_series_agree(case, terms):
    problem, a, b, own = case
    assert_series_agree(layout(problem), a, b, own, terms)


def test_series_agree_when_long():
    for p in (0.05, 0.3, 1.0):
        problem, a, b, own = two_pairs_and_a_dropped_feature(p)
        assert_series_agree(layout(problem), a, b, own, 20_000)
