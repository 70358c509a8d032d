"""``geomsup claims``: everything listed, one shown and measured, files whole, errors in one line."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

import geomsup as gs
from geomsup.claims import Case, Claim, Status
from geomsup.cli import main
from tests.claims.test_registry import made

CLAIMS = gs.claims.registry()


def run(*arguments):
    return CliRunner().invoke(main, ["claims", *arguments])


@pytest.fixture
def two(monkeypatch):
    """A registry with two claims: one that holds, with a slow case, and one that does not."""
    good = made()
    bad = Claim(
        **{**{f: getattr(good, f) for f in good.__dataclass_fields__}, "measurement": lambda x: 0.0, "name": "bad"}
    )
    found = {"made": good, "bad": bad}
    monkeypatch.setattr(gs.claims, "registry", lambda: found)
    return found


def test_the_list_has_statement_status_and_evidence():
    done = run()
    assert (done.exit_code, done.stderr) == (0, "")
    words = " ".join(done.stdout.split())
    for name, claim in CLAIMS.items():
        assert f"{name} {claim.status} {claim.statement} Evidence: {claim.evidence}" in words
    assert "Measured" not in words


def test_one_claim_is_shown_whole_and_measured():
    done = run("capacity-plane")
    claim = gs.claims.claim("capacity-plane")
    assert done.exit_code == 0
    words = " ".join(done.stdout.split())
    for text in (claim.statement, claim.conditions, claim.source, claim.evidence, claim.proof):
        assert text in words
    assert "4.19821271705 = 4.19821271705" in words
    assert "certificate proved: C(2) ≤ 4.19821271705" in words
    assert done.stdout.splitlines()[-1] == "as claimed, 6 of 6 cases hold"
    assert done.stderr == "capacity-plane (0 of 6 cases done) ...\n"


def test_json_holds_everything():
    one = json.loads(run("antipodal-pair", "--json").stdout)
    claim = gs.claims.claim("antipodal-pair")
    assert one["geomsup"] == gs.__version__
    assert one["claims"] == [json.loads(json.dumps({**claim.to_dict(), "check": claim.check().to_dict()}))]
    every = json.loads(run("--json").stdout)
    assert every["claims"] == [claim.to_dict() for claim in CLAIMS.values()]


def test_what_does_not_hold_is_said_and_is_exit_code_1(two):
    done = run("--run")
    assert done.exit_code == 1
    assert "Measured: as claimed, 1 of 1 cases hold; 1 slow ones left out (--slow)" in done.stdout
    assert "Measured: NOT AS CLAIMED, 0 of 1 cases hold" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("2 claims, 1 of 2 as claimed")
    assert "made (0 of 2 cases done)" in done.stderr
    assert "bad (1 of 2 cases done)" in done.stderr
    data = json.loads(run("--run", "--slow", "--json").stdout)
    assert [len(claim["check"]["cases"]) for claim in data["claims"]] == [2, 2]


def test_the_page_is_written_whole(two, tmp_path):
    done = run("--page", str(tmp_path / "claims.md"))
    assert done.exit_code == 1
    text = (tmp_path / "claims.md").read_text(encoding="utf-8")
    assert text == gs.claims.page([claim.check(slow=True) for claim in two.values()])
    assert "| two | 3 | = | 3 | 0 | verified |" in text
    assert list(tmp_path.iterdir()) == [tmp_path / "claims.md"]


def test_an_interruption_leaves_nothing(monkeypatch, tmp_path):
    def interrupted(x):
        raise KeyboardInterrupt

    claims = {"made": made(), "later": made(status=Status.SEARCHED, cases=[Case("x", (1,))], measurement=interrupted)}
    monkeypatch.setattr(gs.claims, "registry", lambda: claims)
    done = run("--page", str(tmp_path / "claims.md"))
    assert done.exit_code == 130
    assert "interrupted; 1 claims were measured, and nothing was written" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pentagn",), "no claim 'pentagn': did you mean 'pentagon'?"),
        (("pentagon", "--run"), "leave one out"),
        (("--slow",), "pass NAME or --run"),
        (("--page", "missing/claims.md"), "there is no directory missing"),
    ],
)
def test_bad_input_is_one_line(arguments, message):
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_in_a_fresh_directory(tmp_path):
    command = [sys.executable, "-m", "geomsup", "claims", "energy-two-more"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "as claimed" in done.stdout
    assert list(tmp_path.iterdir()) == []
