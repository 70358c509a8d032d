"""The registry as a page in Markdown, statements with the numbers measured."""

from __future__ import annotations

import re
from collections.abc import Iterable

from geomsup.claims._claim import TOPICS, Check, Outcome, Status
from geomsup.claims._registry import registry

__all__ = ["page", "row"]

ROUNDING = 1e-12
"""Below it a number or a difference is shown as 0. The numbers are of order 1e-3 to 100."""
INTRODUCTION = """# Claims

Theorems and conjectures about superposition, each with what is known of it and a measurement that can be repeated. This
page is written by the package (`make claims`), and the tests compare it with the registry.

| status | meaning |
|---|---|
| **proved** | a mathematical argument is given or named; or a certificate was checked in exact or ball arithmetic |
| **verified** | a computation in floating point establishes it for the cases listed |
| **searched** | a conjecture: searches found no exception, and nothing excludes one |
| **refuted** | false: the cases listed are exceptions |

The status of a claim is that of its statement as a whole; a row of its table can be known better. A row says: what the
package measured stands in this relation to what the claim predicts. *Difference* is the measured number less the
predicted one; what is below 1e-12 is shown as 0.

```python
>>> import geomsup as gs
>>> gs.claims.claim("welch").check()
Check(welch: 10 of 10 cases hold, 2 certificates proved)
```

From the shell: `geomsup claims` lists them, `geomsup claims welch` shows one and measures it again, `geomsup claims
--run` measures all that take seconds, `--slow` the others too.
"""


def page(checks: Iterable[Check] | None = None) -> str:
    """The page ``docs/claims.md``.

    Parameters
    ----------
    checks : iterable of Check, optional
        Of all claims, slow cases included; by default they are made, which takes minutes.

    Returns
    -------
    str
        Markdown, the same for the same numbers.

    Examples
    --------
    >>> import geomsup as gs
    >>> text = gs.claims.page([gs.claims.claim("antipodal-pair").check()])
    >>> "### antipodal-pair" in text
    True
    """
    found = [one.check(slow=True) for one in registry().values()] if checks is None else list(checks)
    lines = [INTRODUCTION]
    lines.append(_counts(found))
    for topic in TOPICS:
        chosen = [check for check in found if check.claim.topic == topic]
        if chosen:
            lines.append(f"## {topic.capitalize()}\n")
            lines.extend(_section(check) for check in chosen)
    return _linked("\n".join(lines).rstrip()) + "\n"


def row(outcome: Outcome) -> str:
    """One row of a table."""
    numbers = f"{_nine(outcome.measured)} | {outcome.case.relation} | {_nine(outcome.predicted)}"
    apart = "0" if abs(outcome.difference) < ROUNDING else f"{outcome.difference:+.1e}"
    return f"| {outcome.case.label} | {numbers} | {apart} | {outcome.status} |"


def _nine(number: float) -> str:
    return "0" if abs(number) < ROUNDING else f"{number:.9g}"


def _linked(text: str) -> str:
    """Names of pages made into links."""
    return re.sub(r"docs/(\w+)\.md(?!`)", r"[docs/\1.md](\1.md)", text)


def _counts(checks: list[Check]) -> str:
    counts = [sum(check.claim.status is status for check in checks) for status in Status]
    text = ", ".join(f"{count} {status}" for count, status in zip(counts, Status, strict=True) if count)
    return f"There are {len(checks)} claims: {text}.\n"


def _section(check: Check) -> str:
    claim = check.claim
    parts = [
        f"### {claim.name}",
        f"**{claim.status}.** {claim.statement}",
        f"*Conditions.* {claim.conditions}",
        f"*Source.* {claim.source}",
        f"*Evidence.* {claim.evidence}",
    ]
    if claim.proof:
        parts.append(f"*Proof.* {claim.proof}")
    head = "| case | measured | | predicted | difference | status |\n|---|---|---|---|---|---|"
    parts.append("\n".join([head, *map(row, check.outcomes)]))
    return "\n\n".join(parts) + "\n"
