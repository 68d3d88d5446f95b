"""A convolutional network on a folder of 10,000 JPEGs, which are decoded as the training goes on."""

from __future__ import annotations

import os
import shutil
import tempfile

import numpy as np

from large import DRY, Waiting, fit_times

COUNT, CLASSES, SIZE, BATCH = (200 if DRY else 10_000), 10, 64, 64


def folder() -> str:
    """The folder of the images (128 by 128 pixels), which is made once and lies in the temporary folder until `remove()`."""
    path = os.path.join(tempfile.gettempdir(), f"kerata-images-{COUNT}")
    if not os.path.exists(path):
        from PIL import Image

        rng = np.random.default_rng(0)
        part = path + ".part"
        shutil.rmtree(part, ignore_errors=True)
        for k in range(CLASSES):
            os.makedirs(os.path.join(part, f"class_{k}"))
        for i in range(COUNT):
            small = rng.integers(0, 256, (9, 9, 3)).astype("uint8")  # smooth, as photographs are
            image = Image.fromarray(small).resize((128, 128), Image.Resampling.BICUBIC)
            image.save(os.path.join(part, f"class_{i % CLASSES}", f"{i:05}.jpg"), quality=90)
        os.replace(part, path)
    return path


def remove() -> None:
    shutil.rmtree(os.path.join(tempfile.gettempdir(), f"kerata-images-{COUNT}"), ignore_errors=True)


def model(K):
    L = K.layers
    m = K.Sequential([K.Input((SIZE, SIZE, 3)), L.Rescaling(1 / 255), L.Conv2D(32, 3, strides=2, activation="relu"),
                      L.Conv2D(64, 3, strides=2, activation="relu"), L.GlobalAveragePooling2D(), L.Dense(CLASSES)])  # fmt: skip
    m.compile(optimizer="adam", loss=K.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return m


def measure(library: str, backend: str) -> dict:
    """Both through `image_dataset_from_directory`, which in Keras is TensorFlow's pipeline."""
    path = folder()
    K = __import__(library)
    data = K.utils.image_dataset_from_directory(path, image_size=(SIZE, SIZE), batch_size=BATCH, verbose=False)
    m, steps = model(K), -(-COUNT // BATCH)
    if library == "keras":
        return fit_times(K, m, steps, 2, data)
    with Waiting(m) as waiting:
        found = fit_times(K, m, steps, 2, data)
    return {**found, "waiting": waiting.share}
