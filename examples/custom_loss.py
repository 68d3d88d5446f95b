"""A loss of your own: a function of targets and predictions, written with `kerata.ops` (not NumPy: it needs gradients)."""

from _data import epochs, images

import kerata
from kerata import layers, ops

(x_train, y_train), (x_test, y_test) = images("mnist")
y_train, y_test = kerata.utils.to_categorical(y_train, 10), kerata.utils.to_categorical(y_test, 10)


def custom_loss(y_true, y_pred):
    """Falls from 10 to 0 as the probability of the true class rises; steepest at one half."""
    probability = ops.sum(y_true * y_pred, axis=-1)
    return 10.0 / (1.0 + ops.exp(10.0 * (probability - 0.5)))


model = kerata.Sequential(
    [
        kerata.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(32, activation="relu"),
        layers.Dropout(0.25),
        layers.Dense(16, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss=custom_loss, metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=64, epochs=epochs(10))
print(model.evaluate(x_test, y_test, verbose=0, return_dict=True))
