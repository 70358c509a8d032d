"""What a search costs, from Python and from the command line. No time is asserted, only recorded."""

import subprocess
import sys
import time

import pytest

import geomsup as gs

BASE = [sys.executable, "-c", "import numpy, scipy"]
SOLVE = [sys.executable, "-m", "geomsup", "solve", "-n", "5", "-m", "2", "--feature-probability", "0.05", "--quiet"]


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def seconds(command, repeat=3):
    """Shortest wall time of a command."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        run(command)
        times.append(time.perf_counter() - begin)
    return min(times)


@pytest.mark.benchmark(group="minimize")
@pytest.mark.parametrize(("n", "m", "p"), [(2, 1, 0.3), (5, 2, 0.05), (5, 2, 0.3)])
def test_minimize(benchmark, n, m, p):
    problem = gs.Problem(n, m, p)
    gs.minimize(problem, rng=0)  # machine code is loaded
    found = benchmark.pedantic(lambda: gs.minimize(problem, rng=0), rounds=3)
    benchmark.extra_info["loss"] = found.loss
    assert found.status is gs.Status.CONVERGED


@pytest.mark.benchmark(group="processes")
def test_solve_from_the_command_line(benchmark):
    out = benchmark.pedantic(run, args=(SOLVE,), rounds=3, warmup_rounds=1)
    benchmark.extra_info["times as long as importing NumPy and SciPy"] = seconds(SOLVE) / seconds(BASE)
    assert "0.00890359" in out


@pytest.mark.benchmark(group="processes")
def test_import(benchmark):
    command = [sys.executable, "-c", "import numpy, scipy, geomsup"]
    benchmark.pedantic(run, args=(command,), rounds=5, warmup_rounds=1)
    benchmark.extra_info["seconds over NumPy and SciPy"] = seconds(command, 5) - seconds(BASE, 5)
