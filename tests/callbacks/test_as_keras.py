"""Callbacks see what Keras's see: the same calls in the same order, with the same logs, to the same effect."""

import functools
import re

import numpy as np
import pytest
from twins import check_twins, labels, normal, of_keras, start

X, Y = normal(22, 5), labels(22, 3)


def compiled(K, optimizer="sgd", **kwargs):
    model = start(K.Sequential([K.Input((5,)), K.layers.Dense(3, activation="softmax")]))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **kwargs)
    return model


def fit(model, *callbacks, **kwargs):
    return model.fit(X, Y, **{"batch_size": 4, "epochs": 3, "verbose": 0, "shuffle": False, "callbacks": list(callbacks), **kwargs})


def recorder(K):
    """A callback that defines every hook, and the list of calls that it keeps."""
    calls = []

    class Recorder(K.callbacks.Callback):
        pass

    for name in dir(K.callbacks.Callback):
        if name.startswith("on_"):

            def hook(self, *args, name=name, **kwargs):
                *number, logs = (*args, *kwargs.values())
                calls.append([name, *number, sorted(logs.keys()), [float(logs[k]) for k in sorted(logs) if k != "outputs"]])

            setattr(Recorder, name, hook)
    return Recorder(), calls


def calls_of_all_hooks(K):
    model, (callback, calls) = compiled(K), recorder(K)
    fit(model, callback, epochs=2, validation_data=(X[:9], Y[:9]))
    model.evaluate(X, Y, batch_size=11, verbose=0, callbacks=[callback])
    model.predict(X, batch_size=11, verbose=0, callbacks=[callback])
    return calls


def calls_by_groups_of_steps(K):
    """Of six batches, the last of which is smaller: it ends the third group."""
    model, (callback, calls) = compiled(K, steps_per_execution=2), recorder(K)
    fit(model, callback, epochs=1, validation_data=(X[:15], Y[:15]))
    model.predict(X, batch_size=4, verbose=0, callbacks=[callback])
    return calls


def logs_are_always_a_dictionary(K):
    seen = []

    class Keys(K.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.append(list(logs.keys()))

        def on_epoch_begin(self, epoch, logs=None):
            seen.append(list(logs.keys()))

        def on_epoch_end(self, epoch, logs=None):
            seen.append({k: type(v).__name__ for k, v in logs.items()})
            logs["added"] = 1.0

    model = compiled(K)
    group = K.callbacks.CallbackList([Keys()], model=model, add_history=True, add_progbar=False)
    logs = {"a": K.ops.convert_to_tensor(2.5), "b": 1.5}  # as of a loop of one's own
    group.on_train_begin()
    group.on_epoch_begin(0)
    group.on_epoch_end(0, logs)
    return [seen, sorted(logs), model.history.history]


def averages_in_place(K):
    seen = []

    class Look(K.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.model.get_weights())

        on_train_end = lambda self, logs=None: seen.append(self.model.get_weights())

    for on_epoch in (False, True):
        model = compiled(K, K.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=5))
        history = fit(model, K.callbacks.SwapEMAWeights(on_epoch), Look(), validation_data=(X, Y))
        seen.append([history.history, model.get_weights()])
    return seen


def a_history_used_twice(K):
    model = compiled(K)
    history = fit(model)
    again = fit(model, history, epochs=5, initial_epoch=3)
    return [history is again, history.history, history.epoch, history.params]


def edits_within_batches_and_epochs(K):
    class Edit(K.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            layer = self.model.layers[0]
            layer.set_weights([w * 0.5 for w in layer.get_weights()])
            self.model.optimizer.learning_rate = 0.1 / (batch + 1)

        def on_epoch_end(self, epoch, logs=None):
            self.model.layers[0].bias.assign(np.ones(3))

        def on_test_begin(self, logs=None):
            self.model.layers[0].kernel.assign(self.model.layers[0].kernel * 0.5)

    model = compiled(K, "adam")
    return [fit(model, Edit(), validation_data=(X, Y)).history, model.get_weights()]


QUICK = [logs_are_always_a_dictionary]
SLOW = [
    calls_of_all_hooks, calls_by_groups_of_steps, averages_in_place, a_history_used_twice, edits_within_batches_and_epochs,
]  # fmt: skip


@pytest.mark.parametrize("program", [*QUICK, *[pytest.param(p, marks=pytest.mark.slow) for p in SLOW]])
def test_training(program, train_backend):
    check_twins(program)


def csv_files(K, path):
    """The files of a training without validations, of one that goes on, and of one that validates sometimes."""
    model, texts = compiled(K), []
    for file, append, options in [("a", False, {}), ("a", True, {"validation_data": (X, Y)}),
                                  ("b", False, {"validation_data": (X, Y), "validation_freq": 2})]:  # fmt: skip
        fit(model, K.callbacks.CSVLogger(path / f"{K.__name__}{file}.csv", append=append), **options)
        text = (path / f"{K.__name__}{file}.csv").read_bytes().decode()
        texts.append(re.sub(r"\d\.\d{2,}(e-\d+)?", "number", text))
    return texts


def test_csv_logger_leaves_room_for_validations(tmp_path, train_backend):
    import kerata

    ours, theirs = csv_files(kerata, tmp_path), of_keras(functools.partial(csv_files, path=tmp_path))
    assert ours == theirs and ours[0].startswith("epoch,accuracy,loss,val_accuracy,val_loss\r\n")
