"""What ``geomsup bound`` prints of a bound or a bracket, as lines and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geomsup._typing import JSON
    from geomsup.bounds import Bound, Bracket, Certificate

SHORT = 24
"""Characters of an exact value that is printed; longer ones are rounded floats written as fractions."""


def describe_bound(result: Bound | Bracket) -> list[str]:
    from geomsup.bounds import Bound

    if isinstance(result, Bound):
        if not result.known:
            return ["no bound known", f"statement  {result.statement}"]
        lines = [f"bound      {result.value!r}"]
        if result.exact is not None and len(result.exact) <= SHORT:
            lines.append(f"exactly    {result.exact}")
        return [*lines, f"status     {result.status}", f"method     {result.method}", f"statement  {result.statement}"]
    sides = {_side(one): _exact(one) for one in (result.certificate, result.witness) if one is not None}
    if result.certificate is not None and result.witness == result.certificate:  # of the optimum itself
        sides = dict.fromkeys(("lower", "upper"), _exact(result.certificate))
    lower = f"{result.lower!r}   {sides['lower']}" if "lower" in sides else "no bound known"
    upper = f"{result.upper!r}   {sides.get('upper', 'attained, searched')}"
    lines = [f"subject       {result.subject}", f"lower         {lower}", f"upper         {upper}"]
    return [*lines, f"relative gap  {result.relative_gap:.3g}"] if result.known else lines


def _side(certificate: Certificate) -> str:
    return "upper" if certificate.claim.get("quantity") == "capacity" else "lower"


def _exact(certificate: Certificate) -> str:
    value = str(certificate.claim["value"])
    return f"= {value}, proved" if len(value) <= SHORT else "proved"


def bound_to_json(result: Bound | Bracket) -> JSON:
    from geomsup import __version__
    from geomsup.bounds import Bound

    certificate = None if result.certificate is None else json.loads(result.certificate.to_json())
    if isinstance(result, Bound):
        return {
            "geomsup": __version__,
            "known": result.known,
            "value": result.value,
            "exact": result.exact,
            "status": str(result.status),
            "method": result.method,
            "statement": result.statement,
            "certificate": certificate,
        }
    return {
        "geomsup": __version__,
        "subject": result.subject,
        "known": result.known,
        "lower": result.lower,
        "upper": result.upper,
        "relative_gap": result.relative_gap,
        "W": None if result.arrangement is None else result.arrangement.tolist(),
        "certificate": certificate,
        "witness": None if result.witness is None else json.loads(result.witness.to_json()),
    }
