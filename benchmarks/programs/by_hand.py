"""The programs beside this one, written by hand for a backend (`benchmarks/raw`): `by_hand.py mnist_cnn tensorflow`."""

import importlib
import os
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import workloads

name, backend = sys.argv[1:3]
workload = {"mnist_mlp": "mlp"}.get(name, name)
dry = os.environ.get("KERATA_BENCH_DRY") == "1"
epochs = 1 if dry else int(os.environ.get("BENCH_EPOCHS", {"mnist_mlp": 10, "mnist_cnn": 2}[name]))
with np.load(os.path.join(os.environ["KERAS_HOME"], "datasets", "mnist.npz")) as f:
    x_train, y_train, x_test, y_test = (f[n] for n in ("x_train", "y_train", "x_test", "y_test"))
shape = (-1, *workloads.SHAPES[workload][0])
x_train, x_test = (x.reshape(shape).astype("float32") / 255 for x in (x_train, x_test))
y_train, y_test = (y.astype("int32") for y in (y_train, y_test))
x_seen, y_seen = x_test, y_test
if name == "mnist_cnn":  # the other program's validation data are the test data
    x_train, x_seen = np.split(x_train, [54000])
    y_train, y_seen = np.split(y_train, [54000])
if dry:
    x_train, y_train = x_train[:2000], y_train[:2000]

workloads.data = lambda name: (x_train, y_train)
program = importlib.import_module(f"raw.{backend}").Raw(workload)


def judged(x, y):
    """The mean loss and the accuracy."""
    found = np.concatenate([program.probabilities(part) for part in np.split(x, len(x) // 1000)])
    return float(-np.log(found[np.arange(len(y)), y] + 1e-7).mean()), float((found.argmax(-1) == y).mean())


for epoch in range(epochs):
    loss, accuracy = program.epoch()
    print(f"epoch {epoch + 1}: loss {loss:.4f}, accuracy {accuracy:.4f}; on data not seen {judged(x_seen, y_seen)}")
loss, accuracy = judged(x_test, y_test)
print(f"accuracy {accuracy:.4f}")
