"""``geomsup phase``: which arrangement is best over a grid of problems."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geomsup.cli._phase_report import describe, describe_outline, draw, to_json
from geomsup.cli._problem import law_options, read_problem, size_options
from geomsup.cli._terminal import PICTURES, check_target, drawing, plain_errors, write_picture

if TYPE_CHECKING:
    from geomsup._typing import FloatArray

_PATH = click.Path(path_type=Path)
_FORM = "first:last:count, or first:last:count:log, or numbers separated by commas"
_AXES = {
    "density": "feature_probability",
    "relative_importance": "relative_importance",
    "importance_axis": "importance_decay",
}


@click.command()
@size_options
@click.option("--density", metavar="AXIS", help=f"Feature probability (1 - sparsity): {_FORM}.")
@click.option("--relative-importance", metavar="AXIS", help="Importance of the last feature, relative to the others.")
@click.option("--importance-axis", metavar="AXIS", help="Importance decay R: feature i has importance R^i.")
@click.option("-p", "--feature-probability", type=float, default=0.05, show_default=True, help="Without --density.")
@law_options
@click.option(
    "--bias", default="free", show_default=True, type=click.Choice(["free", "zero", "nonpositive"]), help="Output bias."
)
@click.option("--n-starts", type=int, help="Random starts of a cell.  [default: chosen from the size]")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the starting points.")
@click.option("--train", type=int, metavar="K", help="Train K models per cell as well, for comparison.")
@click.option("--n-steps", type=int, default=10_000, show_default=True, help="Updates of each trained model.")
@click.option("--outline", is_flag=True, help="Locate the boundaries of the map exactly; for two axes.")
@click.option("--workers", type=int, default=1, show_default=True, help="Processes; no result depends on it.")
@click.option("--cluster", metavar="ADDRESS", help="Dask scheduler that computes instead, such as tcp://host:8786.")
@click.option("--cache", type=_PATH, help="Keep cells in this directory, and go on from what is there.")
@click.option("--save", type=_PATH, help="Write the diagram to this .npz file.")
@click.option("--plot", type=_PATH, help="Draw it into this .png, .pdf or .svg file.")
@click.option("--json", "as_json", is_flag=True, help="Print labels, losses and gaps as JSON instead of a summary.")
@click.option("--quiet", is_flag=True, help="No progress.")
def phase(
    *,
    density: str | None,
    relative_importance: str | None,
    importance_axis: str | None,
    n_starts: int | None,
    bias: str,
    seed: int,
    train: int | None,
    n_steps: int,
    outline: bool,
    workers: int,
    cluster: str | None,
    cache: Path | None,
    save: Path | None,
    plot: Path | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Map the best arrangement over a grid of densities and importances."""
    kept = (
        "nothing was kept: pass --cache"
        if cache is None
        else f"what was computed is in {cache}; the same command goes on"
    )
    with plain_errors(lambda: kept):
        from geomsup._steps import Report
        from geomsup.phases import outline as locate
        from geomsup.phases import phase_diagram

        given = {"density": density, "relative_importance": relative_importance, "importance_axis": importance_axis}
        axes = {
            _AXES[name]: read_axis(f"--{name.replace('_', '-')}", text)
            for name, text in given.items()
            if text is not None
        }
        if not axes:
            raise ValueError(f"there is no axis: pass --density or --relative-importance as {_FORM}")
        problem = read_problem(**options)
        check_target("--save", save)
        check_target("--plot", plot, PICTURES)
        for option, asked in (("--plot draws", plot is not None), ("--outline locates the boundaries of", outline)):
            if asked and len(axes) != 2:
                there = "is one" if len(axes) == 1 else "are three"
                raise ValueError(f"{option} a map over two axes, and there {there}")
        training = False if train is None else {"n_instances": train, "n_steps": n_steps}
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", UserWarning)
            diagram = phase_diagram(
                problem, axes, n_starts=n_starts, bias=bias, seed=seed, train=training, workers=workers,
                cluster=cluster, cache=cache, callback=None if quiet else Report(what="cells"),
            )  # fmt: skip
            found = None
            if outline:
                progress = None if quiet else Report(what="sides")
                found = locate(diagram, problem, bias=bias, workers=workers, cache=cache, callback=progress)
        for warning in said:
            click.echo(f"note: {warning.message}", err=True)
        written: list[Path] = []
        if save is not None:
            written.append(diagram.save(save))
        if plot is not None:
            with drawing():
                write_picture(draw(diagram, found), plot)
            written.append(plot)
        if as_json:
            click.echo(json.dumps(to_json(diagram, found), allow_nan=False))
        else:
            lines = [f"{problem!r}", "", describe(diagram)]
            lines += [] if found is None else ["", describe_outline(found)]
            click.echo("\n".join([*lines, *(f"written: {path}" for path in written)]))


def read_axis(option: str, text: str) -> FloatArray:
    """The values written as ``first:last:count``, ``first:last:count:log``, or ``number,number,...``.

    Raises
    ------
    ValueError
        It is written otherwise, or a logarithmic axis does not stay positive.
    """
    import numpy as np

    parts = text.split(":")
    try:
        if len(parts) == 1:
            return np.array([float(part) for part in text.split(",")])
        if len(parts) in (3, 4) and (len(parts) == 3 or parts[3] in ("log", "linear")):
            first, last, count = float(parts[0]), float(parts[1]), int(parts[2])
            if count < 1:
                raise ValueError
            if parts[3:] == ["log"]:
                if min(first, last) <= 0:
                    raise ArithmeticError
                return np.geomspace(first, last, count)
            return np.linspace(first, last, count)
    except ArithmeticError:
        raise ValueError(f"{option} {text}: a logarithmic axis needs positive ends; leave :log out") from None
    except ValueError:
        pass
    raise ValueError(f"{option} {text} is not an axis: pass {_FORM}, for example 0.01:1:40:log")
