"""From the options of a command to a Problem."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from geomsup.features import Features, ValueLaw
    from geomsup.problem import Problem
    from geomsup.sparse import Potential

Numbers = float | list[float]


class NumberList(click.ParamType):  # type: ignore[type-arg] # generic only in newer click
    """One number, or several separated by commas."""

    name = "number[,number...]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Numbers:
        """Read it; what the numbers must satisfy is checked by the library."""
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        try:
            numbers = [float(part) for part in value.split(",")]
        except ValueError:
            self.fail(
                f"{value!r} is not a number or a comma-separated list of numbers, such as 0.05 or 0.1,0.05", param
            )
        return numbers if len(numbers) > 1 else numbers[0]


Command = TypeVar("Command", bound=Callable[..., Any])


def size_options(command: Command) -> Command:
    """How many features and hidden dimensions."""
    return with_options(
        command,
        click.option(
            "-n", "--n-features", type=int, help="Number of features.  [default: 5, or the length of a list]"
        ),
        click.option("-m", "--n-hidden", type=int, default=2, show_default=True, help="Number of hidden dimensions."),
    )


def law_options(command: Command) -> Command:
    """The options of a problem besides its sizes and probabilities, as `read_problem` takes them."""
    return with_options(
        command,
        click.option("--importance", type=NumberList(), help="Weight of each feature; one number, or one per feature."),
        click.option("--importance-decay", type=float, metavar="R", help="Weight R^i for feature i, for example 0.9."),
        click.option("--activation", default="relu", show_default=True, help="Output activation: relu or identity."),
        click.option(
            "--values",
            default="uniform",
            show_default=True,
            metavar="LAW",
            help="Value of an active feature: uniform, uniform:0.5,1, constant, constant:2 or discrete:0.25,0.5,1.",
        ),
        click.option("--correlated-sets", type=int, metavar="K", help="Sets of K consecutive features, on together."),
        click.option("--anticorrelated-sets", type=int, metavar="K", help="Sets of K, of which at most one is active."),
    )


def with_options(command: Command, *options: Callable[[Command], Command]) -> Command:
    """The command with these options, in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def read_problem(
    *,
    n_features: int | None,
    n_hidden: int,
    feature_probability: Numbers,
    importance: Numbers | None,
    importance_decay: float | None,
    activation: str,
    values: str,
    correlated_sets: int | None,
    anticorrelated_sets: int | None,
) -> Problem:
    """The problem that the options describe.

    Raises
    ------
    ValueError
        They contradict each other, or the library refuses what they say.
    """
    from geomsup._validate import integer
    from geomsup.features import Independent
    from geomsup.importance import geometric_importance
    from geomsup.problem import Problem

    if n_features is None:
        lists = [value for value in (feature_probability, importance) if isinstance(value, list)]
        n = len(lists[0]) if lists else 5
    else:
        n = integer("n_features", n_features, at_least=1)
    if importance is not None and importance_decay is not None:
        raise ValueError("--importance and --importance-decay are both given: pass one of the two")
    weights = importance if importance_decay is None else geometric_importance(n, importance_decay)
    law = read_values(values)
    features: Features
    if correlated_sets is None and anticorrelated_sets is None:
        features = Independent(feature_probability, law, n)
    elif correlated_sets is not None and anticorrelated_sets is not None:
        raise ValueError("--correlated-sets and --anticorrelated-sets are both given: pass one of the two")
    else:
        features = _sets(n, feature_probability, law, correlated_sets, anticorrelated_sets)
    return Problem(n_hidden=n_hidden, importance=weights, features=features, activation=activation)


def named_numbers(text: str) -> tuple[str, list[float] | None]:
    """The parts of ``name:number,number``; None where they are not numbers."""
    name, _, rest = text.partition(":")
    try:
        return name, [float(part) for part in rest.split(",")] if rest else []
    except ValueError:
        return name, None


def read_potential(text: str) -> Potential:
    """The potential written as ``relu2``, ``frame``, ``riesz:1`` or ``biased:1.17,-0.28``.

    Raises
    ------
    ValueError
        Another name, or numbers that do not fit it.
    """
    from geomsup.sparse import BiasedRelu, FramePotential, ReluSquared, Riesz

    name, numbers = named_numbers(text)
    match name, numbers:
        case "relu2", []:
            return ReluSquared()
        case "frame", []:
            return FramePotential()
        case "riesz", [] | [_]:
            return Riesz(*(numbers or []))
        case "biased", [norm, bias]:
            return BiasedRelu(norm, bias)
    raise ValueError(f"energy={text!r} is not a potential: pass relu2, frame, riesz:1 or biased:1.17,-0.28")


def read_values(text: str) -> ValueLaw:
    """The value law written as ``uniform``, ``uniform:low,high``, ``constant:value`` or ``discrete:v1,v2,...``.

    Raises
    ------
    ValueError
        Another name, or numbers that do not fit it.
    """
    from geomsup.features import Constant, Discrete, Uniform

    name, numbers = named_numbers(text)
    if numbers is not None:
        if name == "uniform" and len(numbers) in (0, 2):
            return Uniform(*numbers)
        if name == "constant" and len(numbers) <= 1:
            return Constant(*numbers)
        if name == "discrete" and numbers:
            return Discrete(numbers)
    raise ValueError(
        f"values={text!r} is not a value law: pass uniform, uniform:0.5,1, constant, constant:2 or discrete:0.25,0.5,1"
    )


def _sets(n: int, p: Numbers, law: ValueLaw, correlated: int | None, anticorrelated: int | None) -> Features:
    """Sets of K consecutive features; p stays the probability of a feature, not of a set."""
    from geomsup._validate import integer, one_per, probabilities
    from geomsup.features import AnticorrelatedSets, CorrelatedSets

    option = "--correlated-sets" if anticorrelated is None else "--anticorrelated-sets"
    size = integer(option, correlated if anticorrelated is None else anticorrelated, at_least=1)
    if n % size:
        raise ValueError(
            f"n_features={n} features cannot be cut into sets of {size}: pass a divisor of {n} to {option}"
        )
    per_set = one_per("feature_probability", probabilities("feature_probability", p), n, "features").reshape(-1, size)
    if (per_set != per_set[:, :1]).any():
        raise ValueError("feature_probability differs within a set: pass equal probabilities for the members of a set")
    sets = [range(k, k + size) for k in range(0, n, size)]
    if anticorrelated is None:
        return CorrelatedSets(sets, per_set[:, 0], law)
    together = per_set[:, 0] * size
    if (together > 1).any():
        raise ValueError(
            f"feature_probability={per_set[together > 1, 0][0]:g} is too large for anticorrelated sets of {size}, "
            f"of which one feature at a time is active: pass at most 1/{size}"
        )
    return AnticorrelatedSets(sets, together, law)
