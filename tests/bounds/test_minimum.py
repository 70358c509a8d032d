"""The least loss with one active feature, exactly: every step of the proof against arrangements, and forgeries."""

import re

import numpy as np
import pytest
from flint import arb, fmpq, fmpz_poly
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds import _check_minimum as minimum
from geomsup.bounds import _marked_program as program
from geomsup.bounds import _nearly as nearly
from geomsup.bounds._ball_hessian import hessian, positive_definite
from geomsup.bounds._boxes import Boxes
from geomsup.bounds._check_marked import Pairs, curvature, read_dual, room_alone
from geomsup.bounds._marked_rows import Proposal
from geomsup.bounds._numbers import above, below, exact, read_number
from geomsup.bounds._store import stored
from geomsup.bounds._touching import touching
from geomsup.bounds.marked import marked_bound
from geomsup.bounds.minimum import minimum_certificate
from geomsup.bounds.verify import Refuted
from tests.bounds.examples import certificate
from tests.bounds.recomputed import margin, number, numbers, pair_room
from tests.bounds.test_verify import tampered

LEAST = stored("least-5-2")
FREE = [stored(f"least-free-{n}-2") for n in (5, 6, 7)]
PENTAGON = gs.k_gon(5)
FIVE = gs.Problem(5, 2)


def dual(found):
    """The data of the bound, as the check has them."""
    n, value = found.claim["n"], read_number("one_active", found.proof["one_active"])
    F, q = read_dual(found.proof)
    return nearly.Dual(n, 3 * value, curvature(value, n), room_alone(F, q, n), Pairs.of(F, q, 2))


