"""`RematScope` saves memory and changes nothing else."""

import numpy as np
import pytest

import kerata
from kerata import layers

X, Y = np.random.default_rng(0).normal(size=(8, 16)).astype("float32"), np.ones((8, 1), "float32")
MODES = [None, "full", "activations", "larger_than", "list_of_layers"]


def model(mode, depth=3):
    kerata.utils.set_random_seed(1)
    names = [f"wide{i}" for i in range(depth)]
    with kerata.RematScope(mode=mode, output_size_threshold=200, layer_names=names):
        x = inputs = layers.Input((16,))
        for name in names:
            y = layers.Dense(64, activation="gelu", name=name, activity_regularizer=kerata.regularizers.L2(1e-3))(x)
            y = layers.Dropout(0.2, seed=3)(layers.BatchNormalization()(y))
            x = layers.Add()([x, layers.Dense(16)(y)])
        made = kerata.Model(inputs, layers.Dense(1)(x))
    made.compile("sgd", "mse")
    return made


def test_training_is_the_same(train_backend):
    """Dropout masks, moving averages and added losses included."""
    found = []
    for mode in MODES:
        m = model(mode)
        history = m.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0).history["loss"]
        found.append([*history, *np.concatenate([w.ravel() for w in m.get_weights()])])
    for mode, values in zip(MODES[1:], found[1:]):
        np.testing.assert_allclose(values, found[0], rtol=2e-4, atol=1e-5, err_msg=mode)


def _kept_by_torch(m):
    import torch

    sizes = {}

    def keep(x):
        sizes[x.data_ptr()] = x.numel()
        return x

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda x: x):
        kerata.ops.sum(m(torch.tensor(X), training=True))
    weights = {v.value.data_ptr() for v in m.variables}
    return sum(n for pointer, n in sizes.items() if pointer not in weights)


def _kept_by_jax(m):
    values = [[v.value for v in group] for group in (m.trainable_variables, m.non_trainable_variables)]

    def loss(trainable, x):
        return m.stateless_call(trainable, values[1], x, training=True)[0].sum()

    from jax._src.ad_checkpoint import saved_residuals

    return sum(int(np.prod(a.shape)) for a, why in saved_residuals(loss, values[0], X) if "argument" not in why)


class Block(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.up, self.down = layers.Dense(256, activation="gelu"), layers.Dense(16)

    def call(self, x):
        return x + self.down(self.up(x))


def blocks(mode):
    with kerata.RematScope(mode=mode, output_size_threshold=10, layer_names=["block0", "block1", "block2"]):
        return kerata.Sequential([layers.Input((16,)), *[Block(name=f"block{i}") for i in range(3)], layers.Dense(1)])


@pytest.mark.parametrize("name", ["jax", "torch"])
def test_less_is_kept(name):
    pytest.importorskip(name)
    kept_by = {"jax": _kept_by_jax, "torch": _kept_by_torch}[name]
    with kerata.backend.backend_scope(name):
        kept = {mode: kept_by(blocks(mode)) for mode in (None, "full", "larger_than", "list_of_layers")}
    assert all(kept[mode] < 0.3 * kept[None] for mode in ("full", "larger_than", "list_of_layers")), kept


@pytest.mark.parametrize("mode", [None, "full"])
def test_the_forward_pass_runs_again(train_backend, mode):
    """For the gradients, where each operation is run by Python."""
    calls = []

    class Counted(layers.Layer):
        def call(self, x):
            calls.append(1)
            return x * x

    with kerata.RematScope(mode=mode):
        model = kerata.Sequential([layers.Input((3,)), layers.Dense(3), Counted(), layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    calls.clear()
    model.train_on_batch(np.ones((2, 3), "float32"), np.ones((2, 1), "float32"))
    once = train_backend == "jax"  # its gradients are of a recorded program
    assert len(calls) == (1 if mode is None or once else 2)


class Deep(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.parts = [layers.Dense(64, activation="gelu") for _ in range(6)]

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


def test_compiled_programs_on_jax_take_less_memory():
    """XLA computes a block again as a whole and early, so that its inner layers have to count as well."""
    jax = pytest.importorskip("jax")

    def temporaries(mode) -> int:
        with kerata.RematScope(mode=mode):
            m = kerata.Sequential([layers.Input((64,)), *[Deep() for _ in range(4)], layers.Dense(1)])
        trainable, other = ([v.value for v in group] for group in (m.trainable_variables, m.non_trainable_variables))
        loss = lambda values, x: (m.stateless_call(values, other, x, training=True)[0] ** 2).mean()
        compiled = jax.jit(jax.grad(loss)).lower(trainable, np.ones((4096, 64), "float32")).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    with kerata.backend.backend_scope("jax"):
        assert temporaries("full") < 0.75 * temporaries(None)
