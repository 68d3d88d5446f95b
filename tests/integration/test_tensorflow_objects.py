"""What TensorFlow's own tools do with models and optimizers: checkpoints, SavedModels, the converter to LiteRT."""

import copy
import pickle

import numpy as np
import pytest
from twins import normal, start

import kerata
from kerata import layers

tf = pytest.importorskip("tensorflow")


@pytest.fixture(autouse=True)
def _tensorflow():
    with kerata.backend_scope("tensorflow"):
        yield


def model_and_data():
    model = kerata.Sequential([kerata.Input((4,)), layers.Dense(3, activation="tanh"), layers.BatchNormalization(), layers.Dense(2)])
    model.compile(kerata.optimizers.Adam(0.05), "mse")
    return start(model), normal(8, 4), normal(8, 2)


class Net(kerata.Model):
    """Built when it is first called."""

    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(3), [layers.Dense(2), layers.Dense(1)]
        self.scale = self.add_weight(shape=(1,), initializer="ones")

    def call(self, x):
        x = self.first(x) * self.scale
        for layer in self.second:
            x = layer(x)
        return x


def same(found, wanted):
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


def test_checkpoints_of_a_model_and_its_optimizer(tmp_path):
    model, x, y = model_and_data()
    model.fit(x, y, epochs=3, verbose=0)
    path = tf.train.Checkpoint(model=model, optimizer=model.optimizer).save(tmp_path / "a")
    again, _, _ = model_and_data()
    again.optimizer.learning_rate = 0.5
    again.fit(x, y, verbose=0)
    tf.train.Checkpoint(model=again, optimizer=again.optimizer).restore(path).assert_consumed()
    same(again.get_weights(), model.get_weights())
    same([v.numpy() for v in again.optimizer.variables], [v.numpy() for v in model.optimizer.variables])
    assert int(again.optimizer.iterations) == 3 and float(again.optimizer.learning_rate) == pytest.approx(0.05)
    wanted = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(again.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"], wanted, rtol=1e-6)


def test_a_checkpoint_waits_for_weights_that_are_made_later(tmp_path):
    net, x = Net(), normal(5, 4)
    net.compile("adam", "mse")
    net.fit(x, x[:, :1], verbose=0)
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(net=net, optimizer=net.optimizer), tmp_path, max_to_keep=2)
    path = manager.save()
    again = Net()
    again.compile("adam", "mse")
    status = tf.train.Checkpoint(net=again, optimizer=again.optimizer).restore(path)
    pickled, copied = pickle.loads(pickle.dumps(again)), copy.deepcopy(again.optimizer)
    assert not pickled.first.built and not copied.built
    same(again(x), net(x))
    again.optimizer.build(again.trainable_variables)
    status.assert_consumed()
    same([v.numpy() for v in again.optimizer.variables], [v.numpy() for v in net.optimizer.variables])


def test_saved_models_and_modules_with_layers_in_them(tmp_path):
    model, x, _ = model_and_data()
    tf.saved_model.save(model, tmp_path / "model")
    loaded = tf.saved_model.load(tmp_path / "model")
    (found,) = loaded.signatures["serving_default"](tf.constant(x)).values()
    np.testing.assert_allclose(found, model(x), rtol=1e-6)

    class Inner(kerata.Model):  # whose inputs nobody knows
        def build(self, shape):
            self.scale = self.add_weight(shape=(1,), initializer="ones")

        def call(self, x, y):
            return self.scale * x + y

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.model, self.dense, self.inner = model, layers.Dense(1), Inner()
            self.inner.build((None, 1))

        @tf.function(input_signature=[tf.TensorSpec((None, 4))])
        def __call__(self, x):
            x = self.dense(self.model(x))
            return self.inner(x, y=x)

    module = Module()
    wanted = module(x)
    tf.saved_model.save(module, tmp_path / "module")
    np.testing.assert_allclose(tf.saved_model.load(tmp_path / "module")(tf.constant(x)), wanted, rtol=1e-6)


@pytest.mark.slow
def test_the_converter_to_litert_takes_models():
    model, x, _ = model_and_data()
    content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    interpreter = tf.lite.Interpreter(model_content=content)
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(found, model(x), rtol=1e-5, atol=1e-6)


def test_a_model_on_another_backend_has_nothing_for_tensorflow(tmp_path):
    with kerata.backend_scope("numpy"):
        layer = layers.Dense(2)
        layer.build((None, 3))
    assert not layer._trackable_children()
    layer.to_backend("tensorflow")
    assert set(layer._trackable_children()) == {"kernel", "bias"}


def test_checkpoints_of_bare_variables(tmp_path):
    v, step = kerata.Variable([1.0, 2.0], name="v"), kerata.Variable(3, dtype="int32", trainable=False)
    path = tf.train.Checkpoint(v=v, parts=[step]).save(tmp_path / "a")
    copies = copy.deepcopy(v), pickle.loads(pickle.dumps(v))
    v.assign([0.0, 0.0])
    step.assign(0)
    tf.train.Checkpoint(v=v, parts=[step]).restore(path).assert_consumed()
    same((v.numpy(), step.numpy()), ([1.0, 2.0], 3))
    same([c.numpy() for c in copies], [v.numpy()] * 2)
    fresh = kerata.Variable([0.0, 0.0])
    tf.train.Checkpoint(v=fresh).restore(path).expect_partial()
    same(fresh.numpy(), v.numpy())


def test_saved_models_of_modules_with_variables(tmp_path):
    class Scaled(tf.Module):
        def __init__(self):
            super().__init__()
            self.scale = kerata.Variable([2.0, 3.0])

        @tf.function(input_signature=[tf.TensorSpec((None, 2))])
        def __call__(self, x):
            return x * self.scale.value

    tf.saved_model.save(Scaled(), str(tmp_path))
    same(tf.saved_model.load(str(tmp_path))(tf.ones((1, 2))).numpy(), [[2.0, 3.0]])
