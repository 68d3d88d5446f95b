"""Each optimizer and option against Keras: weights, states, names, configs; eagerly, compiled, and stateless."""

import copy
import pickle

import numpy as np
import optimizer_cases as cases
import pytest

from kerata import backend as backends
from kerata import optimizers
from kerata.core import gradients as autodiff
from kerata.core.scopes import name_scope
from kerata.core.variable import Variable

EVERY = list(range(len(cases.CASES)))


def start():
    return cases.variables(Variable, name_scope)


def check(weights, states, expected) -> None:
    _, want_weights, want_states = expected
    assert len(weights) == len(want_weights) and len(states) == len(want_states)
    for got, want in zip([*weights, *states], [*want_weights, *want_states]):
        np.testing.assert_allclose(np.asarray(got, "float32"), want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("i", EVERY, ids=cases.IDS)
def test_five_steps(backend, expected, i):
    optimizer, weights = cases.make(optimizers, *cases.CASES[i]), start()
    for g in cases.GRADIENTS:
        optimizer.apply(g, weights)
    check([w.numpy() for w in weights], [v.numpy() for v in optimizer.variables], expected(i))


@pytest.mark.parametrize("i", EVERY, ids=cases.IDS)
def test_stateless_under_jit(expected, i):
    import jax

    with backends.backend_scope("jax"):
        optimizer, weights = cases.make(optimizers, *cases.CASES[i]), start()
        optimizer.build(weights)
        step = jax.jit(optimizer.stateless_apply)
        states, values = [v.value for v in optimizer.variables], [w.value for w in weights]
        for g in cases.GRADIENTS:
            values, states = step(states, g, values)
        check(values, states, expected(i))
        assert int(optimizer._iterations.numpy()) == 0


@pytest.mark.parametrize("i", EVERY, ids=cases.IDS)
@pytest.mark.slow
def test_inside_tf_function(expected, i):
    import tensorflow as tf

    with backends.backend_scope("tensorflow"):
        optimizer, weights = cases.make(optimizers, *cases.CASES[i]), start()
        optimizer.build(weights)
        step = tf.function(lambda *g: optimizer.apply(list(g), weights))
        for g in cases.GRADIENTS:
            step(*[tf.constant(x) for x in g])
        check([w.numpy() for w in weights], [v.numpy() for v in optimizer.variables], expected(i))


@pytest.mark.parametrize("i", EVERY, ids=cases.IDS)
def test_stateless_in_torch(expected, i):
    with backends.backend_scope("torch"):
        optimizer, weights = cases.make(optimizers, *cases.CASES[i]), start()
        optimizer.build(weights)
        states, values = [v.value.clone() for v in optimizer.variables], [w.value.detach() for w in weights]
        for g in cases.GRADIENTS:
            values, states = optimizer.stateless_apply(states, g, values)
        check([v.detach() for v in values], states, expected(i))
        np.testing.assert_array_equal(weights[0].numpy(), cases.START["first/kernel"])


@pytest.mark.parametrize("i", EVERY, ids=cases.IDS)
def test_names_and_config(expected, i):
    theirs = expected(i)[0]
    name, options = cases.CASES[i]
    ours = cases.make(optimizers, name, {**options, "name": theirs.name})
    ours.build(start())
    describe = lambda o: [(v.path, v.name, tuple(v.shape), v.dtype) for v in o.variables]
    if name == "Nadam":  # its last variable has an automatic name
        assert describe(ours)[:-1] == describe(theirs)[:-1] and ours.variables[-1].path.startswith("variable")
    else:
        assert describe(ours) == describe(theirs)
    if options.get("learning_rate") == "function":
        return
    assert ours.get_config() == theirs.get_config()
    again = type(ours).from_config(ours.get_config())
    assert again.get_config() == ours.get_config()
    for text in (optimizers.serialize(ours),):
        assert optimizers.deserialize(text).get_config() == ours.get_config()


def test_serialized_form_is_that_of_keras():
    import keras

    make = lambda o: o.Adam(o.schedules.CosineDecay(0.1, 10, warmup_target=1.0, warmup_steps=3), name="a")
    assert optimizers.serialize(make(optimizers)) == keras.optimizers.serialize(make(keras.optimizers))
    make = lambda o: o.LossScaleOptimizer(o.SGD(0.1, name="s"), name="l")
    ours = optimizers.serialize(make(optimizers))
    assert ours == keras.optimizers.serialize(make(keras.optimizers))
    assert isinstance(optimizers.deserialize(ours).inner_optimizer, optimizers.SGD)


@pytest.mark.parametrize("name", ["Adam", "SGD", "Muon"])
def test_state_to_file_and_back(backend, name, tmp_path):
    import h5py

    def step(optimizer, weights, some):
        for g in some:
            optimizer.apply(g, weights)

    options = {"momentum": 0.9} if name == "SGD" else {}
    one, weights = cases.make(optimizers, name, options), start()
    step(one, weights, cases.GRADIENTS[:3])
    with h5py.File(tmp_path / "state.h5", "w") as f:
        one.save_own_variables(f)
    other, others = cases.make(optimizers, name, options), start()
    for a, b in zip(others, weights):
        a.assign(b.value)
    other.build(others)
    with h5py.File(tmp_path / "state.h5") as f:
        other.load_own_variables(f)
    for o, w in ((one, weights), (other, others)):
        step(o, w, cases.GRADIENTS[3:])
    for a, b in zip([*one.variables, *weights], [*other.variables, *others]):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    fresh = cases.make(optimizers, name, options)
    with h5py.File(tmp_path / "state.h5") as f, pytest.warns(UserWarning, match="state starts afresh"):
        fresh.load_own_variables(f)
    other.set_weights([v.numpy() for v in one.variables])
    with pytest.raises(ValueError, match="variables"):
        other.set_weights([1])


def test_learning_rate(backend):
    optimizer, (w, *_) = optimizers.SGD(0.1), start()
    g = np.ones((2, 3), "float32")
    before = w.numpy().copy()
    optimizer.apply([g], [w])
    np.testing.assert_allclose(w.numpy(), before - 0.1, rtol=1e-5, atol=1e-6)
    optimizer.learning_rate = 0.5
    assert float(optimizer.learning_rate) == 0.5 and optimizer.get_config()["learning_rate"] == 0.5
    before = w.numpy().copy()
    optimizer.apply([g], [w])
    np.testing.assert_allclose(w.numpy(), before - 0.5, rtol=1e-5, atol=1e-6)
    optimizer.learning_rate.assign(0.25)
    before = w.numpy().copy()
    optimizer.apply([g], [w])
    np.testing.assert_allclose(w.numpy(), before - 0.25, rtol=1e-5, atol=1e-6)
    assert int(optimizer.iterations) == 3 and optimizer.iterations.numpy() == 3
    optimizer.learning_rate = optimizers.schedules.ExponentialDecay(1.0, 1, 0.5)
    assert float(optimizer.learning_rate) == 0.125
    assert [v.name for v in optimizer.variables] == ["iteration"]
    with pytest.raises(TypeError, match="cannot be set"):
        optimizer.learning_rate = 0.1


def test_schedule_of_a_user(backend):
    from kerata import ops

    class Mine(optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return ops.cast(step, "float32") + 1.0

    optimizer, (w, *_) = optimizers.Adam(Mine()), start()
    plain, (u, *_) = optimizers.Adam(1.0), start()
    for rate in (1.0, 2.0, 3.0):
        plain.learning_rate = rate
        plain.apply([np.ones((2, 3), "float32")], [u])
        optimizer.apply([np.ones((2, 3), "float32")], [w])
    np.testing.assert_allclose(w.numpy(), u.numpy(), rtol=1e-5)


def test_weight_decay_can_be_restricted(backend):
    optimizer, weights = optimizers.SGD(0.1, weight_decay=0.5), start()
    optimizer.exclude_from_weight_decay(var_list=[weights[2]], var_names=["bias"])
    optimizer.apply([np.zeros(w.shape, "float32") for w in weights], weights)
    for w, (path, value) in zip(weights, cases.START.items()):
        factor = 1.0 if path in ("first/bias", "second/kernel") else 0.95
        np.testing.assert_allclose(w.numpy(), value * factor, rtol=1e-6)


def test_constraints_and_overwriting(backend):
    from kerata import ops

    optimizer, (kernel, bias, *_) = optimizers.Adam(0.1), start()
    kernel.constraint = lambda w: ops.clip(w, -0.1, 0.1)
    bias.overwrite_with_gradient = True
    optimizer.apply([np.ones((2, 3), "float32"), np.full(3, 7.0, "float32")], [kernel, bias])
    assert abs(kernel.numpy()).max() <= 0.1 + 1e-6
    np.testing.assert_array_equal(bias.numpy(), [7, 7, 7])
    assert [v.name for v in optimizer.variables][2:] == ["first_kernel_momentum", "first_kernel_velocity"]


def test_missing_gradients(backend):
    optimizer, (kernel, bias, *_) = optimizers.SGD(0.1), start()
    with pytest.warns(UserWarning, match="first/kernel"):
        optimizer.apply([None, np.ones(3, "float32")], [kernel, bias])
    np.testing.assert_array_equal(kernel.numpy(), cases.START["first/kernel"])
    np.testing.assert_allclose(bias.numpy(), cases.START["first/bias"] - 0.1, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="the loss does not depend on these"):
        optimizer.apply([None, None], [kernel, bias])
    optimizer.apply([], [])
    assert int(optimizer.iterations) == 1


def test_finalize_gives_the_average(backend):
    optimizer, (kernel, bias, *_) = optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), start()
    for g in cases.GRADIENTS:
        optimizer.apply(g[:2], [kernel, bias])
    average = optimizer.variables[2].numpy().copy()
    assert abs(average - kernel.numpy()).max() > 1e-3
    optimizer.finalize_variable_values([kernel, bias])
    np.testing.assert_array_equal(kernel.numpy(), average)


def test_optimizer_of_a_user(backend):
    from kerata import ops

    class Mine(optimizers.Optimizer):
        def __init__(self, learning_rate=0.01, factor=2.0, **kwargs):
            super().__init__(learning_rate=learning_rate, **kwargs)
            self.factor = factor

        def build(self, variables):
            super().build(variables)
            self.sums = [self.add_variable_from_reference(v, name="sum") for v in variables]

        def update_step(self, gradient, variable, learning_rate):
            rate = ops.cast(learning_rate, variable.dtype)
            total = self.sums[self._get_variable_index(variable)]
            self.assign_add(total, gradient)
            self.assign_sub(variable, ops.multiply(self.factor * rate, total))

    optimizer, (kernel, *_) = Mine(0.1, factor=3.0, weight_decay=0.0), start()
    for _ in range(2):
        optimizer.apply([np.ones((2, 3), "float32")], [kernel])
    np.testing.assert_allclose(kernel.numpy(), cases.START["first/kernel"] - 0.9, rtol=1e-5)
    assert [v.path for v in optimizer.variables][2:] == [f"{optimizer.name}/first_kernel_sum"]
    config = optimizer.get_config()
    assert config["factor"] == 3.0 and config["weight_decay"] == 0.0
    assert Mine.from_config(config).factor == 3.0


def test_moving_between_backends():
    optimizer, weights = None, None
    want = None
    for name in ("jax", "torch", "tensorflow", "numpy"):
        with backends.backend_scope("jax"):
            optimizer, weights = optimizers.Adam(0.05), start()
            for g in cases.GRADIENTS[:2]:
                optimizer.apply(g, weights)
        for w in weights:
            w.to_backend(name)
        optimizer.to_backend(name)
        for g in cases.GRADIENTS[2:]:
            optimizer.apply(g, weights)
        assert optimizer.variables[-1]._backend.name == name and int(optimizer.iterations) == 5
        want = [w.numpy().copy() for w in weights] if want is None else want
        for w, x in zip(weights, want):
            np.testing.assert_allclose(w.numpy(), x, rtol=1e-5, atol=1e-6)
    with backends.backend_scope("torch"):
        weights = start()
    optimizer = optimizers.SGD(0.1)  # follows the variables
    optimizer.apply([np.ones(w.shape, "float32") for w in weights], weights)
    assert optimizer._backend.name == "torch"


def test_copies(backend):
    optimizer, weights = optimizers.Adam(0.05), start()
    optimizer.apply(cases.GRADIENTS[0], weights)
    for twin, twins in (copy.deepcopy((optimizer, weights)), pickle.loads(pickle.dumps((optimizer, weights)))):
        twin.apply(cases.GRADIENTS[1], twins)
        assert int(twin.iterations) == 2 and int(optimizer.iterations) == 1
        assert not np.array_equal(twins[0].numpy(), weights[0].numpy())


def test_in_a_compiled_function(train_backend):
    """A loop of a user: gradients and update inside `jit`."""
    from kerata import ops

    compiled = autodiff.jit if train_backend != "torch" else lambda fn: fn
    optimizer, w = optimizers.Adam(0.1), Variable(np.array([1.0, -2.0], "float32"))
    optimizer.build([w])

    def step():
        loss, grads = autodiff.value_and_grad(lambda: ops.sum(ops.square(w)), [w])()
        optimizer.apply(grads, [w])
        return loss

    step = compiled(step)
    losses = [float(step()) for _ in range(30)]
    assert losses[-1] < 0.1 * losses[0] and int(optimizer.iterations) == 30
    optimizer.learning_rate = 0.0
    step()
    before = w.numpy().copy()
    step()
    np.testing.assert_array_equal(w.numpy(), before)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_narrow_weights(backend, dtype):
    for name in ("SGD", "Adam", "RMSprop", "Nadam", "Adamax", "Adagrad", "Adadelta", "Lion", "Lamb", "Adafactor", "Muon",
                 "Ftrl", "ScheduleFreeAdamW"):  # fmt: skip
        optimizer = cases.make(optimizers, name, {"global_clipnorm": 1.0, "weight_decay": 0.01, "epsilon": 1e-3}
                               if name not in ("SGD", "Lion", "Ftrl", "Adafactor") else {})  # fmt: skip
        w = Variable(np.ones((3, 2), "float32"), dtype=dtype)
        for _ in range(3):
            optimizer.apply([np.ones((3, 2), "float32")], [w])
        value = np.asarray(w.numpy(), "float32")
        assert w.dtype == dtype and np.isfinite(value).all() and (value < 1).all(), name


def test_errors():
    from kerata.optimizers import SGD, AdamW, Ftrl, Lion

    cases_ = [
        (lambda: SGD(clipnorm=1.0, clipvalue=2.0), "one way only; got clipnorm=1.0 and clipvalue=2.0"),
        (lambda: SGD(lr=0.1), "'lr' of earlier Keras is 'learning_rate'"),
        (lambda: SGD(use_ema=True, ema_momentum=2.0), "`ema_momentum` is a fraction"),
        (lambda: SGD(gradient_accumulation_steps=1), "is 2 or more steps"),
        (lambda: SGD(momentum=2.0), "`momentum` of SGD is"),
        (lambda: SGD("a"), "`learning_rate` is a number"),
        (lambda: SGD().apply([1.0]), "gradients without variables"),
        (lambda: AdamW(weight_decay=None), "is a number"),
        (lambda: Lion(beta_1=0.0), "`beta_1` of Lion"),
        (lambda: Ftrl(learning_rate_power=1.0), "at most 0"),
        (lambda: SGD().stateless_apply([], [], []), "stateless_apply"),
        (lambda: optimizers.get("adm"), "Did you mean 'Adam'"),
        (lambda: optimizers.get(3), "An optimizer is given as"),
    ]
    for call, message in cases_:
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.warns(UserWarning, match="decay"):
        SGD(decay=0.1)
    optimizer, weights = SGD(), start()
    optimizer.build(weights[:2])
    with pytest.raises(ValueError, match=r"Unknown variable.*second/kernel"):
        optimizer.apply([np.ones((5, 2), "float32")], [weights[2]])
    with pytest.raises(ValueError, match="1 gradients for 2"):
        optimizer.apply([np.ones((2, 3), "float32")])
    with pytest.raises(ImportError, match=r"legacy.Adam"):
        optimizers.legacy.Adam(0.1)


@pytest.mark.parametrize("name", ["sgd", "RMSprop", "adam", "adamw", "nadam", "adamax", "adagrad", "adadelta", "ftrl",
                                  "lion", "lamb", "adafactor", "muon"])  # fmt: skip
def test_get_by_name(name):
    assert type(optimizers.get(name)).__name__.lower() == name.lower()
    assert optimizers.get(None) is None
    same = optimizers.SGD()
    assert optimizers.get(same) is same
    assert optimizers.get({"class_name": name, "config": {"learning_rate": 0.5}}).get_config()["learning_rate"] == 0.5


def test_signatures_are_those_of_keras():
    import inspect

    import keras

    for name in optimizers.__all__:
        ours, theirs = getattr(optimizers, name), getattr(keras.optimizers, name)
        if not inspect.isclass(ours) or name in ("LossScaleOptimizer",):
            continue
        describe = lambda c: [(p.name, p.default, p.kind) for p in inspect.signature(c).parameters.values()]
        assert describe(ours) == describe(theirs), name


def test_config_of_keras_2():
    config = {"name": "SGD", "learning_rate": 0.1, "decay": 0.0, "is_legacy_optimizer": False, "jit_compile": True}
    assert optimizers.SGD.from_config(config).name == "SGD"


def test_sparse_gradients_of_tensorflow():
    import tensorflow as tf

    with backends.backend_scope("tensorflow"):
        for wrap in (tf.function, lambda fn: fn):
            optimizer, w = optimizers.Adam(0.1), Variable(np.ones((5, 2), "float32"))
            optimizer.build([w])
            wrap(lambda: optimizer.apply([tf.IndexedSlices(tf.ones((2, 2)), tf.constant([1, 1]), tf.constant([5, 2]))]))()
            np.testing.assert_allclose(w.numpy()[:, 0], [1, 0.9, 1, 1, 1], rtol=1e-5)


def test_no_accumulation_of_gradients(backend):
    """As in Keras 0 steps are none."""
    variable = Variable(np.ones(2, "float32"))
    optimizers.SGD(0.5, gradient_accumulation_steps=0).apply([backends.current().convert(np.ones(2, "float32"))], [variable])
    np.testing.assert_allclose(variable.numpy(), 0.5)
