"""Weights as training leaves them: a few lines of AdamW on sampled batches, sharing nothing with the package's own."""

import functools
from dataclasses import dataclass

import numpy as np

import geomsup as gs


@dataclass(frozen=True)
class Case:
    """One training run: n features in m dimensions of importance ratio^i and probability p."""

    n: int
    m: int
    ratio: float
    p: float
    seed: int
    steps: int

    @property
    def problem(self):
        return gs.Problem(self.n, self.m, self.p, importance=gs.geometric_importance(self.n, self.ratio))

    @functools.cache  # noqa: B019 - a few cases, wanted in several tests
    def train(self):
        return adamw(self.problem, np.random.default_rng(self.seed), self.steps)


FEW = [
    Case(5, 2, 1.0, 0.3, 0, 2000),
    Case(5, 2, 1.0, 0.1, 0, 2000),  # two antipodal pairs and a feature left over: not the best
    Case(5, 2, 1.0, 0.05, 0, 2000),
    Case(5, 2, 0.9, 0.136, 0, 2000),  # stopped early: most of the excess is noise
    Case(6, 3, 0.9, 0.1, 1, 3000),
    Case(3, 2, 1.0, 0.05, 0, 3000),
]
SMALL = [
    *(Case(5, 2, 1.0, p, *run) for p in (0.3, 0.1, 0.05, 0.01) for run in ((0, 2000), (1, 5000), (2, 10_000))),
    *(Case(5, 2, 0.9, p, *run) for p in (0.264, 0.136, 0.05) for run in ((0, 2000), (1, 5000), (2, 10_000))),
    *(Case(6, 3, 1.0, p, 0, 5000) for p in (0.3, 0.05)),
    *(Case(3, 2, 1.0, p, 0, 3000) for p in (0.3, 0.05)),
    Case(6, 3, 0.9, 0.1, 1, 5000),
]
LARGE = [Case(20, 5, 0.7, p, 0, steps) for p, steps in ((0.1, 5000), (0.3, 5000), (0.03, 10_000), (1.0, 3000))]


def adamw(problem, rng, steps, batch=1024, rate=1e-3, decay=0.01):
    """AdamW on the mean over features of the tied ReLU model, from a Xavier start; W and b."""
    m, n = problem.n_hidden, problem.n_features
    weights = [rng.normal(size=(m, n)) * np.sqrt(2 / (m * n + m)), np.zeros(n)]
    first, second = ([np.zeros_like(w) for w in weights] for _ in range(2))
    for t in range(1, steps + 1):
        W, b = weights
        x = problem.features.sample(rng, batch)
        hidden = x @ W.T
        z = hidden @ W + b
        d = 2 * problem.importance * (np.maximum(z, 0) - x) * (z > 0) / (batch * n)
        for k, gradient in enumerate(((d @ W.T).T @ x + hidden.T @ d, d.sum(axis=0))):
            first[k] = 0.9 * first[k] + 0.1 * gradient
            second[k] = 0.999 * second[k] + 0.001 * gradient**2
            weights[k] *= 1 - rate * decay
            weights[k] -= rate * first[k] / (1 - 0.9**t) / (np.sqrt(second[k] / (1 - 0.999**t)) + 1e-8)
    return weights[0], weights[1]
