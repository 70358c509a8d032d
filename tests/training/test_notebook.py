"""The first experiment of the public notebook, whose true losses over seeds were measured in the original."""

import numpy as np
import pytest

import geomsup as gs

DENSITIES = 20.0 ** -np.linspace(0, 1, 10)
LOWEST = {4: 0.08560, 6: 0.03493, 9: 0.00727}
"""The lowest true loss of 18 runs of the original at densities .264, .136 and .05, sampled with the errors below."""
KNOWN = {4: 0.08553, 6: 0.03485, 9: 0.007254}
"""The best losses known."""
STDERR = {4: 8e-5, 6: 4e-5, 9: 2e-5}


@pytest.mark.slow
def test_the_introduction_is_reproduced():
    """Twenty seeds at three of the ten densities, with the notebook's start for ten instances.

    Measured lowest losses: .08555, .03487, .00726. The median is a matter of how many starts end in the best basin: at
    p = .264 some 37 % here (149 of 400), and 40 % (81 of 200) in the original run anew.
    """
    n, m, K = 5, 2, 10
    problems = [gs.Problem(n, m, DENSITIES[k], gs.geometric_importance(n, 0.9)) for k in LOWEST for _ in range(20)]
    run = gs.train(problems, start=(2 / (n * m + K * m)) ** 0.5, record_every=10_000, rng=0)
    for k, losses in zip(LOWEST, run.loss.reshape(3, 20), strict=True):
        assert abs(losses.min() - LOWEST[k]) < 2 * STDERR[k]
        assert KNOWN[k] - 5e-6 < losses.min()  # half a unit of the last digit that is known
    assert abs(np.median(run.loss[-20:]) - 0.00729) < 2 * STDERR[9]
