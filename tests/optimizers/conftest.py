"""What Keras gives for each case, computed once."""

import functools

import numpy as np
import optimizer_cases as cases
import pytest


@functools.lru_cache(None)
def _expected(i: int):
    import keras

    optimizer = cases.make(keras.optimizers, *cases.CASES[i])
    weights = cases.variables(keras.Variable, keras.name_scope)
    optimizer.build(weights)
    for gradients in cases.GRADIENTS:
        optimizer.apply(gradients, weights)
    return optimizer, [np.asarray(w) for w in weights], [np.asarray(v) for v in optimizer.variables]


@pytest.fixture
def expected():
    """`expected(i)`: Keras's optimizer, the weights and the optimizer's variables after five steps of case i."""
    return _expected
