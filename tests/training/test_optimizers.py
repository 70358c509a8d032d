"""Update rules and schedules, against the rules written out anew on the same batches."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.problem import Problem
from geomsup.training.sampler import Sampler

PROBLEMS = [Problem(6, 3, p, gs.geometric_importance(6, 0.8)) for p in (1.0, 0.5, 0.1)]
RATE, STEPS = 1e-2, 100


def reference(optimizer, batches, W, b, *, reduction="mean", factor=lambda t: 1.0):
    """One instance, in double precision, from the textbook: the gradient through M = WᵀW, one rule per branch."""
    W, b, importance = W.copy(), b.copy(), PROBLEMS[0].importance
    velocity, first, second = (([0.0, 0.0]) for _ in range(3))
    for t, x in enumerate(batches, start=1):
        z = W.T @ W @ x + b[:, None]
        pull = 2 * importance[:, None] * np.where(z > 0, z - x, 0) / x.shape[1]
        pull /= len(b) if reduction == "mean" else 1
        dM = pull @ x.T
        rate = RATE * factor(t - 1)
        for k, (value, g) in enumerate([(W, W @ (dM + dM.T)), (b, pull.sum(axis=1))]):
            if isinstance(optimizer, gs.SGD):
                velocity[k] = optimizer.momentum * velocity[k] + g
                value -= rate * velocity[k]
                continue
            if isinstance(optimizer, gs.AdamW):
                value -= rate * optimizer.weight_decay * value
            first[k] = optimizer.beta1 * first[k] + (1 - optimizer.beta1) * g
            second[k] = optimizer.beta2 * second[k] + (1 - optimizer.beta2) * g**2
            unbiased = first[k] / (1 - optimizer.beta1**t), second[k] / (1 - optimizer.beta2**t)
            value -= rate * unbiased[0] / (np.sqrt(unbiased[1]) + optimizer.epsilon)
    return W, b


def trained(monkeypatch, optimizer, dtype="float64", **options):
    """A run of 100 steps, its start, and the batches it drew."""
    rng = np.random.default_rng(3)
    W, b = rng.normal(size=(3, 3, 6)) / 2, rng.normal(size=(3, 6)) / 10
    batches = []
    draw = Sampler.draw

    def watched(sampler, source):
        batches.append(draw(sampler, source).astype(float))
        return sampler.x

    monkeypatch.setattr(Sampler, "draw", watched)
    settings = {"n_steps": STEPS, "batch_size": 128, "learning_rate": RATE, "record_every": STEPS, "rng": 4}
    run = gs.train(PROBLEMS, start=(W, b), optimizer=optimizer, dtype=dtype, **settings, **options)
    return run, W, b, np.array(batches[:STEPS])


def distance(run, W, b, batches, optimizer, **options):
    """The largest difference from the reference relative to the largest weight."""
    errors = []
    for k in range(3):
        expected = np.vstack(reference(optimizer, batches[:, k], W[k], b[k], **options))
        assert np.abs(expected - np.vstack([W[k], b[k]])).max() > 0.05  # it went somewhere
        errors.append(np.abs(np.vstack([run.W[k], run.b[k]]) - expected).max() / np.abs(expected).max())
    return max(errors)


OPTIMIZERS = pytest.mark.parametrize(
    "optimizer",
    [gs.AdamW(), gs.AdamW(0.8, 0.99, 1e-4, 0.5), gs.Adam(), gs.Adam(0.0, 0.9), gs.SGD(), gs.SGD(momentum=0.9)],
    ids=repr,
)


@OPTIMIZERS
def test_a_hundred_steps_follow_the_rule(monkeypatch, optimizer):
    """Measured at most 2e-14."""
    options = {"reduction": "sum"} if isinstance(optimizer, gs.SGD) else {}
    run, W, b, batches = trained(monkeypatch, optimizer, **options)
    assert distance(run, W, b, batches, optimizer, **options) <= 1e-12


@OPTIMIZERS
def test_single_precision_follows_it_too(monkeypatch, optimizer):
    """Measured at most 1e-6."""
    options = {"reduction": "sum"} if isinstance(optimizer, gs.SGD) else {}
    run, W, b, batches = trained(monkeypatch, optimizer, "float32", **options)
    assert distance(run, W, b, batches, optimizer, **options) <= 1e-5


@pytest.mark.parametrize(
    ("schedule", "factor"),
    [
        ("constant", lambda t: 1.0),
        ("linear", lambda t: 1 - t / STEPS),
        ("cosine", lambda t: np.cos(0.5 * np.pi * t / (STEPS - 1))),
        (gs.LinearDecay(end=0.2), lambda t: 1 - 0.8 * t / STEPS),
        (gs.CosineDecay(end=0.2), lambda t: 0.2 + 0.8 * np.cos(0.5 * np.pi * t / (STEPS - 1))),
    ],
    ids=lambda value: "" if callable(value) else str(value),
)
def test_the_schedule_scales_the_learning_rate_and_the_decay(monkeypatch, schedule, factor):
    optimizer = gs.AdamW(weight_decay=0.1)
    run, W, b, batches = trained(monkeypatch, optimizer, schedule=schedule)
    assert distance(run, W, b, batches, optimizer, factor=factor) <= 1e-12


def test_a_name_stands_for_the_defaults():
    for name, rule in (("adamw", gs.AdamW()), ("adam", gs.Adam()), ("sgd", gs.SGD())):
        by_name, by_rule = (gs.train(Problem(), n_steps=3, optimizer=one, rng=0) for one in (name, rule))
        np.testing.assert_array_equal(by_name.W, by_rule.W)
        assert by_name.settings == by_rule.settings
    decayed, rule = (
        gs.train(Problem(), n_steps=3, rng=0, **one)
        for one in ({"weight_decay": 0.5}, {"optimizer": gs.AdamW(weight_decay=0.5)})
    )
    np.testing.assert_array_equal(decayed.b, rule.b)
    assert decayed.settings == rule.settings
    for schedule in (gs.ConstantRate(), gs.LinearDecay(), gs.CosineDecay()):
        assert schedule.factor(0, 1) == 1  # a single step is made at the full rate


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gs.AdamW(beta1=1.0), "beta1=1 is outside"),
        (lambda: gs.Adam(beta2=-0.1), "beta2=-0.1 is outside"),
        (lambda: gs.Adam(epsilon=0), "epsilon=0 is not positive"),
        (lambda: gs.AdamW(weight_decay=-1), "weight_decay=-1 is negative: pass 0 for none"),
        (lambda: gs.SGD(momentum=1.5), "momentum=1.5 is outside"),
        (lambda: gs.LinearDecay(end=2), "end=2 is outside"),
        (lambda: gs.CosineDecay(end=-1), "end=-1 is outside"),
        (lambda: gs.AdamW(weight_decay="some"), "weight_decay"),
    ],
)
def test_parameters_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()
