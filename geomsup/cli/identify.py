"""``geomsup identify``: which arrangement it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geomsup.cli._terminal import PICTURES, check_target, drawing, plain_errors, write_picture
from geomsup.cli._weights import weight_options, what_was_read

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from geomsup._typing import FloatArray
    from geomsup.identification import Geometry

_PATH = click.Path(path_type=Path)
MOST_DRAWN, MOST_LETTERS = 6, 60
"""Instances in a picture, and letters of a name in the table."""


@click.command()
@click.argument("file", type=_PATH)
@weight_options
@click.option("--plot", type=_PATH, help="Draw it into this .png, .pdf or .svg file: the first six instances.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON instead of a report.")
def identify(
    *,
    file: Path,
    weights_key: str | None,
    bias_key: str | None,
    bias_file: Path | None,
    transpose: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Name the arrangement of the weights in FILE (.npz, .npy, .csv, .safetensors), factor by factor.

    Only W is looked at. A bias, if there is one, tells its columns from its rows.
    """
    found: list[Geometry] = []
    count = 0

    def kept() -> str:
        verb = "was" if len(found) == 1 else "were"
        return f"of {count} instances {len(found)} {verb} identified, and nothing was written"

    with plain_errors(kept):
        from geomsup import __version__, identification
        from geomsup.auditing import read_weights

        check_target("--plot", plot, PICTURES)
        weights = read_weights(
            file,
            weights_key=weights_key,
            bias_key=bias_key,
            bias_file=bias_file,
            transpose=transpose,
            need_bias=False,
        )
        stack = weights.W if weights.W.ndim == 3 else weights.W[None]
        count, several = len(stack), len(stack) > 1
        if not as_json:
            click.echo(what_was_read(file, weights) + _shape(stack, bool(weights.used[1:]) or bias_file is not None))
        for k, W in enumerate(stack):  # printed as they are found: many large ones take a while
            found.append(identification.identify(W))
            if not as_json:
                click.echo("\n" + (f"instance {k}: " if several else "") + found[-1].summary())
        if as_json:
            report = {
                "geomsup": __version__,
                "file": str(file),
                "used": list(weights.used),
                "unused": list(weights.unused),
                "geometries": [geometry.to_dict() for geometry in found],
            }
            click.echo(json.dumps(report, allow_nan=False))
        elif several:
            click.echo("\n" + _overview(found))
        if plot is not None:
            with drawing():
                write_picture(draw(found[:MOST_DRAWN]), plot)
            if not as_json:
                click.echo(f"\nwritten: {plot}")


def draw(geometries: Sequence[Geometry]) -> Figure:
    """A row for each: directions where they can be drawn, Gram matrix, feature graph, dimensionality."""
    import matplotlib.pyplot as plt

    from geomsup import plot
    from geomsup._text import shortened

    m = geometries[0].W.shape[0]
    titles = [*(["directions"] if m <= 3 else []), r"$W^{\mathsf{T}}W$", "feature graph", "dimensionality"]
    rows = len(geometries)
    figure = plt.figure(figsize=(7.0, 0.3 + 2.1 * rows), layout="constrained")
    for k, (geometry, part) in enumerate(zip(geometries, figure.subfigures(rows, 1, squeeze=False)[:, 0], strict=True)):
        name = (f"instance {k}: " if rows > 1 else "") + shortened(geometry.name, 2 * MOST_LETTERS)
        part.suptitle(name, fontsize=8, x=0.01, ha="left")
        grid = part.add_gridspec(1, len(titles), width_ratios=[*([1.0] * (m <= 3)), 1.0, 1.3, 1.2])
        W = geometry.W
        if m <= 3:
            ax = part.add_subplot(grid[0], projection="3d" if m == 3 else None)
            plot.arrangement(plot.oriented(W), labels=W.shape[1] <= 12, ax=ax)
        ax = part.add_subplot(grid[-3])
        plot.gram(W, ax=ax)
        part.colorbar(ax.images[0], ax=ax, shrink=0.8)
        plot.feature_graph(geometry, ax=part.add_subplot(grid[-2]))
        plot.dimensionality(W, ax=part.add_subplot(grid[-1]))
        if k == 0:
            axes = [ax for ax in part.axes if ax.get_label() != "<colorbar>"]
            for ax, title in zip(axes, titles, strict=True):
                ax.set_title(title)
    return figure


def _shape(stack: FloatArray, oriented: bool) -> str:
    """Said where nothing in the file tells rows from columns."""
    m, n = stack.shape[1:]
    if oriented:
        return ""
    return f"; taken as {n} features in {m} dimensions" + (" (the other way round: --transpose)" if m > n else "")


def _overview(found: Sequence[Geometry]) -> str:
    """A line for each instance."""
    from geomsup._text import shortened
    from geomsup.cli._report import table

    return "\n".join(
        table(
            {
                "instance": [str(k) for k in range(len(found))],
                "represented": [f"{len(one.represented)} of {one.W.shape[1]}" for one in found],
                "sum of D": [f"{one.dimensionality.sum():.4f}" for one in found],
                "residual": [f"{one.residual:.1e}" if one.named else "-" for one in found],
                "arrangement": [shortened(one.name, MOST_LETTERS) for one in found],
            }
        )
    )
