"""Training by stochastic gradient descent: what an optimizer reaches, to compare with what is best."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from geomsup._validate import integer
from geomsup.problem import Problem
from geomsup.training._loop import Callback, Training
from geomsup.training.checkpoint import Checkpoint
from geomsup.training.initial import given_start, random_start
from geomsup.training.optimizers import OPTIMIZERS, AdamW, Optimizer
from geomsup.training.run import Run
from geomsup.training.schedules import SCHEDULES, Schedule
from geomsup.training.settings import TrainingSettings, named

__all__ = ["train"]


def train(
    problem: Problem | Sequence[Problem],
    *,
    n_instances: int = 1,
    n_steps: int = 10_000,
    batch_size: int = 1024,
    learning_rate: float = 1e-3,
    optimizer: str | Optimizer = "adamw",
    weight_decay: float = 0.01,
    schedule: str | Schedule = "constant",
    tied: bool = True,
    start: Any = "xavier",
    reduction: str = "mean",
    dtype: Any = "float32",
    active_only: bool = False,
    rng: Any = None,
    callback: Callback | None = None,
    record_every: int | None = None,
    exact_every: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 1000,
) -> Run:
    r"""Train models by gradient descent on fresh random batches, many instances at once.

    .. math:: \theta_{t+1} = \text{optimizer}\Bigl(\theta_t, \; \nabla_\theta\,
              \frac1B \sum_{x \in \text{batch}} \sum_i I_i \bigl(x_i - \sigma(W^\top W x + b)_i\bigr)^2 / N \Bigr)

    Parameters
    ----------
    problem : Problem or sequence of Problem
        What to train: one problem, `n_instances` times, or one problem per instance. Several must agree in n_features,
        n_hidden and activation; probabilities, importances and laws may differ.
    n_instances : int
        Number of models, independent of each other; only with a single problem.
    n_steps, batch_size : int
        Updates, and inputs per instance and update. Every batch is fresh.
    learning_rate : float
        η.
    optimizer : str or Optimizer
        ``"adamw"``, ``"adam"``, ``"sgd"``, or one with hyperparameters: :class:`AdamW`, :class:`Adam`, :class:`SGD`.
    weight_decay : float
        That of ``optimizer="adamw"``; the default .01 is that of PyTorch. It acts on W and b.
    schedule : str or Schedule
        ``"constant"``, ``"linear"``, ``"cosine"``, or :class:`ConstantRate`, :class:`LinearDecay`,
        :class:`CosineDecay`.
    tied : bool
        x' = σ(WᵀWx + b), or σ(W_out W x + b) with output weights of its own.
    start : str, float, or weights
        Normal weights and b = 0: ``"xavier"`` has variance 2/(n + m); ``"notebook"`` 2/(nm + Km) for K instances, as
        in the public notebook; a number is the standard deviation. Or (W, b), (W, b, W_out), an Arrangement, a
        Solution or a Run, for all instances or one for each.
    reduction : {"mean", "sum"}
        N = n_features, as in the public notebook, or N = 1, as everywhere else in this package. It scales the gradient
        only: every loss reported is a sum over features.
    dtype : {"float32", "float64"}
        Precision of the training. Results are float64 arrays in either case.
    active_only : bool
        Draw only inputs with an active feature, and add the loss at zero in closed form: the same expected gradient,
        with less noise where features are rare.
    rng : int, Generator or None
        Passed to ``np.random.default_rng``, which seeds an SFC64 generator. The result does not depend on the number of
        BLAS threads: there is one inside the loop, and what was set before is restored.
    callback : callable, optional
        Called with a `Progress` (phase, done, total, best) at every record; ``best`` is the lowest loss of an instance.
    record_every : int, optional
        Steps between records of the sampled loss, D_i and norms in ``history``; a hundredth of n_steps by default. The
        first and the last state are always recorded.
    exact_every : int, optional
        Steps between exact losses in ``history``; by default only the last state has one.
    checkpoint : path, optional
        A file that is written every `checkpoint_every` steps and at the end. If it exists, the run continues from it,
        to the result it would have had without the interruption.
    checkpoint_every : int
        Steps between checkpoints.

    Returns
    -------
    Run
        Final weights with their exact loss, and the history.

    Raises
    ------
    ValueError
        An unknown name, a number out of range, problems or start weights that do not fit together, or a checkpoint of
        another run.

    Examples
    --------
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=5, n_hidden=2, feature_probability=0.05)
    >>> run = gs.train(problem, n_instances=2, n_steps=200, batch_size=128, rng=0)
    >>> run.W.shape, run.history.sampled_loss.shape
    ((2, 2, 5), (101, 2))
    >>> bool((run.loss > gs.minimize(problem, rng=0).loss).all())
    True
    """
    problems = _problems(problem, n_instances)
    given = None if np.isscalar(start) else given_start(problems, start, tied=tied)
    settings = TrainingSettings(
        n_steps=integer("n_steps", n_steps, at_least=1),
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=_optimizer(optimizer, weight_decay),
        schedule=named("schedule", schedule, SCHEDULES),
        tied=bool(tied),
        start=start if given is None else None,
        reduction=reduction,
        dtype=dtype,
        active_only=bool(active_only),
        record_every=max(1, n_steps // 100) if record_every is None else record_every,
        exact_every=exact_every,
    )
    every = integer("checkpoint_every", checkpoint_every, at_least=1)
    seed = np.random.default_rng(rng).integers(2**63, size=4).tolist()
    generator = np.random.Generator(np.random.SFC64(seed))
    theta = random_start(problems, start, generator, tied=tied) if given is None else given
    training = Training(problems, settings, theta, generator, callback)
    if checkpoint is None:
        return training.run()
    identity = {
        "problems": [one.to_dict() for one in problems],
        "settings": settings.to_dict(),
        "start": None if given is None else hashlib.sha256(given.tobytes()).hexdigest(),
        "seed": seed,
    }
    return training.run(Checkpoint(checkpoint, identity, any_seed=rng is None), every)


def _problems(problem: Problem | Sequence[Problem], n_instances: int) -> tuple[Problem, ...]:
    """One problem per instance."""
    n_instances = integer("n_instances", n_instances, at_least=1)
    if isinstance(problem, Problem):
        return (problem,) * n_instances
    problems = tuple(problem) if isinstance(problem, Sequence) else ()
    if not problems or not all(isinstance(one, Problem) for one in problems):
        raise ValueError("problem is neither a Problem nor a sequence of them: pass gs.Problem(...), or a list")
    if n_instances != 1:
        raise ValueError(
            f"n_instances={n_instances} and a sequence of {len(problems)} problems, which are one instance each: "
            "leave n_instances out, or repeat the problems in the sequence"
        )
    for name in ("n_features", "n_hidden", "activation"):
        values = [getattr(one, name) for one in problems]
        if len(set(values)) > 1:
            k = next(k for k, value in enumerate(values) if value != values[0])
            raise ValueError(
                f"problem {k} has {name}={values[k]!r} and problem 0 has {values[0]!r}: "
                "train problems of different shape separately"
            )
    return problems


def _optimizer(optimizer: str | Optimizer, weight_decay: float) -> Optimizer:
    """The update rule; weight decay belongs to AdamW called by its name."""
    if isinstance(optimizer, str) and optimizer == "adamw":
        return AdamW(weight_decay=weight_decay)
    if weight_decay != AdamW.weight_decay:
        raise ValueError(
            f"weight_decay={weight_decay!r} goes with optimizer='adamw', not with {optimizer!r}: "
            "pass optimizer=AdamW(weight_decay=...)"
        )
    return named("optimizer", optimizer, OPTIMIZERS)