def perturbed(seed, size):
    """A bent pentagon, turned by any angle, its features in any order: each number moved by up to `size`."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi) + 2 * np.pi * rng.permutation(5) / 5 + size * rng.uniform(-1, 1, size=5)
    r = PENTAGON.length + size * rng.uniform(-1, 1, size=5)
    return r * np.array([np.cos(angle), np.sin(angle)]), PENTAGON.bias + size * rng.uniform(-1, 1, size=5)


def pairs_of(W, b):
    """(ρ, e, e', t) of every pair, the longer first, and the longer norm."""
    r, e = np.linalg.norm(W, axis=0), 1 + b / (W**2).sum(axis=0)
    i, j = np.array([(i, j) for i in range(r.size) for j in range(r.size) if i != j and r[i] >= r[j]]).T
    return np.array([r[j] / r[i], e[i], e[j], (W[:, i] * W[:, j]).sum(axis=0) / (r[i] * r[j])]), r[i]


@pytest.mark.parametrize("n", range(5, 13))
def test_balls_contain_the_polygon(n):
    with minimum.precision(minimum.BITS):
        polygon = minimum.critical_polygon(n)
    k = gs.k_gon(n)
    assert abs(float(polygon.g) - k.length**2) < 1e-13
    assert abs(float(-polygon.t * polygon.g) - k.bias) < 1e-13
    assert abs(float(polygon.H) - k.h) < 1e-12
    low, high = minimum.loss_between(n)
    assert 0 <= high - low < fmpq(1, 10**50)
    assert abs(below(low) - k.h / 3) < 1e-12


@pytest.mark.parametrize("n", [5, 6, 7, 12])
def test_the_loss_is_a_root_of_its_polynomial(n):
    """It changes sign between rationals 1e-50 apart, and does not factor."""
    low, high = minimum.loss_between(n)
    polynomial = minimum.isolating_polynomial(n, low, high)
    p = fmpz_poly(polynomial)
    assert p(3 * low) * p(3 * high) < 0
    assert [k for _, k in p.factor()[1]] == [1]
    assert p.degree() == {5: 8, 6: 4, 7: 12, 12: 8}[n]
    roots = np.roots(np.array(polynomial[::-1], dtype=float))
    assert np.abs(roots - gs.k_gon(n).h).min() < 1e-7


def test_second_derivatives_are_those_of_the_loss():
    """Differences of the gradient, at a bent pentagon; balls of radius 0 give numbers, wider ones contain them."""
    W, b = perturbed(1, 0.01)
    balls = [[arb(float(x)) for x in w] for w in W.T], [arb(float(x)) for x in b]
    H = np.array([[float(x) for x in row] for row in hessian(*balls)])
    step, columns = 1e-5, []
    for i in range(5):
        for k in range(3):
            sides = []
            for side in (step, -step):
                V, c = W.copy(), b.copy()
                if k < 2:
                    V[k, i] += side
                else:
                    c[i] += side
                _, dW, db = gs.one_active_loss_and_grad(FIVE, V, c)
                sides.append(3 * np.vstack([dW, db]).T.ravel())
            columns.append((sides[0] - sides[1]) / (2 * step))
    np.testing.assert_allclose(H, np.array(columns), atol=1e-7)  # measured: 2e-9
    wide = hessian([[x + arb(0, 1e-3) for x in w] for w in balls[0]], [x + arb(0, 1e-3) for x in balls[1]])
    assert all(x.contains(arb(float(y))) for row, at in zip(wide, H, strict=True) for x, y in zip(row, at, strict=True))


def test_the_polygon_is_critical():
    """By its symmetry: the gradient of the whole loss vanishes."""
    for n in (5, 6):
        k = gs.k_gon(n)
        _, dW, db = gs.one_active_loss_and_grad(gs.Problem(n, 2), k.arrangement.W, k.arrangement.b)
        assert max(np.abs(dW).max(), np.abs(db).max()) < 1e-14


def test_an_output_that_may_respond_or_not_is_refused():
    edge = [[arb(1), arb(0)], [arb(1) / 2, arb(1)]]
    with pytest.raises(Refuted, match="may or may not respond"):
        hessian(edge, [arb(-0.5, 1e-9), arb(-0.1)])


@given(st.integers(0, 10**6), st.floats(0, 1.5))
def test_definite_within_balls_is_definite_at_every_point(seed, share):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(6, 6))
    A = A @ A.T + 0.1 * np.eye(6)
    radius = share * np.linalg.eigvalsh(A)[0] / 6
    wide = [[arb(float(x), radius) for x in row] for row in A]
    if share < 0.3:
        assert positive_definite(wide)
    if positive_definite(wide):
        for _ in range(20):
            E = rng.uniform(-radius, radius, size=A.shape)
            assert np.linalg.eigvalsh(A + (E + E.T) / 2)[0] > 0
    indefinite = A - 1.1 * np.linalg.eigvalsh(A)[0] * np.eye(6)
    assert not positive_definite([[arb(float(x), radius) for x in row] for row in indefinite])


@given(st.integers(0, 10**6), st.floats(1e-4, 0.1))
def test_what_a_bent_pentagon_loses_is_what_the_inequalities_leave(seed, size):
    """The identity of the proof: 3L − V is a sum of terms, and none is negative."""
    W, b = perturbed(seed, size)
    V, F = 3 * number(LEAST.proof["one_active"]), np.array(numbers(LEAST.proof["kernel"]))
    r, e, v = np.linalg.norm(W, axis=0), 1 + b / (W**2).sum(axis=0), 1 / (4 * (5 - V))
    q = np.polynomial.polynomial.polyval(e, numbers(LEAST.proof["alone"]))
    psi = np.array([np.ones(5), e])
    t = np.clip(W.T @ W / np.outer(r, r), -1, 1)
    K = sum(np.cos(k * np.arccos(t)) * (psi.T @ F[k] @ psi) for k in range(len(F)))
    X, longer = pairs_of(W, b)
    terms = [
        v * ((r**2 * e**2 * (3 - e)).sum() - 1 / (2 * v)) ** 2,
        (r**4 * e**3 * (1 - 4 * q - e / 2 * np.diag(K))).sum(),
        (longer**4 * pair_room(LEAST.proof, 2, *X)).sum(),
        ((K - 2 * v * np.outer(3 - e, 3 - e)) * np.outer(r * e, r * e) ** 2).sum() / 2,
    ]
    assert min(terms) >= -1e-12
    assert abs(sum(terms) - (3 * gs.one_active_loss(FIVE, W, b) - V)) < 1e-11  # measured: 1e-14


