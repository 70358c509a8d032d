"""Triples at which a bound is sharp: around them the inequality is proved by convexity, and nothing is given up."""

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds._bernstein import nonnegative_on_triples, values_between
from geomsup.bounds._equality import neighbourhood
from geomsup.bounds._numbers import below
from geomsup.bounds._store import stored
from geomsup.bounds._triples import kernel, kernel_of_matrices
from geomsup.bounds.verify import Refuted
from tests.bounds.recomputed import margin, numbers
from tests.bounds.test_three_point import MINUS, ONE, value

PLACE = [fmpq(-3, 5), fmpq(1, 5), fmpq(1, 5)]
BY_ITS_END = [fmpq(1, 5), fmpq(1, 5), fmpq(1)]


def expanded(p, matrix, slope=(0, 0, 0), cubic=0):
    """(x − p)ᵀ matrix (x − p) + slope·(x − p) + cubic (x_0 − p_0)³, in powers of x."""
    x = [{tuple(int(k == axis) for k in range(3)): fmpq(1), (0, 0, 0): -p[axis]} for axis in range(3)]
    terms = [(fmpq(int(matrix[i][j])), (x[i], x[j])) for i in range(3) for j in range(3)]
    terms += [(fmpq(int(c)), (x[i],)) for i, c in enumerate(slope)] + [(fmpq(int(cubic)), (x[0],) * 3)]
    total = {}
    for weight, factors in terms:
        product = {(0, 0, 0): weight}
        for one in factors:
            longer = {}
            for e, a in product.items():
                for f, b in one.items():
                    key = tuple(i + j for i, j in zip(e, f, strict=True))
                    longer[key] = longer.get(key, fmpq(0)) + a * b
            product = longer
        for e, a in product.items():
            total[e] = total.get(e, fmpq(0)) + a
    return total


def samples(box, seed=0):
    low, high = (np.array([below(x) for x in corner]) for corner in box)
    return low + (high - low) * np.random.default_rng(seed).uniform(size=(2000, 3))


@given(st.integers(0, 10**6))
def test_nothing_is_negative_in_a_neighbourhood(seed):
    rng = np.random.default_rng(seed)
    A = rng.integers(-3, 4, size=(3, 3))
    g = expanded(PLACE, A.T @ A + np.diag([1, 1, 1]), cubic=rng.integers(-20, 21))
    box = neighbourhood(g, PLACE, MINUS, ONE)
    assert all(a < x < b for a, x, b in zip(box[0], PLACE, box[1], strict=True))
    assert value(g, samples(box)).min() >= 0


@given(st.integers(0, 10**6))
def test_at_an_end_it_may_fall_towards_it(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-9, 10, size=(3, 3))
    matrix[:2, :2] = [[2, -1], [-1, 2]]
    g = expanded(BY_ITS_END, matrix + matrix.T, slope=(0, 0, -rng.integers(1, 9)))
    box = neighbourhood(g, BY_ITS_END, MINUS, ONE)
    assert box[1][2] == 1
    assert value(g, samples(box)).min() >= 0


@pytest.mark.parametrize(
    ("p", "g", "reason"),
    [
        (PLACE, expanded(PLACE, np.eye(3)) | {(0, 0, 0): fmpq(3)}, "not an equality"),
        (PLACE, expanded(PLACE, np.eye(3), slope=(1, 0, 0)), "not stationary"),
        (PLACE, expanded(PLACE, np.diag([1, 1, -1])), "may be violated"),
        (PLACE, expanded(PLACE, np.diag([1, 1, 0])), "may be violated"),
        (BY_ITS_END, expanded(BY_ITS_END, np.diag([1, 1, 1]), slope=(0, 0, 1)), "may be violated"),
        (BY_ITS_END, expanded(BY_ITS_END, np.diag([1, -1, 1]), slope=(0, 0, -1)), "may be violated"),
        (BY_ITS_END, expanded(BY_ITS_END, np.eye(3), slope=(0, -1, -1)), "not stationary"),
    ],
)
def test_what_is_no_minimum_is_refused(p, g, reason):
    with pytest.raises(Refuted, match=reason):
        neighbourhood(g, p, MINUS, ONE)


def test_with_it_subdivision_ends():
    g = expanded(PLACE, np.eye(3))
    with pytest.raises(Refuted, match="too close"):
        nonnegative_on_triples(g, MINUS, ONE)
    near = neighbourhood(g, PLACE, MINUS, ONE)
    assert nonnegative_on_triples(g, MINUS, ONE, known=[near]) > 1
    with pytest.raises(Refuted, match="fails near"):
        nonnegative_on_triples(g | {(0, 0, 0): g[0, 0, 0] - fmpq(1, 50)}, MINUS, ONE, known=[near])


@given(st.integers(0, 10**6))
def test_bounds_on_values_hold(seed):
    rng = np.random.default_rng(seed)
    exponents, numerators = rng.integers(0, 4, (5, 3)).tolist(), rng.integers(-9, 10, 5).tolist()
    g = {tuple(e): fmpq(x) for e, x in zip(exponents, numerators, strict=True)}
    ends = np.sort(rng.integers(-8, 9, size=(2, 3)), axis=0)
    box = [[fmpq(int(x), 8) for x in corner] for corner in ends]
    low, high = values_between(g, *box)
    found = value(g, samples(box)) if any(g.values()) else np.zeros(1)
    assert low <= found.min() + 1e-12
    assert found.max() <= high + 1e-12


def test_matrices_give_the_kernel_of_their_factors():
    rng = np.random.default_rng(0)
    factors = [[[fmpq(int(x)) for x in row] for row in rng.integers(-9, 10, (2, 3 - k))] for k in range(3)]
    matrices = [[[sum(a[i] * a[j] for a in rows) for j in range(3 - k)] for i in range(3 - k)]
                for k, rows in enumerate(factors)]
    assert kernel_of_matrices(5, matrices) == kernel(5, factors)


@pytest.mark.parametrize("m", [5, 22])
def test_the_graphs_are_equalities_of_the_proof(m):
    """Recomputed in floats from the definition of the kernel; the graph's own triples are all that are listed."""
    certificate = stored(f"capacity-{m}-upper")
    assert -1e-9 < margin(certificate) < 1e-9
    W = gs.capacity(m).arrangement
    G = np.round(W.T @ W / np.outer(*[np.linalg.norm(W, axis=0)] * 2), 9)
    i, j, k = (index.ravel() for index in np.meshgrid(*[np.arange(len(G))] * 3, indexing="ij"))
    listed = sorted(numbers(certificate.proof["equalities"]))
    triples = np.unique(np.sort(np.stack([G[i, j], G[i, k], G[j, k]], axis=1), axis=1), axis=0)
    np.testing.assert_allclose(triples, listed, atol=1e-8)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"equalities": [["1", "1", "1"]]}, "too close"),
        ({"equalities": [["-1/2", "-1/2", "-1/2"]]}, "not an equality"),
        ({"constant": "7001/80000"}, "not an equality"),
        ({"matrices": [[["-1"]]]}, "not positive semidefinite"),
        ({"matrices": [[["1", "0"], ["1", "1"]]]}, "not symmetric"),
    ],
)
def test_a_proof_with_other_equalities_is_refused(change, reason):
    original = stored("capacity-5-upper")
    verification = gs.verify(gs.Certificate(original.kind, original.claim, {**original.proof, **change}))
    assert not verification
    assert reason in verification.reason
