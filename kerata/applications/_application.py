"""What every application does with its arguments: input, body, classifier or pooling, weights."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from kerata import layers
from kerata.applications._docs import documentation
from kerata.applications._files import WeightFile, fetch
from kerata.core.config import image_data_format
from kerata.core.keras_tensor import KerasTensor
from kerata.models import Model
from kerata.utils.graph_inputs import get_source_inputs

_POOLING = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}


class Asked(NamedTuple):
    """The arguments that all applications take.

    Attributes:
        include_top: whether the model ends with the classifier.
        weights: None for random ones, "imagenet" for the official ones, or the path of a file.
        input_tensor: a symbolic tensor to build upon.
        input_shape: `(height, width, channels)`, channels first as `kerata.config.image_data_format()` says.
        pooling: without the classifier: None for the last feature map, "avg" or "max" for its pooled channels.
        classes: the number of classes.
        classifier_activation: of the last layer; None for logits.
        name: the model's name.
    """

    include_top: bool
    weights: Any
    input_tensor: Any
    input_shape: tuple | None
    pooling: str | None
    classes: int
    classifier_activation: Any
    name: str

    @property
    def official(self) -> bool:
        """Whether the weights trained on ImageNet are wanted."""
        return isinstance(self.weights, str) and self.weights == "imagenet"


def dense_head(x, classes: int, activation, name="avg_pool", dropout=None, **more):
    """Global average pooling, dropout where there is any, a dense layer "predictions"."""
    x = layers.GlobalAveragePooling2D(name=name)(x)
    if dropout:
        x = layers.Dropout(dropout, name="top_dropout")(x)
    return layers.Dense(classes, activation=activation, name="predictions", **more)(x)


def pooled(x, kind: str | None, named: bool = True):
    """Global pooling, under the name "avg_pool" or "max_pool"; `x` itself for None."""
    return x if kind is None else _POOLING[kind](name=f"{kind}_pool" if named else None)(x)


def pooled_unnamed(x, kind: str | None):
    """Global pooling, under the layer's own name."""
    return pooled(x, kind, named=False)


def application(asked: Asked, body: Callable, file: Callable[[bool], WeightFile], size: int | None = 224,
                smallest: int = 32, head: Callable = dense_head, pool: Callable = pooled,
                prepare: Callable = lambda x, official: x) -> Model:  # fmt: skip
    """The model.

    Args:
        asked: the user's arguments.
        body: from the images to the last feature map.
        file: the official weight file, with and without the classifier.
        size: height and width of images by default; None for any, with the classifier too.
        smallest: the least height and width.
        head: `(x, classes, activation)` to the predictions.
        pool: `(x, "avg", "max" or None)` to the features without the classifier.
        prepare: `(x, official weights or not)`, before the body.

    Raises:
        ValueError: for arguments that do not fit each other.
    """
    _check(asked)
    shape = _input_shape(asked, size, smallest)
    x = inputs = asked.input_tensor
    if not isinstance(inputs, KerasTensor):
        x = inputs = layers.Input(shape=shape, tensor=inputs)
    x = body(prepare(x, asked.official))
    if asked.include_top:
        x = head(x, asked.classes, asked.classifier_activation)
    else:
        x = pool(x, asked.pooling)
    model = Model(inputs if asked.input_tensor is None else _source(inputs), x, name=asked.name)
    if asked.weights is not None:
        model.load_weights(fetch(file(bool(asked.include_top))) if asked.official else asked.weights)
    return model


def standard(public: str, name: str, body: Callable, files: Callable[[str, bool], WeightFile], summary: str, **more):
    """A public function with the arguments that most applications have, in their order.

    Args:
        public: its name.
        name: the model's name by default, by which its weight files are found as well.
        body, **more: see `application`.
        files: gives the weight file of that name.
        summary: the first line of its documentation.
    """

    def build(include_top=True, weights="imagenet", input_tensor=None, input_shape=None, pooling=None, classes=1000,
              classifier_activation="softmax", name=name) -> Model:  # fmt: skip
        asked = Asked(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        return application(asked, body, lambda top: files(key, top), **more)

    key = name
    return published(build, public, body, summary, more.get("size", 224), more.get("smallest", 32))


def published(build: Callable, public: str, body: Callable, summary: str, size: int | None = 224, smallest: int = 32):
    """The function `build` under its public name, with its documentation; sizes as in `application`."""
    build.__name__ = build.__qualname__ = public
    build.__module__ = getattr(body, "func", body).__module__
    family = build.__module__.rpartition(".")[2]
    build.__doc__ = documentation(public, family, inspect.signature(build).parameters, summary, size, smallest)
    return build


# -- checks ----------------------------------------------------------------------------------------------------
def _check(a: Asked) -> None:
    if a.weights is not None and not a.official and not os.path.exists(os.fspath(a.weights)):
        raise ValueError(f'`weights` is None, "imagenet" or the path of a weight file that exists; got {a.weights!r}.')
    if a.official and a.include_top and a.classes != 1000:
        raise ValueError(
            f'The classifier of weights="imagenet" knows 1000 classes; got classes={a.classes}. With include_top=False and '
            "a Dense layer of your own behind it you can train for other classes."
        )
    if not a.include_top and a.pooling not in (None, *_POOLING):
        raise ValueError(f'`pooling` is None, "avg" or "max"; got {a.pooling!r}.')


def _input_shape(a: Asked, size: int | None, smallest: int) -> tuple:
    """The shape of the input without the batch axis, checked."""
    first = image_data_format() == "channels_first"

    def shaped(n) -> tuple:
        return (3, n, n) if first else (n, n, 3)

    given, what = a.input_shape, "input_shape"
    if given is None and a.input_tensor is not None:
        given, what = tuple(a.input_tensor.shape)[1:], "input_tensor (without the batch axis)"
    if given is None:
        return shaped(size if a.include_top else None)
    given = tuple(given)
    _check_shape(given, what, shaped(size or smallest), smallest)
    if a.official and given[0 if first else -1] != 3:
        raise ValueError(f'Models with weights="imagenet" take images of 3 channels; got {what}={given}.')
    if a.input_shape is not None and a.include_top and size is not None:
        if a.official and given != shaped(size):
            raise ValueError(
                f'With include_top=True, weights="imagenet" are for input_shape={shaped(size)}; got {given}. For images of '
                "other sizes, use include_top=False and a classifier of your own."
            )
        if None in given:
            raise ValueError(
                f"With include_top=True, `input_shape` gives the height and the width; got {given}. Either give them, or "
                "use include_top=False."
            )
    return given


def _check_shape(given: tuple, what: str, example: tuple, smallest: int) -> None:
    first = image_data_format() == "channels_first"
    sizes = given[1:] if first else given[:-1]
    if len(given) != 3:
        raise ValueError(
            f"An image has 3 axes, as in input_shape={example}, without the batch axis; got {what}={given}."
        )
    if any(n is not None and n < smallest for n in sizes):
        turned = given[-1] in (1, 3) if first else given[0] in (1, 3)
        form = "(channels, height, width)" if first else "(height, width, channels)"
        hint = f" Is it another order? With image_data_format() {image_data_format()!r} it is {form}." if turned else ""
        raise ValueError(f"Images must be at least {smallest} x {smallest}; got {what}={given}.{hint}")


def _source(tensor):
    found = get_source_inputs(tensor)
    return found[0] if len(found) == 1 else found
