"""An audit: true losses, the right minimum, an excess that adds up, and plain words."""

import dataclasses
import importlib
import json
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import geomsup as gs
from geomsup.problem import Problem
from tests.auditing.independent import assert_same_minimum
from tests.auditing.trained import FEW, LARGE, SMALL
from tests.strategies import problems, weights
from tests.tensor import Tensor

PROBLEM = Problem(5, 2, 0.1)
LEFT_OVER = FEW[1]
"""Two antipodal pairs where a pentagon is best."""


@pytest.fixture(scope="module")
def trained():
    return LEFT_OVER.train()


@pytest.fixture(scope="module")
def best():
    return gs.minimize(PROBLEM, rng=0)


@pytest.fixture(scope="module")
def audit(trained):
    return gs.audit(PROBLEM, *trained)


def consistent(audit):
    """What holds of every audit of tied weights."""
    assert audit.best <= audit.nearest.loss <= audit.loss
    assert audit.excess >= 0
    assert audit.noise >= 0
    assert audit.basin >= 0
    assert audit.excess == pytest.approx(audit.noise + audit.basin, abs=1e-15 * max(1, audit.loss))
    assert 1 <= audit.rank <= audit.n_minima
    assert json.loads(json.dumps(audit.to_dict(), allow_nan=False))["verdict"] == audit.verdict
    assert audit.verdict in " ".join(audit.summary().split())
    return True


@pytest.mark.parametrize("case", FEW, ids=str)
def test_a_few_trained_weights(case):
    problem, (W, b) = case.problem, case.train()
    audit = gs.audit(problem, W, b)
    assert consistent(audit)
    assert abs(gs.oracle_loss(problem, W, b) - Fraction(audit.loss)) <= audit.error
    assert audit.source == "search"
    assert audit.nearest.kind == "minimum"
    assert audit.nearest.hits > 0


@pytest.mark.slow
def test_thirty_trained_weights():
    """Each true loss within its error, each minimum that of an independent path; the large ones against a sample."""
    assert len(SMALL + LARGE) == 30
    for case in SMALL:
        problem, (W, b) = case.problem, case.train()
        audit = gs.audit(problem, W, b, n_starts=4)
        assert consistent(audit)
        assert abs(gs.oracle_loss(problem, W, b) - Fraction(audit.loss)) <= audit.error
        assert_same_minimum(problem, audit.nearest, W, b)
    for case in LARGE:
        problem, (W, b) = case.problem, case.train()
        audit = gs.audit(problem, W, b, best=0.0)
        assert audit.nearest.loss <= audit.loss
        assert audit.nearest.gradient_norm <= 1e-8  # measured: 8e-10 and less
        sampled = gs.sampled_loss(problem, W, b, n_samples=10**6, rng=0)
        assert abs(audit.loss - sampled.value) <= 5 * sampled.stderr


def test_the_parts_of_the_excess(audit, trained, best):
    W, b = trained
    assert consistent(audit)
    assert audit.loss == float(gs.expected_loss(PROBLEM, W, b))
    assert audit.loss_per_feature == audit.loss / 5
    assert audit.best == pytest.approx(best.loss, rel=1e-12)
    assert audit.rank == 2
    assert audit.relative(audit.basin) == pytest.approx(0.4156, abs=1e-4)
    assert 0 < audit.relative(audit.noise) < 1e-3
    _, dW, db = gs.expected_loss_and_grad(PROBLEM, W, b)
    assert audit.gradient_norm == pytest.approx(np.sqrt((dW**2).sum() + (db**2).sum()))
    assert audit.nearest.gradient_norm < 1e-10 < audit.gradient_norm
    assert audit.nearest.curvature > 0
    assert "They are in the wrong basin: the minimum below them, number 2 of" in audit.verdict
    assert "is itself 41.6% above the best. Noise, their distance from that minimum, adds 0.0325%." in audit.verdict
    assert "4 of 5 features are represented." in audit.verdict


def test_the_features(audit, trained):
    W, b = trained
    shown = audit.to_dict()["features"]
    np.testing.assert_allclose(shown["norm"], np.linalg.norm(W, axis=0))
    np.testing.assert_array_equal(shown["bias"], b)
    np.testing.assert_allclose(shown["dimensionality"], gs.feature_dimensionality(W))
    unit = W / np.linalg.norm(W, axis=0)
    expected = [sum((unit[:, i] @ W[:, j]) ** 2 for j in range(5) if j != i) for i in range(5)]
    np.testing.assert_allclose(shown["interference"], expected)
    np.testing.assert_array_equal(shown["represented"], gs.represented(W))
    assert sum(shown["represented"]) == 4
    table = audit.summary().splitlines()[-5:]
    assert [line.split()[-1] for line in table] == ["yes" if one else "no" for one in shown["represented"]]
    assert [float(line.split()[3]) for line in table] == pytest.approx(shown["norm"], abs=6e-6)


