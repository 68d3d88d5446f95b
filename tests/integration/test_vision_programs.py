"""Programs in the style of Keras's examples on images and generation: they give what they give with Keras."""

import os

import numpy as np
import pytest
from twins import check_twins, labels, normal, start

IMAGES, Y = np.random.default_rng(5).random((8, 8, 8, 3)).astype("float32"), labels(8, 3)


def trained(model, x, y=None, **compiled):
    """History, weights and their paths of a short training, and predictions."""
    start(model).compile("sgd", **compiled)
    history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    return [history, model.get_weights(), [w.path for w in model.weights], model.predict(x, verbose=0)]


def read_back(K, model, x, **objects):
    model.save("model.keras")
    again = K.models.load_model("model.keras", custom_objects=objects)
    os.remove("model.keras")
    return [again.predict(x, verbose=0), [w.path for w in again.weights]]


def vision_transformer(K):
    """Patches, and positions learned by an embedding; saved and read back with its own layers."""
    L, ops = K.layers, K.ops

    class Patches(L.Layer):
        def __init__(self, size, **kwargs):
            super().__init__(**kwargs)
            self.size = size

        def call(self, images):
            batch, height, width, channels = ops.shape(images)
            patches = ops.image.extract_patches(images, size=self.size)
            count = (height // self.size) * (width // self.size)
            return ops.reshape(patches, (batch, count, self.size * self.size * channels))

        def get_config(self):
            return {**super().get_config(), "size": self.size}

    class Encoder(L.Layer):
        def __init__(self, count, width, **kwargs):
            super().__init__(**kwargs)
            self.count, self.width = count, width
            self.projection = L.Dense(width)
            self.positions = L.Embedding(input_dim=count, output_dim=width)

        def call(self, patches):
            places = ops.expand_dims(ops.arange(0, self.count, 1), axis=0)
            return self.projection(patches) + self.positions(places)

        def get_config(self):
            return {**super().get_config(), "count": self.count, "width": self.width}

    inputs = K.Input((8, 8, 3))
    x = Encoder(4, 6)(Patches(4)(inputs))
    normed = L.LayerNormalization(epsilon=1e-6)(x)
    x = L.Add()([L.MultiHeadAttention(num_heads=2, key_dim=3)(normed, normed), x])
    x = L.Dense(6, activation=K.activations.gelu)(L.LayerNormalization(epsilon=1e-6)(x))
    model = K.Model(inputs, L.Dense(3)(L.Flatten()(x)))
    loss = K.losses.SparseCategoricalCrossentropy(from_logits=True)
    out = trained(model, IMAGES, Y, loss=loss, metrics=["accuracy"])
    return [*out, read_back(K, model, IMAGES, Patches=Patches, Encoder=Encoder)]


def point_net(K):
    """A transformation that begins as the identity, held near orthogonal ones by a regularizer that keeps a tensor."""
    L, ops = K.layers, K.ops

    class Orthogonal(K.regularizers.Regularizer):
        def __init__(self, features, rate=0.01):
            self.features, self.rate = features, rate
            self.eye = ops.eye(features)

        def __call__(self, x):
            x = ops.reshape(x, (-1, self.features, self.features))
            products = ops.reshape(ops.tensordot(x, x, axes=(2, 2)), (-1, self.features, self.features))
            return ops.sum(self.rate * ops.square(products - self.eye))

        def get_config(self):
            return {"features": self.features, "rate": self.rate}

    def dense(x, units, layer):
        return L.Activation("relu")(L.BatchNormalization(momentum=0.0)(layer(units)(x)))

    def transformed(x, features):
        h = L.GlobalMaxPooling1D()(dense(x, 4, lambda n: L.Conv1D(n, kernel_size=1)))
        bias = K.initializers.Constant(np.eye(features).flatten())
        h = L.Dense(features * features, kernel_initializer="zeros", bias_initializer=bias,
                    activity_regularizer=Orthogonal(features))(h)  # fmt: skip
        return L.Dot(axes=(2, 1))([x, L.Reshape((features, features))(h)])

    inputs = K.Input((10, 3))
    x = dense(transformed(inputs, 3), 4, lambda n: L.Conv1D(n, kernel_size=1))
    x = dense(L.GlobalMaxPooling1D()(x), 5, L.Dense)
    model = K.Model(inputs, L.Dense(3)(x), name="point_net")
    points = normal(8, 10, 3)
    first = model.predict(points, verbose=0).shape
    loss = K.losses.SparseCategoricalCrossentropy(from_logits=True)
    return [first, *trained(model, points, Y, loss=loss), read_back(K, model, points, Orthogonal=Orthogonal)]


def quantized_codes(K):
    """A VQ-VAE: losses added in `call`, and a gradient that goes past the nearest code."""
    L, ops = K.layers, K.ops

    class Quantizer(L.Layer):
        def __init__(self, count, width, **kwargs):
            super().__init__(**kwargs)
            self.count, self.width = count, width
            self.codes = self.add_weight(shape=(width, count), initializer="random_uniform", name="codes")

        def nearest(self, rows):
            near = ops.matmul(rows, self.codes)
            distances = ops.sum(rows**2, axis=1, keepdims=True) + ops.sum(self.codes**2, axis=0) - 2 * near
            return ops.argmin(distances, axis=1)

        def call(self, x):
            found = ops.one_hot(self.nearest(ops.reshape(x, [-1, self.width])), self.count)
            found = ops.reshape(ops.matmul(found, ops.transpose(self.codes)), ops.shape(x))
            self.add_loss(0.25 * ops.mean((ops.stop_gradient(found) - x) ** 2))
            self.add_loss(ops.mean((found - ops.stop_gradient(x)) ** 2))
            return x + ops.stop_gradient(found - x)

    inputs = K.Input((8, 8, 3))
    quantizer = Quantizer(6, 3, name="quantizer")
    x = quantizer(L.Conv2D(3, 3, strides=2, padding="same", activation="tanh")(inputs))
    model = K.Model(inputs, L.Conv2DTranspose(3, 3, strides=2, padding="same")(x), name="vq_vae")
    out = [len(model.losses), trained(model, IMAGES, IMAGES, loss="mse")]
    return [*out, quantizer.nearest(ops.convert_to_tensor(normal(5, 3)))]


def masked_convolutions(K):
    """A PixelCNN: a layer that builds an inner one, and masks its kernel in every call."""
    L, ops = K.layers, K.ops

    class PixelConv(L.Layer):
        def __init__(self, kind, **kwargs):
            super().__init__()
            self.kind, self.conv = kind, L.Conv2D(**kwargs)

        def build(self, input_shape):
            self.conv.build(input_shape)
            shape = ops.shape(self.conv.kernel)
            self.mask = np.zeros(shape)
            self.mask[: shape[0] // 2] = 1.0
            self.mask[shape[0] // 2, : shape[1] // 2 + (self.kind == "B")] = 1.0

        def call(self, x):
            self.conv.kernel.assign(self.conv.kernel * self.mask)
            return self.conv(x)

    inputs = K.Input((8, 8, 1), batch_size=4)
    x = PixelConv("A", filters=4, kernel_size=5, activation="relu", padding="same")(inputs)
    x = L.add([x, PixelConv("B", filters=4, kernel_size=3, activation="relu", padding="same")(x)])
    model = K.Model(inputs, L.Conv2D(1, 1, activation="sigmoid")(x))
    bits = (IMAGES[..., :1] > 0.5).astype("float32")
    start(model).compile("adam", "binary_crossentropy")
    history = model.fit(bits, bits, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    return [history, model.predict(bits, batch_size=4, verbose=0), [w.path for w in model.weights]]


def siamese_network(K):
    """One encoder for three inputs, distances by a layer without weights, and a loss of the outputs alone."""
    L, ops = K.layers, K.ops

    class Distances(L.Layer):
        def call(self, anchor, positive, negative):
            return ops.sum(ops.square(anchor - positive), -1), ops.sum(ops.square(anchor - negative), -1)

    class Siamese(K.Model):
        def __init__(self, network, margin=0.5):
            super().__init__()
            self.network, self.margin = network, margin

        def call(self, inputs):
            return self.network(inputs)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            near, far = y_pred
            return ops.mean(ops.maximum(near - far + self.margin, 0.0))

    encoder = K.Sequential([K.Input((6,)), L.Dense(5, activation="tanh"), L.Dense(4)], name="encoder")
    inputs = [K.Input((6,), name=n) for n in ("anchor", "positive", "negative")]
    model = Siamese(K.Model(inputs, Distances()(*map(encoder, inputs))))
    data = [normal(8, 6), normal(8, 6, seed=2), normal(8, 6, seed=3)]
    model([d[:1] for d in data])
    return [*trained(model, data), [m.name for m in model.metrics], model.predict(data, verbose=0)]


def radiance_field(K):
    """Rays through the pixels of a camera, their points encoded, and colours summed along them."""
    L, ops = K.layers, K.ops
    columns, rows = ops.meshgrid(ops.arange(4, dtype="float32"), ops.arange(3, dtype="float32"), indexing="xy")
    directions = ops.stack([(columns - 2) / 3, -(rows - 1.5) / 3, -ops.ones_like(columns)], axis=-1)[..., None, :]
    pose = ops.convert_to_tensor(normal(4, 4))
    directions = ops.sum(directions * pose[:3, :3], axis=-1)
    origins = ops.broadcast_to(pose[:3, -1], ops.shape(directions))
    depths = ops.linspace(2.0, 6.0, 5)
    points = ops.reshape(origins[..., None, :] + directions[..., None, :] * depths[..., None], [-1, 3])
    waves = [f(2.0**k * points) for k in range(3) for f in (ops.sin, ops.cos)]
    encoded = ops.concatenate([points, *waves], axis=-1)

    inputs = x = K.Input((21,))
    for i in range(4):
        x = L.Dense(4, activation="relu")(x)
        x = L.concatenate([x, inputs], axis=-1) if i == 2 else x
    found = ops.reshape(start(K.Model(inputs, L.Dense(4)(x)))(encoded), (3, 4, 5, 4))
    colours, density = ops.sigmoid(found[..., :-1]), ops.relu(found[..., -1])
    steps = ops.concatenate([depths[1:] - depths[:-1], ops.broadcast_to([1e10], shape=(1,))], axis=-1)
    alpha = 1.0 - ops.exp(-density * steps)
    weights = alpha * ops.cumprod(1.0 - alpha + 1e-10, axis=-1)
    return [encoded, weights, ops.sum(weights[..., None] * colours, axis=-2), ops.sum(weights * depths, axis=-1)]


PROGRAMS = [vision_transformer, point_net, quantized_codes, masked_convolutions, siamese_network, radiance_field]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_program(program, train_backend, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_twins(program, rtol=1e-3, atol=1e-4)
