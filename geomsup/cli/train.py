"""``geomsup train``: what gradient descent reaches, instance by instance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geomsup.cli._problem import NumberList, Numbers, law_options, read_problem, size_options
from geomsup.cli._terminal import check_target, following, plain_errors

if TYPE_CHECKING:
    from geomsup._typing import JSON
    from geomsup.arrangement import Arrangement
    from geomsup.training import Run

MOST_INSTANCES, MOST_LETTERS = 60, 60
_SETTINGS = (
    "n_steps",
    "batch_size",
    "learning_rate",
    "optimizer",
    "weight_decay",
    "schedule",
    "reduction",
    "dtype",
    "active_only",
    "exact_every",
    "checkpoint_every",
)
_PATH = click.Path(path_type=Path)


@click.command()
@size_options
@click.option(
    "-p",
    "--feature-probability",
    type=NumberList(),
    multiple=True,
    default=["0.05"],
    show_default=True,
    help="Probability that a feature is active (1 - sparsity); one number, or one per feature. Repeat the option to "
    "train an instance at each.",
)
@law_options
@click.option("--n-instances", type=int, default=1, show_default=True, help="Models trained at each probability.")
@click.option("--n-steps", type=int, default=10_000, show_default=True, help="Number of updates.")
@click.option("--batch-size", type=int, default=1024, show_default=True, help="Fresh inputs per update and instance.")
@click.option("--learning-rate", type=float, default=1e-3, show_default=True, help="Learning rate.")
@click.option("--optimizer", default="adamw", show_default=True, help="Update rule: adamw, adam or sgd.")
@click.option("--weight-decay", type=float, default=0.01, show_default=True, help="Weight decay of adamw.")
@click.option("--schedule", default="constant", show_default=True, help="Learning rate: constant, linear or cosine.")
@click.option("--untied", is_flag=True, help="Output weights of their own in place of the transposed input weights.")
@click.option(
    "--start",
    default="xavier",
    show_default=True,
    metavar="SCALE|FILE",
    help="Random weights: xavier, notebook or a standard deviation; or a saved run, solution or arrangement (.npz).",
)
@click.option("--reduction", default="mean", show_default=True, help="Loss descended: mean or sum over features.")
@click.option("--dtype", default="float32", show_default=True, help="Precision of the training: float32 or float64.")
@click.option("--active-only", is_flag=True, help="Draw only inputs with an active feature; the rest is exact.")
@click.option("--exact-every", type=int, metavar="K", help="Record the exact loss every K steps (--save, --json).")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the start and of the batches.")
@click.option("--checkpoint", type=_PATH, help="Keep the state in this .npz file, and go on from it if it is there.")
@click.option("--checkpoint-every", type=int, default=1000, show_default=True, help="Steps between checkpoints.")
@click.option("--save", type=_PATH, help="Write the run to this .npz file.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON instead of a summary.")
@click.option("--quiet", is_flag=True, help="No progress.")
def train(
    *,
    feature_probability: tuple[Numbers, ...],
    n_instances: int,
    untied: bool,
    start: str,
    seed: int,
    checkpoint: Path | None,
    save: Path | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Train by gradient descent and print the exact loss of every instance."""
    settings = {name: options.pop(name) for name in _SETTINGS}
    with plain_errors(lambda: kept(checkpoint)):
        from geomsup import __version__, training
        from geomsup._validate import integer

        copies = range(integer("n_instances", n_instances, at_least=1))
        problems = [read_problem(feature_probability=p, **options) for p in feature_probability for _ in copies]
        check_target("--save", save)
        with following(quiet) as callback:
            run = training.train(
                problems,
                tied=not untied,
                start=read_start(start),
                rng=seed,
                checkpoint=checkpoint,
                callback=callback,
                **settings,
            )
        written = [] if save is None else [run.save(save)]
        if as_json:
            click.echo(json.dumps(to_json(run, seed=seed, version=__version__), allow_nan=False))
        else:
            click.echo("\n".join([describe(run, seed=seed), *(f"written: {path}" for path in written)]))


