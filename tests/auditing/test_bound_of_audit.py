"""The bound in an audit: from the door where one is known, and none for untied ReLU models."""

import numpy as np
import pytest

import geomsup as gs


def pentagon(W_out=None):
    problem = gs.Problem(5, 2, 0.01)
    W = 1.1 * gs.frames.polygon(5)
    return gs.audit(problem, W, np.full(5, -0.2), W_out=W_out, best=0.001001483)


def test_both_sides():
    audit = pentagon()
    assert audit.bound.exact == gs.bound(audit.problem).exact
    assert audit.bound.value <= audit.bracket.upper
    assert audit.bracket.upper == pytest.approx(audit.best, rel=1e-12)
    assert audit.bracket.relative_gap == pytest.approx(1 - audit.bound.value / audit.best, rel=1e-9)
    assert f"lower bound       {audit.bound.summary()}" in audit.summary()
    assert "of the best known, at most" in audit.summary()
    found = audit.to_dict()
    assert found["lower_bound"] == audit.bound.value
    assert found["bound_status"] == "proved"
    assert found["relative_gap"] == audit.bracket.relative_gap


def test_untied_weights_have_no_bound_of_tied_ones():
    audit = pentagon(W_out=1.1 * gs.frames.polygon(5).T)
    assert not audit.bound.known
    assert "no bound known" in audit.summary()
    assert audit.to_dict()["bound_status"] == "no bound known"
    assert audit.to_dict()["relative_gap"] is None
