"""Imports, names, methods and arguments of Keras 1 and 2 in `kerata run` (one process: they change the classes in it)."""

import os
import subprocess
import sys
import textwrap

IMPORTS = """
from keras.utils import to_categorical, np_utils
from keras.utils.np_utils import to_categorical
from keras.utils.vis_utils import plot_model
from keras.utils.generic_utils import Progbar, get_custom_objects
from keras.utils.data_utils import get_file, Sequence
from keras.engine import Layer, InputSpec
from keras.engine.topology import Layer, Input
from keras.engine.training import Model
from keras.layers.core import Dense, Dropout, Activation, Flatten
from keras.layers.convolutional import Conv2D, MaxPooling2D, Convolution2D
from keras.layers.recurrent import LSTM
from keras.layers.embeddings import Embedding
from keras.layers.normalization import BatchNormalization
from keras.layers.advanced_activations import LeakyReLU, PReLU
from keras.layers.wrappers import TimeDistributed, Bidirectional
from keras.layers.merge import concatenate, Add
from keras.layers import CuDNNLSTM, Convolution2D
from keras.layers.experimental.preprocessing import RandomFlip, Rescaling
from keras.optimizers import SGD, adam
from keras.constraints import maxnorm
from keras.losses import mse, kullback_leibler_divergence
from keras.objectives import mean_squared_error
from keras.src.layers import Dense
from keras.api.layers import Dense
from keras._tf_keras.keras.layers import Dense
from tf_keras.layers import Dense
from tensorflow.keras.layers import Dense
from tensorflow.keras import backend as K
from tensorflow.python.keras.layers import Dense
import tensorflow as tf; tf.keras.layers.Dense
import keras.backend.tensorflow_backend as KTF; KTF.mean
import keras; keras.utils.np_utils.to_categorical([1])
import keras; assert keras.layers.core.dense.Dense is keras.layers.Dense
"""
PROGRAM = """
import sys
import numpy as np
for line in open(sys.argv[1]).read().strip().splitlines():
    exec(line, {})

import keras
from keras import backend as K, layers, optimizers
from keras.models import Sequential

x, y = np.random.rand(8, 4).astype("float32"), np.eye(3)[np.arange(8) % 3]
model = Sequential([layers.Dense(3, activation="softmax", input_dim=4)])
model.compile(optimizers.SGD(lr=0.5, decay=1.0, momentum=0.9, nesterov=True), "categorical_crossentropy", metrics=["acc"])
history = model.fit(x, y, nb_epoch=2, verbose=0, workers=2)
assert len(history.history["acc"]) == 2
assert abs(float(model.optimizer.lr) - 0.5 / 3) < 1e-6, model.optimizer.lr
adam = optimizers.adam(lr=0.25)
K.set_value(adam.lr, 0.5)
assert K.get_value(adam.lr) == 0.5

def batches():
    while True:
        yield x, y

model.fit_generator(batches(), steps_per_epoch=2, epochs=1, verbose=0)
assert len(model.evaluate_generator(batches(), steps=2, verbose=0)) == 2
assert model.predict_generator(batches(), 2, verbose=0).shape == (16, 3)
assert model.predict_classes(x).shape == (8,)
before = model.predict_proba(x, verbose=0)
model.save_weights("w.h5")
model.set_weights([0 * w for w in model.get_weights()])
model.load_weights("w.h5")
assert np.array_equal(before, model.predict(x, verbose=0))

a, b = np.arange(24.0).reshape(2, 3, 4), np.ones((2, 4, 5))
near = lambda got, want: np.testing.assert_allclose(K.eval(got), want, rtol=1e-5)
near(K.mean(K.square(K.constant(a)), axis=-1), (a**2).mean(-1))
near(K.batch_dot(a, b), a @ b)
near(K.permute_dimensions(a, (0, 2, 1)), a.transpose(0, 2, 1))
near(K.batch_flatten(a), a.reshape(2, 12))
near(K.clip(a, 2, None), a.clip(2))
near(K.l2_normalize(np.array([3.0, 4.0])), [0.6, 0.8])
near(K.repeat(np.ones((2, 3)), 4), np.ones((2, 4, 3)))
near(K.repeat_elements(a, 2, 1), a.repeat(2, 1))
near(K.relu(np.array([-2.0, 9.0]), alpha=0.5, max_value=6), [-1, 6])
near(K.switch(np.array([True, False]), np.array([1.0, 2.0]), np.array([3.0, 4.0])), [1, 4])
near(K.reverse(a, 1), a[:, ::-1])
near(K.foldl(lambda s, r: s + r, a), a.sum(0))
near(K.gather(a, [1]), a[[1]])
near(K.spatial_2d_padding(np.ones((1, 2, 2, 1))), np.pad(np.ones((1, 2, 2, 1)), ((0, 0), (1, 1), (1, 1), (0, 0))))
near(K.dot(np.ones((2, 3)), np.ones((3, 4))), np.full((2, 4), 3.0))
near(K.moving_average_update(K.variable([2.0]), 4.0, 0.5), [3.0])
near(K.categorical_crossentropy(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])), [np.log(2)])
near(K.pow(K.ones((2,)) * 3, 2), [9, 9])
assert K.int_shape(keras.Input((3,))) == (None, 3) and K.ndim(a) == 3 and K.floatx() == "float32"
print("all of it")
"""


