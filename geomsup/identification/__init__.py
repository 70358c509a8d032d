"""Which arrangement is it: feature graph, tegum factors, names, symmetry, and the distance between two arrangements.

=============================================  ============================================================
:mod:`~geomsup.identification.symmetry`        the symmetry group of an arrangement
=============================================  ============================================================
"""

from geomsup.identification.symmetry import Symmetry, symmetry

__all__ = ["Symmetry", "symmetry"]