def test_the_geometry(audit, trained):
    """Of the weights and of the minimum below them, by name in the verdict and in full in the numbers."""
    W, _ = trained
    assert audit.geometry.name == gs.identify(W).name
    assert audit.nearest_geometry.name == "2 digons + 1 not represented"
    assert audit.nearest_geometry.name in audit.verdict
    assert audit.to_dict()["geometry"] == gs.identify(W).to_dict()
    assert audit.to_dict()["nearest"]["geometry"]["name"] == audit.nearest_geometry.name
    assert sorted(audit.geometry.represented) == np.flatnonzero(audit.represented).tolist()
    bent = dataclasses.replace(audit, W=gs.frames.polygon(5))
    assert "Arrangement of the weights: pentagon; of the minimum below: 2 digons + 1 not represented." in bent.verdict


def test_an_optimum_is_the_best(best):
    audit = gs.audit(PROBLEM, best.W, best.b, best=best)
    assert consistent(audit)
    assert (audit.rank, audit.source) == (1, "given")
    assert audit.relative(audit.excess) < 1e-9
    assert audit.nearest.hits == best.minima[0].hits
    assert "the best loss given. They are in the basin of the best minimum known." in audit.verdict


def test_noise_alone(best):
    audit = gs.audit(PROBLEM, best.W + 0.01, best.b, best=best)
    assert consistent(audit)
    assert audit.basin <= audit.best_error + audit.nearest.error
    assert audit.noise > 1e-6
    assert "All of the excess is noise" in audit.verdict


@given(data=st.data())
@settings(max_examples=15)
def test_an_audit_is_consistent(data):
    """Of any problem and weights, near no minimum, and whatever is said to be the best."""
    problem = data.draw(problems(max_features=3))
    W, b = data.draw(weights(problem))
    best = data.draw(st.sampled_from([0.0, 1e-3, 10.0]))
    assert consistent(gs.audit(problem, W, b, best=best))


@given(seed=st.integers(0, 99), scale=st.sampled_from([0.5, 3.0]))
@settings(max_examples=4)
def test_what_an_audit_does_not_depend_on(seed, scale, trained, best):
    """Rotations, the names of like features, and (but for its own scale) a common factor of importance."""
    W, b = trained
    rng = np.random.default_rng(seed)
    plain = gs.audit(PROBLEM, W, b, best=best)
    Q, order = np.linalg.qr(rng.normal(size=(2, 2)))[0], rng.permutation(5)
    turned = gs.audit(PROBLEM, (Q @ W)[:, order], b[order], best=best)
    for name in ("loss", "noise", "basin"):
        assert getattr(turned, name) == pytest.approx(getattr(plain, name), rel=1e-9, abs=1e-15)
    assert (turned.rank, turned.n_minima, turned.nearest.hits) == (plain.rank, plain.n_minima, plain.nearest.hits)
    np.testing.assert_array_equal(turned.represented, plain.represented[order])
    heavier = gs.audit(PROBLEM.replace(importance=scale), W, b, best=scale * best.loss)
    assert heavier.nearest.loss == pytest.approx(scale * plain.nearest.loss, rel=1e-9)
    assert heavier.relative(heavier.excess) == pytest.approx(plain.relative(plain.excess), rel=1e-9)


def test_the_best_can_be_given(trained, best):
    assert best.minima[0].loss < best.minima[1].loss
    by_solution = gs.audit(PROBLEM, *trained, best=best)
    assert (by_solution.best, by_solution.source, by_solution.rank) == (best.loss, "given", 2)
    by_minimum = gs.audit(PROBLEM, *trained, best=best.minima[0])
    assert (by_minimum.rank, by_minimum.n_minima, by_minimum.nearest.hits) == (2, 2, 0)
    by_loss = gs.audit(PROBLEM, *trained, best=best.loss)
    assert (by_loss.best, by_loss.best_error, by_loss.rank, by_loss.n_minima) == (best.loss, 0.0, 2, 2)
    beaten = gs.audit(PROBLEM, *trained, best=1.0)
    assert (beaten.best, beaten.source, beaten.rank) == (beaten.nearest.loss, "weights", 1)
    assert "a minimum lower than any other known" in beaten.verdict
    assert consistent(beaten)


def test_the_loss_of_a_minimum_given_is_checked(trained, best):
    """That of another problem would be beaten by nothing, or by everything."""
    audit = gs.audit(PROBLEM, *trained, best=dataclasses.replace(best.minima[0], loss=1e-9))
    assert audit.best == pytest.approx(best.loss, rel=1e-12)


