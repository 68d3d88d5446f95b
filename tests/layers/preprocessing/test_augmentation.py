"""Layers that augment images, against Keras: what they do with given random numbers, their configs, their errors."""

import numpy as np
import pytest
from common import plain
from remember import remember

import kerata
from kerata import ops, tree

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 10, 12, 3)).astype("float32")
CORNERS = np.array([[[0, 0], [11, 0], [0, 9], [11, 9]]] * 3, "float32")
MOVED = CORNERS * np.random.default_rng(1).uniform(0.7, 1.3, (3, 4, 2)).astype("float32")
SIZE = {"input_shape": (3, 10, 12, 3)}
CLAHE = "ContrastLimitedAdaptiveHistogramEqualization"


def each(*values):
    return np.array(values, "float32").reshape(3, 1, 1, 1)


def numbers(*values, shape=(-1,)):
    return np.array(values, "float32").reshape(shape)


def chosen(*values):
    return np.array(values, bool)


# name, arguments, what was drawn, how many images: Keras equalizes the images of a batch together.
CASES = [
    ("RandomBrightness", {"factor": 0.3}, {"rgb_delta": each(10, -50, 100)}, 3),
    ("RandomBrightness", {"factor": 0.3, "value_range": (-1, 1)}, {"rgb_delta": each(0.1, -0.5, 1)}, 3),
    ("RandomContrast", {"factor": 0.3}, {"contrast_factor": each(0.5, 1.2, 2)}, 3),
    ("RandomContrast", {"factor": 0.3, "value_range": (0, 1)}, {"contrast_factor": each(0.5, 1.2, 2)}, 3),
    ("RandomColorDegeneration", {"factor": 0.3}, {"factor": each(0.5, 0.2, -0.3)}, 3),
    ("RandomGrayscale", {}, np.array([True, False, True]).reshape(3, 1, 1, 1), 3),
    ("RandomHue", {"factor": 0.3}, {"factor": numbers(0.3, -0.2, 0.05)}, 3),
    ("RandomHue", {"factor": 0.3, "value_range": (-1, 1)}, {"factor": numbers(0.3, -0.2, 0.05)}, 3),
    ("RandomSaturation", {"factor": 0.3, "value_range": (0, 1)}, {"factor": numbers(0.3, 2, -0.05)}, 3),
    ("RandomSaturation", {"factor": 0.3}, {"factor": numbers(0.3, 1, -0.05)}, 3),
    ("AutoContrast", {}, None, 3),
    ("AutoContrast", {"value_range": (-1, 1)}, None, 3),
    ("Equalization", {}, None, 1),
    ("Equalization", {"bins": 64, "value_range": (0, 1)}, None, 1),
    (CLAHE, {"tile_grid_size": (2, 2)}, None, 3),
    (CLAHE, {"tile_grid_size": (3, 5), "clip_limit": 40.0, "value_range": (0, 1)}, None, 3),
    ("RandomPosterization", {"factor": 4}, {"shift_factor": np.array([1, 5, 7], "uint8")}, 3),
    ("RandomPosterization", {"factor": 4, "value_range": (-1, 1)}, {"shift_factor": np.array([1, 5, 7], "uint8")}, 3),
    ("Solarization", {}, {"additions": each(30, 0, 100), "thresholds": each(90, 128, 0)}, 3),
    ("Solarization", {"value_range": (0, 1)}, {"additions": each(30, 0, 100), "thresholds": each(90, 128, 0)}, 3),
    ("RandomInvert", {}, {"apply_inversion": chosen(1, 0, 1)}, 3),
    ("RandomSharpness", {"factor": 0.3}, {"factor": numbers(0, 0.7, 1)}, 3),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": 0.2},
     {"translations": numbers(1.5, -2.25, 3, 0, -0.5, 1, shape=(3, 2)), **SIZE}, 3),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": 0.2, "fill_mode": "constant", "fill_value": 9.0,
                           "interpolation": "nearest"},
     {"translations": numbers(1.2, -2.2, 3, 0, -0.7, 1, shape=(3, 2)), **SIZE}, 3),
    ("RandomZoom", {"height_factor": 0.3, "width_factor": 0.2},
     {"height_zoom": numbers(1.5, 0.7, 1, shape=(3, 1)), "width_zoom": numbers(0.5, 0.7, 1, shape=(3, 1)), **SIZE}, 3),
    ("RandomShear", {"x_factor": 0.3, "y_factor": 0.2},
     {"shear_factor": numbers(0.5, 0, 0, 0.25, -0.5, 0.3, shape=(3, 2)), **SIZE}, 3),
    ("RandomPerspective", {},
     {"apply_perspective": chosen(1, 1, 0), "start_points": CORNERS, "end_points": MOVED, **SIZE}, 3),
    ("MixUp", {}, {"mix_weight": numbers(0.3, 0.8, 1), "permutation_order": np.array([1, 2, 0])}, 3),
    ("CutMix", {}, {"mix_weight": each(0.3, 0.8, 1), "permutation_order": np.array([1, 2, 0]),
                    "batch_masks": IMAGES > 100}, 3),
]  # fmt: skip
# The random numbers are no part of what `call` takes there: equal limits leave none.
FIXED = [
    ("RandomRotation", {"factor": (0.1, 0.1)}),
    ("RandomRotation", {"factor": (-0.3, -0.3), "fill_mode": "wrap"}),
    ("RandomBrightness", {"factor": (0.25, 0.25)}),
    ("RandomContrast", {"factor": (0.0, 0.0)}),
    ("RandomSharpness", {"factor": (0.9, 0.9)}),
    ("RandomInvert", {"factor": (1.0, 1.0)}),
    ("RandomColorJitter", {"brightness_factor": (0.1, 0.1), "contrast_factor": (0.0, 0.0),
                           "saturation_factor": (0.4, 0.4)}),
    ("RandomGrayscale", {"factor": 1.0}),
    ("RandomErasing", {"factor": (1.0, 1.0), "scale": (1.0, 1.0), "fill_value": 3.0, "value_range": (0, 255)}),
    ("MixUp", {"alpha": 0.2}),
]  # fmt: skip
CONFIGS = [
    ("AugMix", {}), ("AugMix", {"factor": (0.1, 0.2), "all_ops": False}), ("AutoContrast", {}), (CLAHE, {}),
    ("CutMix", {}), ("Equalization", {"bins": 64}), ("MaxNumBoundingBoxes", {"max_number": 3}), ("MixUp", {}),
    ("RandAugment", {}), ("RandAugment", {"factor": (0.4, 0.2), "num_ops": 3}), ("RandomBrightness", {"factor": -0.3}),
    ("RandomColorDegeneration", {"factor": 0.3}), ("RandomColorJitter", {"hue_factor": 0.3, "contrast_factor": (0.1, 0.2)}),
    ("RandomContrast", {"factor": 0.3}), ("RandomCrop", {"height": 4, "width": 5}), ("RandomElasticTransform", {}),
    ("RandomErasing", {"scale": (0.1, 0.2)}), ("RandomGaussianBlur", {"kernel_size": 5, "sigma": 0.5}),
    ("RandomGrayscale", {}), ("RandomHue", {"factor": [0.2, 0.1]}), ("RandomInvert", {"factor": 0.3}),
    ("RandomPerspective", {"scale": 0.2}), ("RandomPosterization", {"factor": 4}), ("RandomPosterization", {"factor": (2, 4)}),
    ("RandomRotation", {"factor": 0.2}), ("RandomSaturation", {"factor": 0.3}), ("RandomSharpness", {"factor": 0.3}),
    ("RandomShear", {"x_factor": 0.3}), ("RandomTranslation", {"height_factor": (-0.2, 0.3), "width_factor": 0.1}),
    ("RandomZoom", {"height_factor": 0.3}), ("Solarization", {"addition_factor": 0.3, "threshold_factor": (0.2, 0.1)}),
]  # fmt: skip
SEEDLESS = {"AutoContrast", CLAHE, "Equalization", "MaxNumBoundingBoxes"}
FACTORS = [0, -0.5, 1.5, 9, (0.4, 0.2), (1.5, 2.5), "a", (0.1, 0.2, 0.3)]
TAKES_FACTOR = ["RandomBrightness", "RandomContrast", "RandomColorDegeneration", "RandomHue", "RandomSaturation",
                "RandomSharpness", "RandomInvert", "RandomErasing", "RandomGaussianBlur", "RandomElasticTransform",
                "RandomPerspective", "RandomRotation", "CutMix", "RandAugment", "AugMix", "RandomPosterization"]  # fmt: skip


