"""Run by test_distribution.py in a process with four devices: what one device and several compute must be equal."""

import json
import sys

import numpy as np

import kerata
from kerata import distribution as dist
from kerata import layers

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(44, 8, 8, 3)).astype("float32"), RNG.integers(0, 4, 44)


def model(name):
    kerata.utils.set_random_seed(1)
    m = kerata.Sequential([
        kerata.Input((8, 8, 3)), layers.Conv2D(8, 3, activation="relu", name="conv"), layers.BatchNormalization(name="norm"),
        layers.Flatten(), layers.Dropout(0.2, seed=3), layers.Dense(16, name="dense_a"), layers.Dense(4, name="dense_b"),
    ], name=name)  # fmt: skip
    m.compile(kerata.optimizers.Adam(0.01), kerata.losses.SparseCategoricalCrossentropy(True), metrics=["accuracy"])
    return m


def trained(m, as_batches=False):
    """Two epochs, with a last batch (of 4, then of 12) that is smaller than the others."""
    data = {"x": X, "y": Y, "batch_size": 16}
    if as_batches:
        data = {"x": [(X[i : i + 16], Y[i : i + 16]) for i in range(0, 44, 16)].__iter__(), "steps_per_epoch": 3}
    history = m.fit(**data, epochs=1 if as_batches else 2, verbose=0, shuffle=False).history
    return {
        "loss": history["loss"], "accuracy": history["accuracy"], "evaluated": m.evaluate(X, Y, verbose=0),
        "predicted": m.predict(X[:10], verbose=0).tolist(), "weights": [w.tolist() for w in m.get_weights()],
        "slots": [np.asarray(v.value).tolist() for v in m.optimizer.variables],
    }  # fmt: skip


def data_parallel(as_batches=False):
    dist.set_distribution(dist.DataParallel())
    m = model("data")
    assert dist.distribution().num_model_replicas == 4
    out = trained(m, as_batches)
    assert all(len(w.value.sharding.device_set) == 4 for w in m.variables), "every device has all variables"
    return out


def model_parallel():
    layouts = dist.LayoutMap(dist.DeviceMesh((2, 2), ("batch", "model")))
    layouts["dense.*kernel"] = (None, "model")
    layouts["conv/kernel"] = (None, None, None, "model")
    with dist.ModelParallel(layout_map=layouts).scope():
        m = model("sharded")
        out = trained(m)
        kernel = m.get_layer("dense_a").kernel
        slot = next(v for v in m.optimizer.variables if "dense_a_kernel" in v.path)
        for v in (kernel, slot):
            assert v.value.sharding.shard_shape(v.shape) == (288, 8), v.value.sharding
        kernel.assign(np.asarray(kernel.value))
        assert kernel.value.sharding.shard_shape(kernel.shape) == (288, 8)
        try:
            kerata.layers.Dense(3, name="dense_odd").build((None, 4))
        except ValueError as e:
            assert "3 is not divisible by the 2 devices along 'model'" in str(e), e
        else:
            raise AssertionError("3 units over 2 devices")
    return out


def close(a, b, what):
    for name in a:
        for x, y in zip(a[name], b[name]):
            np.testing.assert_allclose(x, y, rtol=2e-3, atol=2e-4, err_msg=f"{what}: {name}")


one = trained(model("one"))
close(data_parallel(), one, "DataParallel")
dist.set_distribution(None)
close(model_parallel(), one, "ModelParallel")
batches = trained(model("one"), True)
close(data_parallel(True), batches, "DataParallel over batches")
mesh = dist.DeviceMesh((2, 2), ["a", "b"])
layout = dist.TensorLayout(("a", None), mesh)
laid = dist.distribute_tensor(np.ones((4, 2), "float32"), layout)
assert laid.sharding == layout.backend_layout and laid.sharding.shard_shape((4, 2)) == (2, 2)
json.dump({"devices": dist.list_devices(), "mesh": mesh.devices.tolist()}, sys.stdout)
