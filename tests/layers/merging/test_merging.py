"""Merging layers against Keras."""

import numpy as np
import pytest
from common import check_layer

import kerata
from kerata import ops

A, B = [(2, 3, 4), (2, 3, 4)], [(2, 3, 4), (2, 1, 4)]
MASKS = [np.array([[1, 1, 0], [1, 0, 0]], bool), np.array([[1, 0, 1], [1, 1, 0]], bool)]
ELEMENTWISE = ["Add", "Multiply", "Average", "Maximum", "Minimum"]

CASES = [
    (name, {}, options)
    for name in ELEMENTWISE
    for options in [
        {"inputs": A, "unknown": [(None, None, 4), (None, 3, 4)]},
        {"inputs": B},
        {"inputs": [*A, (2, 3, 4)]},
        {"inputs": [(2, 4), (2, 3, 4)]},
        # Keras's merging layers lose masks under jax.grad.
        {"inputs": A, "masks": MASKS, "gradients": name in ("Add", "Average")},
        {"inputs": A, "masks": [MASKS[0], None], "gradients": name in ("Add", "Average")},
    ]
]
CASES += [("Subtract", {}, o) for o in ({"inputs": A}, {"inputs": B}, {"inputs": A, "masks": MASKS})]
CASES += [
    ("Concatenate", {}, {"inputs": [(2, 3, 4), (2, 3, 2)], "unknown": [(None, None, 4), (None, 3, 2)]}),
    ("Concatenate", {"axis": 1}, {"inputs": [(2, 3, 4), (2, 1, 4), (2, 2, 4)]}),
    ("Concatenate", {}, {"inputs": A, "masks": MASKS}),
    ("Concatenate", {}, {"inputs": A, "masks": [MASKS[0], None]}),
    ("Concatenate", {"axis": 1}, {"inputs": A, "masks": MASKS}),
    ("Concatenate", {"axis": 1}, {"inputs": A, "masks": [None, MASKS[0]]}),
    ("Concatenate", {"axis": -2}, {"inputs": A, "masks": MASKS}),
    ("Dot", {"axes": 1}, {"inputs": [(2, 3), (2, 3)]}),
    ("Dot", {"axes": (1, 2)}, {"inputs": [(2, 4, 3), (2, 5, 4)], "unknown": [(None, 4, None), (None, 5, 4)]}),
    ("Dot", {"axes": -1}, {"inputs": [(2, 4, 3), (2, 5, 3)]}),
    ("Dot", {"axes": (2, 1)}, {"inputs": [(2, 4, 3), (2, 3)]}),
    ("Dot", {"axes": [1, 2]}, {"inputs": [(2, 3), (2, 5, 3)]}),
    ("Dot", {"axes": 1, "normalize": True}, {"inputs": [(2, 3), (2, 3)]}),
    ("Dot", {"axes": (1, 3)}, {"inputs": [(2, 3, 6), (2, 5, 2, 3)]}),
    ("Dot", {"axes": (2, 2), "normalize": True}, {"inputs": [(2, 4, 3), (2, 5, 3)], "masks": [MASKS[0][:, [0, 1, 2, 0]], None]}),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_same_as_keras(case, backend):
    name, arguments, options = case
    check_layer(name, arguments, **options)


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot"])
def test_functions(name, backend):
    x = np.arange(6.0, dtype="float32").reshape(2, 3)
    y = x[:, ::-1].copy()
    layers = kerata.layers
    more = {"axes": 1} if name == "dot" else {}
    found = getattr(layers, name)([x, y], **more, name="merged")
    wanted = getattr(layers, name.capitalize())(**more)([x, y])
    np.testing.assert_array_equal(ops.convert_to_numpy(found), ops.convert_to_numpy(wanted))
    symbolic = getattr(layers, name)([kerata.Input((3,)), kerata.Input((3,))], **more, name="merged")
    assert symbolic._keras_history.operation.name == "merged"


def message(fn) -> str:
    with pytest.raises(ValueError) as e:
        fn()
    return str(e.value)


def test_residual_blocks_of_different_depth():
    layers = kerata.layers
    x = kerata.Input((32, 32, 64))
    y = layers.Conv2D(128, 3, padding="same", name="conv_b")(x)
    shortcut = layers.Identity(name="skip")(x)
    text = message(lambda: layers.Add(name="sum")([y, shortcut]))
    for part in ("(None, 32, 32, 128)", "(None, 32, 32, 64)", "'conv_b'", "'skip'", "'sum'", "1x1", "Conv2D(128, 1)"):
        assert part in text, text


def test_errors(backend):
    layers, zeros = kerata.layers, lambda *s: np.zeros(s, "float32")
    assert "(2, 3)" in message(lambda: layers.Add()([zeros(2, 3), zeros(2, 4)]))
    assert "list" in message(lambda: layers.Add()(zeros(2, 3)))
    assert "two inputs" in message(lambda: layers.Subtract()([zeros(2, 3)] * 3))
    assert "two inputs" in message(lambda: layers.Dot(1)([zeros(2, 3)] * 3))
    assert "batch" in message(lambda: layers.Add()([zeros(2, 3), zeros(4, 3)]))
    assert "batch" in message(lambda: layers.Dot(1)([zeros(2, 3), zeros(4, 3)]))
    for scalar, x in ((zeros(), zeros(2, 3)), (kerata.KerasTensor(()), kerata.KerasTensor((None, 3)))):
        assert "batch" in message(lambda: layers.Add()([scalar, x]))
    assert layers.Add()([zeros(), zeros()]).shape == ()
    assert "(2, 4, 2)" in message(lambda: layers.Concatenate()([zeros(2, 3, 2), zeros(2, 4, 2)]))
    assert "differ" in message(lambda: layers.Dot(1)([zeros(2, 3), zeros(2, 4)]))
    layer = layers.Add()
    layer([zeros(2, 3), zeros(2, 3)])
    assert "(2, 4)" in message(lambda: layer([zeros(2, 3), zeros(2, 4)]))


def test_a_list_of_one():
    x = np.ones((2, 3), "float32")
    for name in (*ELEMENTWISE, "Concatenate"):
        np.testing.assert_array_equal(ops.convert_to_numpy(getattr(kerata.layers, name)()([x])), x)


def test_an_axis_that_the_inputs_lack():
    assert "axis 5" in message(lambda: kerata.layers.Concatenate(axis=5)([np.ones((2, 3)), np.ones((2, 3))]))
    assert "shares axis 7" in message(lambda: kerata.layers.PReLU(shared_axes=[7])(np.ones((2, 3))))
    for arguments in ((0, 3), (3, -1), (2.5, 3)):
        assert "positive integer" in message(lambda: kerata.layers.Embedding(*arguments))
