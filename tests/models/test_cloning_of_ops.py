"""clone_model hands ops that stand in a graph to the user's functions too, as Keras does."""

import numpy as np

import kerata
from kerata import layers, ops


def test_ops_go_through_both_functions():
    x = kerata.Input((3,), name="x")
    shared = layers.Dense(3, name="dense")
    out = layers.Flatten(name="flat")(ops.reshape(ops.relu(shared(shared(x))) + 1.0, (-1, 3, 1)))
    model = kerata.Model(x, out)
    cloned, called = [], []

    def clone(layer):
        cloned.append(layer.name)
        return layer.__class__.from_config(layer.get_config())

    def call(layer, *args, **kwargs):
        called.append(layer.name)
        return layer(*args, **kwargs)

    new = kerata.models.clone_model(model, clone_function=clone, call_function=call)
    names = [o.name for o in model.operations[1:]]
    assert cloned == names and called == ["dense", *names] and [o.name for o in new.operations[1:]] == names
    assert not {id(o) for o in new.operations} & {id(o) for o in model.operations}
    new.set_weights(model.get_weights())
    values = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(new.predict(values, verbose=0), model.predict(values, verbose=0))