@pytest.mark.parametrize(
    ("problem", "W", "b"),
    [
        (PROBLEM, np.zeros((2, 5)), np.zeros(5)),
        (PROBLEM, np.zeros((2, 5)), np.full(5, 0.05)),
        (Problem(3, 2, 0.0), np.ones((2, 3)), [0.1, 0.0, -0.1]),
        (Problem(1, 1, 0.1), [[0.9]], [0.0]),
        (Problem(1, 3, 0.1), np.ones((3, 1)), [0.0]),
        (Problem(2, 3, 0.2), np.eye(3, 2), [0.0, 0.0]),
        (Problem(3, 2, 0.1, activation="identity"), np.eye(2, 3), np.zeros(3)),
        (Problem(3, 2, 0.1, importance=[1, 0, 0]), np.ones((2, 3)), np.zeros(3)),
    ],
    ids=["zero", "saddle", "silent", "one", "one in three", "perfect", "linear", "unimportant"],
)
def test_borders(problem, W, b):
    audit = gs.audit(problem, W, b, n_starts=1)
    assert consistent(audit)
    assert audit.nearest.kind != "saddle"


def test_a_perfect_best_is_compared_in_absolute_terms():
    audit = gs.audit(Problem(1, 1, 0.1), [[0.9]], [0.0], n_starts=1)
    assert audit.best <= audit.best_error
    assert np.isinf(audit.relative(audit.excess))
    assert audit.to_dict()["relative_excess"] is None
    assert "0.0012 above the best that a search found, 0." in audit.verdict


def test_a_saddle_is_told():
    audit = gs.audit(PROBLEM, np.zeros((2, 5)), np.zeros(5), n_starts=4)
    assert audit.n_saddles > 0
    assert "ended in a saddle and was pushed off it" in audit.verdict
    nearest = dataclasses.replace(audit.nearest, kind="saddle")
    assert "a saddle the descent could not leave" in dataclasses.replace(audit, nearest=nearest).verdict


def test_a_long_list_of_features_is_cut():
    problem = Problem(70, 1, 0.0)
    audit = gs.audit(problem, np.ones((1, 70)), np.zeros(70), best=0.0)
    assert audit.summary().endswith("\n  ... and 10 more features: to_dict() has them all")
    assert len(audit.to_dict()["features"]["norm"]) == 70


def test_the_direction_of_nothing_is_not_compared():
    """What projects on a column that is 0 but for rounding says nothing."""
    audit = gs.audit(PROBLEM, [[1, -1, 1e-9, 0, 0], [0, 0, 0, 1, -1]], np.zeros(5), best=0.0)
    assert [line.split()[6] for line in audit.summary().splitlines()[-5:]] == ["1.00000"] * 2 + ["-"] + ["1.00000"] * 2


def test_untied_weights(trained):
    W, b = trained
    audit = gs.audit(PROBLEM, W, b, W_out=0.9 * W.T, n_starts=4)
    loss, *gradient = gs.untied_loss_and_grad(PROBLEM, W, 0.9 * W.T, b)
    assert (audit.loss, audit.error) == (float(loss), float(loss.error))
    assert audit.gradient_norm == pytest.approx(np.sqrt(sum((part**2).sum() for part in gradient)))
    assert (audit.nearest, audit.noise, audit.basin, audit.rank) == (None, None, None, None)
    np.testing.assert_allclose(audit.gain, 0.9 * (W**2).sum(axis=0))
    assert "the best that a search found for tied weights" in audit.verdict
    assert "No minimum below untied weights is looked for." in audit.verdict
    assert "Arrangement of the input weights: 2 near digons + 1 not represented." in audit.verdict
    assert audit.nearest_geometry is None
    assert audit.verdict in " ".join(audit.summary().split())
    assert json.loads(json.dumps(audit.to_dict(), allow_nan=False))["nearest"] is None
    assert repr(audit).startswith("Audit(loss=0.0")


def test_untied_weights_can_beat_all_tied_ones():
    """Nothing is lost with a dimension for each feature, and an importance of 0 for the others."""
    problem = Problem(2, 1, 0.2)
    W, W_out, b = [[1.0, -1.0]], [[1.0], [-1.0]], [0.0, 0.0]
    audit = gs.audit(problem, W, b, W_out=W_out, best=1.0)
    assert audit.source == "weights"
    assert audit.excess == 0
    assert audit.best == audit.loss


def test_an_audit_survives_a_pickle(audit):
    back = pickle.loads(pickle.dumps(audit))
    assert back.to_dict() == audit.to_dict()
    assert repr(back) == repr(audit)
    with pytest.raises(dataclasses.FrozenInstanceError):
        back.loss = 0.0
    with pytest.raises(ValueError, match="read-only"):
        audit.W[0, 0] = 1.0