@pytest.fixture(scope="module")
def confined():
    """What is within 1e-6 of the pentagon, in coarse boxes."""
    with pytest.MonkeyPatch.context() as patch, minimum.precision(minimum.BITS):
        patch.setattr(nearly, "FINEST", (2.0**-9, 2.0**-11))
        e = exact(1 + PENTAGON.bias / PENTAGON.length**2)
        return [*nearly.confine(dual(LEAST), exact(PENTAGON.h + 1e-6), fmpq(0), e)][-1]


def test_what_is_nearly_as_good_is_confined(confined):
    rng, inside = np.random.default_rng(0), 0
    for seed in range(400):
        W, b = perturbed(seed, 10 ** rng.uniform(-4, -2.5))
        if 3 * gs.one_active_loss(FIVE, W, b) > PENTAGON.h + 1e-6:
            continue
        inside += 1
        r, e = np.linalg.norm(W, axis=0), 1 + b / (W**2).sum(axis=0)
        assert below(confined.e[0]) <= e.min() <= e.max() <= above(confined.e[1])
        assert float(confined.r[0]) <= r.min() <= r.max() <= float(confined.r[1])
        X, _ = pairs_of(W, b)
        for x in X.T:
            assert (np.abs(confined.boxes.x - x[:, None]) <= confined.boxes.h + 1e-12).all(axis=0).any()
    assert inside > 50


def test_other_arrangements_are_not_within_what_is_left(confined):
    """The ranges are narrow: a star with its features at 72° twice as long does not fit, nor does a dropped feature."""
    assert confined.e[1] - confined.e[0] < fmpq(1, 100)
    assert float(confined.r[1] - confined.r[0]) < 0.05
    with minimum.precision(64):
        assert float(minimum.bend(minimum.critical_polygon(5), confined.boxes)) < 0.02


def test_only_what_the_boxes_contain_is_nearly_an_equality():
    """Pairs outside of them have more room than was asked for: 200,000 points, most of them close by."""
    found, rng, room = dual(LEAST), np.random.default_rng(1), 1e-6
    e = fmpq(3235, 2**12), fmpq(3277, 2**12)  # about the pentagon's 0.7939
    boxes = nearly.undecided(found.pairs, e, room, 2.0**-9)
    X = rng.uniform([0, below(e[0]), below(e[0]), -1], [1, above(e[1]), above(e[1]), 1], size=(200_000, 4)).T
    near = rng.choice(boxes.x.shape[1], 150_000)
    X[::3, :150_000] = boxes.x[::3, near] + 0.02 * rng.uniform(-1, 1, size=(2, 150_000))
    X = np.clip(X, [[0], [0], [0], [-1]], 1)
    small = X[:, pair_room(LEAST.proof, 2, *X) <= room]
    assert small.shape[1] > 20
    for x in small.T:
        assert (np.abs(boxes.x - x[:, None]) <= boxes.h).all(axis=0).any()


def around(*cosines, width=1e-4):
    """Boxes around cosines of equal features."""
    x = np.array([[1.0, 0.8, 0.8, t] for t in cosines]).T
    return Boxes(x, np.full_like(x, width))


def test_angles_that_are_no_pentagon_are_refused():
    polygon, (near, far) = minimum.critical_polygon(5), np.cos([2 * np.pi / 5, 4 * np.pi / 5])
    assert float(minimum.bend(polygon, around(near, far))) < 3e-4
    with pytest.raises(Refuted, match="2 steps apart"):
        minimum.bend(polygon, around(near))
    for other in (0.5, 0.9999):
        with pytest.raises(Refuted, match="not near"):
            minimum.bend(polygon, around(near, far, other))
    # Boxes at 120° or 172° do no harm: gaps of 72° exclude two features so far apart.
    assert float(minimum.bend(polygon, around(near, far, -0.5, -0.99))) < 3e-4
    with pytest.raises(Refuted, match="not near"):
        minimum.bend(polygon, around(near, far, width=0.2))


