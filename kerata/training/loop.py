"""The loop: epochs, chunks of steps, logs, callbacks."""

from __future__ import annotations

import contextlib
import itertools
import time

import numpy as np

from kerata.backend import backend_scope
from kerata.backend.protocol import PreferSteps
from kerata.callbacks.backup_and_restore import with_resume
from kerata.callbacks.callback_list import CallbackList
from kerata.core import config, tree
from kerata.layers.state import Listing
from kerata.training import auto, checks
from kerata.training.arguments import fraction, frequency, verbosity, whole
from kerata.training.check_indices import check_indices as _check_indices
from kerata.training.data import ArraySource, is_array_like, make_source, train_validation_split
from kerata.training.data.arrays import check_count
from kerata.training.data.class_weight import check_class_weight, weigh
from kerata.training.data.packing import as_batch
from kerata.training.interrupt import DeferredInterrupt

# Logs are read this often (seconds): often enough for a lively progress bar and for Ctrl-C.
_TICK = 0.15


def read(logs, b) -> dict:
    """Logs as Python numbers (or NumPy arrays where they are no scalars). Waits for the device.

    A metric whose result is a dictionary, such as all the compiled ones together, adds the entries of that. They are in the
    order of their names, as in Keras, and so they stand in the history and on the screen.
    """

    def number(x):
        x = b.to_numpy(x)
        return float(x) if np.ndim(x) == 0 else x

    flat: dict = {}
    for name, value in sorted((logs or {}).items()):
        flat.update(read(value, b) if isinstance(value, dict) else {name: tree.map_structure(number, value)})
    return flat


@contextlib.contextmanager
def explained(runner=None):
    """Errors of NumPy functions on a backend's tensors say which op to use instead; those of a batch that fits no input, so."""
    try:
        yield
    except Exception as e:
        better = checks.explain_numpy_error(e)
        if better is None and runner is not None and not isinstance(e, ValueError):
            better = checks.misfit(runner.model, runner.batch)
        if better is None:
            raise
        raise better from e


class _Pace:
    """How many steps to run in one call, so that a call takes about `_TICK` seconds."""

    def __init__(self, fixed: int | None):
        self.fixed = fixed
        self.n = fixed or 1
        self._first = True

    def measured(self, n: int, seconds: float) -> None:
        if self.fixed is not None:
            return
        if self._first:  # it was compiled in this call
            self._first = False
            return
        self.n = max(1, min(int(n * _TICK / max(seconds, 1e-6)), 16 * self.n))


