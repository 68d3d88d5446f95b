"""A dense network on the whole of MNIST, ten epochs, as many tutorials have it: timed from start to end of the process."""

import os
import sys

import numpy as np

K = __import__(sys.argv[1])
epochs = 1 if os.environ.get("KERATA_BENCH_DRY") == "1" else int(os.environ.get("BENCH_EPOCHS", 10))
with np.load(os.path.join(os.environ["KERAS_HOME"], "datasets", "mnist.npz")) as f:  # as `load_data()` keeps it
    x_train, y_train, x_test, y_test = (f[n] for n in ("x_train", "y_train", "x_test", "y_test"))
x_train, x_test = (x.reshape(-1, 784).astype("float32") / 255 for x in (x_train, x_test))
y_train, y_test = K.utils.to_categorical(y_train), K.utils.to_categorical(y_test)

model = K.Sequential()
model.add(K.Input((784,)))
model.add(K.layers.Dense(512, activation="relu"))
model.add(K.layers.Dropout(0.2))
model.add(K.layers.Dense(256, activation="relu"))
model.add(K.layers.Dropout(0.2))
model.add(K.layers.Dense(10, activation="softmax"))
model.compile(optimizer=K.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=128, epochs=epochs, validation_data=(x_test, y_test), verbose=2)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"accuracy {accuracy:.4f}")
