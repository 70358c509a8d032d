"""Phases: where one geometry gives way to another.

=================================  ============================================================
:mod:`~geomsup.phases.sweeping`    any function over a grid: parallel, resumable, warm-started
:mod:`~geomsup.phases.labelled`    Sweep: arrays with named axes
:mod:`~geomsup.phases.grid`        the grid itself: axes, points, neighbours
=================================  ============================================================
"""

from geomsup.phases.labelled import Sweep
from geomsup.phases.sweeping import sweep

__all__ = ["Sweep", "sweep"]
