"""Branch and bound: moments against rationals, enclosures against samples, the bound against searches and forgeries."""

import re
import time
from fractions import Fraction
from itertools import pairwise
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds import _positive_parts as parts
from geomsup.bounds import global_bound
from geomsup.bounds._branching import Cells, Cover, _out_of_order, _together
from geomsup.bounds._check_branch import proved
from geomsup.bounds._numbers import exact
from geomsup.bounds._row_loss import ROUNDING, Row, gram
from geomsup.bounds._tangents import least_place, multipliers
from geomsup.loss.oracle import oracle_loss
from tests.bounds.examples import certificate

# Minima at importance (1, r) and probability p, computed to 1e-4 by an independent prototype.
MINIMA = {(1, 1): 0.08325, (1, 0.8): 0.10552, (1, 0.6): 0.09889, (1, 0.5): 0.07628, (1, 0.3): 0.02931}
MINIMA |= {(0.3, 0.3): 0.01826, (0.1, 0.1): 0.001755}

sizes = st.sampled_from([0.0, 2.0**-60, 1e-30, 1e-9, 1e-4]) | st.floats(0, 3)
offsets = st.floats(-7, 3) | st.sampled_from([0.0, -(2.0**-60), 1e-12])


def pair(r, p, **arguments):
    return gs.Problem(2, 1, p, importance=[1, r], **arguments)


def rational_moment(t, a, r):
    """E z₊ʳ in rationals: the truncated-power form of a box spline."""
    a = [Fraction(x) for x in a if x]
    scale, ends = Fraction(factorial(r), factorial(r + len(a))), [(Fraction(t), 1)]
    for x in a:
        ends = [(s, -e) for s, e in ends] + [(s + x, e) for s, e in ends]
        scale /= x
    return scale * sum((e * s ** (r + len(a)) for s, e in ends if s > 0), Fraction(0))


def rational_own_moment(t, own, others, r):
    """E u z₊ʳ by parts in u, in rationals."""
    t, own = Fraction(t), Fraction(own)
    if not own:
        return rational_moment(t, others, r) / 2
    change = rational_moment(t + own, others, r + 2) - rational_moment(t, others, r + 2)
    return rational_moment(t + own, others, r + 1) / ((r + 1) * own) - change / ((r + 1) * (r + 2) * own**2)


@given(offsets, st.lists(sizes, min_size=1, max_size=3), st.sampled_from([1, 2]))
def test_moments_are_as_exact_as_promised(t, a, r):
    a = sorted(a, reverse=True)
    promised = 2.0**-42 * (1 + abs(t) + sum(a)) ** r
    found = parts.moment(np.array([t]), [np.array([x]) for x in a], r)[0]
    assert abs(Fraction(float(found)) - rational_moment(t, a, r)) <= promised


@given(offsets, sizes, st.lists(sizes, max_size=2))
def test_moments_with_a_factor_are_as_exact_as_promised(t, own, others):
    others = sorted(others, reverse=True)
    promised = 2.0**-42 * (1 + abs(t) + own + sum(others))
    found = parts.own_moment(np.array([t]), np.array([own]), [np.array([x]) for x in others], 1)[0]
    assert abs(Fraction(float(found)) - rational_own_moment(t, own, others, 1)) <= promised


@given(st.lists(st.floats(0, 1), min_size=1, max_size=3))
def test_descending_sorts(a):
    assert [float(x[0]) for x in parts.descending([np.array([x]) for x in a])] == sorted(a, reverse=True)


def random_setting(rng):
    """Probabilities, and boxes with three cells per row, some of them narrow, at 0, or across signs."""
    n = int(rng.integers(1, 4))
    m = int(rng.integers(1, n + 1))
    p = [exact(float(x)) for x in rng.choice([1.0, 0.5, 0.03], size=n) * rng.uniform(0.5, 1, size=n)]
    count = 4
    h = rng.uniform(size=(m, n, count)) * 10 ** rng.uniform(-4, 0, size=count)
    x = rng.normal(size=(m, n, count)) * rng.choice([0.0, 0.1, 1.0, 2.0], size=(1, n, count))
    owner = np.repeat(np.arange(count), 3)
    hb = rng.uniform(size=owner.size) * 10 ** rng.uniform(-4, 0, size=owner.size)
    return p, x, h, owner, rng.normal(size=owner.size), hb


