"""The base class: weights and their paths, freezing, losses, dtypes, configs, errors."""

import copy
import pickle

import numpy as np
import pytest
from twins import check_twins

import kerata
from kerata import layers, ops

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


class Scale(layers.Layer):
    def __init__(self, factor=2.0, *, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.multiplier, self.shift = factor, offset

    def build(self, input_shape):
        self.weight = self.add_weight(shape=(input_shape[-1],), initializer="ones", regularizer="l2", name="weight")

    def call(self, x):
        return x * self.weight * self.multiplier + self.shift


class Outer(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = layers.Dense(4, name="inner")
        self.more = [layers.Dense(2, name="last"), {"bn": layers.BatchNormalization(name="bn")}]

    def call(self, x, training=False):
        return self.more[1]["bn"](self.more[0](self.inner(x)), training=training)


def test_paths_and_order_of_weights_are_those_of_keras():
    import keras

    class KerasOuter(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = keras.layers.Dense(4, name="inner")
            self.more = [keras.layers.Dense(2, name="last"), {"bn": keras.layers.BatchNormalization(name="bn")}]

        def call(self, x, training=False):
            return self.more[1]["bn"](self.more[0](self.inner(x)), training=training)

    theirs, ours = KerasOuter(name="outer"), Outer(name="outer")
    theirs(X), ours(X)
    for listing in ("weights", "trainable_weights", "non_trainable_weights", "variables"):
        assert [v.path for v in getattr(ours, listing)] == [v.path for v in getattr(theirs, listing)], listing


def test_lists_and_dictionaries_may_change_after_they_were_set(backend):
    layer = Outer()
    layer.more.append(layers.Dense(1))
    layer(X)
    layer.more[-1].build((None, 2))
    assert len(layer.weights) == 2 + 2 + 4 + 2


def test_freezing(backend):
    layer = Outer()
    layer(X)
    layer.inner.trainable = False
    assert [v.path.split("/")[-2] for v in layer.trainable_weights] == ["last", "last", "bn", "bn"]
    layer.trainable = False
    assert not layer.trainable_weights and len(layer.non_trainable_weights) == 8
    layer.trainable = True
    assert len(layer.trainable_weights) == 6  # the moving averages are never trained


def test_frozen_weights_stay_and_a_frozen_batch_norm_uses_its_averages(train_backend):
    layer = Outer()
    model = kerata.Sequential([kerata.Input((3,)), layer])
    model.compile("sgd", "mse")
    layer.inner.trainable = False
    layer.more[1]["bn"].trainable = False
    before = [w.numpy().copy() for w in layer.weights]
    model.fit(X, np.ones((4, 2), "float32"), verbose=0)
    changed = [not np.array_equal(a, w.numpy()) for a, w in zip(before, layer.weights)]
    assert changed == [False, False, True, True, False, False, False, False]


def test_losses_of_weights_calls_and_activities(backend):
    class Adds(layers.Layer):
        def call(self, x):
            self.add_loss(ops.sum(x) * 0.0 + 3.0)
            return x

    scale, adds = Scale(), Adds()
    model = kerata.Sequential([kerata.Input((3,)), scale, adds, layers.Dense(1, activity_regularizer="l1")])
    for _ in range(2):  # a call forgets what the call before it added
        out = model(X)
        found = sorted(float(ops.convert_to_numpy(v)) for v in model.losses)
        activity = 0.01 * float(np.abs(ops.convert_to_numpy(out)).sum()) / len(X)
        np.testing.assert_allclose(found, sorted([0.03, 3.0, activity]), rtol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_dtype_policies(train_backend, policy):
    layer = layers.Dense(2, dtype=policy)
    out = layer(X)
    narrow = policy.removeprefix("mixed_")
    assert kerata.backend.standardize_dtype(out.dtype) == narrow == layer.compute_dtype
    assert layer.kernel.dtype == ("float32" if policy.startswith("mixed") else narrow)
    wide = X @ layer.kernel.numpy().astype("float32")
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(out, "float32")), wide, atol=5e-2)
    assert layer.get_config()["dtype"]["config"]["name"] == policy


def test_inner_layers_keep_their_own_dtype(backend):
    class Mixed(layers.Layer):
        def __init__(self):
            super().__init__(dtype="mixed_bfloat16")
            self.exact = layers.Dense(2, dtype="float32")

        def call(self, x):
            return self.exact(x)

    layer = Mixed()
    assert kerata.backend.standardize_dtype(layer(X).dtype) == "float32"
    assert layer.exact.kernel.value.dtype == layer.exact.kernel._value.dtype


def test_configs_of_layers_of_users_are_derived(backend):
    for layer in (Scale(3.0, offset=1.0, name="s"), Scale(factor=3.0, offset=1.0, name="s")):
        config = layer.get_config()
        assert (config["factor"], config["offset"], config["name"]) == (3.0, 1.0, "s")
        again = Scale.from_config(config)
        np.testing.assert_allclose(ops.convert_to_numpy(again(X)), X * 3 + 1, rtol=1e-6)


def test_a_layer_whose_init_forgets_super_says_so():
    class Forgets(layers.Layer):
        def __init__(self):
            self.units = 3

        def call(self, x):
            return x

    with pytest.raises(RuntimeError, match=r"super\(\).__init__"):
        Forgets()(X)


def test_errors_name_the_layer_and_what_is_wanted(backend):
    dense = layers.Dense(2, name="head")
    dense(X)
    with pytest.raises(ValueError, match=r"'head'.*wanted size 3 on axis -1, found 5"):
        dense(np.ones((2, 5), "float32"))
    with pytest.raises(ValueError, match=r"'head'.*takes tensors"):
        dense([[1.0, 2.0, 3.0]])
    with pytest.raises(TypeError, match=r"twice|argument"):
        dense(X, inputs=X)
    with pytest.raises(ValueError, match="unitss"):
        layers.Dense(2, unitss=3)


def test_stateless_call_is_pure():
    jax = pytest.importorskip("jax")
    with kerata.backend_scope("jax"):
        layer = Outer()
        layer(X)
        trainable = [v.value for v in layer.trainable_variables]
        rest = [v.value for v in layer.non_trainable_variables]
        before = layer.get_weights()
        call = jax.jit(lambda t, n, x: layer.stateless_call(t, n, x, training=True))
        out, new = call(trainable, rest, X)
        assert out.shape == (4, 2)
        assert not np.allclose(new[0], rest[0])  # the moving mean has moved, in the result alone
        for a, b in zip(before, layer.get_weights()):
            np.testing.assert_array_equal(a, b)


def test_weights_set_and_got(backend):
    a, b = Outer(), Outer()
    a(X), b(X)
    b.set_weights(a.get_weights())
    np.testing.assert_allclose(ops.convert_to_numpy(a(X)), ops.convert_to_numpy(b(X)), rtol=1e-6)
    with pytest.raises(ValueError, match="8 weights"):
        b.set_weights(a.get_weights()[:3])
    assert a.count_params() == 3 * 4 + 4 + 4 * 2 + 2 + 4 * 2


def signatures(K):
    """Layers with every kind of `call`."""

    class Variadic(K.layers.Layer):
        def call(self, *args, **kwargs):
            return sum(args[1:], args[0]) * 2 + kwargs.get("k", 0)

    class Named(K.layers.Layer):
        def call(self, *, x, y=None):
            return x * 2 if y is None else x * 2 + y

    class Options(K.layers.Layer):
        def call(self, x, scale, *, shift=0.0, flags=(1, 2), context=None):
            more = 0 if context is None else context["a"] + context["b"][0]
            return x * scale + shift + flags[1] + more

    class TwoShapes(K.layers.Layer):
        def build(self, a_shape, b_shape):
            self.w = self.add_weight(shape=(a_shape[-1], b_shape[-1]), initializer="ones", name="w")

        def call(self, a, b):
            return a @ self.w + b

    checked = Variadic()
    checked.input_spec = K.layers.InputSpec(ndim=2)
    i, j = K.Input((3,)), K.Input((3,))
    two = TwoShapes(name="two")
    outputs = [
        Variadic()(i), Variadic()(i, j), Variadic()(i, k=2.0), Named()(x=i, y=j), Options()(i, j),
        Options()(i, scale=j, shift=1.0, context={"a": j, "b": [i]}), two(i, b=j),
    ]  # fmt: skip
    model = K.Model([i, j], outputs)
    return [model([X, X + 1]), checked(X), Named()(x=X), [w.path for w in two.weights], two.get_build_config()["shapes_dict"]]


def added_weights(K):
    class All(K.layers.Layer):
        def build(self, input_shape):
            add = self.add_weight
            self.a, self.b = add((3,)), add(shape=(3,), name="b", initializer="zeros", trainable=False)
            self.c, self.d = add(), add(shape=(2,), initializer=K.initializers.Constant(2.0), dtype="int32", trainable=False)
            self.e = add(shape=[3], initializer=lambda shape, dtype=None: K.ops.ones(shape, dtype), regularizer="l2",
                         constraint="non_neg", name="e", aggregation="mean", overwrite_with_gradient=True)  # fmt: skip
            self.f, self.g = add(shape=(3,), dtype="float16", name="f"), add(shape=(2,), dtype="bool", trainable=False, name="g")

        def call(self, x):
            return x + self.e

    layer = All(name="all")
    layer(X)
    told = [
        [w.path.rstrip("_0123456789"), list(w.shape), str(w.dtype), w.trainable, type(w.regularizer).__name__,
         type(w.constraint).__name__, w.aggregation, bool(w.overwrite_with_gradient)]
        for w in layer.weights
    ]  # fmt: skip
    return [told, layer.count_params(), len(layer.losses), layer.e, layer.d]


def nested_freezing(K):
    def state(layer):
        return [[w.path for w in layer.trainable_weights], [w.path for w in layer.non_trainable_weights]]

    L, out = K.layers, []
    inner = K.Sequential([L.Dense(2), L.BatchNormalization()])
    base = K.Sequential([K.Input((3,)), L.Dense(4), L.BatchNormalization(), inner], name="base")
    model = K.Sequential([K.Input((3,)), base, L.Dense(1)])
    for layer, value in (
        (inner, False), (base, False), (base.layers[0], True), (base, True), (model, False), (base, True), (model, True)
    ):  # fmt: skip
        layer.trainable = value
        out += [state(base), state(model)]
    dense = L.Dense(2, trainable=False)
    dense.build((None, 3))
    out.append(state(dense))
    dense.trainable = True
    dense.kernel.trainable = False
    return [*out, state(dense)]


def training_argument(K):
    class Tells(K.layers.Layer):
        def call(self, x, training=None):
            return x * 0 + (3.0 if training is None else float(bool(training)))

    class Holds(K.layers.Layer):
        def __init__(self):
            super().__init__()
            self.tells = Tells()

        def call(self, x):
            return [self.tells(x), self.tells(x, training=False), self.tells(x, training=True)]

    class DefaultsToTrue(Holds):
        def call(self, x, training=True):
            return self.tells(x)

    class DefaultsToFalse(Holds):
        def call(self, x, training=False):
            return self.tells(x)

    out = []
    for make in (Tells, Holds, DefaultsToTrue, DefaultsToFalse):
        layer = make()
        out += [layer(X), layer(X, training=True), layer(X, training=False), layer(X)]
    deferred, functional = K.Sequential([Tells()]), K.Sequential([K.Input((3,)), Tells()])
    return [*out, *[f(X, training=t) for f in (deferred, functional) for t in (None, True, False)]]


PROGRAMS = [signatures, added_weights, nested_freezing, training_argument]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_as_in_keras(program, backend):
    check_twins(program)


def test_layers_whose_init_takes_no_name_are_read_back(backend):
    class Bare(layers.Layer):
        def __init__(self, units, rate=0.5):
            super().__init__()
            self.units, self.rate = units, rate

        def call(self, x):
            return x

    layer = Bare(3)
    layer.trainable = False
    again = Bare.from_config(layer.get_config())
    assert (again.units, again.rate, again.name, again.trainable) == (3, 0.5, layer.name, False)


def test_nothing_of_a_compiled_step_stays_in_the_losses(train_backend):
    class Adds(layers.Layer):
        def call(self, x):
            self.add_loss(ops.sum(x))
            return x

    model = kerata.Sequential([kerata.Input((3,)), Adds(), layers.Dense(2, kernel_regularizer="l2")])
    model(X)
    assert len(model.losses) == 2
    model.compile("sgd", "mse")
    model.evaluate(X, X[:, :2], verbose=0)
    assert [float(ops.convert_to_numpy(v)) > 0 for v in model.losses] == [True]


def test_a_generator_drawn_from_outside_and_inside_a_compiled_program(train_backend):
    dropout = layers.Dropout(0.5)
    i = kerata.Input((40,))
    model = kerata.Model(i, [dropout(i, training=True), dropout(i)])
    x = np.ones((2, 40), "float32")
    model(x)
    first, second = model.predict(x, verbose=0)  # the generator is behind on the device when the step is traced
    assert (first == 0).any() and not (second == 0).any()
    assert not np.array_equal(first, model.predict(x, verbose=0)[0])
    assert (ops.convert_to_numpy(model(x)[0]) == 0).any()


def test_batch_normalization_takes_the_short_way_where_no_mask_is(backend):
    layer = layers.BatchNormalization()
    x = ops.convert_to_tensor(X)
    slow = layer(x)
    assert layer._fast == (backend != "numpy")
    np.testing.assert_array_equal(ops.convert_to_numpy(layer(x)), ops.convert_to_numpy(slow))
    layer(x, training=True)
    assert not np.allclose(ops.convert_to_numpy(layer(x)), ops.convert_to_numpy(slow))


class Penalty(kerata.layers.Layer):
    """Adds its losses in a helper, not in `call`, and fails where it is told to."""

    fails = False

    def call(self, x):
        return self.penalized(x)

    def penalized(self, x):
        if self.fails:
            raise RuntimeError("told to")
        self.add_loss(ops.sum(x))
        return x


@pytest.mark.parametrize("kind", ["Functional", "Sequential"])
def test_the_short_way_clears_losses_and_names_the_layer_of_an_error(kind, train_backend):
    inputs, penalty, masking = kerata.Input((4, 3)), Penalty(name="penalty"), layers.Masking(9.0)
    if kind == "Functional":
        model = kerata.Model(inputs, layers.Dropout(0.5)(masking(penalty(layers.Activation("relu")(inputs)))), name="net")
    else:
        model = kerata.Sequential([inputs, layers.Activation("relu"), penalty, masking, layers.Dropout(0.5)], name="net")
    x = ops.convert_to_tensor(np.where(np.arange(24).reshape(2, 4, 3) < 3, 9.0, 1.0).astype("float32"))
    for _ in range(3):
        y = model(x)
        assert ops.convert_to_numpy(y).sum() == 21  # inference: nothing is dropped
        assert ops.convert_to_numpy(y._keras_mask).tolist() == [[False, True, True, True], [True] * 4]
        assert [float(v) for v in model.losses] == [48.0]
        penalty(x)
        assert len(penalty.losses) == 1
    assert model._fast and penalty._fast
    assert (ops.convert_to_numpy(model(x, training=True)) == 0).any()
    penalty.fails = True
    with pytest.raises(RuntimeError, match="told to") as caught:
        model(x)
    assert any("penalty" in note for note in caught.value.__notes__)
    with pytest.raises(ValueError, match="net"):
        model(ops.ones((2, 4, 5)))
    if kind == "Sequential":
        penalty.fails = False
        model.add(layers.Rescaling(2.0))
        assert ops.convert_to_numpy(model(x)).sum() == 42


@pytest.mark.parametrize("shape", [(None,) * 6, (None, None, None, None, None, 4)])
def test_many_unknown_axes_need_little_memory(shape):
    import tracemalloc

    with kerata.backend_scope("numpy"):
        tracemalloc.start()
        assert (kerata.KerasTensor(shape) + 1).shape == shape
        assert tracemalloc.get_traced_memory()[1] < 50e6
        tracemalloc.stop()


def test_values_of_symbolic_tensors_are_refused():
    i = kerata.Input((2,), name="i")
    for use in (np.sin, float, int):
        for kind in (TypeError, ValueError):  # Keras raises the one here and the other there
            with pytest.raises(kind, match="has no value"):
                use(i)
    with pytest.raises(TypeError, match="truth value"):
        bool(i)
    with pytest.raises(NotImplementedError, match="unknown size"):
        list(i)
    for name in (3, "a/b"):
        with pytest.raises(ValueError, match="`name` of Dense"):
            layers.Dense(2, name=name)


class _TellsItsShape(layers.Layer):
    """A layer with inner layers, one of which `call` uses on a weight alone, and a shape of its own telling."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense, self.norm = layers.Dense(3), layers.LayerNormalization()
        self.table = self.add_weight(shape=(4, 3), name="table")

    def call(self, x):
        return self.dense(x) + ops.sum(self.norm(ops.convert_to_tensor(self.table)), 0)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 3)


class _NeedsData(_TellsItsShape):
    def call(self, x):
        return super().call(x * float(ops.convert_to_numpy(x)[0, 0]))


def test_inner_layers_have_their_weights_before_the_first_batch():
    layer = _TellsItsShape(name="outer")
    assert layer(kerata.Input((5,))).shape == (None, 3)
    paths = [w.path for w in layer.weights]
    assert [p.split("/")[-1] for p in paths] == ["table", "kernel", "bias", "gamma", "beta"]
    assert all(p.startswith("outer/") for p in paths)
    late = _NeedsData()
    with pytest.warns(UserWarning, match="get their weights with the first batch"):
        late(kerata.Input((5,)))
    late(np.ones((2, 5), "float32"))
    assert len(late.weights) == 5


def test_a_layer_set_to_none_at_first_has_the_place_where_it_was_made():
    def of(frame):
        class Late(frame.layers.Layer):
            def __init__(self):
                super().__init__()
                self.second = self.kernel = None
                self.first = frame.layers.Dense(1, name="first")

            def build(self, input_shape):
                self.first.build(input_shape)
                self.third = frame.layers.Dense(3, name="third")
                self.second = frame.layers.Dense(2, name="second")
                self.third.build(input_shape)
                self.second.build(input_shape)

            def call(self, x):
                return self.first(x) + self.second(x) + self.third(x)

        layer = Late()
        layer.build((None, 4))
        return [w.path.split("/", 1)[1] for w in layer.weights]

    import keras

    assert of(kerata) == of(keras)


def test_what_is_put_in_containers_by_and_by_comes_in_the_order_of_time():
    import keras

    def held(lib):
        class Holder(lib.layers.Layer):
            def __init__(self):
                super().__init__()
                self.a, self.b, self.d, self.none = [], [], {}, None
                for i in range(2):
                    self.a.append(lib.layers.Dense(1, name=f"a{i}"))
                    self.b.append(lib.layers.Dense(1, name=f"b{i}"))
                self.single = lib.layers.Dense(1, name="single")
                self.d["x"] = lib.layers.Dense(1, name="x")
                self.a += [lib.layers.Dense(1, name="a2")]
                self.none = lib.layers.Dense(1, name="none")
                self.mixed = [self.none, [lib.layers.Dense(1, name="mixed")]]
                self.free = lib.Variable([1.0], name="free")
                self.added = self.add_weight(shape=(1,), name="added")
                self.still = lib.Variable([1.0], trainable=False, name="still")

        first, second = lib.layers.Dense(1, name="first"), lib.layers.Dense(1, name="second")
        stacked = lib.Sequential()
        stacked.add(second)  # in the order of adding, not of making
        stacked.add(first)
        holder = Holder()
        return [[x.name for x in holder._layers], [v.name for v in holder.weights], [x.name for x in stacked.layers]]

    assert held(kerata) == held(keras)


def test_asking_for_a_shape_builds_nothing(backend):
    """As in Keras; and weights made later are those that would have been made without the question."""

    class Inner(kerata.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = kerata.layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    def weights(ask):
        kerata.utils.set_random_seed(3)
        found = []
        for layer, shape in [(kerata.layers.Dense(3), (None, 3)), (Inner(), (None, 2)), (kerata.layers.LSTM(2), (None, 2))]:
            inputs = (None, 5, 4) if isinstance(layer, kerata.layers.LSTM) else (None, 4)
            if ask:
                assert layer.compute_output_shape(inputs) == shape
                assert layer.compute_output_spec(kerata.KerasTensor(inputs)).shape == shape
                assert not layer.built and not layer.weights
            layer(np.ones((1, *inputs[1:-1], 7), "float32"))  # another size than was asked about
            found += layer.get_weights()
        return found

    for a, b in zip(weights(True), weights(False)):
        np.testing.assert_array_equal(a, b)


def test_own_initializers_within_layers(backend):
    """An initializer that is written with ops gives values also where the inner layer is built while shapes are inferred."""

    class Halves(kerata.initializers.Initializer):
        def __call__(self, shape, dtype=None, **kwargs):
            return kerata.ops.ones(shape, dtype=dtype) * 0.5

    class Outer(kerata.layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = kerata.layers.Dense(2, kernel_initializer=Halves(), bias_initializer=lambda s, dtype=None: kerata.ops.ones(s, dtype))

        def call(self, x):
            return self.inner(x)

    x = kerata.Input((3,))
    model = kerata.Model(x, Outer()(x))
    np.testing.assert_allclose(model.predict(np.ones((1, 3)), verbose=0), [[2.5, 2.5]])


def test_losses_of_symbolic_calls_are_not_kept(backend):
    class Adds(layers.Layer):
        def call(self, x):
            self.add_loss(ops.sum(x))
            return x

    x = kerata.Input((3,))
    model = kerata.Model(x, layers.Dense(2, kernel_regularizer="l2", activity_regularizer="l1")(Adds()(x)))
    assert len(model.losses) == 1 and float(ops.convert_to_numpy(model.losses[0])) > 0
    model(X)
    assert len(model.losses) == 3


def test_arrays_that_a_layer_keeps(train_backend):
    """A tensor made in `__init__` goes together with what stands for an input while shapes are inferred."""

    class Minus(layers.Layer):
        def __init__(self):
            super().__init__()
            self.eye = ops.eye(3)

        def call(self, x):
            return x @ self.eye - self.eye[0] * 2

    class Orthogonal(kerata.regularizers.Regularizer):
        def __init__(self):
            self.eye = ops.eye(2)

        def __call__(self, x):
            x = ops.reshape(x, (-1, 2, 2))
            return ops.sum(ops.square(x @ ops.transpose(x, (0, 2, 1)) - self.eye))

    x = kerata.Input((3,))
    dense = layers.Dense(4, kernel_initializer="ones", activity_regularizer=Orthogonal())
    model = kerata.Model(x, dense(Minus()(x)))
    assert model.output.shape == (None, 4)
    np.testing.assert_allclose(model.predict(X, verbose=0), np.tile(X.sum(1, keepdims=True) - 2, 4), rtol=1e-5)


def test_every_change_of_what_a_layer_holds_is_seen():
    """Also where a count stays the same, and after the layer was asked."""
    a, b, c = (layers.Dense(1, name=n) for n in "abc")
    layer = layers.Layer()
    layer.parts, layer.table, layer.one, layer.pair = [a, [a]], {"x": a}, None, (a, [a])

    def held():
        return [x.name for x in layer._flatten_layers(include_self=False)]

    assert held() == ["a"]
    for change, wanted in (
        (lambda: layer.parts.__setitem__(0, b), {"a", "b"}), (lambda: layer.parts.__setitem__(0, a), {"a"}),
        (lambda: layer.parts[1].__setitem__(0, c), {"a", "c"}), (lambda: layer.parts.__setitem__(1, [b]), {"a", "b"}),
        (lambda: layer.table.update(x=c), {"a", "b", "c"}), (lambda: layer.table.clear(), {"a", "b"}),
        (lambda: layer.pair[1].append(c), {"a", "b", "c"}), (lambda: setattr(layer, "pair", ()), {"a", "b"}),
        (lambda: setattr(layer, "one", c), {"a", "b", "c"}), (lambda: setattr(layer, "one", None), {"a", "b"}),
        (lambda: delattr(layer, "parts"), set()), (lambda: setattr(layer, "new", a), {"a"}),
        (lambda: layer.__dict__.pop("new"), set()),
    ):  # fmt: skip
        change()
        assert set(held()) == wanted
    layer._layers.append(a)  # a list of the caller's own
    assert held() == []


def test_copies_and_pickles_hold_things_of_their_own(backend):
    layer = layers.Bidirectional(layers.LSTM(2))
    layer(np.ones((1, 2, 3)))
    assert len(layer.weights) == 6
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert len(other.weights) == 6 and not {id(v) for v in other.weights} & {id(v) for v in layer.weights}
        other.forward_layer.trainable = False
        assert len(other.trainable_weights) == 3 and len(layer.trainable_weights) == 6
