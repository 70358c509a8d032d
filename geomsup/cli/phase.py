"""``geomsup phase``: which arrangement is best over a grid of problems."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geomsup.cli._problem import law_options, read_problem, size_options
from geomsup.cli._terminal import PICTURES, check_target, drawing, plain_errors, write_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from geomsup._typing import FloatArray
    from geomsup.phases import Outline, PhaseDiagram

_PATH = click.Path(path_type=Path)
_AXES = {
    "density": "feature_probability",
    "relative_importance": "relative_importance",
    "importance_axis": "importance_decay",
}
_FORM = "first:last:count, or first:last:count:log, or numbers separated by commas"


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


def describe(diagram: PhaseDiagram) -> str:
    """How many cells have each label, with their hit rates and gaps."""
    import numpy as np

    from geomsup.cli._report import table

    rows: dict[str, list[str]] = {"cells": [], "share": [], "hit rate": [], "least gap in %": []}
    names, size = [], diagram.loss.size
    for label, count in diagram.count().items():
        here = diagram["label"] == label
        gaps = (100 * diagram.gap / np.maximum(diagram.loss, 1e-300))[here]
        gaps = gaps[np.isfinite(gaps)]
        names.append(label)
        rows["cells"].append(str(count))
        rows["share"].append(f"{100 * count / size:.1f}%")
        rows["hit rate"].append(f"{diagram.hit_rate[here].mean():.2f}")
        rows["least gap in %"].append(f"{gaps.min():.2g}" if gaps.size else "-")
    lines = [f"{line}  {name}" for line, name in zip(table(rows), ["arrangement", *names], strict=True)]
    roles = ", ".join(f"{role} in {count}" for role, count in diagram.count("role").items())
    unsettled = int((~diagram["converged"]).sum())
    notes = [
        f"the last feature: {roles} cells",
        f"largest error of a loss {diagram.error.max():.1e}; gap: to the next best local minimum",
        "searched: nothing better was found, and nothing excludes it",
    ]
    notes += [f"{unsettled} cells did not converge to 1e-9: see `converged` in the saved file"] if unsettled else []
    return "\n".join([*lines, "", *notes])


def describe_outline(found: Outline) -> str:
    """Which boundaries there are, with an example of each."""
    kinds: dict[tuple[int, str, str], list[int]] = {}
    for k, (order, names) in enumerate(zip(found.orders.tolist(), found.labels.tolist(), strict=True)):
        kinds.setdefault((order, *sorted(names)), []).append(k)
    lines = ["boundaries, points located on the sides between cells:"]
    for (order, one, other), which in sorted(kinds.items(), key=lambda kind: -len(kind[1])):
        middle = which[len(which) // 2]
        place = ", ".join(f"{x:.10g}" for x in found.points[middle])
        words = "first order" if order == 1 else "second order"
        lines.append(f"{len(which):5d}  {one} | {other}, {words}, such as ({place}) ± {found.errors[middle]:.0e}")
    if found.unresolved:
        lines.append(f"{len(found.unresolved):5d}  sides without one: {found.unresolved[0][1]}")
    return "\n".join(lines)


def to_json(diagram: PhaseDiagram, found: Outline | None = None) -> dict[str, Any]:
    """Axes, labels, losses, gaps and hit rates, and boundaries where they were located."""
    import numpy as np

    from geomsup import __version__

    def plain(array: Any) -> Any:
        if array.dtype.kind != "f":
            return array.tolist()
        filled = array.astype(object)
        filled[~np.isfinite(array)] = None
        return filled.tolist()

    names = [
        name
        for name in ("loss", "error", "label", "role", "converged", "trained_loss", "trained_label", "trained_role")
        if name in diagram.values
    ]
    located = {}
    if found is not None:
        located["outline"] = {
            "points": found.points.tolist(),
            "errors": found.errors.tolist(),
            "orders": found.orders.tolist(),
            "labels": found.labels.tolist(),
            "unresolved": [{"near": near, "reason": reason} for near, reason in found.unresolved],
        }
    return {
        "geomsup": __version__,
        "dims": list(diagram.dims),
        "coords": {name: values.tolist() for name, values in diagram.coords.items()},
        **{name: plain(diagram[name]) for name in names},
        "gap": plain(diagram.gap),
        "hit_rate": plain(diagram.hit_rate),
        **located,
    }


def draw(diagram: PhaseDiagram, found: Outline | None = None) -> Figure:
    """The map of names, that of what becomes of the last feature, and those of trained models where there are any."""
    import matplotlib.pyplot as plt

    from geomsup import plot

    panels = {"label": "best arrangement", "role": "last feature"}
    if "trained_label" in diagram.values:
        panels |= {"trained_label": "trained", "trained_role": "last feature, trained"}
    figure, axes = plt.subplots(
        len(panels) // 2, 2, figsize=(7.0, 2.6 * (len(panels) // 2)), layout="constrained", squeeze=False
    )
    for ax, (by, title) in zip(axes.flat, panels.items(), strict=True):
        plot.phase_diagram(diagram, by=by, legend=False, boundaries=found is None, ax=ax)
        if found is not None:
            plot.outline(found, ax=ax)
        ax.set_title(title)
        _legend_below(ax, diagram, by)
    return figure


def _legend_below(ax: Any, diagram: PhaseDiagram, by: str) -> None:
    from geomsup.plot.phases import legend_patches

    ax.legend(
        handles=legend_patches(diagram, by=by), loc="upper center", bbox_to_anchor=(0.5, -0.28), frameon=False,
        fontsize=7, ncols=1,
    )  # fmt: skip
