"""``geomsup intro``: five features in two dimensions, from dense to sparse."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geomsup.cli._terminal import can_draw, drawing, following, plain_errors, write_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from geomsup._typing import FloatArray
    from geomsup.optimize import Solution
    from geomsup.problem import Problem

N_FEATURES, N_HIDDEN = 5, 2


@click.command()
@click.option("--importance-decay", type=float, default=0.9, show_default=True, metavar="R", help="Weight R^i.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the starting points.")
@click.option("--models", type=int, default=3, show_default=True, help="Models trained per density, as a cross-check.")
@click.option("--workers", type=int, default=1, show_default=True, help="Threads; the results do not depend on it.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default="out", show_default=True, help="Where files go."
)
@click.option("--fresh", is_flag=True, help="Search again even where an earlier run left a result.")
def intro(importance_decay: float, seed: int, models: int, workers: int, out: Path, fresh: bool) -> None:
    """Solve five features in two dimensions at ten densities, bracket each, and train models for comparison.

    The introductory experiment of "Toy Models of Superposition". Every density is kept as soon as it is solved, and
    the training has checkpoints, so an interrupted run goes on where it stopped.
    """
    solutions: list[Solution] = []
    folder = out / "intro"
    with plain_errors(
        lambda: f"{len(solutions)} of 10 densities are kept in {folder}; the same command goes on from there"
    ):
        problems = intro_problems(importance_decay)
        folder.mkdir(parents=True, exist_ok=True)
        click.echo(f"{N_FEATURES} features in {N_HIDDEN} dimensions, importance {importance_decay:g}^i")
        click.echo("density  sparsity  loss (sum over features)  error    sum of D  hits/descents  arrangement")
        for problem in problems:
            solution, kept = _solution(problem, seed, workers, folder, fresh)
            solutions.append(solution)
            click.echo(_line(solution) + (", kept" if kept else ""))
        click.echo("D: dimensionality; hits: descents that ended in the best; names: as geomsup.identify gives them")
        click.echo(f"arrangements: {folder} (read one with geomsup.Solution.load)")
        _bracket(solutions)
        if models:
            _compare(solutions, _trained(problems, models, seed, folder, fresh))
        if can_draw():
            with drawing():
                write_picture(draw(solutions), out / "intro.png")
            click.echo(f"picture: {out / 'intro.png'}")
        else:
            click.echo('no picture: install matplotlib with pip install "geomsup[plot]"', err=True)


def intro_problems(importance_decay: float) -> list[Problem]:
    """The problems at feature probabilities 20^−t, for ten t from 0 to 1 (those of the paper's public notebook)."""
    import numpy as np

    from geomsup.importance import geometric_importance
    from geomsup.problem import Problem

    importance = geometric_importance(N_FEATURES, importance_decay)
    return [Problem(N_FEATURES, N_HIDDEN, p, importance) for p in 20.0 ** -np.linspace(0, 1, 10)]


def draw(solutions: Sequence[Solution]) -> Figure:
    """A column per density: the arrangement, and beneath it its Gram matrix with the bias."""
    import matplotlib.pyplot as plt
    import numpy as np

    from geomsup import plot

    figure, axes = plt.subplots(2, len(solutions), figsize=(7.0, 1.7), layout="constrained", height_ratios=(1.0, 0.8))
    reach = 1.15 * max(float(np.linalg.norm(solution.W, axis=0).max()) for solution in solutions)
    shade = max(float(np.abs([*solution.arrangement.gram.flat, *solution.b]).max()) for solution in solutions)
    for top, bottom, solution in zip(axes[0], axes[1], solutions, strict=True):
        plot.arrangement(plot.oriented(solution.W), importance=solution.problem.importance, ax=top)
        top.set(xlim=(-reach, reach), ylim=(-reach, reach))
        top.set_title(f"{solution.problem.feature_probability[0]:.2f}", loc="center")
        plot.gram(solution.W, solution.b, limit=shade, ax=bottom)
        bottom.set(xticks=[], yticks=[])
        bottom.set_xlabel(f"{solution.loss:.4f}", fontsize=7)
    for row, label in zip(axes[:, 0], ("directions", r"$W^{\mathsf{T}}W$, $b$"), strict=True):
        row.set_ylabel(label)
    title = "five features in two dimensions, best arrangement found at each feature probability; below: its loss"
    figure.suptitle(title, fontsize=8)
    bar = figure.colorbar(axes[1, -1].images[0], ax=axes[1, :], aspect=10, pad=0.01)
    bar.ax.tick_params(labelsize=6)
    return figure


def _solution(problem: Problem, seed: int, workers: int, folder: Path, fresh: bool) -> tuple[Solution, bool]:
    """The solution, and whether an earlier run of this version with this seed left it."""
    from geomsup import __version__
    from geomsup.optimize import Solution, minimize

    p, ratio = problem.feature_probability[0], problem.importance[1]
    path = folder / f"p={p:.5f},decay={ratio:g},seed={seed},geomsup-{__version__}.npz"
    if not fresh:
        with contextlib.suppress(FileNotFoundError, ValueError):
            found = Solution.load(path)
            if found.problem == problem:
                return found, True
    solution = minimize(problem, rng=seed, workers=workers)
    solution.save(path)
    return solution, False


def _trained(problems: list[Problem], models: int, seed: int, folder: Path, fresh: bool) -> FloatArray:
    """Exact losses of trained models, one row per density; a finished training is read from its checkpoint."""
    from geomsup import __version__, training

    ratio = problems[0].importance[1]
    path = folder / f"trained,decay={ratio:g},models={models},seed={seed},geomsup-{__version__}.npz"
    if fresh:
        path.unlink(missing_ok=True)
    listed = [problem for problem in problems for _ in range(models)]
    with following(quiet=False) as callback:
        run = training.train(listed, rng=seed, checkpoint=path, callback=callback)
    return run.loss.reshape(len(problems), models)


def _bracket(solutions: Sequence[Solution]) -> None:
    """A line per density: what nothing can beat, and how far below the search that is."""
    from geomsup.bounds import bound

    click.echo("bracket: a bound that no arrangement can beat, with its proof checked now")
    click.echo("density         lower bound            searched  gap, at most  method")
    for solution in solutions:
        p, lower = float(solution.problem.feature_probability[0]), bound(solution.problem)
        gap = f"{100 * (1 - lower.value / solution.loss):11.1f}%" if lower.known else " " * 12
        method = lower.method if lower.known else "no bound known"
        click.echo(f"{p:7.4f}  {lower.value:18.15f}  {solution.loss:18.15f}  {gap}  {method}")


def _compare(solutions: Sequence[Solution], trained: FloatArray) -> None:
    """A line per density: what training reached, and how far that is above the search."""
    click.echo(f"cross-check: {trained.shape[1]} models per density, trained with the defaults of geomsup train")
    click.echo("density            searched     trained, lowest    highest  lowest above searched")
    for solution, losses in zip(solutions, trained, strict=True):
        p, lowest = float(solution.problem.feature_probability[0]), losses.min()
        excess = 100 * (lowest / solution.loss - 1)
        click.echo(f"{p:7.4f}  {solution.loss:18.9f}  {lowest:18.9f}  {losses.max():9.6f}  {excess:20.3f}%")


def _line(solution: Solution) -> str:
    from geomsup.identification import identify

    p = float(solution.problem.feature_probability[0])
    hits = f"{solution.minima[0].hits}/{solution.n_descents}"
    share = float(solution.arrangement.dimensionality.sum())
    return (
        f"{p:7.4f}  {1 - p:8.4f}  {solution.loss:24.15f}  {solution.error:.1e}  {share:8.4f}  {hits:>13}  "
        f"{identify(solution.W).name}"
    )
