"""``geomsup bound``: what nothing can beat, with a certificate that is checked without a solver."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geomsup.cli._bound_report import bound_to_json, describe_bound
from geomsup.cli._problem import NumberList, law_options, read_potential, read_problem
from geomsup.cli._terminal import check_target, following, plain_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from geomsup.bounds import Bound, Bracket

_PATH = click.Path(path_type=Path)
DEGREE = 4
"""Of a three-point bound, unless another is asked for: seconds."""


@click.command()
@click.option("-n", "--n-features", type=int, help="Number of features, or of unit vectors.")
@click.option("-m", "--n-hidden", type=int, default=2, show_default=True, help="Number of hidden dimensions.")
@click.option("--capacity", type=int, metavar="M", help="How many features M dimensions are worth, from both sides.")
@click.option(
    "--energy",
    metavar="NAME",
    help="Least energy of unit vectors: relu2, frame, riesz:S or biased:NORM,BIAS.",
)
@click.option(
    "--uniform", is_flag=True, help="One active feature, one common norm and bias: all arrangements of that class."
)
@click.option(
    "--one-active", is_flag=True, help="One active feature, all norms and all biases b <= 0, or any with --bias free."
)
@click.option("--coherence", is_flag=True, help="How close to each other n lines in m dimensions must come.")
@click.option(
    "--method",
    type=click.Choice(["two-point", "three-point", "marked", "branch-and-bound"]),
    help="two-point or three-point of an energy; three-point of a capacity; marked or branch-and-bound (up to three "
    "features) of the loss of a problem. Three-point and marked are solved for, with the extra 'bounds'; all but "
    "two-point can take minutes.",
)
@click.option("--degree", type=int, help="Of a bound that is solved for: three-point or --one-active.")
@click.option("--wide", is_flag=True, help="Three-point kernels of full degree: more is proved, by a larger program.")
@click.option(
    "--multipliers", is_flag=True, help="Use what holds at the best arrangement only; of a three-point bound as well."
)
@click.option("--marks", type=int, help="Rows of the matrices of --one-active: 2 unless more are needed.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--verify", type=click.Path(exists=True, path_type=Path), help="Check the certificate in this file.")
@click.option(
    "-p",
    "--feature-probability",
    type=NumberList(),
    default=0.05,
    show_default=True,
    help="Probability that a feature is active, when the bound is on the loss of a problem.",
)
@law_options
@click.option(
    "--bias",
    type=click.Choice(["free", "zero", "nonpositive"]),
    help="Output bias: free or zero for a problem, nonpositive or free for --one-active.  [default: the first]",
)
@click.option("--search", is_flag=True, help="Search for the other side too.")
@click.option("--n-starts", type=int, help="Number of starting points of the search.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the search.")
@click.option("--save", type=_PATH, help="Write the certificate to this .json file.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def bound(
    *,
    capacity: int | None,
    energy: str | None,
    uniform: bool,
    one_active: bool,
    coherence: bool,
    marks: int | None,
    verify: Path | None,
    save: Path | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Print a bound on the loss of a problem, on an energy or on a capacity, and how it is known."""
    with plain_errors(lambda: "nothing was written"):
        from geomsup.bounds import coherence_bound, one_active_bound, one_active_bracket
        from geomsup.bounds.door import OF_PROBLEMS

        chosen = {
            "--capacity": capacity is not None,
            "--energy": energy is not None,
            "--uniform": uniform,
            "--one-active": one_active,
            "--coherence": coherence,
            "--verify": verify is not None,
        }
        if sum(chosen.values()) > 1:
            raise ValueError(f"{', '.join(chosen)} exclude each other: pass one of them")
        subject = next((name for name, given in chosen.items() if given), "the loss of a problem")
        _refuse_what_does_not_apply(subject, options)
        if marks is not None and not one_active:
            raise ValueError(f"--marks {marks} does not apply: it is for --one-active")
        if one_active and options["search"] and marks is not None:
            raise ValueError("--search does not apply to --one-active with --marks: leave it out")
        check_target("--save", save)
        if verify is not None:
            _verify(verify)
            return
        with _solver_named(), following(quiet) as callback:
            if callback is not None and (options["method"] in OF_PROBLEMS or subject in ("--uniform", "--one-active")):
                click.echo("solving or checking: seconds to minutes ...", err=True)
            if coherence:
                result: Bound | Bracket = coherence_bound(options["n_features"], options["n_hidden"])
            elif one_active and options["search"]:
                effort = {"degree": options["degree"], "rng": options["seed"]}
                effort |= {} if options["n_starts"] is None else {"n_starts": options["n_starts"]}
                effort["bias"] = options["bias"] or "nonpositive"
                result = one_active_bracket(options["n_features"], options["n_hidden"], **effort)
            elif one_active:
                result = one_active_bound(
                    options["n_features"],
                    options["n_hidden"],
                    bias=options["bias"] or "nonpositive",
                    degree=options["degree"],
                    marks=marks,
                    rng=options["seed"],
                    callback=callback,
                )
            else:
                result = _compute(capacity, energy, uniform, callback=callback, **options)
        written = None
        if save is not None:
            if result.certificate is None:
                raise ValueError("no bound known, and so no certificate to save: leave --save out")
            written = result.certificate.save(save)
        if as_json:
            click.echo(json.dumps(bound_to_json(result)))
        else:
            click.echo("\n".join([*describe_bound(result), *([f"written: {written}"] if written else [])]))


