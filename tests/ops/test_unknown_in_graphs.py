"""Inside a `tf.function` whose batch size is unknown, ops give what they give eagerly."""

import cases
import numpy as np
import pytest

import kerata.backend
from kerata import ops
from kerata.core import tree

# These need to know the size of the first axis, or give host values.
STATIC = {"unique", "bincount", "unstack", "cross", "correlate", "array_split", "convert_to_numpy"}


def _batched(case):
    return [i for i, a in enumerate(case.args) if isinstance(a, np.ndarray) and a.ndim and a.dtype == np.float32]


def _find(name):
    module = ops
    for part in name.split("."):
        module = getattr(module, part)
    return module


FIRST = {c.name: c for c in reversed(cases.CASES) if c.name not in STATIC and _batched(c)}


@pytest.mark.skipif("tensorflow" not in kerata.backend.installed(), reason="TensorFlow is not installed")
@pytest.mark.parametrize("name", sorted(FIRST))
def test_same_as_eager(name):
    import tensorflow as tf

    case, where = FIRST[name], _batched(FIRST[name])
    specs = [tf.TensorSpec([None, *case.args[i].shape[1:]], tf.float32) for i in where]
    with kerata.backend.backend_scope("tensorflow"):
        fn = _find(name)

        @tf.function(input_signature=specs, autograph=False)
        def graph(*values):
            args = list(case.args)
            for i, value in zip(where, values):
                args[i] = value
            return fn(*args, **case.kwargs)

        wanted = tree.flatten(fn(*case.args, **case.kwargs))
        got = tree.flatten(graph(*[tf.constant(case.args[i]) for i in where]))
        for w, g in zip(wanted, got, strict=True):
            np.testing.assert_allclose(ops.convert_to_numpy(g), ops.convert_to_numpy(w), rtol=1e-4, atol=1e-4)
