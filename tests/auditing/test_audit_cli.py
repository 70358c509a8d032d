"""``geomsup audit``: the library's numbers, one report per instance, and errors in one line."""

import doctest
import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import geomsup as gs
from geomsup.cli import main
from tests.auditing.trained import FEW
from tests.test_documents import python_blocks

PAGE = Path(__file__).resolve().parents[2] / "docs" / "audit.md"

PROBLEM = gs.Problem(2, 1, 0.1)
QUICK = ("--n-starts", "2")
STACK, BIASES = np.array([[[0.9, -0.9]], [[1.0, 0.1]]]), np.array([[0.0, 0.0], [0.0, 0.05]])


@pytest.fixture
def file(tmp_path):
    np.savez(tmp_path / "w.npz", W=STACK, b=BIASES, losses=np.zeros(3))
    return tmp_path / "w.npz"


def run(*arguments):
    return CliRunner().invoke(main, ["audit", *map(str, arguments)])


def as_json(*arguments):
    done = run(*arguments, "--json", "--quiet")
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    return json.loads(done.stdout)


def refused(*arguments):
    """The one line of an error."""
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert "Traceback" not in done.stderr
    return errors[0]


def test_the_report_of_several_instances(file):
    done = run(file, "-p", "0.1", *QUICK)
    assert done.exit_code == 0, done.output
    audits = gs.audit_all(PROBLEM, STACK, BIASES, n_starts=2)
    assert done.stdout.startswith(f"{file}: read W, b; not read: losses\n")
    for k, audit in enumerate(audits):
        assert f"instance {k}: {audit.summary()}" in done.stdout
    last = done.stdout.splitlines()[-1].split()
    assert last[:3] == ["1", "0.1", f"{audits[1].loss:.6g}"]
    assert last[-3:] == [str(audits[1].rank), "of", str(audits[1].n_minima)]
    assert [float(part) for part in last[3:6]] == pytest.approx(
        [100 * audits[1].relative(part) for part in (audits[1].excess, audits[1].noise, audits[1].basin)], abs=6e-4
    )
    assert re.findall(r"^(\w+) \.\.\.$", done.stderr, re.MULTILINE)[-1] == "descending"
    assert run(file, "-p", "0.1", "--quiet", *QUICK).stderr == ""


def test_the_report_of_one(tmp_path):
    W, b = FEW[1].train()
    np.savez(tmp_path / "w.npz", W=W, b=b)
    quasi = as_json(tmp_path / "w.npz", "-p", "0.1", "--best", "0.0263051311239", "--no-follow")["audits"][0]
    assert (quasi["followed"], quasi["rank"]) == (False, 2)
    assert "Descent from them was quasi-Newton, which can leave a basin." in quasi["verdict"]
    done = run(tmp_path / "w.npz", "-p", "0.1", "--best", "0.0263051311239")
    assert done.exit_code == 0
    assert gs.audit(gs.Problem(5, 2, 0.1), W, b, best=0.0263051311239).summary() in done.stdout
    assert "instance" not in done.stdout


def test_json_agrees_with_the_library(file):
    found = as_json(file, "-p", "0.1", *QUICK)
    assert (found["geomsup"], found["used"], found["unused"]) == (gs.__version__, ["W", "b"], ["losses"])
    assert found["audits"] == [
        json.loads(json.dumps(audit.to_dict())) for audit in gs.audit_all(PROBLEM, STACK, BIASES, n_starts=2)
    ]


def test_densities_of_instances(file):
    found = as_json(file, "-p", "0.1", "-p", "0.2,0.3", "--best", "0")
    expected = [PROBLEM, PROBLEM.replace(feature_probability=[0.2, 0.3])]
    assert [gs.Problem.from_dict(one["problem"]) for one in found["audits"]] == expected
    assert "problems has 3 entries, but W has 2 instances" in refused(file, "-p", "0.1", "-p", "0.1", "-p", "0.1")


def test_options_describe_the_problem(file):
    found = as_json(file, "-p", "0.3", "-n", "2", "-m", "1", "--importance-decay", "0.5", "--best", "0")
    problem = gs.Problem(2, 1, 0.3, importance=[1, 0.5])
    assert gs.Problem.from_dict(found["audits"][0]["problem"]) == problem
    found = as_json(file, "-p", "0.3", "--values", "constant", "--anticorrelated-sets", "2", "--best", "0")
    law = gs.features.AnticorrelatedSets([[0, 1]], 0.6, gs.features.Constant())
    assert gs.Problem.from_dict(found["audits"][0]["problem"]) == gs.Problem(n_hidden=1, features=law)


