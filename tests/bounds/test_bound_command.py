"""``geomsup bound``: what it prints is what the library finds, and no bound is said to be none."""

import json
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import geomsup as gs
from geomsup.bounds import _check_marked
from geomsup.cli import main
from geomsup.cli._problem import read_potential


def run(*arguments):
    return CliRunner().invoke(main, ["bound", *(str(argument) for argument in arguments)])


def test_capacity_from_both_sides():
    done = run("--capacity", 5)
    bracket = gs.capacity(5)
    assert done.exit_code == 0
    assert f"lower         {bracket.lower!r}   = 80/7, proved" in done.stdout
    assert f"upper         {bracket.upper!r}   = 80/7, proved" in done.stdout
    assert f"relative gap  {bracket.relative_gap:.3g}" in done.stdout
    assert "= 35/11 + 5/11*sqrt(5), proved" in run("--capacity", 2).stdout


def test_energy_as_the_library_has_it(tmp_path):
    bound = gs.bound(gs.ReluSquared(), n=8, m=3)
    done = run("--energy", "relu2", "-n", 8, "-m", 3, "--save", tmp_path / "c")
    assert f"bound      {bound.value!r}" in done.stdout
    assert bound.statement in done.stdout
    assert "status     proved" in done.stdout
    assert gs.verify(tmp_path / "c.json")
    assert run("--verify", tmp_path / "c.json").stdout.startswith("proved: Σ")


def test_a_certificate_that_proves_nothing(tmp_path):
    bound = gs.bounds.welch_bound(6, 2)
    claim = {**bound.certificate.claim, "value": "7/5"}
    path = gs.Certificate(bound.certificate.kind, claim, bound.certificate.proof).save(tmp_path / "forged")
    done = run("--verify", path)
    assert done.exit_code == 1
    assert done.stdout.startswith("failed: the proof gives a value of 1.2, not 1.4")
    path.write_text("{}")
    assert run("--verify", path).exit_code == 2


def test_json_holds_everything():
    found = json.loads(run("--energy", "riesz:1", "-n", 4, "-m", 3, "--json").stdout)
    bound = gs.bound(gs.Riesz(), n=4, m=3)
    assert (found["value"], found["exact"], found["known"]) == (bound.value, bound.exact, True)
    assert gs.verify(gs.Certificate.from_json(json.dumps(found["certificate"])))
    both = json.loads(run("--capacity", 2, "--json").stdout)
    assert both["relative_gap"] == 0
    assert np.shape(both["W"]) == (2, 5)
    assert gs.verify(gs.Certificate.from_json(json.dumps(both["witness"])))


def test_losses_of_problems():
    assert "bound      0.3125\nexactly    5/16" in run("-n", 5, "-p", 0.5, "--activation", "identity").stdout
    assert "no bound known" in run("-n", 6, "-m", 3).stdout
    assert f"bound      {gs.bound(gs.Problem(4, 2, 0.1)).value!r}" in run("-n", 4, "-p", 0.1).stdout
    assert "without bias" in run("-n", 5, "-p", 0.01, "--bias", "zero").stdout
    searched = run("-n", 4, "-m", 3, "--search", "--n-starts", 2).stdout
    assert "lower         no bound known" in searched
    assert "attained, searched" in searched


def test_lines_and_one_active_feature():
    assert "exactly    0 + 1/5*sqrt(5)" in run("--coherence", "-n", 6, "-m", 3).stdout
    _check_marked._prove.cache_clear()  # what other tests proved is remembered, and takes no time
    one = run("--one-active", "-n", 5)
    assert f"bound      {gs.bounds.one_active_bound(5, 2).value!r}" in one.stdout
    assert "seconds to minutes" in one.stderr
    assert run("--one-active", "-n", 5, "--quiet").stderr == ""
    both = run("--one-active", "-n", 5, "--search").stdout
    assert "relative gap  0\n" in both
    assert both.count("   proved\n") == 2
    assert run("--one-active", "-n", 5, "--search", "--bias", "free").stdout == both
    free = run("--one-active", "-n", 5, "--bias", "free", "--quiet")
    assert "all W and b of any sign" in free.stdout
    assert "--coherence needs a number of vectors" in run("--coherence").output
    assert run("--one-active").stderr == "Error: --one-active needs a number of vectors: pass -n\n"


