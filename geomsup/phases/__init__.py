"""Where one geometry gives way to another: branches of minima, and the boundaries between them.

====================================  ========================================================================
:mod:`~geomsup.phases.path`           `Path`, `along`: problems along a parameter
:mod:`~geomsup.phases.branch`         `Branch`, `Event`: what following a branch returns
:mod:`~geomsup.phases.continuation`   `continuation`: follow a stationary point along a path
:mod:`~geomsup.phases.boundary`       `phase_boundary`: where one branch takes over from another
:mod:`~geomsup.phases.triple`         `triple_point`: where three branches meet, in two parameters
====================================  ========================================================================
"""

from geomsup.phases.boundary import Boundary, phase_boundary
from geomsup.phases.branch import Branch, Event
from geomsup.phases.continuation import continuation
from geomsup.phases.path import Path, along
from geomsup.phases.triple import TriplePoint, triple_point

__all__ = [
    "Boundary",
    "Branch",
    "Event",
    "Path",
    "TriplePoint",
    "along",
    "continuation",
    "phase_boundary",
    "triple_point",
]
