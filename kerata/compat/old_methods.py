"""Methods and arguments of Keras 1 and 2, put on Kerata's classes in a process of `kerata run`."""

from __future__ import annotations

import functools

import numpy as np

# Arguments of `fit`, `evaluate` and `predict` that moved to the data set (`PyDataset(workers=...)`).
_LOADING = ("workers", "use_multiprocessing", "max_queue_size", "max_q_size", "nb_worker", "pickle_safe")
_RENAMED = {"nb_epoch": "epochs", "samples_per_epoch": None, "nb_val_samples": None, "generator": "x"}


def install() -> None:
    """Add them."""
    from kerata.callbacks import ModelCheckpoint
    from kerata.models import Model
    from kerata.optimizers import Optimizer

    for name in ("fit", "evaluate", "predict"):
        setattr(Model, name, _takes_old_arguments(getattr(Model, name)))
        setattr(Model, f"{name}_generator", _generator_form(name))
    Model.predict_proba = Model.predict
    Model.predict_classes = _predict_classes
    Model.save_weights = _saves_weights_as_h5(Model.save_weights)
    Optimizer.__init__ = _takes_lr(Optimizer.__init__)
    Optimizer.lr = property(lambda self: self.learning_rate, lambda self, rate: setattr(self, "learning_rate", rate))
    ModelCheckpoint.__init__ = _without(ModelCheckpoint.__init__, "period")


def _takes_old_arguments(method):
    @functools.wraps(method)
    def call(self, *args, **kwargs):
        for name in _LOADING:
            kwargs.pop(name, None)
        for old, new in _RENAMED.items():
            if old in kwargs:
                value = kwargs.pop(old)
                if new is not None:
                    kwargs[new] = value
        return method(self, *args, **kwargs)

    return call


def _generator_form(name: str):
    steps = "steps_per_epoch" if name == "fit" else "steps"

    def call(self, generator, *args, **kwargs):
        if args:
            kwargs[steps], *rest = args
            if rest:
                raise TypeError(f"{name}_generator(): give what follows `{steps}` by name.")
        return getattr(self, name)(generator, **kwargs)

    call.__name__ = f"{name}_generator"
    return call


def _predict_classes(self, x, batch_size=None, verbose=0):
    """The most probable class of each sample; of one output, whether it is above one half."""
    scores = self.predict(x, batch_size=batch_size, verbose=verbose)
    return scores.argmax(-1) if scores.shape[-1] > 1 else (scores > 0.5).astype(np.int32)


def _saves_weights_as_h5(method):
    """Keras 2 took any name for a file of weights; `load_weights` looks at what is in it."""

    @functools.wraps(method)
    def save_weights(self, filepath, overwrite=True, save_format=None, options=None, **kwargs):
        path = str(filepath)
        if not path.endswith((".h5", ".hdf5")) or path.endswith(".weights.h5") or kwargs:
            return method(self, filepath, overwrite=overwrite, **kwargs)
        from kerata.saving import model_files

        if model_files.may_write(path, overwrite):
            with model_files.atomic.replacing(path) as temporary:
                model_files._write_weights(self, temporary)

    return save_weights


def _takes_lr(init):
    @functools.wraps(init)
    def call(self, learning_rate, *args, lr=None, decay=0.0, **kwargs):
        if lr is not None:
            learning_rate = lr
        if decay:
            from kerata.optimizers.schedules import InverseTimeDecay

            learning_rate = InverseTimeDecay(learning_rate, 1, decay)
        init(self, learning_rate, *args, **kwargs)

    return call


def _without(init, name: str):
    @functools.wraps(init)
    def call(self, *args, **kwargs):
        if kwargs.get(name) in (None, 1):
            kwargs.pop(name, None)
        init(self, *args, **kwargs)

    return call
