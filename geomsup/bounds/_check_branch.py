r"""Branch and bound: the exact loss of every arrangement is at least a value V, n ≤ 3.

Features are independent and uniform on [0, 1], the output is ReLU. Nothing is in the certificate but the claim and a
limit on the number of boxes: the check cuts the weights and the biases itself, :mod:`geomsup.bounds._branching`. What
is left to say is why a bounded region is enough.

**Without feature i.** Given x_i, whatever it is, the other outputs are those of a problem with one feature less, their
biases shifted. So they lose at least its minimum, of which V_i is a lower bound: 0 if m ≥ n − 1, and if not proved by
the same means from limits that the certificate holds.

**Dead outputs.** Where z ≤ 0 on all inputs, output i loses I_i p_i/3. A value above V_i + I_i p_i/3 is refused; for any
other there is nothing to prove there. That allows sharp bounds: leaving feature i out costs at most
I_i (p_i/3 − p_i²/4). For b_i ≥ Σ_j |G_ij| + 2 the error of output i is at least 1 whenever feature i is active, which
is more.

**Long weights.** Given the other features, z = a x_i + b' with a = G_ii. For a ≥ 1, the least over b' of
∫ (u − (a u + b')₊)² du is ⅓ ((a − 1)/(a + 1))²: with z = 0 at u₀ in [0, 1], y = a(1 − u₀) − 1 and k = a − 1,

.. math:: 3 \int = \frac{(k - y)^3}{k (k + 1)^2} + \frac{y^3}{k}, \qquad u_0 = \frac{k - y}{k + 1},

whose derivative vanishes where y = ± u₀: at y = k/(k + 2), with the value (k/(k + 2))², and at u₀ = 1, where it is 1;
u₀ = 0 gives k², b' > 0 more than that, and u₀ > 1 again 1. So with ρ² = 3(V − V_i)/(I_i p_i) < 1 the loss is at least V
as soon as ‖W_i‖² ≥ (1 + ρ)/(1 − ρ). For a < 1 the least is (1 − a)²/12, with b' ≥ 0; for b' < 0 the error is at least
(1 − a)u.

**Rotations.** W may be replaced by QW with Q orthogonal: W_1 = (r, 0, …), r ≥ 0, and for m = 2 the second component
of W_2 ≥ 0.

**Exchange.** Features of the same probability and importance may be exchanged, so that the one that comes first is not
shorter: ‖W_1‖ ≥ ‖W_2‖ ≥ ‖W_3‖ for three. That is done before W is rotated, and boxes that contradict it are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from flint import fmpq

from geomsup._typing import JSON
from geomsup.bounds._branching import Cells, Cover, Subdivision, cover
from geomsup.bounds._numbers import above, below, text
from geomsup.bounds._reading import entry, integer_entry, items, rational_entry, rationals_entry
from geomsup.bounds._row_loss import Row
from geomsup.bounds.certificate import Certificate
from geomsup.bounds.verify import Finding, Refuted

__all__ = ["BIASES", "LARGEST", "MOST", "check", "proved", "without_feature"]

LARGEST = 3
"""Features."""
BIASES = ("free", "nonpositive", "zero")
MOST = 10**9
"""Boxes, at some 100,000 per second."""
TINIEST = fmpq(1, 10**60)
"""Probability or importance, 0 apart, so that no product underflows."""
LONGEST = 2.0**12
"""Length of W_i beyond which nothing is tried."""


def check(certificate: Certificate) -> Finding:
    """Subdivide anew."""
    return proved(certificate)[0]


def proved(certificate: Certificate, progress: Callable[[Subdivision], None] | None = None) -> tuple[Finding, int]:
    """The finding, and how many boxes it took."""
    claim = certificate.claim
    if entry(claim, "quantity") != "loss":
        raise ValueError(f"the quantity {str(claim['quantity'])[:40]!r} is unknown")
    n = integer_entry(claim, "n", 1, LARGEST)
    m = integer_entry(claim, "m", 1, n)
    bias = entry(claim, "bias")
    if bias not in BIASES:
        raise ValueError(f"bias is {str(bias)[:40]!r}, not one of {', '.join(BIASES)}")
    p, importance = (rationals_entry(claim, key, n, n, 0) for key in ("feature_probability", "importance"))
    if any(one > 1 for one in p):
        raise ValueError("a feature_probability is above 1")
    if any(one and not TINIEST <= one <= 1 / TINIEST for one in (*p, *importance)):
        raise ValueError("a feature_probability or importance is too small or too large for floats")
    value = rational_entry(claim, "value", 0)
    boxes, most = 0, integer_entry(certificate.proof, "boxes", 1, MOST)
    without = _without(certificate)
    if value > max(without):
        start = _region([value - other for other in without], p, importance, m, bias)
        rows = [Row.of(i, p) for i in range(n)]
        weights = np.array([below(one) for one in importance])
        others = np.array([below(other) for other in without])
        boxes = cover(rows, weights, above(value), others, _alike(p, importance), start, most, progress)
    which = {"free": "all b", "nonpositive": "all b ≤ 0", "zero": "b = 0"}[bias]
    shown = ", ".join(f"{below(one):.6g}" for one in (p[:1] if len(set(p)) == 1 else p))
    return Finding(f"loss ≥ {below(value):.12g} for all W of shape ({m}, {n}) and {which} at p = {shown}"), boxes


def _alike(p: list[fmpq], importance: list[fmpq]) -> list[tuple[int, int]]:
    """Each feature with the next one of its probability and importance."""
    kinds = list(zip(p, importance, strict=True))
    later = [(i, [j for j in range(i + 1, len(kinds)) if kinds[j] == kinds[i]]) for i in range(len(kinds))]
    return [(i, others[0]) for i, others in later if others]


def without_feature(claim: JSON, i: int) -> JSON:
    """The claim about the problem that one feature is taken out of, without its value."""
    shorter = {key: [*claim[key][:i], *claim[key][i + 1 :]] for key in ("feature_probability", "importance")}
    return {"quantity": "loss", "n": claim["n"] - 1, "m": claim["m"], "bias": "free", **shorter}


def _without(certificate: Certificate) -> list[fmpq]:
    """V_i for each feature."""
    claim, n = certificate.claim, certificate.claim["n"]
    if claim["m"] >= n - 1:
        return [fmpq(0)] * n

    found = []
    for i, part in enumerate(items(certificate.proof, "without", lambda _, item: item, n, n)):
        value = rational_entry(part, "value", 0)
        shorter = {**without_feature(claim, i), "value": text(value)}
        proved(Certificate(certificate.kind, shorter, {"boxes": entry(part, "boxes")}))
        found.append(value)
    return found


def _region(share: list[fmpq], p: list[fmpq], importance: list[fmpq], m: int, bias: str) -> Cover:
    """One box and one cell of each bias, outside of which some output i alone loses its share V − V_i."""
    n, length = len(p), []
    for i in range(n):
        if 3 * share[i] >= importance[i] * p[i]:
            raise Refuted(f"with output {i} dead it can lose only {below(importance[i] * p[i] / 3):.12g}")
        rho = math.sqrt(above(3 * share[i] / (importance[i] * p[i])))
        length.append(_up(math.sqrt((1 + rho) / (1 - rho))) if rho < 1 else math.inf)
    if max(length) > LONGEST:
        raise Refuted("the value is too close to the loss of a dead output")
    x, h = np.zeros((m, n, 1)), np.zeros((m, n, 1))
    h[:] = np.array(length)[:, np.newaxis]
    h[1:, 0] = 0.0
    for k in range(min(m, n)):
        h[k, k] /= 2
        x[k, k] = h[k, k]
    far = 2.0 ** math.ceil(math.log2(sum(length) * max(length) + 2))
    low, high = {"free": (-far, far), "nonpositive": (-far, 0.0), "zero": (0.0, 0.0)}[bias]
    one = Cells(np.zeros(1, dtype=np.int64), np.array([(low + high) / 2]), np.array([(high - low) / 2]))
    return Cover(x, h, (one,) * n)


def _up(length: float) -> float:
    """A little more, with three binary places, so that the centers of boxes are exact."""
    unit = 2.0 ** (math.floor(math.log2(length)) - 2)
    return math.ceil(1.001 * length / unit) * unit