def ranged(images, value_range=(0, 255)):
    return images / 255 * (value_range[1] - value_range[0]) + value_range[0]


def case(i):
    name, arguments, drawn, count = CASES[i]
    return name, arguments, drawn, ranged(IMAGES[:count], arguments.get("value_range", (0, 255)))


def seeded(name) -> dict:
    return {"name": "n"} if name in SEEDLESS else {"name": "n", "seed": 3}


@remember
def keras_images(i):
    import keras

    name, arguments, drawn, images = case(i)
    return np.asarray(getattr(keras.layers, name)(**arguments).transform_images(images, drawn, training=True))


@remember
def keras_fixed(i):
    import keras

    name, arguments = FIXED[i]
    return np.asarray(getattr(keras.layers, name)(**arguments)(IMAGES[:1], training=True))


@remember
def keras_configs():
    import keras

    return [plain(getattr(keras.layers, n)(**a, **seeded(n)).get_config()) for n, a in CONFIGS]


@remember
def keras_factors():
    import keras

    return {(n, repr(f)): taken(keras, n, f) for n in TAKES_FACTOR for f in FACTORS}


def taken(framework, name, factor):
    try:
        return plain(getattr(framework.layers, name)(factor=factor).get_config()["factor"])
    except (ValueError, TypeError) as e:
        return type(e).__name__


