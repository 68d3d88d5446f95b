"""Run by test_distribution.py: the number of this process, how many there are, the port of the first, the distribution."""

import json
import sys

import numpy as np

import kerata
from kerata import distribution as dist
from kerata import layers

number, count, port = map(int, sys.argv[1:4])
if count > 1:
    dist.initialize(f"127.0.0.1:{port}", count, number)
if sys.argv[4] == "data":
    dist.set_distribution(dist.DataParallel(auto_shard_dataset=False))
else:  # each layer's kernel is divided over the devices of a process, or over processes
    shape = (count, 2) if sys.argv[4] == "model" else (2, count)
    names = np.array(dist.list_devices()).reshape(count, 2)
    mesh = dist.DeviceMesh(shape, ("batch", "model"), names if sys.argv[4] == "model" else names.T)
    layouts = dist.LayoutMap(mesh)
    layouts["dense.*kernel"], layouts["dense.*bias"] = (None, "model"), ("model",)
    dist.set_distribution(dist.ModelParallel(layout_map=layouts, auto_shard_dataset=False))
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 16, 6)).astype("float32"), RNG.integers(0, 4, size=(4, 16))
parts = 1 if sys.argv[4] == "across" else count  # where the model lies across the processes, each has the whole batch
number %= parts
part = slice(number * 16 // parts, (number + 1) * 16 // parts)
x, y = X[:, part].reshape(-1, 6), Y[:, part].reshape(-1)  # this process's part of each of the four batches

kerata.utils.set_random_seed(1)
model = kerata.Sequential([
    kerata.Input((6,)), layers.Dense(8, activation="relu"), layers.BatchNormalization(), layers.Dropout(0.2, seed=1), layers.Dense(4),
])  # fmt: skip
model.compile("adam", kerata.losses.SparseCategoricalCrossentropy(True), metrics=["accuracy"])
history = model.fit(x, y, batch_size=16 // parts, epochs=2, verbose=0, shuffle=False).history
print(json.dumps({
    "processes": dist.distribution().num_processes, "history": history, "evaluated": model.evaluate(x, y, batch_size=16 // parts, verbose=0),
    "weights": [w.tolist() for w in model.get_weights()], "predicted": model.predict(X[0, part], verbose=0).tolist(),
}), flush=True)  # fmt: skip
