r"""Brackets of the capacity C(m), the number of features that m dimensions are worth in the sparse limit without bias.

Both sides are proved: the upper one by the best certificate at hand, the lower one by an arrangement whose value is
computed in exact arithmetic.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geomsup._typing import ArrayLike, FloatArray
from geomsup._validate import integer, real_array
from geomsup.bounds._check_measure import gram_of_directions, gram_of_rows, worth_of_gram
from geomsup.bounds._numbers import below, exact, read_number, sign, text
from geomsup.bounds._store import stored
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.result import Bound, Bracket, bound_from, exact_value
from geomsup.bounds.verify import verify

__all__ = ["arrangement_certificate", "capacity", "capacity_bound", "energy_from_capacity"]


def capacity(m: int, *, arrangement: ArrayLike | None = None, n_starts: int = 16, rng: Any = None) -> Bracket:
    r"""Both sides of the capacity of m dimensions.

    .. math:: C(m) = \sup \frac{(\sum_j \|W_j\|^2)^2}{\sum_{i,j} (W_i \cdot W_j)_+^2}, \qquad
              \frac{3L}{p} \ge n - C(m) \quad (p \to 0,\; b = 0)

    Parameters
    ----------
    m : int
        Hidden dimensions.
    arrangement : array_like, shape (m, n), optional
        Directions in columns that attain the lower side; by default the best that ships with the package, and where
        there is none the best that a search finds.
    n_starts, rng
        Of that search, :func:`geomsup.capacity_search` with 4m atoms.

    Returns
    -------
    Bracket
        Both sides *proved* in exact arithmetic; `witness` is the arrangement with its value.

    Raises
    ------
    ValueError
        A dimension that is not positive, or an arrangement of another shape.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.capacity(2)  # 5(7 + √5)/11, the pentagon
    Bracket(4.19821271705 ≤ C(2) ≤ 4.19821271705, relative gap 0, both sides proved)
    >>> bracket = gs.capacity(5)
    >>> bracket.arrangement.shape, bool(gs.verify(bracket))
    ((5, 16), True)
    """
    m = integer("m", m, at_least=1)
    upper = capacity_bound(m)
    witness, W = _best_arrangement(m, arrangement, n_starts, rng)
    return Bracket(f"C({m})", below(exact_value(witness)), upper.value, W, upper.certificate, witness)


def capacity_bound(m: int) -> Bound:
    """The smallest upper bound on C(m) at hand: from the certificates in the package, or else from the two-point LP.

    Examples
    --------
    >>> import geomsup as gs
    >>> gs.bounds.capacity_bound(5)
    Bound(proved by three-point certificate: C(5) ≤ 11.4285...: no arrangement in R^5 is worth more features ...)
    >>> gs.bounds.capacity_bound(9)
    Bound(proved by two-point LP, degree ...: C(9) ≤ 22.2...: no arrangement in R^9 is worth more features without bias)
    """
    kept = stored(f"capacity-{m}-upper")
    if kept is not None:
        return bound_from(kept, f"{kept.kind} certificate")
    from geomsup.bounds.lp import capacity_certificate  # loads a solver

    certificate = capacity_certificate(m)
    return bound_from(certificate, f"two-point LP, degree {len(certificate.proof['coefficients']) - 1}")


def energy_from_capacity(n: int, m: int) -> Certificate | None:
    """What the stored bound on C(m) says about n unit vectors: Σ_{i≠j} (u_i·u_j)₊² ≥ n²/C(m) − n. Not checked here."""
    kept = stored(f"capacity-{m}-upper")
    if kept is None or kept.kind != "three-point":
        return None
    value = n * n / exact_value(kept) - n
    claim = {"quantity": "energy", "m": m, "n": n, "potential": {"name": "relu_squared"}, "value": text(value)}
    return Certificate(kept.kind, claim, kept.proof)


def arrangement_certificate(W: ArrayLike) -> Certificate:
    """The worth of an arrangement, floats taken at face value: a lower bound on the capacity of its dimensions.

    Examples
    --------
    >>> import geomsup as gs
    >>> certificate = gs.bounds.arrangement_certificate([[1, -1, 0, 0], [0, 0, 1, -1]])
    >>> gs.verify(certificate)
    Verification(proved: C(2) ≥ 4: an arrangement of 4 vectors in R^2 is worth that)
    """
    directions = real_array("W", W)
    if directions.ndim != 2:
        raise ValueError(f"W has shape {directions.shape}, but an arrangement is one matrix (m, n)")
    if not directions.any():
        raise ValueError("W is zero, and nothing is represented: pass at least one direction")
    rows = [[exact(x) for x in row] for row in directions.tolist()]
    claim = {
        "quantity": "capacity of an arrangement",
        "m": len(rows),
        "value": text(worth_of_gram(gram_of_directions(rows))),
    }
    return Certificate("measure", claim, {"directions": [[text(x) for x in row] for row in rows]})


def _best_arrangement(m: int, arrangement: ArrayLike | None, n_starts: int, rng: Any) -> tuple[Certificate, FloatArray]:
    """The certificate of the arrangement of largest exact value, and its directions."""
    kept = stored(f"capacity-{m}-lower")
    if arrangement is not None:
        W = real_array("arrangement", arrangement)
        if W.ndim != 2 or W.shape[0] != m:
            raise ValueError(f"arrangement has shape {W.shape}, but m={m}: pass directions in columns, shape ({m}, n)")
        candidates = [arrangement_certificate(W)]
    elif kept is not None:
        candidates = [kept]
    else:
        from geomsup.sparse import capacity_search  # loads SciPy's optimisers

        found = capacity_search(m, 4 * m, n_starts=n_starts, rng=rng)
        candidates = [arrangement_certificate(W) for W in (found.U * np.sqrt(found.weights), _side_by_side(m))]
    best = candidates[0]
    for one in candidates[1:]:
        best = one if sign(exact_value(one) - exact_value(best)) > 0 else best
    verification = verify(best)
    if not verification:
        raise ValueError(f"{best!r} does not prove its claim ({verification.reason})")
    return best, _directions(best)


def _side_by_side(m: int) -> FloatArray:
    """The stored arrangements that add up to the most in m dimensions, in orthogonal subspaces: capacities add up."""
    parts = {k: one for k in range(1, m) if (one := stored(f"capacity-{k}-lower")) is not None}
    worths = {k: below(exact_value(one)) for k, one in parts.items()}
    best: list[tuple[float, list[int]]] = [(0.0, [])]
    for total in range(1, m + 1):
        options = [(best[total - k][0] + worth, [*best[total - k][1], k]) for k, worth in worths.items() if k <= total]
        best.append(max(options))
    columns, rows = [], 0
    for k in best[m][1]:
        part = _directions(parts[k])
        # At its best scale a part has Σ‖W_j‖² equal to its value.
        part = part * np.sqrt(worths[k] / np.sum(part**2))
        columns.append(np.vstack([np.zeros((rows, part.shape[1])), part, np.zeros((m - rows - k, part.shape[1]))]))
        rows += k
    return np.hstack(columns)


def _directions(witness: Certificate) -> FloatArray:
    """W of a certified arrangement, in floats."""
    if "directions" in witness.proof:
        return np.array([[below(read_number("direction", x)) for x in row] for row in witness.proof["directions"]])
    gram = np.array([[below(x) for x in row] for row in gram_of_rows(witness.proof)])
    values, vectors = np.linalg.eigh(gram)
    m = int(witness.claim["m"])
    W: FloatArray = np.sqrt(np.maximum(values[-m:], 0.0))[:, None] * vectors[:, -m:].T
    return W
