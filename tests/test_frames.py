"""Every frame against the closed form of its Gram matrix: which products, and how often in a row."""

from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from geomsup._typing import FloatArray

frames = gs.frames
ROOT2, ROOT5 = np.sqrt(2), np.sqrt(5)

# Products of a feature with the others and how many others have them. Each arrangement looks alike from each of its
# points. Counted by hand from the polytope or the graph.
EXACT: dict[str, tuple[Callable[[], FloatArray], int, dict[float, int]]] = {
    "pentagon": (lambda: frames.polygon(5), 2, {(ROOT5 - 1) / 4: 2, -(ROOT5 + 1) / 4: 2}),
    "hexagon": (lambda: frames.polygon(6), 2, {0.5: 2, -0.5: 2, -1: 1}),
    "octagon": (lambda: frames.polygon(8), 2, {1 / ROOT2: 2, 0: 2, -1 / ROOT2: 2, -1: 1}),
    "Mercedes-Benz": (frames.mercedes_benz, 2, {-0.5: 2}),
    "tetrahedron": (lambda: frames.simplex(3), 3, {-1 / 3: 3}),
    "simplex": (lambda: frames.simplex(9), 9, {-1 / 9: 9}),
    "digon": (lambda: frames.antipodal_pairs(1), 1, {-1: 1}),
    "cross-polytope": (lambda: frames.antipodal_pairs(8), 8, {-1: 1, 0: 14}),
    "octahedron": (frames.octahedron, 3, {-1: 1, 0: 4}),
    "octahedron as antiprism": (lambda: frames.antiprism(3), 3, {-1: 1, 0: 4}),
    "triangular prism": (lambda: frames.prism(3), 3, {1 / 7: 3, -5 / 7: 2}),
    "cube": (frames.cube, 3, {1 / 3: 3, -1 / 3: 3, -1: 1}),
    "cube as prism": (lambda: frames.prism(4), 3, {1 / 3: 3, -1 / 3: 3, -1: 1}),
    "square antiprism": (frames.square_antiprism, 3, {1 / 3: 2, -1 / 3: 1, (ROOT2 - 1) / 3: 2, -(ROOT2 + 1) / 3: 2}),
    "pentagonal antiprism": (lambda: frames.antiprism(5), 3, {1 / ROOT5: 4, -1 / ROOT5: 4, -1: 1}),
    "cuboctahedron": (frames.cuboctahedron, 3, {0.5: 4, 0: 2, -0.5: 4, -1: 1}),
    "icosahedron": (frames.icosahedron, 3, {1 / ROOT5: 5, -1 / ROOT5: 5, -1: 1}),
    "dodecahedron": (frames.dodecahedron, 3, {ROOT5 / 3: 3, 1 / 3: 6, -1 / 3: 6, -ROOT5 / 3: 3, -1: 1}),
    "24-cell": (frames.cell_24, 4, {0.5: 8, 0: 6, -0.5: 8, -1: 1}),
    "Petersen": (frames.petersen_code, 4, {-2 / 3: 3, 1 / 6: 6}),
    "Clebsch": (frames.clebsch_code, 5, {-3 / 5: 5, 1 / 5: 10}),
    "10 lines in 5": (lambda: frames.equiangular(10, 5), 5, {-1 / 3: 3, 1 / 3: 6}),
    "16 lines in 6": (lambda: frames.equiangular(16, 6), 6, {-1 / 3: 5, 1 / 3: 10}),
    "28 lines in 7": (lambda: frames.equiangular(28, 7), 7, {1 / 3: 12, -1 / 3: 15}),
}
# Measured: 1.3e-15 at most, for the frames that come from eigenvectors.
ROUNDING = 1e-14

TIGHT = sorted(set(EXACT) - {"triangular prism", "pentagonal antiprism"})


@pytest.mark.parametrize("name", EXACT)
def test_gram_matrix_is_the_documented_one(name: str) -> None:
    make, rank, products = EXACT[name]
    W = make()
    assert W.shape == (rank, 1 + sum(products.values()))
    assert np.linalg.matrix_rank(W) == rank
    G = W.T @ W
    assert np.abs(np.diag(G) - 1).max() < ROUNDING
    expected = np.sort(np.repeat([*products, 1.0], [*products.values(), 1]))
    assert np.abs(np.sort(G, axis=1) - expected).max() < ROUNDING


@pytest.mark.parametrize("name", TIGHT)
def test_tight_frames_share_the_space_out_evenly(name: str) -> None:
    W = EXACT[name][0]()
    m, n = W.shape
    assert np.abs(W @ W.T - n / m * np.eye(m)).max() < n * ROUNDING
    assert np.abs(gs.feature_dimensionality(W) - m / n).max() < ROUNDING


@pytest.mark.parametrize(("n", "m"), [(6, 3), (10, 5), (16, 6), (28, 7), (3, 2), (8, 7)])
def test_equiangular_frames_meet_the_bound_of_welch(n: int, m: int) -> None:
    W = frames.equiangular(n, m)
    off = np.abs(W.T @ W)[~np.eye(n, dtype=bool)]
    assert np.abs(off - np.sqrt((n - m) / (m * (n - 1)))).max() < ROUNDING
    assert np.abs(W @ W.T - n / m * np.eye(m)).max() < n * ROUNDING


