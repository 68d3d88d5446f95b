"""The workloads in plain TensorFlow: an epoch is a `tf.while_loop` in one `tf.function`, with the fused Adam kernel."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import tensorflow as tf
import workloads

import raw

_DEFAULTS = {"loop": 1, "xla": 0, "adam": "fused", "lstm": "while", "parallel": 1}
_CHOSEN: dict = {**{n: {} for n in workloads.SHAPES}, "lstm": {"xla": 1}, "tiny_mlp": {"xla": 1}}
# Tried, ms a step (2 cores; the best of 7 epochs, variants taking turns):
#   a call a step    mlp 6.1 (loop 4.3), mnist_cnn 15.4 (15.0), cifar_cnn 26.1 (24.8), residual 67.7 (65.8), transformer 39.6 (38.6)
#   adam=plain       mlp 5.8 (fused 4.3), tiny_mlp 0.072 (0.041)
#   xla              tiny_mlp 0.010 (0.039), lstm 12.7 (15.0); but mlp 3.5 (3.1), cifar_cnn 760 (25); transformer 37.5 (39.7) but
#                    its median is worse, and it compiles for 2.6 s
#   lstm=block       14.9, unrolled 14.5, while 18.1 (without XLA)
#   order[a:b]       mlp 4.3 (tf.slice 3.1)


def weight(rng, *shape):
    fan = np.prod(shape[:-1])
    return tf.Variable((rng.normal(size=shape) / np.sqrt(fan)).astype("float32"))


def dense(rng, n, m):
    return {"w": weight(rng, n, m), "b": tf.Variable(tf.zeros(m))}


def conv(rng, n, m):
    return {"w": weight(rng, 3, 3, n, m), "b": tf.Variable(tf.zeros(m))}


def norm(n):
    return {"g": tf.Variable(tf.ones(n)), "b": tf.Variable(tf.zeros(n))}


def batch_normalised(n):
    return {**norm(n), "moving": [tf.Variable(tf.zeros(n), trainable=False), tf.Variable(tf.ones(n), trainable=False)]}


def make(name, rng):
    if name == "mlp":
        return {"a": dense(rng, 784, 512), "b": dense(rng, 512, 256)}, 256
    if name == "tiny_mlp":
        return {"a": dense(rng, 4, 16)}, 16
    if name == "mnist_cnn":
        return {"a": conv(rng, 1, 32), "b": conv(rng, 32, 64)}, 1600
    if name == "cifar_cnn":
        return {"a": conv(rng, 3, 64), "na": batch_normalised(64), "b": conv(rng, 64, 64), "nb": batch_normalised(64),
                "c": dense(rng, 2304, 64)}, 64  # fmt: skip
    if name == "residual":
        return {"a": conv(rng, 64, 64), "na": batch_normalised(64), "b": conv(rng, 64, 64), "nb": batch_normalised(64)}, 64
    if name == "lstm":
        return {"x": dense(rng, 1, 256), "h": weight(rng, 64, 256)}, 64
    block = lambda: {"n1": norm(128), "qkv": dense(rng, 128, 384), "out": dense(rng, 128, 128), "n2": norm(128),
                     "u": dense(rng, 128, 512), "d": dense(rng, 512, 128)}  # fmt: skip
    return {"0": block(), "1": block()}, 128


def apply_dense(p, x):
    if x.shape.rank > 2:  # one matrix product, not one a sample
        flat = tf.reshape(x, [-1, x.shape[-1]])
        out = tf.nn.bias_add(tf.matmul(flat, p["w"]), p["b"])
        return tf.reshape(out, [-1, *x.shape[1:-1], p["w"].shape[-1]])
    return tf.nn.bias_add(tf.matmul(x, p["w"]), p["b"])


def apply_conv(p, x, padding="VALID"):
    return tf.nn.bias_add(tf.nn.conv2d(x, p["w"], 1, padding), p["b"])


def pool(x):
    return tf.nn.max_pool2d(x, 2, 2, "VALID")


def batch_norm(p, x, training):
    mean, var = p["moving"]
    if not training:
        return tf.compat.v1.nn.fused_batch_norm(x, p["g"], p["b"], mean, var, 1e-3, is_training=False)[0]
    out, new_mean, new_var = tf.compat.v1.nn.fused_batch_norm(x, p["g"], p["b"], epsilon=1e-3)
    mean.assign_add((new_mean - mean) * 0.01)
    var.assign_add((new_var - var) * 0.01)
    return out


def layer_norm(p, x):
    mean, var = tf.nn.moments(x, -1, keepdims=True)
    return tf.nn.batch_normalization(x, mean, var, p["b"], p["g"], 1e-3)


def attention(p, x):
    t, w = x.shape[1:]
    q, k, v = tf.unstack(tf.transpose(tf.reshape(apply_dense(p["qkv"], x), [-1, t, 3, 4, 32]), [2, 0, 3, 1, 4]))
    scores = tf.nn.softmax(tf.matmul(q * (1 / np.sqrt(32)), k, transpose_b=True))
    return apply_dense(p["out"], tf.reshape(tf.transpose(tf.matmul(scores, v), [0, 2, 1, 3]), [-1, t, w]))


def lstm(p, x, form):
    z = apply_dense(p["x"], tf.transpose(x, [1, 0, 2]))
    blank = tf.zeros([tf.shape(x)[0], 64])
    w = p["h"].read_value()

    def step(state, zt):
        h, c = state
        i, f, g, o = tf.split(zt + tf.matmul(h, w), 4, -1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c

    if form == "unrolled":
        state = (blank, blank)
        for zt in tf.unstack(z):
            state = step(state, zt)
        return state[0]
    if form == "block":  # the fused cell over the whole sequence; gates in the order i, c, f, o
        i, f, g, o = tf.split(tf.concat([p["x"]["w"], w], 0), 4, 1)
        bi, bf, bg, bo = tf.split(p["x"]["b"], 4)
        none = tf.zeros(64)
        out = tf.raw_ops.BlockLSTMV2(
            seq_len_max=tf.constant(x.shape[1], tf.int64), x=tf.transpose(x, [1, 0, 2]), cs_prev=blank, h_prev=blank,
            w=tf.concat([i, g, f, o], 1), wci=none, wcf=none, wco=none, b=tf.concat([bi, bg, bf, bo], 0), cell_clip=0,
            use_peephole=False,
        )  # fmt: skip
        return out.h[-1]
    n = x.shape[1]
    rows = tf.TensorArray(tf.float32, n, element_shape=z.shape[1:]).unstack(z)
    state = tf.while_loop(lambda t, h, c: t < n, lambda t, h, c: (t + 1, *step((h, c), rows.read(t))),
                          (tf.constant(0), blank, blank), maximum_iterations=n)  # fmt: skip
    return state[1]


def forward(name, p, x, training, o):
    relu = tf.nn.relu
    drop = (lambda x, rate: tf.nn.dropout(x, rate)) if training else (lambda x, rate: x)
    if name == "mlp":
        return drop(relu(apply_dense(p["b"], drop(relu(apply_dense(p["a"], x)), 0.2))), 0.2)
    if name == "tiny_mlp":
        return relu(apply_dense(p["a"], x))
    if name == "mnist_cnn":
        x = pool(relu(apply_conv(p["b"], pool(relu(apply_conv(p["a"], x))))))
        return drop(tf.reshape(x, [-1, 1600]), 0.5)
    if name == "cifar_cnn":
        x = pool(batch_norm(p["na"], relu(apply_conv(p["a"], x)), training))
        x = pool(batch_norm(p["nb"], relu(apply_conv(p["b"], x)), training))
        return drop(relu(apply_dense(p["c"], tf.reshape(x, [-1, 2304]))), 0.25)
    if name == "residual":
        y = relu(batch_norm(p["na"], apply_conv(p["a"], x, "SAME"), training))
        return tf.reduce_mean(relu(batch_norm(p["nb"], apply_conv(p["b"], y, "SAME"), training) + x), (1, 2))
    if name == "lstm":
        return lstm(p, x, o["lstm"])
    for b in (p["0"], p["1"]):
        x = x + attention(b, layer_norm(b["n1"], x))
        x = x + apply_dense(b["d"], relu(apply_dense(b["u"], layer_norm(b["n2"], x))))
    return tf.reduce_mean(x, 1)


class Adam:
    def __init__(self, variables, fused):
        self.variables, self.fused = variables, fused
        self.m = [tf.Variable(tf.zeros_like(v), trainable=False) for v in variables]
        self.v = [tf.Variable(tf.zeros_like(v), trainable=False) for v in variables]
        self.t = tf.Variable(0.0, trainable=False)

    def apply(self, gradients):
        t = self.t.assign_add(1.0)
        b1, b2 = tf.pow(0.9, t), tf.pow(0.999, t)
        rate = 1e-3 * tf.sqrt(1 - b2) / (1 - b1)
        for p, m, v, g in zip(self.variables, self.m, self.v, gradients):
            if self.fused:
                tf.raw_ops.ResourceApplyAdam(
                    var=p.handle, m=m.handle, v=v.handle, beta1_power=b1, beta2_power=b2, lr=1e-3, beta1=0.9,
                    beta2=0.999, epsilon=1e-7, grad=g,
                )  # fmt: skip
            else:
                m.assign_add((g - m) * 0.1)
                v.assign_add((g * g - v) * 0.001)
                p.assign_sub(rate * m / (tf.sqrt(v) + 1e-7))


def leaves(tree):
    if isinstance(tree, tf.Variable):
        return [tree]
    return [v for child in (tree.values() if isinstance(tree, dict) else tree) for v in leaves(child)]


class Training:
    """Adam, the mean loss and the accuracy for `forward(params, x, training)`, which gives the scores."""

    def __init__(self, params, forward, x, y, batch, o):
        self.o, self.batch, self.steps, self.params = o, batch, len(x) // batch, params
        self.one, self.x, self.y = x[:1], tf.constant(x), tf.constant(y)
        trained = [v for v in leaves(params) if v.trainable]
        adam = Adam(trained, o["adam"] == "fused")

        def step(order, i):
            index = tf.slice(order, [i * batch], [batch])  # of a size that XLA knows too
            return learn(tf.gather(self.x, index), tf.gather(self.y, index))

        def learn(x, y):
            with tf.GradientTape() as tape:
                scores = forward(params, x, True)
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, scores))
            adam.apply(tape.gradient(loss, trained))
            return loss, tf.reduce_sum(tf.cast(tf.argmax(scores, -1, tf.int32) == y, tf.int32))

        def many(order):
            def one(i, total, right):
                a, b = step(order, i)
                return i + 1, total + a, right + b

            begin = (tf.constant(0), tf.constant(0.0), tf.constant(0))
            return tf.while_loop(lambda i, *_: i < self.steps, one, begin, parallel_iterations=o["parallel"])[1:]

        compiled = True if o["xla"] else None
        self.many = tf.function(many, autograph=False, jit_compile=compiled)
        self.once = tf.function(step, autograph=False, jit_compile=compiled)
        self.learn = tf.function(learn, autograph=False, jit_compile=compiled, reduce_retracing=True)
        self.infer = tf.function(lambda x: tf.nn.softmax(forward(params, x, False)), autograph=False, jit_compile=compiled)

    def epoch(self):
        order = tf.constant(np.random.default_rng().permutation(len(self.x)).astype("int32"))
        if self.o["loop"]:
            total, right = self.many(order)
            return float(total) / self.steps, int(right) / len(self.x)
        found = [self.once(order, tf.constant(i)) for i in range(self.steps)]
        return sum(float(a) for a, _ in found) / self.steps, sum(int(b) for _, b in found) / len(self.x)

    def probabilities(self, x):
        return self.infer(tf.constant(x)).numpy()

    def predict_one(self):
        return self.probabilities(self.one)

    def count(self):
        return sum(int(tf.size(v)) for v in leaves(self.params))


class Raw(Training):
    """A workload; see `raw`."""

    def __init__(self, name: str):
        classes, batch = workloads.shape(name)[1:3]
        o = raw.options({**_DEFAULTS, **_CHOSEN[name]})
        rng = np.random.default_rng(0)
        params, width = make(name, rng)
        params = {"body": params, "out": dense(rng, width, classes)}

        def scores(p, x, training):
            return apply_dense(p["out"], forward(name, p["body"], x, training, o))

        super().__init__(params, scores, *workloads.data(name), batch, o)


def curve(s: dict, x, y):
    """The models of `curves.py`."""
    o, rng = raw.options({**_DEFAULTS, **_CHOSEN["lstm"]}), np.random.default_rng(0)
    if s["length"]:
        params = {"body": make("lstm", rng)[0], "out": dense(rng, 64, 10)}
        body = lambda p, x: lstm(p["body"], x, o["lstm"])
    else:
        sizes = (784, *s["hidden"])
        params = {"body": [dense(rng, *pair) for pair in itertools.pairwise(sizes)], "out": dense(rng, sizes[-1], 10)}
        body = lambda p, x: functools.reduce(lambda x, q: tf.nn.relu(apply_dense(q, x)), p["body"], x)
    return Training(params, lambda p, x, _: apply_dense(p["out"], body(p, x)), x, y, s["batch"], o)
