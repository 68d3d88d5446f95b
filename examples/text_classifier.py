"""Sentiment of film reviews: an embedding, averaged over the words that are there."""

import numpy as np
from _data import SMOKE, epochs

import kerata
from kerata import layers

WORDS, LENGTH = 10000, 200

if SMOKE:  # reviews made up of word numbers: the even ones are good
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 512)
    x = rng.integers(1, WORDS // 2, (512, LENGTH)) * 2 - (1 - y[:, None])
    x[:, LENGTH // 2 :] = 0
    (x_train, y_train), (x_test, y_test) = (x[:256], y[:256]), (x[256:], y[256:])
else:
    (x_train, y_train), (x_test, y_test) = kerata.datasets.imdb.load_data(num_words=WORDS)
    x_train, x_test = (kerata.utils.pad_sequences(x, maxlen=LENGTH, padding="post") for x in (x_train, x_test))

model = kerata.Sequential(
    [
        kerata.Input((LENGTH,), dtype="int32"),
        layers.Embedding(WORDS, 32, mask_zero=True),
        layers.GlobalAveragePooling1D(),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.25),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=64, epochs=epochs(5), validation_data=(x_test, y_test))
print(model.evaluate(x_test, y_test, verbose=0, return_dict=True))