def row_loss(p, i, W, b):
    """The loss of output i in rationals."""
    n = len(p)
    probability = [float(int(x.p) / int(x.q)) for x in p]
    importance = np.eye(n)[i]
    bias = np.full(n, b)
    return float(oracle_loss(gs.Problem(n, W.shape[0], probability, importance=importance), W, bias))


def bounded(row, x, h, owner, b, hb, at=None):
    """The affine lower bounds of cells, tangents at so many half-widths from their centers, and the ranges below."""
    over = row.over([gram(x, h, row.i, j) for j in range(row.n)], owner, b, hb)
    sizes = np.array([*over.wide, over.hb])
    return row.lower(over, 0 * sizes if at is None else at * sizes), over


@settings(max_examples=60)
@given(st.integers(0, 10**9))
def test_rows_are_enclosed_from_below(seed):
    """Inside its box and cell a row is at least the affine function and the constant, and its value is exact."""
    rng = np.random.default_rng(seed)
    p, x, h, owner, b, hb = random_setting(rng)
    i = int(rng.integers(len(p)))
    row = Row.of(i, p)
    at = rng.choice([-1.0, 0.0, 0.4, 1.0], size=(len(p) + 1, owner.size))
    (found, over), floor = bounded(row, x, h, owner, b, hb, at), row.at_least(x, h)
    for _ in range(3):
        k = int(rng.integers(owner.size))
        way = rng.choice([-1.0, 1.0, 0.3], size=x.shape[:2])
        W = x[:, :, owner[k]] + way * h[:, :, owner[k]]
        bias = b[k] + rng.choice([-1.0, 1.0, -0.2]) * hb[k]
        exactly = row_loss(p, i, W, bias)
        below = found.value[k] + np.sum(found.slope[:, k] * (W[:, i] @ W - over.g[:, k]))
        assert below <= exactly + 1e-14
        assert floor[owner[k]] <= exactly + 1e-14
        assert not found.extreme[k] or exactly >= row.alone - 1e-14
        g = [np.array([W[:, i] @ W[:, j]]) for j in range(len(p))]
        value, size = row.value(g, np.array([bias]))[0], row.size(g, np.array([bias]))[0]
        assert abs(value - exactly) <= ROUNDING * size


def test_enclosures_are_of_second_order():
    rng = np.random.default_rng(0)
    row = Row.of(0, [exact(0.3), exact(0.6)])
    x, b = rng.normal(size=(1, 2, 300)), rng.normal(size=300) / 3
    step, owner = rng.uniform(size=x.shape), np.arange(300)

    def lost(t):
        found, over = bounded(row, x, t * step, owner, b, 0 * b)  # the least over a bias's cell is of first order
        return np.max(row.value(list(over.g), b) - found.value)

    errors = [lost(t) for t in (1e-2, 1e-3, 1e-4)]
    assert errors[1] < errors[0] / 50
    assert errors[2] < errors[1] / 50


def test_tangents_where_the_row_is_least_keep_its_curvature():
    """With the output always on, φ is a quadratic function: its least on a cell is what the bound finds."""
    rng = np.random.default_rng(3)
    row, count = Row.of(1, [exact(0.4), exact(0.7), exact(0.2)]), 20
    x, h, owner = rng.normal(size=(2, 3, count)), rng.uniform(0.05, 0.2, size=(2, 3, count)), np.arange(count)
    b, hb = np.full(count, 30.0), rng.uniform(0.05, 0.2, size=count)
    flat, over = bounded(row, x, h, owner, b, hb)
    weight = 0.3
    linear = weight * flat.slope + 0.02 * rng.normal(size=flat.slope.shape)
    at = least_place(row, weight, over, flat, linear)
    ends = np.array([*over.wide, over.hb])
    assert (np.abs(at) <= ends).all()

    def bracket(d):
        return weight * row.value(list(over.g + d[:-1]), b + d[-1]) - (linear * d[:-1]).sum(axis=0)

    best = np.min([bracket(rng.uniform(-1, 1, size=ends.shape) * ends) for _ in range(500)], axis=0)
    found = row.lower(over, at)
    reached = weight * found.value - (np.abs(weight * found.slope - linear) * over.wide).sum(axis=0)
    at_center = weight * flat.value - (np.abs(weight * flat.slope - linear) * over.wide).sum(axis=0)
    least = bracket(at)
    assert (reached <= least).all()
    assert (least <= best).all()
    assert (least - reached < 0.2 * (least - at_center)).all()


