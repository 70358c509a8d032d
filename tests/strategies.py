"""Hypothesis strategies for problems and weights, valid by construction, and the exact value of one row of the loss."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from geomsup.features import AnticorrelatedSets, Constant, CorrelatedSets, Discrete, Independent, Uniform
from geomsup.loss.oracle import oracle_loss
from geomsup.problem import Problem

LAWS = (
    Uniform(),
    Uniform(0.5, 1),
    Uniform(-1, 1),
    Uniform(-2, 0.3),
    Constant(),
    Constant(-0.7),
    Discrete([-1, 1]),
    Discrete([0, 0.5, 2], weights=[1, 2, 1]),
)
"""Densities on one and on both sides of 0, away from it and up to it; atoms of either sign, and one at 0."""

laws = st.sampled_from(LAWS)
unit = st.integers(0, 10**6).map(lambda k: k / 10**6)
"""Numbers in [0, 1] that are 0 or not tiny: rounding errors are bounded relative to size, which underflow spoils."""
probability = st.sampled_from([0.0, 0.05, 0.3, 1.0]) | unit


@st.composite
def independent(draw, n, laws=laws, probability=probability):
    """Independent features, each with its own probability and law."""
    return Independent(draw(arrays(n, probability)), draw(st.lists(laws, min_size=n, max_size=n)))


@st.composite
def sets(draw, n, laws=laws):
    """A random partition of n features into correlated or anticorrelated sets."""
    order = draw(st.permutations(range(n)))
    cuts = sorted(draw(st.sets(st.integers(1, n - 1), max_size=n - 1))) if n > 1 else []
    parts = [order[begin:end] for begin, end in zip([0, *cuts], [*cuts, n], strict=True)]
    family = draw(st.sampled_from([CorrelatedSets, AnticorrelatedSets]))
    return family(parts, draw(arrays(len(parts), probability)), draw(st.lists(laws, min_size=n, max_size=n)))


@st.composite
def problems(draw, min_features=1, max_features=4, n_hidden=None, families=("independent", "sets"), laws=laws):
    """Problems with ReLU, importances of which some are 0, and any law of the inputs."""
    n = draw(st.integers(min_features, max_features))
    features = draw({"independent": independent, "sets": sets}[draw(st.sampled_from(families))](n, laws=laws))
    importance = draw(st.none() | arrays(n, st.sampled_from([0.0, 0.5, 1.0])))
    m = draw(st.integers(1, 3)) if n_hidden is None else n_hidden
    return Problem(n_hidden=m, importance=importance, features=features)


def arrays(shape, entries):
    """Float arrays of a shape with the given entries."""
    size = int(np.prod(shape))
    return st.lists(entries, min_size=size, max_size=size).map(lambda x: np.array(x, dtype=float).reshape(shape))


@st.composite
def numbers(draw, smallest=-8.0):
    """Numbers of either sign from 1e-8 to 2, exact zeros and a few values that often repeat."""
    if draw(st.booleans()):
        return draw(st.sampled_from([0.0, 1.0, -1.0, 0.5]))
    return draw(st.sampled_from([-1, 1])) * 10 ** draw(st.floats(smallest, 0.3))


biases = st.sampled_from([0.0, 1e-6, -1e-6, 1e-16, -0.3]) | st.tuples(st.sampled_from([-1, 1]), unit).map(np.prod)
"""Biases at, within 1e-6 of, and away from the kink of ReLU."""


@st.composite
def weights(draw, problem):
    """W and b for a problem: coefficients of all sizes, features that are dropped, repeated or dead."""
    m, n = problem.n_hidden, problem.n_features
    W = draw(arrays((m, n), numbers(smallest=-4.0)))
    for j in range(n):
        kind = draw(st.sampled_from(["as it is", "as it is", "dropped", "repeated", "opposite"]))
        if kind != "as it is":
            W[:, j] = {"dropped": 0, "repeated": 1, "opposite": -1}[kind] * W[:, 0]
    return W, draw(arrays(n, biases))


@st.composite
def rows(draw, **kwargs):
    """A problem and one row of its effective matrix: (problem, coefficients, bias, own feature)."""
    problem = draw(problems(**kwargs))
    n = problem.n_features
    return problem, draw(arrays(n, numbers())), draw(biases), draw(st.integers(0, n - 1))


def exact_row(problem, a, b, own) -> Fraction:
    """E z₊² − 2E x_own z₊, z = b + a·x, as a rational: a loss minus the loss of reconstructing nothing, E x_own²."""
    n = problem.n_features
    only = problem.replace(n_hidden=n, importance=np.eye(n)[own])
    M, bias = np.zeros((2, n, n)), np.zeros((2, n))
    M[0, own], bias[0, own] = a, b
    values = [oracle_loss(only, np.eye(n), bias[k], W_out=M[k]) for k in (0, 1)]
    return values[0] - values[1]


def two_pairs_and_a_dropped_feature(p):
    """The row of a feature of an antipodal pair whose others are small but not 0: (problem, a, b, own).

    The classical hard case of a Fourier series: small features leave z concentrated at the kink.
    """
    return Problem(5, 2, p), np.array([1.0, -1.0, 1e-3, -1e-3, 1e-5]), 0.0, 0
