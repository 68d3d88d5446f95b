"""The workloads in plain JAX: an epoch is one compiled loop over data that lie on the device, or a call a step."""

from __future__ import annotations

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import workloads
from jax import lax

import raw

_DEFAULTS = {"loop": 1, "conv": "patches", "keys": "threefry", "unroll": 1, "tile": 5, "lstm": "vjp", "bits": 0, "malloc": 1}
_CHOSEN = {
    "mlp": {}, "tiny_mlp": {}, "mnist_cnn": {"conv": "tiles"}, "cifar_cnn": {"conv": "tiles", "tile": 3},
    "residual": {"conv": "tiles", "tile": 8}, "lstm": {}, "transformer": {},
}  # fmt: skip

# Tried, ms a step (2 cores; the best of some epochs, variants taking turns):
#   loop=0, a call a step   mlp 3.5 (loop 2.3), mnist_cnn 43.6 (30.4), cifar_cnn 54.6 (48.0), residual 127 (126), lstm 15.6 (14.0),
#                           transformer 71.9 (55.7)
#   conv=native, loop=0     mnist_cnn 45.6, cifar_cnn 75.1, residual 164; within a loop 15 times slower
#   conv=patches            mnist_cnn 35.1 (tiles 30.4), cifar_cnn 54.3 (48.0), residual 145 (126)
#   tile                    2, 3 and 5 MiB are alike; residual 118 with 8 (125)
#   keys=rbg                mlp 3.1 (threefry 2.3)
#   bits=8, 16              dropout from fewer random bits: mlp 4.43 (4.63 in that run)
#   malloc=0                residual 84 to 100 (79 to 90), cifar_cnn 36 (40): within the noise, since an epoch is one call
#   lstm=scan, unroll=4     without the gradient by hand: 14.6 (14.0); unrolled 28


# ---- weights
def dense(rng, n, m):
    return {"w": jnp.asarray(rng.normal(size=(n, m)) / np.sqrt(n), "float32"), "b": jnp.zeros(m)}


def conv(rng, n, m):
    return {"w": jnp.asarray(rng.normal(size=(3, 3, n, m)) / np.sqrt(9 * n), "float32"), "b": jnp.zeros(m)}


def norm(n):
    return {"g": jnp.ones(n), "b": jnp.zeros(n)}


def make(name, rng):
    """The weights below the last layer, how wide they end, and the moving moments of batch normalisations."""
    moments = {k: (jnp.zeros(64), jnp.ones(64)) for k in ("na", "nb")} if name in ("cifar_cnn", "residual") else {}
    if name == "mlp":
        return {"a": dense(rng, 784, 512), "b": dense(rng, 512, 256)}, 256, moments
    if name == "tiny_mlp":
        return {"a": dense(rng, 4, 16)}, 16, moments
    if name == "mnist_cnn":
        return {"a": conv(rng, 1, 32), "b": conv(rng, 32, 64)}, 1600, moments
    if name == "cifar_cnn":
        p = {"a": conv(rng, 3, 64), "na": norm(64), "b": conv(rng, 64, 64), "nb": norm(64), "c": dense(rng, 2304, 64)}
        return p, 64, moments
    if name == "residual":
        return {"a": conv(rng, 64, 64), "na": norm(64), "b": conv(rng, 64, 64), "nb": norm(64)}, 64, moments
    if name == "lstm":
        return {"x": dense(rng, 1, 256), "h": {"w": dense(rng, 64, 256)["w"]}}, 64, moments
    block = lambda: {"n1": norm(128), "qkv": dense(rng, 128, 384), "out": dense(rng, 128, 128), "n2": norm(128),
                     "u": dense(rng, 128, 512), "d": dense(rng, 512, 128)}  # fmt: skip
    return {"0": block(), "1": block()}, 128, moments


# ---- layers
def apply_dense(p, x):
    return x @ p["w"] + p["b"]


def native(x, w, pad):
    return lax.conv_general_dilated(x, w, (1, 1), [(pad, pad)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def unfolded(x, pad):
    x = jnp.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0))) if pad else x
    h, w = x.shape[1] - 2, x.shape[2] - 2
    return jnp.concatenate([x[:, i : i + h, j : j + w] for i in range(3) for j in range(3)], -1)


def patches(x, w, pad):
    return unfolded(x, pad) @ w.reshape(-1, w.shape[-1])


