"""Files that real versions of Keras wrote, from 1.2.2 to 3.15.1: the same predictions, and the same next step."""

from __future__ import annotations

import glob
import json
import os

import numpy as np
import pytest

import kerata
from kerata import saving

FOLDER = os.path.join(os.path.dirname(__file__), "golden")


def facts_of(case: str) -> dict:
    with open(os.path.join(FOLDER, f"{case}.json")) as f:
        return json.load(f)


CASES = sorted(os.path.basename(p).removesuffix(".json") for p in glob.glob(os.path.join(FOLDER, "*.json")))
# Programs and checkpoints of TensorFlow, which are not read; the error says what they are.
FOREIGN = [c for c in CASES if "-sm__" in c or "-ckpt__" in c]
LAMBDAS = [c for c in CASES if "lambda_layer" in c]
READ = [c for c in CASES if c not in FOREIGN and c not in LAMBDAS]
# What is known not to agree, and why.
DIFFERS = {
    "keras2.2.4-cntk2.7__rnn": "CNTK ran the recurrent layers otherwise: the accumulators of RMSprop in the file say that an "
    "LSTM unit gave about 1.0, where the file's weights give 0.5 on every other backend, in any order of steps and gates",
}
# MXNet's optimizers kept their momentum to themselves: the file has none, so training goes on without it.
WITHOUT_STATE = ["keras2.2.4-mxnet1.5__cnn_res"]


def cases(names, differs: dict) -> list:
    return [pytest.param(c, marks=pytest.mark.xfail(reason=differs[c], strict=True)) if c in differs else c for c in names]


TRAINED = [c for c in READ if facts_of(c).get("loss_next") is not None and not facts_of(c).get("weights_only")]


def arrays(case: str) -> dict:
    with np.load(os.path.join(FOLDER, f"{case}.npz")) as z:
        return dict(z)


def numbered(data: dict, name: str):
    """`x0`, `x1`, ... or `x`: the arrays of a model's inputs or outputs, in order."""
    if name in data:
        return data[name]
    if any(k.startswith(f"{name}_") for k in data):
        return {k.removeprefix(f"{name}_"): v for k, v in data.items() if k.startswith(f"{name}_")}
    found = [data[k] for k in sorted(data) if k.startswith(name) and k[len(name) :].isdigit()]
    return found[0] if len(found) == 1 else found


@pytest.fixture
def custom(monkeypatch):
    """The user's classes of some files, defined in Kerata."""
    before = dict(saving.get_custom_objects())

    def define(info):
        code = info.get("custom_objects_py")
        if code:
            exec(code.replace("import keras", "import kerata as keras"), {})

    yield define
    saving.get_custom_objects().clear()
    saving.get_custom_objects().update(before)


def load(case: str, info: dict):
    path = os.path.join(FOLDER, info["file"])
    if not info.get("weights_only"):
        return saving.load_model(path)
    if info["to_json"] is None:  # a class of the user's, which has no description as JSON
        model = saving.get_registered_object(f"golden>{info['model_class']}")(units=4 + info["set_variant"])
    else:
        model = kerata.models.model_from_json(info["to_json"])
    if not model.built:
        model(numbered(arrays(case), "x"))
    model.load_weights(path)
    return model


@pytest.mark.parametrize("case", cases(READ, DIFFERS))
def test_predictions(case, custom):
    info, data = facts_of(case), arrays(case)
    custom(info)
    with kerata.backend_scope("numpy"):
        model = load(case, info)
        got = model.predict(numbered(data, "x"), verbose=0)
    want = numbered(data, "y")
    if isinstance(got, dict):
        got = [got[k] for k in info["output_keys"]]
    for g, w in zip(got if isinstance(got, list) else [got], want if isinstance(want, list) else [want]):
        np.testing.assert_allclose(np.asarray(g, w.dtype), w, atol=info.get("atol", 1e-4), rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("case", cases(TRAINED, DIFFERS))
def test_next_training_step(case, custom):
    """Optimizer state and compile settings: the loss after one and two more steps is that of the Keras that wrote it."""
    info, data = facts_of(case), arrays(case)
    custom(info)
    x, y = numbered(data, "tx"), numbered(data, "ty")
    # Up to Keras 3.0, RMSprop and the Adams added epsilon outside the square root, which the first steps feel.
    rtol = 1e-2 if info["keras_version"].startswith(("1", "2", "3.0")) else 2e-3
    with kerata.backend_scope("torch"):
        model = load(case, info)
        for key in ("loss_now",) if case in WITHOUT_STATE else ("loss_now", "loss_next", "loss_next2"):
            if key in info:
                loss = model.evaluate(x, y, batch_size=len(x[0] if isinstance(x, list) else x), verbose=0, return_dict=True)
                np.testing.assert_allclose(loss["loss"], info[key], rtol=rtol, atol=info.get("atol", 1e-4), err_msg=key)
                model.train_on_batch(x, y)


@pytest.mark.parametrize("case", LAMBDAS)
def test_bytecode_is_refused(case):
    with pytest.raises(ValueError, match="safe_mode"):
        saving.load_model(os.path.join(FOLDER, facts_of(case)["file"]))


@pytest.mark.parametrize("case", FOREIGN)
def test_tensorflow_programs_are_named(case):
    with pytest.raises(ValueError):
        saving.load_model(os.path.join(FOLDER, facts_of(case)["file"]))


@pytest.mark.parametrize("case", WITHOUT_STATE)
def test_files_without_state(case):
    import h5py

    with h5py.File(os.path.join(FOLDER, facts_of(case)["file"])) as file:
        assert "training_config" in file.attrs and "optimizer_weights" not in file
