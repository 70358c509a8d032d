"""One active feature with biases of any sign: identities, enclosures, the theorem against arrangements, forgeries."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds import _marked_program as program
from geomsup.bounds import one_active_bound
from geomsup.bounds._boxes import Boxes
from geomsup.bounds._check_free import meetings
from geomsup.bounds._check_marked import read_dual, read_kernel
from geomsup.bounds._store import stored
from geomsup.bounds.verify import Refuted
from tests.bounds.examples import certificate
from tests.bounds.recomputed import free_room, margin, numbers
from tests.bounds.test_verify import tampered

SHIPPED = [(5, 2), (6, 2), (7, 2), (12, 3)]
BEST = {(n, 2): gs.k_gon(n).h / 3 for n in (5, 6, 7)}
BEST[12, 3] = gs.bounds.uniform_loss(gs.frames.icosahedron())
PENTAGON = stored("one-active-free-5-2")


def more_rows(loud):
    """A proof of the same form with matrices of five rows, small enough to leave something for pairs."""
    A = np.random.default_rng(0).integers(-3, 4, size=(4, 5, 5))
    kernel = [[[f"{x}/400" for x in row] for row in matrix] for matrix in (A @ A.swapaxes(1, 2)).tolist()]
    return {"kernel": kernel, "alone": ["1/5", "1/7"], "loud": loud}


def met(proof, n, m):
    """The pairs of a proof as the check has them."""
    return meetings(*read_kernel(proof), read_dual(proof)[1], n, m)


PROOFS = [PENTAGON.proof, more_rows(2), more_rows(3)]
MEETINGS = [(proof, one) for proof in PROOFS for one in met(proof, 5, 2)]


def feature(kind, x, scale):
    """Norm and bias of features of a kind, a mark and a scale."""
    return (scale * x, scale**2 * (1 - x**2)) if kind.free else (scale, scale**2 * (x - 1))


@given(st.integers(0, 10**6), st.floats(0.05, 2))
def test_the_loss_is_n_less_a_linear_and_a_quadratic_part(seed, size):
    """3L = n − ΣG + Q, with G and the own terms in Q as the theorem has them, for biases of either sign."""
    rng = np.random.default_rng(seed)
    W, b = size * rng.normal(size=(2, 6)), size * rng.normal(size=6) / 2
    g = (W**2).sum(axis=0)
    b = np.maximum(b, -0.9 * g)
    S, e = g + np.maximum(b, 0), 1 + np.minimum(b, 0) / g
    x = g / S
    linear = np.where(b > 0, S * (3 - x), g * e**2 * (3 - e))
    own = np.where(b > 0, S**2 * (3 - 3 * x + x**2), g**2 * e**3)
    others = 0.0
    for i in range(6):
        for j in set(range(6)) - {i}:
            u = np.linspace(0, 1, 4001)
            others += 3 * np.trapezoid(np.maximum(W[:, i] @ W[:, j] * u + b[i], 0) ** 2, u)
    loss = gs.one_active_loss(gs.Problem(6, 2), W, b)
    assert 3 * loss == pytest.approx(6 - linear.sum() + own.sum() + others, rel=1e-6, abs=1e-6)  # the trapezoids


@given(st.integers(0, 10**6), st.floats(1e-4, 0.2), st.sampled_from(MEETINGS))
def test_the_room_is_enclosed_from_below_and_exact_at_centers(seed, width, case):
    proof, meeting = case
    rng = np.random.default_rng(seed)
    h = rng.uniform(0, width, size=(4, 200))
    x = h + rng.uniform(size=h.shape) * (1 - 2 * h)
    x[3] = 2 * x[3] - 1

    def room(at):
        one, other = feature(meeting.first, at[1], np.ones_like(at[0])), feature(meeting.second, at[2], at[0])
        return free_room(proof, 5, 2, *one, *other, at[3])

    found = meeting.room(Boxes(x, h))
    np.testing.assert_allclose(found.c, room(x), atol=1e-13)
    at = x + h * rng.uniform(-1, 1, size=x.shape)
    assert (found.low() <= room(at) + 1e-13).all()
    assert (at[0] ** 2 * meeting.second_output(Boxes(x, h)).low() <= room(at) + 1e-13).all()


@pytest.mark.parametrize("meeting", [meeting for _, meeting in MEETINGS])
def test_magnitudes_bound_every_box(meeting):
    rng = np.random.default_rng(0)
    for width in (1e-3, 0.1, 0.5):
        h = np.full((4, 500), width)
        h[3] *= 2
        x = h + rng.uniform(size=h.shape) * (1 - 2 * h)
        x[3] = rng.uniform(h[3] - 1, 1 - h[3])
        boxes = Boxes(x, h)
        room, magnitude = meeting.room(boxes), meeting.magnitude.room(boxes.largest())
        second, of_second = meeting.second_output(boxes), meeting.magnitude.second_output(boxes.largest())
        for one, bound in zip((*room, *second), (*magnitude, *of_second), strict=True):
            assert (np.abs(one) <= np.abs(bound)).all()


@pytest.mark.parametrize(("n", "m"), SHIPPED)
def test_nothing_is_better_than_the_best_known(n, m):
    """Pentagon, hexagon and icosahedron over all norms and all biases."""
    bound = one_active_bound(n, m, bias="free")
    assert bound.status == "proved"
    assert "b of any sign" in bound.statement
    # Rounding of h in the plane, where the polygons are the least: 4e-16.
    assert bound.value <= BEST[n, m] + 1e-15
    assert BEST[n, m] <= bound.value * (1 + (1.1e-6 if m == 3 else 1e-14))


@given(st.integers(0, 10**6), st.floats(0.1, 2), st.floats(0, 1.5))
def test_arrangements_with_any_biases_obey_it(seed, scale, depth):
    rng = np.random.default_rng(seed)
    for (n, m), least in BEST.items():
        W, b = scale * rng.normal(size=(m, n)), depth * rng.uniform(-1, 1, size=n)
        W[:, : rng.integers(n)] = 0
        assert gs.one_active_loss(gs.Problem(n, m), W, b) >= least * (1 - 1e-9)


def test_critical_points_with_positive_biases_obey_it():
    """What a search ends at: for 5 features, two antipodal pairs and one feature dropped at bias 1/10."""
    found = gs.minimize_one_active(5, 2, bias="free", n_starts=32, rng=0)
    positive = [one for one in found.minima if one.b.max() > 1e-6]
    assert positive
    assert min(one.loss for one in positive) == pytest.approx(1 / 3 - 1 / 20, abs=1e-12)
    assert all(one.loss + one.error >= one_active_bound(5, 2, bias="free").value for one in found.minima)


def test_eight_features_gain_by_a_positive_bias():
    """There the bound over b ≤ 0 would not hold: a dropped feature at bias 1/16 saves 1/32."""
    heptagon = gs.minimize_one_active(7, 2, n_starts=16, rng=0)
    W, b = np.hstack([heptagon.W, np.zeros((2, 1))]), np.append(heptagon.b, 1 / 16)
    problem, silent = gs.Problem(8, 2), np.append(heptagon.b, 0.0)
    gain = gs.one_active_loss(problem, W, silent) - gs.one_active_loss(problem, W, b)
    assert gain == pytest.approx(1 / 32, abs=1e-12)


def test_no_loss_up_to_two_per_dimension():
    assert one_active_bound(4, 2, bias="free").value == 0


@pytest.mark.parametrize("bias", ["zero", "positive", None])
def test_other_ranges_are_refused(bias):
    with pytest.raises(ValueError, match="pass 'nonpositive' or 'free'"):
        one_active_bound(5, 2, bias=bias)


@pytest.mark.parametrize(
    ("part", "change", "reason"),
    [
        ("claim", {"bias": "zero"}, "neither"),
        ("claim", {"bias": ["free"]}, "neither"),
        ("claim", {"value": "4/50"}, "kernel"),
        ("claim", {"n": 40}, "lose|inequality"),
        ("proof", {"alone": ["0"]}, "pairs"),
    ],
)
def test_forgeries_are_refused(part, change, reason):
    layout = {"claim": PENTAGON.claim, "proof": PENTAGON.proof}
    layout[part] = {**layout[part], **change}
    verification = gs.verify(gs.Certificate(PENTAGON.kind, **layout))
    assert not verification
    assert re.search(reason, verification.reason)


def test_a_certificate_for_silent_biases_alone_is_refused_for_all():
    """One that was solved for b ≤ 0 only, of the hexagon: true there, and no proof for b > 0."""
    kernel = [np.diag(scale * np.ones(4, dtype=int)).astype(str).tolist() for scale in (1, 3, 3, 3)]
    with pytest.raises(Refuted, match="positive bias"):
        met({"kernel": kernel, "alone": ["1"], "loud": 2}, 5, 2)


def test_tampering_is_detected():
    """What is still accepted after one number was moved passes a recomputation on 700,000 points."""
    rng = np.random.default_rng(3)
    rejected = 0
    for _ in range(12):
        forged, path = tampered(certificate("marked, any bias"), rng)
        accepted = bool(gs.verify(forged))
        assert not accepted or margin(forged) > -1e-9, path
        rejected += not accepted
    assert rejected >= 6


@pytest.mark.slow
def test_a_weak_certificate_is_found_again():
    """The whole way, with a large room: seconds."""
    pytest.importorskip("cvxpy")
    solved = program.Program(5, 2, 4, free=True)
    told = []
    found = program.rounded(solved, program.solve(solved, 1e-4, np.random.default_rng(0), told.append))
    assert gs.verify(found).status == "proved"
    assert found.claim["bias"] == "free"
    value = numbers([found.claim["value"]])[0]
    assert 0.95 * BEST[5, 2] < value < BEST[5, 2]
    assert told[-1].best == pytest.approx(value)
