"""Callbacks: what they do to a training, on each training backend."""

import csv
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

import kerata
from kerata import callbacks, layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 4)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0], [0.5], [0.0]], "float32")).astype("float32")


def make(optimizer="sgd", seed=1):
    kerata.utils.set_random_seed(seed)
    model = kerata.Sequential([kerata.Input((4,)), layers.Dense(8, activation="tanh"), layers.Dense(1)])
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def fit(model, *given, **kwargs):
    return model.fit(X, Y, **{"batch_size": 16, "epochs": 3, "verbose": 0, "callbacks": list(given), **kwargs})


def test_batch_hooks_see_every_batch_and_running_means(train_backend):
    seen = []

    class Watch(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((batch, logs["loss"]))

    model = make()
    history = fit(model, Watch(), epochs=1, shuffle=False)
    assert [b for b, _ in seen] == [0, 1, 2, 3]
    assert seen[-1][1] == pytest.approx(history.history["loss"][0], rel=1e-6)
    again = make()
    first = again.train_on_batch(X[:16], Y[:16], return_dict=True)["loss"]
    assert seen[0][1] == pytest.approx(first, rel=1e-5)


def test_chunked_and_stepwise_training_are_the_same(train_backend):
    class Watch(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass

    plain = make()  # making a model sets the seed, from which the order of samples follows
    fit(plain)
    watched = make()
    fit(watched, Watch())
    for a, b in zip(plain.get_weights(), watched.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_steps_per_execution_sets_how_often_hooks_are_called(train_backend):
    calls = []

    class Watch(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            calls.append(batch)

    model = make()
    model.compile("sgd", "mse", steps_per_execution=2)
    fit(model, Watch(), epochs=1)
    assert calls == [1, 3]


def test_edits_of_weights_in_a_callback_take_effect(train_backend):
    class Zero(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.layers[-1].kernel.assign(np.zeros((8, 1), "float32"))

    model = make()
    model.compile(kerata.optimizers.SGD(0.0), "mse")
    fit(model, Zero(), epochs=2)
    assert not np.any(model.layers[-1].kernel.numpy())
    bias = model.layers[-1].bias.numpy()
    np.testing.assert_allclose(model.predict(X, verbose=0), np.broadcast_to(bias, (64, 1)), atol=1e-6)


def test_early_stopping_stops_and_restores_the_best_weights(train_backend):
    model = make()
    weights = []

    class Spoil(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["watched"] = [3.0, 2.0, 4.0, 5.0, 6.0][epoch]
            weights.append(model.get_weights())

    stop = callbacks.EarlyStopping("watched", patience=2, mode="min", restore_best_weights=True)
    history = fit(model, Spoil(), stop, epochs=5)
    assert history.epoch == [0, 1, 2, 3]
    assert stop.best == 2.0 and stop.stopped_epoch == 3
    for a, b in zip(model.get_weights(), weights[1]):
        np.testing.assert_array_equal(a, b)


def test_monitors_know_which_way_is_better():
    model = kerata.Sequential([kerata.Input((4,)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    for name, rising in (("val_accuracy", True), ("loss", False), ("val_loss", False), ("auc", True)):
        callback = callbacks.EarlyStopping(name)
        callback.set_model(model)
        assert callback.rising is rising, name


def test_a_missing_monitor_warns_with_the_nearest_name(train_backend):
    with pytest.warns(UserWarning, match="val_loss"):
        fit(make(), callbacks.EarlyStopping(), epochs=1)


def test_reduce_lr_on_plateau(train_backend):
    model = make(kerata.optimizers.SGD(0.5))

    class Flat(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["flat"] = 1.0

    plateau = callbacks.ReduceLROnPlateau("flat", factor=0.1, patience=2, min_lr=0.01, mode="min")
    history = fit(model, Flat(), plateau, epochs=6)
    np.testing.assert_allclose(history.history["learning_rate"], [0.5, 0.5, 0.5, 0.05, 0.05, 0.01], rtol=1e-5)
    least = callbacks.ReduceLROnPlateau("flat", factor=0.1, patience=0, min_lr=0.3, mode="min")  # a little more in float32
    model.optimizer.learning_rate = 0.5
    fit(model, Flat(), least, epochs=5)
    assert least.wait == 3  # epochs since the one reduction


def test_learning_rate_scheduler(train_backend):
    model = make(kerata.optimizers.SGD(1.0))
    history = fit(model, callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5))
    np.testing.assert_allclose(history.history["learning_rate"], [0.5, 0.25, 0.125])
    fit(model, callbacks.LearningRateScheduler(lambda epoch: 0.3), epochs=1)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.3)


def test_model_checkpoint_formats_its_path_and_keeps_the_best(train_backend, tmp_path):
    model = make()

    class Watched(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["watched"] = [1.0, 2.0, 0.5][epoch]

    every = callbacks.ModelCheckpoint(tmp_path / "all" / "{epoch:02d}-{loss:.2f}.weights.h5", save_weights_only=True)
    best = callbacks.ModelCheckpoint(tmp_path / "best.keras", monitor="watched", mode="max", save_best_only=True)
    kept = {}

    class Keep(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            kept[epoch] = self.model.get_weights()

    history = fit(model, Watched(), every, best, Keep())
    expected = [f"{i + 1:02d}-{loss:.2f}.weights.h5" for i, loss in enumerate(history.history["loss"])]
    assert sorted(p.name for p in (tmp_path / "all").iterdir()) == expected
    for a, b in zip(kerata.models.load_model(tmp_path / "best.keras").get_weights(), kept[1]):
        np.testing.assert_array_equal(a, b)


def test_model_checkpoint_by_batches(train_backend, tmp_path):
    fit(make(), callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=3))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1-3.weights.h5", "2-2.weights.h5", "3-1.weights.h5", "3-4.weights.h5"]


@pytest.mark.parametrize(("every", "names"), [("epoch", ["1.keras", "2.keras", "3.keras"]), (7, ["2.keras", "4.keras"])])
def test_a_checkpoint_whose_log_is_missing_warns_and_saves(every, names, tmp_path, capsys):
    save = callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", save_best_only=True, save_freq=every, verbose=1)
    with pytest.warns(UserWarning, match="val_loss.*Pass validation data") as seen:
        fit(make(), save, epochs=3 if every == "epoch" else 4)
    assert len(seen) == 1 and save.best is None
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    assert capsys.readouterr().out.count(": saving model to") == len(names)


def test_checkpoint_of_ones_own_by_kerass_inner_names(tmp_path):
    saved = []

    class Told(callbacks.ModelCheckpoint):
        def on_train_batch_end(self, batch, logs=None):
            if self._should_save_on_batch(batch):
                self._save_model(epoch=self._current_epoch, batch=batch, logs=logs)
                saved.append(self._get_file_path(epoch=self._current_epoch, batch=batch, logs=logs))

    with kerata.backend_scope("torch"):
        path = str(tmp_path / "{epoch}-{batch}.weights.h5")
        fit(make(), Told(path, save_weights_only=True, save_freq=3), epochs=2)
    assert sorted(map(str, tmp_path.iterdir())) == saved == [path.format(epoch=e, batch=b) for e, b in ((1, 3), (2, 2))]


def test_checkpoint_refuses_a_path_with_the_wrong_ending():
    with pytest.raises(ValueError, match=r"\.keras"):
        callbacks.ModelCheckpoint("model.zip")


def test_csv_logger_writes_and_appends(train_backend, tmp_path):
    path = tmp_path / "log.csv"
    model = make()
    history = fit(model, callbacks.CSVLogger(path), epochs=2)
    fit(model, callbacks.CSVLogger(path, append=True), epochs=3, initial_epoch=2)
    rows = list(csv.DictReader(path.open()))
    assert [int(r["epoch"]) for r in rows] == [0, 1, 2]
    assert float(rows[1]["loss"]) == pytest.approx(history.history["loss"][1])


def test_terminate_on_nan(train_backend):
    model = make()
    x = X.copy()
    x[20] = np.nan
    with pytest.warns(UserWarning):
        history = model.fit(x, Y, batch_size=16, epochs=3, verbose=0, callbacks=[callbacks.TerminateOnNaN()])
    assert len(history.epoch) == 1
    with pytest.warns(UserWarning), pytest.raises(RuntimeError, match="nan"):
        model.fit(x, Y, batch_size=16, verbose=0, callbacks=[callbacks.TerminateOnNaN(raise_error=True)])


def test_lambda_callback_calls_each_hook(train_backend):
    calls = []
    names = ("on_epoch_begin", "on_epoch_end", "on_train_batch_end")
    hooks = {n: lambda number, logs, n=n: calls.append(n) for n in names}
    hooks["on_train_begin"] = lambda logs: calls.append("on_train_begin")
    fit(make(), callbacks.LambdaCallback(**hooks), epochs=1)
    assert calls == ["on_train_begin", "on_epoch_begin", *["on_train_batch_end"] * 4, "on_epoch_end"]


def test_remote_monitor_posts_json(train_backend):
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        root = f"http://127.0.0.1:{server.server_port}"
        history = fit(make(), callbacks.RemoteMonitor(root, send_as_json=True), epochs=2)
    finally:
        server.shutdown()
    assert [p for p, _ in got] == ["/publish/epoch/end/"] * 2
    assert got[1][1]["loss"] == pytest.approx(history.history["loss"][1])


def test_swap_ema_weights_evaluates_with_the_averages(train_backend):
    model = make(kerata.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
    for i in range(0, 64, 16):  # (the end of a fit() would put the averages into the weights)
        model.train_on_batch(X[i : i + 16], Y[i : i + 16])
    trained = model.get_weights()
    averages = [v.numpy().copy() for v in model.optimizer._model_variables_moving_average]
    plain = model.evaluate(X, Y, verbose=0)[0]
    swapped = model.evaluate(X, Y, verbose=0, callbacks=[callbacks.SwapEMAWeights()])[0]
    for a, b in zip(model.get_weights(), trained):
        np.testing.assert_array_equal(a, b)
    model.set_weights(averages)
    assert model.evaluate(X, Y, verbose=0)[0] == pytest.approx(swapped, rel=1e-6)
    assert plain != swapped


def test_backup_and_restore_goes_on_as_if_nothing_had_happened(train_backend, tmp_path):
    whole = make("adam")
    stop = callbacks.EarlyStopping("loss", patience=10)
    history = fit(whole, stop, epochs=4, shuffle=False)

    class Interrupt(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError("power cut")

    backup = tmp_path / "backup"
    broken = make("adam")
    with pytest.raises(RuntimeError):
        fit(broken, callbacks.BackupAndRestore(backup), callbacks.EarlyStopping("loss", patience=10), Interrupt(), epochs=4, shuffle=False)
    resumed = make("adam", seed=9)
    stop_again = callbacks.EarlyStopping("loss", patience=10)
    later = fit(resumed, callbacks.BackupAndRestore(backup), stop_again, epochs=4, shuffle=False)
    assert later.epoch == [0, 1, 2, 3]
    np.testing.assert_allclose(later.history["loss"], history.history["loss"], rtol=1e-4)
    assert stop_again.best == pytest.approx(stop.best, rel=1e-4)
    for a, b in zip(resumed.get_weights(), whole.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert not backup.exists()


def test_tensorboard_writes_events_that_tensorboard_reads(train_backend, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    model = make()
    history = fit(model, callbacks.TensorBoard(tmp_path, histogram_freq=1, update_freq="batch"), validation_split=0.25)
    events = EventAccumulator(str(tmp_path / "train"), size_guidance={"histograms": 0})
    events.Reload()
    values = [e.value for e in events.Scalars("epoch_loss")]
    np.testing.assert_allclose(values, history.history["loss"], rtol=1e-5)
    assert len(events.Scalars("batch_loss")) == 9
    assert len(events.Histograms(f"{model.weights[0].path}/histogram")) == 3
    validation = EventAccumulator(str(tmp_path / "validation"))
    validation.Reload()
    np.testing.assert_allclose([e.value for e in validation.Scalars("epoch_loss")], history.history["val_loss"], rtol=1e-5)


def test_history_finds_the_names_of_older_versions():
    from kerata.callbacks.history import Logs

    logs = Logs(accuracy=[1.0], val_accuracy=[0.5])
    assert logs["acc"] == [1.0] and logs["val_acc"] == [0.5] and "acc" in logs
    with pytest.raises(KeyError, match="accuracy"):
        logs["accuracyy"]


def test_callbacks_must_be_objects():
    with pytest.raises(TypeError, match="EarlyStopping"):
        fit(make(), callbacks.EarlyStopping)
