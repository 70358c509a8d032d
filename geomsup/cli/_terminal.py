"""What every command shares: errors in one line, files written whole, progress on standard error."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = (".png", ".pdf", ".svg")
STYLE: Any = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 3.5,
    "savefig.dpi": 200,
    "savefig.facecolor": "white",
    "pdf.fonttype": 42,
}
"""Printed size: text of 7 and 8 points on at most 7 inches."""


class Refused(click.ClickException):
    """An error that is the caller's to mend: one line, exit code 2."""

    exit_code = 2

    def format_message(self) -> str:
        """The message in one line."""
        return " ".join(self.message.split())


@contextlib.contextmanager
def plain_errors(kept: Callable[[], str]) -> Iterator[None]:
    """Turn what can go wrong into one line and an exit code; `kept` says what an interruption leaves."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise Refused(str(error)) from None
    except KeyboardInterrupt:
        click.echo(f"interrupted; {kept()}", err=True)
        raise click.exceptions.Exit(130) from None


def check_target(option: str, path: Path | None, suffixes: tuple[str, ...] = ()) -> None:
    """Refuse before the search what could not be written after it."""
    if path is None:
        return
    if suffixes and path.suffix.lower() not in suffixes:
        raise ValueError(f"{option} {path}: a picture ends in {', '.join(suffixes)}; name the file so")
    if not path.parent.is_dir():
        raise ValueError(f"{option} {path}: there is no directory {path.parent}; make it first")
    if path.is_dir():
        raise ValueError(f"{option} {path} is a directory: pass the name of a file")
    if suffixes and not can_draw():
        raise ValueError(f'{option} {path}: drawing needs matplotlib; install it with pip install "geomsup[plot]"')


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


@contextlib.contextmanager
def drawing() -> Iterator[None]:
    """The style of all pictures, without a window."""
    import matplotlib
    import matplotlib.pyplot as plt

    before = matplotlib.get_backend()
    plt.switch_backend("Agg")
    try:
        with matplotlib.rc_context(STYLE):
            yield
    finally:
        plt.switch_backend(before)


def write_picture(figure: Figure, path: Path) -> None:
    """Write the figure whole or not at all, and (except for .svg) in the same bytes every time."""
    import matplotlib.pyplot as plt

    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    dateless: dict[str, dict[str, Any]] = {
        ".png": {"Software": None},
        ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
        ".svg": {"Date": None, "Creator": None},
    }
    try:
        figure.savefig(temporary, metadata=dateless[path.suffix.lower()])
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
        plt.close(figure)


@contextlib.contextmanager
def following(quiet: bool) -> Iterator[Callable[[Any], None] | None]:
    """A callback for `minimize`: a bar with an estimate on a terminal, a line per phase elsewhere."""
    if quiet:
        yield None
        return
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[best]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None, best="")
        phase = ""

        def show(progress: Any) -> None:
            nonlocal phase
            if progress.phase != phase:
                phase = progress.phase
                bar.reset(task, total=progress.total, description=phase)
            bar.update(task, completed=progress.done, total=progress.total, best=f"best {progress.best:.6g}")

        yield show


class _Lines:
    """One short line when a phase begins."""

    def __init__(self) -> None:
        self.phase = ""

    def __call__(self, progress: Any) -> None:
        if progress.phase != self.phase:
            self.phase = progress.phase
            click.echo(f"{self.phase} ...", err=True)
