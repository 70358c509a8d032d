"""The search: reproducible, never above an arrangement one can name, and plain about bad input."""

import importlib
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomsup as gs
from geomsup.features import Constant, Independent
from geomsup.optimize import Minimum, MultistartLBFGS, Progress, Solution, Status, minimize
from geomsup.optimize.objective import Objective
from geomsup.optimize.starts import spread_out, spread_starts
from geomsup.problem import Problem

QUICK = MultistartLBFGS(n_starts=12, n_rounds=1, n_keep=2)
PROBLEM = Problem(4, 2, 0.1, importance=gs.geometric_importance(4, 0.9))


def same(first, second):
    return (
        first.status == second.status
        and first.n_descents == second.n_descents
        and len(first.minima) == len(second.minima)
        and all(
            (a.W == b.W).all() and (a.b == b.b).all() and (a.loss, a.hits, a.kind) == (b.loss, b.hits, b.kind)
            for a, b in zip(first.minima, second.minima, strict=True)
        )
    )


def polygons(k, n):
    """k features on a regular polygon of many sizes and biases, the others dropped at their mean."""
    length, bias = (grid.ravel() for grid in np.meshgrid(np.linspace(0.8, 1.4, 13), np.linspace(-0.4, 0.1, 11)))
    angle = 2 * np.pi * np.arange(k) / k
    W = np.zeros((length.size, 2, n))
    W[:, :, :k] = length[:, None, None] * np.array([np.cos(angle), np.sin(angle)])
    return W, np.repeat(bias[:, None], n, axis=1)