class Runner:
    """Runs epochs of train or test steps of a model over one source; `epochs` is how many are planned in all."""

    def __init__(self, model, kind: str, source, callbacks: CallbackList, epochs: int = 1):
        self.model, self.kind, self.source, self.callbacks, self.epochs = model, kind, source, callbacks, epochs
        self.backend = model._backend
        wanted = callbacks.wants_every_batch(kind)
        self.pace = _Pace(model.steps_per_execution if wanted else None)
        self.begin = getattr(callbacks, f"on_{kind}_batch_begin")
        self.end = getattr(callbacks, f"on_{kind}_batch_end")
        self.limit = config.max_steps_per_epoch()
        self._data = self.batch = None
        self.first = 0  # the step with which the next epoch begins
        self.function = own_function(model, kind)

    def epoch(self, number: int, interrupt: DeferredInterrupt) -> dict:
        """Run an epoch; its last logs as numbers."""
        self.interrupt = interrupt
        self.model._listing = Listing(self.model)
        try:
            with explained(self):
                logs = self._epoch(number)
                if self.first and not logs:  # all its steps had been done before
                    logs = read(self.model.get_metrics_result(), self.backend)
                return logs
        finally:
            self.model._listing, self.first, self.batch = None, 0, None

    def _epoch(self, number: int) -> dict:
        checks_steps = self.kind == "train" and config.is_nan_check_enabled()
        if self.function is None and self.source.resident and not checks_steps:
            return self._over_arrays(number)
        return self._over_batches(number)

    def _stopped(self) -> bool:
        self.interrupt.check()
        return self.model.stop_training if self.kind == "train" else self.model.stop_evaluating

    def _over_arrays(self, number: int) -> dict:
        source, size = self.source, self.source.batch_size
        ordered = source.ordered
        host_order = source.order(number)
        full = len(host_order) // size
        if self.limit is not None:
            full = min(full, self.limit)
        chunk = self.model._compiled(self.kind, size, ordered) if full else None
        if getattr(chunk, "refused", False):
            return self._over_batches(number)
        if hasattr(chunk, "expect"):
            chunk.expect(full * self.epochs)
        if full and self.pace.fixed is None:  # a chunk that ran in a `fit` before goes on at the pace found there
            self.pace = chunk.pace = getattr(chunk, "pace", self.pace)
        if self._data is None:
            self._data = self.backend.to_device(source.data)
        order = self.backend.convert(host_order) if ordered else None
        logs, i = {}, self.first
        rest = host_order[full * size :] if full != self.limit else ()
        joined = len(rest) > 0 and full % (self.pace.fixed or 1) != 0  # the last, smaller batch ends a group of steps
        while i < full:
            n = min(self.pace.n, full - i)
            self.begin(i, None)
            start = time.perf_counter()
            try:
                logs = read(chunk(self._data, order, i, n), self.backend)
            except PreferSteps:
                break
            self.pace.measured(n, time.perf_counter() - start)
            i += n
            if i == full and joined:
                break
            self.end(i - 1, logs)
            if self._stopped():
                return logs
        if getattr(chunk, "refused", False):
            self._data = None
            return self._over_batches(number, begun=True)
        if len(rest):
            if not joined:
                self.begin(i, None)
            logs = read(self.model._compiled(self.kind)(source.gather(rest)), self.backend)
            self.end(i, logs)
            self._stopped()
        return logs

    def _over_batches(self, number: int, begun: bool = False) -> dict:
        fixed, logs, i, due = self.pace.fixed, {}, self.first - 1, 0.0
        step = self.function or self.model._compiled(self.kind)
        if self.kind == "train" and config.is_nan_check_enabled():
            from kerata.training.not_finite import checked

            step = checked(self, step, number)
        held = None
        for i, batch in enumerate(self.source.epoch_from(number, self.first), self.first):
            if (fixed is None or i % fixed == 0) and not (begun and i == self.first):
                self.begin(i, None)
            self.batch = batch
            held = step(batch)
            now = time.perf_counter()
            last = self.limit is not None and i + 1 >= self.limit
            if (i + 1) % fixed == 0 if fixed else now >= due:
                logs, held = read(held, self.backend), None
                self.end(i, logs)
                due = time.perf_counter() + _TICK
                if self._stopped():
                    return logs
            if last:
                break
        if held is not None:
            logs = read(held, self.backend)
            self.end(i, logs)
            self._stopped()
        return logs


def _reused_memory(b):
    """The backend's way to use memory again while many steps run."""
    return getattr(b, "reused_memory", contextlib.nullcontext)()


def own_function(model, kind: str):
    """The user's function of a batch, where `make_<kind>_function` is overridden; None where it is not."""
    from kerata.training.trainer import Trainer

    name = f"make_{kind}_function"
    if getattr(type(model), name) is getattr(Trainer, name):
        return None
    function = getattr(model, name)() or getattr(model, f"{kind}_function")
    return lambda batch: function(iter([model._backend.to_device(batch)]))


