"""``geomsup atlas``: the best known arrangement of a size, from the table that ships with the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geomsup.cli._terminal import PICTURES, check_target, drawing, plain_errors, write_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from geomsup.atlas import Entry

_PATH = click.Path(path_type=Path)
_KINDS = click.Choice(["energy", "capacity", "one_active", "p=0.1", "p=0.03", "p=0.01"])
_MEANINGS = {
    "energy": "unit vectors, sum of (u_i.u_j)_+^2 over ordered pairs",
    "capacity": "features that the dimensions are worth: 3L/p -> n - C without bias",
    "one_active": "limit of L/p as p -> 0, bias at most 0",
    "p=": "expected loss at that feature probability, importance 1",
}


@click.command()
@click.argument("m", type=int, required=False)
@click.argument("n", type=int, required=False)
@click.option("--kind", type=_KINDS, help="Only this respect; needed for --save and --plot.")
@click.option("--save", type=_PATH, help="Write the arrangement, W and b, to this .npz file.")
@click.option("--plot", type=_PATH, help="Draw it into this .png, .pdf or .svg file.")
@click.option("--json", "as_json", is_flag=True, help="Print everything, coordinates included, as JSON.")
@click.option("--rebuild", is_flag=True, help="Search every entry anew (some ten minutes); goes on where it stopped.")
@click.option("--out", type=_PATH, help="With --rebuild: the table to write.  [default: the one in the package]")
@click.option("--work", type=_PATH, default="out/atlas", show_default=True, help="With --rebuild: folder on the way.")
@click.option("--workers", type=int, default=2, show_default=True, help="With --rebuild: processes.")
def atlas(
    *,
    m: int | None,
    n: int | None,
    kind: str | None,
    save: Path | None,
    plot: Path | None,
    as_json: bool,
    rebuild: bool,
    out: Path | None,
    work: Path,
    workers: int,
) -> None:
    """The best known arrangements of N features in M dimensions.

    Without N all sizes in M dimensions, without M the capacities.
    """
    with plain_errors(lambda: f"what was searched is in {work}, and the same command goes on from there"):
        import geomsup as gs

        if rebuild:
            from geomsup.atlas.build import Report

            click.echo(repr(gs.atlas.rebuild(out, work=work, kind=kind, workers=workers, callback=Report())))
            return
        entries = chosen(m, n, kind)
        if save is not None or plot is not None:
            if n is None or len(entries) != 1:
                raise ValueError("--save and --plot are for one arrangement: pass M, N and --kind")
            check_target("--save", save)
            check_target("--plot", plot, PICTURES)
        written: list[Path] = []
        if save is not None:
            written.append(entries[0].arrangement.save(save))
        if plot is not None:
            with drawing():
                write_picture(draw(entries[0]), plot)
            written.append(plot)
        if as_json:
            click.echo(json.dumps({"geomsup": gs.__version__, "entries": [e.to_dict() for e in entries]}))
        else:
            click.echo("\n".join([describe(entries), *(f"written: {path}" for path in written)]))


def chosen(m: int | None, n: int | None, kind: str | None) -> list[Entry]:
    """The entries that the arguments ask for.

    Raises
    ------
    ValueError
        There are none.
    """
    import geomsup as gs

    table = gs.atlas.shipped()
    if m is not None and n is not None:
        return [table.lookup(m, n, kind=kind)] if kind else list(table[m, n].entries.values())
    if m is None:
        if kind not in (None, "capacity"):
            raise ValueError(f"--kind {kind} without M: only capacities are listed for all dimensions; pass M")
        return [table.capacity(own) for own in sorted({own for own, _ in table})]
    entries = [entry for entry in table.entries(kind=kind) if entry.m == m]
    if not entries:
        table.lookup(m, 1, kind=kind or "energy")  # says how far the atlas goes
    return entries


def describe(entries: Sequence[Entry]) -> str:
    """A table with one row per entry, and what the words in it mean."""
    from geomsup.cli._report import table

    columns = {
        "m": [str(entry.m) for entry in entries],
        "n": [str(entry.n) for entry in entries],
        "kind": [entry.kind for entry in entries],
        "value": [f"{entry.value:#.12g}" for entry in entries],
        "status": [entry.status for entry in entries],
        "hits": [f"{entry.hits} of {entry.n_descents}" if entry.n_descents else "-" for entry in entries],
        "products": [str(len(entry.products)) for entry in entries],
        "symmetry": [str(entry.symmetry_order) for entry in entries],
    }
    lines = [f"{line}  {name}" for line, name in zip(table(columns), ["name", *(e.name for e in entries)], strict=True)]
    kinds = {entry.kind for entry in entries}
    meanings = [
        f"{'p=...' if prefix == 'p=' else prefix}: {meaning}"
        for prefix, meaning in _MEANINGS.items()
        if any(kind.startswith(prefix) for kind in kinds)
    ]
    notes = [
        "searched: nothing better was found, and nothing excludes it; proved: nothing is better (docs/atlas.md)",
        "hits: descents from random starts that ended there; products: distinct cosines; symmetry: order of the group",
    ]
    return "\n".join([*lines, "", *meanings, *notes])


def draw(entry: Entry) -> Figure:
    """The arrangement (in up to three dimensions) and its Gram matrix."""
    import matplotlib.pyplot as plt

    from geomsup import plot

    with_directions = entry.m <= 3
    figure = plt.figure(figsize=(5.0 if with_directions else 3.0, 2.6), layout="constrained")
    grid = figure.add_gridspec(1, 2 if with_directions else 1)
    if with_directions:
        ax = figure.add_subplot(grid[0], projection="3d" if entry.m == 3 else None)
        plot.arrangement(plot.oriented(entry.W), labels=entry.n <= 12, ax=ax)
        ax.set_title("directions")
    ax = figure.add_subplot(grid[-1])
    biased = entry.kind not in ("energy", "capacity")
    plot.gram(entry.W, entry.b if biased else None, ax=ax)
    ax.set_title(r"$W^{\mathsf{T}}W$ and bias $b$" if biased else r"$W^{\mathsf{T}}W$")
    figure.colorbar(ax.images[0], ax=ax, shrink=0.75)
    title = f"{entry.kind}, m = {entry.m}, n = {entry.n}: {entry.value:.9g}\n{entry.name}"
    figure.suptitle(title, fontsize=8, x=0.01, ha="left")
    return figure