def named(problem):
    """Arrangements that one would write down: features dropped, in antipodal pairs, on a polygon."""
    n, m = problem.n_features, problem.n_hidden
    mean = problem.feature_probability / 2
    order = np.argsort(-problem.importance, kind="stable")
    drop = np.zeros((m, n))
    drop[np.arange(min(m, n)), order[: min(m, n)]] = 1
    yield "dropped", drop[None], np.where(drop.any(axis=0), 0, mean)[None]
    pairs = np.zeros((m, n))
    for k, i in enumerate(order[: 2 * m].tolist()):
        pairs[k // 2, i] = (-1) ** k
    yield "antipodal", pairs[None], np.where(pairs.any(axis=0), 0, mean)[None]
    yield "nothing", np.zeros((1, m, n)), mean[None]
    if m == 2:
        for k in range(3, n + 1):
            W, b = polygons(k, n)
            b[:, k:] = mean[k:]
            back = np.argsort(order)
            yield f"{k}-gon", W[:, :, back], b[:, back]


@given(
    n=st.integers(1, 4),
    m=st.integers(1, 2),
    p=st.sampled_from([0.02, 0.1, 0.3, 0.7, 1.0]),
    ratio=st.sampled_from([1.0, 0.9, 0.5]),
    seed=st.integers(0, 99),
)
@settings(max_examples=10)
def test_never_above_an_arrangement_with_a_name(n, m, p, ratio, seed):
    problem = Problem(n, m, p, importance=gs.geometric_importance(n, ratio))
    solution = minimize(problem, method=QUICK, rng=seed)
    for name, W, b in named(problem):
        loss = gs.expected_loss(problem, W, b)
        assert solution.loss - solution.error <= np.min(loss.value + loss.error), name


@pytest.fixture(scope="module")
def solution():
    return minimize(PROBLEM, method=QUICK, rng=3)


def test_what_is_reported_is_so(solution):
    loss, dW, db = gs.expected_loss_and_grad(PROBLEM, solution.W, solution.b)
    assert solution.status is Status.CONVERGED
    assert solution.loss == pytest.approx(float(loss), rel=1e-14)
    assert solution.gradient_norm == pytest.approx(np.sqrt((dW**2).sum() + (db**2).sum()), abs=1e-15)
    assert solution.gradient_norm <= 1e-9 * PROBLEM.importance.sum() * (0.1 / 3 - 0.1**2 / 4)
    assert abs(solution.loss - float(gs.oracle_loss(PROBLEM, solution.W, solution.b))) <= solution.error
    assert solution.minima[0].kind == "minimum"
    losses = [m.loss for m in solution.minima]
    assert losses == sorted(losses)
    assert solution.n_starts == 12
    assert solution.n_descents == 12 + 4
    assert sum(m.hits for m in solution.minima) <= solution.n_descents
    assert repr(solution).startswith(f"Solution(loss={solution.loss:.12g} ± ")
    assert solution.arrangement == gs.Arrangement(solution.W, solution.b)


def test_the_number_of_workers_changes_nothing(solution):
    assert same(minimize(PROBLEM, method=QUICK, rng=3, workers=2), solution)


def test_one_seed_gives_one_result(solution):
    assert same(minimize(PROBLEM, method=QUICK, rng=3), solution)
    assert same(minimize(PROBLEM, method=QUICK, rng=np.random.default_rng(3)), solution)
    assert not same(minimize(PROBLEM, method=QUICK, rng=4), solution)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_callback_follows_the_search(workers, solution):
    told, threads = [], set()

    def callback(progress):
        told.append(progress)
        threads.add(threading.get_ident())

    found = minimize(PROBLEM, method=QUICK, rng=3, workers=workers, callback=callback)
    assert same(found, solution)
    assert threads == {threading.get_ident()}
    assert all(isinstance(one, Progress) and 0 < one.done <= one.total for one in told)
    phases = [one.phase for one in told]
    assert list(dict.fromkeys(phases)) == ["searching", "refining", "finishing"]
    best = [one.best for one in told]
    assert best == sorted(best, reverse=True)
    assert best[-1] == pytest.approx(found.loss, rel=1e-9)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_callback_can_stop_the_search(workers):
    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minimize(PROBLEM, method=QUICK, rng=0, workers=workers, callback=stop)


def test_rare_features_in_the_plane_find_the_heptagon():
    """Eight features: a heptagon and a dropped one. From Gaussian starts alone 32 of them end 0.9 % higher."""
    problem = Problem(8, 2, 0.01)
    W, b = np.zeros((2, 8)), np.full(8, 0.005)
    W[:, :7], b[:7] = 1.63 * gs.frames.polygon(7), -1.64
    heptagon = minimize(problem, start=(W, b), n_starts=0)
    assert gs.identify(heptagon.W).name == "heptagon + 1 not represented"
    found = minimize(problem, n_starts=32, rng=0)
    assert found.loss == pytest.approx(heptagon.loss, rel=1e-12)  # measured: 3e-16
    assert found.minima[0].hits > 1


def test_a_feature_that_was_dead_is_descended_from_again():
    """Three correlated pairs: descents end with dead outputs there, and what replaces them is not stationary."""
    problem = Problem(n_hidden=2, features=gs.features.CorrelatedSets.of_size(3, 2, 0.08))
    found = minimize(problem, n_starts=24, rng=0)
    assert max(one.gradient_norm for one in found.minima) <= 1e-9 * Objective(problem).scale


def test_directions_spread_out():
    W = np.random.default_rng(0).normal(size=(64, 2, 7))
    U = spread_out(W)
    np.testing.assert_allclose(np.linalg.norm(U, axis=1), 1, atol=1e-15)
    cosines = np.swapaxes(U, 1, 2) @ U - 2 * np.eye(7)
    nearest = np.degrees(np.arccos(cosines.max(axis=(1, 2))))
    assert nearest.min() > 45  # measured: 48.1; 360/7 = 51.4 is the most there can be
    assert nearest.max() <= 360 / 7
    line = np.array([[[2.0, -1.0, 3.0]]])
    np.testing.assert_array_equal(spread_out(line), np.sign(line))


def test_spread_starts_drop_the_features_of_least_weight():
    weight, mean = np.array([1.0, 3.0, 2.0, 0.5, 4.0]), np.arange(5) / 10
    W, b = spread_starts(np.random.default_rng(0), 40, 1, weight, mean)
    live = W.any(axis=1)
    assert set(live.sum(axis=1).tolist()) == {3, 4, 5}  # more than two for each dimension
    for one, bias in zip(live, b, strict=True):
        assert weight[one].min() > weight[~one].max(initial=0)
        np.testing.assert_array_equal(bias[~one], mean[~one])


def test_all_forms_of_a_start(solution):
    W, b = solution.W, solution.b
    forms = [
        gs.Arrangement(W, b),
        solution,
        solution.minima[0],
        (W, b),
        (W[None], b[None]),
        (W.tolist(), b.tolist()),
        [solution],
        [(W, b), gs.Arrangement(W, b)],
    ]
    for start in forms:
        found = minimize(PROBLEM, start=start, n_starts=0)
        assert found.n_starts == 0
        assert found.loss == pytest.approx(solution.loss, rel=1e-12)
        assert len(found.minima) == 1
        np.testing.assert_allclose(found.W.T @ found.W, W.T @ W, atol=1e-7)
    assert minimize(PROBLEM, start=solution, n_starts=0).n_descents == 1
    assert minimize(PROBLEM, start=forms[-1], n_starts=0).minima[0].hits == 2


def test_a_start_is_never_made_worse():
    rng = np.random.default_rng(0)
    W, b = rng.normal(size=(2, 4)), rng.normal(size=4) / 10
    found = minimize(PROBLEM, start=(W, b), n_starts=0)
    assert found.loss <= float(gs.expected_loss(PROBLEM, W, b))


def test_a_start_at_a_saddle_is_left():
    """Nothing represented is a critical point, and a saddle."""
    found = minimize(PROBLEM, start=(np.zeros((2, 4)), np.full(4, 0.05)), n_starts=0)
    assert found.minima[0].kind == "minimum"
    assert found.status is Status.CONVERGED


def test_too_few_steps_are_owned_up_to(monkeypatch):
    """Without Newton, as for many features, one step does not converge, and nothing is said of the kind."""
    monkeypatch.setattr(importlib.import_module("geomsup.optimize.settle"), "LARGEST_HESSIAN", 0)
    method = MultistartLBFGS(n_starts=1, n_rounds=0, n_keep=1, coarse_steps=1, fine_steps=1, newton_steps=0)
    found = minimize(PROBLEM, method=method, rng=0)
    assert found.status is Status.INEXACT
    assert found.gradient_norm > 1e-9
    assert found.minima[0].kind == "unclassified"
    assert np.isnan(found.minima[0].curvature)


def test_bias_modes_are_in_order():
    for p in (0.1, 0.6):
        problem = Problem(4, 1, p)
        free, below, zero = (
            minimize(problem, method=QUICK, rng=0, bias=bias) for bias in ("free", "nonpositive", "zero")
        )
        assert free.loss < below.loss
        if p == 0.1:
            assert below.loss < zero.loss
        else:  # so dense that every bias wants to be positive
            assert below.loss == pytest.approx(zero.loss, abs=1e-14)
        assert (free.b > 0).any()
        assert (below.b <= 0).all()
        assert (zero.b == 0).all()
        for found in (free, below, zero):
            assert found.status is Status.CONVERGED
            assert found.loss == pytest.approx(float(gs.expected_loss(problem, found.W, found.b)), abs=1e-14)


def test_a_bias_that_is_given_stays(solution):
    found = minimize(PROBLEM, method=QUICK, rng=0, bias=solution.b)
    np.testing.assert_array_equal(found.b, solution.b)
    assert found.loss == pytest.approx(solution.loss, rel=1e-9)
    with pytest.raises(ValueError, match=r"bias has shape \(3,\), but the problem has n_features=4: pass \(4,\)"):
        minimize(PROBLEM, bias=[0, 0, 0])
    with pytest.raises(ValueError, match=r"bias\[1\] is nan, but every entry must be finite"):
        minimize(PROBLEM, bias=[0, np.nan, 0, 0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "adam"}, "method='adam' is unknown: pass 'multistart' or MultistartLBFGS(...)"),
        ({"bias": "fixed"}, "bias='fixed' is unknown: pass 'free', 'zero', 'nonpositive' or an array of n_features"),
        ({"n_starts": 0}, "n_starts=0"),
        ({"n_starts": -1, "start": (np.zeros((2, 4)), np.zeros(4))}, "n_starts=-1"),
        ({"n_starts": 1.5}, "n_starts=1.5"),
        ({"workers": 0}, "workers=0"),
        ({"start": "pentagon"}, "start=str is not understood: pass an Arrangement, a Solution, (W, b) or a list"),
        ({"start": (np.zeros((4, 2)), np.zeros(4))}, "W has shape (4, 2)"),
        ({"start": (np.zeros((4, 2)), np.zeros(4))}, "pass W.T"),
        ({"start": (np.zeros((2, 4)), np.zeros(3))}, "b has shape (3,)"),
        ({"start": gs.Arrangement(np.zeros((2, 5)))}, "W has shape (2, 5)"),
        ({"start": (np.full((2, 4), np.inf), np.zeros(4))}, "W[0, 0] is inf, but every entry must be finite"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=".*") as raised:
        minimize(PROBLEM, **arguments)
    assert message in str(raised.value)


@pytest.mark.parametrize("name", ["n_starts", "n_keep", "coarse_steps", "fine_steps"])
def test_a_method_is_checked(name):
    with pytest.raises(ValueError, match=f"{name}=0"):
        MultistartLBFGS(**{name: 0})
    assert MultistartLBFGS(n_rounds=0).n_rounds == 0


def test_a_method_fills_in_what_is_missing():
    sized = MultistartLBFGS(n_starts=7).sized(5)
    assert sized.n_starts == 7
    assert None not in (sized.n_rounds, sized.n_keep)
    efforts = [MultistartLBFGS().sized(n).n_starts for n in (5, 20, 40, 80, 400)]
    assert efforts == sorted(efforts, reverse=True)


def test_a_saved_solution_comes_back_whole(solution, tmp_path):
    path = solution.save(tmp_path / "found")
    assert path.suffix == ".npz"
    back = Solution.load(path)
    assert same(back, solution)
    assert back.problem == PROBLEM
    for name in ("n_starts", "error", "gradient_norm"):
        assert getattr(back, name) == getattr(solution, name)
    assert isinstance(back.minima[0], Minimum)
    assert [m.curvature for m in back.minima] == [m.curvature for m in solution.minima]


def test_a_foreign_file_is_refused(solution, tmp_path):
    np.savez(tmp_path / "other.npz", W=np.eye(2))
    (tmp_path / "text.npz").write_text("not an archive")
    PROBLEM.save(tmp_path / "problem.npz")
    for name in ("other.npz", "text.npz", "problem.npz"):
        with pytest.raises(ValueError, match=name):
            Solution.load(tmp_path / name)


def test_a_solution_without_its_arrays_is_refused(solution, tmp_path):
    from geomsup._files import read_npz, write_npz

    arrays, meta = read_npz(solution.save(tmp_path / "whole"), "solution")
    del arrays["hits"]
    path = write_npz(tmp_path / "part", arrays, meta, "solution")
    with pytest.raises(ValueError, match="part.npz is not a complete solution"):
        Solution.load(path)


@given(
    n=st.integers(1, 5),
    m=st.integers(1, 3),
    seed=st.integers(0, 999),
)
@settings(max_examples=8)
def test_a_linear_model_keeps_the_top_features(n, m, seed):
    """Eckart and Young: what is lost is I Var x of the others, each replaced by its mean."""
    rng = np.random.default_rng(seed)
    p, importance = rng.uniform(0.05, 1, n), rng.uniform(0.1, 1, n)
    problem = Problem(n, m, p, importance=importance, activation="identity")
    worth = importance * (p / 3 - p * p / 4)
    top = np.argsort(-worth)[:m]
    found = minimize(problem, method=QUICK, rng=seed)
    assert found.loss == pytest.approx(np.delete(worth, top).sum(), rel=1e-9, abs=1e-13)
    expected = np.zeros((n, n))
    expected[top, top] = 1
    np.testing.assert_allclose(found.W.T @ found.W, expected, atol=1e-5)
    np.testing.assert_allclose(found.b, np.where(np.diag(expected) > 0, 0, p / 2), atol=1e-5)


@pytest.mark.parametrize("p", [0.05, 0.3, 0.8])
def test_a_dead_feature_changes_nothing(p):
    alive = minimize(Problem(3, 2, p, importance=[1, 0.9, 0.8]), method=QUICK, rng=0)
    dead = minimize(Problem(4, 2, p, importance=[1, 0.9, 0, 0.8]), method=QUICK, rng=0)
    assert dead.loss == pytest.approx(alive.loss, rel=1e-9)
    keep = [0, 1, 3]
    np.testing.assert_allclose((dead.W.T @ dead.W)[np.ix_(keep, keep)], alive.W.T @ alive.W, atol=1e-5)
    np.testing.assert_allclose(dead.W[:, 2], 0, atol=1e-5)


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_probability_zero_and_one(p):
    found = minimize(Problem(3, 1, p), method=QUICK, rng=0)
    assert found.loss <= (2 / 12 if p else 0) + 1e-12
    assert found.status is Status.CONVERGED


def test_nothing_is_lost_with_a_dimension_for_each_feature():
    found = minimize(Problem(2, 3, 0.3), method=QUICK, rng=0)
    assert abs(found.loss) <= 1e-12
    np.testing.assert_allclose(found.W.T @ found.W, np.eye(2), atol=1e-5)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_a_scaled_importance_scales_the_loss(scale, solution):
    found = minimize(PROBLEM.replace(importance=scale * PROBLEM.importance), method=QUICK, rng=3)
    assert found.loss == pytest.approx(scale * solution.loss, rel=1e-9)
    np.testing.assert_allclose(found.W.T @ found.W, solution.W.T @ solution.W, atol=1e-5)


def test_inputs_that_never_vary_are_learnt():
    """All features always on at a constant value: the bias alone is perfect, and the scale is E x²."""
    problem = Problem(n_hidden=1, features=Independent(1.0, Constant(0.5), 3))
    found = minimize(problem, method=QUICK, rng=0)
    assert Objective(problem).scale == pytest.approx(0.75)
    assert found.loss == pytest.approx(0.0, abs=1e-15)
    assert found.status is Status.CONVERGED
