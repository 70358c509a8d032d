"""Potentials: values at points one can check by hand, derivatives by Taylor slope, and plain refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from tests.sparse.taylor import slope

POTENTIALS = [
    gs.ReluSquared(),
    gs.BiasedRelu(1.17, -0.28),
    gs.BiasedRelu(0.9, 0.0),
    gs.Riesz(),
    gs.Riesz(3.5),
    gs.FramePotential(),
    gs.CustomPotential(np.exp, np.exp),
    gs.CustomPotential(np.exp, np.exp, np.exp),
]


@pytest.mark.parametrize("potential", POTENTIALS, ids=repr)
@pytest.mark.parametrize("t", [-0.7, 0.45, 0.8])
def test_derivatives(potential, t):
    """Away from kinks, f less its tangent falls with the square of the step, and so does f'."""
    for f, df in ((potential.value, potential.slope), (potential.slope, potential.curvature)):
        # the quotients of a quadratic or a constant have no second order: their remainder is rounding
        order = slope(lambda x, f=f: float(f(np.array(x))), t, float(df(np.array(t))))
        assert order is None or abs(order - 2) <= 0.02


def test_biased_relu_is_what_one_feature_costs_another():
    r, b, t = 1.3, -0.4, 0.6
    W = r * np.array([[1.0, t], [0.0, np.sqrt(1 - t * t)]])
    alone = 2 * gs.one_active_loss(gs.Problem(1, 1), [[r]], [b])
    both = gs.one_active_loss(gs.Problem(2, 2), W, [b, b])
    # rounding of three losses of order 0.3: measured at most 8e-16 over all angles
    assert both - alone == pytest.approx(2 * float(gs.BiasedRelu(r, b).value(np.array(t))), abs=2e-15)


@given(st.floats(0.1, 3), st.floats(-1, 1))
def test_biased_relu_without_bias(r, t):
    biased, plain, t = gs.BiasedRelu(r, 0.0), gs.ReluSquared(), np.array(t)
    for name in ("value", "slope", "curvature"):
        # relative rounding of a few operations; t that underflow when squared may lose all digits
        assert getattr(biased, name)(t) == pytest.approx(r**4 / 3 * getattr(plain, name)(t), rel=1e-14, abs=1e-300)


def test_a_right_angle_has_the_mean_curvature():
    assert gs.ReluSquared().curvature(np.array([-1e-16, 0.0, 1e-16, 1e-3, -1e-3])).tolist() == [1, 1, 1, 2, 0]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gs.BiasedRelu(0.0, -0.1), "norm=0.0 is not positive"),
        (lambda: gs.BiasedRelu(1.0, 0.1), "bias=0.1 is positive"),
        (lambda: gs.BiasedRelu(np.nan, 0.0), "norm is nan"),
        (lambda: gs.Riesz(0), "s=0 is not positive"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()
