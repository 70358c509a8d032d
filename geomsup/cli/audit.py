"""``geomsup audit``: what weights trained anywhere are worth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from geomsup.cli._problem import NumberList, law_options, read_problem
from geomsup.cli._terminal import following, plain_errors
from geomsup.cli._weights import weight_options, what_was_read

if TYPE_CHECKING:
    from geomsup.auditing import Audit, Weights
    from geomsup.optimize import Solution
    from geomsup.problem import Problem

_PATH = click.Path(path_type=Path)
_PROBLEM = (
    "n_features",
    "n_hidden",
    "feature_probability",
    "importance",
    "importance_decay",
    "activation",
    "values",
    "correlated_sets",
    "anticorrelated_sets",
)


@click.command()
@click.argument("file", type=_PATH)
@click.option(
    "-p",
    "--feature-probability",
    type=NumberList(),
    multiple=True,
    help="Probability that a feature is active (1 - sparsity); one number, or one per feature. Repeat the option, once "
    "per instance, where instances differ.",
)
@click.option("-n", "--n-features", type=int, help="Number of features.  [default: columns of W]")
@click.option("-m", "--n-hidden", type=int, help="Number of hidden dimensions.  [default: rows of W]")
@law_options
@weight_options
@click.option("--output-key", metavar="NAME", help="Name of W_out, for an untied model.  [default: W_out, if there]")
@click.option("--best", metavar="LOSS|FILE", help="Compare with this loss (sum over features), or this saved solution.")
@click.option("--no-follow", is_flag=True, help="Descend by L-BFGS: faster beyond 10 features, and may change basins.")
@click.option("--n-starts", type=int, help="Starting points of the search.  [default: chosen from the size]")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the search.")
@click.option("--workers", type=int, default=1, show_default=True, help="Threads; the result does not depend on it.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON instead of a report.")
@click.option("--quiet", is_flag=True, help="No progress.")
def audit(
    *,
    file: Path,
    weights_key: str | None,
    bias_key: str | None,
    output_key: str | None,
    bias_file: Path | None,
    transpose: bool,
    best: str | None,
    no_follow: bool,
    n_starts: int | None,
    seed: int,
    workers: int,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Exact loss of the weights in FILE (.npz, .npy, .csv, .safetensors), and what keeps it above the best."""
    source = click.get_current_context().get_parameter_source
    given = [name for name in _PROBLEM if source(name) is ParameterSource.COMMANDLINE]
    with plain_errors(lambda: "nothing was printed"):
        from geomsup import __version__
        from geomsup.auditing import audit_all, read_weights

        weights = read_weights(
            file,
            weights_key=weights_key,
            bias_key=bias_key,
            output_key=output_key,
            bias_file=bias_file,
            transpose=transpose,
        )
        problems = read_problems(file, weights, given, options)
        known = None if best is None else read_best(best)
        with following(quiet) as callback:
            audits = audit_all(
                problems,
                weights.W if weights.W.ndim == 3 else weights.W[None],
                weights.b,
                W_out=weights.W_out,
                best=known,
                follow=not no_follow,
                n_starts=n_starts,
                rng=seed,
                workers=workers,
                callback=callback,
            )
        if as_json:
            report = {
                "geomsup": __version__,
                "file": str(file),
                "used": list(weights.used),
                "unused": list(weights.unused),
                "seed": seed,
                "audits": [one.to_dict() for one in audits],
            }
            click.echo(json.dumps(report, allow_nan=False))
        else:
            click.echo(describe(file, weights, audits))


def read_problems(file: Path, weights: Weights, given: list[str], options: dict[str, Any]) -> tuple[Problem, ...]:
    """The problems that the file brings, or those that the options describe: one, or one per instance.

    Raises
    ------
    ValueError
        Both, neither, or options that contradict each other.
    """
    names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
    if weights.problems is not None:
        if given:
            raise ValueError(f"{file} brings its own problem, so {names} cannot be chosen: leave them out")
        return weights.problems
    densities = options.pop("feature_probability")
    if not densities:
        raise ValueError(f"{file} does not say how often features are active: pass --feature-probability")
    m, n = weights.W.shape[-2:]
    sizes = {"n_features": n, "n_hidden": m, **{name: options[name] for name in given if name.startswith("n_")}}
    return tuple(read_problem(**{**options, **sizes, "feature_probability": p}) for p in densities)


def read_best(text: str) -> Solution | float:
    """A loss written as a number, or a saved solution.

    Raises
    ------
    ValueError
        It is neither.
    """
    from geomsup.optimize import Solution

    try:
        return float(text)
    except ValueError:
        return Solution.load(text)


def describe(file: Path, weights: Weights, audits: tuple[Audit, ...]) -> str:
    """What was read, a report for each instance, and a table of all."""
    from geomsup._validate import summary
    from geomsup.cli._report import table

    parts = [what_was_read(file, weights)]
    several = len(audits) > 1
    parts += [(f"instance {k}: " if several else "") + one.summary() for k, one in enumerate(audits)]
    if several:
        columns = {
            "instance": [str(k) for k in range(len(audits))],
            "probability": [summary(one.problem.feature_probability) for one in audits],
            "loss": [f"{one.loss:.6g}" for one in audits],
            "excess in %": [f"{100 * one.relative(one.excess):.3f}" for one in audits],
            "noise": [_percent(one, one.noise) for one in audits],
            "basin": [_percent(one, one.basin) for one in audits],
            "minimum": ["-" if one.rank is None else f"{one.rank} of {one.n_minima}" for one in audits],
        }
        parts.append("\n".join(table(columns)))
    return "\n\n".join(parts)


def _percent(one: Audit, part: float | None) -> str:
    return "-" if part is None else f"{100 * one.relative(part):.3f}"
