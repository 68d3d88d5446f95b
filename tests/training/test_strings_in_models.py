"""Models that take texts: `fit`, `predict` and `evaluate` through TextVectorization and StringLookup, as Keras does."""

import numpy as np
import pytest

import kerata
from kerata import layers, ops

TEXTS = np.array(["the cat sat", "a dog ran off", "the dog sat", "cat and dog", "a bird", "birds sat and ran"])
COLOURS = np.array([["red"], ["blue"], ["red"], ["green"], ["blue"], ["grey"]])
LABELS = np.array([[1.0], [0.0], [1.0], [0.0], [1.0], [1.0]], "float32")


def by_hand(colours):
    order = ["[UNK]", "red", "green", "blue"]
    return np.array([[order.index(c) if c in order else 0 for c in row] for row in colours.tolist()])


def lookup():
    return layers.StringLookup(vocabulary=["red", "green", "blue"])


def test_predictions_of_a_lookup(backend):
    model = kerata.Sequential([kerata.Input((1,), dtype="string"), lookup()])
    np.testing.assert_array_equal(model.predict(COLOURS, verbose=0), by_hand(COLOURS))
    np.testing.assert_array_equal(model.predict(COLOURS.astype(object), batch_size=2, verbose=0), by_hand(COLOURS))
    np.testing.assert_array_equal(ops.convert_to_numpy(model(COLOURS)), by_hand(COLOURS))


def _of_keras():
    import keras

    layer = keras.layers.TextVectorization(output_sequence_length=4)
    layer.adapt(TEXTS)
    return np.asarray(layer(TEXTS)), layer.get_vocabulary()


def test_predictions_of_a_vectorization(backend):
    wanted, vocabulary = _of_keras()
    layer = layers.TextVectorization(output_sequence_length=4)
    layer.adapt(TEXTS)
    assert layer.get_vocabulary() == vocabulary
    model = kerata.Sequential([kerata.Input((), dtype="string"), layer])
    np.testing.assert_array_equal(model.predict(TEXTS, verbose=0, batch_size=4), wanted)


def test_training_on_texts_is_training_on_their_numbers(train_backend):
    """A model with the layer inside learns what one learns from the layer's output."""
    vectorize = layers.TextVectorization(output_sequence_length=4)
    vectorize.adapt(TEXTS)

    def model(*front):
        kerata.utils.set_random_seed(3)
        made = kerata.Sequential([*front, layers.Embedding(20, 3), layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid")])
        made.compile("sgd", "binary_crossentropy")
        return made

    whole, rest = model(kerata.Input((), dtype="string"), vectorize), model(kerata.Input((4,), dtype="int64"))
    numbers = ops.convert_to_numpy(vectorize(TEXTS))
    for one, data in ((whole, TEXTS), (rest, numbers)):
        one.history_ = one.fit(data, LABELS, epochs=2, batch_size=3, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(whole.history_, rest.history_, rtol=1e-5)
    np.testing.assert_allclose(whole.predict(TEXTS, verbose=0), rest.predict(numbers, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(whole.evaluate(TEXTS, LABELS, verbose=0), rest.evaluate(numbers, LABELS, verbose=0), rtol=1e-5)


def test_texts_beside_numbers(train_backend):
    """Two inputs, one of texts: a lookup that encodes, next to a float."""
    text, number = kerata.Input((1,), dtype="string", name="colour"), kerata.Input((1,), name="size")
    encoded = layers.StringLookup(vocabulary=["red", "green", "blue"], output_mode="multi_hot")(text)
    model = kerata.Model({"colour": text, "size": number}, layers.Dense(1, kernel_initializer="ones")(layers.Concatenate()([encoded, number])))
    size = np.arange(6, dtype="float32")[:, None]
    np.testing.assert_allclose(model.predict({"colour": COLOURS, "size": size}, verbose=0), size + 1)
    model.compile("sgd", "mse")
    history = model.fit({"colour": COLOURS, "size": size}, LABELS, epochs=3, verbose=0, shuffle=False).history["loss"]
    assert history[-1] < history[0]


def test_an_axis_that_is_not_there():
    for axis in (9, -4, (1, 5)):
        with pytest.raises(ValueError, match="axis"):
            layers.Normalization(axis=axis)(np.ones((2, 3, 4), "float32"))
    assert ops.convert_to_numpy(layers.Normalization(axis=-3)(np.ones((2, 3, 4), "float32"))).shape == (2, 3, 4)
