"""Audit trained weights: their exact loss, what a better training could save, and which minimum they are in.

====================================  ============================================================
:mod:`~geomsup.auditing.audit`        the audit, of one instance or several
:mod:`~geomsup.auditing.descent`      steepest descent to the nearest local minimum
:mod:`~geomsup.auditing.result`       what an audit says
:mod:`~geomsup.auditing.weights`      weights from .npz, .npy, .csv and .safetensors files
====================================  ============================================================
"""

from geomsup.auditing.audit import audit, audit_all
from geomsup.auditing.result import Audit
from geomsup.auditing.weights import Weights, read_weights

__all__ = ["Audit", "Weights", "audit", "audit_all", "read_weights"]
