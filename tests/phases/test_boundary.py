"""Boundaries and triple points: candidates with closed forms, the true minima, their order, and what is refused."""

import numpy as np
import pytest
from scipy.optimize import brentq

import geomsup as gs
from geomsup.phases import Path, along, triple_point
from tests.phases.test_continuation import two, vanishing_density

FIVE = gs.Problem(5, 2)


def ignore_first(s):
    return [[0, 1]], [s / 2, 0]


def ignore_last(s):
    return [[1, 0]], [0, s / 2]


def antipodal(s):
    return [[1, -1]], [0, 0]


def family(r, s):
    """Two features in one dimension, of importances 1 and r, at density s."""
    return gs.Problem(2, 1, s, importance=[1, r])


# Candidates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("r", [0.1, 0.5, 0.95])
def test_candidates_ignore_the_last(r):
    """WATT: r = 2s/(4 − 5s)."""
    boundary = gs.phase_boundary(two(r), antipodal, ignore_last)
    # measured: 1e-15
    assert abs(2 * boundary.s / (4 - 5 * boundary.s) - r) < 1e-10
    assert boundary.s == pytest.approx(4 * r / (2 + 5 * r), abs=1e-12)
    assert boundary.error < 1e-12
    assert (boundary.order, boundary.lower_before) == (1, "first")
    assert boundary.hysteresis == (0.05, 1.0)


@pytest.mark.parametrize("r", [1.05, 2.0, 8.0])
def test_candidates_ignore_the_first(r):
    """WATT: r = 2/s − 5/2."""
    boundary = gs.phase_boundary(two(r), ignore_first, antipodal)
    assert abs(2 / boundary.s - 5 / 2 - r) < 1e-10
    assert boundary.lower_before == "second"
    # slopes in closed form: that of the pair is (1 + r)s/3
    assert boundary.slopes[1] == pytest.approx((1 + r) * boundary.s / 3, rel=1e-9)


def test_candidates_meet_at_one_point():
    """WATT: (r, s) = (1, 4/7)."""
    point = triple_point(
        family, lambda r, s: antipodal(s), lambda r, s: ignore_last(s), lambda r, s: ignore_first(s), at=(0.7, 0.45)
    )
    np.testing.assert_allclose(point.point, [1, 4 / 7], rtol=0, atol=1e-10)
    assert (point.error < 1e-11).all()
    assert point.spread < 1e-14  # measured: 4e-15


# True minima of two features ----------------------------------------------------------------------------------------


def pair_from(path, s):
    """The antipodal branch from density s, where a search finds it."""
    return gs.continuation(path, gs.minimize(path(s), rng=0, n_starts=8), at=s)


@pytest.mark.parametrize("r", [0.2, 0.5])
def test_at_low_importance_the_pair_jumps_to_ignoring_the_last(r):
    path = two(r)
    boundary = gs.phase_boundary(path, pair_from(path, 0.1), ignore_last)
    assert (boundary.order, boundary.lower_before) == (1, "first")
    # on either side a global search finds the branch that the boundary says, and its loss
    for side, name in ((-1e-3, "first"), (1e-3, "second")):
        problem = path(boundary.s + side)
        found = gs.minimize(problem, rng=1, n_starts=24)
        expected = float(gs.expected_loss(problem, *ignore_last(boundary.s + side)))
        lower_than_ignoring = found.loss < expected - 1e-9
        assert lower_than_ignoring == (name == "first")
        assert found.loss == pytest.approx(boundary.loss + side * boundary.slopes[name == "second"], abs=1e-5)
    # above the candidates' boundary, since the true pair is better
    assert 4 * r / (2 + 5 * r) < boundary.s < boundary.hysteresis[1]


def test_at_higher_importance_there_is_a_lopsided_pair_between():
    """r = 0.7: the pair jumps to a lopsided one, whose short feature then vanishes continuously."""
    path = two(0.7)
    lopsided = gs.continuation(path, gs.minimize(path(0.6), rng=0, n_starts=8), at=0.6)
    jump = gs.phase_boundary(path, pair_from(path, 0.3), lopsided)
    assert (jump.order, jump.lower_before) == (1, "first")
    assert jump.s == pytest.approx(0.562155314064, abs=1e-11)
    assert jump.hysteresis == pytest.approx((0.5324412234, 0.5731035673), abs=1e-9)
    assert jump.gap > 0.01
    smooth = gs.phase_boundary(path, lopsided, ignore_last)
    assert (smooth.order, smooth.lower_before) == (2, "first")
    assert smooth.s == pytest.approx(vanishing_density(0.7), abs=2e-11)
    assert smooth.gap < 1e-6
    assert smooth.hysteresis == (smooth.s, smooth.s)
    np.testing.assert_allclose(np.abs(smooth.first.W), np.abs(smooth.second.W), atol=1e-9)