def test_names_and_shapes(tmp_path):
    np.savez(tmp_path / "w.npz", enc=np.swapaxes(STACK, 1, 2), dec=STACK, shift=BIASES)
    options = ("-p", "0.1", "--best", "0", "--weights-key", "enc", "--bias-key", "shift")
    found = as_json(tmp_path / "w.npz", *options, "--transpose")
    np.testing.assert_array_equal([one["W"] for one in found["audits"]], STACK)
    found = as_json(tmp_path / "w.npz", *options, "--transpose", "--output-key", "dec")
    np.testing.assert_array_equal([one["W_out"] for one in found["audits"]], np.swapaxes(STACK, 1, 2))
    assert "pass transpose=True (--transpose)" in refused(tmp_path / "w.npz", *options)
    np.save(tmp_path / "w.npy", STACK[0])
    np.savetxt(tmp_path / "b.csv", BIASES[0], delimiter=",")
    found = as_json(tmp_path / "w.npy", "-p", "0.1", "--best", "0", "--bias-file", tmp_path / "b.csv")
    np.testing.assert_array_equal(found["audits"][0]["W"], STACK[0])


def test_the_best_can_be_a_file(file, tmp_path):
    best = gs.minimize(PROBLEM, n_starts=2, rng=0)
    best.save(tmp_path / "best.npz")
    assert as_json(file, "-p", "0.1", "--best", tmp_path / "best.npz")["audits"][0]["best"] == pytest.approx(
        best.loss, rel=1e-14
    )
    assert "pass one of the same problem" in refused(file, "-p", "0.2", "--best", tmp_path / "best.npz")
    assert "no geomsup header" in refused(file, "-p", "0.1", "--best", file)
    assert "No such file" in refused(file, "-p", "0.1", "--best", "good")


def test_a_file_that_brings_its_problem(tmp_path):
    best = gs.minimize(PROBLEM, n_starts=2, rng=0)
    best.save(tmp_path / "best.npz")
    found = as_json(tmp_path / "best.npz", *QUICK)
    assert gs.Problem.from_dict(found["audits"][0]["problem"]) == PROBLEM
    assert found["audits"][0]["rank"] == 1
    message = refused(tmp_path / "best.npz", "-p", "0.1", "--values", "constant")
    assert "brings its own problem, so --feature-probability, --values cannot be chosen: leave them out" in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "does not say how often features are active: pass --feature-probability"),
        (["-p", "2"], "feature_probability=2 is outside [0, 1]"),
        (["-p", "many"], "'many' is not a number"),
        (["-p", "0.1,0.2,0.3"], "there are 2 features"),
        (["-p", "0.1", "-n", "3"], "W has shape (2, 1, 2) but the problem has n_hidden=1, n_features=3"),
        (["-p", "0.1", "-m", "2"], "W has shape (2, 1, 2) but the problem has n_hidden=2, n_features=2"),
        (["-p", "0.1", "--weights-key", "V"], "has the keys ['W', 'b', 'losses'], and not 'V'"),
        (["-p", "0.1", "--best", "-1"], "best=-1 is negative"),
        (["-p", "0.1", "--n-starts", "0"], "n_starts=0 is too small"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_exit_code_2(file, options, message):
    assert message in refused(file, *options)


def test_files_that_cannot_be_read(tmp_path):
    assert "No such file" in refused(tmp_path / "none.npz", "-p", "0.1")
    (tmp_path / "model.pt").write_bytes(b"\x80\x02}q\x00.")
    assert "is a pickle, which can run code when read" in refused(tmp_path / "model.pt", "-p", "0.1")


def test_an_interruption(file, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("geomsup.auditing.audit_all", interrupt)
    done = run(file, "-p", "0.1")
    assert (done.exit_code, done.stdout) == (130, "")
    assert done.stderr.endswith("interrupted; nothing was printed\n")


def test_the_documentation_shows_what_is_printed(tmp_path, monkeypatch):
    text, names = PAGE.read_text(encoding="utf-8"), {}
    for example in doctest.DocTestParser().get_examples(python_blocks(text))[:3]:
        exec(example.source, names)
    monkeypatch.chdir(tmp_path)
    np.savez("weights.npz", W=names["W"], b_final=names["b"])
    shown = re.findall(r"```console\n\$ geomsup audit ([^\n]*)\n(.*?)```", text, re.DOTALL)
    assert len(shown) == 2
    for arguments, want in shown:
        done = run(*arguments.split(), "--quiet")
        got = done.stdout if done.exit_code == 0 else done.stderr
        assert doctest.OutputChecker().check_output(want, got, doctest.ELLIPSIS), got
