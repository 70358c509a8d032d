"""The imagined graph: real where it is known, consistent elsewhere, and no three-point bound goes below it."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.bounds import three_point_limit
from geomsup.bounds._semidefinite import Kernels
from geomsup.bounds.lp import gegenbauer_values


def graph(m):
    """a, b, n and μ, from three conditions on means: P_1, P_3 and that neighbours form a simplex seen from each."""
    # m³a³ − m²a² − ma = m(m − 2), in x = ma.
    x = max(z.real for z in np.roots([1, -1, -1, -m * (m - 2)]) if abs(z.imag) < 1e-9)
    a = x / m
    b = (m * a * a - 1) / (m - 1)
    n = 1 + m + (a * m - 1) / b
    return a, b, n, m * (m - 1) / (n - 1 - m)


def triples(m):
    """Cosines (x·y, x·z, y·z) and how often they occur for a given x."""
    a, b, n, mu = graph(m)
    k, rest = m, n - 1 - m
    cosine = {"x": 1.0, "N": -a, "R": b}
    counted = [("x", "x", 1, 1)]
    for other, size in (("N", k), ("R", rest)):
        counted += [("x", other, cosine[other], size), (other, "x", cosine[other], size), (other, other, 1, size)]
    counted += [("N", "N", b, k * (k - 1))]
    counted += [(*pair, -a, k * (k - 1)) for pair in (("N", "R"), ("R", "N"))]
    counted += [(*pair, b, k * (rest - k + 1)) for pair in (("N", "R"), ("R", "N"))]
    counted += [("R", "R", -a, rest * (k - mu)), ("R", "R", b, rest * (rest - 1 - k + mu))]
    return np.array([[cosine[y], cosine[z], t] for y, z, t, _ in counted]), np.array([w for *_, w in counted])


@pytest.mark.parametrize("m", [5, 22])
def test_it_is_the_graph_where_there_is_one(m):
    W = gs.capacity(m).arrangement
    G = W.T @ W / np.outer(*[np.linalg.norm(W, axis=0)] * 2)
    found, counts = np.unique(np.round(G, 9), return_counts=True)
    a, b, n, _ = graph(m)
    np.testing.assert_allclose(found, [-a, b, 1], atol=1e-9)
    np.testing.assert_allclose(counts / n, [m, n - 1 - m, 1], rtol=1e-12)
    assert three_point_limit(m) == pytest.approx(gs.capacity(m).upper, rel=1e-14)


@pytest.mark.parametrize("m", [5, 6, 7, 8, 9, 12, 22, 57])
def test_means_over_its_triples_are_what_a_measure_has(m):
    points, weights = triples(m)
    a, b, n, mu = graph(m)
    r = max(z.real for z in np.roots([1, 3, 1, -m]) if abs(z.imag) < 1e-9)
    s = r * r + 3 * r + 1
    np.testing.assert_allclose([a, b, n, mu], [(r + 2) / s, 1 / s, r**2 * (r + 3) ** 2, r * (r + 1)], rtol=1e-11)
    assert np.sum(weights) == pytest.approx(n * n, rel=1e-12)
    assert n / (1 + b * b * (n - 1 - m)) == pytest.approx(three_point_limit(m), rel=1e-12)
    for column in points.T:  # alike
        for value, expected in ((1, n), (-a, n * m), (b, n * (n - 1 - m))):
            assert np.sum(weights[np.abs(column - value) < 1e-9]) == pytest.approx(expected, rel=1e-12)
    # No force on x along any z: f'(x·y)(y·z − x·y x·z), for every value of x·z.
    u, v, t = points.T
    for value in (1, -a, b):
        here = np.abs(v - value) < 1e-9
        force = np.sum((weights * 2 * np.maximum(u, 0) * (t - u * v))[here])
        assert abs(force) < 1e-9 * np.sum(weights[here])


@pytest.mark.parametrize("m", [5, 6, 7, 8, 9, 12, 22, 57])
def test_kernels_have_no_negative_mean(m):
    """The moments of the program's own rows are semidefinite; published kernels are contained in wide ones."""
    points, weights = triples(m)
    kernels = Kernels(m, 7, wide=True)
    for M in kernels.matrices(weights @ kernels.rows(points)):
        assert np.linalg.eigvalsh(M)[0] > -1e-11 * np.sum(weights)
    means = gegenbauer_values(m, 14, points).mean(axis=2) @ weights
    assert means.min() > -1e-11 * np.sum(weights)


def seen_from_one(m, degree):
    """The 2 × 2 matrices of means of P_k, k = 0, …, degree, at the cosines seen from x, scaled to tend to 1."""
    a, b, n, mu = graph(m)
    k, rest = m, n - 1 - m
    high, wide = np.sqrt(1 - a * a), np.sqrt(1 - b * b)

    def P(t):
        return gegenbauer_values(m - 1, degree, np.array([t]))[:, 0]

    neighbours = 1 + (k - 1) * P((b - a * a) / high**2)
    others = 1 + (k - mu) * P((-a - b * b) / wide**2) + (rest - 1 - k + mu) * P((b - b * b) / wide**2)
    across = mu * P((a * b - a) / (high * wide)) + (k - mu) * P((a * b + b) / (high * wide))
    across *= np.sqrt(rest / k)
    return np.moveaxis(np.array([[neighbours, across], [across, others]]), -1, 0)


@pytest.mark.parametrize("m", [*range(5, 25), 30, 57, 100])
def test_what_is_seen_from_one_vector_is_positive_in_every_degree(m):
    M = seen_from_one(m, 200)
    values = np.linalg.eigvalsh(M[1:])
    assert values.min() > -1e-9 * np.abs(M).max()
    assert np.abs(M[1:3]).max() < 1e-9 * np.abs(M[0]).max()
    np.testing.assert_allclose(M[-1], np.eye(2), atol=0.1)  # and so it stays


@pytest.mark.parametrize("m", [3, 4])
def test_in_three_and_four_dimensions_it_is_not(m):
    assert np.linalg.eigvalsh(seen_from_one(m, 20)).min() < -0.01
    assert gs.capacity(m).upper < graph(m)[2] / (1 + graph(m)[1] ** 2 * (graph(m)[2] - 1 - m)) * 0.99
    with pytest.raises(ValueError, match="too small"):
        three_point_limit(m)


@pytest.mark.parametrize("m", [5, 6, 7, 8, 22])
def test_what_is_proved_is_all_that_three_points_can(m):
    limit = three_point_limit(m)
    assert limit * (1 - 1e-14) <= gs.capacity(m).upper <= limit * (1 + 1e-8)
