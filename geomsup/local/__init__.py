"""What a loss looks like around an arrangement: which directions curve, which are flat, and which forces balance.

====================================  ==============================================================
:mod:`~geomsup.local.structure`       `local_structure`: at a point of a loss, or of an energy
:mod:`~geomsup.local.result`          `LocalStructure`: spectrum, kind, learning coefficient
:mod:`~geomsup.local.stress`          `Stress`: how features push each other
====================================  ==============================================================
"""

from geomsup.local.result import LocalStructure
from geomsup.local.stress import Stress
from geomsup.local.structure import local_structure

__all__ = ["LocalStructure", "Stress", "local_structure"]
