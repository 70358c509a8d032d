"""The table that ships: complete, equal to what its coordinates give, consistent with itself and with known numbers."""

import numpy as np
import pytest

import geomsup as gs
from geomsup._files import read_npz, write_npz
from geomsup.atlas.kinds import KINDS, keys, most_features, probability, value_of
from geomsup.atlas.proofs import limit
from geomsup.atlas.table import SHIPPED
from tests.test_published import agrees

ATLAS = gs.atlas.shipped()
TABLE = {(entry.kind, entry.m, entry.n): entry for entry in ATLAS.entries()}
ROOT5 = 5**0.5
TOL = 2e-9
"""Of the laws below, relative: a sweep replaces what is improved by 1e-9."""


def values(kind):
    return {(entry.m, entry.n): entry.value for entry in ATLAS.entries(kind=kind)}


# Known numbers -----------------------------------------------------------------------------------------------------

EXACT = {
    ("energy", 2, 5): 5 * (3 - ROOT5) / 4,
    ("energy", 2, 6): 3,
    ("energy", 3, 7): 5 * (3 - ROOT5) / 4,
    ("energy", 3, 9): 63 / 17,
    ("energy", 4, 10): 5 / 3,
    ("energy", 5, 16): 32 / 5,
    ("capacity", 1, 2): 2,
    ("capacity", 2, 5): 5 * (7 + ROOT5) / 11,
    ("capacity", 3, 9): 45 / 7,
    ("capacity", 4, 12): 114 / 13,
    ("capacity", 5, 16): 80 / 7,
    ("capacity", 6, 20): 430 / 31,
    ("capacity", 22, 100): 550 / 9,
}
SHOWN = {
    ("energy", 3, 8): "2.043833",
    ("one_active", 2, 5): "0.0791281354",
    ("one_active", 2, 6): "0.2891542562",
    ("one_active", 2, 7): "0.5828983610",
    ("one_active", 3, 7): "0.0534784794",
    ("one_active", 3, 8): "0.1016743215",
    ("one_active", 3, 12): "0.5323796633",
    ("one_active", 4, 10): "0.0529215441",
    ("p=0.1", 2, 5): "0.026305131",
    ("p=0.03", 2, 5): "0.004208955",
    ("p=0.01", 2, 5): "0.001001482",
    ("capacity", 7, 25): "16.3438",
    ("capacity", 8, 30): "18.8237",
}
NAMES = {
    ("energy", 2, 5): "pentagon",
    ("energy", 2, 6): "hexagon",
    ("energy", 3, 7): "pentagon ⊗ digon",
    ("energy", 3, 8): "square antiprism",
    ("energy", 4, 10): "Petersen code",
    ("one_active", 2, 7): "heptagon",
    ("one_active", 3, 8): "square antiprism",
    ("one_active", 3, 12): "icosahedron",
    ("one_active", 4, 10): "Petersen code",
    ("capacity", 5, 16): "Clebsch code",
    ("p=0.01", 2, 5): "pentagon",
}


@pytest.mark.parametrize("key", EXACT, ids=str)
def test_closed_forms(key):
    """CALC, recognised as closed forms; the energies of 5, 6 in the plane and the plane's capacity by hand."""
    assert TABLE[key].value == pytest.approx(EXACT[key], rel=1e-13)


@pytest.mark.parametrize("key", SHOWN, ids=str)
def test_published_digits(key):
    """CALC; the polygons also by CHEN."""
    assert agrees(TABLE[key].value, SHOWN[key])


@pytest.mark.parametrize("key", NAMES, ids=str)
def test_known_names(key):
    assert TABLE[key].name == NAMES[key]


@pytest.mark.parametrize(
    ("key", "order"),
    [
        (("energy", 2, 5), 10),
        (("energy", 4, 10), 120),
        (("one_active", 3, 12), 120),
        (("capacity", 5, 16), 1920),
        (("energy", 8, 16), 2**8 * 40320),
        (("capacity", 22, 100), 88_704_000),
    ],
    ids=str,
)
def test_known_symmetries(key, order):
    assert TABLE[key].symmetry_order == order


