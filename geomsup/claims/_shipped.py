"""Certificates of claims that are slow to find, in ``data/``. Like any other they count only after a check."""

from importlib.resources import files

from geomsup.bounds import Bound, Certificate
from geomsup.bounds.result import bound_from

__all__ = ["shipped_bound"]


def shipped_bound(name: str) -> Bound:
    """The bound that a certificate proves; checked here.

    All are of :func:`geomsup.bounds.three_point_energy`: ``energy-10-4`` at degree 5, ``energy-7-3`` at degree 5 and
    ``energy-9-4`` and ``energy-12-5`` at degree 4, these three with wide kernels and multipliers. They took 14 to 59 s
    to find.
    """
    path = files("geomsup.claims") / "data" / f"{name}.json"
    certificate = Certificate.from_json(path.read_text(encoding="utf-8"))
    return bound_from(certificate, f"{certificate.kind} certificate")
