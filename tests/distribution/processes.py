"""Run by test_distribution.py: the number of this process, how many there are, the port of the first."""

import json
import sys

import numpy as np

import kerata
from kerata import distribution as dist
from kerata import layers

number, count, port = map(int, sys.argv[1:])
if count > 1:
    dist.initialize(f"127.0.0.1:{port}", count, number)
dist.set_distribution(dist.DataParallel(auto_shard_dataset=False))
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 16, 6)).astype("float32"), RNG.integers(0, 4, size=(4, 16))
part = slice(number * 16 // count, (number + 1) * 16 // count)
x, y = X[:, part].reshape(-1, 6), Y[:, part].reshape(-1)  # this process's part of each of the four batches

kerata.utils.set_random_seed(1)
model = kerata.Sequential([
    kerata.Input((6,)), layers.Dense(8, activation="relu"), layers.BatchNormalization(), layers.Dropout(0.2, seed=1), layers.Dense(4),
])  # fmt: skip
model.compile("adam", kerata.losses.SparseCategoricalCrossentropy(True), metrics=["accuracy"])
history = model.fit(x, y, batch_size=16 // count, epochs=2, verbose=0, shuffle=False).history
print(json.dumps({
    "processes": dist.distribution().num_processes, "history": history, "evaluated": model.evaluate(x, y, batch_size=16 // count, verbose=0),
    "weights": [w.tolist() for w in model.get_weights()], "predicted": model.predict(X[0, part], verbose=0).tolist(),
}), flush=True)  # fmt: skip
