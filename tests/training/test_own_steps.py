"""Steps of the user's own: one form for all backends, and Keras's forms for each."""

import warnings

import numpy as np
import pytest
from twins import labels, normal, start

import kerata
from kerata import layers, ops, tree

X = normal(16, 4)
Y = labels(16, 3)


def net(units=3, activation=None, inputs=4):
    return start(kerata.Sequential([kerata.Input((inputs,)), layers.Dense(6, activation="tanh"), layers.Dense(units, activation)]))


def reference(epochs=2):
    """What the built-in step gives, for steps that are written to do the same."""
    inputs = kerata.Input((4,))
    x = layers.Dense(6, activation="tanh")(inputs)
    model = start(kerata.Model(inputs, layers.Dense(3)(x)))
    model.compile(kerata.optimizers.Adam(0.05), kerata.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    history = model.fit(X, Y, batch_size=5, epochs=epochs, shuffle=False, verbose=0)
    return history.history, model.get_weights()


def fitted(cls, **compiled):
    inputs = kerata.Input((4,))
    x = layers.Dense(6, activation="tanh")(inputs)
    model = start(cls(inputs, layers.Dense(3)(x)))
    model.compile(
        kerata.optimizers.Adam(0.05), kerata.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"], **compiled
    )
    return model, model.fit(X, Y, batch_size=5, epochs=2, shuffle=False, verbose=0).history


def same_as_reference(cls, **compiled):
    wanted, weights = reference()
    model, found = fitted(cls, **compiled)
    for name, values in found.items():
        np.testing.assert_allclose(values, wanted[name], rtol=1e-5, err_msg=name)
    for f, w in zip(model.get_weights(), weights):
        np.testing.assert_allclose(f, w, rtol=1e-4, atol=1e-6)
    return model, found


class OneForm(kerata.Model):
    """The form for all backends."""

    def train_step(self, data):
        x, y = data

        def loss_of():
            y_pred = self(x, training=True)
            return self.compute_loss(x, y, y_pred), y_pred

        (loss, y_pred), grads = kerata.value_and_grad(loss_of, self.trainable_variables, has_aux=True)()
        self.optimizer.apply(grads, self.trainable_variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss, sample_weight=ops.shape(x)[0])
            else:
                metric.update_state(y, y_pred)
        return self.get_metrics_result()


@pytest.mark.parametrize("how", [{}, {"run_eagerly": True}, {"jit_compile": False}], ids=str)
def test_one_form_does_what_the_built_in_step_does(train_backend, how):
    _, history = same_as_reference(OneForm, **how)
    assert list(history) == ["accuracy", "loss"]


class KerasJax(kerata.Model):
    """As Keras documents it for JAX."""

    def compute_loss_and_updates(self, trainable, non_trainable, x, y, training=False):
        y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=training)
        loss, _ = self.stateless_compute_loss(
            trainable, non_trainable, [v.value for v in self.metrics_variables], x=x, y=y, y_pred=y_pred, training=training
        )
        return loss, (y_pred, non_trainable)

    def train_step(self, state, data):
        import jax

        trainable, non_trainable, optimizer, metrics = state
        x, y = data
        grad_fn = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
        (loss, (y_pred, non_trainable)), grads = grad_fn(trainable, non_trainable, x, y, training=True)
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, grads, trainable)
        return self._updated(metrics, loss, x, y, y_pred, trainable, non_trainable, optimizer)

    def _updated(self, metrics, loss, x, y, y_pred, *state):
        new, logs = [], {}
        for metric in self.metrics:
            count = len(metric.variables)
            mine, metrics = metrics[:count], metrics[count:]
            if metric.name == "loss":
                mine = metric.stateless_update_state(mine, loss, sample_weight=len(x))
            else:
                mine = metric.stateless_update_state(mine, y, y_pred)
            result = metric.stateless_result(mine)
            logs.update(result if isinstance(result, dict) else {metric.name: result})
            new += mine
        return logs, (*state, new)

    def test_step(self, state, data):
        x, y = data
        trainable, non_trainable, metrics = state
        y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=False)
        loss, _ = self.stateless_compute_loss(trainable, non_trainable, metrics, x=x, y=y, y_pred=y_pred, training=False)
        return self._updated(metrics, loss, x, y, y_pred, trainable, non_trainable)


