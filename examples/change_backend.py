"""Train on one backend, go on with another: weights and the optimizer's state move along."""

import numpy as np

import kerata
from kerata import layers

(x_train, y_train), (x_test, y_test) = kerata.datasets.iris.load_data()
names = [n for n in kerata.backend.installed() if n != "numpy"]

with kerata.backend_scope(names[0]):
    model = kerata.Sequential([kerata.Input((4,)), layers.Dense(16, activation="relu"), layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

for name in names:
    before = model.predict(x_test, verbose=0)
    model.to_backend(name)
    moved = np.abs(model.predict(x_test, verbose=0) - before).max()
    history = model.fit(x_train, y_train, epochs=10, verbose=0)
    print(f"{name:10}  predictions moved by {moved:.1e}; loss after ten more epochs: {history.history['loss'][-1]:.4f}")
print(model.evaluate(x_test, y_test, verbose=0, return_dict=True))
