"""Second moments of the features in exact arithmetic: floats, such as probabilities, are taken at face value."""

from __future__ import annotations

from dataclasses import dataclass

from flint import fmpq

from geomsup.bounds._numbers import exact
from geomsup.features.groups import Features
from geomsup.features.laws import ValueLaw

__all__ = ["Block", "alone", "covariance_blocks", "variances"]


@dataclass(frozen=True)
class Block:
    """The covariance of the features of one group; features of different groups have none."""

    members: tuple[int, ...]
    covariance: list[list[fmpq]]


def covariance_blocks(features: Features) -> list[Block]:
    """Cov x, group by group."""
    blocks = []
    for group in features.groups:
        first = [_moment(features.laws[i], 1) for i in group.members]
        p, size = exact(group.probability), range(len(group.members))
        q = p / len(group.members) if group.kind == "one_of" else p
        together = p if group.kind == "together" else fmpq(0)
        covariance = [
            [
                q * _moment(features.laws[group.members[i]], 2) - (q * first[i]) ** 2
                if i == j
                else (together - q * q) * first[i] * first[j]
                for j in size
            ]
            for i in size
        ]
        blocks.append(Block(group.members, covariance))
    return blocks


def variances(features: Features) -> list[fmpq]:
    """Var x_i."""
    found = {i: block.covariance[k][k] for block in covariance_blocks(features) for k, i in enumerate(block.members)}
    return [found[i] for i in range(features.n_features)]


def alone(features: Features) -> list[fmpq] | None:
    """P(feature j alone is active) E[x_j² | active], or None unless features are independent and not negative."""
    if any(len(group.members) > 1 for group in features.groups) or any(law.support[0] < 0 for law in features.laws):
        return None
    p = [exact(float(x)) for x in features.feature_probability]
    found = []
    for j, law in enumerate(features.laws):
        weight = p[j] * _moment(law, 2)
        for k, x in enumerate(p):
            weight *= 1 if k == j else 1 - x
        found.append(weight)
    return found


def _moment(law: ValueLaw, order: int) -> fmpq:
    """E x or E x² of a value law: a mean over atoms, or over an interval."""
    if law.atoms is not None:
        values, weights = ([exact(float(x)) for x in part] for part in law.atoms)
        total = sum(weights, fmpq(0))  # one within a rounding: the law is these weights, normalised
        return sum((w * x**order for w, x in zip(weights, values, strict=True)), fmpq(0)) / total
    low, high = (exact(x) for x in law.support)
    return (low + high) / 2 if order == 1 else (low * low + low * high + high * high) / 3
