"""Phases: where one geometry gives way to another.

====================================  ========================================================================
:mod:`~geomsup.phases.mapping`        `phase_diagram`: the global minimum of every cell of a grid of problems
:mod:`~geomsup.phases.diagram`        `PhaseDiagram`
:mod:`~geomsup.phases.candidates`     the arrangements of the theory
:mod:`~geomsup.phases.families`       problems that depend on a point of a grid
:mod:`~geomsup.phases.sweeping`       `sweep`: any function over a grid, parallel, resumable, warm-started
:mod:`~geomsup.phases.labelled`       `Sweep`: arrays with named axes
:mod:`~geomsup.phases.grid`           the grid itself: axes, points, neighbours
:mod:`~geomsup.phases.path`           `Path`, `along`: problems along a parameter
:mod:`~geomsup.phases.branch`         `Branch`, `Event`: what following a branch returns
:mod:`~geomsup.phases.following`      `continuation`: follow a stationary point along a path
:mod:`~geomsup.phases.boundary`       `phase_boundary`: where one branch takes over from another
:mod:`~geomsup.phases.transition`     `Boundary`: what that returns
:mod:`~geomsup.phases.outlining`      `outline`: the boundaries of a map, located
:mod:`~geomsup.phases.triple`         `triple_point`: where three branches meet, in two parameters
====================================  ========================================================================
"""

from geomsup.phases._finish import ROLES, role
from geomsup.phases.boundary import phase_boundary
from geomsup.phases.branch import Branch, Event
from geomsup.phases.candidates import Candidate, candidates
from geomsup.phases.diagram import PhaseDiagram
from geomsup.phases.following import continuation
from geomsup.phases.labelled import Sweep
from geomsup.phases.mapping import phase_diagram
from geomsup.phases.outlining import Outline, outline
from geomsup.phases.path import Path, along
from geomsup.phases.sweeping import sweep
from geomsup.phases.transition import Boundary
from geomsup.phases.triple import TriplePoint, triple_point

__all__ = [
    "ROLES",
    "Boundary",
    "Branch",
    "Candidate",
    "Event",
    "Outline",
    "Path",
    "PhaseDiagram",
    "Sweep",
    "TriplePoint",
    "along",
    "candidates",
    "continuation",
    "outline",
    "phase_boundary",
    "phase_diagram",
    "role",
    "sweep",
    "triple_point",
]