def test_kerass_form_for_jax():
    with kerata.backend_scope("jax"):
        model, _ = same_as_reference(KerasJax)
        found = model.evaluate(X, Y, batch_size=5, verbose=0, return_dict=True)
        plain = kerata.Model(model.inputs, model.outputs)
        plain.compile(loss=model.loss, metrics=["accuracy"])
        wanted = plain.evaluate(X, Y, batch_size=5, verbose=0, return_dict=True)
        assert found == pytest.approx(wanted, rel=1e-5)


def test_the_loss_as_a_pure_function():
    with kerata.backend_scope("jax"):
        model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(1), kerata.layers.BatchNormalization()])
        model.compile(kerata.optimizers.LossScaleOptimizer(kerata.optimizers.SGD(), initial_scale=8.0), "mse")
        x, y = np.arange(12.0, dtype="float32").reshape(4, 3), np.ones((4, 1), "float32")
        model.optimizer.build(model.trainable_variables)
        groups = (model.trainable_variables, model.non_trainable_variables, model.metrics_variables)
        values = [[v.value for v in group] for group in groups]
        scales = [v.value for v in model.optimizer.variables]
        total, (loss, y_pred, moving, metrics) = model.compute_loss_and_updates(
            *values, x, y, None, training=True, optimizer_variables=scales
        )
        assert float(total) == pytest.approx(8 * float(loss)) and y_pred.shape == (4, 1)
        assert float(loss) == pytest.approx(float(np.mean((np.asarray(y_pred) - y) ** 2)))
        assert len(metrics) == len(groups[2]) and not np.allclose(moving[0], model.non_trainable_variables[0])
        model.jax_state_sync()


class KerasTorch(kerata.Model):
    """As Keras documents it for PyTorch."""

    def train_step(self, data):
        import torch

        x, y = data
        self.zero_grad()
        y_pred = self(x, training=True)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        loss.backward()
        trainable_weights = [v for v in self.trainable_weights]
        gradients = [v.value.grad for v in trainable_weights]
        with torch.no_grad():
            self.optimizer.apply(gradients, trainable_weights)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss, sample_weight=len(x))
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


def test_kerass_form_for_torch():
    with kerata.backend_scope("torch"):
        wanted, weights = reference()
        model, found = fitted(KerasTorch)
        assert list(found) == ["accuracy", "loss"]  # not "compile_metrics", whose result is a dictionary
        np.testing.assert_allclose(found["loss"], wanted["loss"], rtol=1e-5)
        for f, w in zip(model.get_weights(), weights):
            np.testing.assert_allclose(f, w, rtol=1e-4, atol=1e-6)


class KerasTensorFlow(kerata.Model):
    """As Keras documents it for TensorFlow."""

    def train_step(self, data):
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        trainable_vars = self.trainable_variables
        gradients = tape.gradient(loss, trainable_vars)
        self.optimizer.apply(gradients, trainable_vars)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss, sample_weight=tf.shape(x)[0])
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


@pytest.mark.parametrize("how", [{}, {"run_eagerly": True}], ids=str)
def test_kerass_form_for_tensorflow(how):
    with kerata.backend_scope("tensorflow"):
        wanted, weights = reference()
        model, found = fitted(KerasTensorFlow, **how)
        np.testing.assert_allclose(found["loss"], wanted["loss"], rtol=1e-5)
        for f, w in zip(model.get_weights(), weights):
            np.testing.assert_allclose(f, w, rtol=1e-4, atol=1e-6)


