"""The flat configs of Keras 1 and 2."""

import pytest
from remember import remember

import kerata

CASES = {
    "dense": lambda k: k.layers.Dense(3, activation="relu", kernel_regularizer="l2", name="d"),
    "adam": lambda k: k.optimizers.Adam(0.5),
    "zeros": lambda k: k.initializers.Zeros(),
    "function": lambda k: k.activations.relu,
    "nothing": lambda k: None,
}


@remember
def of_keras(case):
    import keras

    return keras.legacy.saving.serialize_keras_object(CASES[case](keras))


@kerata.saving.register_keras_serializable("LegacyTests")
def doubled(x):
    return 2 * x


@kerata.saving.register_keras_serializable("LegacyTests")
class Holder(kerata.layers.Layer):
    def __init__(self, fn, inner, **kwargs):
        super().__init__(**kwargs)
        self.fn, self.inner = fn, inner

    def get_config(self):
        return {**super().get_config(), "fn": self.fn, "inner": self.inner}


@pytest.mark.parametrize("case", CASES)
def test_flat_form_is_that_of_keras(case):
    assert kerata.legacy.saving.serialize_keras_object(CASES[case](kerata)) == of_keras(case)


def test_there_and_back():
    old = kerata.utils.legacy
    flat = old.serialize_keras_object(Holder(doubled, kerata.initializers.Constant(2.0)))
    assert flat["class_name"] == "LegacyTests>Holder" and flat["config"]["fn"] == "LegacyTests>doubled"
    assert flat["config"]["inner"]["class_name"] == "Constant"
    back = old.deserialize_keras_object(flat, module_objects={"Constant": kerata.initializers.Constant})
    assert back.fn is doubled and back.inner.value == 2.0
    names = {"Zeros": kerata.initializers.Zeros, "relu": kerata.activations.relu}
    assert isinstance(old.deserialize_keras_object("Zeros", module_objects=names), kerata.initializers.Zeros)
    assert old.deserialize_keras_object("relu", names) is kerata.activations.relu
    assert old.deserialize_keras_object(doubled) is doubled and old.deserialize_keras_object(None) is None


@pytest.mark.parametrize(("given", "message"), [
    ({"class_name": "Zero", "config": {}}, "Unknown initializer: 'Zero'. Did you mean 'Zeros'?"),
    ("Nope", "Unknown initializer: 'Nope'"),
    ({"config": {}}, "'class_name' and 'config'"),
    (5, "a name, a config or a function; got 5"),
])  # fmt: skip
def test_unknown_names(given, message):
    with pytest.raises(ValueError, match="(?s)" + message.replace("?", r"\?")):
        kerata.legacy.saving.deserialize_keras_object(
            given, {"Zeros": kerata.initializers.Zeros}, printable_module_name="initializer"
        )
    with pytest.raises(ValueError, match="cannot be serialised"):
        kerata.legacy.saving.serialize_keras_object(3)


def test_symbolic_scope():
    from kerata.core.scopes import in_symbolic_scope

    seen = []

    class Asking(kerata.layers.Layer):
        def call(self, x):
            seen.append(in_symbolic_scope())
            return x

    with kerata.SymbolicScope():
        assert in_symbolic_scope()
    assert not in_symbolic_scope()
    layer = Asking()
    layer(kerata.Input((2,)))
    layer(kerata.ops.ones((1, 2)))
    assert seen[0] and not seen[-1]
