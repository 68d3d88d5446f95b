"""Trainer: compile, fit, evaluate and predict, as methods of Model."""

from __future__ import annotations

import warnings

from kerata.backend import backend_scope, is_auto
from kerata.core import placement, tree
from kerata.core.errors import did_you_mean
from kerata.core.gradients import value_and_grad
from kerata.core.masks import get_mask, set_mask
from kerata.layers.call_plan import plan_of
from kerata.layers.state import check_backends
from kerata.training import checks, loop
from kerata.training.arguments import known_arguments
from kerata.training.buckets import Buckets
from kerata.training.data.arrays import check_count
from kerata.training.steps import computed_loss, make_predict_step, make_step, unpack

_EVALUATE = ("x", "y", "batch_size", "verbose", "sample_weight", "steps", "callbacks", "return_dict")


class Trainer:
    """The training half of `Model`."""

    def _init_training(self) -> None:
        self.compiled = False
        self._finds_backend = False
        self._seconds_a_step: float | None = None  # as a trial of the present backend found, while others are not worth one
        self.stop_training = False
        self.stop_evaluating = self.stop_predicting = False
        self.optimizer = None
        self.loss = None
        self.run_eagerly = False
        self.jit_compile = None
        self.steps_per_execution = 1
        self.auto_scale_loss = True
        self.history = None
        self._compile_loss = self._compile_metrics = self._loss_tracker = None
        self._compile_arguments: dict | None = None
        self._compiled_steps: dict = {}  # and in which order the logs of a step are listed
        self.train_function = self.test_function = self.predict_function = None

    # -- compile ----------------------------------------------------------------------------------------------
    @known_arguments
    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None, weighted_metrics=None,
                run_eagerly=False, steps_per_execution=1, jit_compile="auto", auto_scale_loss=True,
                backend=None):  # fmt: skip
        """Say how to train.

        Args:
            optimizer: an `Optimizer` or its name.
            loss: a loss, its name, a function `(y_true, y_pred)`, or a dict or list of these, one for each output.
            loss_weights: numbers, in a dict or list likewise.
            metrics: a list of metrics (names, objects or functions), or a dict or list of lists, one for each output.
            weighted_metrics: likewise; these take sample and class weights into account.
            run_eagerly: run steps uncompiled, to step through them with a debugger.
            steps_per_execution: how many steps pass between calls of callbacks' batch hooks.
            jit_compile: "auto": as the backend is fastest; True: also compile where that is no default (PyTorch's
                `torch.compile`, TensorFlow's XLA); False: TensorFlow without XLA, JAX without `jit`.
            auto_scale_loss: with a mixed_float16 policy, scale the loss so that gradients keep their bits.
            backend: the name of a backend to move the model to; or "auto": the first `fit` tries some steps on each
                backend that is installed, for 20 s at most (`set_backend("auto", budget=seconds)`), and goes on
                with the fastest, which is remembered. By default the model stays where it is.

        Returns:
            None. (`model = model.compile(...)` would lose the model.)
        """
        from kerata import optimizers
        from kerata.metrics import Mean
        from kerata.training.compile_losses import CompileLoss
        from kerata.training.compile_metrics import CompileMetrics

        if isinstance(jit_compile, str) and jit_compile != "auto":
            raise ValueError(f"`jit_compile` is True, False or 'auto'; got {jit_compile!r}.")
        if run_eagerly and jit_compile is True:
            warnings.warn("compile(run_eagerly=True, jit_compile=True): eager steps are not compiled.", stacklevel=3)
            jit_compile = False
        arguments = {
            "optimizer": optimizer, "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution, "jit_compile": jit_compile,
        }  # fmt: skip
        self._finds_backend, self._seconds_a_step = is_auto() if backend is None else backend == "auto", None
        if backend not in (None, "auto"):
            self.to_backend(backend)
        with backend_scope(self._backend):
            self.optimizer = arguments["optimizer"] = optimizers.get(optimizer)
            if auto_scale_loss and self._dtype_policy.name == "mixed_float16" and self.optimizer is not None:
                from kerata.optimizers import LossScaleOptimizer

                if not isinstance(self.optimizer, LossScaleOptimizer):
                    self.optimizer = LossScaleOptimizer(self.optimizer, name="loss_scale_optimizer")
            names = getattr(self, "output_names", None)
            if loss is not None:  # without a loss or metrics those of the last time stay, as in Keras
                self.loss = loss
                self._compile_loss = loss if isinstance(loss, CompileLoss) else CompileLoss(
                    loss, loss_weights, output_names=names
                )
            if metrics is not None or weighted_metrics is not None:
                self._compile_metrics = CompileMetrics(metrics, weighted_metrics, output_names=names)
            self._loss_tracker = Mean(name="loss")
        self.run_eagerly = run_eagerly
        self.jit_compile = jit_compile
        self.steps_per_execution = check_count("`steps_per_execution`", steps_per_execution) or 1
        self.auto_scale_loss = auto_scale_loss
        self.stop_training = False
        self.compiled = True
        self._compile_arguments = arguments
        self._compiled_steps = {}

    def _check_compiled(self, what: str) -> None:
        if not self.compiled:
            overridden = f" (or override `{what}_step`)" if what == "train" else ""
            call = {"train": "fit", "test": "evaluate"}[what]
            raise ValueError(
                f"Model {self.name!r} must be compiled before {call}(): call model.compile(optimizer=..., loss=...){overridden}."
            )

    def _moved(self) -> None:
        """The model went to another backend, or changed its layers: what was compiled is void."""
        self._compiled_steps = {}
        for held in (self._loss_tracker, self._compile_metrics, self._compile_loss):
            if held is not None and hasattr(held, "to_backend"):
                held.to_backend(self._backend)

    # -- one step ---------------------------------------------------------------------------------------------
    def train_step(self, data):
        """One step of training on a batch; override it for a training of your own.

        Written with `kerata.value_and_grad`, an override runs compiled on every backend. Keras's forms for one backend
        work on that one: `train_step(self, state, data)` (JAX), `loss.backward()` (PyTorch), `GradientTape`
        (TensorFlow).

        Args:
            data: a batch: `x`, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            A dictionary of logs, such as `self.compute_metrics(...)` gives.
        """
        x, y, y_pred, sample_weight = self._train_core(data)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def _forward(self, x, training):
        """The model's outputs. A `call` without `training` leaves its layers in inference mode, as in Keras."""
        return self(x, training=training) if plan_of(self).takes_training else self(x)

    def _train_core(self, data, apply=None):
        x, y, sample_weight = unpack(data)
        optimizer = self.optimizer
        if optimizer is None:
            raise ValueError(f"Model {self.name!r} was compiled without an optimizer and cannot be trained.")
        variables = self.trainable_variables

        def forward():
            y_pred = self._forward(x, True)
            loss = computed_loss(self, True, x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
            return optimizer.scale_loss(loss), (loss, y_pred)

        if variables:
            (_, (loss, y_pred)), grads = value_and_grad(forward, variables, has_aux=True)()
            (apply or optimizer.apply)(grads, variables)
        else:
            _, (loss, y_pred) = forward()
        b = self._backend
        y_pred = self._detached(y_pred) if b.is_tensor(y_pred) else tree.map_structure(self._detached, y_pred)
        self._track_loss(b.stop_gradient(loss), x)
        return x, y, y_pred, sample_weight

    def _warn_if_frozen(self) -> None:
        if type(self).train_step is Trainer.train_step and not self.trainable_variables:
            checks.warn(
                f"Model {self.name!r} has no trainable weights, so training changes nothing but its statistics. Set "
                "`trainable = True` on the layers to train, and compile again."
            )

    def _detached(self, x):
        """`x` for the metrics: without its gradient, with its mask."""
        mask = get_mask(x)
        x = self._backend.stop_gradient(x)
        return x if mask is None else set_mask(x, mask)

    def test_step(self, data):
        """One step of evaluation: the loss and metrics of a batch, without training; may be overridden.

        Args:
            data: the batch, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            A dictionary of names and scalars.
        """
        x, y, y_pred, sample_weight = self._test_core(data)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def _test_core(self, data):
        x, y, sample_weight = unpack(data)
        y_pred = self._forward(x, False)
        loss = computed_loss(self, False, x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        self._track_loss(loss, x)
        return x, y, y_pred, sample_weight

    def predict_step(self, data):
        """The predictions for a batch; may be overridden.

        Args:
            data: the batch, `x` or `(x, ...)`.
        """
        return self._forward(unpack(data)[0], False)

    def _track_loss(self, loss, x) -> None:
        if self._loss_tracker is not None:
            size = next((self._backend.shape(a)[0] for a in tree.flatten(x) if a is not None), 1)
            self._loss_tracker.update_state(loss, sample_weight=size)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The scalar to minimise: the compiled loss, plus what layers added. May be overridden.

        Args:
            x, y, y_pred, sample_weight: inputs, targets, predictions and weights of a batch.
            training: whether it is for training.

        Returns:
            A scalar tensor.
        """
        losses = []
        if self._compile_loss is not None:
            if y is None:
                raise ValueError(
                    f"Model {self.name!r} was compiled with a loss but was given no targets: pass `y`, or batches (x, y). "
                    "(For losses from add_loss() alone, compile without `loss`.)"
                )
            loss = self._compile_loss(y, y_pred, sample_weight)
            if loss is not None:
                losses.append(loss)
        losses.extend(self.losses)
        if not losses:
            if self._compile_loss is None:
                raise ValueError(
                    f"Model {self.name!r} has nothing to minimise: compile(loss=...) was given no loss, and no layer adds one "
                    "with add_loss()."
                )
            raise ValueError(f"Model {self.name!r} has no loss for any of the targets that it was given.")
        total = losses[0]
        for loss in losses[1:]:
            total = total + (loss if len(loss.shape) == 0 else loss.sum())
        return total

    def stateless_compute_loss(self, trainable_variables, non_trainable_variables, metrics_variables, x=None, y=None,
                               y_pred=None, sample_weight=None, training=True):  # fmt: skip
        """`compute_loss` as a pure function of the variables' values.

        Args:
            trainable_variables, non_trainable_variables, metrics_variables: values, in the order of these attributes.
            x, y, y_pred, sample_weight, training: as of `compute_loss`.

        Returns:
            `(loss, (trainable, non_trainable, metrics) values)`.
        """
        from kerata.core.scopes import StatelessScope

        groups = (self.trainable_variables, self.non_trainable_variables, self.metrics_variables)
        values = (trainable_variables, non_trainable_variables, metrics_variables)
        mapping = [(v, x_) for group, given in zip(groups, values) for v, x_ in zip(group, given)]
        with StatelessScope(mapping) as scope:
            loss = computed_loss(self, training, x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        return loss, tuple([scope.get(v) for v in group] for group in groups)

    def compute_loss_and_updates(self, trainable_variables, non_trainable_variables, metrics_variables, x, y,
                                 sample_weight, training=False, optimizer_variables=None):  # fmt: skip
        """The forward pass and the loss as a pure function, for steps in Keras's form for JAX.

        Args:
            trainable_variables, non_trainable_variables, metrics_variables: values, in the order of these attributes.
            x, y, sample_weight: the batch.
            training: whether it is training; False by default.
            optimizer_variables: values of the optimizer's variables; None, the default, for what they hold.

        Returns:
            `(loss, (unscaled_loss, y_pred, non_trainable_variables, metrics_variables))`; `loss` is scaled where the
            optimizer scales it (`LossScaleOptimizer`).
        """
        from kerata.core.scopes import StatelessScope

        groups = [self.trainable_variables, self.non_trainable_variables, self.metrics_variables]
        values = [trainable_variables, non_trainable_variables, metrics_variables]
        scaled = training and self.optimizer is not None
        if scaled and optimizer_variables is not None:
            groups.append(self.optimizer.variables)
            values.append(optimizer_variables)
        mapping = [(v, given) for group, part in zip(groups, values) for v, given in zip(group, part)]
        with StatelessScope(mapping) as scope:
            y_pred = self._forward(x, training)
            loss = computed_loss(self, training, x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
            total = self.optimizer.scale_loss(loss) if scaled else loss
            self._clear_losses()
        new = [[scope.get(v) for v in group] for group in groups[1:3]]
        return total, (loss, y_pred, *new)

    def jax_state_sync(self) -> None:
        """Nothing: Keras's loop on JAX keeps values outside of the variables, here they are always up to date."""

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Update the metrics with a batch and give their results; may be overridden.

        Args:
            x, y, y_pred, sample_weight: tensors of the batch, nested as the model's inputs and outputs are.

        Returns:
            A dictionary of names and scalars.
        """
        self._update_compiled_metrics(x, y, y_pred, sample_weight)
        return self.get_metrics_result()

    def _update_compiled_metrics(self, x, y, y_pred, sample_weight) -> None:
        if self._compile_metrics is not None and y is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)

    def get_metrics_result(self) -> dict:
        """The present values of all metrics, by name."""
        logs = {}
        for metric in self.metrics:
            value = metric.result()
            if isinstance(value, dict):
                logs.update(value)
            else:
                logs[metric.name] = value
        return logs

    # -- metrics ----------------------------------------------------------------------------------------------
    @property
    def metrics(self) -> list:
        """The metrics: the loss, the compiled ones, and those that the model and its layers hold."""
        found = []
        if self.compiled:
            if self._loss_tracker is not None:
                found.append(self._loss_tracker)
            if self._compile_metrics is not None:
                found.append(self._compile_metrics)
            if self._compile_loss is not None:
                found.extend(self._compile_loss.metrics)
        found.extend(self._metrics)
        for layer in self._flatten_layers(include_self=False):
            if not isinstance(layer, Trainer):
                found.extend(layer._metrics)
        return found

    @property
    def metrics_names(self) -> list[str]:
        """The names of the metrics, in the order of `metrics`."""
        return [m.name for m in self.metrics]

    @property
    def metrics_variables(self) -> list:
        """The variables of all metrics."""
        return [v for m in self.metrics for v in m.variables]

    def reset_metrics(self) -> None:
        """Start all metrics again."""
        for metric in self.metrics:
            metric.reset_state()

    # -- building before the first step -----------------------------------------------------------------------
    def _prepare(self, batch, training: bool) -> None:
        """Make all weights, metric and optimizer variables, from the first batch; nothing is computed."""
        x, y, sample_weight = unpack(batch)
        y_pred = None
        needs_metrics = y is not None and self._compile_metrics is not None and not self._compile_metrics.built
        needs_loss = y is not None and self._compile_loss is not None and not self._compile_loss.built
        if not self._all_built() or needs_metrics or needs_loss:
            y_pred = self._predict_symbolically(x)
        if y_pred is not None:
            like = tree.map_structure(_symbol, (y, sample_weight))
            if needs_metrics:
                self._compile_metrics.build(like[0], y_pred)
            if needs_loss:
                self._compile_loss.build(like[0], y_pred)
        if training and self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    def _check_backends(self) -> None:
        check_backends(self, f"model {self.name!r}")

    def _all_built(self) -> bool:
        return all(layer.built for layer in self._flatten_layers())

    def _predict_symbolically(self, x):
        """The outputs' shapes and dtypes for a batch like `x`, as KerasTensors; None if they cannot be inferred."""
        inputs = tree.map_structure(_symbol, x)
        known = getattr(getattr(self, "_functional", None) or self, "_inputs", None)
        if known and known[0].shape and known[0].shape[0] is not None:  # a model of one batch size, as stateful layers want
            inputs = tree.map_structure(lambda s: s if s is None else type(s)((known[0].shape[0], *s.shape[1:]), s.dtype), inputs)
        try:
            spec = self(inputs) if not self.built else self.compute_output_spec(inputs)
            ends = getattr(self, "_outputs_struct", None)
            alone = isinstance(ends, list | tuple) and len(ends) == 1  # a call gives it without the list
            return spec[0] if alone and isinstance(spec, list | tuple) else spec
        except Exception:
            if type(self).train_step is not Trainer.train_step:
                return None  # its own step may use the data in another way than `call`; errors in it show there
            raise

    # -- compiled functions -----------------------------------------------------------------------------------
    def _mode(self):
        """What compilers are told: False (run eagerly), True (the backend's default), "always", or "plain" (graphs without XLA)."""
        if self.run_eagerly:
            return False
        if self.jit_compile is True and not self._backend.functional:
            return "always"
        if self.jit_compile is False:
            return False if self._backend.functional else "plain"
        return True

    def _state(self, kind: str) -> list:
        from kerata.layers.tracking import unique

        found = list(self.variables) if kind != "predict" else []
        if kind == "train":
            for layer in self._flatten_layers():
                for optimizer in layer._held().optimizers:
                    found.extend(optimizer.variables)
        if kind != "predict":
            found.extend(self.metrics_variables)
        return unique(found)

    def _compiled(self, kind: str, batch_size: int | None = None, ordered: bool = False, fresh: bool = False):
        """The compiled step (`batch_size` None) or chunk of steps of a kind, made once; `fresh`: with metrics that begin anew."""
        key = self._key(kind, batch_size, ordered, fresh)
        found = self._compiled_steps.get(key)
        if found is None:
            self._check_backends()
            if kind == "train":
                self._warn_if_frozen()
            b, mode, state = self._backend, self._mode(), self._state(kind)
            if kind == "predict":
                found = b.compile_step(make_predict_step(self), lambda out: out, state, mode, donate=False)
                found = Buckets(found, b) if b.functional and mode else found
            else:
                step, result = make_step(self, kind)
                step = step.with_fresh_metrics() if fresh else step
                if batch_size is None:
                    found = b.compile_step(step, result, state, mode, donate=kind == "train")
                else:
                    found = b.compile_chunk(step, result, state, batch_size, ordered, mode, donate=kind == "train")
            self._compiled_steps[key] = found
        return found

    def _key(self, kind: str, batch_size: int | None = None, ordered: bool = False, fresh: bool = False) -> tuple:
        """By what a compiled step or chunk is found again."""
        frozen = tuple(v.trainable for v in self.variables) if kind == "train" else ()
        return kind, batch_size, ordered, fresh, self._mode(), frozen, placement.current

    def _step_function(self, kind: str):
        """The function of a batch on the host: the user's, where a `make_..._function` is overridden, else the compiled step."""
        return loop.own_function(self, kind) or self._compiled(kind)

    def make_train_function(self, force: bool = False):
        """Make `self.train_function(iterator)`, which runs a step on the iterator's next batch; may be overridden.

        Args:
            force: whether to make it anew; False by default.
        """
        if self.train_function is None or force:
            self.train_function = lambda iterator: self._compiled("train")(next(iter(iterator)))
        return self.train_function

    def make_test_function(self, force: bool = False):
        """Make `self.test_function(iterator)`, the same for evaluation.

        Args:
            force: whether to make it anew; False by default.
        """
        if self.test_function is None or force:
            self.test_function = lambda iterator: self._compiled("test")(next(iter(iterator)))
        return self.test_function

    def make_predict_function(self, force: bool = False):
        """Make `self.predict_function(iterator)`, the same for predictions.

        Args:
            force: whether to make it anew; False by default.
        """
        if self.predict_function is None or force:
            self.predict_function = lambda iterator: self._compiled("predict")(next(iter(iterator)))
        return self.predict_function

    # -- the four verbs ---------------------------------------------------------------------------------------
    @known_arguments
    def fit(self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, validation_split=0.0,
            validation_data=None, shuffle=True, class_weight=None, sample_weight=None, initial_epoch=0,
            steps_per_epoch=None, validation_steps=None, validation_batch_size=None, validation_freq=1, *,
            resume=None):  # fmt: skip
        """Train for a number of epochs.

        Args:
            x, y: inputs and targets: arrays (NumPy, a backend's, pandas), nests of them by name or place; or as `x`
                alone a generator, `PyDataset`, `tf.data.Dataset` or `DataLoader` that gives batches `(x, y)` or
                `(x, y, sample_weight)`.
            batch_size: samples in a batch of arrays; by default so many that the steps asked for are all of them, or 32.
            epochs: the number of the last epoch.
            verbose: 0 silent, 1 a progress bar, 2 a line an epoch; "auto" is 1.
            callbacks: a list of `Callback`s.
            validation_split: the fraction of the arrays, from their end, to keep for validation.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or a source of batches to validate on.
            shuffle: whether to draw a new order of samples each epoch.
            class_weight: `{class: weight}` for the loss; for several outputs `{output: {class: weight}}`.
            sample_weight: a weight for each sample.
            initial_epoch: the epoch to begin with (to go on with a training).
            steps_per_epoch, validation_steps: batches in an epoch, in a validation; by default all.
            validation_batch_size: `batch_size` by default.
            validation_freq: validate each so many epochs, or in the epochs (from 1) listed.
            resume: a folder for the state of this training, which is saved there now and then. The same call in a new
                process goes on where the last one was stopped or killed, and ends with the same weights.

        Returns:
            A `History`; its `history` maps names of logs to lists with a value for each epoch.
        """
        self._check_compiled("train")
        if not self._backend.trains:
            from kerata.backend.numpy.autodiff import _MESSAGE

            raise NotImplementedError(f"fit() of model {self.name!r}: {_MESSAGE}")
        with backend_scope(self._backend):
            return loop.fit(
                self, x=x, y=y, batch_size=batch_size, epochs=epochs, verbose=verbose, callbacks=callbacks,
                validation_split=validation_split, validation_data=validation_data, shuffle=shuffle,
                class_weight=class_weight, sample_weight=sample_weight, initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch, validation_steps=validation_steps,
                validation_batch_size=validation_batch_size, validation_freq=validation_freq, resume=resume,
            )  # fmt: skip

    def evaluate(self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, steps=None, callbacks=None,
                 return_dict=False, **kwargs):  # fmt: skip
        """The loss and metrics on data, without training.

        Args:
            x, y, batch_size, sample_weight, verbose, callbacks: as in `fit`.
            steps: how many batches to use; all by default.
            return_dict: whether to give a dictionary; False by default.
            kwargs: none are taken.

        Returns:
            The loss, or a list `[loss, metric, ...]`, or a dictionary by name; Python floats.

        Raises:
            ValueError: if the model is not compiled, or data and targets do not fit it.
        """
        self._check_compiled("test")
        if kwargs:
            raise ValueError(f"evaluate() of model {self.name!r}: arguments not recognized: {', '.join(map(repr, kwargs))}."
                             + "".join(did_you_mean(k, _EVALUATE) for k in kwargs))
        with backend_scope(self._backend):
            logs = loop.evaluate(self, x, y, batch_size, verbose, sample_weight, steps, callbacks)
        return logs if return_dict else self._as_values(logs)

    def _as_values(self, logs: dict):
        """The logs without their names: those of a metric's own name first, in the metrics' order, then by name."""
        order = self._compiled_steps.get(("logs", *logs))
        if order is None:
            from kerata.training.compile_metrics import CompileMetrics

            names: list[str] = []
            for metric in self.metrics:
                names += [m.name for m in metric.metrics] if isinstance(metric, CompileMetrics) else [metric.name]
            names = [n for n in dict.fromkeys(names) if n in logs]
            order = self._compiled_steps[("logs", *logs)] = (*names, *sorted(set(logs) - set(names)))
        values = [logs[n] for n in order]
        return values[0] if len(values) == 1 else values

    @known_arguments
    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """The outputs for inputs, batch after batch.

        Args:
            x: inputs, as in `fit`.
            batch_size: samples in a batch; by default so many that `steps` batches are all of them, or 32.
            verbose, callbacks: as in `fit`.
            steps: how many batches to use; all by default.

        Returns:
            NumPy arrays, nested as the model's outputs are.
        """
        with backend_scope(self._backend):
            return loop.predict(self, x, batch_size, verbose, steps, callbacks)

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """One step of training on one batch.

        Args:
            x, y, sample_weight: arrays, as in `fit`.
            class_weight: `{class: weight}`; None by default.
            return_dict: whether to give a dictionary; False by default.

        Returns:
            The loss, or a list `[loss, metric, ...]`, or a dictionary by name.
        """
        self._check_compiled("train")
        if not self._backend.trains:
            return self.fit()
        return self._on_batch("train", x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """The loss and metrics on one batch, without training.

        Args:
            x, y, sample_weight: arrays, as in `fit`.
            return_dict: whether to give a dictionary; False by default.

        Returns:
            The loss, or a list `[loss, metric, ...]`, or a dictionary by name.
        """
        self._check_compiled("test")
        return self._on_batch("test", x, y, sample_weight, None, return_dict)

    def _on_batch(self, kind, x, y, sample_weight, class_weight, return_dict):
        with backend_scope(self._backend):
            batch = loop.one_batch(x, y, sample_weight, class_weight, getattr(self, "output_names", None))
            self._prepare(batch, training=kind == "train")
            step = loop.own_function(self, kind)
            fresh = step is None and type(self).reset_metrics is Trainer.reset_metrics
            if not fresh:
                self.reset_metrics()
            with loop.explained():
                logs = (step or self._compiled(kind, fresh=fresh))(batch)
            logs = loop.read(logs, self._backend)
        return logs if return_dict else self._as_values(logs)

    def predict_on_batch(self, x):
        """The outputs for one batch.

        Args:
            x: arrays, nested as the model's inputs are.

        Returns:
            NumPy arrays, nested as the outputs are.
        """
        with backend_scope(self._backend):
            batch = loop.one_batch(x, None, None, None)
            if self._key("predict") not in self._compiled_steps:
                self._prepare(batch, training=False)
            out = self._step_function("predict")(batch)
            return tree.map_structure(self._backend.to_numpy, out)

    # -- state as a tree --------------------------------------------------------------------------------------
    def _state_groups(self) -> dict:
        groups = {
            "trainable_variables": self.trainable_variables,
            "non_trainable_variables": self.non_trainable_variables,
        }
        if self.compiled:
            if self.optimizer is not None:
                groups["optimizer_variables"] = self.optimizer.variables
            groups["metrics_variables"] = self.metrics_variables
        return groups

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict:
        """The values of all variables in nested dictionaries by path.

        Args:
            value_format: "backend_tensor" or "numpy_array".
        """
        if value_format not in ("backend_tensor", "numpy_array"):
            raise ValueError(f"`value_format` is 'backend_tensor' or 'numpy_array'; got {value_format!r}.")
        out: dict = {}
        for group, variables in self._state_groups().items():
            out[group] = {}
            for v in variables:
                *parents, name = v.path.split("/")
                place = out[group]
                for part in parents:
                    place = place.setdefault(part, {})
                place[name] = v.value if value_format == "backend_tensor" else v.numpy().copy()
        return out

    def set_state_tree(self, state_tree: dict) -> None:
        """Assign what `get_state_tree` gave; what it does not name stays.

        Args:
            state_tree: nested dictionaries of arrays by path.
        """
        for group, variables in self._state_groups().items():
            for v in variables:
                place = state_tree.get(group)
                for part in v.path.split("/"):
                    place = place.get(part) if isinstance(place, dict) else None
                if place is not None:
                    v.assign(place)

    # -- compile in files -------------------------------------------------------------------------------------
    def get_compile_config(self) -> dict:
        """The arguments of `compile`, serialised; empty for a model that is not compiled."""
        if not self.compiled or self._compile_arguments is None:
            return {}
        from kerata.saving import serialize_keras_object

        return {k: serialize_keras_object(v) for k, v in self._compile_arguments.items()}

    def compile_from_config(self, config: dict) -> None:
        """Compile with what `get_compile_config` gave.

        Args:
            config: that dictionary.
        """
        from kerata.saving import deserialize_keras_object

        if type(self).compile is not Trainer.compile and type(self).get_compile_config is Trainer.get_compile_config:
            warnings.warn(
                f"Model {self.name!r} overrides compile() without get_compile_config(), so the loaded model is not compiled.",
                stacklevel=2,
            )
            return
        self.compile(**deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)


def _symbol(x):
    """A KerasTensor like an array of a batch, its first axis unknown."""
    from kerata.core.keras_tensor import KerasTensor

    if x is None or isinstance(x, KerasTensor):
        return x
    from kerata.core import dtypes
    from kerata.layers.call_plan import static_shape

    if not hasattr(x, "shape"):
        import numpy as np

        x = np.asarray(x)
    shape = static_shape(x)
    name = str(getattr(x.dtype, "name", x.dtype))
    dtype = "string" if name.startswith(("str", "object", "bytes")) else dtypes.standardize_dtype(x.dtype)
    return KerasTensor((None, *shape[1:]), dtype)
