"""The training loop, written once: draw a batch, record if it is time to, take the gradient, update.

Everything that the next step depends on is in one `State`, so a checkpoint taken between steps loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from geomsup._typing import FloatArray, Floating
from geomsup._validate import frozen
from geomsup.dimensionality import feature_dimensionality
from geomsup.loss.expected import expected_loss
from geomsup.optimize.solution import Progress
from geomsup.problem import Problem
from geomsup.training.checkpoint import Checkpoint, State
from geomsup.training.model import Model, unpack
from geomsup.training.run import Run, TrainingHistory
from geomsup.training.sampler import Sampler
from geomsup.training.settings import TrainingSettings

EXACT_TOL = 1e-9
"""Aim for the error of the exact loss: far below the .01 % that the noise of training costs, and twice as fast as 1e-12
from 20 features on."""
Callback = Callable[[Progress], None]


class Training:
    """One call of `train`: the state, and what a step needs."""

    def __init__(
        self,
        problems: tuple[Problem, ...],
        settings: TrainingSettings,
        theta: FloatArray,
        rng: np.random.Generator,
        callback: Callback | None,
    ) -> None:
        self.problems, self.settings, self.callback = problems, settings, callback
        weights: Floating = theta.astype(settings.dtype)
        memory: Floating = np.zeros((settings.optimizer.slots, *weights.shape), weights.dtype)
        self.state = State(0, weights, memory, rng, {name: [] for name in TrainingHistory.__dataclass_fields__})
        self.gradient, self.scratch = np.empty_like(weights), np.empty_like(weights)
        self.sampler = Sampler(problems, settings.batch_size, weights.dtype, active_only=settings.active_only)
        self.model = Model(problems, self.sampler.x, self.sampler.weight, mean=settings.reduction == "mean")

    def run(self, checkpoint: Checkpoint | None = None, every: int = 1) -> Run:
        """From the start, or from the checkpoint, to the end."""
        state, last = self.state, self.settings.n_steps
        if checkpoint is not None:
            checkpoint.restore(state)
        restored = state.step
        # One thread: on products this small, two are up to 35 times slower than one, and the sums could differ.
        # Weights that diverge are reported at the end, not warned of on the way.
        with threadpool_limits(1), np.errstate(over="ignore", invalid="ignore"):
            for state.step in range(restored, last + 1):
                if checkpoint is not None and state.step > restored and (state.step % every == 0 or state.step == last):
                    checkpoint.save(state)
                x = self.sampler.draw(state.rng)
                if self._due(self.settings.record_every) or self._due(self.settings.exact_every):
                    self._record(x)
                if state.step < last:
                    self._update(x)
        return self._result()

    def _due(self, every: int | None) -> bool:
        step = self.state.step
        return step == self.settings.n_steps or (every is not None and step % every == 0)

    def _update(self, x: Floating) -> None:
        state, settings = self.state, self.settings
        rate = settings.learning_rate * settings.schedule.factor(state.step, settings.n_steps)
        gradient = self.model.gradient(state.theta, x, self.gradient)
        settings.optimizer.update(state.theta, gradient, state.memory, self.scratch, step=state.step + 1, rate=rate)

    def _record(self, x: Floating) -> None:
        state = self.state
        W, b, _ = unpack(state.theta.astype(np.float64), self.model.m)
        finite = np.isfinite(W).all(axis=(1, 2))
        dimensionality = np.full(b.shape, np.nan)
        dimensionality[finite] = feature_dimensionality(W[finite])
        sampled = self.model.loss(state.theta, x)
        self._tell("training", state.step, self.settings.n_steps, sampled)
        record = {
            "step": np.array(state.step),
            "sampled_loss": sampled,
            "exact_loss": self._exact() if self._due(self.settings.exact_every) else np.full(len(b), np.nan),
            "dimensionality": dimensionality,
            "norms": np.linalg.norm(W, axis=1),
        }
        for name, entry in record.items():
            state.records[name].append(entry)

    def _exact(self) -> FloatArray:
        """The expected loss of each instance, NaN for weights that are not finite; its error goes to `self.error`."""
        loss = np.full(len(self.problems), np.nan)
        self.error = np.full_like(loss, np.nan)
        for k, theta in enumerate(self.state.theta.astype(np.float64)):
            if np.isfinite(theta).all():
                W, b, W_out = unpack(theta, self.model.m)
                found = expected_loss(self.problems[k], W, b, W_out=W_out, tol=EXACT_TOL)
                loss[k], self.error[k] = found.value, found.error
            if self.state.step == self.settings.n_steps:
                self._tell("evaluating", k + 1, len(loss), loss[: k + 1])
        return loss

    def _tell(self, phase: str, done: int, total: int, losses: FloatArray) -> None:
        if self.callback is not None:
            best = float(np.min(losses, where=np.isfinite(losses), initial=np.inf))
            self.callback(Progress(phase, done, total, best))

    def _result(self) -> Run:
        W, b, W_out = unpack(self.state.theta.astype(np.float64), self.model.m)
        arrays: dict[str, Any] = {name: np.array(entries) for name, entries in self.state.records.items()}
        history = TrainingHistory(**arrays)
        return Run(
            self.problems,
            self.settings,
            frozen(W),
            frozen(b),
            None if W_out is None else frozen(W_out),
            frozen(history.exact_loss[-1]),
            frozen(self.error),
            history,
        )