def tile_of(x, limit):
    """How many images have patches of at most `limit` MiB, of the numbers that divide the batch."""
    most = max(1, limit * 2**20 // (x.nbytes * 9 // len(x)))
    return next(t for t in range(min(most, len(x)), 0, -1) if len(x) % t == 0)


@functools.partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def tiles(x, w, pad, limit, first):
    """`patches` of some images at a time, which stay in the cache; `first`: nobody wants the gradient of `x`."""
    n = tile_of(x, limit)
    out = lax.map(lambda part: patches(part, w, pad), x.reshape(-1, n, *x.shape[1:]))
    return out.reshape(len(x), *out.shape[2:])


def tiles_forward(x, w, pad, limit, first):
    return tiles(x, w, pad, limit, first), (x, w)


def tiles_backward(pad, limit, first, kept, g):
    x, w = kept
    n = tile_of(x, limit)
    turned = w[::-1, ::-1].swapaxes(2, 3)

    def one(total, tile):
        part, upper = tile
        total += jnp.einsum("nhwk,nhwo->ko", unfolded(part, pad), upper)
        return total, None if first else patches(upper, turned, 2 - pad)

    parts = x.reshape(-1, n, *x.shape[1:]), g.reshape(-1, n, *g.shape[1:])
    dw, dx = lax.scan(one, jnp.zeros((9 * w.shape[2], w.shape[3])), parts)
    return jnp.zeros_like(x) if first else dx.reshape(x.shape), dw.reshape(w.shape)


tiles.defvjp(tiles_forward, tiles_backward)


def apply_conv(p, x, o, pad=0, first=False):
    if o["conv"] == "native":
        return native(x, p["w"], pad) + p["b"]
    if o["conv"] == "patches" or x.shape[-1] < 16:
        return patches(x, p["w"], pad) + p["b"]
    return tiles(x, p["w"], pad, o["tile"], first) + p["b"]


@jax.custom_jvp
def larger(a, b):
    return lax.max(a, b)


@larger.defjvp
def larger_jvp(primals, tangents):
    a, b = primals
    return lax.max(a, b), lax.select(a >= b, *tangents)


def pool(x):
    h, w = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    cells = [x[:, i:h:2, j:w:2] for i in (0, 1) for j in (0, 1)]
    return larger(larger(cells[0], cells[1]), larger(cells[2], cells[3]))


@jax.custom_jvp
def normalised(x, g, b):
    mean = x.mean((0, 1, 2))
    var = jnp.square(x - mean).mean((0, 1, 2))
    factor = lax.rsqrt(var + 1e-3) * g
    return x * factor + (b - mean * factor), mean, var


@normalised.defjvp
def normalised_jvp(primals, tangents):
    """The closed form makes fewer passes over `x` than the derivative of the formula."""
    (x, g, _), (dx, dg, db) = primals, tangents
    out, mean, var = normalised(*primals)
    inverse = lax.rsqrt(var + 1e-3)
    unit = (x - mean) * inverse
    dmean, dunit = dx.mean((0, 1, 2)), (dx * unit).mean((0, 1, 2))
    dout = (inverse * g) * (dx - dmean - unit * dunit) + unit * dg + db
    return (out, mean, var), (dout, dmean, 2 * dunit / inverse)


def batch_norm(p, x, moments, key, training):
    if not training:
        mean, var = moments[key]
        return (x - mean) * (lax.rsqrt(var + 1e-3) * p["g"]) + p["b"]
    out, mean, var = normalised(x, p["g"], p["b"])
    old = moments[key]
    moments[key] = tuple(0.99 * a + 0.01 * lax.stop_gradient(b) for a, b in zip(old, (mean, var)))
    return out


def layer_norm(p, x):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(jnp.square(x - mean).mean(-1, keepdims=True) + 1e-3) * p["g"] + p["b"]


def drop(key, x, rate, bits=0):
    if key is None:
        return x
    if bits:
        kept = jax.random.bits(key, x.shape, f"uint{bits}") >= round(rate * 2**bits)
    else:
        kept = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(kept, x / (1 - rate), 0)


def attention(p, x):
    n, t, w = x.shape
    q, k, v = jnp.split(apply_dense(p["qkv"], x).reshape(n, t, 12, 32), 3, axis=2)
    scores = jax.nn.softmax(jnp.einsum("nthd,nshd->nhts", q * (1 / np.sqrt(32)), k), axis=-1)
    return apply_dense(p["out"], jnp.einsum("nhts,nshd->nthd", scores, v).reshape(n, t, w))


def lstm(p, x, o):
    z = apply_dense(p["x"], x.swapaxes(0, 1))  # to move `x` is cheaper than to move `z`
    if o["lstm"] == "vjp":
        return recurrence(z, p["h"]["w"])

    def step(state, zt):
        h, c, *_ = cell(zt, *state, p["h"]["w"])
        return (h, c), None

    start = jnp.zeros(z.shape[1:2] + (64,))
    return lax.scan(step, (start, start), z, unroll=o["unroll"])[0][0]


def cell(z, h, c, w):
    i, f, g, o = jnp.split(z + h @ w, 4, axis=-1)
    i, f, g, o = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(g), jax.nn.sigmoid(o)
    c = f * c + i * g
    return o * jnp.tanh(c), c, i, f, g, o


@jax.custom_vjp
def recurrence(z, w):
    """The last output of an LSTM whose inputs have met their kernel; `z` is (time, batch, 4 * units)."""
    return recurrence_forward(z, w)[0]


def recurrence_forward(z, w):
    def step(state, zt):
        h, c, *gates = cell(zt, *state, w)
        return (h, c), (*state, jnp.concatenate(gates, -1))

    start = jnp.zeros((z.shape[1], w.shape[0]))
    (h, c), kept = lax.scan(step, (start, start), z)
    return h, (w, c, kept)


def recurrence_backward(kept, dh):
    """By hand: the gradient of `w` is one large product after the loop, not a small one to add in each step."""
    w, c, (hs, cs, gates) = kept

    def step(carry, saved):
        dh, dc, c = carry
        before, gates = saved
        i, f, g, o = jnp.split(gates, 4, axis=-1)
        t = jnp.tanh(c)
        dc = dc + dh * o * (1 - t * t)
        parts = dc * g * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - g * g), dh * t * o * (1 - o)
        dz = jnp.concatenate(parts, -1)
        return (dz @ w.T, dc * f, before), dz

    dz = lax.scan(step, (dh, jnp.zeros_like(dh), c), (cs, gates), reverse=True)[1]
    return dz, jnp.einsum("tbu,tbz->uz", hs, dz)