def test_tensors_and_lists(trained):
    W, b = (np.asarray(part, dtype=np.float32) for part in trained)
    expected = gs.audit(PROBLEM, W, b, best=0.02)
    for form in (lambda part: part.tolist(), Tensor):
        found = gs.audit(PROBLEM, form(W), form(b), best=0.02)
        assert found.to_dict() == expected.to_dict()


def test_the_callback_follows(trained):
    told = []
    gs.audit(PROBLEM, *trained, n_starts=4, callback=told.append)
    assert list(dict.fromkeys(one.phase for one in told)) == ["searching", "refining", "finishing", "descending"]
    told.clear()
    W, b = trained
    gs.audit_all(PROBLEM, W[None], b, best=0.02, callback=told.append)
    assert [(one.phase, one.done, one.total) for one in told] == [("descending", 1, 1)]


def test_several_instances_share_a_search(trained, best, monkeypatch):
    module = importlib.import_module("geomsup.auditing._known")
    searched = []

    def counted(problem, **options):
        searched.append(problem)
        return gs.minimize(problem, **options)

    monkeypatch.setattr(module, "minimize", counted)
    W, b = trained
    stack, biases = np.array([W, best.W, W]), np.array([b, best.b, b])
    other = PROBLEM.replace(feature_probability=0.05)
    found = gs.audit_all([PROBLEM, PROBLEM, other], stack, biases, n_starts=2, rng=3)
    assert searched == [PROBLEM, other]
    for k, problem in enumerate((PROBLEM, PROBLEM, other)):
        assert found[k].to_dict() == gs.audit(problem, stack[k], biases[k], n_starts=2, rng=3).to_dict()
    searched.clear()
    given = gs.audit_all(PROBLEM, stack, b, best=[0.02, best, 0.03])
    assert searched == []
    assert [one.best for one in given] == [0.02, pytest.approx(best.loss, abs=best.error), 0.03]
    untied = gs.audit_all(PROBLEM, stack, biases, W_out=np.swapaxes(stack, 1, 2), best=0.02)
    assert [one.loss for one in untied] == pytest.approx([one.loss for one in given[:1] + found[1:2] + given[2:]])
    assert len(gs.audit_all(PROBLEM, stack, biases, W_out=W.T, best=0.02)) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"W": np.ones((5, 2))}, "pass W.T"),
        ({"W": np.ones((3, 2, 5))}, "several instances: pass them to audit_all"),
        ({"W": np.full((2, 5), np.nan)}, "W[0, 0] is nan, but every entry must be finite"),
        ({"W": np.ones((2, 5), dtype=complex)}, "entries of type complex128"),
        ({"b": np.ones(4)}, "b has shape (4,)"),
        ({"W_out": np.ones((2, 5))}, "pass W_out.T"),
        ({"W_out": np.ones((3, 5, 2))}, "W_out has shape (3, 5, 2), several instances"),
        ({"best": -1.0}, "best=-1 is negative"),
        ({"best": "good"}, "best has entries of type"),
        ({"best": float("nan")}, "best is nan"),
        ({"n_starts": 0}, "n_starts=0"),
        ({"workers": 0}, "workers=0"),
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else "",
)
def test_bad_input(arguments, message):
    arguments = {"W": np.ones((2, 5)), "b": np.zeros(5), **arguments}
    with pytest.raises(ValueError, match=".*") as raised:
        gs.audit(PROBLEM, arguments.pop("W"), arguments.pop("b"), **arguments)
    assert message in str(raised.value)


def test_a_solution_of_another_problem_is_refused(best):
    with pytest.raises(ValueError, match="pass one of the same problem"):
        gs.audit(PROBLEM.replace(feature_probability=0.2), np.ones((2, 5)), np.zeros(5), best=best)


@pytest.mark.parametrize(
    ("problem", "arguments", "message"),
    [
        (PROBLEM, {"W": np.ones((2, 5))}, "one axis of instances is expected in front: pass one W to audit"),
        ([PROBLEM] * 2, {}, "problems has 2 entries, but W has 3 instances: pass one, or one for each"),
        ([], {}, "problems is empty"),
        ([PROBLEM, PROBLEM, Problem(4)], {}, "W has shape (2, 5) but the problem has n_hidden=2, n_features=4"),
        (PROBLEM, {"best": [0.1, 0.2]}, "best has 2 entries, but W has 3 instances"),
        (PROBLEM, {"W_out": np.ones((2, 5, 2))}, "W_out has shape (2, 5, 2), but W has 3 instances"),
    ],
    ids=["2-D", "problems", "none", "sizes", "best", "W_out"],
)
def test_bad_instances(problem, arguments, message):
    with pytest.raises(ValueError, match=".*") as raised:
        gs.audit_all(problem, **{"W": np.ones((3, 2, 5)), "b": np.zeros(5), **arguments})
    assert message in str(raised.value)