def test_three_points_show_progress():
    pytest.importorskip("clarabel")
    done = run("--energy", "relu2", "-n", 10, "-m", 4, "--method", "three-point", "--degree", 2)
    assert "method     three-point SDP, degree 2" in done.stdout
    assert "three-point program ..." in done.stderr
    both = run("--capacity", 4, "--method", "three-point", "--degree", 1, "--wide", "--multipliers", "--quiet")
    assert "three-point SDP, degree 1, wide, with multipliers" in both.stdout
    assert "C(4) ≤" in both.stdout
    assert both.stderr == ""


def test_a_missing_solver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "clarabel", None)
    done = run("--capacity", 4, "--method", "three-point")
    assert done.exit_code == 2
    assert "geomsup[bounds]" in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--capacity", 4, "--coherence"), "exclude each other"),
        (("-n", 5, "--method", "three-point"), "the loss of a problem takes marked"),
        (("--uniform", "-n", 5, "--method", "marked"), "--uniform has one method"),
        (("--capacity", 4, "--degree", 3), "--degree 3 does not apply"),
        (("--capacity", 4, "--wide"), "--wide does not apply"),
        (("--energy", "relu2", "-n", 5, "--multipliers"), "--multipliers does not apply"),
        (("-n", 5, "--bias", "nonpositive"), "the loss of a problem takes free or zero"),
        (("--one-active", "-n", 5, "--bias", "zero"), "--one-active takes nonpositive or free"),
        (("--capacity", 4, "--bias", "free"), "has no choice of biases: leave it out"),
        (("-n", 5, "--marks", 3), "--marks 3 does not apply"),
        (("--one-active", "-n", 7, "--marks", 9), "marks=9 is above 6"),
        (("--one-active", "-n", 7, "--marks", 5, "--bias", "free"), "marks=5 is above 4"),
        (("--one-active", "-n", 7, "--marks", 3, "--search"), "--search does not apply"),
    ],
)
def test_options_that_contradict_each_other(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_the_class_of_one_norm_and_bias():
    assert f"bound      {gs.bounds.uniform_class_bound(5, 2).value!r}" in run("--uniform", "-n", 5).stdout
    assert "bound      0.0" in run("--uniform", "-n", 4, "--n-starts", 2).stdout


def test_solve_and_audit_say_what_is_known(tmp_path):
    def solved(*more):
        arguments = ["solve", "-n", "4", "-m", "3", "--n-starts", "2", "--quiet", *more]
        return CliRunner().invoke(main, arguments).stdout

    assert "lower bound       no bound known" in solved()
    assert "lower bound       0.0160416666667   (proved by the tail" in solved("--activation", "identity")
    assert "(proved by layers of importance)" in solved("-m", "1", "--importance-decay", "0.9")
    assert json.loads(solved("--json"))["lower_bound"] is None
    audit = gs.audit(gs.Problem(3, 2, [0.1, 0.2, 0.3]), np.eye(2, 3), [0.0, 0.0, 0.05], n_starts=2)
    assert "lower bound       no bound known" in audit.summary()
    assert audit.to_dict()["lower_bound"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--energy", "relu3", "-n", 5), "energy='relu3' is not a potential"),
        (("--energy", "riesz:a", "-n", 5), "energy='riesz:a' is not a potential"),
        (("--energy", "relu2"), "an energy needs both"),
        (("--capacity", 2, "--uniform"), "exclude each other"),
        (("--capacity", 0), "m=0 is too small"),
        (("--uniform",), "pass -n"),
        (("-n", 6, "-m", 3, "--save", "c.json"), "no certificate to save"),
    ],
)
def test_bad_input_is_one_line(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what is not refused leaves its file here
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_potentials_by_name():
    assert read_potential("frame") == gs.FramePotential()
    assert read_potential("riesz") == gs.Riesz()
    assert read_potential("riesz:2.5") == gs.Riesz(2.5)
    assert read_potential("biased:1.2,-0.3") == gs.BiasedRelu(1.2, -0.3)