def kept(checkpoint: Path | None) -> str:
    """What an interruption leaves."""
    from geomsup._files import npz_path

    if checkpoint is None or not npz_path(checkpoint).exists():
        return "nothing was written"
    return f"the same command goes on from {npz_path(checkpoint)}"


def read_start(text: str) -> str | float | Run | Arrangement:
    """A name, a standard deviation, or the weights in a file."""
    from geomsup.cli.solve import read_start as read_arrangement
    from geomsup.training import Run

    try:
        return float(text)
    except ValueError:
        if not Path(text).is_file():
            return text
    try:
        return Run.load(text)
    except ValueError:
        return read_arrangement(Path(text))


def describe(run: Run, *, seed: int) -> str:
    """The summary that `geomsup train` prints."""
    from geomsup._text import shortened
    from geomsup._validate import summary
    from geomsup.cli._report import table
    from geomsup.dimensionality import represented

    settings, n = run.settings, run.problems[0].n_features
    outs = [None] * run.n_instances if run.W_out is None else run.W_out
    columns = {
        "instance": [str(k) for k in range(run.n_instances)],
        "probability": [summary(problem.feature_probability) for problem in run.problems],
        "sampled loss": [f"{loss:.6g}" for loss in run.history.sampled_loss[-1]],
        "exact loss": [f"{loss:#.9g}" for loss in run.loss],
        "error": [f"{error:.1e}" for error in run.error],
        "represented": [
            "-" if lost else f"{int(represented(W, out).sum())} of {n}"
            for W, out, lost in zip(run.W, outs, run.diverged, strict=True)
        ],
        "sum of D": [f"{total:.4f}" for total in run.dimensionality.sum(axis=1)],
        "dimensionality": [summary(shares) for shares in run.dimensionality],
        "arrangement": ["-" if name is None else shortened(name, MOST_LETTERS) for name in names(run)],
    }
    lines = table(columns)
    if run.n_instances > MOST_INSTANCES:
        rest = run.n_instances - MOST_INSTANCES
        lines = [*lines[: MOST_INSTANCES + 1], f"  ... and {rest} more instances: --json lists all"]
    if run.diverged.any():
        lines.append(f"diverged: {int(run.diverged.sum())} of {run.n_instances} instances; lower --learning-rate")
    return "\n".join(
        [
            repr(run.problems[0]) + (", and the probabilities below" if len(set(run.problems)) > 1 else ""),
            f"{settings.n_steps} steps of {settings.optimizer}, batches of {settings.batch_size}, {settings.dtype}",
            "",
            *lines,
            f"losses are sums over features (the mean over the {n} features is 1/{n} of them); "
            f"the sampled loss is that of one batch, the exact loss of all inputs",
            f"trained with seed {seed}: another seed may end in another minimum",
        ]
    )


def names(run: Run) -> list[str | None]:
    """What each instance is called; None where it diverged."""
    from geomsup.identification import identify

    return [None if lost else identify(W).name for W, lost in zip(run.W, run.diverged, strict=True)]


def to_json(run: Run, *, seed: int, version: str) -> JSON:
    """Everything in the summary, the weights and the history; null stands for what is not there."""
    history = {name: _plain(array) for name, array in vars(run.history).items()}
    return {
        "geomsup": version,
        "problems": [problem.to_dict() for problem in run.problems],
        "settings": run.settings.to_dict(),
        "seed": seed,
        "loss": _plain(run.loss),
        "error": _plain(run.error),
        "W": _plain(run.W),
        "b": _plain(run.b),
        "W_out": None if run.W_out is None else _plain(run.W_out),
        "dimensionality": _plain(run.dimensionality),
        "arrangement": names(run),
        "history": history,
    }


def _plain(array: Any) -> Any:
    """Nested lists with None for what is not finite."""
    import numpy as np

    entries: Any = np.where(np.isfinite(array), array.astype(object), None)
    return entries.tolist()
