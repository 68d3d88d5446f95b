"""Low-rank adapters: weights, outputs and training of every layer that takes them, against the real Keras."""

import numpy as np
import pytest
from twins import check_twins, normal, start

LAYERS = {
    "Dense": (lambda k: k.layers.Dense(4, activation="relu"), (5, 3)),
    "Dense rank 3": (lambda k: k.layers.Dense(4, use_bias=False), (5, 2, 3)),
    "EinsumDense": (lambda k: k.layers.EinsumDense("abc,cd->abd", (None, 4), bias_axes="d"), (5, 2, 3)),
    "EinsumDense heads": (lambda k: k.layers.EinsumDense("abc,cde->abde", (None, 2, 4), bias_axes="de"), (5, 2, 3)),
    "Embedding": (lambda k: k.layers.Embedding(7, 4), None),
    "Conv1D": (lambda k: k.layers.Conv1D(4, 2, padding="same"), (2, 6, 3)),
    "Conv2D": (lambda k: k.layers.Conv2D(4, (2, 3), strides=2, activation="relu"), (2, 6, 6, 3)),
    "Conv2D groups": (lambda k: k.layers.Conv2D(4, 2, groups=2, dilation_rate=2), (2, 6, 6, 4)),
    "Conv3D": (lambda k: k.layers.Conv3D(2, 2), (1, 4, 4, 4, 2)),
}


def program(what: str, alpha):
    make, shape = LAYERS[what]
    x = normal(*shape) if shape else np.random.default_rng(0).integers(0, 7, (4, 3)).astype("int32")

    def run(k):
        layer = make(k)
        layer.build(tuple(x.shape))
        start(layer)
        layer.enable_lora(2, lora_alpha=alpha)
        start(layer, seed=1)
        out = [layer(x), [(w.name, list(w.shape), bool(w.trainable)) for w in layer.weights], layer.lora_rank, layer.lora_enabled]
        model = k.Sequential([k.Input(x.shape[1:], dtype=str(x.dtype)), layer])
        model.compile(k.optimizers.SGD(0.1), "mse")
        model.train_on_batch(x, np.ones(tuple(model(x).shape), "float32"))
        out += [layer(x), [w.value for w in layer.trainable_weights]]
        kept: dict = {}
        layer.save_own_variables(kept)
        out += [dict(kept), layer.get_config().get("lora_rank"), layer.get_config().get("lora_alpha")]
        for again in (lambda: layer.enable_lora(2), lambda: make(k).enable_lora(2)):
            try:
                again()
                out.append("no error")
            except ValueError:
                out.append("ValueError")
        return out

    run.__qualname__ = f"run_{what}_{alpha}".replace(" ", "_")
    return run


@pytest.mark.parametrize("alpha", [None, 3])
@pytest.mark.parametrize("what", LAYERS)
def test_as_keras(train_backend, what, alpha):
    if alpha is None and what not in ("Dense", "Conv2D"):
        alpha = 0.5
    check_twins(program(what, alpha))
