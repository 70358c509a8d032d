"""The registry: every file of the room is a claim that says what it must, and a check can fail."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import geomsup as gs
from geomsup.bounds import Certificate, price_of_orthogonality
from geomsup.claims import Case, Claim, Status
from geomsup.claims import _registry as registry_module

ROOM = Path(gs.claims.__file__).parent
CLAIMS = gs.claims.registry()
TEXTS = {
    "statement": "1 + 1 = 2.",
    "conditions": "None.",
    "source": "Arithmetic.",
    "topic": "geometry",
    "evidence": "Counting.",
}


def made(**changes):
    """A claim about two numbers."""
    options = {
        **TEXTS,
        "status": Status.VERIFIED,
        "cases": [Case("one", (1,)), Case("two", (2,), slow=True)],
        "prediction": lambda x: x + 1,
        "measurement": lambda x: x + 1,
    }
    return Claim(**{**options, **changes}).named("made")


def test_every_file_of_the_room_is_a_claim_of_its_name():
    files = {path.stem.replace("_", "-") for path in ROOM.glob("[!_]*.py")}
    assert set(CLAIMS) == files
    assert len(files) >= 34
    assert all(claim.name == name for name, claim in CLAIMS.items())
    statements = [claim.statement for claim in CLAIMS.values()]
    assert len(set(statements)) == len(statements)


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_claim_says_what_it_must(claim):
    for text in (claim.statement, claim.conditions, claim.source, claim.evidence):
        assert text == text.strip() != ""
        assert text.endswith(".")
        assert "  " not in text
    proved = claim.status is Status.PROVED or any(case.status is Status.PROVED for case in claim.cases)
    assert not proved or claim.proof or claim.certificates
    # What a search found proves nothing by itself.
    assert all(case.status is not Status.PROVED for case in claim.cases if "found" in case.label)
    pages = [word for word in f"{claim.source} {claim.evidence} {claim.proof}".split() if word.startswith("docs/")]
    assert all((ROOM.parents[1] / page.rstrip(".,;:")).is_file() for page in pages)


def test_listed_by_topic_and_alphabet():
    places = [(gs.claims.TOPICS.index(claim.topic), claim.name) for claim in CLAIMS.values()]
    assert places == sorted(places)


def test_a_new_claim_is_one_new_file(tmp_path, monkeypatch):
    text = (ROOM / "antipodal_pair.py").read_text(encoding="utf-8")
    (tmp_path / "another_pair.py").write_text(text, encoding="utf-8")
    (tmp_path / "_shared.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(gs.claims, "__path__", [str(ROOM), str(tmp_path)])
    registry_module.registry.cache_clear()
    try:
        assert set(registry_module.registry()) == {*CLAIMS, "another-pair"}
        assert registry_module.claim("another-pair").check()
        (tmp_path / "empty_one.py").write_text("", encoding="utf-8")
        registry_module.registry.cache_clear()
        with pytest.raises(ValueError, match="empty_one has no CLAIM: give it one, or begin its name"):
            registry_module.registry()
    finally:
        registry_module.registry.cache_clear()
        for name in ("another_pair", "empty_one"):
            sys.modules.pop(f"geomsup.claims.{name}", None)


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(ValueError, match="no claim 'pentagn': did you mean 'pentagon'"):
        gs.claims.claim("pentagn")
    with pytest.raises(ValueError, match="no claim 'zzz': see registry"):
        gs.claims.claim("zzz")


@pytest.mark.parametrize(
    ("relation", "tolerance", "measured", "holds"),
    [
        ("=", 0.0, 2.0, True),
        ("=", 0.0, 2.0 + 1e-15, False),
        ("=", 1e-3, 2.0009, True),
        ("=", 1e-3, 1.9989, False),
        ("≤", 0.0, 2.0, True),
        ("≤", 0.0, 2.1, False),
        ("≤", 0.2, 2.1, True),
        ("≥", 0.0, 1.9, False),
        ("≥", 0.2, 1.9, True),
        ("<", 0.0, 2.0, False),
        ("<", 0.0, 1.9, True),
        (">", 0.0, 2.0, False),
        (">", 0.0, 2.1, True),
        *((relation, 0.0, math.nan, False) for relation in "=≤≥<>"),
    ],
)
def test_relations(relation, tolerance, measured, holds):
    assert Case("x", (), relation, tolerance).holds(measured=measured, predicted=2.0) is holds


def test_slow_cases_are_left_out_and_said_to_be():
    steps = []
    check = made().check(callback=lambda *step: steps.append(step))
    assert (len(check.outcomes), check.skipped, bool(check)) == (1, 1, True)
    assert repr(check) == "Check(made: 1 of 1 cases hold, 1 slow left out)"
    assert steps == [("one", 0, 1)]
    assert [one.measured for one in made().check(slow=True).outcomes] == [2.0, 3.0]


def test_a_case_that_misses_fails_the_check():
    check = made(measurement=lambda x: 2.0).check(slow=True)
    assert not check
    assert [one.holds for one in check.outcomes] == [True, False]
    assert check.outcomes[1].difference == -1.0
    assert not made(measurement=lambda x: math.nan).check()
    assert made(measurement=lambda x: math.nan).check().to_dict()["cases"][0]["measured"] is None


def test_a_certificate_that_proves_nothing_fails_the_check():
    true = price_of_orthogonality(gs.Problem(5, 2, 0.5)).certificate
    assert made(certificates=lambda: [true]).check()
    forged = Certificate(true.kind, {**true.claim, "value": "1"}, true.proof)
    check = made(certificates=lambda: [true, forged]).check()
    assert not check
    assert repr(check).endswith("1 of 2 certificates proved)")
    assert check.to_dict()["certificates"][1]["reason"].startswith("the proof gives a value of")


def test_a_refuted_claim_shows_its_exceptions():
    check = made(status=Status.REFUTED, cases=[Case("an exception", (1,), "<")], measurement=lambda x: x).check()
    assert check
    assert check.outcomes[0].status is Status.REFUTED


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": " "}, "the source of a claim is empty: say it in a sentence"),
        ({"topic": "cooking"}, "topic='cooking' is unknown: pass one of geometry"),
        ({"cases": []}, r"the cases are \[\]: pass at least one"),
        ({"cases": [Case("x"), Case("x")]}, "each with a label of its own"),
        ({"status": Status.PROVED}, "proved, without a proof or a certificate"),
        ({"cases": [Case("x", status=Status.PROVED)]}, "proved, without a proof or a certificate"),
    ],
)
def test_claims_that_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        made(**changes)


def test_names_and_relations_that_are_refused():
    with pytest.raises(ValueError, match="name='A claim' is not a name"):
        replace(made(), name="").named("A claim")
    with pytest.raises(ValueError, match="relation='~' is unknown"):
        Case("x", (), "~")
    for relation, tolerance in (("=", -1.0), ("=", math.inf), ("=", math.nan), ("<", 0.1)):
        with pytest.raises(ValueError, match="tolerance="):
            Case("x", (), relation, tolerance)


def test_plain_data_says_the_same():
    claim = gs.claims.claim("antipodal-pair")
    data = json.loads(json.dumps({**claim.to_dict(), "check": claim.check().to_dict()}))
    assert (data["name"], data["status"], data["check"]["holds"]) == ("antipodal-pair", "proved", True)
    assert data["check"] == json.loads(json.dumps(claim.check().to_dict()))


def test_the_registry_is_read_when_it_is_used():
    code = "import sys, geomsup; print('geomsup.claims' in sys.modules, geomsup.claims.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "geomsup.claims"]