@pytest.mark.parametrize(("m", "n"), [(1, 2), (2, 5), (3, 9), (4, 12), (5, 16), (6, 20), (7, 25), (8, 30), (22, 100)])
def test_capacity_needs_so_many_atoms(m, n):
    best = gs.atlas.capacity(m)
    assert (best.n, len(best.represented)) == (n, n)


# Integrity ---------------------------------------------------------------------------------------------------------


def test_complete():
    assert set(TABLE) == set(keys())
    assert {kind: most_features(kind, 8) for kind in KINDS} == {
        "energy": 24, "capacity": 32, "one_active": 24, "p=0.1": 16, "p=0.03": 16, "p=0.01": 16,
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_those_of_the_coordinates(kind):
    for entry in ATLAS.entries(kind=kind):
        value, error = value_of(kind, entry.W, entry.b)
        assert entry.value == pytest.approx(value, rel=1e-12, abs=1e-12)
        assert entry.error == pytest.approx(error, rel=1e-3, abs=1e-14)
        assert 0 <= entry.error <= 1e-11  # measured: 6.2e-12 at most


def test_coordinates_are_what_they_are_said_to_be():
    for (kind, m, n), entry in TABLE.items():
        assert entry.W.shape == (m, n)
        assert entry.b.shape == (n,)
        squares = np.sum(entry.W**2, axis=0)
        if kind == "energy":
            np.testing.assert_allclose(squares, 1, atol=1e-14 * n)
        if kind in ("energy", "capacity"):
            assert not entry.b.any()
        if kind == "one_active":
            assert entry.b.max() <= 0
        if kind == "capacity":  # at the best scale Σ_j w_j (u_i·u_j)₊² is 1 on every atom
            kernel = np.maximum(entry.U.T @ entry.U, 0) ** 2
            if entry.source != "construction":
                np.testing.assert_allclose(kernel @ (entry.value * entry.weights), 1, atol=1e-9)
        assert not entry.W.flags.writeable


def test_names_symmetries_and_counts():
    """One in ten is named again here, all of them in the slow tests."""
    recomputed(list(TABLE.values())[::10])


@pytest.mark.slow
def test_all_names_and_symmetries():
    recomputed(TABLE.values())


def recomputed(entries):
    for entry in entries:
        assert gs.identify(entry.W).name == entry.name
        assert gs.symmetry(entry.W[:, list(entry.represented)]).order == entry.symmetry_order


def test_status_and_hits_are_honest():
    for (kind, m, n), entry in TABLE.items():
        attained = abs(entry.value - limit(kind, m, n)) <= 1e-12 * max(1.0, abs(limit(kind, m, n)))
        assert entry.status == ("proved" if attained else "searched")
        assert 0 <= entry.hits <= entry.n_descents
        if entry.source == "construction":
            assert entry.n_descents == 0
        elif entry.source == "known arrangements":
            assert entry.hits == 0
        else:
            assert entry.hits >= 1
    proved = {key for key, entry in TABLE.items() if entry.status == "proved"}
    small = {
        (kind, m, n) for kind, m, n in TABLE if m <= 8 and n <= (2 * m if probability(kind) is None else m)
    }  # fmt: skip
    line = {("energy", 1, n) for n in range(1, 13)} | {("capacity", 1, n) for n in range(1, 13)}
    plane = {("capacity", 2, n) for n in range(5, 13)} | {("energy", 2, 5), ("energy", 2, 10)}
    plane |= {("one_active", 2, n) for n in (5, 6, 7)}
    assert proved == small | line | plane


# Laws --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_more_features_cost_more(kind):
    """And are worth more. A minimum without one of its features, the best one, is at least as good as the average."""
    table = values(kind)
    for (m, n), value in table.items():
        fewer = table.get((m, n - 1))
        if fewer is None or m > 8:
            continue
        if kind == "energy" and n > 2:
            assert fewer <= (n - 2) / n * value + TOL * value
        elif kind == "capacity":
            assert value >= fewer * (1 - TOL)
        else:
            assert value >= fewer * (1 - TOL)


@pytest.mark.parametrize("kind", KINDS)
def test_more_dimensions_cost_less(kind):
    table = values(kind)
    for (m, n), value in table.items():
        more = table.get((m + 1, n))
        if more is not None:
            assert more >= value * (1 - TOL) if kind == "capacity" else more <= value * (1 + TOL) + 1e-15


@pytest.mark.parametrize("kind", KINDS)
def test_side_by_side(kind):
    """Arrangements in orthogonal spaces add up, and nothing in the table is worse than two smaller ones of it."""
    table = values(kind)
    for (m, n), value in table.items():
        for k in range(1, m // 2 + 1):
            for j in range(1, n):
                if (k, j) in table and (m - k, n - j) in table:
                    total = table[k, j] + table[m - k, n - j]
                    if kind == "capacity":
                        assert value >= total * (1 - TOL)
                    else:
                        assert value <= total * (1 + TOL) + 1e-15


def test_capacities_are_superadditive():
    best = {m: gs.atlas.capacity(m).value for m in range(1, 9)}
    for m in range(2, 9):
        for k in range(1, m // 2 + 1):
            assert best[m] >= best[k] + best[m - k] - 1e-9


def test_between_the_kinds():
    """Equal norms are worth n²/(n + E); dropping features and the limit p → 0 bound the rest."""
    for (m, n), energy in values("energy").items():
        assert TABLE["capacity", m, n].value >= n * n / (n + energy) * (1 - TOL)
    for (m, n), loss in values("one_active").items():
        assert 3 * loss <= n - TABLE["capacity", m, n].value + TOL * n  # b = 0 is allowed
    for kind in ("p=0.1", "p=0.03", "p=0.01"):
        p = probability(kind)
        for (m, n), loss in values(kind).items():
            if (m, n - 1) in values(kind):
                assert loss <= TABLE[kind, m, n - 1].value + p / 3 - p * p / 4 + 1e-12


# Looking up --------------------------------------------------------------------------------------------------------


def test_looking_up():
    page = gs.atlas[3, 8]
    assert (page.m, page.n, len(page), list(page)) == (3, 8, 6, list(KINDS))
    assert page["energy"] is gs.atlas.lookup(3, 8, kind="energy")
    assert gs.atlas[5, 20].entries.keys() == {"capacity"}
    assert ((3, 8) in ATLAS, (9, 8) in ATLAS, len(ATLAS)) == (True, False, len(list(ATLAS)))
    assert gs.atlas.capacity(2).name == "pentagon"


def test_the_module_is_a_module_and_can_be_indexed():
    import importlib

    import geomsup.atlas
    from geomsup import atlas

    assert atlas is geomsup.atlas is importlib.import_module("geomsup.atlas")
    assert atlas[2, 5]["capacity"].n == 5


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (lambda: gs.atlas[9, 20], r"nothing for m=9, n=20: it goes to m=8; search with gs.minimize_energy"),
        (lambda: gs.atlas[2, 40], r"m=2, n=40: at m=2 it goes to n=12; search with"),
        (
            lambda: gs.atlas.lookup(3, 20, kind="p=0.1"),
            r"no 'p=0.1' for m=3, n=20: at m=3 it goes to n=12; search with gs.minimize\(gs.Problem\(20, 3, 0.1\)\)",
        ),
        (lambda: gs.atlas.lookup(8, 40, kind="capacity"), r"at m=8 it goes to n=32; search with gs.capacity_search\(8"),
        (lambda: gs.atlas.lookup(8, 30, kind="one_active"), r"gs.minimize_one_active\(30, 8\)"),
        (lambda: gs.atlas.lookup(3, 8, kind="area"), r"kind='area' is unknown: pass one of 'energy', 'capacity'"),
        (lambda: gs.atlas[3], r"3 is not a size: pass dimensions and features, gs.atlas\[m, n\]"),
        (lambda: gs.atlas[0, 3], "m=0 is too small"),
        (lambda: gs.atlas[2.0, 3], "m=2.0 is not an integer"),
        (lambda: gs.atlas[5, 20]["energy"], "there is no 'energy' for m=5, n=20: pass one of capacity"),
        (lambda: gs.atlas.capacity(9), "no capacity for m=9: it goes from 1 to 8, and has 22"),
    ],
)
def test_refusals(look, message):
    with pytest.raises(ValueError, match=message):
        look()


def test_two_entries_of_one_size_are_refused():
    entry = gs.atlas.lookup(2, 5, kind="energy")
    with pytest.raises(ValueError, match="two entries of kind 'energy' for m=2, n=5"):
        gs.atlas.Atlas([entry, entry])


# The file ----------------------------------------------------------------------------------------------------------


def test_saved_and_loaded(tmp_path):
    again = gs.atlas.Atlas.load(ATLAS.save(tmp_path / "copy"))
    assert [vars(e).keys() for e in again.entries()] == [vars(e).keys() for e in ATLAS.entries()]
    for one, other in zip(again.entries(), ATLAS.entries(), strict=True):
        assert repr(one) == repr(other)
        np.testing.assert_array_equal(one.W, other.W)
        np.testing.assert_array_equal(one.b, other.b)
    assert (tmp_path / "copy.npz").read_bytes() == SHIPPED.read_bytes()


def test_small():
    assert SHIPPED.stat().st_size < 400_000  # measured 234,000


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda arrays, meta: arrays.update(coordinates=arrays["coordinates"][:-1]), "bad is a damaged atlas: 747 en"),
        (lambda arrays, meta: arrays.update(hits=arrays["hits"][:-1]), "bad is a damaged atlas: 746 or 747 entries"),
        (lambda arrays, meta: arrays.pop("value"), "bad is not a complete atlas"),
        (lambda arrays, meta: meta.pop("name"), "bad is not a complete atlas"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path, spoil, message):
    arrays, meta = read_npz(SHIPPED, "atlas")
    spoil(arrays, meta)
    write_npz(tmp_path / "bad", arrays, meta, "atlas")
    with pytest.raises(ValueError, match=message):
        gs.atlas.Atlas.load(tmp_path / "bad")


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_file_cut_short_is_refused(tmp_path, cut):
    whole = SHIPPED.read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: int(cut * len(whole))])
    with pytest.raises(ValueError, match="cut.npz is not an .npz archive, or is cut short: expected a saved atlas"):
        gs.atlas.Atlas.load(tmp_path / "cut.npz")


def test_a_changed_byte_is_refused(tmp_path):
    """Every member of the archive has a checksum."""
    damaged = bytearray(SHIPPED.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "flip.npz").write_bytes(damaged)
    with pytest.raises(ValueError, match="flip.npz cannot be read as a saved atlas"):
        gs.atlas.Atlas.load(tmp_path / "flip.npz")


def test_entries_in_numbers():
    entry = gs.atlas.lookup(4, 10, kind="energy")
    saved = entry.to_dict()
    assert saved["products"] == pytest.approx([-2 / 3, 1 / 6], abs=1e-12)
    np.testing.assert_array_equal(saved["W"], entry.W)
    assert (saved["status"], saved["kind"]) == ("searched", "energy")
    assert entry.geometry.name == entry.name
    assert entry.arrangement == gs.Arrangement(entry.W, entry.b)
    assert entry.weights == pytest.approx(np.full(10, 0.1))
