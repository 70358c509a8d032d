"""What naming, symmetry and alignment cost. No time is asserted; each is recorded next to the plain way, in one run."""

import time
from itertools import permutations

import networkx as nx
import numpy as np
import pytest
from networkx.algorithms.isomorphism import GraphMatcher, numerical_edge_match
from scipy.linalg import orthogonal_procrustes
from threadpoolctl import threadpool_limits

import geomsup as gs
from tests.benchmarks.peak import peak_mib

frames = gs.frames

LARGE = """
import numpy as np
import geomsup as gs
gs.identify(np.random.default_rng(0).normal(size=(30, 400)))
"""


def cpu_seconds(function, repeat=3):
    """Shortest CPU time of a few calls."""
    times = []
    for _ in range(repeat):
        begin = time.process_time()
        function()
        times.append(time.process_time() - begin)
    return min(times)


def four_hundred(kind):
    """400 features in 30 dimensions: at random, or a product of many factors with features that are not represented."""
    rng = np.random.default_rng(0)
    if kind == "random":
        return rng.normal(size=(30, 400))
    parts = [frames.cell_24()] * 3 + [frames.icosahedron()] * 2 + [frames.polygon(5)] * 4 + [[[1.0, -1.0]]] * 4
    W = frames.tegum(*parts)
    Q = np.linalg.qr(rng.normal(size=(30, 30)))[0]
    noisy = Q @ np.hstack([W, 0.05 * rng.normal(size=(30, 400 - W.shape[1]))]) + 0.002 * rng.normal(size=(30, 400))
    return noisy[:, rng.permutation(400)]


@pytest.mark.benchmark(group="identify, 400 features in 30 dimensions")
@pytest.mark.parametrize("kind", ["random", "product"])
def test_identify(benchmark, kind):
    """Next to the eigenvalues of the Gram matrix, which is what a look at the spectrum costs."""
    W = four_hundred(kind)
    with threadpool_limits(1):
        found = benchmark.pedantic(gs.identify, args=(W,), rounds=3, warmup_rounds=1)
        ours, plain = cpu_seconds(lambda: gs.identify(W)), cpu_seconds(lambda: np.linalg.eigvalsh(W.T @ W))
    benchmark.extra_info["name"] = found.name
    benchmark.extra_info["CPU seconds"] = ours
    benchmark.extra_info["times as long as eigvalsh of the Gram matrix"] = ours / plain
    assert ours <= 5


@pytest.mark.benchmark(group="identify, small")
def test_identify_a_pentagon(benchmark):
    """Next to trying all 120 orders of the columns for this one frame."""
    W = frames.polygon(5) + 0.001 * np.random.default_rng(0).normal(size=(2, 5))
    pentagon = frames.polygon(5)
    G = pentagon.T @ pentagon

    def by_trying_all():
        U = W / np.linalg.norm(W, axis=0)
        return min(np.linalg.norm((U.T @ U)[np.ix_(order, order)] - G) for order in permutations(range(5)))

    benchmark(gs.identify, W)
    benchmark.extra_info["times as long as all orders of five"] = cpu_seconds(
        lambda: [gs.identify(W) for _ in range(20)]
    ) / cpu_seconds(lambda: [by_trying_all() for _ in range(20)])


@pytest.mark.benchmark(group="symmetry")
@pytest.mark.parametrize("name", ["polygon(12)", "icosahedron()", "cell_24()", "clebsch_code()", "antipodal_pairs(8)"])
def test_symmetry(benchmark, name):
    """Next to listing the automorphisms of the coloured graph with NetworkX, where there are fewer than 2,000."""
    W = eval(f"frames.{name}")
    found = benchmark(gs.symmetry, W)
    benchmark.extra_info["order"] = str(found.order)
    if found.order < 2000:
        graph = nx.from_numpy_array(np.round(W.T @ W, 6) + 2)
        match = numerical_edge_match("weight", 0.0)

        def listed():
            return sum(1 for _ in GraphMatcher(graph, graph, edge_match=match).isomorphisms_iter())

        begin = time.process_time()
        assert listed() == found.order
        plain = time.process_time() - begin
        benchmark.extra_info["times faster than NetworkX"] = plain / cpu_seconds(lambda: gs.symmetry(W))


@pytest.mark.benchmark(group="alignment")
@pytest.mark.parametrize(("m", "n"), [(3, 7), (4, 24), (10, 40)])
def test_alignment(benchmark, m, n):
    """Next to one Procrustes rotation with the right permutation given."""
    rng = np.random.default_rng(0)
    A = frames.cell_24() if n == 24 else rng.normal(size=(m, n))
    order, Q = rng.permutation(n), np.linalg.qr(rng.normal(size=(m, m)))[0]
    B = Q @ A[:, order] + 0.01 * rng.normal(size=(m, n))
    with threadpool_limits(1):
        found = benchmark.pedantic(gs.alignment, args=(A, B), rounds=3)
        ours = cpu_seconds(lambda: gs.alignment(A, B))
        plain = cpu_seconds(lambda: [orthogonal_procrustes(A[:, order].T, B.T) for _ in range(100)]) / 100
    benchmark.extra_info["times as long as one Procrustes rotation"] = ours / plain
    assert found.distance <= 0.02 * np.sqrt(m * n)


@pytest.mark.benchmark(group="alignment")
def test_alignment_of_sets(benchmark):
    """Ten sets of four features, 10! · 24¹⁰ permutations, next to the same without sets."""
    rng = np.random.default_rng(0)
    sets = np.arange(40).reshape(10, 4)
    problem = gs.Problem(n_hidden=10, features=gs.features.CorrelatedSets(sets.tolist(), 0.1))
    A = rng.normal(size=(10, 40))
    B = A[:, sets[rng.permutation(10)].ravel()] + 0.01 * rng.normal(size=(10, 40))
    with threadpool_limits(1):
        benchmark.pedantic(gs.alignment, args=(A, B), kwargs={"interchangeable": problem}, rounds=3)
        ours = cpu_seconds(lambda: gs.alignment(A, B, interchangeable=problem))
        plain = cpu_seconds(lambda: gs.alignment(A, B))
    benchmark.extra_info["times as long as without sets"] = ours / plain


@pytest.mark.benchmark(group="local structure")
@pytest.mark.parametrize(("n", "m"), [(5, 2), (10, 3)])
def test_local_structure(benchmark, n, m):
    """Next to a Hessian by two gradients for every parameter."""
    problem = gs.Problem(n, m, 0.05)
    W, b = np.random.default_rng(0).normal(size=(m, n)) / m**0.5, np.full(n, -0.1)
    with threadpool_limits(1):
        benchmark.pedantic(gs.local_structure, args=(problem, W, b), rounds=3, warmup_rounds=1)
        ours = cpu_seconds(lambda: gs.local_structure(problem, W, b))
        gradient = cpu_seconds(lambda: gs.expected_loss_and_grad(problem, W, b))
    benchmark.extra_info["times faster than differences of the gradient"] = 2 * (m * n + n) * gradient / ours


@pytest.mark.benchmark(group="memory")
def test_peak_memory_of_identify(benchmark):
    peak = benchmark.pedantic(peak_mib, args=(LARGE,), rounds=1)
    benchmark.extra_info["peak MiB"] = peak
    assert peak <= 500