def ranges(n, width):
    """e and r of the critical n-gon, give or take."""
    k = gs.k_gon(n)
    e, r = 1 + k.bias / k.length**2, k.length
    return nearly.Confined((exact(e - width), exact(e + width)), (arb(r - width), arb(r + width)), around(0.3))


@pytest.mark.parametrize(("n", "far"), [(5, 1.2e-3), (6, 8e-4), (7, 4e-4)])
def test_all_bent_polygons_are_shown_to_lose_more_but_not_too_far_away(n, far):
    with minimum.precision(128):
        polygon = minimum.critical_polygon(n)
        minimum.prove_larger(polygon, ranges(n, far), arb(far))
        with pytest.raises(Refuted, match="larger as far as"):
            minimum.prove_larger(polygon, ranges(n, 3 * far), arb(3 * far))


def test_parts_of_segments_reach_farther_than_whole_ones(monkeypatch):
    with minimum.precision(128):
        polygon, near = minimum.critical_polygon(7), ranges(7, 4e-4)
        monkeypatch.setattr(minimum, "PARTS", 1)
        with pytest.raises(Refuted, match="larger as far as"):
            minimum.prove_larger(polygon, near, arb(4e-4))


@pytest.mark.parametrize("n", [10, 11])
def test_saddles_are_not_called_least(n):
    """The regular decagon is critical, and some bent ones lose less."""
    with minimum.precision(128), pytest.raises(Refuted, match="larger as far as"):
        minimum.prove_larger(minimum.critical_polygon(n), ranges(n, 1e-9), arb(1e-9))


def test_the_pentagon_is_the_least():
    least = gs.bounds.polygon_minimum(5)
    assert least.status == "proved"
    assert "least, and at most 0.079128135372471, for the regular 5-gon alone" in least.statement
    assert abs(least.value - PENTAGON.h / 3) < 1e-15  # rounding of h: 4e-16
    assert gs.bounds.one_active_bound(5, 2).certificate == least.certificate
    bracket = gs.bounds.one_active_bracket(5, 2)
    assert bracket.relative_gap == 0
    assert bracket.lower <= bracket.upper <= np.nextafter(bracket.lower, 1)
    assert gs.verify(bracket).statement == least.statement
    loss = gs.one_active_loss(FIVE, bracket.arrangement, PENTAGON.arrangement.b)
    assert abs(loss - bracket.upper) < 1e-15


def test_the_pentagon_is_the_least_over_biases_of_any_sign():
    least = gs.bounds.polygon_minimum(5, bias="free")
    assert least.value == gs.bounds.polygon_minimum(5).value
    assert "all W and b of any sign; least" in least.statement
    assert gs.bounds.one_active_bound(5, 2, bias="free").certificate == least.certificate
    assert gs.bounds.one_active_bracket(5, 2, bias="free").gap == 0


@pytest.mark.slow
@pytest.mark.parametrize("bias", ["nonpositive", "free"])
@pytest.mark.parametrize("n", [6, 7])
def test_hexagon_and_heptagon_are_the_least(n, bias):
    least = gs.bounds.polygon_minimum(n, bias=bias)
    assert least.status == "proved"
    assert abs(least.value - gs.k_gon(n).h / 3) < 1e-14
    assert gs.bounds.one_active_bracket(n, 2, bias=bias).gap == 0


@given(st.integers(0, 10**6), st.floats(0, 1.5), st.sampled_from(FREE))
def test_a_positive_bias_costs_at_least_what_the_proof_says(seed, size, found):
    """3L ≥ V + (n' − 1) μ S² for every feature with b ≥ 0, n' features that respond to themselves."""
    rng, n = np.random.default_rng(seed), found.claim["n"]
    polygon = gs.k_gon(n).arrangement
    W, b = polygon.W + size * rng.normal(size=polygon.W.shape), polygon.b + size * rng.normal(size=n)
    b[0] = abs(b[0]) if rng.uniform() < 0.5 else 10 ** rng.uniform(-6, 0)
    square, part = (W**2).sum(axis=0), found.proof["any_sign"]
    price, V = number(part["margin"]), 3 * number(part["one_active"])
    cost = (np.sum(square + b > 0) - 1) * price * np.max(np.where(b >= 0, square + b, 0)) ** 2
    assert price > 0
    assert 3 * gs.one_active_loss(gs.Problem(n, 2), W, b) >= (V + cost) * (1 - 1e-12)


