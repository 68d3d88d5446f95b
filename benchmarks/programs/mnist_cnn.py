"""A convolutional network on the whole of MNIST: timed from start to end of the process."""

import os
import sys

import numpy as np

K = __import__(sys.argv[1])
epochs = 1 if os.environ.get("KERATA_BENCH_DRY") == "1" else int(os.environ.get("BENCH_EPOCHS", 2))
with np.load(os.path.join(os.environ["KERAS_HOME"], "datasets", "mnist.npz")) as f:  # as `load_data()` keeps it
    x_train, y_train, x_test, y_test = (f[n] for n in ("x_train", "y_train", "x_test", "y_test"))
x_train, x_test = (x[..., None].astype("float32") / 255 for x in (x_train, x_test))
if os.environ.get("KERATA_BENCH_DRY") == "1":
    x_train, y_train = x_train[:2000], y_train[:2000]

model = K.Sequential(
    [
        K.Input((28, 28, 1)),
        K.layers.Conv2D(32, 3, activation="relu"),
        K.layers.MaxPooling2D(2),
        K.layers.Conv2D(64, 3, activation="relu"),
        K.layers.MaxPooling2D(2),
        K.layers.Flatten(),
        K.layers.Dropout(0.5),
        K.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=128, epochs=epochs, validation_split=0.1, verbose=2)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"accuracy {accuracy:.4f}")
