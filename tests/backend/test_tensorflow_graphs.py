"""How TensorFlow traces what Kerata wrote."""

import sys

import numpy as np

import kerata
from kerata import backend, layers


class Where(layers.Layer):
    """Doubles, and notes the file from which its code runs."""

    files: list = []

    def call(self, x):
        self.files.append(sys._getframe().f_code.co_filename)
        return kerata.ops.multiply(x, 2.0)


def test_autograph_leaves_kerata_as_it_is():
    with backend.backend_scope("tensorflow"):
        import tensorflow as tf

        layer = Where()
        data = tf.data.Dataset.from_tensor_slices(np.arange(6, dtype="float32").reshape(3, 2)).batch(3).map(layer)
        np.testing.assert_array_equal(next(iter(data)), np.arange(6).reshape(3, 2) * 2.0)
        assert set(Where.files) == {__file__}


def test_autograph_still_converts_a_users_function():
    with backend.backend_scope("tensorflow"):
        import tensorflow as tf

        dense = layers.Dense(1, kernel_initializer="ones")

        @tf.function
        def forward(x):
            y = dense(x)
            if tf.reduce_sum(y) > 0:
                return y
            return -y

        np.testing.assert_array_equal(forward(tf.constant([[-1.0, -2.0]])), [[3.0]])