@given(st.integers(0, 10**9))
def test_what_the_rows_share_is_bounded_from_below(seed):
    rng = np.random.default_rng(seed)
    m, n, count = int(rng.integers(1, 3)), 3, 5
    x, h = rng.normal(size=(m, n, count)), rng.uniform(size=(m, n, count)) * 10 ** rng.uniform(-6, 0, size=count)
    s = rng.normal(size=(n, n, count)) * 10 ** rng.uniform(-3, 3)
    ranges = [[gram(x, h, i, j) for j in range(n)] for i in range(n)]
    below = _together(s, ranges, x, h)
    for _ in range(20):
        W = x + h * rng.choice([-1.0, 1.0, 0.5, 0.0], size=h.shape)
        terms = [s[i, j] * ((W[:, i] * W[:, j]).sum(axis=0) - ranges[i][j].center) for i in range(n) for j in range(n)]
        assert (below <= sum(terms)).all()


def test_linear_terms_are_slopes_that_cancel():
    """On a small box around a minimum of the loss the terms taken out are the slopes of the rows, whose sum is flat."""
    problem = gs.Problem(3, 2, 0.7)
    solution = gs.minimize(problem, n_starts=4, rng=0)
    rows = [Row.of(i, [exact(0.7)] * 3) for i in range(3)]
    x, h, one = solution.W[:, :, None], np.full((2, 3, 1), 1e-3), np.zeros(1, dtype=np.int64)
    cells = [bounded(row, x, h, one, solution.b[[row.i]], np.array([1e-4])) for row in rows]
    s = multipliers(rows, np.ones(3), x, h, [over for _, over in cells], [flat for flat, _ in cells], [one] * 3)[..., 0]
    assert np.abs(solution.W @ (s + s.T)).max() < 0.02 * np.abs(s).max()
    assert np.abs(s).max() > 0.01


def test_cells_and_boxes_are_cut_without_gaps():
    rng = np.random.default_rng(1)
    cells = Cells(np.array([0, 0, 1]), np.array([0.0, 2.0, 1.0]), np.array([1.0, 1.0, 2.0]))
    cover = Cover(rng.normal(size=(1, 2, 2)), rng.uniform(0.1, 1, size=(1, 2, 2)), (cells, cells))
    cut = cells.halved(np.array([True, False, True]))
    assert cut.owner.tolist() == [0, 0, 0, 1, 1]
    assert cut.b.tolist() == [-0.5, 0.5, 2.0, 0.0, 2.0]
    assert cut.h.tolist() == [0.5, 0.5, 1.0, 1.0, 1.0]
    both = cover.halved()
    assert both.volume == pytest.approx(cover.volume)
    assert both.size == 4
    one = both.select(np.array([False, True, False, True]))
    assert one.cells[0].owner.tolist() == [0, 1]
    assert one.cells[1].b.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("r", "p"), MINIMA)
def test_published_minima(r, p):
    bound = global_bound(pair(r, p))
    assert bound.status == "proved"
    assert bound.value == pytest.approx(MINIMA[r, p], rel=3e-4)
    assert gs.verify(bound)


def check(problem, bias="free", gap=1e-6, seed=0):
    """The bound of a problem is below the best of a search, by at most the gap."""
    solution = gs.minimize(problem, bias=bias, n_starts=16, rng=seed)
    bound = global_bound(problem, bias=bias, gap=gap)
    assert bound.known
    assert bound.value <= solution.loss + solution.error
    assert solution.loss - solution.error <= bound.value * (1 + 1.01 * gap)
    return bound


def random_pair(rng):
    return pair(10 ** rng.uniform(-1, 1), 10 ** rng.uniform(-2, 0))


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.sampled_from(["free", "nonpositive", "zero"]))
def test_random_pairs(seed, bias):
    check(random_pair(np.random.default_rng(seed)), bias)


@pytest.mark.slow
def test_fifty_random_pairs_in_time():
    rng = np.random.default_rng(2026)
    for seed in range(50):
        problem = random_pair(rng)
        solution = gs.minimize(problem, n_starts=16, rng=seed)
        start = time.process_time()
        bound = global_bound(problem, upper=solution.loss + solution.error)
        assert time.process_time() - start < 30  # measured: 0.14 to 0.19
        assert bound.value <= solution.loss + solution.error <= bound.value * (1 + 1e-6)


