"""KerasFileEditor: edited files give a model what Keras's editor gives it."""

import os
import tempfile

import numpy as np
import pytest
from twins import check_twins, normal, start

import kerata
from kerata import saving


def model(framework, units=3):
    layers = framework.layers
    return start(framework.Sequential([framework.Input((4,)), layers.Dense(units, name="dense"), layers.Dense(2, name="head")]))


def edits(framework):
    """What the editor sees of a file after each of its edits, and what a model reads from the file that it writes."""
    with tempfile.TemporaryDirectory() as folder:
        path, other = (os.path.join(folder, n) for n in ("m.weights.h5", "n.weights.h5"))
        model(framework).save_weights(path)
        editor = framework.saving.KerasFileEditor(path)
        out = [copied(editor.weights_dict)]

        def edit(name, *args):
            getattr(editor, name)(*args)
            out.append(copied(editor.weights_dict))

        edit("rename_object", "layers/dense_1", "last")
        edit("add_object", "layers/dense_1", {"0": normal(3, 2), "1": normal(2)})
        edit("delete_object", "last")
        edit("delete_weight", "layers/dense", "1")
        edit("add_weights", "dense", {"1": normal(3, seed=1)})
        editor.resave_weights(other)
        read = model(framework)
        read.load_weights(other)
        return [out, read.get_weights()]


def copied(tree):
    """Dictionaries and arrays that later edits leave as they are."""
    return {k: copied(v) for k, v in tree.items()} if isinstance(tree, dict) else np.array(tree)


def test_edits_as_keras(backend):
    check_twins(edits)


@pytest.mark.parametrize("units", [3, 5])
def test_compare_as_keras(backend, units):
    """Keras counts what it finds in inner objects more than once: of its numbers the words are compared alone."""
    import keras

    found = []
    with tempfile.TemporaryDirectory() as folder:
        for framework in (keras, kerata):
            path = os.path.join(folder, f"{framework.__name__}.weights.h5")
            model(framework).save_weights(path)
            found.append(framework.saving.KerasFileEditor(path).compare(model(framework, units)))
    assert found[1]["status"] == found[0]["status"] == ("success" if units == 3 else "error")
    errors = 0 if units == 3 else 3  # both weights of the first layer, and the kernel of the second
    assert (found[1]["error_count"], found[1]["match_count"]) == (errors, 4 - errors)


def test_a_whole_model(backend, tmp_path, capsys):
    path, edited = tmp_path / "m.keras", tmp_path / "new.weights.h5"
    a = model(kerata)
    a.save(path)
    editor = saving.KerasFileEditor(path)
    editor.summary()
    assert "0: shape=(4, 3), dtype=float32" in capsys.readouterr().out
    assert editor.config["class_name"] == "Sequential"
    editor.add_weights("layers/dense_1", {"1": np.ones(2, "float32")})
    editor.save(edited)
    a.load_weights(edited)
    np.testing.assert_array_equal(a.layers[1].bias.numpy(), [1, 1])
    with pytest.raises(ValueError, match=r"Did you mean|It holds"):
        editor.delete_object("layers/dens")