class OwnLoss(kerata.Model):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.tracker = kerata.metrics.Mean(name="own")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = ops.mean((y_pred - ops.one_hot(y, 3)) ** 2) + 0.01 * ops.sum(self.layers[1].kernel ** 2)
        self.tracker.update_state(loss)
        return loss

    def compute_metrics(self, x, y, y_pred, sample_weight):
        logs = super().compute_metrics(x, y, y_pred, sample_weight)
        return {**logs, "twice": 2 * logs["own"]}

    @property
    def metrics(self):
        return [self.tracker]


def test_compute_loss_and_compute_metrics_may_be_overridden(train_backend):
    inputs = kerata.Input((4,))
    model = start(OwnLoss(inputs, layers.Dense(3)(layers.Dense(6)(inputs))))
    model.compile("adam")
    history = model.fit(X, Y, batch_size=8, epochs=3, verbose=0, validation_data=(X, Y)).history
    assert sorted(history) == ["own", "twice", "val_own", "val_twice"]
    np.testing.assert_allclose(history["twice"], 2 * np.array(history["own"]), rtol=1e-6)
    assert history["own"][-1] < history["own"][0]


class LossWithoutTraining(OwnLoss):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
        return super().compute_loss(x, y, y_pred, sample_weight)


def test_compute_loss_may_be_overridden_without_training(train_backend):
    inputs = kerata.Input((4,))
    found = []
    for cls in (OwnLoss, LossWithoutTraining):
        model = start(cls(inputs, layers.Dense(3)(layers.Dense(6)(inputs))))
        model.compile("sgd")
        found.append(model.fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0, validation_data=(X, Y)).history)
    assert found[0] == found[1]


def test_functions_of_a_batch_may_be_overridden(train_backend):
    class Counted(kerata.Model):
        def _counted(self, kind, inner):
            def counted(iterator):
                calls.append(kind)
                return inner(iterator)

            setattr(self, f"{kind}_function", counted)

        def make_train_function(self, force=False):
            self._counted("train", super().make_train_function(force=True))

        def make_predict_function(self, force=False):
            self._counted("predict", super().make_predict_function(force=True))

    calls: list = []
    model, history = fitted(Counted)
    assert calls == ["train"] * 8
    assert history["loss"] == pytest.approx(reference()[0]["loss"], rel=1e-5)
    model.train_on_batch(X, Y)
    assert model.predict(X, batch_size=8, verbose=0).shape == (16, 3)
    assert model.predict_on_batch(X).shape == (16, 3)
    assert calls[8:] == ["train", *["predict"] * 3]


class GAN(kerata.Model):
    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.seed = kerata.random.SeedGenerator(3)
        self.d_loss, self.g_loss = kerata.metrics.Mean(name="d"), kerata.metrics.Mean(name="g")

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

    @property
    def metrics(self):
        return [self.d_loss, self.g_loss]

    def train_step(self, real):
        n = ops.shape(real)[0]
        noise = kerata.random.normal((n, 2), seed=self.seed)
        fake = self.generator(noise)
        both = ops.concatenate([fake, real], axis=0)
        truth = ops.concatenate([ops.ones((n, 1)), ops.zeros((n, 1))], axis=0)
        of_d = self.discriminator.trainable_variables
        d_loss, grads = kerata.value_and_grad(lambda: self.loss_fn(truth, self.discriminator(both)), of_d)()
        self.d_optimizer.apply(grads, of_d)
        of_g = self.generator.trainable_variables

        def fooled():
            return self.loss_fn(ops.zeros((n, 1)), self.discriminator(self.generator(noise)))

        g_loss, grads = kerata.value_and_grad(fooled, of_g)()
        self.g_optimizer.apply(grads, of_g)
        self.d_loss.update_state(d_loss)
        self.g_loss.update_state(g_loss)
        return {"d": self.d_loss.result(), "g": self.g_loss.result()}