def fit(model, *, x, y, batch_size, epochs, verbose, callbacks, validation_split, validation_data, shuffle, class_weight,
        sample_weight, initial_epoch, steps_per_epoch, validation_steps, validation_batch_size, validation_freq, resume=None):  # fmt: skip
    """See `Trainer.fit`."""
    epochs, initial_epoch = whole("epochs", epochs), whole("initial_epoch", initial_epoch)
    validation_split, validation_freq = fraction("validation_split", validation_split), frequency(validation_freq)
    validation_batch_size = check_count("validation_batch_size", validation_batch_size)
    verbose = verbosity(verbose)
    if class_weight is not None:
        class_weight = check_class_weight(class_weight, getattr(model, "output_names", None))
    if validation_split and validation_data is None:
        if not is_array_like(x):
            raise ValueError(
                f"`validation_split` splits arrays; `x` is a {type(x).__name__}. Pass `validation_data` instead."
            )
        (x, y, sample_weight), validation_data = train_validation_split((x, y, sample_weight), validation_split)
    source = make_source(x, y, sample_weight, batch_size, steps_per_epoch, shuffle, class_weight)
    validation = None
    if validation_data is not None:
        validation = _validation_source(validation_data, validation_batch_size or batch_size, validation_steps)
    model._prepare(source.peek(), training=True)
    _check_data(model, source)
    _check_validation(model, source, validation)
    checks.warn_of_inference(model)
    model.stop_training = False
    if config.max_epochs() is not None:
        epochs = min(epochs, config.max_epochs())
    if model._finds_backend:
        model._finds_backend = not auto.settle(model, source, epochs - initial_epoch)
    callbacks = as_callback_list(
        with_resume(callbacks, resume), model, add_history=True, verbose=verbose, epochs=epochs, steps=source.num_batches
    )
    runner = Runner(model, "train", source, callbacks, epochs)
    tester = Runner(model, "test", validation, callbacks, epochs) if validation is not None else None
    model._fit_source = source  # for callbacks that save how far it has come
    try:
        with backend_scope(model._backend), _reused_memory(model._backend), DeferredInterrupt() as interrupt:
            _epochs(model, runner, tester, callbacks, interrupt, initial_epoch, epochs, validation_freq)
    finally:
        model._fit_source = None
        source.close()
        if validation is not None and validation is not validation_data:
            validation.close()
    return model.history


def _epochs(model, runner, tester, callbacks, interrupt, initial_epoch, epochs, validation_freq) -> None:
    callbacks.on_train_begin()
    initial_epoch = getattr(model, "_initial_epoch", None) or initial_epoch  # where BackupAndRestore goes on
    runner.first = getattr(model, "_initial_step", None) or 0
    model._initial_epoch = model._initial_step = None
    logs: dict = {}
    told = False
    for epoch in range(initial_epoch, epochs):
        model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        runner.source.on_epoch_begin()
        logs = dict(runner.epoch(epoch, interrupt))
        runner.source.on_epoch_end()
        if tester is not None and _validates(epoch, validation_freq) and not runner.interrupt.pending:
            results = _test(model, tester, callbacks, interrupt)
            logs.update({f"val_{k}": v for k, v in results.items()})
        if not told:
            told = checks.warn_if_not_finite(model, logs, epoch)
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training or getattr(runner.source, "exhausted", False):
            break
    optimizer = model.optimizer
    if optimizer is not None and epochs > 0 and hasattr(optimizer, "finalize_variable_values"):
        optimizer.finalize_variable_values(model.trainable_weights)
    callbacks.on_train_end(logs)


def _validates(epoch: int, freq) -> bool:
    return (epoch + 1) % freq == 0 if isinstance(freq, int) else epoch + 1 in freq


def _validation_source(data, batch_size, steps):
    if isinstance(data, tuple | list) and is_array_like(data):
        if len(data) not in (1, 2, 3):
            raise ValueError(f"`validation_data` is (x, y) or (x, y, sample_weight); got {len(data)} parts.")
        return make_source(*data, batch_size=batch_size, steps=steps)
    return make_source(data, batch_size=batch_size if is_array_like(data) else None, steps=steps)


def _check_data(model, source) -> None:
    """What can be seen in the data before training."""
    if isinstance(source, ArraySource):
        checks.check_fit_data(model, *(*source.data, None, None)[:3])
        _check_indices(model, source.data[0], "x")


def _check_validation(model, source, validation) -> None:
    """What can be seen in the validation data before training."""
    if not isinstance(validation, ArraySource):
        return
    _check_indices(model, validation.data[0], "validation_data[0]")
    targets = [len(s.data) > 1 and s.data[1] is not None for s in (source, validation) if isinstance(s, ArraySource)]
    if targets[-1] is False and targets[0] and model._compile_loss is not None:
        raise ValueError(
            "`validation_data` has no targets: give `(x, y)` or `(x, y, sample_weight)`, a tuple. Without targets the loss of "
            f"model {model.name!r} cannot be computed."
        )


