r"""Trigonometric polynomials of degree K above and below C(θ) = Σ cos(kθ)/k², as close to it as can be.

With :math:`C(\theta) = \pi^2/6 - \pi|\theta|/2 + \theta^2/4` on a period, the best ones interpolate C, with its slope
where it has one, at the multiples of 2π/L (above) and half-way between (below), L = K + 1.

*Coefficients.* With :math:`\hat C(k) = 1/(2k^2)`, :math:`\hat C(0) = 0`, values and slopes on the lattice determine
:math:`\hat T(k) + \hat T(k - L) = \sum_m \hat C(k + mL)` and
:math:`k \hat T(k) + (k - L) \hat T(k - L) = \sum_m (k + mL) \hat C(k + mL)` for 0 < k < L. So
:math:`\hat T(k) = \sum_m (m + 1) \hat C(k + mL)`, with signs (−1)ᵐ for the shifted lattice. With τ = k/L, the sums
over m of 1/(m + τ), 1/(m + τ)² and their alternating forms are π cot πτ, π²/sin² πτ, π/sin πτ, π² cos πτ/sin² πτ. Hence

.. math:: \frac{\pi^2}{L^2} \Bigl[\frac{1-\tau}{\sin^2 \pi\tau} + \frac{\cot \pi\tau}{\pi}\Bigr], \qquad
          \frac{\pi^2}{L^2} \Bigl[\frac{(1-\tau) \cos \pi\tau}{\sin^2 \pi\tau} + \frac{1}{\pi \sin \pi\tau}\Bigr],

and the constants :math:`\sum_{m \ne 0} (\pm 1)^m \hat C(mL)`, which are π²/(6L²) and −π²/(12L²).

*One-sided.* On 0 ≤ θ ≤ 2π, D = C − T is smooth. It has 2K + 2 zeros there, counted with multiplicity: above, K double
ones at the inner multiples and one at each end (simple: D' = ∓π/2 there); below, K + 1 double ones. With one zero more,
Rolle's theorem would give D' at least 2K + 2 and :math:`D'' = \tfrac12 - T''` at least 2K + 1 zeros inside; but a
trigonometric polynomial of degree K has at most 2K in a period unless it is 0, and this one has mean ½. So every inner
zero is exactly double, D does not change sign, and as the mean of C is 0 the sign is that of minus the constant of T.
(Vaaler 1985, *Some extremal functions in Fourier analysis*, has the extremal polynomials of the sawtooth B₁.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from geomsup._typing import FloatArray


class Extremal(NamedTuple):
    """Coefficients of cos θ … cos Kθ in the polynomials above and below C, and their constants."""

    above: FloatArray
    below: FloatArray
    above_constant: float
    below_constant: float


def extremal_coefficients(terms: int) -> Extremal:
    """The trigonometric polynomials of degree ``terms`` closest to C(θ) = Σ cos(kθ)/k² from above and below.

    Examples
    --------
    >>> import numpy as np
    >>> above, below, high, low = extremal_coefficients(3)
    >>> round(float(high + above.sum() - np.pi**2 / 6), 12)  # the upper one meets C at 0
    0.0
    """
    L = terms + 1
    k = np.arange(1, L)
    rest = (L - k) / L  # 1 − τ, and sin πτ = sin π(1 − τ) without cancellation near τ = 1
    sine = np.sin(np.pi * np.minimum(k, L - k) / L)
    cosine = np.where(2 * k <= L, 1, -1) * np.cos(np.pi * np.minimum(k, L - k) / L)
    above = (rest / sine + cosine / np.pi) / sine
    below = (rest * cosine / sine + 1 / np.pi) / sine
    scale = (np.pi / L) ** 2
    return Extremal(scale * above, scale * below, scale / 6, -scale / 12)
