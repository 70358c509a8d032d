"""Verification: it needs no solver, never raises on a certificate, and rejects what proves less than it claims."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds.verify import CHECKERS
from tests.bounds.examples import MAKERS, NAMES, certificate
from tests.bounds.recomputed import margin


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_is_proved(name):
    verification = gs.verify(certificate(name))
    assert verification
    assert verification.status == "proved"
    assert verification.statement
    assert not verification.reason
    assert "proved" in repr(verification)


def test_every_kind_has_an_example():
    assert {certificate(name).kind for name in NAMES} == set(CHECKERS)


def test_verification_imports_no_solver(tmp_path):
    paths = [str(certificate(name).save(tmp_path / f"{k}")) for k, name in enumerate(NAMES)]
    code = "import sys, geomsup as gs\nassert all(gs.verify(path) for path in sys.argv[1:])\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "flint" in loaded
    assert {name for name in loaded if name.startswith(("cvxpy", "scipy.optimize", "clarabel", "highspy"))} == set()


def test_bounds_and_brackets_are_checked_too():
    assert gs.verify(gs.capacity(2))
    assert "; " in gs.verify(gs.capacity(2)).statement
    with pytest.raises(ValueError, match="has no certificate"):
        gs.verify(gs.bound(gs.Problem(4, 3)))


def test_an_unknown_kind_fails_with_the_reason():
    verification = gs.verify(gs.Certificate("four-point", {}, {}))
    assert not verification
    assert "the kind 'four-point' is unknown" in verification.reason


def numbers_in(data, path=()):
    """Paths of all texts that stand for numbers."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key not in ("quantity", "name", "rows"):
                yield from numbers_in(value, (*path, key))
    elif isinstance(data, list):
        for k, value in enumerate(data):
            yield from numbers_in(value, (*path, k))
    elif isinstance(data, str) and data != "free":
        yield path


def replaced(data, path, change):
    """A copy of nested data with one entry changed."""
    if not path:
        return change(data)
    if isinstance(data, dict):
        return {key: replaced(value, path[1:], change) if key == path[0] else value for key, value in data.items()}
    return [replaced(value, path[1:], change) if k == path[0] else value for k, value in enumerate(data)]


def tampered(original, rng):
    """The certificate with one number moved by 1e-6 to 1."""
    layout = {"claim": original.claim, "proof": original.proof}
    paths = list(numbers_in(layout))
    path = paths[rng.integers(len(paths))]
    size = int(10 ** rng.uniform(0, 6))
    shift = f"{rng.choice([-1, 1]) * size}/1000000"

    def moved(text):
        from geomsup.bounds import _numbers

        number = _numbers.read_number("x", text)
        return _numbers.text(number + _numbers.read_number("shift", shift))

    changed = replaced(layout, path, moved)
    return gs.Certificate(original.kind, changed["claim"], changed["proof"]), path


def tamper_with(names, count, seed):
    """Certificates each with one entry moved, checked against floating-point recomputation; (accepted, rejected)."""
    rng = np.random.default_rng(seed)
    accepted = rejected = 0
    for k in range(count):
        original = certificate(names[k % len(names)])
        forged, path = tampered(original, rng)
        verification, sure = gs.verify(forged), margin(forged)
        # `margin` is positive when the numbers still prove the value, by a computation of its own in floats.
        assert not verification or sure > -1e-9, (original.kind, path, sure)
        assert verification or sure < 1e-9, (original.kind, path, sure, verification.reason)
        accepted, rejected = accepted + bool(verification), rejected + (not verification)
    return accepted, rejected


def test_tampering_is_detected():
    # Windows are slow; what is recomputed on samples can be refused but not accepted: test_marked.py, test_density.py,
    # test_free_bias.py, test_global.py, test_layers.py.
    marked = ("marked", "marked, any bias", "least", "marked, at a density", "density")
    apart = ("uniform class", *marked, "branch and bound", "layers")
    names = [name for name in NAMES if name not in apart]
    accepted, rejected = tamper_with(names, 200, seed=0)
    assert rejected >= 100
    assert accepted >= 5  # some changes do no harm, such as a lower claim


@pytest.mark.slow
def test_tampering_with_windows_is_detected():
    _, rejected = tamper_with(["uniform class"], 60, seed=1)
    assert rejected >= 30


entries = st.one_of(
    st.integers(-5, 5),
    st.booleans(),
    st.text(max_size=4),
    st.lists(st.text(max_size=3), max_size=3),
    st.just({}),
    st.just("1/0"),
    st.just("-1"),
    st.just("1 + 1*sqrt(2)"),
    st.just("9" * 200),
)


@given(st.sampled_from([*MAKERS]), st.data())
def test_any_entry_may_be_anything(name, data):
    """A certificate with an entry replaced by junk fails, or still proves what it says; checking it never raises."""
    original = certificate(name)
    layout = {"claim": original.claim, "proof": original.proof}
    path = data.draw(st.sampled_from([*top_paths(layout)]))
    junk = data.draw(entries)
    changed = replaced(layout, path, lambda _: junk)
    if not all(isinstance(changed[part], dict) for part in changed):
        return
    verification = gs.verify(gs.Certificate(original.kind, changed["claim"], changed["proof"]))
    assert bool(verification) != bool(verification.reason)


def top_paths(data, path=(), depth=3):
    """Paths of entries down to some depth."""
    if path:
        yield path
    if depth and isinstance(data, (dict, list)):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data[:3]):
            yield from top_paths(value, (*path, key), depth - 1)
