"""Files of Kerata itself: what is written, what errors say, and that nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import kerata
from kerata import saving


@pytest.fixture(autouse=True)
def numpy_backend():
    with kerata.backend_scope("numpy"):
        yield


def model(units=3, name=None):
    return kerata.Sequential([kerata.Input((4,)), kerata.layers.Dense(units, name=name), kerata.layers.Dense(2)])


X = np.ones((2, 4), "float32")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_round_trip(tmp_path, suffix):
    path, m = tmp_path / f"m{suffix}", model()
    m.save(path)
    np.testing.assert_array_equal(saving.load_model(path).predict(X, verbose=0), m.predict(X, verbose=0))


@pytest.mark.parametrize("name", ["m.weights.h5", "m.safetensors"])
def test_weights_round_trip(tmp_path, name):
    a, b = model(), model()
    a.save_weights(tmp_path / name)
    b.load_weights(tmp_path / name)
    np.testing.assert_array_equal(a.predict(X, verbose=0), b.predict(X, verbose=0))


def test_missing_files_get_a_hint(tmp_path):
    model().save(tmp_path / "my_model.keras")
    with pytest.raises(ValueError, match=r"Did you mean .*my_model\.keras"):
        saving.load_model(tmp_path / "my_modl.keras")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        saving.load_model(tmp_path / "nowhere" / "x.keras")


def test_places_that_cannot_be_written(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        model().save(tmp_path / "nowhere" / "x.keras")
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(IsADirectoryError):
        model().save(tmp_path / "folder.keras")
    with pytest.raises(ValueError, match=r"\.keras"):
        model().save(tmp_path / "model")
    with pytest.raises(ValueError, match=r"\.weights\.h5"):
        model().save_weights(tmp_path / "m.h5")
    with pytest.raises(TypeError):
        saving.load_model(3)


def test_overwrite_false_keeps_the_file(tmp_path):
    path = tmp_path / "m.keras"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="overwrite"):
        model().save(path, overwrite=False)
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("name", ["m.weights.h5", "m.keras", "m.h5", "m.safetensors"])
def test_wrong_architecture(tmp_path, name):
    path, other = tmp_path / name, model(5)
    (model().save if name in ("m.keras", "m.h5") else model().save_weights)(path)
    before = other.get_weights()
    with pytest.raises(ValueError) as e:
        other.load_weights(path)
    assert "(4, 5)" in str(e.value) and "(4, 3)" in str(e.value) and "Nothing was changed" in str(e.value)
    for a, b in zip(before, other.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_skip_mismatch_loads_what_fits(tmp_path):
    a = kerata.Sequential([kerata.Input((4,)), kerata.layers.Dense(3), kerata.layers.Dense(2)])
    b = kerata.Sequential([kerata.Input((4,)), kerata.layers.Dense(3), kerata.layers.Dense(7)])
    a.save_weights(tmp_path / "m.weights.h5")
    with pytest.warns(UserWarning, match="skipped"):
        b.load_weights(tmp_path / "m.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(a.layers[0].kernel.numpy(), b.layers[0].kernel.numpy())


@pytest.mark.parametrize("by_name", [False, True])
def test_skip_mismatch_of_old_files_goes_weight_by_weight(tmp_path, by_name):
    """As in Keras, also within a nested model."""

    def make(units):
        inner = kerata.Sequential([kerata.Input((4,)), kerata.layers.Dense(3), kerata.layers.Dense(units)], name="inner")
        return kerata.Sequential([kerata.Input((4,)), inner, kerata.layers.Dense(2, "relu", name="last")])

    a, b = make(5), make(7)
    a.set_weights([np.full(w.shape, i + 1.0) for i, w in enumerate(a.get_weights())])
    b.set_weights([np.zeros(w.shape) for w in b.get_weights()])
    a.save(tmp_path / "m.h5")
    with pytest.warns(UserWarning, match="skipped"):
        b.load_weights(tmp_path / "m.h5", skip_mismatch=True, by_name=by_name)
    assert [float(w.mean()) for w in b.get_weights()] == [1.0, 2.0, 0.0, 0.0, 0.0, 6.0]


def test_by_name(tmp_path):
    a, b = model(name="first"), kerata.Sequential([kerata.Input((4,)), kerata.layers.Dense(3, name="first")])
    a.save(tmp_path / "m.h5")
    b.load_weights(tmp_path / "m.h5", by_name=True)
    np.testing.assert_array_equal(a.layers[0].kernel.numpy(), b.layers[0].kernel.numpy())
    with pytest.raises(ValueError, match="legacy"):
        a.save_weights(tmp_path / "m.weights.h5")
        b.load_weights(tmp_path / "m.weights.h5", by_name=True)


def test_unbuilt_model_is_named(tmp_path):
    model().save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ValueError, match=r"(?i)build"):
        kerata.Sequential([kerata.layers.Dense(3), kerata.layers.Dense(2)]).load_weights(tmp_path / "m.weights.h5")


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "m.keras"
    model().save(path)
    before = path.read_bytes()

    class Broken(kerata.layers.Layer):
        def call(self, x):
            return x

        def save_own_variables(self, store):
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        kerata.Sequential([kerata.Input((4,)), Broken()]).save(path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["m.keras"]


@pytest.mark.slow
def test_a_killed_save_leaves_a_whole_file(tmp_path):
    """A process that saves over and over is killed at random moments; the file can always be read."""
    path = str(tmp_path / "m.keras")
    code = textwrap.dedent(f"""
        import os
        os.environ["KERATA_BACKEND"] = "numpy"
        import kerata
        m = kerata.Sequential([kerata.Input((64,)), kerata.layers.Dense(256), kerata.layers.Dense(64)])
        m.save({path!r})
        print("ready", flush=True)
        while True:
            m.save({path!r})
    """)
    random = np.random.default_rng(0)
    for _ in range(int(os.environ.get("KERATA_KILLS", "8"))):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        process.stdout.readline()
        try:
            process.wait(timeout=float(random.uniform(0.0, 0.3)))
        except subprocess.TimeoutExpired:
            pass
        process.kill()
        process.wait()
        assert saving.load_model(path).count_params() == 64 * 256 + 256 + 256 * 64 + 64


def test_in_memory_files():
    import io

    out, m = io.BytesIO(), model()
    m.save(out)
    out.seek(0)
    np.testing.assert_array_equal(saving.load_model(out).predict(X, verbose=0), m.predict(X, verbose=0))


@pytest.mark.parametrize(("package", "name"), [("safetensors", "m.safetensors"), ("h5py", "m.weights.h5")])
def test_missing_packages_are_named(package, name, tmp_path, monkeypatch):
    for module in [m for m in sys.modules if m.partition(".")[0] == package] + [package, f"{package}.numpy"]:
        monkeypatch.setitem(sys.modules, module, None)
    with kerata.backend_scope("numpy"):
        model = kerata.Sequential([kerata.Input((2,)), kerata.layers.Dense(1)])
        with pytest.raises(ImportError, match=f"{package}.*pip install {package}"):
            model.save_weights(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
