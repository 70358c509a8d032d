"""What one evaluation costs. No time is asserted; each benchmark records its ratio to a baseline of the same run."""

import time

import numpy as np
import pytest

import geomsup as gs
from geomsup.loss._kernels import CompiledKernel, NumpyKernel
from geomsup.loss._layout import layout
from tests.benchmarks.peak import peak_mib

LARGE = """
import numpy as np
import geomsup as gs
rng = np.random.default_rng(0)
problem = gs.Problem(400, 30, 0.05)
W = rng.normal(size=(30, 400)) / 30**0.5
loss, dW, db = gs.expected_loss_and_grad(problem, W, np.full(400, -0.1))
"""


def seconds(function, repeat=3):
    """Shortest time of a few calls."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        function()
        times.append(time.perf_counter() - begin)
    return min(times)


def example(n, m, p=0.05):
    rng = np.random.default_rng(n)
    problem = gs.Problem(n, m, p, importance=gs.geometric_importance(n, 0.9))
    return problem, rng.normal(size=(m, n)) / m**0.5, np.full(n, -0.1)


@pytest.mark.benchmark(group="series, value and gradient")
@pytest.mark.parametrize(("n", "m", "terms"), [(20, 5, 512), (80, 20, 512)])
def test_compiled_series(benchmark, n, m, terms):
    pytest.importorskip("numba")
    problem, W, b = example(n, m)
    data, M = layout(problem), (W.T @ W)[None]

    def run(kernel):
        return kernel.batch(data, M, b[None], terms, 0)

    compiled, plain = CompiledKernel(), NumpyKernel()
    for ours, theirs in zip(run(compiled), run(plain), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13 * n)
    benchmark(run, compiled)
    benchmark.extra_info["times faster than NumPy"] = seconds(lambda: run(plain)) / seconds(lambda: run(compiled), 20)


@pytest.mark.benchmark(group="splines, value and gradient")
@pytest.mark.parametrize("n", [5, 8])
def test_compiled_splines(benchmark, n):
    pytest.importorskip("numba")
    problem, W, b = example(n, 2)
    data, M = layout(problem), (W.T @ W)[None]

    def run(kernel):
        return kernel.batch(data, M, b[None], 0, 700)

    compiled, plain = CompiledKernel(), NumpyKernel()
    for ours, theirs in zip(run(compiled), run(plain), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13 * n)
    benchmark(run, compiled)
    benchmark.extra_info["times faster than NumPy"] = seconds(lambda: run(plain)) / seconds(lambda: run(compiled), 20)


@pytest.mark.benchmark(group="expected_loss to 1e-12")
@pytest.mark.parametrize(("n", "m"), [(5, 2), (20, 5), (80, 20)])
def test_expected_loss(benchmark, n, m):
    problem, W, b = example(n, m)
    found = benchmark(gs.expected_loss, problem, W, b)
    sampled = seconds(lambda: gs.sampled_loss(problem, W, b, n_samples=100_000, rng=0))
    benchmark.extra_info["error"] = found.error
    benchmark.extra_info["100,000 samples, seconds"] = sampled


@pytest.mark.benchmark(group="memory")
def test_peak_memory_of_four_hundred_features(benchmark):
    peak = benchmark.pedantic(peak_mib, args=(LARGE,), rounds=1)
    benchmark.extra_info["peak MiB"] = peak
    assert peak <= 1024
