"""TorchModuleWrapper, JaxLayer, FlaxLayer and TFSMLayer."""

import json
import zipfile

import numpy as np
import pytest

import kerata

JAX_X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


@kerata.saving.register_keras_serializable("test_foreign")
def linear_init(rng, inputs):
    import jax

    return {"w": jax.random.normal(rng, (inputs.shape[-1], 2)), "b": [jax.numpy.zeros(2)]}


@kerata.saving.register_keras_serializable("test_foreign")
def linear(params, inputs):
    return inputs @ params["w"] + params["b"][0]


@kerata.saving.register_keras_serializable("test_foreign")
def counted_init(rng, inputs, training):
    import jax.numpy as jnp

    return {"a": jnp.ones(())}, {"n": jnp.zeros((), "int32")}


@kerata.saving.register_keras_serializable("test_foreign")
def counted(params, state, rng, inputs, training):
    import jax

    noise = jax.random.uniform(rng, ()) if training else 0.0
    return inputs * params["a"] + noise, {"n": state["n"] + 1}


@kerata.saving.register_keras_serializable("test_foreign")
class Linear:
    """What FlaxLayer needs of a module of flax.linen."""

    def __init__(self, units=2):
        self.units = units

    def init(self, rngs, x, training=False):
        import jax.numpy as jnp

        return {"params": {"k": jnp.ones((x.shape[-1], self.units))}, "batch_stats": {"m": jnp.zeros(self.units)}}

    def __call__(self, x, training=False):
        raise NotImplementedError

    def apply(self, variables, x, rngs=None, method=None, mutable=False, training=False):
        assert bool(mutable) == training
        y = x @ variables["params"]["k"]
        return (y, {"batch_stats": {"m": y.mean(0)}}) if mutable else y - variables["batch_stats"]["m"]

    def get_config(self):
        return {"units": self.units}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@pytest.fixture(params=["jax", "tensorflow"])
def on_jax(request):
    for name in {"jax", request.param}:
        pytest.importorskip(name)
    with kerata.backend.backend_scope(request.param):
        yield


def test_jax_layer(on_jax, tmp_path):
    layer = kerata.layers.JaxLayer(linear, linear_init, name="j", seed=1)
    assert layer(kerata.KerasTensor((None, 3))).shape == (None, 2)
    assert [w.shape for w in layer.weights] == [(2,), (3, 2)] and all(w.path.startswith("j/") for w in layer.weights)
    b, w = layer.get_weights()
    np.testing.assert_allclose(layer(JAX_X), JAX_X @ w + b, rtol=1e-5)
    model = kerata.Sequential([kerata.Input((3,)), kerata.layers.JaxLayer(linear, linear_init), kerata.layers.JaxLayer(counted, counted_init)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(JAX_X, np.ones((4, 2)), batch_size=2, epochs=2, verbose=0)
    assert not np.allclose(before[1], model.get_weights()[1])
    assert int(model.layers[1].state["n"].numpy()) == 4
    model.save(tmp_path / "m.keras")
    again = kerata.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again.predict(JAX_X, verbose=0), model.predict(JAX_X, verbose=0), rtol=1e-6)


def test_jax_layer_with_values(on_jax):
    layer = kerata.layers.JaxLayer(linear, params={"w": np.ones((3, 2), "float32"), "b": [np.zeros(2, "float32")]})
    np.testing.assert_allclose(layer(np.ones((1, 3), "float32")), [[3.0, 3.0]])
    counting = kerata.layers.JaxLayer(counted, counted_init)
    counting(JAX_X)
    counting(JAX_X, training=True)
    assert int(counting.state["n"].numpy()) == 2
    assert [w.trainable for w in counting.weights] == [True, False]


def test_jax_layer_errors(on_jax):
    make = kerata.layers.JaxLayer
    for arguments, error, words in [
        ((linear,), ValueError, "init_fn"), ((lambda params: 0, linear_init), ValueError, "'inputs'"),
        ((lambda parms, inputs: 0, linear_init), ValueError, "params"), ((3, linear_init), TypeError, "call_fn"),
        ((lambda inputs: 0, None, {"w": 1}), ValueError, "no argument"),
    ]:  # fmt: skip
        with pytest.raises(error, match=words):
            make(*arguments)
    with kerata.backend.backend_scope("numpy"), pytest.raises(ValueError, match="backend_scope"):
        make(linear, linear_init)


def test_functions_of_jax_layers_in_configs_are_registered_ones(on_jax):
    """Row R16 of the known malicious files."""
    config = kerata.saving.serialize_keras_object(kerata.layers.JaxLayer(linear, linear_init))
    assert config["config"]["call_fn"]["config"] == "test_foreign>linear"
    for key in ("call_fn", "init_fn"):
        for name in ("os.system", "system", "eval", "load_model", "get_file"):
            function = {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
            with pytest.raises(ValueError, match="not known"):
                kerata.saving.deserialize_keras_object({**config, "config": {**config["config"], key: function}})
        code = {"class_name": "__lambda__", "config": {"code": "4wAAAA==", "defaults": None, "closure": None}}
        with pytest.raises(ValueError, match="safe_mode"):
            kerata.saving.deserialize_keras_object({**config, "config": {**config["config"], key: code}})


def test_flax_layer(on_jax, tmp_path):
    layer = kerata.layers.FlaxLayer(Linear(2), name="f")
    assert layer(JAX_X).shape == (4, 2)
    assert [(w.shape, w.trainable) for w in layer.weights] == [((3, 2), True), ((2,), False)]
    layer(JAX_X, training=True)
    np.testing.assert_allclose(layer.get_weights()[1], (JAX_X @ np.ones((3, 2))).mean(0), rtol=1e-5)
    given = kerata.layers.FlaxLayer(Linear(2), variables={"params": {"k": np.ones((3, 2))}, "batch_stats": {"m": np.zeros(2)}})
    np.testing.assert_allclose(given(JAX_X), JAX_X @ np.ones((3, 2)), rtol=1e-5)
    model = kerata.Sequential([kerata.Input((3,)), layer])
    model.save(tmp_path / "m.keras")
    again = kerata.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again(JAX_X), model(JAX_X), rtol=1e-6)
    wrong = {"module": "subprocess", "class_name": "Popen", "config": {}, "registered_name": "Popen"}
    config = {**layer.get_config(), "module": wrong}
    with pytest.raises(ValueError, match="not known"):
        kerata.layers.FlaxLayer.from_config(config)


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    with kerata.backend.backend_scope("torch"):
        yield torch


def test_torch_module_wrapper(torch, tmp_path):
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 2))
    layer = kerata.layers.TorchModuleWrapper(module, name="w")
    assert [id(w.value) for w in layer.trainable_weights] == [id(p) for p in module.parameters()]
    inputs = kerata.Input((3,))
    model = kerata.Model(inputs, layer(inputs))
    assert model.output_shape == (None, 2)
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(JAX_X, np.ones((4, 2)), verbose=0)
    assert module.training and not np.allclose(before[0], module[0].weight.detach())
    found = model.predict(JAX_X, verbose=0)
    module.eval()
    np.testing.assert_allclose(found, module(torch.from_numpy(JAX_X)).detach(), rtol=1e-5)
    copied = kerata.models.clone_model(model)
    copied.set_weights([np.zeros_like(w) for w in model.get_weights()])
    assert np.abs(model.get_weights()[0]).sum() > 0
    model.save(tmp_path / "m.keras")
    for load in (lambda: kerata.saving.load_model(tmp_path / "m.keras"), lambda: _read(tmp_path / "m.keras")):
        with pytest.raises(ValueError, match="safe_mode"):
            load()
    again = kerata.saving.load_model(tmp_path / "m.keras", safe_mode=False)
    np.testing.assert_allclose(again.predict(JAX_X, verbose=0), found, rtol=1e-5)