def run(tmp_path, program, *args):
    (tmp_path / "program.py").write_text(textwrap.dedent(program))
    command = [sys.executable, "-m", "kerata", "run", "--alias", "tensorflow", str(tmp_path / "program.py"), *args]
    env = {**os.environ, "KERATA_BACKEND": "jax"}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path, env=env)


def test_old_programs_run(tmp_path):
    (tmp_path / "imports.txt").write_text(IMPORTS)
    done = run(tmp_path, PROGRAM, str(tmp_path / "imports.txt"))
    assert done.returncode == 0 and "all of it" in done.stdout, done.stderr


def test_what_is_gone_is_explained(tmp_path, monkeypatch):
    from kerata.cli.run import advise

    monkeypatch.setattr("kerata.compat.aliases._installed", True)  # advice alone: nothing is installed here
    for line, words in {
        "from kerata.layers import Merge": "Concatenate",
        "from kerata.preprocessing.image import ImageDataGenerator": "image_dataset_from_directory",
        "import kerata.preprocessing.text": "TextVectorization",
        "from kerata.losses import mean_square_error": "Did you mean 'mean_squared_error'?",
        "import kerata.layer": "Did you mean 'layers'?",
        "from kerata.backend import placeholder": "keras.Input",
        "import kerata; kerata.Sequential().to_yaml()": "to_json",
    }.items():
        try:
            exec(line, {})
        except Exception as error:
            advise(error)
            assert words in str(error) + " ".join(getattr(error, "__notes__", [])), (line, error)
        else:
            raise AssertionError(line)


def test_messages_of_sys_exit_and_chains_of_errors(tmp_path):
    done = run(tmp_path, "import sys\nsys.exit('bad thing')")
    assert done.returncode == 1 and done.stderr.strip() == "bad thing"
    done = run(tmp_path, "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('outer') from e")
    assert "ZeroDivisionError" in done.stderr and "direct cause" in done.stderr and done.returncode == 1


def test_advice_on_one_program_after_another(tmp_path):
    program = """
        import numpy as np, traceback
        from keras import layers, Sequential
        from kerata.cli.run import advise
        def custom_loss(y, p): return 0
        def attempt(words, f):
            try: f()
            except Exception as e:
                advise(e)
                text = str(e) + " ".join(getattr(e, "__notes__", []))
                assert words in text and "internal frames" not in text, text
            else: raise AssertionError(words)
        flat = Sequential([layers.Dense(2, activation="softmax", input_dim=16)])
        flat.compile("sgd", "sparse_categorical_crossentropy")
        attempt("x.reshape(-1, 16)", lambda: flat.fit(np.ones((3, 4, 4)), np.ones(3), verbose=0))
        attempt("without the quotes", lambda: (flat.compile("sgd", "custom_loss"), flat.fit(np.ones((3, 16)), np.ones(3))))
        image = Sequential([layers.Conv2D(1, 1, input_shape=(2, 2, 1)), layers.Dense(2)])
        image.compile("sgd", "sparse_categorical_crossentropy")
        attempt("Flatten()", lambda: image.fit(np.ones((3, 2, 2, 1)), np.ones(3), verbose=0))
    """
    done = run(tmp_path, program)
    assert done.returncode == 0, done.stderr
