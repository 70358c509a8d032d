"""What training returns: the weights reached, their exact loss, and how they got there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geomsup._files import complete, read_npz, write_npz
from geomsup._typing import BoolArray, FloatArray, IntArray
from geomsup._validate import integer
from geomsup.arrangement import Arrangement
from geomsup.problem import Problem
from geomsup.training.settings import TrainingSettings

__all__ = ["Run", "TrainingHistory"]


@dataclass(frozen=True, eq=False)
class TrainingHistory:
    """What was recorded on the way; every array has one entry per record on its first axis.

    Parameters
    ----------
    step : array of shape (records,)
        Updates made so far: 0 at the start, n_steps at the end.
    sampled_loss : array of shape (records, instances)
        Loss on one fresh batch, a sum over features; with `active_only`, including the inputs not drawn.
    exact_loss : array of shape (records, instances)
        Expected loss where it was computed (`exact_every`, and the last record), NaN elsewhere.
    dimensionality, norms : arrays of shape (records, instances, n_features)
        D_i and ‖W_i‖.

    Examples
    --------
    >>> import geomsup as gs
    >>> run = gs.train(gs.Problem(), n_steps=100, record_every=50, exact_every=50, batch_size=64, rng=0)
    >>> run.history
    TrainingHistory(3 records of 1 instance, steps 0 to 100)
    >>> bool(run.history.exact_loss[0, 0] > run.history.exact_loss[-1, 0])
    True
    """

    step: IntArray
    sampled_loss: FloatArray
    exact_loss: FloatArray
    dimensionality: FloatArray
    norms: FloatArray

    def __len__(self) -> int:
        return len(self.step)

    def __repr__(self) -> str:
        many = _count(self.sampled_loss.shape[1], "instance")
        return f"TrainingHistory({_count(len(self), 'record')} of {many}, steps {self.step[0]} to {self.step[-1]})"


@dataclass(frozen=True, eq=False)
class Run:
    """What gradient descent reached, instance by instance: an experiment, not a bound.

    Parameters
    ----------
    problems : tuple of Problem
        One per instance.
    settings : TrainingSettings
        How it was trained.
    W : array of shape (instances, n_hidden, n_features)
        Feature directions in columns.
    b : array of shape (instances, n_features)
        Biases.
    W_out : array of shape (instances, n_features, n_hidden) or None
        Output weights of an untied model.
    loss, error : arrays of shape (instances,)
        Expected loss of these weights, a sum over features, and a bound on its error; NaN where training diverged.
    history : TrainingHistory
        Losses, dimensionality and norms on the way.

    Examples
    --------
    >>> import geomsup as gs
    >>> run = gs.train(gs.Problem(n_features=2, n_hidden=1, feature_probability=0.1), n_instances=3, n_steps=50, rng=0)
    >>> run.W.shape, run.loss.shape, bool((run.error < 1e-9).all())
    ((3, 1, 2), (3,), True)
    """

    problems: tuple[Problem, ...]
    settings: TrainingSettings
    W: FloatArray
    b: FloatArray
    W_out: FloatArray | None
    loss: FloatArray
    error: FloatArray
    history: TrainingHistory

    @property
    def n_instances(self) -> int:
        """How many models were trained."""
        return len(self.problems)

    @property
    def diverged(self) -> BoolArray:
        """Which instances ended with weights that are not finite, shape (instances,): lower the learning rate."""
        return np.isnan(self.loss)

    @property
    def dimensionality(self) -> FloatArray:
        """D_i at the end, shape (instances, n_features): see :func:`geomsup.feature_dimensionality`."""
        shares: FloatArray = self.history.dimensionality[-1]
        return shares

    def arrangement(self, instance: int) -> Arrangement:
        """W and b of one instance as an :class:`~geomsup.Arrangement`.

        Raises
        ------
        ValueError
            There is no such instance, or it diverged.
        """
        k = integer("instance", instance, at_least=0)
        if k >= self.n_instances:
            raise ValueError(f"instance={k}, but there are {self.n_instances}: pass 0 to {self.n_instances - 1}")
        return Arrangement(self.W[k], self.b[k])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write everything to a ``.npz`` file (suffix added if missing) and return its path."""
        arrays = {name: getattr(self, name) for name in ("W", "b", "loss", "error")}
        arrays |= {} if self.W_out is None else {"W_out": self.W_out}
        arrays |= {f"history_{name}": array for name, array in vars(self.history).items()}
        meta = {"problems": [problem.to_dict() for problem in self.problems], "settings": self.settings.to_dict()}
        return write_npz(path, arrays, meta, "run")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Run:
        """Read a run written by `save`; ValueError if the file holds anything else."""
        arrays, meta = read_npz(path, "run")
        with complete(path, "run"):
            return cls(
                tuple(Problem.from_dict(problem) for problem in meta["problems"]),
                TrainingSettings.from_dict(meta["settings"]),
                arrays["W"],
                arrays["b"],
                arrays.get("W_out"),
                arrays["loss"],
                arrays["error"],
                TrainingHistory(**{name: arrays[f"history_{name}"] for name in TrainingHistory.__dataclass_fields__}),
            )

    def __repr__(self) -> str:
        settings = self.settings
        good = self.loss[~self.diverged]
        losses = f"{good.min():.6g}" + (f" to {good.max():.6g}" if good.size > 1 else "") if good.size else "none"
        lost = f", {self.diverged.sum()} diverged" if self.diverged.any() else ""
        return (
            f"Run({_count(self.n_instances, 'instance')}, {_count(settings.n_steps, 'step')} of "
            f"{type(settings.optimizer).__name__}, loss {losses}{lost})"
        )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
