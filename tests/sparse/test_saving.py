"""Results of the sparse searches: saved and loaded, from given starts, by several threads."""

import numpy as np
import pytest

import geomsup as gs
from geomsup._files import read_npz, write_npz
from geomsup.sparse import potentials

RELU = gs.ReluSquared()
PIECES = gs.PiecewisePolynomial([-1, 0, 1], [[0], [0, 0, 1]])
SEARCHES = {
    "energy": lambda **options: gs.minimize_energy(RELU, 8, 3, rng=2, **options),
    "one_active": lambda **options: gs.minimize_one_active(6, 2, rng=2, **options),
    "capacity": lambda **options: gs.capacity_search(2, 6, rng=2, **options),
}


@pytest.fixture(scope="module", params=SEARCHES)
def found(request):
    return SEARCHES[request.param](n_starts=80)


def same(first, second):
    """Whether two results agree in every number; `repr` shows value, counts and status."""
    for name in ("minima", "U", "weights"):
        if name == "minima" and hasattr(first, name):
            for one, other in zip(first.minima, second.minima, strict=True):
                assert vars(one).keys() == vars(other).keys()
                for field, value in vars(one).items():
                    np.testing.assert_array_equal(value, getattr(other, field))
        elif hasattr(first, name):
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    return repr(first) == repr(second)


def test_save_and_load(found, tmp_path):
    path = found.save(tmp_path / "found")
    assert path.name == "found.npz"
    assert same(type(found).load(path), found)


def test_a_foreign_or_incomplete_file_is_refused(found, tmp_path):
    gs.Arrangement(np.eye(2)).save(tmp_path / "other")
    with pytest.raises(ValueError, match="other.npz holds a saved arrangement, not a saved"):
        type(found).load(tmp_path / "other")
    kind = {"EnergySolution": "energy solution", "OneActiveSolution": "one-active solution"}.get(
        type(found).__name__, "capacity solution"
    )
    arrays, meta = read_npz(found.save(tmp_path / "whole"), kind)
    del arrays["U" if "U" in arrays else "W"]
    write_npz(tmp_path / "part", arrays, meta, kind)
    with pytest.raises(ValueError, match=f"part is not a complete {kind}"):
        type(found).load(tmp_path / "part")


@pytest.mark.parametrize(
    "potential", [RELU, PIECES, gs.BiasedRelu(1.2, -0.3), gs.Riesz(2.0), gs.FramePotential()], ids=repr
)
def test_potentials_are_saved_by_name_and_numbers(potential):
    assert potentials.potential_from_dict(potentials.potential_to_dict(potential)) == potential


def test_functions_are_not_saved(tmp_path):
    custom = gs.CustomPotential(np.exp, np.exp)
    solution = gs.minimize_energy(custom, 3, 2, n_starts=2, rng=0)
    with pytest.raises(ValueError, match="CustomPotential is made of functions and cannot be saved: save the arr"):
        solution.save(tmp_path / "custom")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", SEARCHES)
def test_the_result_does_not_depend_on_the_workers(name):
    one, several = (SEARCHES[name](n_starts=80, workers=workers) for workers in (1, 3))
    assert same(one, several)


@pytest.mark.parametrize("name", SEARCHES)
def test_threads_tell_in_order_and_end_when_interrupted(name):
    told = []
    SEARCHES[name](n_starts=80, workers=2, callback=told.append)
    assert [one.done for one in told if one.phase == "searching"] == [32, 64, 80]

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SEARCHES[name](n_starts=160, workers=2, callback=interrupt)


@pytest.mark.parametrize("name", SEARCHES)
def test_a_start_alone_leads_to_its_own_minimum(name):
    """The best arrangement, disturbed a little, as the only start."""
    best = SEARCHES[name](n_starts=48)
    value = best.value if name == "capacity" else best.minima[0]
    W = best.U if name == "energy" else best.W
    if name == "capacity":
        W = np.hstack([W, np.zeros((2, 6 - best.n_atoms))])
    start = W + 1e-3 * np.random.default_rng(0).normal(size=W.shape)
    again = SEARCHES[name](n_starts=0, start=[start])
    if name == "capacity":
        assert again.value == pytest.approx(value, rel=1e-12)
    else:
        loss = "energy" if name == "energy" else "loss"
        assert getattr(again, loss) == pytest.approx(getattr(best, loss), abs=1e-11)
    assert again.n_starts == 0


def test_starts_in_every_form():
    hexagon = gs.k_gon(6).arrangement
    solution = gs.minimize_one_active(6, 2, n_starts=0, start=hexagon)
    forms = [hexagon, solution, (hexagon.W, hexagon.b), [hexagon, hexagon.W]]
    for start in forms:
        assert gs.minimize_one_active(6, 2, n_starts=0, start=start).loss == pytest.approx(solution.loss, abs=1e-13)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_starts": 0}, "n_starts=0 is too small"),
        ({"workers": 0}, "workers=0 is too small"),
        ({"start": np.eye(3)}, "W has shape"),
    ],
)
@pytest.mark.parametrize("name", SEARCHES)
def test_refusals(name, options, message):
    with pytest.raises(ValueError, match=message):
        SEARCHES[name](**options)


def test_a_start_without_a_direction_is_refused():
    with pytest.raises(ValueError, match="column 2 of U is zero"):
        gs.minimize_energy(RELU, 3, 2, start=np.eye(2, 3))


def test_several_instances_are_a_list():
    with pytest.raises(ValueError, match="start has shape .2, 2, 3., but a start is one matrix"):
        gs.minimize_energy(RELU, 3, 2, start=np.ones((2, 2, 3)))
