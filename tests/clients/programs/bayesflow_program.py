"""BayesFlow's networks and workflows: outputs from fixed weights, configs, files, training, sampling, densities."""

import bayesflow as bf
import keras
import numpy as np
import pytest
from keras import ops
from values import fill, same

N = bf.networks
rng = np.random.default_rng(0)
SETS = rng.normal(size=(3, 6, 2)).astype("float32")
IMAGES = rng.normal(size=(2, 8, 8, 2)).astype("float32")
THETA, DATA = (rng.normal(size=(5, n)).astype("float32") for n in (4, 3))
TIME = np.linspace(0.1, 0.9, 2, dtype="float32")[:, None, None, None]
SMALL = {"widths": [16, 16]}  # a list, as it comes back from a config
UNET = {"widths": (8, 16), "groups": 4, "time_emb_dim": 8}

SUMMARIES = {
    "DeepSet": ({"embed_dim": 8, "mlp_widths": (8,), "summary_dim": 4}, SETS),
    "SetTransformer": ({"embed_dims": (8, 8), "num_heads": (2, 2), "summary_dim": 4}, SETS),
    "SetTransformer induced": ({"embed_dims": (8, 8), "num_heads": (2, 2), "num_inducing_points": 3}, SETS),
    "TimeSeriesNetwork": ({"filters": 8, "recurrent_dim": 8, "summary_dim": 4, "skip_steps": 2}, SETS),
    "TimeSeriesNetwork lstm": ({"filters": 8, "recurrent_dim": 8, "recurrent_type": "lstm", "bidirectional": False}, SETS),
    "TimeSeriesTransformer": ({"embed_dims": (8, 8), "num_heads": (2, 2), "summary_dim": 4}, SETS),
    "ConvolutionalNetwork": ({"widths": (4, 8), "summary_dim": 4}, IMAGES),
    "ConvolutionalNetwork group": ({"widths": (4, 8), "norm": "group", "groups": 2, "down_mode": "max_pool"}, IMAGES),
}
SUBNETS = {
    "MLP": (SMALL, THETA),
    "MLP batch": ({**SMALL, "norm": "batch", "residual": False, "activation": "silu"}, THETA),
    "TimeMLP": (SMALL, (THETA, np.full((5, 1), 0.3, "float32"), DATA)),
    "TimeMLP add": ({**SMALL, "merge": "add", "norm": "rms"}, (THETA, np.full((5, 1), 0.3, "float32"), DATA)),
    "UNet": ({**UNET, "attn_stage": (False, True), "res_blocks": 1}, (IMAGES, TIME, IMAGES)),
    "UViT": ({**UNET, "res_blocks": 1, "transformer_blocks": 1, "transformer_width": 8, "num_heads": 2}, (IMAGES, TIME, IMAGES)),
    "ResidualUViT": ({**UNET, "res_blocks_down": 1, "res_blocks_up": 1, "transformer_blocks": 1, "transformer_width": 8,
                      "num_heads": 2}, (IMAGES, TIME, IMAGES)),
}  # fmt: skip
INFERENCE = {
    "CouplingFlow affine": (N.CouplingFlow, {"depth": 2, "subnet_kwargs": SMALL}),
    "CouplingFlow spline": (N.CouplingFlow, {"depth": 2, "transform": "spline", "subnet_kwargs": SMALL}),
    "CouplingFlow student": (N.CouplingFlow, {"depth": 2, "base_distribution": "student", "permutation": "swap",
                                              "subnet_kwargs": SMALL}),
    "FlowMatching": (N.FlowMatching, {"subnet_kwargs": SMALL, "integrate_kwargs": {"method": "euler", "steps": 10}}),
    "FlowMatching transport": (N.FlowMatching, {"subnet_kwargs": SMALL, "use_optimal_transport": True,
                                                "integrate_kwargs": {"method": "rk45", "steps": 10}}),
    "DiffusionModel edm": (N.DiffusionModel, {"subnet_kwargs": SMALL, "integrate_kwargs": {"method": "euler", "steps": 10}}),
    "DiffusionModel cosine": (N.DiffusionModel, {"subnet_kwargs": SMALL, "noise_schedule": "cosine",
                                                 "prediction_type": "velocity",
                                                 "integrate_kwargs": {"method": "euler", "steps": 10}}),
    "ConsistencyModel": (N.ConsistencyModel, {"total_steps": 10, "subnet_kwargs": SMALL}),
    "StableConsistencyModel": (N.StableConsistencyModel, {"subnet_kwargs": SMALL}),
}  # fmt: skip


def tensors(x):
    return tuple(map(ops.convert_to_tensor, x)) if isinstance(x, tuple) else ops.convert_to_tensor(x)


def array(x):
    return ops.convert_to_numpy(x)


def copy_by_config(layer):
    return keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))


@pytest.mark.parametrize("name", [*SUMMARIES, *SUBNETS])
def test_network(name):
    kwargs, x = (SUMMARIES | SUBNETS)[name]
    layer, x = getattr(N, name.split()[0])(**kwargs), tensors(x)
    layer(x)
    fill(layer)
    same(name, array(layer(x, training=False)))
    again = copy_by_config(layer)
    again(x)
    again.set_weights(layer.get_weights())
    np.testing.assert_allclose(array(again(x, training=False)), array(layer(x, training=False)), rtol=1e-5, atol=1e-6)


