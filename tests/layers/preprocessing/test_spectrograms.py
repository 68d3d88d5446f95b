"""MelSpectrogram and STFTSpectrogram against Keras."""

import numpy as np
import pytest
from common import check_layer

import kerata

SHORT = {"fft_length": 32, "sequence_stride": 12, "num_mel_bins": 5, "sampling_rate": 400}
SOUND = {n: np.random.default_rng(n).normal(size=(2, n, 2)).astype("float32") for n in (40, 70)}


@pytest.mark.parametrize("more", [
    {}, {"power_to_db": False}, {"top_db": 10.0, "sequence_length": 20}, {"mag_exp": 1.0, "window": "hamming", "min_freq": 0},
    {"window": None, "max_freq": 150.0, "ref_power": 2.0},
], ids=str)  # fmt: skip
def test_mel(more, backend):
    check_layer("MelSpectrogram", {**SHORT, **more}, SOUND[70][..., 0], gradients=False, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("more", [
    *({"mode": m} for m in ("log", "magnitude", "psd", "real", "imag", "stft")), {"mode": "real", "expand_dims": True},
    {"mode": "stft", "data_format": "channels_first"}, {"mode": "psd", "expand_dims": True, "data_format": "channels_first"},
    {"mode": "magnitude", "padding": "same", "frame_step": 5, "fft_length": 32, "scaling": "spectrum", "periodic": True},
    {"mode": "psd", "window": None, "scaling": None}, {"mode": "magnitude", "frame_length": 17},
], ids=str)  # fmt: skip
def test_stft(more, backend):
    x = SOUND[40].transpose(0, 2, 1) if more.get("data_format") == "channels_first" else SOUND[40]
    gradients = more["mode"] in ("psd", "imag")
    check_layer("STFTSpectrogram", {"frame_length": 16, **more}, x, atol=1e-4, rtol=1e-4, gradients=gradients)


def test_angle(backend):
    x = SOUND[40]
    parts = [kerata.layers.STFTSpectrogram(mode=m, frame_length=16, window="hamming")(x) for m in ("real", "imag", "angle")]
    re, im, angle = (kerata.ops.convert_to_numpy(p) for p in parts)
    np.testing.assert_allclose(np.cos(angle), np.cos(np.arctan2(im, re)), atol=1e-3)


def test_errors():
    layers = kerata.layers
    for arguments, words in [
        ({"mode": "logs"}, "log"), ({"frame_length": 0}, "frame_length"), ({"frame_step": 300}, "frame_step"),
        ({"fft_length": 100}, "fft_length"), ({"scaling": "x"}, "scaling"), ({"padding": "full"}, "valid"),
        ({"data_format": "last"}, "data_format"), ({"window": "no such window"}, "window"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=words):
            layers.STFTSpectrogram(**arguments)
    with pytest.warns(UserWarning, match="power of two"):
        layers.STFTSpectrogram(fft_length=300)
    with pytest.raises(ValueError, match="sequence_length"):
        layers.MelSpectrogram(sequence_length=10, fft_length=5)
    with pytest.raises(ValueError, match="3"):
        layers.STFTSpectrogram(frame_length=4)(np.ones((2, 10), "float32"))


@pytest.mark.parametrize("argument", ["fft_length", "sequence_stride", "num_mel_bins"])
@pytest.mark.parametrize("value", [0, -1, 2.5])
def test_sizes_of_mel_spectrograms_are_positive_integers(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` of MelSpectrogram is a positive integer"):
        kerata.layers.MelSpectrogram(**{argument: value})
