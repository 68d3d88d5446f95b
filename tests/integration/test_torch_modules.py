"""What PyTorch's own tools do with models: torch.compile without graph breaks, torch.nn.Module."""

import warnings

import h5py
import numpy as np
import pytest
from twins import normal, start

import kerata
from kerata import layers

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def _torch():
    with kerata.backend_scope("torch"):
        yield


def sequential():
    return kerata.Sequential([
        kerata.Input((8, 8, 2)), layers.Conv2D(4, 3, padding="same", activation="relu"), layers.BatchNormalization(),
        layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.5), layers.Dense(3, activation="softmax"),
    ]), normal(4, 8, 8, 2)  # fmt: skip


def functional():
    inputs = kerata.Input((6, 4))
    x = layers.MultiHeadAttention(2, 2)(inputs, inputs)
    x = layers.LayerNormalization()(x + inputs)
    x = kerata.ops.mean(layers.Dense(5, activation="gelu")(x), axis=1)
    return kerata.Model(inputs, layers.Dense(2)(x)), normal(4, 6, 4)


@pytest.mark.slow
@pytest.mark.parametrize("make", [sequential, functional], ids=lambda f: f.__name__)
@pytest.mark.parametrize("how", ["model", "function"])
def test_torch_compile_finds_no_graph_break(make, how):
    model, x = make()
    start(model)
    x = torch.from_numpy(x)
    wanted = model(x)
    torch._dynamo.reset()
    compiled = torch.compile(model if how == "model" else lambda x: model(x), fullgraph=True, backend="aot_eager")
    np.testing.assert_allclose(compiled(x).detach(), wanted.detach(), rtol=1e-5, atol=1e-6)
    explained = torch._dynamo.explain(lambda x: model(x))(x)
    assert explained.graph_break_count == 0, explained.break_reasons


def test_a_model_as_a_module_shares_its_parameters():
    model, x = sequential()
    start(model)
    module = model.to_torch_module()
    assert isinstance(module, torch.nn.Module)
    assert {id(p) for p in module.parameters()} >= {id(v.value) for v in model.trainable_variables}
    x = torch.from_numpy(x)
    module.eval()
    np.testing.assert_allclose(module(x).detach(), model(x).detach(), rtol=1e-6)
    optimizer = torch.optim.SGD([p for p in module.parameters() if p.requires_grad], lr=0.1)
    before = model.get_weights()
    module.train()
    module(x)[:, 0].sum().backward()
    optimizer.step()
    after = model.get_weights()
    assert any(np.abs(a - b).max() > 1e-4 for a, b in zip(before, after))
    assert len(module.state_dict()) >= len(model.weights)


class Net(torch.nn.Module):
    """A module of PyTorch's own with layers in it, of which one is not built yet."""

    def __init__(self):
        super().__init__()
        self.first = layers.Dense(4, activation="tanh")
        self.second = torch.nn.Linear(4, 2)

    def forward(self, x):
        return self.second(self.first(x))


def test_layers_in_modules_of_pytorchs_own():
    net, x = Net(), torch.from_numpy(normal(8, 3))
    net(x)
    assert len(list(net.parameters())) == 4 and len(net.state_dict()) == 4
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    kernel = net.first.kernel.numpy().copy()
    net(x).square().mean().backward()
    wanted = kernel - 0.1 * net.first.kernel.value.grad.numpy()
    optimizer.step()
    np.testing.assert_allclose(net.first.kernel.numpy(), wanted, rtol=1e-6)


def test_names_and_modules_below_a_layer():
    model, x = sequential()
    net = torch.nn.Sequential(model, torch.nn.ReLU())
    assert isinstance(model, torch.nn.Module) and issubclass(layers.Dense, torch.nn.Module)
    names = [name for name, _ in net.named_parameters()]
    assert names == [
        "0.0.kernel", "0.0.bias", "0.1.gamma", "0.1.beta", "0.5.kernel", "0.5.bias",
    ]  # fmt: skip
    assert [n for n, _ in net.named_buffers()][:2] == ["0.1.moving_mean", "0.1.moving_variance"]
    assert net.get_submodule("0.0") is model.layers[0] and dict(net.named_parameters())["0.5.bias"] is model.layers[-1].bias.value
    assert set(model.layers) < set(model.modules())
    net.eval()
    assert not model.training and not model.layers[0].training and net.train() is net and model.layers[0].training
    model.layers[0].trainable = False
    assert [p.requires_grad for p in net.parameters()] == [False, False, True, True, True, True]
    assert net(torch.from_numpy(x)).shape == (4, 3)
    with pytest.raises(AttributeError, match="'Dense' object has no attribute 'gamma'"):
        model.layers[-1].gamma  # noqa: B018
    with pytest.raises(NotImplementedError, match=r"hooks.*to_torch_module"):
        model.layers[0].register_forward_hook(print)


def test_what_pytorch_moves_the_layer_has():
    model, _ = sequential()
    torch.nn.Sequential(model).to("meta")
    assert {v.value.device.type for v in model.variables} == {"meta"}


