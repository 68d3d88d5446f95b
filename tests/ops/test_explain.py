"""What went wrong inside an op is told with the op's name, its axis and its shapes, on every backend."""

import numpy as np
import pytest

import kerata
from kerata import layers, ops

AXES = {
    "softmax": (lambda x: ops.softmax(x, axis=5), r"softmax\(\).*axis=5.*\(2, 3\).*-2 to 1"),
    "sum": (lambda x: ops.sum(x, axis=(0, -3)), r"sum\(\).*axis=\(0, -3\).*\(2, 3\)"),
    "concatenate": (lambda x: ops.concatenate([x, x], axis=2), r"concatenate\(\).*axis=2.*\(2, 3\)"),
    "stack": (lambda x: ops.stack([x, x], axis=3), r"stack\(\).*axis=3.*-3 to 2"),
    "expand_dims": (lambda x: ops.expand_dims(x, 4), r"expand_dims\(\).*axis=4.*-3 to 2"),
    "layer": (lambda x: layers.UnitNormalization(axis=4)(x), r"normalize\(\).*axis=4.*\(2, 3\)"),
    "symbolic": (lambda x: layers.Softmax(axis=9)(kerata.Input((3,))), r"softmax\(\).*axis=9.*\(None, 3\)"),
}


@pytest.mark.parametrize("case", AXES)
def test_an_axis_that_is_not_there(case, backend):
    call, words = AXES[case]
    for kind in (ValueError, IndexError):  # as NumPy's own
        with pytest.raises(kind, match=words):
            call(ops.ones((2, 3)))


@pytest.mark.parametrize("source, destination", [((0,), (1, 2)), ((0, 0), (1, 2)), (5, 0), (0, -5)])
def test_axes_cannot_be_moved_to_other_axes(source, destination, backend):
    with pytest.raises((ValueError, IndexError, RuntimeError, TypeError)):  # as the backend's own
        ops.moveaxis(ops.ones((2, 3, 4)), source, destination)


@pytest.mark.parametrize("call", [
    lambda: ops.matmul(ops.ones((2, 3)), ops.ones((4, 5))),
    lambda: ops.add(ops.ones((2, 3)), ops.ones((4, 5))),
    lambda: ops.concatenate([ops.ones((2, 3)), ops.ones((4, 5))], axis=0),
])  # fmt: skip
def test_shapes_are_told(call, backend):
    with pytest.raises(Exception) as found:
        call()
    notes = [n for n in found.value.__notes__ if n.startswith("(in the op")]
    assert len(notes) == 1 and "(2, 3), (4, 5)" in notes[0]


def test_a_layer_is_told_once(backend):
    class Broken(layers.Layer):
        def call(self, x):
            return ops.matmul(x, ops.ones((7, 7)))

    with pytest.raises(Exception) as found:
        Broken(name="broken")(ops.ones((2, 3)))
    assert sum("layer 'broken' (Broken), called on input of shape (2, 3)" in n for n in found.value.__notes__) == 1


def test_unit_vectors_keep_their_dtype(backend):
    x = ops.cast(ops.convert_to_tensor(np.array([[3.0, 4.0]], "float32")), "bfloat16")
    for out in (ops.normalize(x), ops.normalize(x, order=1), layers.Dot(1, normalize=True, dtype="bfloat16")([x, x])):
        assert ops.dtype(out) == "bfloat16"
