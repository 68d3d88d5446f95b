"""What the import of a backend does to the rest of the process."""

import json
import os
import subprocess
import sys

import pytest

from kerata import backend as backends

HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

OWN = [n for n in backends.NAMES if n in backends.installed()]  # those that a fresh process knows


def _after(name: str, code: str) -> dict:
    """What a fresh process prints as JSON, on a backend."""
    env = {**os.environ, "KERATA_BACKEND": name, "PYTHONPATH": HERE}
    code = f"import gc, json, sys\nfrom kerata import backend\n{code}"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", OWN)
def test_the_garbage_collector_is_as_before(name):
    code = """
found = []
for first in (gc.enable, gc.disable):
    first()
    backend.get({0!r}) if first is gc.enable else backend._loaded.clear() or backend.get({0!r})
    found.append([gc.isenabled(), gc.get_freeze_count()])
class Node: pass
node = Node(); node.itself = node
import weakref
there = weakref.ref(node)
del node
gc.collect()
print(json.dumps([*found, there() is None]))
"""
    assert _after(name, code.format(name)) == [[True, 0], [False, 0], True]


@pytest.mark.parametrize("name", OWN)
def test_what_a_user_has_frozen_stays_frozen(name):
    code = "gc.freeze(); backend.current(); print(json.dumps(gc.get_freeze_count() > 0))"
    assert _after(name, code)


@pytest.mark.skipif("tensorflow" not in backends.installed(), reason="is about TensorFlow")
def test_tensorflow_comes_alone():
    code = """
backend.current()
alone = [n for n in ("jax", "keras", "scipy", "scipy.sparse") if n in sys.modules]
import scipy.sparse
print(json.dumps([alone, scipy.sparse.eye(2).nnz]))
"""
    assert _after("tensorflow", code) == [[], 2]


@pytest.mark.skipif(not {"tensorflow", "jax"} <= set(backends.installed()), reason="is about both")
def test_tensorflows_converter_of_jax_functions_works():
    code = """
backend.current()
import numpy as np, tensorflow as tf
x = np.array([1, 2], "float32")
made = tf.lite.TFLiteConverter.experimental_from_jax([lambda x: x * 3], [[("x", x)]]).convert()
reader = tf.lite.Interpreter(model_content=made)
reader.allocate_tensors()
reader.set_tensor(reader.get_input_details()[0]["index"], x)
reader.invoke()
print(json.dumps(reader.get_tensor(reader.get_output_details()[0]["index"]).tolist()))
"""
    assert _after("tensorflow", code) == [3, 6]
