"""``geomsup claims``: what is claimed, how it is known, and the measurement again."""

from __future__ import annotations

import contextlib
import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geomsup.cli._terminal import check_target, plain_errors

if TYPE_CHECKING:
    from geomsup.claims import Check, Claim

_PATH = click.Path(path_type=Path)
WIDTH = 100
Step = Callable[[str, int], None]
"""Called with what comes next and how many cases are done."""


@click.command()
@click.argument("name", required=False)
@click.option("--run", is_flag=True, help="Measure all claims again, except for slow cases.")
@click.option("--slow", is_flag=True, help="Measure slow cases too: some minutes for all claims.")
@click.option("--page", type=_PATH, help="Measure everything, and write the page of the documentation to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def claims(*, name: str | None, run: bool, slow: bool, page: Path | None, as_json: bool) -> None:
    """List the claims, theorems and conjectures, with status and evidence; or show NAME and measure it again.

    Exit code 1 says that something measured is not as claimed.
    """
    checks: list[Check] = []
    with plain_errors(lambda: f"{len(checks)} claims were measured, and nothing was written"):
        from geomsup import __version__
        from geomsup import claims as room
        from geomsup._files import replacing

        if name is not None and (run or page is not None):
            raise ValueError("NAME is one claim, --run and --page are for all: leave one out")
        measured = name is not None or run or page is not None
        if slow and not measured:
            raise ValueError("--slow says what is measured, and nothing is: pass NAME or --run")
        check_target("--page", page)
        chosen = list(room.registry().values()) if name is None else [room.claim(name)]
        if measured:
            measure(chosen, slow or page is not None, checks)
        if page is not None:
            with replacing(page) as stream:
                stream.write(room.page(checks).encode())
        if as_json:
            described = [one.to_dict() for one in chosen]
            for one, check in zip(described, checks, strict=False):
                one["check"] = check.to_dict()
            click.echo(json.dumps({"geomsup": __version__, "claims": described}))
        else:
            click.echo(
                "\n".join(listed(chosen, checks) if name is None else [*shown(chosen[0]), "", *table(checks[0])])
            )
        if page is not None:
            click.echo(f"written: {page}", err=as_json)
    if not all(checks):
        raise click.exceptions.Exit(1)


def measure(chosen: Sequence[Claim], slow: bool, checks: list[Check]) -> None:
    """Check claim after claim, with progress on standard error; `checks` grows as they are done."""
    before = 0
    with following(sum(slow or not case.slow for one in chosen for case in one.cases)) as step:
        for claim in chosen:

            def inside(label: str, done: int, total: int, claim: Claim = claim, before: int = before) -> None:
                step(claim.name, before + done)

            checks.append(claim.check(slow=slow, callback=inside))
            before += len(checks[-1].outcomes)


@contextlib.contextmanager
def following(total: int) -> Iterator[Step]:
    """A bar with an estimate on a terminal, a line per claim elsewhere."""
    if not sys.stderr.isatty():
        last = ""

        def line(name: str, done: int) -> None:
            nonlocal last
            if name != last:
                click.echo(f"{name} ({done} of {total} cases done) ...", err=True)
            last = name

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda name, done: bar.update(task, description=name, completed=done)


def listed(chosen: Sequence[Claim], checks: Sequence[Check]) -> list[str]:
    """All claims, by topic: name, status, statement, evidence, and what was measured if anything was."""
    lines: list[str] = []
    topic = ""
    found = {check.claim.name: check for check in checks}
    for claim in chosen:
        if claim.topic != topic:
            topic = claim.topic
            lines += [topic.upper(), ""]
        lines += [f"{claim.name}   {claim.status}", *block(claim.statement), *block(f"Evidence: {claim.evidence}")]
        if claim.name in found:
            lines += block(f"Measured: {result(found[claim.name])}")
        lines.append("")
    good = sum(map(bool, checks))
    counts = f"{len(chosen)} claims" + (f", {good} of {len(checks)} as claimed" if checks else "")
    return [*lines, f"{counts}; geomsup claims NAME shows one with its proof and measures it again"]


def shown(claim: Claim) -> list[str]:
    """One claim with everything that is said about it."""
    lines = [f"{claim.name}   {claim.status}", *block(claim.statement)]
    for label in ("conditions", "source", "evidence", "proof"):
        if text := getattr(claim, label):
            lines += ["", f"{label}", *block(text)]
    return lines


def table(check: Check) -> list[str]:
    """What was measured, and what the certificates say."""
    from geomsup.cli._report import table as columns_of

    outcomes = check.outcomes
    columns = {
        "measured": [f"{one.measured:.12g}" for one in outcomes],
        " ": [one.case.relation for one in outcomes],
        "predicted": [f"{one.predicted:.12g}" for one in outcomes],
        "difference": [f"{one.difference:+.1e}" if one.difference else "0" for one in outcomes],
        "status": [one.status for one in outcomes],
        "holds": ["yes" if one.holds else "NO" for one in outcomes],
    }
    lines = [f"{line}  {label}" for line, label in zip(columns_of(columns), ["case", *_labels(check)], strict=True)]
    certificates = [f"certificate {one.status}: {one.statement or one.reason}" for one in check.verifications]
    return [*lines, *certificates, f"{result(check)}"]


def result(check: Check) -> str:
    """In one line."""
    good = sum(one.holds for one in check.outcomes)
    left = f"; {check.skipped} slow ones left out (--slow)" if check.skipped else ""
    return f"{'as claimed' if check else 'NOT AS CLAIMED'}, {good} of {len(check.outcomes)} cases hold{left}"


def _labels(check: Check) -> list[str]:
    return [one.case.label for one in check.outcomes]


def block(text: str) -> list[str]:
    """Wrapped and indented."""
    return textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    ")
