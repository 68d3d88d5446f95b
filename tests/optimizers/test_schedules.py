"""Learning rate schedules against Keras, by value, on each backend and compiled."""

import numpy as np
import pytest

from kerata import backend as backends
from kerata.core import gradients as autodiff
from kerata.optimizers import schedules

CASES = [
    ("ExponentialDecay", (0.1, 3, 0.5), {}),
    ("ExponentialDecay", (0.1, 3, 0.5), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 3, 0.5), {}),
    ("InverseTimeDecay", (0.1, 3, 0.5), {"staircase": True}),
    ("PolynomialDecay", (0.1, 4), {}),
    ("PolynomialDecay", (0.1, 4, 0.01, 2.0), {"cycle": True}),
    ("PiecewiseConstantDecay", ([2, 5], [1.0, 0.5, 0.1]), {}),
    ("CosineDecay", (0.1, 10), {}),
    ("CosineDecay", (0.1, 10), {"alpha": 0.2, "warmup_target": 1.0, "warmup_steps": 4}),
    ("CosineDecayRestarts", (0.1, 3), {}),
    ("CosineDecayRestarts", (0.1, 3), {"t_mul": 1.0, "m_mul": 0.5, "alpha": 0.1}),
    ("CosineDecayRestarts", (0.1, 3), {"t_mul": 1.5, "m_mul": 0.8}),
]
STEPS = [0, 1, 2, 3, 4, 5, 7, 8, 11, 14, 30]


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_values(backend, name, args, kwargs):
    import keras

    ours, theirs = getattr(schedules, name)(*args, **kwargs), getattr(keras.optimizers.schedules, name)(*args, **kwargs)
    b = backends.current()
    for step in STEPS:
        want = float(theirs(step))
        np.testing.assert_allclose(float(ours(step)), want, rtol=2e-5, atol=1e-7)
        np.testing.assert_allclose(float(ours(b.convert(step, "int32"))), want, rtol=2e-5, atol=1e-7)
        assert b.dtype(ours(step)) == "float32"


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_compiled(name, args, kwargs):
    for backend in ("jax", "tensorflow"):
        with backends.backend_scope(backend) as b:
            schedule = getattr(schedules, name)(*args, **kwargs)
            compiled = autodiff.jit(lambda step: schedule(step))
            for step in STEPS:
                value = float(compiled(b.convert(np.array(step, "int32"))))
                np.testing.assert_allclose(value, float(schedule(step)), rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES)
def test_config(name, args, kwargs):
    import keras

    ours, theirs = getattr(schedules, name)(*args, **kwargs), getattr(keras.optimizers.schedules, name)(*args, **kwargs)
    assert ours.get_config() == theirs.get_config()
    assert schedules.serialize(ours) == keras.optimizers.schedules.serialize(theirs)
    again = schedules.deserialize(schedules.serialize(ours))
    assert type(again) is type(ours) and again.get_config() == ours.get_config()
    short = {"class_name": name, "config": ours.get_config()}
    assert schedules.deserialize(short).get_config() == ours.get_config()


def test_errors():
    for call, message in [
        (lambda: schedules.CosineDecay(0.1, 0), "`decay_steps` of a learning rate schedule is above 0"),
        (lambda: schedules.CosineDecayRestarts(0.1, 0), "`first_decay_steps` of a learning rate"),
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "`decay_steps` of a learning rate schedule is above 0"),
        (lambda: schedules.PiecewiseConstantDecay([1], [1.0]), "1 boundaries take 2 values"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(NotImplementedError, match="define `__call__"):
        schedules.LearningRateSchedule()(1)


def test_signatures_are_those_of_keras():
    import inspect

    import keras

    def describe(fn):
        return [(p.name, p.default, p.kind) for p in inspect.signature(fn).parameters.values()]

    for name in schedules.__all__:
        assert describe(getattr(schedules, name)) == describe(getattr(keras.optimizers.schedules, name)), name
