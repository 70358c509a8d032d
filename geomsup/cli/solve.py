"""``geomsup solve``: the best arrangement of one problem."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geomsup.cli._problem import NumberList, law_options, read_problem, size_options
from geomsup.cli._terminal import PICTURES, check_target, drawing, following, plain_errors, write_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from geomsup.arrangement import Arrangement
    from geomsup.optimize import Solution

_PATH = click.Path(path_type=Path)


@click.command()
@size_options
@click.option(
    "-p",
    "--feature-probability",
    type=NumberList(),
    default=0.05,
    show_default=True,
    help="Probability that a feature is active (1 - sparsity); one number, or one per feature.",
)
@law_options
@click.option(
    "--bias", default="free", show_default=True, type=click.Choice(["free", "zero", "nonpositive"]), help="Output bias."
)
@click.option("--n-starts", type=int, help="Number of starting points.  [default: chosen from the size]")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the starting points.")
@click.option("--workers", type=int, default=1, show_default=True, help="Threads; the result does not depend on it.")
@click.option("--start", type=click.Path(exists=True, path_type=Path), help="Start from a saved solution too (.npz).")
@click.option("--save", type=_PATH, help="Write the solution to this .npz file.")
@click.option("--plot", type=_PATH, help="Draw it into this .png, .pdf or .svg file.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON instead of a summary.")
@click.option("--quiet", is_flag=True, help="No progress.")
def solve(
    *,
    bias: str,
    n_starts: int | None,
    seed: int,
    workers: int,
    start: Path | None,
    save: Path | None,
    plot: Path | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Find the best arrangement of features and print its exact loss."""
    written: list[Path] = []
    with plain_errors(lambda: f"{' and '.join(map(str, written))} was written" if written else "nothing was written"):
        from geomsup import __version__
        from geomsup.bounds import bound
        from geomsup.cli._report import describe, to_json
        from geomsup.optimize import minimize

        problem = read_problem(**options)
        check_target("--save", save)
        check_target("--plot", plot, PICTURES)
        first = None if start is None else read_start(start)
        with following(quiet) as callback:
            solution = minimize(
                problem, n_starts=n_starts, rng=seed, workers=workers, callback=callback, start=first, bias=bias
            )
        lower = bound(problem, bias="zero" if bias == "zero" else "free")
        if save is not None:
            written.append(solution.save(save))
        if plot is not None:
            with drawing():
                write_picture(draw(solution), plot)
            written.append(plot)
        if as_json:
            click.echo(json.dumps(to_json(solution, seed=seed, version=__version__, bound=lower), allow_nan=False))
        else:
            click.echo(
                "\n".join([describe(solution, seed=seed, bound=lower), *(f"written: {path}" for path in written)])
            )


def read_start(path: Path) -> Arrangement:
    """The arrangement in a saved solution or a saved arrangement.

    Raises
    ------
    ValueError
        The file holds neither.
    """
    from geomsup.arrangement import Arrangement
    from geomsup.optimize import Solution

    try:
        return Solution.load(path).arrangement
    except ValueError:
        pass
    try:
        return Arrangement.load(path)
    except ValueError as error:
        raise ValueError(f"--start {path} holds neither a solution nor an arrangement: {error}") from None


def draw(solution: Solution) -> Figure:
    """The arrangement (in up to three dimensions), its Gram matrix with the bias, and the norms."""
    import matplotlib.pyplot as plt

    from geomsup import plot

    W, b, m = solution.W, solution.b, solution.problem.n_hidden
    with_directions = m <= 3
    widths = [1.0, 1.1, 1.0] if with_directions else [1.2, 1.0]
    figure = plt.figure(figsize=(7.0, 2.6), layout="constrained")
    grid = figure.add_gridspec(1, len(widths), width_ratios=widths)
    if with_directions:
        ax = figure.add_subplot(grid[0], projection="3d" if m == 3 else None)
        importance = solution.problem.importance
        several = importance if (importance != importance[0]).any() else None
        plot.arrangement(plot.oriented(W), importance=several, labels=W.shape[1] <= 12, ax=ax)
        ax.set_title("directions" + ("" if several is None else " (dark: important)"))
    ax = figure.add_subplot(grid[-2])
    plot.gram(W, b, ax=ax)
    ax.set_title(r"$W^{\mathsf{T}}W$ and bias $b$")
    figure.colorbar(ax.images[0], ax=ax, shrink=0.75)
    ax = figure.add_subplot(grid[-1])
    plot.norms(W, ax=ax)
    ax.set_title("norms (light: interference)")
    figure.suptitle(f"loss {solution.loss:.6g}", fontsize=8, x=0.01, ha="left")
    return figure
