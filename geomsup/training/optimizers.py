r"""The update rules, in place on all parameters at once: g is the gradient at step t = 1, 2, …, η the learning rate.

They are those of PyTorch, in its order of operations: the weights decay first, by the learning rate of the step, and
the bias is decayed like every other parameter.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from geomsup._typing import Floating
from geomsup._validate import real_number

__all__ = ["OPTIMIZERS", "SGD", "Adam", "AdamW", "Optimizer"]


class Optimizer(ABC):
    """An update rule and its hyperparameters; what it remembers between steps is passed in as `memory`."""

    slots: ClassVar[int]
    """How many arrays like the parameters it remembers."""

    @abstractmethod
    def update(
        self, theta: Floating, gradient: Floating, memory: Floating, scratch: Floating, *, step: int, rate: float
    ) -> None:
        """Change `theta` and `memory`, shape (slots, \\*theta.shape), in place; `scratch` is written over."""


@final
@dataclass(frozen=True)
class SGD(Optimizer):
    r"""Stochastic gradient descent with momentum: v ← μv + g, θ ← θ − ηv.

    Parameters
    ----------
    momentum : float
        μ, in [0, 1).

    Raises
    ------
    ValueError
        The momentum is outside [0, 1).

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.SGD(momentum=0.9)
    SGD(momentum=0.9)
    """

    momentum: float = 0.0
    slots: ClassVar[int] = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "momentum", _below_one("momentum", self.momentum))

    def update(
        self, theta: Floating, gradient: Floating, memory: Floating, scratch: Floating, *, step: int, rate: float
    ) -> None:
        """One step."""
        (velocity,) = memory
        velocity *= self.momentum
        velocity += gradient
        theta -= np.multiply(velocity, rate, out=scratch)


@final
@dataclass(frozen=True)
class Adam(Optimizer):
    r"""Adam (Kingma and Ba 2015, algorithm 1), with no weight decay.

    .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2, \quad
              \theta \leftarrow \theta - \eta\,\frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    beta1, beta2 : float
        Decay of the averages of g and g², in [0, 1).
    epsilon : float
        Positive.

    Raises
    ------
    ValueError
        A parameter out of range.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.Adam(beta2=0.99)
    Adam(beta1=0.9, beta2=0.99, epsilon=1e-08)
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    slots: ClassVar[int] = 2

    def __post_init__(self) -> None:
        _check(self)

    def update(
        self, theta: Floating, gradient: Floating, memory: Floating, scratch: Floating, *, step: int, rate: float
    ) -> None:
        """One step."""
        _adam(self, theta, gradient, memory, scratch, step, rate)


@final
@dataclass(frozen=True)
class AdamW(Optimizer):
    r"""Adam with decoupled weight decay (Loshchilov and Hutter 2019): θ ← (1 − ηλ)θ, then Adam.

    Parameters
    ----------
    beta1, beta2, epsilon : float
        As in :class:`Adam`.
    weight_decay : float
        λ ≥ 0. The default .01 is that of PyTorch and of the public notebook; W and b decay alike.

    Raises
    ------
    ValueError
        A parameter out of range.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.AdamW(weight_decay=0.0)
    AdamW(beta1=0.9, beta2=0.999, epsilon=1e-08, weight_decay=0.0)
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01
    slots: ClassVar[int] = 2

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "weight_decay", real_number("weight_decay", self.weight_decay))
        if self.weight_decay < 0:
            raise ValueError(f"weight_decay={self.weight_decay:g} is negative: pass 0 for none")

    def update(
        self, theta: Floating, gradient: Floating, memory: Floating, scratch: Floating, *, step: int, rate: float
    ) -> None:
        """One step."""
        theta *= 1 - rate * self.weight_decay
        _adam(self, theta, gradient, memory, scratch, step, rate)


OPTIMIZERS: dict[str, type[Optimizer]] = {"adamw": AdamW, "adam": Adam, "sgd": SGD}
"""Optimizers by name."""


def _adam(
    rule: Adam | AdamW,
    theta: Floating,
    gradient: Floating,
    memory: Floating,
    scratch: Floating,
    step: int,
    rate: float,
) -> None:
    mean, square = memory
    mean += np.multiply(np.subtract(gradient, mean, out=scratch), 1 - rule.beta1, out=scratch)
    square *= rule.beta2
    square += np.multiply(np.multiply(gradient, gradient, out=scratch), 1 - rule.beta2, out=scratch)
    np.sqrt(square, out=scratch)
    scratch /= math.sqrt(1 - rule.beta2**step)
    scratch += rule.epsilon
    np.divide(mean, scratch, out=scratch)
    theta -= np.multiply(scratch, rate / (1 - rule.beta1**step), out=scratch)


def _check(rule: Adam | AdamW) -> None:
    for name in ("beta1", "beta2"):
        object.__setattr__(rule, name, _below_one(name, getattr(rule, name)))
    object.__setattr__(rule, "epsilon", real_number("epsilon", rule.epsilon))
    if rule.epsilon <= 0:
        raise ValueError(f"epsilon={rule.epsilon:g} is not positive: pass a small number such as 1e-8")


def _below_one(name: str, value: float) -> float:
    value = real_number(name, value)
    if not 0 <= value < 1:
        raise ValueError(f"{name}={value:g} is outside [0, 1): pass a number such as 0.9")
    return value
