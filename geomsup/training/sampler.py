r"""Fresh batches for many problems at once, with the inputs in columns: shape (instances, features, batch).

Everything follows from one number per group of features, which is 0 where the group is off and uniform on (0, 1] where
it is on: for u uniform on [0, 1),

.. math:: V = \max(1 - u/p, \, 0), \qquad P(V > 0) = p, \qquad V \mid V > 0 \;\sim\; U(0, 1] .

So an independent feature with values on [0, 1] *is* V, the active member of a set of g of which one is on is ⌈gV⌉, and
other values are functions of V.

At small p most inputs are zero and teach nothing. The sampler can draw only inputs with an active feature, because the
loss at zero needs no sampling:

.. math:: L = P(x = 0)\, \ell(0) + (1 - P(x = 0))\, E[\ell(x) \mid \text{some group is on}] .

Given that some group is on, the first one that is on is g with probability p_g Π_{h<g} (1 − p_h) / (1 − Π_h (1 − p_h));
those before it are off, and those after it know nothing of it. That is a draw without rejection, at any p.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from geomsup._typing import FloatArray, Floating
from geomsup.features.groups import Features
from geomsup.features.laws import ValueLaw
from geomsup.features.uniform import UNIT_INTERVAL, Uniform
from geomsup.problem import Problem

__all__ = ["Sampler"]

TINIEST = 1e-30
"""Stands in for a smaller p in 1/p, which would overflow: V > 0 then has probability below 1e-9 all the same."""


class Sampler:
    """Batches of inputs, an instance for each problem, written over at every draw.

    Parameters
    ----------
    problems : sequence of Problem
        With the same number of features.
    batch_size : int
        Inputs per instance and batch.
    dtype : dtype
        float32 or float64.
    active_only : bool
        Draw only inputs with an active group; `weight` says what part of the loss they stand for.

    Raises
    ------
    ValueError
        `active_only`, and a problem whose features are never active.
    """

    weight: FloatArray
    """1 − P(no group is on) with `active_only`, otherwise 1; shape (instances,)."""
    x: Floating
    """The batch, shape (instances, n_features, batch_size)."""

    def __init__(
        self, problems: Sequence[Problem], batch_size: int, dtype: npt.DTypeLike, *, active_only: bool = False
    ) -> None:
        self.x = np.empty((len(problems), problems[0].n_features, batch_size), dtype)
        self._parts: list[tuple[_Part, Floating]] = []
        self.weight = np.ones(len(problems))
        end = 0
        for _, run in groupby((problem.features for problem in problems), _structure):
            alike = list(run)
            begin, end = end, end + len(alike)
            part = _Part(alike, self.x[begin:end], active_only)
            self._parts.append((part, self.x[begin:end]))
            if active_only:
                self.weight[begin:end] = part.active
        if not self.weight.all():
            k = int(np.argmin(self.weight))
            raise ValueError(
                f"active_only, but no feature of instance {k} is ever active (its probabilities are 0): "
                "leave that instance out, or pass active_only=False"
            )

    def draw(self, rng: np.random.Generator) -> Floating:
        """A batch, shape (instances, features, batch), valid until the next draw."""
        for part, x in self._parts:
            part.fill(rng, x)
        return self.x


class _Part:
    """Instances with the same groups and value laws; only their probabilities differ."""

    def __init__(self, features: Sequence[Features], x: Floating, active_only: bool) -> None:
        groups = features[0].groups
        p = np.array([[group.probability for group in one.groups] for one in features])
        self.slope = (-1 / np.maximum(p, TINIEST)).astype(x.dtype)[:, :, np.newaxis]
        self.offset = (p > 0).astype(x.dtype)[:, :, np.newaxis]
        with np.errstate(divide="ignore"):  # p = 1
            reached = -np.expm1(np.cumsum(np.log1p(-p), axis=1))
        self.active = reached[:, -1]
        with np.errstate(invalid="ignore"):  # 0/0 where no group is ever on, which the sampler refuses
            self.first_by = (reached / self.active[:, np.newaxis])[:, :, np.newaxis] if active_only else None
        self.laws = _columns(features[0].laws)
        self.on = None
        if [group.members for group in groups] != [(i,) for i in range(len(features[0].laws))]:
            self.on = np.empty((len(features), len(groups), x.shape[2]), x.dtype)
            self.choices = np.array([len(g.members) if g.kind == "one_of" else 1 for g in groups], x.dtype)
            self.group_of, self.place = np.ones((2, x.shape[1]), np.int64)
            for g, group in enumerate(groups):
                self.group_of[list(group.members)] = g
                if group.kind == "one_of":
                    self.place[list(group.members)] = np.arange(1, len(group.members) + 1)

    def fill(self, rng: np.random.Generator, x: Floating) -> None:
        """Draw a batch into x, shape (instances, features, batch)."""
        if self.on is None:
            self._switch(rng, x)
        else:
            self._switch(rng, self.on)
            self.on *= self.choices[:, np.newaxis]
            chosen = np.ceil(self.on, out=self.on)[:, self.group_of]
            np.subtract(1, _uniform(rng, x), out=x)
            x *= chosen == self.place[:, np.newaxis]
        for law, columns in self.laws:
            x[:, columns] = _values(law, x[:, columns], rng)

    def _switch(self, rng: np.random.Generator, V: Floating) -> None:
        """Fill V, shape (instances, groups, batch)."""
        _uniform(rng, V)
        V *= self.slope
        V += self.offset
        np.maximum(V, 0, out=V)
        if self.first_by is not None:
            anew = rng.random((2, len(V), 1, V.shape[2]))
            first = anew[0] < self.first_by  # so far: the first group that is on, and all after it
            V[:, 1:] *= first[:, :-1]
            V[:, 0] = 0
            first[:, 1:] ^= first[:, :-1]
            V += first * (1 - anew[1]).astype(V.dtype)


def _uniform(rng: np.random.Generator, out: Floating) -> Floating:
    """Fill with uniform numbers below 1: 53 random bits each in double precision, 32 in single."""
    if out.dtype == np.float64:
        return rng.random(out=out)
    # 32 bits resolve p = 1e-5 to 2e-5, the 24 of Generator.random only to 6e-3; and they take half the time.
    bits = rng.bit_generator.random_raw((out.size + 1) // 2).view(np.uint32)[: out.size]
    np.copyto(out, bits.reshape(out.shape))
    # The largest 32-bit integers round up to 2³² in single precision: keep the result below 1.
    out *= np.float32((1 - 2.0**-24) * 2.0**-32)
    return out


def _values(law: ValueLaw, V: Floating, rng: np.random.Generator) -> Any:
    """Values of the law where V > 0, and 0 elsewhere: its quantile at V, or draws where that is not known."""
    if isinstance(law, Uniform):
        values: Any = law.low + (law.high - law.low) * V
    elif law.atoms is None:
        values = law.sample(rng, V.shape)
    else:
        atoms, weights = (array.astype(V.dtype) for array in law.atoms)
        values = atoms.take(np.searchsorted(np.cumsum(weights[:-1]), V)) if len(atoms) > 1 else atoms[0]
    return values * (V > 0)


def _columns(laws: Sequence[ValueLaw]) -> list[tuple[ValueLaw, slice | list[int]]]:
    """The features of each law whose values are not V itself."""
    if len(set(laws)) == 1:
        return [(laws[0], slice(None))] if laws[0] != UNIT_INTERVAL else []
    others = [law for law in dict.fromkeys(laws) if law != UNIT_INTERVAL]
    return [(law, [i for i, own in enumerate(laws) if own == law]) for law in others]


def _structure(features: Features) -> tuple[Any, ...]:
    """What is the same within a part."""
    return tuple((group.members, group.kind) for group in features.groups), features.laws