@contextlib.contextmanager
def _solver_named() -> Iterator[None]:
    """Say how to get a solver that is missing."""
    try:
        yield
    except ImportError as error:
        raise ValueError(
            f"this bound has to be solved for, and that needs optional packages ({error}): "
            'install them with pip install "geomsup[bounds]"'
        ) from None


def _refuse_what_does_not_apply(subject: str, options: dict[str, Any]) -> None:
    from geomsup.bounds.door import OF_PROBLEMS

    method, degree, bias = options["method"], options["degree"], options["bias"]
    biases = {"--one-active": ("nonpositive", "free"), "the loss of a problem": ("free", "zero")}.get(subject, ())
    if bias is not None and bias not in biases:
        takes = f"takes {' or '.join(biases)}" if biases else "has no choice of biases: leave it out"
        raise ValueError(f"--bias {bias} is not for this bound: {subject} {takes}")
    if options["n_features"] is None and subject in ("--uniform", "--one-active", "--coherence"):
        raise ValueError(f"{subject} needs a number of vectors: pass -n")
    allowed = {"--capacity": ("three-point",), "--energy": ("two-point", "three-point")}
    methods = allowed.get(subject, OF_PROBLEMS if subject == "the loss of a problem" else ())
    if method is not None and method not in methods:
        takes = f"takes {' or '.join(methods)}" if methods else "has one method"
        raise ValueError(f"--method {method} is not for this bound: {subject} {takes}")
    if degree is not None and method != "three-point" and subject != "--one-active":
        raise ValueError(f"--degree {degree} does not apply: it is for --method three-point and --one-active")
    for name in ("wide", "multipliers"):
        if options[name] and method != "three-point":
            raise ValueError(f"--{name} does not apply: it is for --method three-point")
    if method == "three-point" and options["search"] and subject == "--capacity":
        raise ValueError("--search does not apply to --capacity, which has both sides: leave it out")


def _verify(path: Path) -> None:
    from geomsup.bounds import verify

    verification = verify(path)
    click.echo(f"{verification.status}: {verification.statement or verification.reason}")
    if not verification:
        raise click.exceptions.Exit(1)


def _compute(
    capacity: int | None,
    energy: str | None,
    uniform: bool,
    *,
    n_features: int | None,
    n_hidden: int,
    bias: str | None,
    search: bool,
    n_starts: int | None,
    seed: int,
    method: str | None,
    degree: int | None,
    wide: bool,
    multipliers: bool,
    callback: Callable[[Any], None] | None,
    **law: Any,
) -> Bound | Bracket:
    import geomsup.bounds as bounds

    kernels: dict[str, Any] = {"degree": degree or DEGREE, "wide": wide, "multipliers": multipliers}
    if capacity is not None and method is not None:
        near = bounds.capacity(capacity, rng=seed).arrangement
        return bounds.three_point_capacity(capacity, **kernels, near=near, callback=callback)
    if capacity is not None:
        return bounds.capacity(capacity, rng=seed)
    effort: dict[str, Any] = {"rng": seed} | ({} if n_starts is None else {"n_starts": n_starts})
    if uniform:
        assert n_features is not None  # refused before
        return _uniform(n_features, n_hidden, effort, callback)
    if energy is not None:
        potential = read_potential(energy)
        if search:
            return bounds.bracket(potential, n_features, n_hidden, method=method, **kernels, **effort)
        return bounds.bound(potential, n_features, n_hidden, method=method, **kernels, callback=callback)
    problem, bias = read_problem(n_features=n_features, n_hidden=n_hidden, **law), bias or "free"
    if search:
        return bounds.bracket(problem, bias=bias, method=method, callback=callback, **effort)
    return bounds.bound(problem, bias=bias, method=method)


def _uniform(n: int, m: int, effort: dict[str, Any], callback: Callable[[Any], None] | None) -> Bound:
    """The stored certificate, or one made for the best arrangement that a search finds."""
    import numpy as np

    from geomsup.bounds import uniform_class_bound, uniform_loss
    from geomsup.bounds._store import stored
    from geomsup.sparse import minimize_one_active

    if stored(f"uniform-{n}-{m}") is not None:
        return uniform_class_bound(n, m)
    found = minimize_one_active(n, m, callback=callback, **effort)
    lengths = np.linalg.norm(found.W, axis=0)
    aim = uniform_loss(found.W) if lengths.min() > 0 else found.loss
    return uniform_class_bound(n, m, aim=aim, callback=callback)