recurrence.defvjp(recurrence_forward, recurrence_backward)


def forward(name, p, x, key, moments, o):
    """The last layer's input; `moments` gets the new moving moments. Without a key it is for inference."""
    relu, training = jax.nn.relu, key is not None
    if name == "mlp":
        k1, k2 = jax.random.split(key) if training else (None, None)
        return drop(k2, relu(apply_dense(p["b"], drop(k1, relu(apply_dense(p["a"], x)), 0.2, o["bits"]))), 0.2, o["bits"])
    if name == "tiny_mlp":
        return relu(apply_dense(p["a"], x))
    if name == "mnist_cnn":
        x = pool(relu(apply_conv(p["b"], pool(relu(apply_conv(p["a"], x, o, first=True))), o)))
        return drop(key, x.reshape(len(x), -1), 0.5, o["bits"])
    if name == "cifar_cnn":
        x = pool(batch_norm(p["na"], relu(apply_conv(p["a"], x, o, first=True)), moments, "na", training))
        x = pool(batch_norm(p["nb"], relu(apply_conv(p["b"], x, o)), moments, "nb", training))
        return drop(key, relu(apply_dense(p["c"], x.reshape(len(x), -1))), 0.25)
    if name == "residual":
        y = relu(batch_norm(p["na"], apply_conv(p["a"], x, o, 1, first=True), moments, "na", training))
        return relu(batch_norm(p["nb"], apply_conv(p["b"], y, o, 1), moments, "nb", training) + x).mean((1, 2))
    if name == "lstm":
        return lstm(p, x, o)
    for b in (p["0"], p["1"]):
        x = x + attention(b, layer_norm(b["n1"], x))
        x = x + apply_dense(b["d"], relu(apply_dense(b["u"], layer_norm(b["n2"], x))))
    return x.mean(1)


def crossentropy(scores, y):
    picked = jnp.take_along_axis(jax.nn.log_softmax(scores), y[:, None], 1)
    return -picked.mean(), (scores.argmax(-1) == y).sum()