def test_probabilities_may_differ():
    check(gs.Problem(2, 1, [0.2, 0.7], importance=[1, 0.4]))


@pytest.mark.slow
def test_three_features_on_a_line():
    """The third is dropped, so that the bound without each feature is needed to exclude long weights."""
    bound = check(gs.Problem(3, 1, 0.3, importance=[1, 0.6, 0.3]))
    for i, other in enumerate(bound.certificate.proof["without"]):
        parts = [dict(one) for one in bound.certificate.proof["without"]]
        parts[i]["value"] = str(Fraction(other["value"]) * Fraction(1001, 1000))
        assert "has a loss of" in gs.verify(changed(bound.certificate, proof={"without": parts})).reason


@pytest.mark.slow
def test_three_features_in_the_plane():
    """The best is a pair and one alone; that is proved to 1e-6 in half a minute, and here up to a factor."""
    problem = gs.Problem(3, 2, 0.1)
    alone = gs.minimize(gs.Problem(2, 1, 0.1), n_starts=16, rng=0)
    bound = global_bound(problem, gap=0.7, upper=alone.loss + alone.error)
    assert 0.3 * alone.loss < bound.value < 0.31 * alone.loss
    assert bound.method == "branch and bound"
    rng = np.random.default_rng(0)
    for _ in range(50):
        W, b = rng.normal(size=(2, 3)), 0.1 * rng.normal(size=3)
        assert gs.expected_loss(problem, W, b).value >= bound.value


def test_a_gap_of_1e_8():
    check(pair(0.5, 0.3), gap=1e-8)


@given(st.integers(0, 10**6))
def test_no_arrangement_is_below(seed):
    """At random, far away, and close to the optimum."""
    rng = np.random.default_rng(seed)
    found = certificate("branch and bound")
    value = float(Fraction(found.claim["value"]))
    problem = pair(0.3, 0.3)
    W = rng.normal(size=(1, 2)) * rng.choice([0.1, 1.0, 30.0])
    b = rng.normal(size=2) * rng.choice([0.01, 1.0, 50.0])
    if rng.random() < 0.3:
        W, b = [[1.0373888, -0.8846940]], [0.0100626, 0.0549744]
        W, b = W + 1e-4 * rng.normal(size=(1, 2)), b + 1e-4 * rng.normal(size=2)
    assert value <= float(oracle_loss(problem, W, b))


def changed(found, claim=(), proof=()):
    return gs.Certificate(found.kind, {**found.claim, **dict(claim)}, {**found.proof, **dict(proof)})


@pytest.mark.parametrize("excess", ["1/1000000", "1/100000", "1/1000", "1/2", "50"])
def test_a_larger_value_is_refused(excess):
    found = certificate("branch and bound")
    value = str(Fraction(found.claim["value"]) * (1 + 2 * Fraction(excess)))
    verification = gs.verify(changed(found, claim={"value": value}))
    assert not verification
    assert "has a loss of" in verification.reason or "dead" in verification.reason


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ({"importance": ["1", "29/100"]}, "has a loss of"),
        ({"feature_probability": ["3/10", "29/100"]}, "has a loss of"),
        ({"feature_probability": ["3/10", "0"]}, "dead"),
        ({"feature_probability": ["3/10", "2"]}, "above 1"),
        ({"feature_probability": ["3/10"]}, "not a list of 2"),
        ({"importance": ["1", "-1"]}, "below 0"),
        ({"bias": "any"}, "not one of free"),
        ({"quantity": "energy"}, "unknown"),
        ({"n": 9}, "not an integer from 1 to 3"),
        ({"m": 2}, "has a loss of"),
    ],
)
def test_other_claims_are_refused(claim, reason):
    verification = gs.verify(changed(certificate("branch and bound"), claim))
    assert not verification
    assert reason in verification.reason


def test_too_few_boxes_decide_nothing():
    found = certificate("branch and bound")
    assert "20 boxes do not decide" in gs.verify(changed(found, proof={"boxes": 20})).reason
    bound = global_bound(pair(0.3, 0.3), most=20)
    assert not bound.known
    assert bound.value == 0


