"""What a step of training costs, as a ratio to the step one would write down first. CPU time; no time is asserted.

Run with one BLAS thread (``OPENBLAS_NUM_THREADS=1``): the trainer limits itself to one, the baseline does not.
"""

import time

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import geomsup as gs
from geomsup.training.model import Model
from geomsup.training.sampler import Sampler

SHAPES = [(5, 5, 2), (10, 20, 5), (2, 80, 20), (1, 400, 30)]
BATCH = 1024


def cpu_milliseconds(*steps, rounds=15, least=0.03):
    """The median CPU time of one call of each function, in turns, so that a busy machine is as busy for all of them."""
    calls = []
    for step in steps:
        step()
        begin = time.process_time()
        step()
        calls.append(max(2, int(least / max(time.process_time() - begin, 1e-6))))
    times = np.empty((rounds, len(steps)))
    for one in times:
        for k, (step, count) in enumerate(zip(steps, calls, strict=True)):
            begin = time.process_time()
            for _ in range(count):
                step()
            one[k] = (time.process_time() - begin) / count
    return 1e3 * np.median(times, axis=0)


def einsum_step(K, n, m, p=0.1):
    """The step as it is usually written: batch first, einsum, new arrays, AdamW; single precision."""
    rng = np.random.default_rng(0)
    theta = [(rng.normal(size=(K, m, n)) / 2).astype("f"), np.zeros((K, n), "f")]
    memory = [[np.zeros_like(value), np.zeros_like(value)] for value in theta]
    importance, t = np.ones((K, n), "f"), 0

    def step():
        nonlocal t
        t += 1
        W, b = theta
        values = rng.random((BATCH, K, n), dtype="f")
        x = np.where(rng.random((BATCH, K, n), dtype="f") < np.float32(p), values, np.float32(0))
        h = np.einsum("bkn,kmn->bkm", x, W)
        z = np.einsum("bkm,kmn->bkn", h, W) + b
        d = 2 * importance * (np.maximum(z, 0) - x) * (z > 0) / np.float32(BATCH * n)
        dW = np.einsum("bkm,bkn->kmn", h, d) + np.einsum("bkm,bkn->kmn", np.einsum("bkn,kmn->bkm", d, W), x)
        for k, g in enumerate((dW, d.sum(axis=0))):
            first, second = memory[k]
            memory[k] = [0.9 * first + 0.1 * g, 0.999 * second + 0.001 * g * g]
            unbiased = memory[k][0] / (1 - 0.9**t), memory[k][1] / (1 - 0.999**t)
            theta[k] = theta[k] * (1 - 1e-5) - 1e-3 * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)

    return step


def our_step(K, n, m, p=0.1):
    """One step of the trainer."""
    problems = [gs.Problem(n, m, p)] * K
    rng = np.random.Generator(np.random.SFC64(0))
    theta = (rng.normal(size=(K, m + 1, n)) / 2).astype("f")
    sampler, rule = Sampler(problems, BATCH, "float32"), gs.AdamW()
    model = Model(problems, sampler.x, sampler.weight, mean=True)
    memory, gradient, scratch = np.zeros((2, *theta.shape), "f"), np.empty_like(theta), np.empty_like(theta)

    def step():
        model.gradient(theta, sampler.draw(rng), gradient)
        rule.update(theta, gradient, memory, scratch, step=10, rate=1e-3)

    return step


@pytest.mark.benchmark(group="a step of training")
@pytest.mark.parametrize(("K", "n", "m"), SHAPES)
def test_step(benchmark, K, n, m):
    with threadpool_limits(1):
        ours, theirs = our_step(K, n, m), einsum_step(K, n, m)
        benchmark(ours)
        milliseconds, plain = cpu_milliseconds(ours, theirs)
        benchmark.extra_info["CPU ms"] = milliseconds
        benchmark.extra_info["times faster than einsum"] = plain / milliseconds


@pytest.mark.benchmark(group="noise of the gradient")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_active_only(benchmark, dtype):
    """How much less CPU time the same accuracy of the gradient takes at p = .01, n = 5: variance times time."""
    problems = [gs.Problem(5, 2, 0.01)] * 10
    angle = 2 * np.pi * np.arange(5) / 5
    pentagon = np.vstack([1.2 * np.cos(angle), 1.2 * np.sin(angle), np.full(5, -0.3)])
    theta = np.repeat(pentagon[None], 10, axis=0).astype(dtype)
    steps, variance = [], []
    with threadpool_limits(1):
        for active_only in (False, True):
            sampler = Sampler(problems, BATCH, dtype, active_only=active_only)
            model = Model(problems, sampler.x, sampler.weight, mean=True)
            rng = np.random.Generator(np.random.SFC64(0))

            def step(model=model, sampler=sampler, rng=rng):
                return model.gradient(theta, sampler.draw(rng), np.empty_like(theta))

            drawn = np.concatenate([step() for _ in range(1000)]).astype(np.float64)
            variance.append(drawn.var(axis=0).sum())
            steps.append(step)
        cost = cpu_milliseconds(*steps)
        benchmark(steps[1])
    benchmark.extra_info["CPU ms, all and active inputs"] = cost.tolist()
    benchmark.extra_info["times less variance"] = variance[0] / variance[1]
    benchmark.extra_info["times less variance per CPU second"] = variance[0] * cost[0] / (variance[1] * cost[1])
