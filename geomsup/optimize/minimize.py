r"""Search for the arrangement of least expected loss.

Many descents at low fidelity from random starts, every fourth of them spread out, then hops (exchange features, draw
some anew) from the best, then every distinct arrangement kept is finished at full accuracy: L-BFGS on the exact loss,
Newton modulo rotations, and the Hessian to tell a minimum from a saddle.  What comes back is *searched*: an upper
bound on the optimum, exact for the weights returned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from geomsup._typing import FloatArray
from geomsup._validate import integer
from geomsup.arrangement import Arrangement
from geomsup.optimize.multistart import MultistartLBFGS, Search
from geomsup.optimize.objective import Bias, Objective
from geomsup.optimize.solution import Minimum, Progress, Solution
from geomsup.problem import Problem

__all__ = ["minimize"]


def minimize(
    problem: Problem,
    *,
    method: str | MultistartLBFGS = "multistart",
    n_starts: int | None = None,
    rng: Any = None,
    workers: int = 1,
    callback: Callable[[Progress], None] | None = None,
    start: Any = None,
    bias: Bias = "free",
) -> Solution:
    r"""Search for the arrangement (W, b) of least expected loss.

    .. math:: \min_{W, b} \; E \sum_i I_i\,\bigl(x_i - \sigma(W^\top W x + b)_i\bigr)^2

    Parameters
    ----------
    problem : Problem
        What to minimise.
    method : str or MultistartLBFGS
        ``"multistart"``, or the hyperparameters.
    n_starts : int, optional
        Random starts; overrides the method's. 0 is allowed together with `start`.
    rng : int, Generator or None
        Passed to ``np.random.default_rng``. The result depends on it, and not on the number of workers.
    workers : int
        Threads; the compiled kernels release the interpreter.
    callback : callable, optional
        Called with a `Progress` (phase, done, total, best) from the calling thread.
    start : Arrangement, Solution, (W, b), or a list of those, optional
        Warm starts, descended from besides the random ones.
    bias : "free", "zero", "nonpositive", or array of shape (n_features,)
        Leave b free, fix it at zero, keep b ≤ 0, or fix it at the values given.

    Returns
    -------
    Solution
        The best arrangement with its exact loss, and all distinct minima that were finished.

    Raises
    ------
    ValueError
        An unknown method or bias, a start that does not fit the problem, counts that are not positive.

    Notes
    -----
    The result is *searched*: no better arrangement was found, which is not a proof that there is none. A hit count
    well above one says that the search keeps coming back to the same best arrangement.

    Examples
    --------
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=5, n_hidden=2, feature_probability=0.05)
    >>> solution = gs.minimize(problem, rng=0)
    >>> print(f"{solution.loss:.9f}")  # the regular pentagon
    0.008903594
    """
    if isinstance(method, str):
        if method != "multistart":
            raise ValueError(f"method={method!r} is unknown: pass 'multistart' or MultistartLBFGS(...)")
        method = MultistartLBFGS()
    warm = _starts(problem, start)
    if n_starts is not None:
        integer("n_starts", n_starts, at_least=0 if warm else 1)
    integer("workers", workers, at_least=1)
    method = method.sized(problem.n_features)
    count = method.n_starts if n_starts is None else n_starts
    assert count is not None
    assert method.n_rounds is not None
    with threadpool_limits(1):
        search = Search(problem, method, Objective(problem, bias), np.random.default_rng(rng), workers, callback)
        search.explore(warm, count)
        for _ in range(method.n_rounds if count else 0):
            search.hops(max(4, count // 3))
        return search.finish(count)


def _starts(problem: Problem, start: Any) -> list[tuple[FloatArray, FloatArray]]:
    """Warm starts in any of the accepted forms, validated."""
    if start is None:
        return []
    if isinstance(start, (Arrangement, Solution, Minimum)):
        return [problem.check_weights(start.W, start.b)]
    if isinstance(start, tuple) and len(start) == 2:
        W, b = problem.check_weights(*start)
        return [(W, b)] if W.ndim == 2 else list(zip(W, b, strict=True))
    if isinstance(start, (list, tuple)):
        return [pair for one in start for pair in _starts(problem, one)]
    raise ValueError(
        f"start={type(start).__name__} is not understood: pass an Arrangement, a Solution, (W, b) or a list of those"
    )