@pytest.mark.parametrize("found", FREE)
def test_the_price_of_a_positive_bias_exceeds_what_the_bound_leaves(found):
    part, n, h = found.proof["any_sign"], found.claim["n"], gs.k_gon(found.claim["n"]).h
    fewer = 3 * number(part["fewer"]["one_active"]) if "fewer" in part else 0.0
    cost, gap = (n - 1) * number(part["margin"]) * ((1 - h + fewer) / 3) ** 2, h - 3 * number(part["one_active"])
    assert 0 < gap < cost / 1.9 < 1.1 * gap


@given(st.integers(0, 10**6), st.floats(1e-4, 0.6))
def test_nothing_near_the_pentagon_is_as_good(seed, size):
    """It is a strict minimum, turning and exchanging apart; biases above 0 occur."""
    W, b = perturbed(seed, size)
    least = gs.bounds.polygon_minimum(5, bias="free").value
    assert gs.one_active_loss(FIVE, W, b) > least
    angle = np.random.default_rng(seed).uniform(0, 7)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert abs(gs.one_active_loss(FIVE, turn @ PENTAGON.arrangement.W, PENTAGON.arrangement.b) - least) < 1e-14


def test_brackets_elsewhere_have_a_gap():
    bracket = gs.bounds.one_active_bracket(4, 2, n_starts=4, rng=0)
    assert bracket.lower == 0
    assert bracket.upper < 1e-12
    assert not bracket.known


def test_it_is_saved_and_loaded(tmp_path):
    path = LEAST.save(tmp_path / "least")
    assert gs.Certificate.load(path) == LEAST
    assert gs.verify(path).status == "proved"


@pytest.mark.parametrize(
    ("part", "change", "reason"),
    [
        ("claim", {"value": "0.08"}, "a number is text"),
        ("claim", {"value": "791281353725/10000000000000"}, "and the claim is that it is between"),
        ("claim", {"at_most": "791281353724/10000000000000"}, "and the claim is that it is between"),
        ("claim", {"n": 6}, "and the claim is that it is between"),
        ("claim", {"n": 4}, "not an integer from 5"),
        ("claim", {"m": 3}, "not an integer from 2"),
        ("claim", {"arrangement": "star"}, "unknown"),
        ("claim", {"polynomial": [15876, -33264, 21465, -5403, 625]}, "not a root of the polynomial"),
        ("claim", {"value": "0"}, "tell its polynomial"),
        ("claim", {"quantity": "one-active loss"}, "unknown"),
        ("proof", {"one_active": "79129/1000000"}, "kernel|below the bound"),
        ("proof", {"one_active": "0"}, "features alone"),
        ("proof", {"alone": ["1/4"]}, "single"),
    ],
)
def test_forgeries_are_refused(part, change, reason):
    layout = {"claim": LEAST.claim, "proof": LEAST.proof}
    layout[part] = {**layout[part], **change}
    verification = gs.verify(gs.Certificate(LEAST.kind, **layout))
    assert not verification
    assert re.search(reason, verification.reason), verification.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"margin": "0"}, "positive bias may cost less"),
        ({"margin": "1/10"}, "positive bias is"),
        ({"margin": "-1/10"}, "margin"),
        ({"loud": 1}, "not an integer from 2"),
        ({"loud": 3}, "not an integer from 2"),
        ({"kernel": LEAST.proof["kernel"]}, "not an integer from 2"),
        ({"one_active": "79129/1000000"}, "kernel"),
        ({"one_active": "79/1000"}, "positive bias may cost less"),
    ],
)
def test_forgeries_over_biases_of_any_sign_are_refused(change, reason):
    part = {**FREE[0].proof["any_sign"], **change}
    verification = gs.verify(gs.Certificate(FREE[0].kind, FREE[0].claim, {**FREE[0].proof, "any_sign": part}))
    assert not verification
    assert re.search(reason, verification.reason), verification.reason