class Training:
    """Adam, the mean loss and the accuracy for `forward(params, x, key, moments)`, which gives the scores.

    `judge(scores, y)` gives the mean loss and the number of right answers.
    """

    def __init__(self, params, moments, forward, x, y, batch, o, judge=None):
        self.o, self.batch, self.steps = o, batch, len(x) // batch
        self.x, self.y, self.one = jnp.asarray(x), jnp.asarray(y), x[:1]
        zeros = jax.tree.map(jnp.zeros_like, params)
        key = jax.random.key(0, impl=None if o["keys"] == "threefry" else o["keys"])
        self.state = (params, zeros, jax.tree.map(jnp.zeros_like, params), jnp.zeros(()), key, moments)

        def loss(p, x, y, key, moments):
            moments = dict(moments)
            value, right = (judge or crossentropy)(forward(p, x, key, moments), y)
            return value, (right, moments)

        def step(state, x, y):
            p, m, v, t, key, moments = state
            key, sub = jax.random.split(key)
            (value, (right, moments)), g = jax.value_and_grad(loss, has_aux=True)(p, x, y, sub, moments)
            t = t + 1
            m = jax.tree.map(lambda m, g: m + (g - m) * 0.1, m, g)
            v = jax.tree.map(lambda v, g: v + (g * g - v) * 0.001, v, g)
            rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), p, m, v)
            return (p, m, v, t, key, moments), value, right

        def once(state, x, y, order, i, total, right):
            index = lax.dynamic_slice_in_dim(order, i * batch, batch)
            x, y = (a.at[index].get(mode="promise_in_bounds") for a in (x, y))
            state, a, b = step(state, x, y)
            return state, total + a, right + b

        def given(state, x, y, total, right):
            state, a, b = step(state, x, y)
            return state, total + a, right + b

        def many(state, x, y, order, count):
            begin = (state, jnp.zeros(()), jnp.zeros((), jnp.int32))
            return lax.fori_loop(0, count, lambda i, carry: once(carry[0], x, y, order, i, *carry[1:]), begin)

        self.many = jax.jit(many, donate_argnums=0)
        self.once = jax.jit(once, donate_argnums=0)
        self.given = jax.jit(given, donate_argnums=0)
        self.predict = jax.jit(lambda p, moments, x: jax.nn.softmax(forward(p, x, None, moments)))

    def epoch(self):
        order = jnp.asarray(np.random.default_rng().permutation(len(self.x)).astype("int32"))
        if self.o["loop"]:
            self.state, total, right = self.many(self.state, self.x, self.y, order, self.steps)
        else:
            total, right = jnp.zeros(()), jnp.zeros((), jnp.int32)
            for i in range(self.steps):
                self.state, total, right = self.once(self.state, self.x, self.y, order, i, total, right)
        return float(total) / self.steps, int(right) / len(self.x)

    def on(self, x, y, total, right):
        """A step on a batch from outside."""
        self.state, total, right = self.given(self.state, x, y, total, right)
        return total, right

    def probabilities(self, x):
        return np.asarray(self.predict(self.state[0], self.state[5], x))

    def predict_one(self):
        return self.probabilities(self.one)

    def count(self):
        return sum(x.size for x in jax.tree.leaves((self.state[0], self.state[5])))


class Raw(Training):
    """A workload; see `raw`."""

    def __init__(self, name: str):
        classes, batch = workloads.shape(name)[1:3]
        on_cpu = jax.default_backend() == "cpu"
        o = raw.options({**_DEFAULTS, **_CHOSEN[name], **({} if on_cpu else {"conv": "native"})})
        if o["malloc"]:
            raw.tune_malloc(programs=True)
        rng = np.random.default_rng(0)
        params, width, moments = make(name, rng)
        params = {"body": params, "out": dense(rng, width, classes)}
        infers = {**o, "conv": "native"}

        def scores(p, x, key, moments):
            return apply_dense(p["out"], forward(name, p["body"], x, key, moments, o if key is not None else infers))

        super().__init__(params, moments, scores, *workloads.data(name), batch, o)


def curve(s: dict, x, y):
    """The models of `curves.py`."""
    o, rng = raw.options(_DEFAULTS), np.random.default_rng(0)
    if s["length"]:
        params = {"body": make("lstm", rng)[0], "out": dense(rng, 64, 10)}
        body = lambda p, x: lstm(p["body"], x, o)
    else:
        sizes = (784, *s["hidden"])
        params = {"body": [dense(rng, *pair) for pair in itertools.pairwise(sizes)], "out": dense(rng, sizes[-1], 10)}
        body = lambda p, x: functools.reduce(lambda x, q: jax.nn.relu(apply_dense(q, x)), p["body"], x)
    return Training(params, {}, lambda p, x, *_: apply_dense(p["out"], body(p, x)), x, y, s["batch"], o)
