"""Many small models and ways to train them, Kerata beside Keras: that no argument, layer or loop is slow.

A process measures a group on one library and backend: for each variation the seconds of its first run and of its best later one.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable

import numpy as np

DRY = os.environ.get("KERATA_BENCH_DRY") == "1"
# A variation is repeated until it took so many seconds, and at least twice.
ENOUGH = 0.1 if DRY else 0.5
BATCH, FEATURES, CLASSES = 64, 64, 10
GROUPS = ("optimizers", "losses", "metrics", "dense", "sequences", "images", "ways")
_OPTIMIZERS = ("SGD", "RMSprop", "Adam", "AdamW", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "Lion", "Adafactor", "Lamb", "Muon")
_METRICS = ("AUC", "Precision", "Recall", "BinaryAccuracy", "FalsePositives", "MeanSquaredError", "R2Score")

_random = np.random.default_rng(0)
_classes = lambda n: _random.integers(0, CLASSES, n)
_one_hot = lambda n: np.eye(CLASSES, dtype="float32")[_classes(n)]
_binary = lambda n: _random.integers(0, 2, (n, 1)).astype("float32")
_numbers = lambda n: _random.standard_normal((n, 1), dtype="float32")


def _fit(model, x, y, batch):
    model.fit(x, y, batch_size=batch, verbose=0)


def _mlp(K, between=(), units=CLASSES, activation="softmax", targets=_classes, optimizer="adam", **compiled):
    """An MLP with layers `between` its two hidden ones; (model, x, y, batch)."""
    layers = [K.Input((FEATURES,))]
    for _ in range(2):
        layers += [K.layers.Dense(128, activation="relu"), *(make() for make in between)]
    model = K.Sequential([*layers, K.layers.Dense(units, activation=activation, dtype="float32")])
    model.compile(optimizer=optimizer, **{"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **compiled})
    n = BATCH * (2 if DRY else 100)
    return model, _random.standard_normal((n, FEATURES), dtype="float32"), targets(n), BATCH


def _body(K, shape, body, steps=20, words=None):
    """A functional model of the layers that `body` puts between input and classes."""
    inputs = K.Input(shape, dtype="int32" if words else None)
    model = K.Model(inputs, K.layers.Dense(CLASSES, activation="softmax")(body(inputs)))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    n = 32 * (2 if DRY else steps)
    x = _random.integers(1, words, (n, *shape), dtype="int32") if words else _random.standard_normal((n, *shape), dtype="float32")
    return model, x, _classes(n), 32


def _chain(*layers):
    def body(x):
        for layer in layers:
            x = layer(x)
        return x

    return body


def _optimizers(K) -> dict:
    of, Adam = K.optimizers, K.optimizers.Adam
    found = {name: lambda name=name: getattr(of, name)() for name in _OPTIMIZERS}
    found |= {
        "momentum": lambda: of.SGD(0.01, momentum=0.9, nesterov=True), "weight_decay": lambda: of.SGD(weight_decay=1e-3),
        "clipnorm": lambda: Adam(clipnorm=1.0), "global_clipnorm": lambda: Adam(global_clipnorm=1.0),
        "clipvalue": lambda: Adam(clipvalue=0.5), "use_ema": lambda: Adam(use_ema=True), "amsgrad": lambda: Adam(amsgrad=True),
        "gradient_accumulation_steps": lambda: Adam(gradient_accumulation_steps=4),
        "CosineDecay": lambda: Adam(of.schedules.CosineDecay(1e-3, 1000)), "LossScaleOptimizer": lambda: of.LossScaleOptimizer(Adam()),
    }  # fmt: skip
    return {name: lambda make=make: _mlp(K, optimizer=make()) for name, make in found.items()}


def _losses(K) -> dict:
    S = K.losses
    one = {"units": 1, "targets": _binary, "metrics": []}
    found = {
        "sparse, from_logits": lambda: {"loss": S.SparseCategoricalCrossentropy(from_logits=True), "activation": None},
        "categorical": lambda: {"loss": "categorical_crossentropy", "targets": _one_hot},
        "categorical, from_logits, label_smoothing": lambda: {
            "loss": S.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), "activation": None, "targets": _one_hot},
        "binary": lambda: {"loss": "binary_crossentropy", "activation": "sigmoid", **one},
        "binary, from_logits": lambda: {"loss": S.BinaryCrossentropy(from_logits=True), "activation": None, **one},
        "binary_focal": lambda: {"loss": "binary_focal_crossentropy", "activation": "sigmoid", **one},
    }  # fmt: skip
    for name in ("mse", "mae", "huber", "log_cosh", "hinge", "poisson", "msle"):
        found[name] = lambda name=name: {"loss": name, "activation": None, **one, "targets": _numbers}
    return {name: lambda options=options: _mlp(K, **options()) for name, options in found.items()}


def _metrics(K) -> dict:
    M = K.metrics
    binary = {"loss": "binary_crossentropy", "activation": "sigmoid", "units": 1, "targets": _binary}
    found = {n: lambda n=n: {**binary, "metrics": [getattr(M, n)()]} for n in _METRICS}
    found |= {
        "PrecisionAtRecall": lambda: {**binary, "metrics": [M.PrecisionAtRecall(0.5)]}, "none": lambda: {"metrics": []},
        "SparseTopK": lambda: {"metrics": [M.SparseTopKCategoricalAccuracy(3)]},
        "MeanIoU": lambda: {"metrics": [M.MeanIoU(CLASSES, sparse_y_true=True, sparse_y_pred=False)]},
    }  # fmt: skip
    return {name: lambda options=options: _mlp(K, **options()) for name, options in found.items()}


def _dense(K) -> dict:
    L = K.layers
    found = {
        "BatchNormalization": L.BatchNormalization, "LayerNormalization": L.LayerNormalization, "RMSNormalization": L.RMSNormalization,
        "UnitNormalization": L.UnitNormalization, "GroupNormalization": lambda: L.GroupNormalization(8), "PReLU": L.PReLU,
        "Dropout": lambda: L.Dropout(0.2), "AlphaDropout": lambda: L.AlphaDropout(0.1), "GaussianNoise": lambda: L.GaussianNoise(0.1),
        "GaussianDropout": lambda: L.GaussianDropout(0.1), "gelu": lambda: L.Activation("gelu"), "silu": lambda: L.Activation("silu"),
        "regularizers": lambda: L.Dense(128, kernel_regularizer="l2", bias_regularizer="l1", activity_regularizer="l2"),
        "constraint": lambda: L.Dense(128, kernel_constraint="max_norm"),
        "SpectralNormalization": lambda: L.SpectralNormalization(L.Dense(64)),
        "mixed_bfloat16": lambda: L.Dense(128, dtype="mixed_bfloat16"),
    }  # fmt: skip
    cases = {name: lambda make=make: _mlp(K, between=(make,)) for name, make in found.items()}

    def merged(i):
        a, b, c = (L.Dense(8)(i) for _ in range(3))
        return L.Concatenate()([a, L.Multiply()([a, b]), L.Dot(1)([b, c])])

    deep = lambda: _chain(*(L.Dense(FEATURES, activation="relu") for _ in range(20)))
    return {**cases, "merges": lambda: _body(K, (FEATURES,), merged), "20 layers": lambda: _body(K, (FEATURES,), deep())}


def _sequences(K) -> dict:
    L = K.layers
    pooled = lambda *layers: _chain(*layers, L.GlobalAveragePooling1D())
    short, words = (30, 16), (50,)
    found = {
        "GRU": (short, lambda: L.GRU(32)), "GRU, reset_after=False": (short, lambda: L.GRU(32, reset_after=False)),
        "SimpleRNN": (short, lambda: L.SimpleRNN(32)), "LSTM": (short, lambda: L.LSTM(32)),
        "two LSTMs": (short, lambda: _chain(L.LSTM(32, return_sequences=True), L.LSTM(32))),
        "LSTM, recurrent_dropout": (short, lambda: L.LSTM(32, recurrent_dropout=0.2, dropout=0.2)),
        "LSTM, unroll": ((10, 16), lambda: L.LSTM(32, unroll=True)), "LSTM, relu": (short, lambda: L.LSTM(32, activation="relu")),
        "LSTM, masked": (short, lambda: _chain(L.Masking(), L.LSTM(32))), "RNN of cells": (short, lambda: L.RNN([L.LSTMCell(16), L.GRUCell(16)])),
        "Bidirectional": (short, lambda: L.Bidirectional(L.LSTM(32))),
        "Conv1D": ((64, 16), lambda: _chain(*(L.Conv1D(32, 5, activation="relu") for _ in range(2)), L.GlobalMaxPooling1D())),
        "Conv1D, causal, dilated": ((64, 16), lambda: pooled(L.Conv1D(32, 3, padding="causal", dilation_rate=4))),
        "MultiHeadAttention": ((32, 64), lambda: pooled(lambda i: L.MultiHeadAttention(4, 16)(i, i))),
        "MultiHeadAttention, causal, dropout": (
            (32, 64), lambda: pooled(lambda i: L.MultiHeadAttention(4, 16, dropout=0.1)(i, i, use_causal_mask=True))),
        "GroupQueryAttention": ((32, 64), lambda: pooled(lambda i: L.GroupQueryAttention(16, 4, 2)(i, i))),
        "Attention": ((32, 64), lambda: pooled(lambda i: L.Attention()([i, i]))),
        "AdditiveAttention": ((16, 32), lambda: pooled(lambda i: L.AdditiveAttention()([i, i]))),
        "EinsumDense": ((32, 64), lambda: pooled(L.EinsumDense("abc,cd->abd", (None, 32)))),
        "TimeDistributed": ((10, 32), lambda: _chain(L.TimeDistributed(L.Dense(16)), L.Flatten())),
    }  # fmt: skip
    cases = {name: lambda shape=shape, make=make: _body(K, shape, make()) for name, (shape, make) in found.items()}
    of_words = {
        "Embedding": lambda: pooled(L.Embedding(5000, 32)),
        "Embedding, masked LSTM": lambda: _chain(L.Embedding(5000, 32, mask_zero=True), L.LSTM(32)),
    }
    return {**cases, **{n: lambda make=make: _body(K, words, make(), words=5000) for n, make in of_words.items()}}


def _images(K) -> dict:
    L = K.layers
    pooled = lambda *layers: _chain(*layers, L.GlobalAveragePooling2D())
    large, wide = (32, 32, 3), (32, 32, 8)
    found = {
        "strides": (large, 20, lambda: pooled(L.Conv2D(16, 3, strides=2, activation="relu"), L.Conv2D(32, 3, strides=2))),
        "groups": (wide, 20, lambda: pooled(L.Conv2D(16, 3, groups=4))), "1 x 1": ((32, 32, 16), 20, lambda: pooled(L.Conv2D(64, 1))),
        "dilation": (wide, 20, lambda: pooled(L.Conv2D(16, 3, dilation_rate=2))),
        "7 x 7": (large, 20, lambda: pooled(L.Conv2D(16, 7, strides=2, padding="same"))),
        "DepthwiseConv2D": (wide, 20, lambda: pooled(L.DepthwiseConv2D(3, padding="same"))),
        "SeparableConv2D": (wide, 20, lambda: pooled(L.SeparableConv2D(16, 3, padding="same"))),
        "Conv2DTranspose": ((8, 8, 16), 20, lambda: pooled(*(L.Conv2DTranspose(8, 3, strides=2, padding="same") for _ in range(2)))),
        "UpSampling2D": ((16, 16, 8), 20, lambda: pooled(L.UpSampling2D(2, interpolation="bilinear"), L.Conv2D(8, 3))),
        "AveragePooling2D": (large, 20, lambda: pooled(L.Conv2D(8, 3), L.AveragePooling2D(3, 2, padding="same"))),
        "BatchNormalization": (large, 20, lambda: pooled(L.Conv2D(16, 3, use_bias=False), L.BatchNormalization(), L.ReLU())),
        "SpatialDropout2D": (wide, 20, lambda: pooled(L.Conv2D(8, 3), L.SpatialDropout2D(0.2))),
        "RandomFlip": (large, 20, lambda: pooled(L.RandomFlip(), L.Conv2D(4, 3))),
        "RandomRotation": (large, 5, lambda: pooled(L.RandomRotation(0.1), L.Conv2D(4, 3))),
        "ConvLSTM2D": ((6, 12, 12, 3), 5, lambda: pooled(L.ConvLSTM2D(8, 3))),
        "TimeDistributed": ((5, 16, 16, 3), 5, lambda: _chain(L.TimeDistributed(L.Conv2D(4, 3)), L.Flatten())),
        "Conv3D": ((8, 16, 16, 2), 5, lambda: _chain(L.Conv3D(8, 3, activation="relu"), L.MaxPooling3D(), L.Flatten())),
    }  # fmt: skip
    return {name: lambda shape=shape, steps=steps, make=make: _body(K, shape, make(), steps) for name, (shape, steps, make) in found.items()}


def _ways(K) -> dict:
    """name -> (how the model is made, what is done with it)."""

    class Batches(K.utils.PyDataset):
        def __init__(self, x, y):
            super().__init__()
            self.x, self.y = x, y

        def __len__(self):
            return len(self.x) // BATCH

        def __getitem__(self, i):
            return self.x[i * BATCH : (i + 1) * BATCH], self.y[i * BATCH : (i + 1) * BATCH]

    class OnBatches(K.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass

    def generator(x, y):
        while True:
            yield from Batches(x, y)

    def each(do):
        return lambda m, x, y, b: [do(m, x[i : i + b], y[i : i + b]) for i in range(0, len(x), b)]

    def repeat(times, do):
        return lambda m, x, y, b: [do(m, x, y) for _ in range(times)]

    plain = lambda **compiled: lambda: _mlp(K, **compiled)
    do = {
        "fit": _fit, "shuffle=False": lambda m, x, y, b: m.fit(x, y, batch_size=b, shuffle=False, verbose=0),
        "sample_weight": lambda m, x, y, b: m.fit(x, y, batch_size=b, sample_weight=np.ones(len(x), "float32"), verbose=0),
        "class_weight": lambda m, x, y, b: m.fit(x, y, batch_size=b, class_weight={i: 1.0 + i for i in range(CLASSES)}, verbose=0),
        "validation_split": lambda m, x, y, b: m.fit(x, y, batch_size=b, validation_split=0.3, verbose=0),
        "generator": lambda m, x, y, b: m.fit(generator(x, y), steps_per_epoch=len(x) // b, verbose=0),
        "PyDataset": lambda m, x, y, b: m.fit(Batches(x, y), verbose=0),
        "on_train_batch_end": lambda m, x, y, b: m.fit(x, y, batch_size=b, callbacks=[OnBatches()], verbose=0),
        "verbose=1": lambda m, x, y, b: m.fit(x, y, batch_size=b, verbose=1),
        "train_on_batch": each(lambda m, x, y: m.train_on_batch(x, y)), "test_on_batch": each(lambda m, x, y: m.test_on_batch(x, y)),
        "predict_on_batch": each(lambda m, x, y: m.predict_on_batch(x)), "call": each(lambda m, x, y: m(x)),
        "evaluate": lambda m, x, y, b: m.evaluate(x, y, batch_size=b, verbose=0),
        "predict": lambda m, x, y, b: m.predict(x, batch_size=b, verbose=0),
        "predict, large batches": lambda m, x, y, b: m.predict(np.concatenate([x] * 8), batch_size=1024, verbose=0),
        "short fits": repeat(10, lambda m, x, y: m.fit(x[:BATCH], y[:BATCH], batch_size=BATCH, verbose=0)),
        "short evaluations": repeat(10, lambda m, x, y: m.evaluate(x[:BATCH], y[:BATCH], verbose=0)),
        "predict of one": repeat(20, lambda m, x, y: m.predict(x[:1], verbose=0)),
    }  # fmt: skip
    cases = {name: (plain(), what) for name, what in do.items()}
    cases |= {"jit_compile=False": (plain(jit_compile=False), _fit), "steps_per_execution": (plain(steps_per_execution=10), _fit)}
    return cases


_MAKE: dict[str, Callable] = {
    "optimizers": _optimizers, "losses": _losses, "metrics": _metrics, "dense": _dense, "sequences": _sequences, "images": _images,
    "ways": _ways,
}  # fmt: skip


def measure(library: str, backend: str, group: str) -> dict:
    """Variation -> [seconds of the first run, of the best later one], or the error of a library that cannot do it."""
    K = __import__(library)
    found: dict[str, list | str] = {}
    for name, case in _MAKE[group](K).items():
        make, do = case if isinstance(case, tuple) else (case, _fit)
        try:
            found[name] = _timed(do, *make())
        except Exception as e:  # what a library cannot do is a result as well
            found[name] = f"{type(e).__name__}: {str(e)[:200]}"
        K.utils.clear_session()
        gc.collect()
    return found


def _timed(do, *arguments) -> list[float]:
    times: list[float] = []
    while len(times) < 3 or (sum(times[1:]) < ENOUGH and len(times) < 20):
        begin = time.perf_counter()
        do(*arguments)
        times.append(time.perf_counter() - begin)
    return [times[0], min(times[1:])]
