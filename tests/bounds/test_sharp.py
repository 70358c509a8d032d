"""Codes that are best exactly: their kernels vanish on them, and what is rounded still proves their value."""

import numpy as np
import pytest
from flint import fmpq

import geomsup as gs
from geomsup.bounds import sharp_capacity
from geomsup.bounds._numbers import below, text
from geomsup.bounds._triples import kernel_of_matrices, value_at
from geomsup.bounds.sharp import _faces
from tests.bounds.recomputed import numbers


def faces_of(W, degree):
    return _faces(W / np.linalg.norm(W, axis=0), degree)


@pytest.mark.parametrize("code", [gs.frames.clebsch_code(), gs.frames.petersen_code(), gs.frames.octahedron()])
def test_kernels_of_a_face_vanish_in_the_mean_and_others_do_not(code):
    rng, faces = np.random.default_rng(0), faces_of(code, 4)
    assert sum(faces.counts.values()) == code.shape[1] ** 3
    z = {variable: fmpq(int(rng.integers(-99, 100))) for variable in faces.kernels}

    def total(matrices):
        T = kernel_of_matrices(faces.m, matrices)
        return sum(
            (times * value_at(T, [faces.cosines[a] for a in index]) for index, times in faces.counts.items()), fmpq(0)
        )

    matrices = faces.matrices(z)
    assert total(matrices) == 0
    matrices[0][0][0] += 1
    assert total(matrices) == code.shape[1] ** 3


def test_equations_say_that_the_code_is_an_equality_and_stationary():
    """Differences of the inequality at its triples, for a solution of the equations without any sign."""
    faces, c = faces_of(gs.frames.clebsch_code(), 5), fmpq(7, 80)
    A, b = faces.equations(c)
    z = dict.fromkeys(faces.kernels, fmpq(0))
    for row, (right,) in zip(A.tolist(), b.tolist(), strict=True):
        z[list(z)[next(j for j, x in enumerate(row) if x)]] = right
    T = kernel_of_matrices(5, faces.matrices(z))

    def left(p):
        return below(sum((x * x for x in p if x > 0), fmpq(0)) / 3 - c - value_at(T, p))

    h = fmpq(1, 10**6)
    for p in faces.triples:
        assert left(p) == 0
        for axis in (axis for axis in range(3) if p[axis] < 1):
            up, down = ([x + sign * h * (k == axis) for k, x in enumerate(p)] for sign in (1, -1))
            assert abs(left(up) - left(down)) < 1e-10 * max(1, *map(abs, map(below, z.values())))


@pytest.mark.parametrize(
    ("name", "value"),
    [("clebsch_code", "80/7"), pytest.param("higman_sims_code", "550/9", marks=pytest.mark.slow)],
)
def test_graphs_that_are_best_are_found_to_be(name, value):
    pytest.importorskip("clarabel")
    W = getattr(gs.frames, name)()
    bound = sharp_capacity(W)
    assert bound.status == "proved"
    assert bound.exact == value
    assert gs.capacity_of(W) == pytest.approx(numbers([value])[0], rel=1e-12)
    assert text(faces_of(W, 1).cosines[-1]) == "1"


@pytest.mark.parametrize(
    ("W", "degree", "reason"),
    [
        (gs.frames.icosahedron(), 5, "not fractions"),
        (gs.frames.simplex(3), 4, "no sharp three-point bound"),
        (gs.frames.clebsch_code(), 3, "no sharp three-point bound"),
        (gs.frames.clebsch_code(), 17, "degree=17 is above 16"),
        (np.ones((2, 3)), 3, "m of at least 3"),
        (np.zeros((3, 3)), 3, "none 0"),
        (np.eye(3) * [1, 1, 2], 3, "equal norms"),
    ],
)
def test_what_is_not_sharp_is_refused(W, degree, reason):
    pytest.importorskip("clarabel")
    with pytest.raises(ValueError, match=reason):
        sharp_capacity(W, degree)