def test_antipodal_lines_of_six_in_three_are_the_icosahedron() -> None:
    half = frames.equiangular(6, 3)
    G = (whole := np.hstack([half, -half])).T @ whole
    assert np.abs(np.sort(G, axis=1) - np.sort(frames.icosahedron().T @ frames.icosahedron(), axis=1)).max() < ROUNDING


def test_clebsch_code_is_half_a_cube_in_five_dimensions() -> None:
    words = np.array([[(word >> bit) & 1 for bit in range(5)] for word in range(32)])
    half = (1 - 2 * words[words.sum(axis=1) % 2 == 0]) / np.sqrt(5)
    counts = Counter(Fraction(round(5 * product), 5) for product in (half @ half.T)[0])
    G = frames.clebsch_code().T @ frames.clebsch_code()
    assert Counter(Fraction(round(5 * product), 5) for product in G[0]) == counts


def test_petersen_code_is_the_midpoints_of_the_edges_of_a_simplex() -> None:
    corners = frames.simplex(4)
    middle = np.array([corners[:, i] + corners[:, j] for i in range(5) for j in range(i)]).T
    middle /= np.linalg.norm(middle, axis=0)
    assert np.abs(np.sort(middle.T @ middle) - np.sort(frames.petersen_code().T @ frames.petersen_code())).max() < 1e-14


@pytest.mark.parametrize("make", [frames.prism, frames.antiprism])
@pytest.mark.parametrize("k", [3, 4, 5, 7])
def test_edges_of_prisms_are_equal(make: Callable[[int], FloatArray], k: int) -> None:
    W = make(k)
    across = np.linalg.norm(W[:, [0]] - W[:, k:], axis=0).min()
    assert across == pytest.approx(np.linalg.norm(W[:, 0] - W[:, 1]), abs=ROUNDING)


def test_square_antiprism_of_charges() -> None:
    def energy(angle: float) -> float:
        W = frames.square_antiprism(angle)
        return float(sum(1 / np.linalg.norm(W[:, i] - W[:, j]) for i in range(8) for j in range(i)))

    # The published energy of eight charges, 19.675287861; the angle is where the energy is flat.
    assert energy(frames.COULOMB_ANGLE) == pytest.approx(19.675287861, abs=1e-9)
    h = 1e-3
    slope = (energy(frames.COULOMB_ANGLE + h) - energy(frames.COULOMB_ANGLE - h)) / (2 * h)
    curvature = (energy(frames.COULOMB_ANGLE + h) + energy(frames.COULOMB_ANGLE - h) - 2 * energy(55.913992)) / h**2
    assert abs(slope / curvature) < 1e-4  # degrees; measured 1e-6
    assert gs.feature_dimensionality(frames.square_antiprism(frames.COULOMB_ANGLE))[0].round(5) == 0.37438


@given(st.integers(3, 12))
def test_bipyramid_is_a_polygon_and_a_digon(k: int) -> None:
    shares = gs.feature_dimensionality(frames.bipyramid(k))
    assert np.abs(shares - np.repeat([2 / k, 0.5], [k, 2])).max() < ROUNDING


@given(st.lists(st.sampled_from(sorted(EXACT)), min_size=1, max_size=4))
def test_tegum_factors_do_not_touch(names: list[str]) -> None:
    parts = [EXACT[name][0]() for name in names]
    W = frames.tegum(*parts)
    assert W.shape == tuple(np.sum([part.shape for part in parts], axis=0))
    assert sum(gs.feature_dimensionality(W)) == pytest.approx(
        sum(gs.feature_dimensionality(part).sum() for part in parts)
    )
    first = parts[0].shape[1]
    assert (W[:, :first].T @ W[:, first:] == 0).all()


def test_scaled_and_random() -> None:
    W = frames.scaled(frames.polygon(3), [1.0, 2.0, 3.0])
    assert np.linalg.norm(W, axis=0) == pytest.approx([1.0, 2.0, 3.0])
    first, again = (frames.random_frame(4, 2000, rng=1) for _ in range(2))
    assert (first == again).all()
    assert np.linalg.norm(first, axis=0) == pytest.approx(np.ones(2000))
    # E uuᵀ = I/m, each entry with standard error below √(1/(m² n)) ≈ .0056; six of these.
    assert np.abs(first @ first.T / 2000 - np.eye(4) / 4).max() < 0.034


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: frames.polygon(1), "k=1 is too small"),
        (lambda: frames.simplex(0), "d=0 is too small"),
        (lambda: frames.prism(4, 90.0), "polar_angle=90 is not between the pole and the equator"),
        (lambda: frames.tegum(), "no frames to multiply"),
        (lambda: frames.tegum([1.0, 2.0]), r"frames\[0\] has shape \(2,\)"),
        (lambda: frames.scaled([[1.0]], [-1.0]), "norms has the entry -1"),
        (lambda: frames.equiangular(7, 3), "no equiangular tight frame of 7 in 3"),
    ],
)
def test_refusals(make: Callable[[], FloatArray], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
