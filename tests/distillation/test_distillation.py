"""Distillation, against Keras."""

import json

import numpy as np
import pytest
from remember import remember

import kerata
from kerata import ops

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, size=8)
# losses, other arguments of Distiller. (Keras compares raw logits where KL divergence is given by its name: see differences.)
CASES = {
    "logits": (lambda d, losses: d.LogitsDistillation(2.0, losses.KLDivergence()), {}),
    "mse": (lambda d, losses: d.LogitsDistillation(loss="mse"), {"student_loss_weight": 0.0}),
    "only targets": (lambda d, losses: d.LogitsDistillation(loss="mse"), {"student_loss_weight": 1.0}),
    "features": (lambda d, losses: d.FeatureDistillation("mae", "h", "h"), {"student_loss_weight": 0.3}),
    "both": (
        lambda d, losses: [d.LogitsDistillation(4.0, losses.KLDivergence()), d.FeatureDistillation("mse", "h", "h")],
        {"distillation_loss_weights": [1.0, 0.5]},
    ),
}


def model(library, name: str, seed: int):
    made = library.Sequential(
        [library.Input((4,)), library.layers.Dense(5, activation="relu", name="h"), library.layers.Dense(3, name="o")], name=name
    )
    for i, w in enumerate(made.weights):
        w.assign(np.random.default_rng(seed + i).normal(size=w.shape))
    return made


def distiller(library, case: str):
    losses, arguments = CASES[case]
    made = library.distillation.Distiller(
        model(library, "t", 0), model(library, "s", 10), losses(library.distillation, library.losses), **arguments
    )
    made.compile(
        library.optimizers.SGD(0.1), library.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    return made


def logs(library, case: str):
    made = distiller(library, case)
    history = made.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0).history
    return history, made.evaluate(X, Y, verbose=0, return_dict=True), [v.path for v in made.trainable_variables]


@remember
def wanted():
    import keras

    return {case: logs(keras, case) for case in CASES}


def test_logs_are_as_in_keras(train_backend):
    for case, (history, evaluated, paths) in wanted().items():
        mine = logs(kerata, case)
        assert mine[0].keys() == history.keys(), case
        for name, values in history.items():
            np.testing.assert_allclose(mine[0][name], values, rtol=1e-4, atol=1e-5, err_msg=f"{case} {name}")
        for name, value in evaluated.items():
            np.testing.assert_allclose(mine[1][name], value, rtol=1e-4, atol=1e-5, err_msg=f"{case} {name}")
        assert mine[2] == paths


def test_kl_divergence_is_of_probabilities():
    """By its name as by its class: where outputs are equal it is 0, and never less."""
    loss = kerata.distillation.LogitsDistillation(3.0)
    other = kerata.distillation.LogitsDistillation(3.0, kerata.losses.KLDivergence())
    teacher, student = X[:, :3], X[:, 1:] * 2
    assert float(loss.compute_loss(teacher, student)) == pytest.approx(float(other.compute_loss(teacher, student)))
    assert float(loss.compute_loss(teacher, student)) == pytest.approx(0.8455122, rel=1e-5)  # Keras with the class
    assert float(loss.compute_loss(teacher, teacher)) == pytest.approx(0.0, abs=1e-6)
    crossentropy = kerata.losses.CategoricalCrossentropy
    pair = [kerata.distillation.LogitsDistillation(2.0, crossentropy(from_logits=flag)) for flag in (False, True)]
    assert float(pair[0].compute_loss(teacher, student)) == pytest.approx(float(pair[1].compute_loss(teacher, student)), rel=1e-4)


@remember
def serialized():
    import keras

    return json.dumps(keras.saving.serialize_keras_object(distiller(keras, "both"))["config"]["distillation_losses"])


def test_files(tmp_path, train_backend):
    mine = distiller(kerata, "both")
    mine.fit(X, Y, batch_size=4, verbose=0)
    assert json.dumps(kerata.saving.serialize_keras_object(mine)["config"]["distillation_losses"]) == serialized()
    mine.save(tmp_path / "d.keras")
    again = kerata.saving.load_model(tmp_path / "d.keras")
    np.testing.assert_allclose(again.predict(X, verbose=0), mine.predict(X, verbose=0), rtol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(again.teacher(X)), ops.convert_to_numpy(mine.teacher(X)), rtol=1e-6)
    assert again.student_loss_weight == 0.5 and len(again.distillation_losses) == 2


def test_errors():
    d = kerata.distillation

    def made(**arguments):
        given = {"teacher": model(kerata, "t", 0), "student": model(kerata, "s", 1), "distillation_losses": d.LogitsDistillation()}
        return d.Distiller(**{**given, **arguments})

    narrow = kerata.Sequential([kerata.Input((5,)), kerata.layers.Dense(3)])
    for text, arguments in (
        ("teacher", {"teacher": 5}),
        ("student", {"student": 5}),
        ("student_loss_weight", {"student_loss_weight": 2.0}),
        ("student_loss_weight", {"student_loss_weight": "a"}),
        ("distillation_losses", {"distillation_losses": "mse"}),
        ("distillation_loss_weights", {"distillation_losses": [d.LogitsDistillation()], "distillation_loss_weights": [1, 2]}),
        ("teacher.*zz", {"distillation_losses": d.FeatureDistillation("mse", "zz", "h")}),
        ("student.*zz", {"distillation_losses": d.FeatureDistillation("mse", "h", "zz")}),
        ("inputs", {"student": narrow}),
    ):
        with pytest.raises(ValueError, match=text):
            made(**arguments)
    for make in (lambda: d.LogitsDistillation(0), lambda: d.LogitsDistillation("a"), lambda: d.LogitsDistillation(loss="nope"),
                 lambda: d.FeatureDistillation(None)):  # fmt: skip
        with pytest.raises(ValueError):
            make()
    with pytest.raises(NotImplementedError):
        d.DistillationLoss().compute_loss(1, 2)
