"""`keras.src.*` in processes of `kerata run` and `python -m kerata.compat`."""

import json
import os
import pathlib
import subprocess
import sys
import textwrap

import numpy as np
import pytest

NAMES = """
from keras.src.backend import get_keras_mask, set_keras_mask, compute_output_spec
from keras.src.saving.saving_lib import H5IOStore, load_model, save_model
from keras.src.saving import serialization_lib, register_keras_serializable
from keras.src.losses.losses import LossFunctionWrapper
from keras.src.distribution import distribution_lib
from keras.src.utils.tracking import no_automatic_dependency_tracking
from keras.src.utils.backend_utils import in_grain_data_pipeline
from keras.src.trainers.data_adapters.data_adapter_utils import class_weight_to_sample_weights
from keras.src import backend, saving, ops, version, tree
from keras.src.ops import *
from keras.src.models.functional import Functional
from keras.src.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import BaseImagePreprocessingLayer
import keras.src.saving.saving_lib as lib; lib.save_weights_only
import keras; keras.src.saving.saving_lib.H5IOStore; keras.src.utils.tracking.no_automatic_dependency_tracking
"""
GONE = {
    "import keras.src.nonsense.x": "private",
    "from keras.src.layers.core.dense import Dens": "Did you mean 'Dense'?",
    "from keras.src.trainers.data_adapters import tf_dataset_adapter": "keras.utils.PyDataset",
    "import keras.src.backend.openvino": "model.export",
    "from keras.src.testing import test_case": "numpy.testing",
}
PROGRAM = """
import json, sys
import numpy as np
import keras
names, gone, places = json.loads(sys.argv[1])
for line in names.strip().splitlines():
    exec(line, {})
for line, words in gone.items():
    try:
        exec(line, {})
    except ImportError as e:
        assert words in str(e) and "keras.src" in str(e), (line, e)
    else:
        raise AssertionError(line)
try:
    keras.src.utils.trakking
except AttributeError as e:
    assert "tracking" in str(e)
assert keras.__version__ == keras.version() == keras.src.version.__version__ == "3.15.1"

import importlib
for public, module, name in json.load(open(places)):
    want = keras
    for part in public.split(".")[1:]:
        want = getattr(want, part)
    assert getattr(importlib.import_module(module), name) is want, (public, module, name)

from keras.src import backend
mask = np.array([[True, False]])
x = keras.ops.ones((1, 2, 3))
assert backend.get_keras_mask(x) is None
backend.set_keras_mask(x, mask)
assert backend.get_keras_mask(x) is mask
spec = backend.compute_output_spec(lambda a, b: keras.ops.matmul(a, b), keras.KerasTensor((None, 3)), keras.KerasTensor((3, 4)))
assert isinstance(spec, keras.KerasTensor) and spec.shape == (None, 4)
seed = backend.jax.random.jax_draw_seed(3)
assert seed.shape == (2,) and backend.jax.random.jax_draw_seed(seed) is seed

from keras.src.saving.saving_lib import H5IOStore
store = H5IOStore("w.h5", mode="w")
entry = store.make("a")
entry["rank"] = 3
store.make("a/b")["kernel"] = keras.Variable(np.arange(6.0).reshape(2, 3))
store.close()
store = H5IOStore("w.h5", mode="r")
assert int(store.get("a")["rank"][()]) == 3 and "kernel" not in store.get("a")
np.testing.assert_array_equal(store.get("a/b")["kernel"], np.arange(6.0).reshape(2, 3))
store.close()

from keras.src.utils.tracking import no_automatic_dependency_tracking
class Layer(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.seen = keras.layers.Dense(1)
        self.hide()
    @no_automatic_dependency_tracking
    def hide(self):
        self.hidden = {"a": [keras.layers.Dense(2)]}
layer = Layer()
assert layer._flatten_layers(include_self=False) == [layer.seen]

class Tracking(keras.layers.Layer):
    def build(self, input_shape):
        inner = keras.layers.Dense(2)
        inner.build(input_shape)
        self.hidden = lambda: self._tracker.track(inner)
        self.hidden()
    def call(self, x, training=None):
        return x
layer = Tracking()
layer.build((None, 3))
assert len(layer.weights) == 2 and layer._call_has_training_arg and not layer._call_has_mask_arg

class Scaled(keras.layers.Rescaling):
    def call(self, x):
        return self.backend.cast(x, "float32") * self.backend.cast(self.scale, "float32")
np.testing.assert_array_equal(Scaled(2.0)(np.ones((1, 2))), [[2.0, 2.0]])
print("all of it")
"""


def test_private_names_are_those_of_keras(tmp_path):
    keras = pytest.importorskip("keras")
    api = json.loads((pathlib.Path(__file__).parent.parent / "data" / "keras_api.json").read_text())
    places = []
    for public in api["names"]:
        thing = keras
        for part in public.split(".")[1:]:
            thing = getattr(thing, part, None)
        module = getattr(thing, "__module__", "") or ""
        known = module.startswith("keras.src.") and getattr(sys.modules.get(module), thing.__name__, None) is thing
        if known and thing.__name__ != "LegacyOptimizerWarning":
            places.append((public, module, thing.__name__))
    assert len(places) > 1400
    (tmp_path / "places.json").write_text(json.dumps(places))
    (tmp_path / "program.py").write_text(PROGRAM)
    argument = json.dumps([NAMES, GONE, str(tmp_path / "places.json")])
    done = start("-m", "kerata", "run", "program.py", argument, folder=tmp_path)
    assert done.returncode == 0 and "all of it" in done.stdout, done.stderr


def start(*command, folder):
    env = {**os.environ, "KERATA_BACKEND": "jax"}
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=300, cwd=folder, env=env)


def test_programs_and_modules_by_the_compat_command(tmp_path):
    (tmp_path / "test_mine.py").write_text(textwrap.dedent("""
        import keras, sys, helper
        def test_it():
            assert keras.layers.Dense.__module__.startswith("kerata") and helper.x == 1 and sys.argv[1:]
        def test_bad():
            assert keras.version() == "2"
    """))  # fmt: skip
    (tmp_path / "helper.py").write_text("x = 1")
    (tmp_path / "program.py").write_text("import keras, sys\nprint(keras.Sequential.__module__, sys.argv[1:], __name__)")
    done = start("-m", "kerata.compat", "program.py", "--some", "thing", folder=tmp_path)
    assert done.stdout.strip() == "kerata.models.sequential ['--some', 'thing'] __main__", done
    done = start("-m", "kerata.compat", "pytest", "-q", "test_mine.py", "-p", "no:cacheprovider", folder=tmp_path)
    assert done.returncode == 1 and "1 failed, 1 passed" in done.stdout, done.stdout
    for arguments, code, words in (((), 2, "kerata.compat"), (("nothing.py",), 2, "no file"), (("no_such_module",), 2, "no module")):
        done = start("-m", "kerata.compat", *arguments, folder=tmp_path)
        assert done.returncode == code and words in done.stdout + done.stderr, done


def test_stores_check_what_they_read(tmp_path):
    from kerata.compat.private_things import H5IOStore, standardize_tuple

    (tmp_path / "bad.h5").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="no HDF5 file"):
        H5IOStore(str(tmp_path / "bad.h5"))
    with pytest.raises(ValueError, match="mode"):
        H5IOStore("x", mode="a")
    assert standardize_tuple(2, 3, "size") == (2, 2, 2) and standardize_tuple([1, 2], 2, "size") == (1, 2)
    with pytest.raises(ValueError, match="size"):
        standardize_tuple((1, np.nan), 2, "size")
