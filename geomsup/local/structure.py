"""`local_structure`: the second order of a loss around an arrangement, and the forces in it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from threadpoolctl import threadpool_limits

from geomsup._typing import ArrayLike, BoolArray, FloatArray
from geomsup._validate import frozen
from geomsup.arrangement import Arrangement
from geomsup.local.result import CRITICAL, LocalStructure
from geomsup.local.stress import stress_of
from geomsup.loss.expansion import one_active_loss
from geomsup.optimize.newton import STEP, Curvature, hessian, spectrum
from geomsup.optimize.objective import Bias, Objective
from geomsup.problem import Problem
from geomsup.sparse._sphere import SphereEnergy
from geomsup.sparse.energy import energy_of
from geomsup.sparse.one_active import OneActive
from geomsup.sparse.potential import Potential

__all__ = ["local_structure"]

MOST_PARAMETERS = 2000
"""Measured on one thread: n = 80 in m = 20, 1,680 parameters, takes 20 s."""
TURN = 1e-5
"""Step of the differences along rotations on the sphere: truncation about 1e-10 of the Hessian's scale."""
JUMP = 1e-3
"""Change of a potential's second derivative across STEP, relative to its largest value, that counts as a kink."""


def local_structure(
    model: Problem | Potential,
    W: ArrayLike,
    b: ArrayLike | None = None,
    *,
    loss: Literal["expected", "one_active"] = "expected",
    bias: Bias = "free",
) -> LocalStructure:
    r"""Hessian without rotations, kind of critical point, learning coefficient and stress at an arrangement.

    A rotation of the hidden space changes no loss, so a critical W of rank r comes with exactly
    :math:`\binom m2 - \binom{m-r}2` zero modes, dim O(m) less the dimension of the stabiliser of W. They are taken out;
    what the eigenvalues of the rest say is said of the arrangement up to rotation.

    Parameters
    ----------
    model : Problem or potential
        A problem, or a potential such as :class:`~geomsup.ReluSquared`: then the energy Σ_{i≠j} f(u_i·u_j) of unit
        vectors, along the sphere.
    W : array_like of shape (m, n)
        Directions in columns. For a potential they are scaled to length 1.
    b : array_like of shape (n,), optional
        Biases, of a problem; of a potential there are none.
    loss : {"expected", "one_active"}
        Of a problem: the expected loss, or the one with exactly one active feature (:func:`geomsup.one_active_loss`).
    bias : "free", "zero", "nonpositive" or array of shape (n,)
        Of a problem: the biases are parameters, fixed at zero, constrained to b ≤ 0, or fixed at these values.

    Returns
    -------
    LocalStructure

    Raises
    ------
    ValueError
        W or b that does not fit the problem, a b that `bias` does not allow, a loss that is not defined for the
        problem or an energy that is not finite, more than 2000 parameters.

    Notes
    -----
    Nothing is moved: weights that are near a minimum but not at it are "not critical". The minimum below them is
    ``gs.audit(problem, W, b).nearest``.

    Examples
    --------
    >>> import geomsup as gs
    >>> problem = gs.Problem(n_features=5, n_hidden=2, feature_probability=0.05)
    >>> pentagon = gs.minimize(problem, rng=0)
    >>> gs.local_structure(problem, pentagon.W, pentagon.b)
    LocalStructure(minimum, 14 positive, 0 flat, 0 negative, 1 rotation, learning coefficient 7)
    >>> gs.local_structure(gs.Riesz(), gs.frames.cube())  # an antiprism is better
    LocalStructure(saddle, 11 positive, 0 flat, 2 negative, 3 rotations, learning coefficient not defined: saddle)
    """
    with threadpool_limits(1):
        if isinstance(model, Problem):
            return _of_loss(model, W, b, loss, bias)
        if not isinstance(model, Potential):
            raise ValueError(f"model={model!r} is neither a problem nor a potential: pass a Problem, or gs.Riesz()")
        if b is not None or not (isinstance(bias, str) and bias == "free") or loss != "expected":
            raise ValueError("b, loss or bias is given, but the energy of a potential has none: leave it out")
        return _of_energy(model, W)