def test_fewer_boxes_prove_less():
    """What is returned is the last of the coarser gaps that they were enough for, and it says which."""
    enough = (certificate("branch and bound").proof["boxes"] - 1000) // 2
    bounds = [global_bound(pair(0.3, 0.3), upper=0.01826297, most=most) for most in (enough, 3 * enough)]
    assert all(bound.known and gs.verify(bound) for bound in bounds)
    assert 0 < bounds[0].value < bounds[1].value
    gap = float(re.fullmatch(r"branch and bound, stopped at a relative gap of (\S+)", bounds[0].method)[1])
    assert bounds[0].value == pytest.approx((1 - 0.99 * gap) * 0.01826297, rel=1e-3)
    assert bounds[1].method == "branch and bound"


@given(st.integers(0, 10**9))
def test_only_boxes_without_an_ordered_arrangement_are_left_out(seed):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(2, 3))
    W = W[:, np.argsort(-np.linalg.norm(W, axis=0))] * rng.choice([1.0, 0.0], p=[0.9, 0.1])
    h = rng.uniform(size=(2, 3, 50)) * 10 ** rng.uniform(-6, 0, size=50)
    none = Cells(*(np.zeros(0, dtype=kind) for kind in (np.int64, float, float)))
    inside = Cover(W[:, :, None] + h * rng.uniform(-1, 1, size=h.shape), h, (none,) * 3)
    assert not _out_of_order(inside, [(0, 1), (1, 2)]).any()
    apart = Cover(np.array([[[1.0], [2.0]]]), np.full((1, 2, 1), 0.1), (none,) * 2)
    assert _out_of_order(apart, [(0, 1)]).all()
    assert not _out_of_order(apart, []).any()


@pytest.mark.slow
def test_like_features_are_ordered():
    """Three of one kind, in any order and with any sign; the bound holds for all of them."""
    problem = gs.Problem(3, 1, 0.1)
    bound, solution = global_bound(problem, gap=0.5), gs.minimize(problem, n_starts=16, rng=0)
    assert 0.5 * solution.loss < bound.value < solution.loss
    rng = np.random.default_rng(0)
    for _ in range(50):
        order = rng.permutation(3)
        W = solution.W[:, order] * rng.choice([-1, 1]) + 0.01 * rng.normal(size=(1, 3))
        assert gs.expected_loss(problem, W, solution.b[order]).value >= bound.value


def test_an_upper_value_that_is_too_low_gives_a_true_bound():
    bound = global_bound(pair(0.3, 0.3), upper=0.01)
    assert 0.01 * (1 - 1e-6) < bound.value <= 0.01


@pytest.mark.parametrize("upper", [0.0183, 0.03, 10.0])
def test_an_upper_value_that_is_too_high_is_corrected(upper):
    bound = global_bound(pair(0.3, 0.3), upper=upper)
    assert bound.value <= 0.018262969716
    assert bound.value >= 0.018262969716 * (1 - 1e-6) or upper == 10.0


def test_nothing_is_claimed_where_nothing_can_be_lost():
    assert global_bound(pair(0.0, 0.3)).value == 0
    assert global_bound(pair(0.3, 0.0)).value == 0


def test_progress_and_interruption():
    seen = []
    global_bound(pair(0.3, 0.3), callback=seen.append)
    assert seen[0].unsettled == 1
    assert seen[-1].unsettled < 1e-6
    assert all(a.boxes < b.boxes and a.unsettled >= b.unsettled for a, b in pairwise(seen))

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        global_bound(pair(0.3, 0.3), callback=stop)


def test_the_subdivision_is_the_same_every_time():
    found = certificate("branch and bound")
    assert proved(found) == proved(found)
    assert 2 * proved(found)[1] + 1000 == found.proof["boxes"]


@pytest.mark.parametrize(
    ("problem", "arguments", "message"),
    [
        (gs.Problem(4, 1, 0.1), {}, "at most 3"),
        (gs.Problem(2, 2, 0.1), {}, "fewer hidden dimensions"),
        (gs.Problem(2, 1, 0.1, activation="identity"), {}, "ReLU"),
        (gs.Problem(2, 1, features=gs.features.Independent(0.1, gs.features.Constant(1), 2)), {}, "uniform"),
        (pair(1, 0.1), {"bias": "any"}, "bias='any' is unknown"),
        (pair(1, 0.1), {"gap": 0}, "not between 0 and 1"),
        (pair(1, 0.1), {"gap": 1.5}, "not between 0 and 1"),
        (pair(1, 0.1), {"upper": -1}, "negative"),
        (pair(1, 0.1), {"most": 0}, "most=0"),
    ],
)
def test_bad_input(problem, arguments, message):
    with pytest.raises(ValueError, match=message):
        global_bound(problem, **arguments)
