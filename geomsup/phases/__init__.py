"""Phases: where one geometry gives way to another.

=================================  ============================================================
:mod:`~geomsup.phases.mapping`     phase diagrams: the global minimum of every cell
:mod:`~geomsup.phases.diagram`     PhaseDiagram
:mod:`~geomsup.phases.candidates`  the arrangements of the theory
:mod:`~geomsup.phases.families`    problems that depend on a point of a grid
:mod:`~geomsup.phases.sweeping`    any function over a grid: parallel, resumable, warm-started
:mod:`~geomsup.phases.labelled`    Sweep: arrays with named axes
:mod:`~geomsup.phases.grid`        the grid itself: axes, points, neighbours
=================================  ============================================================
"""

from geomsup.phases._finish import ROLES, role
from geomsup.phases.candidates import Candidate, candidates
from geomsup.phases.diagram import PhaseDiagram
from geomsup.phases.labelled import Sweep
from geomsup.phases.mapping import phase_diagram
from geomsup.phases.sweeping import sweep

__all__ = ["ROLES", "Candidate", "PhaseDiagram", "Sweep", "candidates", "phase_diagram", "role", "sweep"]