def _read(path):
    """Rows R07 and R09: by the layer's own from_config, outside of any scope."""
    with zipfile.ZipFile(path) as z:
        config = json.loads(z.read("config.json"))["config"]["layers"][1]
    with pytest.raises(ValueError, match="safe_mode"):
        kerata.layers.deserialize(config)
    return kerata.layers.TorchModuleWrapper.from_config(config["config"])


def test_torch_module_wrapper_errors(torch):
    with pytest.raises(TypeError, match=r"torch\.nn\.Module"):
        kerata.layers.TorchModuleWrapper(3)
    lazy = kerata.layers.TorchModuleWrapper(torch.nn.LazyLinear(2))
    with pytest.raises(ValueError, match="output_shape"):
        lazy(kerata.KerasTensor((None, 3)))
    assert kerata.layers.TorchModuleWrapper(torch.nn.LazyLinear(2), output_shape=(None, 2))(kerata.KerasTensor((None, 3))).shape == (None, 2)
    lazy(torch.ones(1, 3))
    assert [w.shape for w in lazy.weights] == [(2, 3), (2,)]
    with kerata.backend.backend_scope("numpy"), pytest.raises(ValueError, match="backend_scope"):
        kerata.layers.TorchModuleWrapper(torch.nn.Linear(1, 1))


def test_saved_models_named_by_configs_are_refused(tmp_path):
    """Row R08: whatever the path is, before anything looks at it."""
    for path in (str(tmp_path), "relative", r"\\host\share", "gs://bucket/model", "http://localhost/x"):
        config = {"filepath": path, "call_endpoint": "serve", "call_training_endpoint": None, "name": "l", "trainable": True, "dtype": "float32"}
        wrapped = {"module": "keras.layers", "class_name": "TFSMLayer", "config": config, "registered_name": None}
        for load in (lambda: kerata.layers.TFSMLayer.from_config(config), lambda: kerata.layers.deserialize(wrapped),
                     lambda: kerata.saving.deserialize_keras_object(wrapped)):
            with pytest.raises(ValueError, match="safe_mode"):
                load()
    with kerata.backend.backend_scope("numpy"), pytest.raises(NotImplementedError, match="tensorflow"):
        kerata.layers.TFSMLayer("path")


@pytest.mark.slow
def test_saved_model(tmp_path):
    tf = pytest.importorskip("tensorflow")

    class Program(tf.Module):
        def __init__(self):
            self.w = tf.Variable(np.ones((3, 2), "float32"), name="w")
            self.trainable_variables_ = [self.w]

        @tf.function(input_signature=[tf.TensorSpec((None, 3))])
        def serve(self, x):
            return x @ self.w

    program = Program()
    tf.saved_model.save(program, str(tmp_path / "sm"), signatures={"signed": program.serve})
    with kerata.backend.backend_scope("tensorflow"):
        layer = kerata.layers.TFSMLayer(str(tmp_path / "sm"), name="t")
        np.testing.assert_allclose(layer(JAX_X), JAX_X @ np.ones((3, 2)), rtol=1e-5)
        assert [w.shape for w in layer.weights] == [(3, 2)]
        config = layer.get_config()
        assert {k: config[k] for k in ("call_endpoint", "call_training_endpoint")} == {"call_endpoint": "serve", "call_training_endpoint": None}
        with pytest.raises(ValueError, match="signed"):
            kerata.layers.TFSMLayer(str(tmp_path / "sm"), call_endpoint="predict")
        with kerata.saving.safe_mode.SafeModeScope(False):
            again = kerata.layers.TFSMLayer.from_config(config)
        np.testing.assert_allclose(again(JAX_X), layer(JAX_X))