def flow(name):
    cls, kwargs = INFERENCE[name]
    network = cls(**kwargs)
    network.build(THETA.shape, DATA.shape)
    values = network.get_weights()
    fill(network)
    # States of random numbers, and what is not trained (permutations), stay as they are made.
    for w, value in zip(network.weights, values):
        if not w.trainable:
            w.assign(value)
    return network


@pytest.mark.parametrize("name", INFERENCE)
def test_inference_network(name):
    network = flow(name)
    theta, data = tensors((THETA, DATA))
    if "Consistency" not in name:
        z, density = network(theta, conditions=data, density=True)
        assert array(z).shape == THETA.shape and array(density).shape == (5,)
        if name == "CouplingFlow student":  # the others draw permutations, or start from random numbers
            same(f"{name} z", array(z))
            same(f"{name} density", array(density))
        if "Coupling" in name:
            back = network(z, conditions=data, inverse=True)
            np.testing.assert_allclose(array(back), THETA, rtol=1e-3, atol=1e-3)
            np.testing.assert_allclose(array(network.log_prob(theta, conditions=data)), array(density), rtol=1e-4, atol=1e-4)
    draws = array(network.sample((5,), conditions=data))
    assert draws.shape == THETA.shape and np.all(np.isfinite(draws))
    metrics = network.compute_metrics(theta, conditions=data)
    assert np.isfinite(array(metrics["loss"]))
    copy = copy_by_config(network)
    assert type(copy) is type(network) and copy.get_config() == network.get_config()


def simulator():
    """Two numbers x, and 2 x seen six times with noise."""
    prior = lambda: {"x": np.random.normal(size=2)}
    seen = lambda x: {"y": 2 * x + 0.1 * np.random.normal(size=(6, 2))}
    return bf.make_simulator([prior, seen])


def workflow(network, **kwargs):
    return bf.BasicWorkflow(
        simulator=simulator(), inference_network=network, summary_network=N.DeepSet(embed_dim=8, mlp_widths=(8,), summary_dim=4),
        inference_variables="x", summary_variables="y", **kwargs)


@pytest.mark.parametrize("name", ["CouplingFlow affine", "FlowMatching", "DiffusionModel edm"])
def test_workflow(name, tmp_path):
    keras.utils.set_random_seed(0)
    cls, kwargs = INFERENCE[name]
    work = workflow(cls(**kwargs), initial_learning_rate=5e-3)
    history = work.fit_online(epochs=3, num_batches_per_epoch=20, batch_size=32, verbose=0)
    loss = history.history["loss"]
    assert np.all(np.isfinite(loss)) and loss[-1] < loss[0]
    data = work.simulate(4)
    draws = work.sample(num_samples=20, conditions={"y": data["y"]})
    assert draws["x"].shape == (4, 20, 2) and np.all(np.isfinite(draws["x"]))
    if "Coupling" in name:
        before = work.log_prob(data)
        work.approximator.save(tmp_path / "approximator.keras")
        loaded = keras.saving.load_model(tmp_path / "approximator.keras")
        np.testing.assert_allclose(loaded.log_prob(data), before, rtol=1e-4, atol=1e-4)


def test_offline_training_with_validation(tmp_path):
    keras.utils.set_random_seed(0)
    cls, kwargs = INFERENCE["CouplingFlow affine"]
    work = workflow(cls(**kwargs), checkpoint_filepath=str(tmp_path))
    history = work.fit_offline(work.simulate(128), epochs=2, batch_size=32, validation_data=work.simulate(32), verbose=0)
    assert {"loss", "val_loss"} <= set(history.history)
    assert any(p.suffix == ".keras" for p in tmp_path.iterdir())
    metrics = work.compute_default_diagnostics(test_data=20, num_samples=20)
    assert np.all(np.isfinite(np.asarray(metrics, "float64")))


def test_point_estimates():
    keras.utils.set_random_seed(0)
    network = N.PointNetwork(points=["mean", "quantiles"], q=[0.1, 0.5, 0.9], subnet_kwargs=SMALL)
    work = workflow(network)
    work.fit_online(epochs=1, num_batches_per_epoch=10, batch_size=32, verbose=0)
    estimates = work.estimate(conditions={"y": work.simulate(4)["y"]})
    leaves = keras.tree.flatten(estimates)
    assert leaves and all(np.all(np.isfinite(leaf)) for leaf in leaves)


def test_model_comparison():
    keras.utils.set_random_seed(0)
    models = [bf.make_simulator([lambda s=s: {"y": np.random.normal(size=(6, 2)) * s}]) for s in (1.0, 3.0)]
    both = bf.simulators.ModelComparisonSimulator(simulators=models)
    adapter = bf.Adapter().convert_dtype("float64", "float32").rename("y", "summary_variables").rename(
        "model_indices", "inference_variables")
    approximator = bf.approximators.ModelComparisonApproximator(
        num_models=2, classifier_network=N.MLP(widths=(8,)), adapter=adapter,
        summary_network=N.DeepSet(embed_dim=8, mlp_widths=(8,), summary_dim=4))
    approximator.compile(optimizer=keras.optimizers.Adam(1e-2))
    history = approximator.fit(simulator=both, adapter=adapter, epochs=2, num_batches=20, batch_size=32, verbose=0)
    assert min(history.history["loss"]) < 0.6  # ln 2 without learning
