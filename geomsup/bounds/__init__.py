"""Lower bounds: numbers that no arrangement can beat, each with a certificate that is checked without a solver.

==========================================  ========================================================================
:mod:`~geomsup.bounds.certificate`          claims with proofs, as plain files
:mod:`~geomsup.bounds.verify`               checking them in exact arithmetic; no solver is imported
:mod:`~geomsup.bounds.result`               `Bound` and `Bracket`
:mod:`~geomsup.bounds.closed_forms`         the linear model, degree 2, dropped features, the price of orthogonality
:mod:`~geomsup.bounds.lp`                   the two-point linear program of Delsarte and Yudin, for any potential
:mod:`~geomsup.bounds.coherence`            how close to each other n lines must come
:mod:`~geomsup.bounds.three_point`          the three-point semidefinite program, for energies and the capacity
:mod:`~geomsup.bounds.sharp`                the same where a code attains it, exactly
:mod:`~geomsup.bounds.three_point_limit`    what three points cannot prove
:mod:`~geomsup.bounds.capacity`             how many features m dimensions are worth
:mod:`~geomsup.bounds.uniform`              all arrangements with one common norm and bias
:mod:`~geomsup.bounds.marked`               all arrangements, with one active feature
:mod:`~geomsup.bounds.layers`               features that are not alike, or many: from bounds for a few that are
:mod:`~geomsup.bounds.minimum`              the least loss with one active feature itself: regular polygons
:mod:`~geomsup.bounds.branch_and_bound`     the exact loss of problems with two or three features, over all arrangements
:mod:`~geomsup.bounds.door`                 `bound` and `bracket`
==========================================  ========================================================================
"""

from geomsup.bounds.branch_and_bound import global_bound
from geomsup.bounds.capacity import arrangement_certificate, capacity, capacity_bound
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.closed_forms import dropped_feature_floor, linear_bound, price_of_orthogonality, welch_bound
from geomsup.bounds.coherence import coherence_bound
from geomsup.bounds.door import bound, bracket
from geomsup.bounds.layers import layered_bound
from geomsup.bounds.lp import polynomial_values
from geomsup.bounds.marked import one_active_bound, sparse_loss_bound
from geomsup.bounds.minimum import one_active_bracket, polygon_minimum
from geomsup.bounds.result import Bound, Bracket
from geomsup.bounds.sharp import sharp_capacity
from geomsup.bounds.three_point import three_point_capacity, three_point_energy
from geomsup.bounds.three_point_limit import three_point_limit
from geomsup.bounds.uniform import uniform_class_bound, uniform_loss
from geomsup.bounds.verify import Evidence, Verification, verify

__all__ = [
    "Bound",
    "Bracket",
    "Certificate",
    "Evidence",
    "Verification",
    "arrangement_certificate",
    "bound",
    "bracket",
    "capacity",
    "capacity_bound",
    "coherence_bound",
    "dropped_feature_floor",
    "global_bound",
    "layered_bound",
    "linear_bound",
    "one_active_bound",
    "one_active_bracket",
    "polygon_minimum",
    "polynomial_values",
    "price_of_orthogonality",
    "sharp_capacity",
    "sparse_loss_bound",
    "three_point_capacity",
    "three_point_energy",
    "three_point_limit",
    "uniform_class_bound",
    "uniform_loss",
    "verify",
    "welch_bound",
]