def test_a_proof_over_silent_biases_alone_is_refused_for_all():
    for proof in (LEAST.proof, {**LEAST.proof, "any_sign": LEAST.proof}, {**LEAST.proof, "any_sign": "1"}):
        verification = gs.verify(gs.Certificate(LEAST.kind, {**LEAST.claim, "bias": "free"}, proof))
        assert re.search("no entry|not a group", verification.reason), verification.reason


@pytest.mark.slow
def test_the_heptagon_needs_a_bound_for_six_features():
    """Without it, or with a weak one, features might be silent."""
    found = stored("least-7-2")
    without = {key: x for key, x in found.proof.items() if key != "fewer"}
    weak = {**found.proof, "fewer": {**found.proof["fewer"], "one_active": "1/5"}}
    for proof in (without, weak):
        assert "features may be silent" in gs.verify(gs.Certificate(found.kind, found.claim, proof)).reason
    false = {**found.proof, "fewer": {**found.proof["fewer"], "one_active": "3/10"}}
    assert "kernel" in gs.verify(gs.Certificate(found.kind, found.claim, false)).reason


def test_another_polygon_with_its_own_value_is_refused():
    """The hexagon's loss is right, but the pentagon's proof does not reach it."""
    low, high = (minimum.loss_between(6)[k] for k in range(2))
    claim = {**LEAST.claim, "n": 6, "value": str(low), "at_most": str(high)}
    assert not gs.verify(gs.Certificate(LEAST.kind, claim, LEAST.proof))


def test_tampering_is_detected():
    rng = np.random.default_rng(4)
    rejected = 0
    for k in range(6):
        forged, path = tampered(certificate("least") if k % 3 else FREE[0], rng)
        accepted = bool(gs.verify(forged))
        assert not accepted or margin(forged) > -1e-9, path
        rejected += not accepted
    assert rejected >= 2


def test_a_proposal_is_brought_to_touch():
    """A solver's noise of 1e-7 costs a gap of 1e-5; afterwards 9.9e-9 is left, and proved."""
    kept, rng = stored("one-active-5-2"), np.random.default_rng(0)
    F, q = (np.array(numbers(kept.proof[key])) for key in ("kernel", "alone"))
    noise = 1e-7 * rng.normal(size=F.shape)
    noisy = Proposal(F + noise + noise.swapaxes(1, 2), q + 1e-7 * rng.normal(size=5), 0.0525)
    e, cosines = 1 + PENTAGON.bias / PENTAGON.length**2, np.cos(2 * np.pi * np.arange(5) / 5)
    found = program.rounded(program.Program(5, 2, 4), touching(program.Program(5, 2, 4), noisy, e, cosines, 1e-10))
    gap = 1 - 3 * number(found.claim["value"]) / PENTAGON.h
    assert 0 < gap < 1.1e-8  # measured: 9.9e-9
    assert gs.verify(found)


def test_features_that_are_not_alike_are_refused():
    with pytest.raises(ValueError, match="not all alike"):
        gs.bounds.one_active_bound(5, 2, degree=4, near=gs.Arrangement(*perturbed(0, 0.1)))
    with pytest.raises(ValueError, match="pass one of shape"):
        gs.bounds.one_active_bound(6, 2, degree=4, near=PENTAGON.arrangement)


@pytest.mark.slow
def test_the_certificate_is_found_again():
    pytest.importorskip("cvxpy")
    least = gs.bounds.polygon_minimum(5, degree=4, rng=0)
    assert least.certificate.claim == LEAST.claim
    assert minimum_certificate(marked_bound(5, 2, None, None, None)) == LEAST