def test_the_true_triple_point_of_equal_features():
    """(1, 0.70640369…): the pair and the two lopsided ones. The pair is still a minimum there, so it is a jump."""
    minima = gs.minimize(family(1, 0.71), rng=0, n_starts=24).minima
    pair = next(m for m in minima if abs(m.W[0].sum()) < 1e-6)
    lopsided = next(m for m in minima if abs(m.W[0].sum()) > 0.1 > m.W[0].prod())
    point = triple_point(family, pair, lopsided, (lopsided.W[:, ::-1], lopsided.b[::-1]), at=(1, 0.71))
    np.testing.assert_allclose(point.point, [1, 0.706403692673], atol=1e-11)
    assert (point.error < 1e-10).all()
    # nothing that a search finds there is lower
    assert gs.minimize(family(*point.point), rng=1, n_starts=24).loss >= point.loss - 1e-14
    assert gs.local_structure(family(*point.point), point.arrangements[0].W, point.arrangements[0].b).kind == "minimum"


@pytest.mark.slow
def test_where_the_jump_meets_the_smooth_transition():
    """The other triple point: below its importance the pair jumps straight to ignoring the last."""

    def excess(r):
        path = two(r)
        return gs.phase_boundary(path, pair_from(path, 0.3), ignore_last).s - vanishing_density(r)

    r = brentq(excess, 0.5, 0.6, xtol=1e-11)
    assert (r, vanishing_density(r)) == pytest.approx((0.5641398166, 0.5117414702), abs=1e-9)


# Five features in two dimensions ------------------------------------------------------------------------------------


def test_pentagon_against_two_pairs():
    path = along(FIVE, "feature_probability", (0.1, 0.35))
    pentagon, pairs = (gs.minimize(path(s), rng=0, n_starts=8) for s in (0.1, 0.3))
    boundary = gs.phase_boundary(path, pentagon, pairs, at=(0.1, 0.3))
    assert boundary.s == pytest.approx(0.224875449364, abs=1e-11)
    assert boundary.error < 1e-11
    assert (boundary.order, boundary.lower_before) == (1, "first")
    assert boundary.hysteresis == pytest.approx((0.1, 0.3028834988), abs=1e-9)
    # the reported error covers what the losses allow: both are the loss of the weights returned
    losses = [gs.expected_loss(path(boundary.s), one.W, one.b) for one in (boundary.first, boundary.second)]
    assert abs(losses[0].value - losses[1].value) <= losses[0].error + losses[1].error + boundary.gap * boundary.error
    # and the difference changes sign within ten times that error
    for side in (-1, 1):
        near = boundary.s + side * 1e-9
        ends = [
            gs.minimize(path(near), start=one, n_starts=0).loss for one in (boundary.first, boundary.second)
        ]
        assert (ends[0] < ends[1]) == (side < 0)


def rare(s):
    """Feature 0 is ρ times as frequent as the others."""
    return Path(lambda rho: gs.Problem(5, 2, s * np.array([rho, 1, 1, 1, 1])), 0.05, 1.0, "rho")


@pytest.mark.parametrize(
    ("s", "published", "rho"),
    [
        pytest.param(0.1, 0.424, 0.425482218, marks=pytest.mark.slow),
        (0.05, 0.269, 0.269081153),
        pytest.param(0.02, 0.184, 0.184876990, marks=pytest.mark.slow),
    ],
)
def test_a_rarer_feature_breaks_the_pentagon(s, published, rho):
    """CALC .424, .269, .184: the middle one agrees in its digits, the others are off by 1.5e-3 and 9e-4."""
    path = rare(s)
    starts = [gs.minimize(path(at), rng=0, n_starts=8) for at in (1.0, 0.08)]
    boundary = gs.phase_boundary(path, *starts, at=(1.0, 0.08))
    assert boundary.s == pytest.approx(rho, abs=1e-9)
    assert abs(boundary.s - published) < 2e-3
    assert boundary.lower_before == "second"
    found = [gs.minimize(path(boundary.s + side), rng=2, n_starts=24) for side in (-1e-3, 1e-3)]
    assert gs.represented(found[0].W).sum() == 4
    assert gs.represented(found[1].W).sum() == 5


