"""A convnet whose weights are averaged while it trains; `compile` changes the model in place and returns None."""

from _data import epochs, images

import kerata
from kerata import layers

(x_train, y_train), (x_test, y_test) = images("mnist")

model = kerata.Sequential(
    [
        kerata.Input((28, 28, 1)),
        layers.Conv2D(32, (3, 3), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Conv2D(64, (3, 3), activation="relu"),
        layers.MaxPooling2D(pool_size=(2, 2)),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    optimizer=kerata.optimizers.Adam(use_ema=True, ema_momentum=0.99),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(
    x_train, y_train, batch_size=128, epochs=epochs(5), validation_data=(x_test, y_test),
    callbacks=[kerata.callbacks.SwapEMAWeights()],
)  # fmt: skip
print(model.evaluate(x_test, y_test, verbose=0, return_dict=True))
