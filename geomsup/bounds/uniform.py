"""Proved bounds for arrangements with one common norm and bias, in the limit of one active feature."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from flint import fmpq

from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import integer, real_array, real_number
from geomsup.bounds._check_two_point import energy_bound
from geomsup.bounds._check_uniform import discriminant, polarized, window_worth
from geomsup.bounds._numbers import Number, below, exact, text
from geomsup.bounds._polynomials import evaluate
from geomsup.bounds._store import stored
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.lp import best_polynomial
from geomsup.bounds.result import Bound, bound_from

if TYPE_CHECKING:
    from geomsup.optimize import Progress

__all__ = ["uniform_class_bound", "uniform_loss"]

WIDTH, NARROWEST = fmpq(1, 32), fmpq(1, 1024)
"""Of the windows in τ, before any is halved and after which none is."""
METHOD = "two-point LP in {count} windows"
MOST = 100
"""Windows."""
DEGREE = 8
"""Measured: 12 proves no more for pentagon, hexagon, heptagon and icosahedron, and takes longer."""
ENOUGH = 2e-8
"""Relative distance from the loss aimed at that is close enough. Measured: 2e-8 to 6e-8 is reached for these four."""
TAIL = 1e-9
"""What the claim is lowered by, relative to 1, so that rounding does not decide the last inequality."""


class Window(NamedTuple):
    """Thresholds from low to high, the coefficients of the four polynomials, and the V that they prove, in floats."""

    low: fmpq
    high: fmpq
    c: list[list[Number]]
    worth: float


def uniform_loss(U: ArrayLike) -> float:
    r"""The least loss with one active feature over a common norm r and bias b ≤ 0, for given directions.

    .. math:: \min_{r, b} \; n A(r^2, b) + \sum_{i \ne j} B(r^2\, u_i \cdot u_j, b)

    Parameters
    ----------
    U : array_like, shape (m, n)
        Directions in columns, scaled to length 1 here.

    Returns
    -------
    float
        n (1 − P²/(4Q))/3 at the best threshold τ = −b/r².

    Examples
    --------
    >>> import geomsup as gs
    >>> print(f"{gs.bounds.uniform_loss(gs.frames.polygon(5)):.10f}")  # as gs.k_gon(5) has it
    0.0791281354
    """
    from scipy.optimize import minimize_scalar

    U = real_array("U", U)
    U = U / np.linalg.norm(U, axis=0)
    n = U.shape[1]
    t = (U.T @ U)[~np.eye(n, dtype=bool)]
    t = t[t > 0]

    def loss(tau: float) -> float:
        Q = (1 - tau) ** 3 + np.sum(np.maximum(t - tau, 0) ** 3 / t) / n
        return float(n * (1 - ((1 - tau) ** 2 * (2 + tau)) ** 2 / (4 * Q)) / 3)

    grid = np.linspace(0, 1, 400, endpoint=False)
    best = grid[int(np.argmin([loss(tau) for tau in grid]))]
    found = minimize_scalar(
        loss, bounds=(max(best - 0.0025, 0), best + 0.0025), method="bounded", options={"xatol": 1e-12}
    )
    return max(0.0, min(float(found.fun), loss(float(best))))


def uniform_class_bound(
    n: int, m: int, *, aim: float | None = None, callback: Callable[[Progress], None] | None = None
) -> Bound:
    r"""A lower bound on the loss with one active feature, over all arrangements with one common norm and bias b ≤ 0.

    Parameters
    ----------
    n, m : int
        Features and hidden dimensions, m ≥ 2; importance 1, values uniform on [0, 1].
    aim : float, optional
        The loss of the best arrangement known, :func:`uniform_loss`: where to spend the effort. The bound is proved
        whatever is passed. By default the certificate that ships with the package, for (5, 2), (6, 2), (7, 2), (12, 3).
    callback : callable, optional
        Called with a :class:`~geomsup.optimize.Progress` after each window; its `best` is the bound of those so far.

    Returns
    -------
    Bound
        *Proved*. Equal to `aim` within 1e-7 where the two-point bound is tight.

    Raises
    ------
    ValueError
        Counts that are not positive, an aim that is negative, or none where there is no certificate.

    Examples
    --------
    >>> import geomsup as gs
    >>> bound = gs.bounds.uniform_class_bound(5, 2)
    >>> bound.value <= gs.bounds.uniform_loss(gs.frames.polygon(5)) <= bound.value * (1 + 1e-6)
    True
    """
    n, m = integer("n", n, at_least=1), integer("m", m, at_least=2)
    if aim is None:
        kept = stored(f"uniform-{n}-{m}")
        if kept is None:
            raise ValueError(f"there is no certificate for n={n}, m={m}: pass aim, uniform_loss(U) of the best U known")
        return bound_from(kept, METHOD.format(count=len(kept.proof["coefficients"])))
    if (aim := real_number("aim", aim)) < 0:
        raise ValueError(f"aim={aim} is negative, but a loss is not: pass uniform_loss(U) of the best U known")
    wanted = 3 * aim / n * (1 - ENOUGH)
    # The elementary window (1 − τ)(2 + τ)² ≤ 4(1 − V), that is τ²(3 + τ) ≥ 4V, begins here.
    start = exact(float(np.ceil(1024 * _root(4 * wanted)) / 1024))
    steps, windows = _steps(start), list[Window]()

    def tell(phase: str, done: int, total: int) -> None:
        if callback is not None:
            from geomsup.optimize import Progress  # loads SciPy's optimisers, which checking must not

            callback(Progress(phase, done, total, n / 3 * min([wanted, *(window.worth for window in windows)])))

    for low in steps:
        windows.append(_window(low, min(low + WIDTH, start), n, m))
        tell("windows", len(windows), len(steps))
    while len(windows) < MOST:
        # The bound is that of the worst window: halve it until it is good enough, or narrow.
        worst = min(windows, key=lambda window: window.worth)
        if worst.worth >= wanted or worst.high - worst.low <= NARROWEST:
            break
        middle = (worst.low + worst.high) / 2
        windows.remove(worst)
        windows += [_window(worst.low, middle, n, m), _window(middle, worst.high, n, m)]
        tell("halved windows, at most", len(windows) - len(steps), MOST - len(steps))
    windows.sort(key=lambda window: below(window.low))
    V = exact(max(0.0, min([wanted, *(window.worth for window in windows)]) - TAIL))
    claim = {"quantity": "one-active loss, common norm and bias", "n": n, "m": m, "value": text(V * n / 3)}
    proof = {
        "breaks": [text(window.low) for window in windows] + [text(start)],
        "coefficients": [[[text(x) for x in h] for h in window.c] for window in windows],
    }
    return bound_from(Certificate("uniform class", claim, proof), METHOD.format(count=len(windows)))


def _window(low: fmpq, high: fmpq, n: int, m: int) -> Window:
    c = [_coefficients(low, high, j, n, m) for j in range(4)]
    return Window(low, high, c, _worth(low, high, c, n))


def _coefficients(low: fmpq, high: fmpq, j: int, n: int, m: int) -> list[Number]:
    """The polynomial below φ_j that is best for n vectors."""
    objective = np.full(DEGREE + 1, -1.0)
    objective[0] = n - 1

    def f(t: FloatArray) -> FloatArray:
        rising = (t - below(low)) ** (3 - j) * (t - below(high)) ** j
        return np.where(t >= below(high), rising / np.where(t == 0, 1.0, t), 0.0)

    return best_polynomial(f, polarized(low, high, j), m, objective, partial(energy_bound, n=n), degrees=(DEGREE,))


def _worth(low: fmpq, high: fmpq, c: list[list[Number]], n: int) -> float:
    """The largest V, in floats, that the polynomials of a window prove: 1 − max P²/(4q)."""
    q = window_worth(low, high, c, n)
    P = discriminant(low, high, [], fmpq(0))
    s = [fmpq(k, 64) for k in range(65)]
    return 1 - max(below(-evaluate(P, x) / (4 * evaluate(q, x))) for x in s)


def _steps(start: fmpq) -> list[fmpq]:
    low, steps = fmpq(0), []
    while low < start:
        steps.append(low)
        low = low + WIDTH
    return steps


def _root(value: float) -> float:
    """The τ in [0, 1] at which τ²(3 + τ) has a value up to 4."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if middle**2 * (3 + middle) < value else (low, middle)
    return high