def test_gan_with_two_optimizers(train_backend):
    generator, discriminator = net(4, inputs=2), net(1, inputs=4)
    gan = GAN(generator, discriminator)
    gan.compile(
        kerata.optimizers.Adam(0.01), kerata.optimizers.SGD(0.05), kerata.losses.BinaryCrossentropy(from_logits=True)
    )
    before = [*generator.get_weights(), *discriminator.get_weights()]
    history = gan.fit(X, batch_size=8, epochs=4, verbose=0).history
    assert np.isfinite(history["d"]).all() and np.isfinite(history["g"]).all()
    after = [*generator.get_weights(), *discriminator.get_weights()]
    assert all(np.abs(a - b).max() > 1e-4 for a, b in zip(before, after))
    assert int(gan.d_optimizer.iterations) == int(gan.g_optimizer.iterations) == 8


class VAE(kerata.Model):
    def __init__(self):
        super().__init__()
        self.encoder = layers.Dense(4)
        self.decoder = layers.Dense(4)
        self.seed = kerata.random.SeedGenerator(1)
        self.total = kerata.metrics.Mean(name="total")

    def call(self, x):
        mean, spread = ops.split(self.encoder(x), 2, axis=-1)
        z = mean + ops.exp(0.5 * spread) * kerata.random.normal(ops.shape(mean), seed=self.seed)
        self.add_loss(-0.005 * ops.mean(1 + spread - mean**2 - ops.exp(spread)))
        return self.decoder(z)

    @property
    def metrics(self):
        return [self.total]

    def train_step(self, x):
        def loss():
            return ops.mean((self(x) - x) ** 2) + sum(self.losses)

        value, grads = kerata.value_and_grad(loss, self.trainable_weights)()
        self.optimizer.apply(grads, self.trainable_weights)
        self.total.update_state(value)
        return {"total": self.total.result()}


def test_vae(train_backend):
    kerata.utils.set_random_seed(2)
    model = VAE()
    model.compile(kerata.optimizers.Adam(0.02))
    history = model.fit(X, batch_size=8, epochs=25, verbose=0).history
    assert history["total"][-1] < history["total"][0]


