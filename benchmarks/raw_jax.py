"""The workloads in plain JAX: one jitted step, called from Python, with the usual lowerings of `jax.lax`."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import workloads
from jax import lax

_KEY = jax.random.key(0)


def dense(rng, n, m):
    return {"w": jnp.asarray(rng.normal(size=(n, m)) / np.sqrt(n), "float32"), "b": jnp.zeros(m)}


def conv(rng, n, m):
    return {"w": jnp.asarray(rng.normal(size=(3, 3, n, m)) / np.sqrt(9 * n), "float32"), "b": jnp.zeros(m)}


def norm(n):
    return {"g": jnp.ones(n), "b": jnp.zeros(n)}


def apply_dense(p, x):
    return x @ p["w"] + p["b"]


def apply_conv(p, x, padding="VALID"):
    return lax.conv_general_dilated(x, p["w"], (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")) + p["b"]


def pool(x):
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def batch_norm(p, x):
    mean, var = x.mean((0, 1, 2)), x.var((0, 1, 2))
    return (x - mean) * lax.rsqrt(var + 1e-3) * p["g"] + p["b"]


def layer_norm(p, x):
    return (x - x.mean(-1, keepdims=True)) * lax.rsqrt(x.var(-1, keepdims=True) + 1e-3) * p["g"] + p["b"]


def drop(key, x, rate):
    return jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


def attention(p, x):
    n, t, w = x.shape
    q, k, v = jnp.split(apply_dense(p["qkv"], x).reshape(n, t, 12, 32), 3, axis=2)
    scores = jax.nn.softmax(jnp.einsum("nthd,nshd->nhts", q, k) / np.sqrt(32), axis=-1)
    return apply_dense(p["out"], jnp.einsum("nhts,nshd->nthd", scores, v).reshape(n, t, w))


def make(name, rng):
    if name == "mlp":
        return {"a": dense(rng, 784, 512), "b": dense(rng, 512, 256)}, 256
    if name == "tiny_mlp":
        return {"a": dense(rng, 4, 16)}, 16
    if name == "mnist_cnn":
        return {"a": conv(rng, 1, 32), "b": conv(rng, 32, 64)}, 1600
    if name == "cifar_cnn":
        return {"a": conv(rng, 3, 64), "na": norm(64), "b": conv(rng, 64, 64), "nb": norm(64), "c": dense(rng, 2304, 64)}, 64
    if name == "residual":
        return {"a": conv(rng, 64, 64), "na": norm(64), "b": conv(rng, 64, 64), "nb": norm(64)}, 64
    if name == "lstm":
        return {"x": dense(rng, 1, 256), "h": dense(rng, 64, 256)}, 64
    block = lambda: {"n1": norm(128), "qkv": dense(rng, 128, 384), "out": dense(rng, 128, 128), "n2": norm(128),
                     "u": dense(rng, 128, 512), "d": dense(rng, 512, 128)}  # fmt: skip
    return {"0": block(), "1": block()}, 128


def forward(name, p, x, key):
    relu = jax.nn.relu
    if name == "mlp":
        k1, k2 = jax.random.split(key)
        return drop(k2, relu(apply_dense(p["b"], drop(k1, relu(apply_dense(p["a"], x)), 0.2))), 0.2)
    if name == "tiny_mlp":
        return relu(apply_dense(p["a"], x))
    if name == "mnist_cnn":
        x = pool(relu(apply_conv(p["b"], pool(relu(apply_conv(p["a"], x))))))
        return drop(key, x.reshape(len(x), -1), 0.5)
    if name == "cifar_cnn":
        x = pool(batch_norm(p["na"], relu(apply_conv(p["a"], x))))
        x = pool(batch_norm(p["nb"], relu(apply_conv(p["b"], x))))
        return drop(key, relu(apply_dense(p["c"], x.reshape(len(x), -1))), 0.25)
    if name == "residual":
        y = relu(batch_norm(p["na"], apply_conv(p["a"], x, "SAME")))
        return relu(batch_norm(p["nb"], apply_conv(p["b"], y, "SAME")) + x).mean((1, 2))
    if name == "lstm":
        z = apply_dense(p["x"], x)

        def step(state, zt):
            h, c = state
            i, f, g, o = jnp.split(zt + apply_dense(p["h"], h), 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        start = jnp.zeros((x.shape[0], 64))
        return lax.scan(step, (start, start), z.swapaxes(0, 1))[0][0]
    for b in (p["0"], p["1"]):
        x = x + attention(b, layer_norm(b["n1"], x))
        x = x + apply_dense(b["d"], relu(apply_dense(b["u"], layer_norm(b["n2"], x))))
    return x.mean(1)


class Raw:
    def __init__(self, name: str):
        _, classes, self.batch, self.steps = workloads.SHAPES[name]
        self.x, self.y = map(jnp.asarray, workloads.data(name))
        rng = np.random.default_rng(0)
        params, width = make(name, rng)
        params = {"body": params, "out": dense(rng, width, classes)}
        zeros = jax.tree.map(jnp.zeros_like, params)
        self.state = (params, zeros, jax.tree.map(jnp.zeros_like, params), jnp.zeros(()), _KEY)

        def loss(p, x, y, key):
            scores = apply_dense(p["out"], forward(name, p["body"], x, key))
            picked = jax.nn.log_softmax(scores)[jnp.arange(len(y)), y]
            return -picked.mean(), (scores.argmax(-1) == y).sum()

        @jax.jit
        def step(state, x, y):
            p, m, v, t, key = state
            key, sub = jax.random.split(key)
            (_, right), g = jax.value_and_grad(loss, has_aux=True)(p, x, y, sub)
            t = t + 1
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
            rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), p, m, v)
            return (p, m, v, t, key), right

        self.step = step
        self.predict = jax.jit(lambda p, x: jax.nn.softmax(apply_dense(p["out"], forward(name, p["body"], x, _KEY))))

    def epoch(self):
        order = np.random.default_rng().permutation(len(self.x))
        right = []
        for i in range(self.steps):
            index = order[i * self.batch : (i + 1) * self.batch]
            self.state, r = self.step(self.state, self.x[index], self.y[index])
            right.append(r)
        return sum(int(r) for r in right)

    def predict_one(self):
        return np.asarray(self.predict(self.state[0], self.x[:1]))