def test_a_rarer_feature_in_the_limit():
    """One active feature: two pairs cost ρ/3, the rare feature; CALC .138."""
    path = Path(lambda rho: gs.Problem(5, 2, 0.9 * np.array([rho, 1, 1, 1, 1])), 0.03, 1.0, "rho")
    pentagon = gs.continuation(path, gs.minimize_one_active(5, 2, n_starts=8, rng=0), at=1.0, loss="one_active")
    assert (pentagon.b < 0).all()  # so b ≤ 0, which the limit asks for, holds by itself
    pairs = ([[0, 1, -1, 0, 0], [0, 0, 0, 1, -1]], np.zeros(5))
    boundary = gs.phase_boundary(path, pentagon, lambda rho: pairs, loss="one_active")
    assert boundary.loss == pytest.approx(0.9 * boundary.s / 3, rel=1e-12)
    assert boundary.s == pytest.approx(0.131622211, abs=1e-9)


@pytest.mark.slow
def test_finite_densities_go_to_the_limit():
    """ρ* is 0.1342515 at s = 0.001, nearer to 0.1316 than to CALC's .138."""
    small = rare(0.001)
    starts = [gs.minimize(small(at), rng=0, n_starts=8) for at in (1.0, 0.08)]
    near = gs.phase_boundary(small, *starts, at=(1.0, 0.08)).s
    assert near == pytest.approx(0.134251498, abs=1e-9)


# Results and refusals -----------------------------------------------------------------------------------------------


def test_saved_and_loaded(tmp_path):
    boundary = gs.phase_boundary(two(0.5), antipodal, ignore_last)
    loaded = gs.Boundary.load(boundary.save(tmp_path / "boundary"))
    assert repr(loaded) == repr(boundary)
    assert (loaded.first, loaded.slopes, loaded.events) == (boundary.first, boundary.slopes, boundary.events)


def test_branches_can_be_followed_once_and_used_often():
    path = two(0.5)
    branch = pair_from(path, 0.1)
    whole = gs.phase_boundary(path, branch, ignore_last)
    started = gs.phase_boundary(path, branch.arrangement(0), ignore_last, at=0.05)
    assert whole.s == pytest.approx(started.s, abs=1e-12)


def test_several_boundaries_need_a_choice():
    """A candidate that is better twice: the pair of length 1 + 0.02 sin 40s against that of length 1."""
    path = two(1.0)

    def wavy(s):
        return np.array([[1, -1]]) * (1.003 + 0.02 * np.sin(30 * s)), [0, 0]

    with pytest.raises(ValueError, match=r"boundaries, at feature_probability=.*pass near="):
        gs.phase_boundary(path, wavy, antipodal)
    assert gs.phase_boundary(path, wavy, antipodal, near=0.5).s == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize(
    ("first", "second", "options", "message"),
    [
        (antipodal, antipodal, {}, "one and the same loss"),
        (antipodal, lambda s: ([[0.5, 0]], [0, 0]), {}, "there is no boundary: from feature_probability=0.05 to 1"),
        (antipodal, ([[1, -1]], [0.1, 0.1]), {"at": 0.3}, "not near a stationary point"),
        (antipodal, lambda s: ([[1], [0]], [0, 0]), {}, "W.T"),
        (antipodal, "pair", {}, "not understood"),
        (antipodal, ignore_last, {"loss": "sampled"}, "is unknown"),
        (antipodal, ignore_last, {"at": "low"}, "at has entries of type"),
    ],
)
def test_refused(first, second, options, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        gs.phase_boundary(two(0.5), first, second, **options)
    assert message in str(error.value)


def test_branches_without_a_common_density_are_refused():
    path = two(0.9)
    pair = pair_from(path, 0.1)  # ends at 0.6405
    late = along(gs.Problem(2, 1, importance=[1, 0.9]), "feature_probability", (0.65, 1.0))
    lopsided = gs.continuation(late, gs.minimize(late(0.68), rng=0, n_starts=8), at=0.68)
    with pytest.raises(ValueError, match="have no feature_probability in common"):
        gs.phase_boundary(path, pair, lopsided)
    with pytest.raises(ValueError, match="pass branches of this path"):
        gs.phase_boundary(late, pair, lopsided)


@pytest.mark.parametrize(
    ("starts", "at", "message"),
    [
        ([lambda r, s: ignore_last(s)] * 3, (1, 0.5), "parallel slopes"),
        ([lambda r, s: ignore_last(s)] * 3, (1,), "pass the two parameters"),
        ([([[1, -1]], [0.1, 0.1]), *[lambda r, s: ignore_last(s)] * 2], (1, 0.5), "not near a stationary point"),
    ],
)
def test_triple_points_refused(starts, at, message):
    with pytest.raises(ValueError, match=message):
        triple_point(family, *starts, at=at)
