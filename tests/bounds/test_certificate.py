"""Certificates as files: read back unchanged, refused when damaged, and never more than data."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import geomsup as gs
from geomsup.bounds.certificate import FORMAT

GOOD = gs.bounds.welch_bound(6, 2).certificate
LAYOUT = json.loads(GOOD.to_json())


def test_saved_and_loaded(tmp_path):
    path = GOOD.save(tmp_path / "hexagon")
    assert path.name == "hexagon.json"
    assert path.stat().st_size < 1000
    loaded = gs.Certificate.load(path)
    assert loaded == GOOD
    assert gs.verify(loaded)
    assert gs.verify(path)
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_half_written_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        GOOD.save(tmp_path / "hexagon")
    assert list(tmp_path.iterdir()) == []


def change(**changes):
    return json.dumps({**LAYOUT, **changes})


BROKEN = {
    "empty": "",
    "cut short": GOOD.to_json()[:-20],
    "not an object": "[1, 2]",
    "an entry missing": json.dumps({key: LAYOUT[key] for key in ("format", "kind", "claim")}),
    "an entry too many": change(note="hello"),
    "another layout": change(format="geomsup-certificate/9"),
    "a float": change(claim={**LAYOUT["claim"], "value": 1.2}),
    "an infinity": change(claim={**LAYOUT["claim"], "value": float("inf")}),
    "null": change(proof=None),
    "null inside": change(proof={"coefficients": [None]}),
    "kind is a number": change(kind=3),
    "claim is a list": change(claim=[]),
    "the same entry twice": GOOD.to_json().replace('"kind"', '"kind": "linear",\n "kind"', 1),
    "nested": f'{{"format": "{FORMAT}", "kind": "two-point", "claim": {{"a": {"[" * 50}{"]" * 50}}}, "proof": {{}}}}',
    "nested beyond the stack": "[" * 200_000,
    "an integer of a million digits": change(claim={}).replace('"claim": {}', f'"claim": {{"n": {"9" * 10**6}}}'),
    "a pickle": "\x80\x04\x95\x1a\x00\x00\x00cos\nsystem\n(S'true'\ntR.",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_damaged_file_is_refused_with_one_error(tmp_path, name):
    path = tmp_path / "broken.json"
    path.write_text(BROKEN[name], encoding="utf-8")
    with pytest.raises(ValueError, match=r"broken\.json is not a certificate \(.*\): nothing in it was used"):
        gs.Certificate.load(path)


def test_bytes_that_are_not_text_are_refused(tmp_path):
    path = tmp_path / "broken.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="is not a certificate"):
        gs.Certificate.load(path)


def test_a_huge_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("geomsup.bounds.certificate.LARGEST", 100)
    with pytest.raises(ValueError, match="more than 100 bytes"):
        gs.Certificate.load(GOOD.save(tmp_path / "big"))


def test_objects_are_refused():
    with pytest.raises(ValueError, match=r"claim\.value is a float"):
        gs.Certificate("two-point", {"value": 1.0}, {})
    with pytest.raises(ValueError, match="proof is a list"):
        gs.Certificate("two-point", {}, [])


def test_a_certificate_keeps_its_own_copy():
    claim = {"values": ["1"]}
    certificate = gs.Certificate("two-point", claim, {})
    claim["values"].append("2")
    assert certificate.claim == {"values": ["1"]}


plain = st.recursive(
    st.text(max_size=5) | st.integers(-(10**6), 10**6) | st.booleans(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=8), plain, max_size=4), st.dictionaries(st.text(max_size=8), plain, max_size=4))
def test_any_plain_data_survives(claim, proof):
    certificate = gs.Certificate("anything", claim, proof)
    assert gs.Certificate.from_json(certificate.to_json()) == certificate
    assert gs.verify(certificate).status == "failed"