def test_traced_and_averaged_models():
    model, x = sequential()
    x = torch.from_numpy(x)
    start(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        traced = torch.jit.trace(model, x)
    np.testing.assert_allclose(traced(x[:2]).detach(), model(x[:2]).detach(), rtol=1e-5, atol=1e-6)
    averaged = torch.optim.swa_utils.AveragedModel(model)
    averaged.update_parameters(model)
    np.testing.assert_allclose(averaged(x).detach(), model(x).detach(), rtol=1e-5, atol=1e-6)


def test_functional_call_with_other_parameters():
    model = start(kerata.Sequential([kerata.Input((4,)), layers.Dense(3), layers.Dense(2)]))
    x = torch.from_numpy(normal(5, 4))
    wanted, before = model(x).detach(), model.get_weights()
    others = {name: 2 * p.detach() for name, p in model.named_parameters()}
    found = torch.func.functional_call(model, others, (x,))
    kernel, bias, kernel2, bias2 = (2 * w for w in before)
    np.testing.assert_allclose(found, (x.numpy() @ kernel + bias) @ kernel2 + bias2, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model(x).detach(), wanted)


class Mixed(kerata.Model):
    """A model with a module and a parameter of PyTorch's own."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 3)
        self.scale = torch.nn.Parameter(torch.ones(3))
        self.norm = torch.nn.BatchNorm1d(3)

    def call(self, x):
        return self.norm(self.linear(x)) * self.scale


def test_modules_as_attributes_of_a_model_are_trained(tmp_path):
    model, x = Mixed(), normal(16, 4)
    model.compile("sgd", "mse")
    model(x[:1].repeat(2, 0))
    assert {w.shape for w in model.weights} == {(3, 4), (3,)} and len(model.trainable_weights) == 5
    assert set(model.state_dict()) == {
        "scale", "linear.module.weight", "linear.module.bias", *(f"norm.module.{n}" for n in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"))
    }  # fmt: skip
    before = model.get_weights()
    model.fit(x, normal(16, 3), verbose=0)
    after = model.get_weights()
    assert sum(np.abs(a - b).max() > 1e-6 for a, b in zip(before, after)) >= 4  # a bias before normalization has no gradient
    model.save_weights(tmp_path / "a.weights.h5")
    again = Mixed()
    again.load_weights(tmp_path / "a.weights.h5")
    for a, b in zip(again.get_weights(), after):
        np.testing.assert_array_equal(a, b)


def test_files_do_not_show_that_layers_are_modules(tmp_path):
    def places():
        inputs = kerata.Input((5, 4))
        model = kerata.Model(inputs, layers.GroupQueryAttention(2, 4, 2)(inputs, inputs))
        model.save_weights(tmp_path / "a.weights.h5")
        found = []
        with h5py.File(tmp_path / "a.weights.h5") as file:
            file.visit(found.append)
        return found

    found = places()
    with kerata.backend_scope("numpy"):
        assert places() == found
    assert not any("_modules" in place for place in found)


def test_layers_elsewhere_have_no_parameters():
    with kerata.backend_scope("numpy"):
        layer = layers.Dense(2)
        layer.build((None, 3))
    assert not list(layer.parameters()) and not layer.state_dict()
    layer.to_backend("torch")
    assert [n for n, _ in layer.named_parameters()] == ["kernel", "bias"]


def test_methods_of_modules():
    model, x = sequential()
    start(model)
    names = dict(model.named_parameters())
    assert [tuple(p.shape) for p in names.values()] == [tuple(v.shape) for v in model.trainable_variables]
    assert model.train().eval().to("cpu") is model
    kept = {k: v.clone() for k, v in model.state_dict().items()}
    assert len(kept) == len(model.variables)
    wanted = model(x).detach().numpy()
    model.set_weights([w + 1 for w in model.get_weights()])
    assert not model.load_state_dict(kept).missing_keys
    np.testing.assert_array_equal(model(x).detach().numpy(), wanted)
    kept.popitem()
    with pytest.raises(RuntimeError, match="Missing key"):
        model.load_state_dict(kept)
    model.layers[0](torch.from_numpy(x)).sum().backward()
    assert model.layers[0].kernel.value.grad is not None
    model.layers[0].zero_grad()
    assert model.layers[0].kernel.value.grad is None


def test_only_models_on_torch_become_modules():
    with kerata.backend_scope("numpy"):
        model = kerata.Sequential([kerata.Input((2,)), layers.Dense(1)])
    with pytest.raises(ValueError, match="to_backend"):
        model.to_torch_module()


def test_a_training_loop_in_plain_pytorch():
    inputs = kerata.Input((4,))
    model = start(kerata.Model(inputs, layers.Dense(1)(layers.Dense(8, activation="tanh")(inputs))))
    x, y = torch.from_numpy(normal(32, 4)), torch.from_numpy(normal(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    loss_fn = torch.nn.MSELoss()
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = loss_fn(model(x, training=True), y)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_keras_loop_for_torch():
    model = start(kerata.Sequential([kerata.Input((4,)), layers.Dense(8, activation="tanh"), layers.Dense(1)]))
    optimizer, loss_fn = kerata.optimizers.Adam(0.05), kerata.losses.MeanSquaredError()
    x, y = torch.from_numpy(normal(32, 4)), torch.from_numpy(normal(32, 1))
    losses = []
    for _ in range(20):
        loss = loss_fn(y, model(x, training=True))
        model.zero_grad()
        trainable_weights = list(model.trainable_weights)
        loss.backward()
        gradients = [v.value.grad for v in trainable_weights]
        with torch.no_grad():
            optimizer.apply(gradients, trainable_weights)
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
