"""A small convnet on MNIST (99 % in eight epochs)."""

from _data import epochs, images

import kerata
from kerata import layers

(x_train, y_train), (x_test, y_test) = images("mnist")

model = kerata.Sequential(
    [
        kerata.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]
)
count = epochs(8)
rate = kerata.optimizers.schedules.CosineDecay(0.001, decay_steps=count * -(-len(x_train) // 128))
model.compile(optimizer=kerata.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=128, epochs=count, validation_data=(x_test, y_test))
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"Test accuracy: {accuracy:.4f}")
