"""Pictures of arrangements: functions that draw on given axes and return them.

Each takes ``ax=`` (a new figure is made without it) and leaves titles, labels of panels and saving to the caller.
matplotlib is imported when a picture is drawn, not before. The colours can be told apart without full colour vision.

===================  ====================================================================
`arrangement`        directions as spokes, in one, two or three dimensions
`oriented`           a rotation that makes pictures of one arrangement look alike
`gram`               WᵀW and b as a heat map
`norms`              ‖W_i‖ as bars, coloured by interference
`interference`       Σ_{j≠i} (Ŵ_i·W_j)² as bars
`dimensionality`     D_i as dots, with lines at the values known by name
`feature_graph`      features joined where they are not orthogonal, factor by factor
`phase_diagram`      which arrangement is best over a grid, one colour per name
`outline`            the boundaries of such a map, as located by following branches
`branch`             loss or D_i along a branch of minima
===================  ====================================================================

Examples
--------
>>> import matplotlib
>>> matplotlib.use("Agg")
>>> import geomsup as gs
>>> ax = gs.plot.arrangement([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]])
>>> ax.figure.savefig("pairs.png")  # doctest: +SKIP
"""

from geomsup.plot.bars import dimensionality, interference, norms
from geomsup.plot.branches import branch
from geomsup.plot.directions import arrangement, oriented
from geomsup.plot.graph import feature_graph
from geomsup.plot.matrix import gram
from geomsup.plot.phases import outline, phase_diagram

__all__ = [
    "arrangement",
    "branch",
    "dimensionality",
    "feature_graph",
    "gram",
    "interference",
    "norms",
    "oriented",
    "outline",
    "phase_diagram",
]
