"""`kerata demo`: train, save, reload, draw."""

from __future__ import annotations

import pathlib
import sys
import time

import numpy as np

from kerata.saving import atomic

_BATCH = 32
_GOOD = 0.96  # test accuracy

def demo(epochs: int = 12, output: str = "demo") -> int:
    """Train a small convnet on the handwritten digits that come with Kerata; the exit code."""
    import kerata

    start = time.perf_counter()
    folder = pathlib.Path(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        atomic.check_writable(str(folder / "digits.keras"))
    except OSError as error:
        print(f"The demo cannot write to {output!r} ({error}). Choose another folder with --output.", file=sys.stderr)
        return 2
    kerata.utils.set_random_seed(7)
    (x_train, y_train), (x_test, y_test) = kerata.datasets.digits.load_data()
    x_train, x_test = (np.asarray(x, "float32").reshape(-1, 8, 8, 1) / 16.0 for x in (x_train, x_test))
    print(f"Kerata {kerata.__version__} on {kerata.backend.backend()}: {len(x_train)} images of digits to learn, {len(x_test)} to test.")

    model = build(steps=epochs * -(-len(x_train) // _BATCH))
    model.summary()
    history = model.fit(x_train, y_train, batch_size=_BATCH, epochs=epochs, validation_data=(x_test, y_test))
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"Test accuracy: {accuracy:.4f}")

    path = folder / "digits.keras"
    model.save(path)
    probabilities = model.predict(x_test, verbose=0)
    again = kerata.models.load_model(path).predict(x_test, verbose=0)
    equal = np.array_equal(probabilities, again)
    print(f"Saved to {path}, loaded again: predictions are {'equal' if equal else 'NOT equal'}.")

    picture = folder / "digits.png"
    if draw(history.history, x_test, y_test, probabilities, picture):
        print(f"Curves and predicted digits: {picture}")
    print(f"Done in {time.perf_counter() - start:.1f} s.")
    if accuracy < _GOOD:
        print(f"An accuracy of at least {_GOOD} was expected; more epochs help (--epochs).", file=sys.stderr)
    return 0 if equal and accuracy >= _GOOD else 1


def build(steps: int):
    """A convnet for 8x8 images in ten classes, whose learning rate goes to zero in that many steps."""
    from kerata import Input, Sequential, layers, optimizers

    model = Sequential(
        [
            Input((8, 8, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="digits",
    )
    rate = optimizers.schedules.CosineDecay(2e-3, steps)  # so the last epochs do not jump about
    model.compile(optimizer=optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def draw(history: dict, images, labels, probabilities, path) -> bool:
    """Write a PNG with the curves of training and some predicted digits; False if Matplotlib is missing."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        print("Install Matplotlib for the picture: pip install kerata[demo]")
        return False
    figure = Figure(figsize=(11, 6.2), layout="constrained", dpi=110)
    FigureCanvasAgg(figure)
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.25])
    _curves(left, history)
    _digits(right, images, labels, probabilities)
    figure.savefig(path)
    return True


def _curves(figure, history: dict) -> None:
    top, bottom = figure.subplots(2, 1, sharex=True)
    epochs = np.arange(1, len(history["loss"]) + 1)
    for axes, name, title in ((top, "loss", "Loss"), (bottom, "accuracy", "Accuracy")):
        axes.plot(epochs, history[name], marker="o", markersize=3, label="training")
        axes.plot(epochs, history[f"val_{name}"], marker="s", markersize=3, label="test")
        axes.set_ylabel(title)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    top.legend(frameon=False)
    bottom.set_xlabel("Epoch")
    figure.suptitle("Training")


def _digits(figure, images, labels, probabilities) -> None:
    """The images that the model got wrong come first: they are the ones worth a look."""
    predicted = probabilities.argmax(-1)
    order = np.argsort(predicted == labels, kind="stable")[:24]
    grid = figure.subplots(4, 6)
    for axes, i in zip(grid.flat, order):
        right = predicted[i] == labels[i]
        axes.imshow(images[i, ..., 0], cmap="gray_r", interpolation="nearest")
        axes.set_title(
            f"{predicted[i]}  {probabilities[i, predicted[i]]:.0%}" + ("" if right else f"\nis {labels[i]}"),
            color="#1a7f37" if right else "#c0392b", fontsize=9,
        )  # fmt: skip
        axes.set_xticks([])
        axes.set_yticks([])
    figure.suptitle("Predictions (errors first)")
