import json

import keras as real
import numpy as np
import pytest

import kerata
from kerata import saving
from kerata.saving.serialization import serialize_value


def plain(config):
    """As JSON gives it back."""
    return json.loads(json.dumps(config))


VALUES = [
    1, 1.5, True, None, "s", [1, [2, 3]], {"a": {"b": [1, None]}}, np.float32(2), np.int64(3), slice(1, 2), b"abc", ...,
    np.arange(3.0), np.arange(4).reshape(2, 2), (1, (2, 3)),
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_as_keras_writes_them(value):
    mine, theirs = saving.serialize_keras_object(value), real.saving.serialize_keras_object(value)
    assert plain(mine) == plain(theirs)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_round_trip(value):
    back = saving.deserialize_keras_object(saving.serialize_keras_object(value))
    assert type(back) is type(value) or isinstance(value, np.generic)
    np.testing.assert_equal(back, value if not isinstance(value, np.generic) else value.item())


def test_tensor_round_trip(backend):
    x = kerata.ops.convert_to_tensor(np.arange(6, dtype="float32").reshape(2, 3))
    config = saving.serialize_keras_object(x)
    assert config["class_name"] in ("__tensor__", "__numpy__")
    np.testing.assert_array_equal(kerata.ops.convert_to_numpy(saving.deserialize_keras_object(plain(config))), x)


def test_register_and_find():
    @saving.register_keras_serializable("pk", "other_name")
    class Thing:
        def __init__(self, a=1):
            self.a = a

        def get_config(self):
            return {"a": self.a}

        @classmethod
        def from_config(cls, config):
            return cls(**config)

    assert saving.get_registered_name(Thing) == "pk>other_name"
    assert saving.get_registered_object("pk>other_name") is Thing
    config = saving.serialize_keras_object(Thing(3))
    assert config["registered_name"] == "pk>other_name" and config["class_name"] == "Thing"
    assert saving.deserialize_keras_object(plain(config)).a == 3


def test_register_needs_get_config():
    with pytest.raises(ValueError, match="get_config"):
        saving.register_keras_serializable()(type("NoConfig", (), {}))


def test_names_of_registered_objects_stand_for_them():
    """As in the `.h5` files that Keras writes, whose losses are names."""
    @saving.register_keras_serializable("registered_names")
    def half_error(y_true, y_pred):
        return kerata.ops.mean(kerata.ops.abs(y_true - y_pred), axis=-1) / 2

    assert kerata.losses.get("registered_names>half_error") is half_error
    with pytest.raises(ValueError, match="half_error"):
        kerata.losses.get("half_error")


def test_custom_object_scope_nests():
    inner, outer = object(), object()
    with saving.custom_object_scope({"thing": outer}):
        with saving.CustomObjectScope({"thing": inner}):
            assert saving.get_registered_object("thing") is inner
        assert saving.get_registered_object("thing") is outer
    assert saving.get_registered_object("thing") is None
    with pytest.raises(TypeError, match="dict"):
        saving.CustomObjectScope([1])


def test_functions_by_name():
    @saving.register_keras_serializable("pk")
    def my_function(x):
        return x

    config = saving.serialize_keras_object(my_function)
    assert config == {
        "module": "builtins", "class_name": "function", "config": "pk>my_function", "registered_name": "function"
    }  # fmt: skip
    assert saving.deserialize_keras_object(config) is my_function
    relu = saving.deserialize_keras_object(plain(real.saving.serialize_keras_object(real.activations.relu)))
    assert relu is kerata.activations.relu


def test_unknown_class_error_helps():
    with saving.custom_object_scope({"MyDense": object}), pytest.raises((TypeError, ValueError)) as e:
        saving.deserialize_keras_object({"module": "m", "class_name": "MyDens", "config": {}, "registered_name": "MyDens"})
    text = str(e.value)
    assert "MyDens" in text and "Did you mean 'MyDense'" in text and "custom_objects" in text


@pytest.mark.parametrize(
    "config",
    [
        {"class_name": 3, "config": {}},
        {"class_name": "Dense", "config": [1], "module": "keras.layers"},
        {"class_name": "Dense", "config": {}, "module": 7},
        {"class_name": "Dense", "config": {}, "module": "keras.layers", "build_config": 3},
        {"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}},
        {"class_name": "__numpy__", "config": {}},
        {"class_name": "function", "config": {"name": 3}},
        object(),
    ],
)
def test_broken_configs_are_value_errors(config):
    with pytest.raises((TypeError, ValueError)):
        saving.deserialize_keras_object(config)


def test_lambda_in_process_needs_no_bytecode():
    with pytest.warns(UserWarning, match="bytecode"):
        config = saving.serialize_keras_object(lambda x: x + 1)
    assert saving.deserialize_keras_object(config)(1) == 2
    with pytest.raises(ValueError, match="safe_mode"):
        saving.deserialize_keras_object(plain(config))
    assert saving.deserialize_keras_object(plain(config), safe_mode=False)(1) == 2


def test_config_values():
    assert serialize_value(kerata.activations.relu) == "relu"
    assert serialize_value((1, 2)) == (1, 2)
    assert serialize_value(kerata.initializers.Zeros()) == {
        "module": "keras.initializers", "class_name": "Zeros", "config": {}, "registered_name": None
    }  # fmt: skip
    assert serialize_value(kerata.Variable(0.5)) == 0.5


def test_compile_config_as_keras_writes_it():
    def configs(K):
        model = K.Sequential([K.Input((3,)), K.layers.Dense(1)])
        found = [model.get_compile_config(), "compile_config" in json.loads(model.to_json())]
        model.compile("adam", "mse", metrics=["mae"])
        model.optimizer.learning_rate = 0.25
        return [*found, {k: v for k, v in model.get_compile_config().items() if k != "jit_compile"}]

    ours, theirs = configs(kerata), configs(real)
    for found in (ours, theirs):
        del found[2]["optimizer"]["config"]["name"]  # numbered
        assert found[2]["optimizer"].pop("module")
    assert ours == theirs and ours[2]["optimizer"]["config"]["learning_rate"] == 0.25