def _test(model, tester: Runner, callbacks, interrupt) -> dict:
    model.reset_metrics()
    model.stop_evaluating = False
    callbacks.on_test_begin()
    tester.source.on_epoch_begin()
    logs = tester.epoch(0, interrupt)
    tester.source.on_epoch_end()
    callbacks.on_test_end(logs)
    return logs


def evaluate(model, x, y, batch_size, verbose, sample_weight, steps, callbacks) -> dict:
    """See `Trainer.evaluate`; gives the logs."""
    source = make_source(x, y, sample_weight, batch_size, steps)
    model._prepare(source.peek(), training=False)
    _check_data(model, source)
    callbacks = as_callback_list(callbacks, model, verbose=verbose, epochs=1, steps=source.num_batches)
    with _reused_memory(model._backend), DeferredInterrupt() as interrupt:
        return _test(model, Runner(model, "test", source, callbacks), callbacks, interrupt)


def predict(model, x, batch_size, verbose, steps, callbacks):
    """See `Trainer.predict`."""
    b = model._backend
    source = make_source(x, batch_size=batch_size, steps=steps)
    if source.num_samples is None or source.num_samples > (source.batch_size or 0) or not model.built:
        model._prepare(source.peek(), training=False)
    callbacks = as_callback_list(callbacks, model, verbose=verbose, epochs=1, steps=source.num_batches)
    if isinstance(source, ArraySource):
        _check_indices(model, source.data[0], "x")
    step = model._step_function("predict")
    model.stop_predicting = False
    callbacks.on_predict_begin()
    outputs: list = []
    group = model.steps_per_execution if callbacks.wants_every_batch("predict") else None
    due, told = 0.0, 0  # when callbacks are next called; how many batches they know of

    def tell() -> None:
        nonlocal due, told
        logs = {"outputs": _joined(outputs[told:], b)} if group else None
        told, due = len(outputs), time.perf_counter() + _TICK
        callbacks.on_predict_batch_end(told - 1, logs)

    source.on_epoch_begin()
    # A single batch changes nothing that Ctrl-C could leave half done.
    with DeferredInterrupt(source.num_batches != 1) as interrupt:
        for i, batch in enumerate(itertools.islice(source.epoch(0), config.max_steps_per_epoch())):
            if i == told and (group or not i):
                callbacks.on_predict_batch_begin(i)
            outputs.append(step(batch))
            if (i + 1) % group == 0 if group else time.perf_counter() >= due:
                tell()
            interrupt.check()
            if model.stop_predicting:
                break
        if group and told < len(outputs):
            tell()
    source.on_epoch_end()
    callbacks.on_predict_end()
    if not outputs:
        raise ValueError("predict() was given no data.")
    return _joined(outputs, b)


def _joined(outputs: list, b):
    """The outputs of some batches as NumPy arrays of the caller's own."""
    if len(outputs) == 1:
        return tree.map_structure(lambda a: np.array(b.to_numpy(a)), outputs[0])
    return tree.map_structure(lambda *parts: np.concatenate([b.to_numpy(p) for p in parts]), *outputs)


def as_callback_list(callbacks, model, *, add_history=False, verbose="auto", epochs=1, steps=None) -> CallbackList:
    if isinstance(callbacks, CallbackList):
        if add_history and model.history is None:
            raise ValueError("The CallbackList given to fit() has no History: make it with add_history=True.")
        return callbacks
    verbose = verbosity(verbose)
    return CallbackList(
        callbacks, add_history=add_history, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=epochs,
        steps=steps,
    )  # fmt: skip


def one_batch(x, y, sample_weight, class_weight, names=None) -> tuple:
    """A single batch as the steps take it."""
    from kerata.training.data.arrays import count_samples, standardise

    x, y, sample_weight = standardise(x, y, sample_weight)
    if len(tree.flatten(x)) == 1:  # several inputs may be a graph: its nodes, its edges
        count_samples(x, y, sample_weight)
    if class_weight is not None:
        sample_weight = weigh(y, sample_weight, check_class_weight(class_weight, names))
    return as_batch(x, y, sample_weight)