def _of_loss(problem: Problem, W: ArrayLike, b: ArrayLike | None, loss: str, bias: Bias) -> LocalStructure:
    if loss not in ("expected", "one_active"):
        raise ValueError(f"loss={loss!r} is unknown: pass 'expected' or 'one_active'")
    objective = Objective(problem, bias) if loss == "expected" else OneActive(problem, bias)
    default = np.zeros(problem.n_features) if objective.fixed is None else objective.fixed
    W, b = problem.check_weights(W, default if b is None else b)
    if W.ndim != 2:
        raise ValueError(f"W has shape {W.shape}, several instances: pass W[k] and b[k] for each k")
    if loss == "one_active":
        one_active_loss(problem, W, b)  # refuses problems that it is not defined for
    _check_bias(objective, b)
    _check_size(objective.size)
    x = objective.pack(W, b)
    value, gradient = (part[0] for part in objective(x[None], objective.fine))
    _, slopes, _ = objective.effective((W.T @ W)[None], b[None], objective.fine)
    H, turns = hessian(objective, x), objective.rotations(x)
    bounded = objective.held(x, gradient)
    held = bounded & (gradient < -CRITICAL * objective.scale)
    return LocalStructure(
        value=float(value),
        gradient_norm=float(np.linalg.norm(np.where(bounded, 0.0, gradient))),
        scale=objective.scale,
        curvature=_frozen(spectrum(objective, x, gradient, H)),
        rotation_values=_eigenvalues(turns.T @ H @ turns),
        n_held=int(held.sum()),
        smooth=_smooth(objective, W, b, held[objective.split :]),
        stress=stress_of(slopes[0] + slopes[0].T, W, objective.scale),
    )


def _of_energy(potential: Potential, W: ArrayLike) -> LocalStructure:
    value = energy_of(potential, W)
    if not np.isfinite(value):
        raise ValueError(f"the energy is {value} under {potential!r}: pass directions that do not coincide")
    U = Arrangement(W).W
    m, n = U.shape
    _check_size(m * n)
    objective = SphereEnergy(potential, n, m)
    x = objective.project(U.ravel())
    U = x.reshape(m, n)
    _, gradient = objective(x[None], objective.fine)
    t = np.clip(U.T @ U, -1.0, 1.0)
    np.fill_diagonal(t, 0.0)
    omega = 2 * potential.slope(t)
    np.fill_diagonal(omega, 0.0)
    np.fill_diagonal(omega, -np.sum(omega * t, axis=1))
    pairs = t[~np.eye(n, dtype=bool)]
    second = [potential.curvature(np.clip(pairs + side, -1.0, 1.0)) for side in (-STEP, STEP)]
    largest = float(np.abs(second[0]).max(initial=0.0))
    return LocalStructure(
        value=value,
        gradient_norm=float(np.linalg.norm(gradient)),
        scale=objective.scale_at(x),
        curvature=_frozen(objective.spectrum(x)),
        rotation_values=_along_rotations(objective, x),
        n_held=0,
        smooth=bool((np.abs(second[1] - second[0]) <= JUMP * largest).all()),
        stress=stress_of(omega, U, objective.scale),
    )


def _along_rotations(objective: SphereEnergy, x: FloatArray) -> FloatArray:
    """Eigenvalues of the second derivative along the sphere on the rotations, by differences of the gradient."""
    turns = objective.rotations(x).T
    ahead, behind = (objective(objective.project(x + side * turns), objective.fine)[1] for side in (TURN, -TURN))
    return _eigenvalues(turns @ ((ahead - behind) / (2 * TURN)).T)


def _eigenvalues(second: FloatArray) -> FloatArray:
    return frozen(np.asarray(np.linalg.eigvalsh((second + second.T) / 2), np.float64))


def _smooth(objective: Objective, W: FloatArray, b: FloatArray, held: BoolArray) -> bool:
    """Whether second derivatives are continuous within the step of the differences.

    ReLU at b_i has a kink where nothing is active, which a free b_i feels; and at b_i + M_ij x_j where feature j alone
    is, which for a density of x_j leaves a jump only where b_i and M_ij are both 0. A bias at its bound that no slope
    holds there counts as a kink too. Atoms have kinks in many places, which are not looked for.
    """
    problem = objective.problem
    if problem.activation == "identity":
        return True
    if any(law.atoms is not None for law in problem.features.laws):
        return False
    at_zero = np.abs(b) <= STEP
    if objective.nonpositive or (objective.fixed is None and not isinstance(objective, OneActive)):
        if (at_zero & ~held).any():
            return False
    return not (at_zero[:, None] & (np.abs(W.T @ W) <= STEP)).any()


def _check_bias(objective: Objective, b: FloatArray) -> None:
    if objective.nonpositive and (b > 0).any():
        i = int(np.argmax(b > 0))
        raise ValueError(f"b[{i}]={b[i]:g} is positive, but bias='nonpositive' asks for b ≤ 0: pass bias='free'")
    if objective.fixed is not None and (b != objective.fixed).any():
        i = int(np.argmax(b != objective.fixed))
        raise ValueError(
            f"b[{i}]={b[i]:g}, but bias fixes it at {objective.fixed[i]:g}: pass the same values, or bias='free'"
        )


def _check_size(parameters: int) -> None:
    if parameters > MOST_PARAMETERS:
        raise ValueError(
            f"there are {parameters} parameters, and a Hessian of more than {MOST_PARAMETERS} takes minutes and "
            "gigabytes: pass a smaller arrangement, such as one factor"
        )


def _frozen(shape: Curvature) -> Curvature:
    return Curvature(frozen(shape.values), frozen(shape.vectors))
