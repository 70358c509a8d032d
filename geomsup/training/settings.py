"""How a run was trained, as one value: every hyperparameter, checked once, and written to JSON and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar, final

from geomsup._typing import JSON
from geomsup._validate import integer, real_number
from geomsup.training.optimizers import OPTIMIZERS, Optimizer
from geomsup.training.schedules import SCHEDULES, Schedule

__all__ = ["TrainingSettings", "named"]

T = TypeVar("T")


@final
@dataclass(frozen=True)
class TrainingSettings:
    """The hyperparameters of a run, as :func:`geomsup.train` understood them.

    Parameters
    ----------
    n_steps, batch_size, learning_rate, tied, reduction, dtype, active_only, record_every, exact_every
        As in :func:`geomsup.train`.
    optimizer : Optimizer
        The update rule.
    schedule : Schedule
        Of the learning rate.
    start : str, float or None
        ``"xavier"``, ``"notebook"``, a standard deviation, or None for weights that were passed in.

    Raises
    ------
    ValueError
        A name that is unknown or a number that is out of range.

    Examples
    --------
    >>> import geomsup as gs
    >>> settings = gs.train(gs.Problem(), n_steps=200, batch_size=8, optimizer="sgd", rng=0).settings
    >>> settings.optimizer, settings.record_every
    (SGD(momentum=0.0), 2)
    """

    n_steps: int
    batch_size: int
    learning_rate: float
    optimizer: Optimizer
    schedule: Schedule
    tied: bool
    start: str | float | None
    reduction: str
    dtype: str
    active_only: bool
    record_every: int
    exact_every: int | None

    def __post_init__(self) -> None:
        checked = {name: integer(name, getattr(self, name), at_least=1) for name in ("n_steps", "batch_size")}
        checked["record_every"] = integer("record_every", self.record_every, at_least=1)
        if self.exact_every is not None:
            checked["exact_every"] = integer("exact_every", self.exact_every, at_least=1)
        rates = {"learning_rate": _positive("learning_rate", self.learning_rate)}
        if isinstance(self.start, str) and self.start not in ("xavier", "notebook"):
            raise ValueError(
                f"start={self.start!r} is unknown: pass 'xavier', 'notebook', a standard deviation, or weights (W, b)"
            )
        if not isinstance(self.start, str | None):
            rates["start"] = _positive("start", self.start)
        names = {
            "reduction": _one_of("reduction", self.reduction, ("mean", "sum")),
            "dtype": _one_of("dtype", getattr(self.dtype, "__name__", str(self.dtype)), ("float32", "float64")),
        }
        for name, value in {**checked, **rates, **names}.items():
            object.__setattr__(self, name, value)

    def to_dict(self) -> JSON:
        """A JSON-able description that `from_dict` reads back."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        rules = {
            name: {"name": next(key for key, kind in table.items() if kind is type(plain[name])), **asdict(plain[name])}
            for name, table in _TABLES.items()
        }
        return {**plain, **rules}

    @classmethod
    def from_dict(cls, description: JSON) -> TrainingSettings:
        """Rebuild settings from their `to_dict`.

        Raises
        ------
        ValueError
            An entry is missing, unknown or wrong.
        """
        try:
            rules: JSON = {}
            for name, table in _TABLES.items():
                parameters = dict(description[name])
                rules[name] = table[parameters.pop("name")](**parameters)
            return cls(**{**description, **rules})
        except (KeyError, TypeError) as error:
            raise ValueError(f"{description!r} does not describe settings ({error!r}): pass a to_dict()") from None


_TABLES: dict[str, dict[str, type[Any]]] = {"optimizer": {**OPTIMIZERS}, "schedule": {**SCHEDULES}}


def named(what: str, value: str | T, table: dict[str, type[T]]) -> T:
    """The entry of `table` called `value` with default parameters, or `value` itself if it is of those types.

    Raises
    ------
    ValueError
        There is no such entry.
    """
    if isinstance(value, tuple(table.values())):
        return value  # type: ignore[return-value]
    return table[_one_of(what, value, tuple(table))]()


def _one_of(what: str, value: Any, names: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in names:
        raise ValueError(f"{what}={value!r} is unknown: pass one of {', '.join(map(repr, names))}")
    return value


def _positive(name: str, value: Any) -> float:
    number = real_number(name, value)
    if number <= 0:
        raise ValueError(f"{name}={number:g} is not positive: pass a positive number")
    return number
