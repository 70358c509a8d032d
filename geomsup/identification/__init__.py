"""Which arrangement is it: feature graph, tegum factors, names, symmetry, and the distance between two arrangements.

=============================================  ============================================================
:mod:`~geomsup.identification.alignment`       the distance up to rotation and exchange of like features
:mod:`~geomsup.identification.symmetry`        the symmetry group of an arrangement
=============================================  ============================================================
"""

from geomsup.identification.alignment import Alignment, alignment
from geomsup.identification.symmetry import Symmetry, symmetry

__all__ = ["Alignment", "Symmetry", "alignment", "symmetry"]
