"""The expected loss of a given arrangement: exact, expanded, sampled and rational.

================================  ===================================================================================
:mod:`~geomsup.loss.expected`     value, error bound and gradient, any problem: the one to use
:mod:`~geomsup.loss.spline`       one row by exact integration, feature after feature (the NumPy specification)
:mod:`~geomsup.loss.series`       one row by a Fourier series (the NumPy specification)
:mod:`~geomsup.loss.expansion`    by the number of active features; closed form with one
:mod:`~geomsup.loss.sampled`      Monte Carlo, with its standard error
:mod:`~geomsup.loss.oracle`       exact rational arithmetic, for small problems
:mod:`~geomsup.loss.result`       `ExpectedLoss` and `Expansion`
================================  ===================================================================================
"""

from geomsup.loss.expected import (
    ExpectedLoss,
    effective_loss_and_grad,
    expected_loss,
    expected_loss_and_grad,
    untied_loss_and_grad,
)
from geomsup.loss.oracle import oracle_loss

__all__ = [
    "ExpectedLoss",
    "effective_loss_and_grad",
    "expected_loss",
    "expected_loss_and_grad",
    "oracle_loss",
    "untied_loss_and_grad",
]
