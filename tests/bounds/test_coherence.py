"""Lines in R^m: no arrangement is less coherent than the bound, and the best ones known attain it."""

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds import coherence_bound
from geomsup.bounds._check_coherence import in_squares
from geomsup.bounds._polynomials import evaluate, has_root
from tests.bounds.recomputed import polynomial


def coherence(U):
    """The largest |u_i·u_j| of unit vectors in columns."""
    G = np.abs(U.T @ U)
    return float(G[~np.eye(len(G), dtype=bool)].max())


def half(U):
    """One of each antipodal pair of columns."""
    kept = []
    for u in U.T / np.linalg.norm(U, axis=0)[:, None]:
        if all(np.abs(u @ v) < 1 - 1e-9 for v in kept):
            kept.append(u)
    return np.array(kept).T


def e8():
    """The 120 lines of E_8."""
    i, j = np.triu_indices(8, 1)
    integers = [np.eye(8)[a] + sign * np.eye(8)[b] for a, b in zip(i, j, strict=True) for sign in (1, -1)]
    signs = np.array(np.meshgrid(*[[1, -1]] * 8)).reshape(8, -1).T
    halves = signs[(np.prod(signs, axis=1) > 0) & (signs[:, 0] > 0)] / 2
    return np.vstack([integers, halves]).T / np.sqrt(2)


@pytest.mark.parametrize(
    ("U", "degree"),
    [
        (half(gs.frames.icosahedron()), "degree 2"),
        (gs.frames.equiangular(4, 3), "degree 2"),
        (gs.frames.equiangular(16, 6), "degree 2"),
        (half(gs.frames.cell_24()), "degree 4"),
        (e8(), "degree 4"),
        (np.hstack([np.eye(3), half(gs.frames.cube())]), "negative products"),
        (np.eye(4)[:, :3], "orthogonal"),
        (np.ones((1, 3)), "negative products"),
    ],
    ids=["6 in 3", "4 in 3", "16 in 6", "12 in 4", "120 in 8", "7 in 3", "3 in 4", "3 in 1"],
)
def test_attained(U, degree):
    m, n = U.shape
    bound = coherence_bound(n, m)
    assert bound.status == "proved"
    assert degree in bound.method
    assert bound.value <= coherence(U) + 1e-15
    assert bound.value == pytest.approx(coherence(U), abs=1e-14)


def test_exact_values():
    assert coherence_bound(6, 3).exact == "0 + 1/5*sqrt(5)"
    assert coherence_bound(16, 6).exact == coherence_bound(28, 7).exact == "1/3"
    assert coherence_bound(7, 3).exact == "0 + 1/3*sqrt(3)"
    assert coherence_bound(36, 6).exact == coherence_bound(63, 7).exact == coherence_bound(120, 8).exact == "1/2"
    assert coherence_bound(276, 23).exact == "1/5"


# Lines in the plane double their angles to points on the circle, and the best are equally spaced.
@pytest.mark.parametrize("n", [3, 5, 8, 12])
def test_lines_in_the_plane(n):
    assert np.cos(np.pi / n) * (1 - 1e-7) <= coherence_bound(n, 2).value <= np.cos(np.pi / n) + 1e-15


# Sloane's tables of packings in Grassmannian spaces, lines in R³ and R⁴: the angles in degrees.
@pytest.mark.parametrize(
    ("n", "m", "angle"),
    [(5, 3, 63.4349488), (8, 3, 49.6399), (9, 3, 47.9821), (10, 3, 46.6746), (12, 3, 41.3882), (5, 4, 75.5224)],
)
def test_below_the_best_packings(n, m, angle):
    bound = coherence_bound(n, m)
    assert 0.9 * np.cos(np.radians(angle)) < bound.value < np.cos(np.radians(angle)) + 1e-6


@settings(max_examples=12)
@given(st.integers(2, 5), st.integers(2, 14), st.integers(0, 10**6))
def test_no_arrangement_is_less_coherent(m, n, seed):
    U = np.random.default_rng(seed).normal(size=(m, n))
    U /= np.linalg.norm(U, axis=0)
    for _ in range(200):  # push the closest lines apart
        G = U.T @ U - np.eye(n)
        U = U - 0.05 * U @ (G * np.abs(G) ** 6 / np.abs(G).max() ** 7 if n > 1 else G)
        U /= np.linalg.norm(U, axis=0)
    bound = coherence_bound(n, m)
    assert bound.value <= coherence(U) + 1e-14
    assert bound.value >= np.sqrt(max(0, (n - m) / (m * (n - 1)))) * (1 - 1e-15)


def test_the_expansion_in_squares():
    g = in_squares([fmpq(1, 3), fmpq(2), fmpq(1, 7)], 5)
    t = np.linspace(-1, 1, 7)
    expected = polynomial(5, [1 / 3, 0, 2, 0, 1 / 7], t)
    found = [float(evaluate(g, fmpq(*float(x).as_integer_ratio()) ** 2).p) for x in t]
    denominators = [float(evaluate(g, fmpq(*float(x).as_integer_ratio()) ** 2).q) for x in t]
    np.testing.assert_allclose(np.array(found) / denominators, expected, rtol=1e-12)


def test_roots_are_counted_with_the_lower_end_and_without_the_upper():
    double = [fmpq(1, 4), fmpq(-1), fmpq(1)]  # (t − 1/2)²
    half_way = fmpq(1, 2)
    assert has_root(double, fmpq(0), fmpq(1))
    assert has_root(double, half_way, fmpq(1))
    assert not has_root(double, fmpq(0), half_way)
    assert not has_root(double, fmpq(2, 3), fmpq(1))
    assert has_root([], fmpq(0), fmpq(1))


def certificate(n, m, value, square, coefficients=None):
    proof = {"square": square} | ({} if coefficients is None else {"coefficients": coefficients})
    return gs.Certificate("coherence", {"quantity": "coherence", "n": n, "m": m, "value": value}, proof)


def test_what_proves_nothing_is_refused():
    # 6 lines in R³: t² − 1/5 = 2/15 P_0 + 2/3 P_2
    assert gs.verify(certificate(6, 3, "4/9", "1/5", ["2/15", "2/3"]))
    assert "gives a value" in gs.verify(certificate(6, 3, "1/2", "1/5", ["2/15", "2/3"])).reason
    assert "allows 5 vectors" in gs.verify(certificate(5, 3, "4/9", "1/5", ["2/15", "2/3"])).reason
    assert "is positive somewhere" in gs.verify(certificate(6, 3, "1/2", "1/4", ["2/15", "2/3"])).reason
    assert "is negative" in gs.verify(certificate(6, 3, "4/9", "1/5", ["2/15", "-2/3"])).reason
    assert "may be roots" in gs.verify(certificate(3, 3, "1/2", "1/4", ["0", "0"])).reason
    assert "negative products" in gs.verify(certificate(6, 3, "1/2", "1/3")).reason
    assert gs.verify(certificate(7, 3, "1/2", "1/3"))
    assert "at most 1" in gs.verify(certificate(7, 3, "1/2", "2")).reason
    assert "one dimension" in gs.verify(certificate(7, 1, "1/2", "1/2", ["0"])).reason


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="n"):
        coherence_bound(1, 3)
    with pytest.raises(ValueError, match="m"):
        coherence_bound(3, 0)
