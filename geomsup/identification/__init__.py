"""Which arrangement is it: feature graph, tegum factors, names, symmetry, and the distance between two arrangements.

=============================================  ============================================================
:mod:`~geomsup.identification.alignment`       the distance up to rotation and exchange of like features
:mod:`~geomsup.identification.catalogue`       the arrangements that have a name
:mod:`~geomsup.identification.identify`        from a matrix to a name
:mod:`~geomsup.identification.naming`          a group of features against the catalogue
:mod:`~geomsup.identification.result`          what an identification says
:mod:`~geomsup.identification.factor`          what it says of one factor
:mod:`~geomsup.identification.symmetry`        the symmetry group of an arrangement
=============================================  ============================================================

How what is represented splits is found in :mod:`geomsup.splitting`.
"""

from geomsup.identification.alignment import Alignment, alignment
from geomsup.identification.factor import Factor
from geomsup.identification.identify import identify
from geomsup.identification.result import Geometry
from geomsup.identification.symmetry import Symmetry, symmetry

__all__ = ["Alignment", "Factor", "Geometry", "Symmetry", "alignment", "identify", "symmetry"]
