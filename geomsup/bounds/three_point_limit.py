r"""What no three-point bound of a capacity can go below: a graph, real in 5 and 22 dimensions, imagined in others.

With m = r³ + 3r² + r imagine n = r²(r + 3)² unit vectors in R^m. Each has m *neighbours* at the cosine −a, no two of
which are neighbours of each other; all other cosines are b; and vectors that are not neighbours have r(r + 1)
neighbours in common, with

.. math:: a = \frac{r + 2}{r^2 + 3r + 1}, \qquad b = \frac{1}{r^2 + 3r + 1} .

For r = 1 this is the Clebsch graph, for r = 2 that of Higman and Sims: Smith graphs without triangles (Cameron,
Goethals, Seidel 1978, *Strongly regular graphs having strongly regular subconstituents*). For other r there need not be
such vectors, but the numbers of triples x, y, z with given cosines are defined, real numbers all the same. They satisfy
whatever a three-point proof uses:

- x·y, x·z and y·z are distributed alike, and x·y and x·z independently.
- Σ a(x·y) a(x·z) Q_k ≥ 0 for every function a. Only its values at 1, −a and b count, that at 1 only for k = 0, where
  the sum is a square. For k ≥ 1 there remain 2 × 2 matrices of means of P_k of R^(m−1) at the cosines seen from x. They
  are 0 for k = 1, 2 and semidefinite for all k computed (m from 5 to 100, k up to 200: the tests); as k grows they tend
  to positive diagonal matrices. For m = 3 and 4 some are not, and there bounds do go below.
- Σ_y (x·y)₊² is the same for every x, and no x is pulled anywhere. So multipliers have the mean that they have at a
  minimiser.

Hence (1) in :mod:`geomsup.bounds._check_three_point`, in the mean over these triples, says 1/C* ≥ c, with

.. math:: C^* = \frac{n}{1 + b^2 (n - 1 - m)} = \frac{r (r + 3)^2 (r^2 + 3r + 1)}{2r + 5} .
"""

from __future__ import annotations

from geomsup._validate import integer

__all__ = ["three_point_limit"]


def three_point_limit(m: int) -> float:
    r"""What no upper bound on C(m) from three points is below, verified up to degree 200, with whatever multipliers.

    .. math:: C^* = \frac{r (r + 3)^2 (r^2 + 3r + 1)}{2r + 5}, \qquad r^3 + 3r^2 + r = m

    Degree 5 comes to within 1e-8 of it for m = 6, 7, 8 (measured). Where r is an integer and a triangle-free strongly
    regular graph with these parameters exists, it is C(m): m = 5 and 22.

    Parameters
    ----------
    m : int
        Hidden dimensions, at least 5.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        Less than 5 dimensions: there three points prove less than this number.

    Examples
    --------
    >>> import geomsup as gs
    >>> print(f"{gs.bounds.three_point_limit(6):.6f} {gs.capacity(6).upper:.6f}")
    13.992304 13.992304
    >>> gs.bounds.three_point_limit(22) - 550 / 9
    0.0
    """
    m = integer("m", m, at_least=5)
    r = 1.0
    for _ in range(60):  # Newton's method on a convex function: after the first step it falls to the root
        r -= (r**3 + 3 * r**2 + r - m) / (3 * r**2 + 6 * r + 1)
    return r * (r + 3) ** 2 * (r**2 + 3 * r + 1) / (2 * r + 5)