@pytest.mark.slow
def test_given_random_numbers(backend):
    layers, images, drawn = [], [], []
    for i in range(len(CASES)):
        name, arguments, numbers_, x = case(i)
        numbers_ = {k: v for k, v in numbers_.items() if k != "input_shape"} if isinstance(numbers_, dict) else numbers_
        drawn.append(None if numbers_ is None else tree.map_structure(ops.convert_to_tensor, numbers_))
        layers.append(getattr(kerata.layers, name)(**arguments))
        images.append(ops.convert_to_tensor(x))

    def all_of_them(images, drawn):
        return [layer.transform_images(x, d, training=True) for layer, x, d in zip(layers, images, drawn)]

    run = kerata.jit(all_of_them) if backend == "jax" else all_of_them  # one program instead of hundreds
    for i, found in enumerate(run(images, drawn)):
        name, arguments, _, _ = case(i)
        found, wanted = ops.convert_to_numpy(found), keras_images(i)
        close = 1e-5 * np.ptp(arguments.get("value_range", (0, 255)))
        np.testing.assert_allclose(found, wanted, atol=close, err_msg=f"{name} {arguments}")
        assert found.dtype == wanted.dtype


def test_equal_limits_leave_no_chance(backend):
    for i, (name, arguments) in enumerate(FIXED):
        layer = getattr(kerata.layers, name)(**arguments)
        found = ops.convert_to_numpy(layer(IMAGES[:1], training=True))
        wanted = keras_fixed(i)
        if name == "RandomErasing":  # Keras leaves the first row and column
            found, wanted = found[:, 1:, 1:], wanted[:, 1:, 1:]
        np.testing.assert_allclose(found, wanted, atol=3e-3, err_msg=name)


def test_configs():
    with kerata.backend_scope("numpy"):
        for (name, arguments), wanted in zip(CONFIGS, keras_configs()):
            layer = getattr(kerata.layers, name)(**arguments, **seeded(name))
            assert plain(layer.get_config()) == wanted, name
            again = type(layer).from_config(layer.get_config())
            assert again.get_config() == layer.get_config(), name


def test_factors():
    wanted = keras_factors()
    with kerata.backend_scope("numpy"):
        for name in TAKES_FACTOR:
            for factor in FACTORS:
                assert taken(kerata, name, factor) == wanted[name, repr(factor)], (name, factor)


def test_layers_inside_layers():
    with kerata.backend_scope("numpy"):
        counts = {"AugMix": 10, "RandAugment": 10, "RandomColorJitter": 5}
        for name, count in counts.items():
            arguments = dict.fromkeys(("brightness_factor", "contrast_factor", "saturation_factor", "hue_factor"), 0.1)
            layer = getattr(kerata.layers, name)(**(arguments if name == "RandomColorJitter" else {}))
            assert len(layer.variables) == count
        steps = [kerata.layers.Rescaling(2.0), kerata.layers.RandomFlip(seed=1)]
        pipeline = kerata.layers.Pipeline(steps, name="p")
        config = pipeline.get_config()
        assert list(config) == ["layers", "name"]
        assert [c["class_name"] for c in config["layers"]] == ["Rescaling", "RandomFlip"]
        again = kerata.layers.Pipeline.from_config(config)
        assert again.get_config() == config
        np.testing.assert_allclose(again(IMAGES, training=False), IMAGES * 2)


@pytest.mark.parametrize("make, match", [
    (lambda layers: layers.RandomRotation(2.0), "factor.*RandomRotation.*2.0"),
    (lambda layers: layers.RandomZoom(0.1, fill_mode="mirrored"), "fill_mode.*mirror"),
    (lambda layers: layers.RandomPerspective(interpolation="cubic"), "bilinear"),
    (lambda layers: layers.RandomContrast(0.1, value_range=(1, 0)), "value_range"),
    (lambda layers: layers.RandomGaussianBlur(kernel_size=4), "odd"),
    (lambda layers: layers.MixUp(alpha=-1), "alpha"),
    (lambda layers: layers.CutMix(bounding_box_format="xyxy")({"images": IMAGES, "bounding_boxes": {
        "boxes": np.zeros((3, 1, 4), "float32"), "labels": np.zeros((3, 1))}}, training=True), "CutMix.*bounding_boxes"),
    (lambda layers: layers.RandomHue(0.1)(np.zeros((2, 2), "float32")), "4 axes"),
])  # fmt: skip
def test_errors(make, match):
    with kerata.backend_scope("numpy"), pytest.raises((ValueError, NotImplementedError), match=match):
        make(kerata.layers)
