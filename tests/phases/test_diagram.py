"""Phase diagrams: the right minimum in every cell, the same for everyone, its name and its rival; refusals."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.phases import candidates
from geomsup.phases._finish import ROLES
from geomsup.phases.families import Varied
from tests.phases.test_sweep import equal

AXES = {"feature_probability": [0.05, 0.3, 0.5, 0.9], "relative_importance": [0.3, 1.0, 2.5]}
PAIR = gs.Problem(n_features=2, n_hidden=1)


@pytest.fixture(scope="module")
def pair():
    return gs.phase_diagram(PAIR, AXES)


def problem_at(i: int, j: int, n: int = 2, m: int = 1) -> gs.Problem:
    importance = np.ones(n)
    importance[-1] = AXES["relative_importance"][j]
    return gs.Problem(n, m, AXES["feature_probability"][i], importance=importance)


def test_losses_are_exact_and_those_of_a_long_search(pair):
    for i, j in ((1, 1), (2, 0)):
        problem = problem_at(i, j)
        loss = gs.expected_loss(problem, pair["W"][i, j], pair["b"][i, j])
        assert abs(float(loss) - pair.loss[i, j]) <= loss.error + pair.error[i, j]
        searched = gs.minimize(problem, n_starts=40, rng=7)
        # measured: at most 3e-16 apart
        assert abs(searched.loss - pair.loss[i, j]) <= 1e-12
    assert pair["converged"].all()
    assert (pair["kind"] == "minimum").all()
    # docs/targets: true minima below the candidates, to 1e-4
    np.testing.assert_allclose(pair.loss[[1, 2], 1], [0.02931, 0.07628], atol=1e-5)


def test_no_cell_is_above_the_candidates(pair):
    """The three of the paper: s/3 − s²/4, r times that, (1 + r)s²/6."""
    s = np.array(AXES["feature_probability"])[:, None]
    r = np.array(AXES["relative_importance"])[None]
    assert (pair.loss <= np.minimum(np.minimum(1, r) * (s / 3 - s**2 / 4), (1 + r) * s**2 / 6) + 1e-15).all()


def test_names_roles_and_rivals(pair):
    dense, sparse = pair["role"][3], pair["role"][0]
    assert dense.tolist() == ["not represented", *dense[1:].tolist()]
    assert dense[2] == "dedicated dimension"
    assert set(sparse.tolist()) == {"in superposition"}
    assert pair["label"][0].tolist() == ["digon"] * 3
    assert set(pair.count("role")) <= set(ROLES)
    assert sum(pair.count().values()) == 12
    known = np.isfinite(pair.gap)
    assert (pair.gap[known] > 0).all()
    assert known.mean() > 0.5
    assert ((pair.runner_up_label != "") == known).all()
    assert not pair.unsure.any()
    assert ((pair.hit_rate >= 0) & (pair.hit_rate <= 1)).all()
    for i, j in np.argwhere(known)[:3]:
        loss = gs.expected_loss(problem_at(i, j), pair["runner_up_W"][i, j], pair["runner_up_b"][i, j])
        assert abs(float(loss) - pair["runner_up_loss"][i, j]) <= 1e-14


def test_repr_and_files(pair, tmp_path):
    assert repr(pair).startswith("PhaseDiagram(feature_probability=4 × relative_importance=3: ")
    again = gs.PhaseDiagram.load(pair.save(tmp_path / "map"))
    assert equal(again, pair)
    with pytest.raises(ValueError, match="holds a saved phase diagram, not a saved sweep"):
        gs.Sweep.load(tmp_path / "map")
    with pytest.raises(ValueError, match="'lable' is not an array of this phase diagram: did you mean 'label'"):
        pair["lable"]


def test_the_same_bits_for_any_number_of_workers(pair, monkeypatch, tmp_path):
    from geomsup.phases import mapping

    monkeypatch.setattr(mapping, "TOGETHER", 5)
    one = gs.phase_diagram(PAIR, AXES)
    two = gs.phase_diagram(PAIR, AXES, workers=2, cache=tmp_path)
    assert equal(one, two)
    assert equal(gs.phase_diagram(PAIR, AXES, cache=tmp_path), two)
    np.testing.assert_allclose(one.loss, pair.loss, rtol=1e-12)


def test_the_same_bits_on_a_dask_cluster(cluster, pair):
    assert equal(gs.phase_diagram(PAIR, AXES, cluster=cluster), pair)


def test_training_on_the_same_grid(tmp_path):
    axes = {"feature_probability": [0.1, 0.9], "relative_importance": [0.5]}
    settings = {"n_instances": 2, "n_steps": 300, "batch_size": 128}
    diagram = gs.phase_diagram(PAIR, axes, train=settings, cache=tmp_path)
    assert diagram["trained_loss"].shape == (2, 1, 2)
    assert (diagram["trained_loss"] >= diagram.loss[..., None] - 1e-9).all()
    assert diagram["trained_role"].shape == (2, 1)
    told = []
    again = gs.phase_diagram(PAIR, axes, train=settings | {"n_steps": 200}, cache=tmp_path, callback=told.append)
    assert {step.name.split("-")[0] for step in told} == {"train"}  # the search was kept
    assert (again.loss == diagram.loss).all()


def test_families_sizes_and_larger_problems():
    """A function of the coordinates; sizes that differ; a problem too large for descents in common."""

    def family(n_features, decay):
        return gs.Problem(n_features, 1, 0.1, importance=gs.geometric_importance(n_features, decay))

    diagram = gs.phase_diagram(family, {"n_features": [1, 2, 3], "decay": [0.5, 1.0]}, n_starts=4)
    assert diagram["W"].shape == (3, 2, 1, 3)
    assert np.isnan(diagram["W"][0, 0, 0]).tolist() == [False, True, True]
    assert diagram.loss[0, 0] <= 1e-15
    large = gs.phase_diagram(lambda p: gs.Problem(9, 2, p), {"p": [0.02]}, n_starts=2, passes=1)
    assert large["n_starts"][0] > 2  # descents, with hops
    assert large.loss[0] < float(gs.expected_loss(gs.Problem(9, 2, 0.02), np.zeros((2, 9)), np.full(9, 0.01)))


def test_a_cell_with_rare_features_in_the_plane_is_a_heptagon():
    """Eight features, of which the one that is dropped has its best bias, p/2: without it the loss is p²/4 higher."""
    diagram = gs.phase_diagram(gs.Problem(8, 2), {"feature_probability": [0.003]}, n_starts=8)
    assert diagram["label"][0] == "heptagon + 1 not represented"
    W, b = diagram["W"][0], diagram["b"][0]
    dropped = int(np.argmin(np.linalg.norm(W, axis=0)))
    assert b[dropped] == pytest.approx(0.0015, abs=1e-12)
    assert diagram.loss[0] == pytest.approx(gs.minimize(gs.Problem(8, 2, 0.003), n_starts=32, rng=0).loss, rel=1e-12)


def test_what_varies_in_a_problem():
    problem = gs.Problem(3, 2, 0.1, importance=[1.0, 0.5, 0.5])
    varied = Varied(problem)(feature_probability=0.2, relative_importance=3.0, n_hidden=1)
    assert varied == gs.Problem(3, 1, 0.2, importance=[1.0, 0.5, 1.5])
    assert Varied(gs.Problem(3, 2))(importance_decay=0.5).importance.tolist() == [1, 0.5, 0.25]


def test_candidates_of_the_paper():
    s, r = 0.4, 0.7
    problem = gs.Problem(2, 1, s, importance=[1, r])
    losses = {one.name: float(gs.expected_loss(problem, one.W, one.b)) for one in candidates(problem)}
    assert losses == {
        "ignore 1": pytest.approx(s / 3 - s**2 / 4, rel=1e-13),
        "ignore 2": pytest.approx(r * (s / 3 - s**2 / 4), rel=1e-13),
        "1 opposite 2": pytest.approx((1 + r) * s**2 / 6, rel=1e-13),
    }
    kernels = {one.name: one.W for one in candidates(gs.Problem(3, 2))}
    for name, kernel in (
        ("ignore 3", (0, 0, 1)),
        ("ignore 1", (1, 0, 0)),
        ("2 opposite 3", (0, 1, 1)),
        ("1 opposite 2", (1, 1, 0)),
        ("simplex", (1, 1, 1)),
    ):
        np.testing.assert_allclose(kernels[name] @ kernel, 0, atol=1e-15)
    assert len(candidates(gs.Problem(9, 3))) == 4
    assert {one.W.shape for one in candidates(gs.Problem(9, 3))} == {(3, 9)}


@pytest.mark.parametrize(
    ("problem", "axes", "options", "message"),
    [
        (PAIR, {}, {}, "names no axis"),
        (PAIR, {"feature_probability": []}, {}, "axis 'feature_probability' is empty"),
        (PAIR, {"feature_probabilty": [0.1]}, {}, "did you mean 'feature_probability'?"),
        (PAIR, {"feature_probability": [0.1, 1.5]}, {}, "no problem at feature_probability=1.5: "),
        (gs.Problem(2, 1, importance=[1, 2]), {"importance_decay": [0.5]}, {}, "importance_decay replaces"),
        ("pair", {"x": [1]}, {}, "problem='pair' is neither a Problem nor a function"),
        (lambda x: x, {"x": [1]}, {}, "no problem at x=1: the family returned 1: return a Problem"),
        (lambda x: PAIR, {"y": [1]}, {}, "'y' is not a parameter of <lambda>"),
        (PAIR, {"feature_probability": [0.1]}, {"n_starts": 0}, "n_starts=0 is too small"),
        (PAIR, {"feature_probability": [0.1]}, {"bias": "some"}, "bias='some' is unknown"),
        (PAIR, {"feature_probability": [0.1]}, {"train": {"steps": 3}}, "did you mean 'n_steps'?"),
    ],
)
def test_refusals(problem, axes, options, message):
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        gs.phase_diagram(problem, axes, **options)


@pytest.mark.slow
def test_cells_against_five_hundred_starts():
    values = {"feature_probability": np.geomspace(0.01, 1, 30), "relative_importance": np.geomspace(0.1, 10, 30)}
    diagram = gs.phase_diagram(PAIR, values)
    for cell in np.random.default_rng(0).choice(900, 10, replace=False).tolist():
        i, j = divmod(cell, 30)
        importance = [1.0, values["relative_importance"][j]]
        problem = gs.Problem(2, 1, float(values["feature_probability"][i]), importance=importance)
        assert abs(gs.minimize(problem, n_starts=500, rng=cell).loss - diagram.loss[i, j]) <= 1e-9
