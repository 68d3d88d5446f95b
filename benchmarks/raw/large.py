"""Larger work by hand, where Kerata is not far ahead of Keras: `measure(name, backend)` gives ms a step of the best epoch."""

from __future__ import annotations

import collections
import glob
import itertools
import queue
import threading
import time

import numpy as np


def measure(name: str, backend: str) -> dict:
    return BY_HAND[name, backend]()


def tabular() -> dict:
    """One epoch in JAX over batches that a thread reads ahead; a compiled step takes them as they come."""
    import jax
    import jax.numpy as jnp
    from large import tabular as T

    import raw.jax as R

    rng = np.random.default_rng(0)
    sizes = (T.COLUMNS, 128, 64, 1)
    params = [R.dense(rng, n, m) for n, m in itertools.pairwise(sizes)]

    def forward(p, x, key, moments):
        for q in p[:-1]:
            x = jax.nn.relu(R.apply_dense(q, x))
        return R.apply_dense(p[-1], x)[:, 0]

    def loss(scores, y):
        return (jax.nn.softplus(scores) - scores * y).mean(), ((scores > 0) == (y > 0)).sum()

    with T.opened() as (x, y):
        training = R.Training(params, {}, forward, x[: T.BATCH], y[: T.BATCH], T.BATCH, {"keys": "threefry"}, loss)
        steps = -(-T.ROWS // T.BATCH)
        batches: queue.Queue = queue.Queue(8)

        def read():
            for i in np.random.default_rng().permutation(steps).tolist():
                place = slice(i * T.BATCH, (i + 1) * T.BATCH)
                batches.put((x[place], y[place]))

        begin = time.perf_counter()
        threading.Thread(target=read, daemon=True).start()
        total, right = jnp.zeros(()), jnp.zeros((), "int32")
        for _ in range(steps):
            total, right = training.on(*batches.get(), total, right)
        values = float(total) / steps, int(right) / T.ROWS
        return {"ms_per_step": (time.perf_counter() - begin) / steps * 1e3, "logs": values}


def transformer() -> dict:
    """The causal transformer in PyTorch, with queries, keys and values in one product."""
    from large import transformer as T
    from torch import nn

    import raw.torch as R

    R.start({"malloc": 1})
    x, y = T.data()
    model = nn.Sequential(
        nn.Embedding(T.WORDS, T.WIDTH), *[R.Block(T.WIDTH, 8, nn.GELU(), causal=True) for _ in range(T.LAYERS)],
        nn.LayerNorm(T.WIDTH, 1e-3), nn.Linear(T.WIDTH, T.WORDS),
    )  # fmt: skip
    training = R.Training(model, x, y, T.BATCH, {"layout": "first", "compile": 0, "adam": "fused"})
    times = []
    for _ in range(T.EPOCHS):
        begin = time.perf_counter()
        training.epoch()
        times.append(time.perf_counter() - begin)
    return {"ms_per_step": min(times[1:]) / training.steps * 1e3}


def _listed() -> tuple[list, list]:
    """The images' files and their labels."""
    from large import images as I

    files = sorted(glob.glob(I.folder() + "/*/*.jpg"))
    return files, [int(f.split("class_")[1].split("/")[0]) for f in files]


def images() -> dict:
    """A folder of JPEGs in TensorFlow, read by `tf.data` with its own kernels."""
    import tensorflow as tf
    from large import images as I

    import raw.tensorflow as R

    files, labels = _listed()
    rng = np.random.default_rng(0)
    params = {"a": R.conv(rng, 3, 32), "b": R.conv(rng, 32, 64), "out": R.dense(rng, 64, I.CLASSES)}

    def image(path, label):
        return tf.image.resize(tf.io.decode_jpeg(tf.io.read_file(path), channels=3), (I.SIZE, I.SIZE)), label

    def forward(p, x, training):
        x = x / 255
        for q in (p["a"], p["b"]):
            x = tf.nn.relu(tf.nn.conv2d(x, q["w"], 2, "VALID") + q["b"])
        return R.apply_dense(p["out"], tf.reduce_mean(x, (1, 2)))

    data = tf.data.Dataset.from_tensor_slices((files, labels)).shuffle(len(files)).map(image, tf.data.AUTOTUNE)
    data = data.batch(I.BATCH).prefetch(tf.data.AUTOTUNE)
    blank = np.zeros((I.BATCH, I.SIZE, I.SIZE, 3), "float32"), np.zeros(I.BATCH, "int32")
    training = R.Training(params, forward, *blank, I.BATCH, {"adam": "fused", "xla": 0, "parallel": 1})
    times, steps = [], -(-len(files) // I.BATCH)
    for _ in range(2):
        begin = time.perf_counter()
        total, right = tf.constant(0.0), tf.constant(0)
        for x, y in data:
            loss, count = training.learn(x, y)
            total, right = total + loss, right + count
        values = float(total) / steps, int(right) / len(files)
        times.append(time.perf_counter() - begin)
    return {"ms_per_step": times[1] / steps * 1e3, "logs": values}


def images_torch() -> dict:
    """A folder of JPEGs in PyTorch: threads decode batches ahead with Pillow, which lets go of Python's lock meanwhile.

    PyTorch's `DataLoader` with one or two worker processes took as long, or up to a tenth longer.
    """
    from concurrent.futures import ThreadPoolExecutor

    import torch
    import torch.nn.functional as F
    from large import images as I
    from PIL import Image
    from torch import nn

    import raw.torch as R

    R.start({"malloc": 1})
    files, labels = _listed()
    labels, steps = torch.tensor(labels), -(-len(files) // I.BATCH)
    model = nn.Sequential(nn.Conv2d(3, 32, 3, 2), nn.ReLU(inplace=True), nn.Conv2d(32, 64, 3, 2), nn.ReLU(inplace=True),
                          nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, I.CLASSES)).to(memory_format=torch.channels_last)  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), eps=1e-7, fused=True)

    def read(index):
        pixels = np.stack([np.asarray(Image.open(files[i]).convert("RGB")) for i in index])
        x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
        return F.interpolate(x, (I.SIZE, I.SIZE), mode="bilinear").div_(255), labels[index]

    times = []
    for _ in range(2):
        begin = time.perf_counter()
        total, right = torch.zeros(()), torch.zeros((), dtype=torch.long)
        with ThreadPoolExecutor(2) as pool:
            order = iter(torch.randperm(len(files)).split(I.BATCH))
            ahead = collections.deque(pool.submit(read, index) for index in itertools.islice(order, 4))
            while ahead:
                x, y = ahead.popleft().result()
                ahead.extend(pool.submit(read, index) for index in itertools.islice(order, 1))
                scores = model(x)
                loss = F.cross_entropy(scores, y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                with torch.no_grad():
                    right += (scores.argmax(-1) == y).sum()
                    total += loss
        values = total.item() / steps, right.item() / len(files)
        times.append(time.perf_counter() - begin)
    return {"ms_per_step": times[1] / steps * 1e3, "logs": values}


BY_HAND = {("tabular", "jax"): tabular, ("transformer", "torch"): transformer, ("images", "tensorflow"): images,
           ("images", "torch"): images_torch}  # fmt: skip