class Distiller(kerata.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.student, self.teacher = student, teacher
        self.teacher.trainable = False

    def call(self, x):
        return self.student(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        soft = ops.softmax(self.teacher(x, training=False) / 3.0)
        divergence = ops.mean(kerata.losses.kl_divergence(soft, ops.softmax(y_pred / 3.0)))
        return super().compute_loss(x, y, y_pred, sample_weight) + divergence


def test_distillation(train_backend):
    teacher = net(3)
    before = teacher.get_weights()
    model = Distiller(net(3), teacher)
    model.compile("adam", kerata.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    history = model.fit(X, Y, batch_size=8, epochs=4, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    for a, b in zip(before, teacher.get_weights()):
        np.testing.assert_array_equal(a, b)


class Penalized(kerata.Model):
    """A gradient penalty: gradients by weights of gradients by inputs."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.total = kerata.metrics.Mean(name="total")

    def call(self, x):
        return self.inner(x)

    @property
    def metrics(self):
        return [self.total]

    def train_step(self, x):
        def loss():
            slopes = kerata.grad(lambda x: ops.sum(self.inner(x)))(x)
            return ops.mean((ops.sqrt(ops.sum(slopes**2, axis=-1)) - 1.0) ** 2)

        value, grads = kerata.value_and_grad(loss, self.inner.trainable_variables)()
        self.optimizer.apply([g if g is not None else ops.zeros(v.shape) for g, v in zip(grads, self.inner.trainable_variables)],
                             self.inner.trainable_variables)  # fmt: skip
        self.total.update_state(value)
        return {"total": self.total.result()}


def test_gradient_penalty_is_equal_on_all_backends(train_backend):
    model = Penalized(net(1))
    model.compile(kerata.optimizers.SGD(0.05))
    history = model.fit(X, batch_size=8, epochs=3, shuffle=False, verbose=0).history
    assert history["total"] == pytest.approx(_penalty_by_hand(), rel=1e-4)


def _penalty_by_hand():
    """The same in JAX alone."""
    import jax
    import jax.numpy as jnp

    with kerata.backend_scope("numpy"):
        w = [jnp.asarray(x) for x in net(1).get_weights()]

    def out(w, x):
        return (jnp.tanh(x @ w[0] + w[1]) @ w[2] + w[3]).sum()

    def loss(w, x):
        slopes = jax.grad(out, argnums=1)(w, x)
        return jnp.mean((jnp.sqrt((slopes**2).sum(-1)) - 1.0) ** 2)

    epochs = []
    for _ in range(3):
        values = []
        for x in (X[:8], X[8:]):
            value, g = jax.value_and_grad(loss)(w, x)
            w = [a - 0.05 * b for a, b in zip(w, g)]
            values.append(float(value))
        epochs.append(np.mean(values))
    return epochs


def test_grad_and_jit(train_backend):
    w = kerata.Variable([1.0, 2.0])
    count = kerata.Variable(0.0, trainable=False)

    @kerata.jit
    def step(x, flag=True):
        count.assign_add(1.0)
        value, (g,) = kerata.value_and_grad(lambda: ops.sum(w**3 * x), [w])()
        if flag:
            w.assign_sub(0.1 * g)
        return value

    x = ops.convert_to_tensor([1.0, 2.0])
    assert float(step(x)) == pytest.approx(17.0)
    np.testing.assert_allclose(w.numpy(), [0.7, -0.4], rtol=1e-5)
    assert float(step(x, flag=False)) == pytest.approx(0.343 - 0.128, rel=1e-4)
    np.testing.assert_allclose(w.numpy(), [0.7, -0.4], rtol=1e-5)
    assert float(count) == 2


def test_gradients_of_nests_and_of_gradients(train_backend):
    point = {"a": ops.convert_to_tensor([1.0, 2.0]), "b": [ops.convert_to_tensor(3.0)]}
    value, grads = kerata.value_and_grad(lambda p: ops.sum(p["a"] ** 2) * p["b"][0])(point)
    assert float(value) == 15.0
    np.testing.assert_allclose(ops.convert_to_numpy(grads["a"]), [6.0, 12.0])
    assert float(grads["b"][0]) == 5.0
    cubic = lambda x: x**3
    assert float(kerata.grad(kerata.grad(cubic))(ops.convert_to_tensor(2.0))) == pytest.approx(12.0)
    (loss, extra), g = kerata.value_and_grad(lambda x: (x * x, {"k": x + 1}), has_aux=True)(ops.convert_to_tensor(3.0))
    assert (float(loss), float(extra["k"]), float(g)) == (9.0, 4.0, 6.0)


def test_a_step_that_gives_no_dictionary_is_named(train_backend):
    class Wrong(kerata.Model):
        def train_step(self, data):
            return 3.0

    inputs = kerata.Input((4,))
    model = Wrong(inputs, layers.Dense(3)(inputs))
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match=r"Wrong\.train_step\(\) must return a dictionary"):
        model.fit(X, X[:, :3], verbose=0)


def test_numpy_cannot_train():
    with kerata.backend_scope("numpy"):
        model = net(3)
        model.compile("sgd", "mse")
        with pytest.raises(NotImplementedError, match=r"to_backend"):
            model.fit(X, X[:, :3], verbose=0)
        with pytest.raises(NotImplementedError, match=r"to_backend"):
            kerata.grad(lambda x: x)(1.0)


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["Dense", "LSTM"])
def test_compiled_by_the_backends_compiler(cell, train_backend):
    """jit_compile=True: torch.compile, XLA and jit train as eager steps do, a smaller last batch included."""
    x, y = normal(10, 3, 2), labels(10, 3)

    def trained(**how):
        kerata.utils.set_random_seed(1)
        first = [layers.LSTM(4)] if cell == "LSTM" else [layers.Flatten(), layers.Dense(4, use_bias=False), layers.BatchNormalization()]
        model = kerata.Sequential([kerata.Input((3, 2)), *first, layers.Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **how)
        history = model.fit(x, y, batch_size=4, epochs=2, verbose=0, validation_data=(x, y))
        return [*history.history.values(), model.evaluate(x, y, verbose=0), *model.get_weights()]

    for found, wanted in zip(trained(jit_compile=True), trained(run_eagerly=True)):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


class StepsOfAnyArguments(KerasJax):
    """Steps that hand on what they get, as packages that support several backends write them."""

    def train_step(self, *args, **kwargs):
        return super().train_step(*args, **kwargs)

    def test_step(self, *args, **kwargs):
        return super().test_step(*args, **kwargs)


def test_kerass_form_for_jax_behind_any_arguments():
    with kerata.backend_scope("jax"):
        same_as_reference(StepsOfAnyArguments)


class Listens(kerata.Model):
    """Notes what its own steps are given."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def train_step(self, data):
        self.seen.append(tree.map_structure(lambda a: tuple(a.shape), data))
        return {"loss": ops.convert_to_tensor(0.0)}

    test_step = train_step

    def predict_step(self, data):
        self.train_step(data)
        return ops.zeros((2, 1))


class OneBatch(kerata.utils.PyDataset):
    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.batch


@pytest.mark.parametrize("eager", [True, False])
@pytest.mark.parametrize("method", ["fit", "evaluate", "predict"])
def test_inputs_alone_as_in_keras(train_backend, method, eager):
    """Arrays come bare; from generators and PyDatasets in a tuple (Keras on TensorFlow; on PyTorch in a list), but dictionaries."""
    x = X[:2]
    shape, named = x.shape, {"a": x.shape}

    def seen(data):
        model = Listens()
        model.compile(run_eagerly=eager)
        model.built = True
        getattr(model, method)(data, verbose=0)
        return model.seen[-1]

    assert seen(x) == shape and seen({"a": x}) == named
    for batch, wanted in [(x, (shape,)), ((x,), (shape,)), ([x], (shape,)), ({"a": x}, named), ((x, x), (shape, shape))]:
        assert seen(OneBatch(batch)) == wanted and seen(iter([batch])) == wanted


def test_loaders_of_pytorch_keep_their_form():
    torch = pytest.importorskip("torch")
    with kerata.backend_scope("torch"):
        for rows, wanted in [(torch.ones(2, 3), (2, 3)), (torch.utils.data.TensorDataset(torch.ones(2, 3)), ((2, 3),))]:
            model = Listens()
            model.compile()
            model.fit(torch.utils.data.DataLoader(rows, batch_size=2), verbose=0)
            assert model.seen == [wanted]


def test_a_dictionary_alone_comes_without_a_tuple(train_backend):
    seen = []

    class Model(kerata.Model):
        def train_step(self, data):
            seen.append(data)
            return {"loss": ops.convert_to_tensor(0.0)}

    model = Model()
    model.compile(run_eagerly=True)
    model.fit({"a": X[:2], "b": X[:2]}, verbose=0)
    assert isinstance(seen[0], dict) and list(seen[0]) == ["a", "b"]


def test_a_call_without_training_stays_in_inference_mode(train_backend):
    """As in Keras: `fit` gives `training` to a model whose `call` has it, and no other way is there to its layers."""

    class Plain(kerata.Model):
        def __init__(self):
            super().__init__()
            self.norm = layers.BatchNormalization()
            self.out = layers.Dense(3)

        def call(self, x):
            return self.out(self.norm(x))

    class Told(Plain):
        def call(self, x, training=None):
            return self.out(self.norm(x, training=training))

    for cls, moves in ((Plain, False), (Told, True)):
        model = cls()
        model.compile("sgd", kerata.losses.SparseCategoricalCrossentropy(from_logits=True))
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            for _ in range(2):
                model.fit(X, Y, batch_size=8, verbose=0)
        found = [w for w in found if "no `training` argument" in str(w.message)]
        assert len(found) == (not moves) and all("'batch_normalization" in str(w.message) for w in found)
        assert all(w.filename == __file__ for w in found)
        before = np.zeros(4, "float32")
        assert np.allclose(ops.convert_to_numpy(model.norm.moving_mean), before) is not moves
        model(X, training=True)
        assert not np.allclose(ops.convert_to_numpy(model.norm.moving_mean), before)
