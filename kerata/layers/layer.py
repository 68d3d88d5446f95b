"""Layer: the base class of everything with weights and a `call`."""

from __future__ import annotations

import functools

from kerata import backend
from kerata.core import dtype_policy as policies
from kerata.core import dtypes, tree
from kerata.core.configurable import init_parameters, unknown_arguments
from kerata.core.keras_tensor import KerasTensor, any_symbolic
from kerata.core.masks import get_mask, set_mask
from kerata.core.native import NativeLayer, without_native
from kerata.core.operation import Node, Operation
from kerata.core.scopes import context, name_scope
from kerata.core.variable import Variable, ticks
from kerata.layers import call_plan
from kerata.layers._alike import remembered
from kerata.layers._building import build_within, spec_of_unbuilt
from kerata.layers._errors import check_positional, explain_strings
from kerata.layers._masked import Masked, masks_of
from kerata.layers.input_spec import InputSpec, check_inputs
from kerata.layers.state import LayerState, _AddedLosses, check_backends

_LEGACY_SHAPES = ("input_shape", "batch_input_shape", "batch_shape", "input_dim", "batch_size", "input_length")


class _NameScope:
    """The layer's name in the paths of variables; it keeps the parent under which it was first opened."""

    __slots__ = ("before", "layer", "owner")

    def __init__(self, layer):
        self.layer = layer

    def __enter__(self):
        layer = self.layer
        self.before, self.owner = context.names, context.names_owner
        if self.owner is layer:
            return
        if layer._parent_names is None:
            layer._parent_names = self.before
        context.names = (*layer._parent_names, layer.name)
        context.names_owner = layer

    def __exit__(self, *exc):
        context.names, context.names_owner = self.before, self.owner


def _wrap_build(build):
    """Around a class's `build`: the name scope, the record of shapes, and `built` afterwards."""

    @functools.wraps(build)
    def wrapped(self, *args, **kwargs):
        if self._building:  # a subclass's build calls super().build
            return build(self, *args, **kwargs)
        names = _argument_names(build)[1:]
        shapes = {**dict(zip(names, args)), **kwargs}
        object.__setattr__(self, "_building", True)
        try:
            with backend.backend_scope(self._backend), _NameScope(self):
                if self._policy_map is not None:
                    self._set_dtype_policy(self._policy_map)
                result = build(self, *args, **kwargs)
        finally:
            object.__setattr__(self, "_building", False)
        self._build_shapes_dict = shapes
        self.built = True
        self._after_build()
        self._restore_deferred()
        return result

    wrapped._kerata_wrapped = build
    return wrapped


def _argument_names(fn):
    code = fn.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


class Layer(LayerState, Masked, Operation, NativeLayer):
    """A piece of a model: weights, made in `build`, and a computation, in `call`.

    A subclass calls `super().__init__(**kwargs)`, makes weights in `build(input_shape)` with `add_weight`, and
    computes in `call(inputs)`. `get_config`, output shapes and dtypes are derived.

    Args:
        activity_regularizer: a regularizer of the outputs, whose value joins the loss; None by default.
        trainable: whether its weights are to be trained; True by default.
        dtype: a dtype name or `DTypePolicy`: what it computes in, and keeps its weights in; the global policy by default.
        autocast: whether float inputs are cast to the compute dtype; True by default.
        name: its name, unique in a model; made from the class's name by default.

    >>> class Scale(kerata.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")
    ...     def call(self, x):
    ...         return x * self.scale
    >>> Scale()(kerata.ops.ones((2, 3))).shape
    (2, 3)
    """

    _config_root = True
    _config_skip = frozenset(("name", "trainable", "dtype", "autocast", "activity_regularizer"))
    _building = False
    _backend = None
    _policy_map = None
    _fast = False
    _allow_non_tensor_positional_args = False
    _keeps_sparse = None  # `all` or `any`: of sparse inputs, how many make the output sparse
    _takes_strings = False
    _rowwise = False  # ragged inputs are computed value by value

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        build = cls.__dict__.get("build")
        if build is not None and not hasattr(build, "_kerata_wrapped"):
            cls.build = _wrap_build(build)

    def __init__(self, *, activity_regularizer=None, trainable=True, dtype=None, autocast=True, name=None, **kwargs):
        self._made_at = next(ticks)
        Operation.__init__(self, name=name)
        self._backend = backend.current()
        self._tensor = self._backend.Tensor
        if activity_regularizer is not None:
            from kerata import regularizers

            activity_regularizer = regularizers.get(activity_regularizer)
        self.activity_regularizer = activity_regularizer
        self._input_shape_arg = _input_shape_from(kwargs, type(self))
        self._trainable = bool(trainable)
        self.autocast = autocast
        self.built = False
        self.supports_masking = type(self).compute_mask is not Layer.compute_mask
        self.supports_jit = True
        self._input_spec = None
        self._parent_names = None
        self._remat = context.remat if context.remat is not None and context.remat.mode is not None else None
        self._losses: list = []
        self._weights: list[Variable] = []
        self._build_shapes_dict: dict | None = None
        self._set_dtype_policy(policies.get(dtype))

    # -- dtypes -----------------------------------------------------------------------------------------------
    def _set_dtype_policy(self, policy) -> None:
        self._policy_map = policy if hasattr(policy, "default_policy") else None
        if self._policy_map is not None:  # a DTypePolicyMap: by the path, which is known in the end when the layer is built
            policy = self._policy_map[self.path]
        self._dtype_policy = policy
        compute, variable = policy.compute_dtype, policy.variable_dtype
        self._autocast_to = compute if self.autocast and compute != variable else None
        self._fast = False

    @property
    def dtype_policy(self):
        """The `DTypePolicy` (or `DTypePolicyMap`) that the layer was given; it may be set."""
        return self._dtype_policy if self._policy_map is None else self._policy_map

    @dtype_policy.setter
    def dtype_policy(self, value):
        self._set_dtype_policy(policies.get(value))

    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self._dtype_policy.variable_dtype

    variable_dtype = dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computation."""
        return self._dtype_policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype to which float inputs are cast."""
        return self._dtype_policy.compute_dtype

    @property
    def quantization_mode(self):
        """The mode in which the layer was quantized, such as "int8", or None."""
        return self._dtype_policy.quantization_mode

    # -- building ---------------------------------------------------------------------------------------------
    def build(self, input_shape):
        """Make the weights; called once, before the first `call`. Subclasses define it.

        Args:
            input_shape: tuple with the batch axis (None where unknown), nested for several inputs.
        """

    build = _wrap_build(build)

    def _after_build(self) -> None:
        """A hook for containers."""

    def add_weight(self, shape=None, initializer=None, dtype=None, trainable=True, autocast=True, regularizer=None,
                   constraint=None, aggregation="none", overwrite_with_gradient=False, name=None):  # fmt: skip
        """Make a weight.

        Args:
            shape: tuple of integers; () by default.
            initializer: its first value; "glorot_uniform" for floats and "zeros" for the rest by default.
            dtype: the layer's variable dtype by default.
            trainable, autocast, aggregation, name: see `Variable`.
            regularizer, constraint: of this weight; None by default.
            overwrite_with_gradient: whether optimizers put the gradient in its place (scales of float8); False by default.

        Returns:
            The `Variable`.
        """
        from kerata import constraints, initializers, regularizers

        self._check_init()
        if isinstance(shape, str):
            raise ValueError(
                f"The first argument of add_weight() of layer {self.name!r} is the shape; got {shape!r}. Give the name "
                f"by its name: add_weight(shape=..., name={shape!r})."
            )
        dtype = dtypes.standardize_dtype(dtype) if dtype is not None else self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if dtype in dtypes.FLOATS else "zeros"
        initializer = initializers.get(initializer)
        # A weight that is made in __init__ has no parent in its path; where the layer stands is known when it is built.
        known = self._parent_names is not None or context.names_owner is self
        with backend.backend_scope(self._backend), _NameScope(self) if known else name_scope(self.name):
            variable = Variable(
                initializer, shape=() if shape is None else shape, dtype=dtype, trainable=trainable,
                autocast=autocast, aggregation=aggregation, name=name,
            )  # fmt: skip
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        if trainable and not self._trainable:
            variable.trainable = False
            variable._made_trainable = True
        self._weights.append(variable)
        return variable

    def add_variable(self, shape, initializer, dtype=None, trainable=True, autocast=True, regularizer=None,
                     constraint=None, name=None):  # fmt: skip
        """Make a weight: earlier Keras's name for `add_weight`; for the arguments see `add_weight`."""
        return self.add_weight(
            shape=shape, initializer=initializer, dtype=dtype, trainable=trainable, autocast=autocast,
            regularizer=regularizer, constraint=constraint, name=name,
        )  # fmt: skip

    def add_metric(self, *args, **kwargs):
        """Gone since Keras 3: whatever `args` and `kwargs` are, a NotImplementedError says what to do instead."""
        raise NotImplementedError(
            f"add_metric() of layer {self.name!r}: Keras 3 has no such method. Make the metric in `__init__`, call its "
            "update_state() in `call`, and it is reported; or pass it to `compile(metrics=[...])`."
        )

    def quantized_build(self, input_shape, mode):
        """Make the weights of a quantized form, for `input_shape` and `mode` ("int8", ...); layers that have one define it."""
        raise NotImplementedError(f"Layer {self.name!r} ({type(self).__name__}) has no quantized form of mode {mode!r}.")

    def _check_init(self) -> None:
        if self._backend is None:
            raise RuntimeError(
                f"{type(self).__name__}.__init__() did not call super().__init__(): add `super().__init__(**kwargs)` "
                "as its first line."
            )

    def _build_for(self, bound: dict, plan) -> None:
        """Build for the shapes of these arguments."""
        b = self._backend
        shapes = {}
        for name, value in bound.items():
            shape = call_plan.shapes_of(value, b)
            if shape is not None:
                shapes[name] = shape
        build = type(self).build
        original = getattr(build, "_kerata_wrapped", build)
        if original is Layer.build._kerata_wrapped:
            self.build(next(iter(shapes.values()), None))
            return
        wanted = _argument_names(original)[1:]
        if len(wanted) == 1 or len(shapes) <= 1:
            self.build(next(iter(shapes.values()), None))
            return
        given = {f"{n}_shape": s for n, s in shapes.items()}
        chosen = {n: given[n] for n in wanted if n in given}
        if not chosen:
            self.build(next(iter(shapes.values())))
            return
        self.build(**chosen)

    def get_build_config(self) -> dict | None:
        """The shapes that the layer was built for."""
        shapes = self._build_shapes_dict
        if not shapes:
            return None
        if len(shapes) == 1:
            return {"input_shape": next(iter(shapes.values()))}
        return {"shapes_dict": shapes}

    def build_from_config(self, config: dict) -> None:
        """Build for the shapes of `config`, which `get_build_config` gave."""
        if not config:
            return

        def plain(shape):
            return tree.map_shape_structure(tuple, shape) if shape is not None else None

        if "input_shape" in config:
            self.build(plain(config["input_shape"]))
        elif "shapes_dict" in config:
            self.build(**{k: plain(v) for k, v in config["shapes_dict"].items()})

    @property
    def path(self) -> str:
        """The layer's place in the model: what stands before its variables' names."""
        return "/".join((*(self._parent_names or ()), self.name))

    @property
    def input_spec(self):
        """What inputs are accepted: `InputSpec`s, nested as the inputs are, or None; it may be set."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value):
        if value is not None and any(not isinstance(v, InputSpec) for v in tree.flatten(value) if v is not None):
            raise TypeError(f"`input_spec` of layer {self.name!r} wants InputSpec objects, got {value!r}.")
        self._input_spec = value
        self._fast = False

    # -- calling ----------------------------------------------------------------------------------------------
    def __call__(self, *args, **kwargs):
        # The short way, for a settled layer and one tensor that needs neither cast, mask nor check by name.
        if self._fast and len(args) == 1 and not kwargs:
            x = args[0]
            if (
                type(x) is self._tensor
                and context.watch is None
                and x.dtype == self._fast_dtype
                and context.autocast is self._autocast_to
                and backend.current() is self._backend
                and getattr(x, "_keras_mask", None) is None
                and (context.in_call or not _AddedLosses.any)
                and (self._input_spec is None or self._input_spec.problem(x.shape) is None)
            ):
                try:
                    if not self._passes_training:
                        return self.call(x)
                    training = context.training
                    return self.call(x, training=self._training_default if training is None else training)
                except Exception as error:
                    self._note_call(error, x)
                    raise
        try:
            return self._call_in_full(args, kwargs)
        except Exception as error:
            explain_strings(self, (args, kwargs), error)
            raise

    def _call_in_full(self, args, kwargs):
        self._check_init()
        if backend.current() is not self._backend:
            with backend.backend_scope(self._backend):
                return self._call_in_full(args, kwargs)
        plan = call_plan.plan_of(self)
        if self._rowwise and args and hasattr(args[0], "with_flat_values"):  # a ragged tensor of TensorFlow
            return args[0].with_flat_values(self(args[0].flat_values, *args[1:], **kwargs))
        bound = plan.bind(args, kwargs, self)
        if self._policy_map is not None and not self.built:
            with _NameScope(self):
                self._set_dtype_policy(self._policy_map)
        bound = self._convert_arguments(bound, plan)
        symbolic = any_symbolic(bound.values())
        if self._allow_non_tensor_positional_args is False and not symbolic:
            check_positional(self, args, bound, plan)
        if self._input_spec is not None:
            inputs = bound.get(plan.first)
            check_inputs(self._input_spec, inputs, self.name, getattr(self, "_shape_hint", None))
        if not self.built:
            with _NameScope(self):
                self._build_for({n: v for n, v in bound.items() if n not in ("mask", *plan.mask_names)}, plan)
            if not self.built:
                self.built = True
        if symbolic:
            return self._record(plan, bound, len(args))
        return self._compute(plan, bound)

    def _convert_arguments(self, bound: dict, plan) -> dict:
        b, target = self._backend, self.compute_dtype
        cast = self.autocast

        def one(x):
            if isinstance(x, KerasTensor):  # cast when values come: a cast is no part of the graph
                return x
            if not b.is_tensor(x):
                if isinstance(x, Variable):
                    x = x.value
                elif hasattr(x, "__array__") and not isinstance(x, str | bytes):
                    x = self._convert_array(x)
                    if not b.is_tensor(x):  # strings
                        return x
                elif hasattr(x, "nnz"):  # a sparse matrix of SciPy
                    x = ops_composite().native(x)
                else:
                    return x
            if cast:
                dtype = b.dtype(x)
                if dtype in dtypes.FLOATS and dtype != target:
                    mask = get_mask(x)
                    x = set_mask(b.cast(x, target), mask) if mask is not None else b.cast(x, target)
            return x

        out = {}
        for name, value in bound.items():
            if isinstance(value, list | tuple | dict):
                value = tree.map_structure(one, value)
            elif value is not None and not isinstance(value, bool | int | float | str):
                value = one(value)
            out[name] = value
        return out

    def _convert_array(self, x):
        kind = getattr(getattr(x, "dtype", None), "kind", None)
        if kind in ("U", "S", "O"):
            return x
        return self._backend.convert(x)

    def _record(self, plan, bound, by_place: int):
        """A call on symbolic tensors, the first `by_place` without names: infer the outputs, and make a node of the graph."""
        call = {n: v for n, v in bound.items() if n != "training" or plan.takes_training or plan.takes_any}
        args, kwargs = plan.unbind(self._as_cast(call))
        with _NameScope(self):
            build_within(self, args, kwargs)
            outputs = self.compute_output_spec(*args, **kwargs)
            masks = bound.get("mask") if plan.takes_mask else None
            inputs = bound.get(plan.first)
            outputs = self._attach_masks(inputs, outputs, masks_of(inputs) if masks is None else masks)
        self._mark_composite(bound, outputs)
        if plan.variadic in bound:
            positional, recorded = plan.unbind(bound)
        else:
            recorded = dict(bound)
            positional = tuple(recorded.pop(name) for name in plan.names[:by_place])
        Node(self, positional, recorded, outputs)
        return outputs

    def _mark_composite(self, bound: dict, outputs) -> None:
        """Say of symbolic outputs that they will be sparse or ragged, if they will."""
        flat = [x for x in tree.flatten(bound) if isinstance(x, KerasTensor)]
        if not isinstance(outputs, KerasTensor) or outputs in flat:
            return
        if getattr(self, "sparse", False) is True or (
            self._keeps_sparse is not None and any(x.sparse for x in flat) and self._keeps_sparse(x.sparse for x in flat)
        ):
            outputs._sparse = True
        if any(x.ragged for x in flat) and len(outputs.shape) > 1 and outputs.shape[1] is None:
            outputs._ragged = True

    def _as_cast(self, bound: dict) -> dict:
        """The arguments with symbolic tensors of the dtypes that `call` will get."""
        target = self.compute_dtype

        def one(x):
            if isinstance(x, KerasTensor) and x.dtype in dtypes.FLOATS and x.dtype != target:
                cast = KerasTensor(x.shape, target, sparse=x.sparse, ragged=x.ragged, name=x.name)
                return set_mask(cast, get_mask(x))
            return x

        return tree.map_structure(one, bound) if self.autocast else bound

    def compute_output_spec(self, *args, **kwargs):
        """What `call` would give for `args` and `kwargs` with KerasTensors in place of tensors: it is run abstractly."""
        if not self.built:
            plan = call_plan.plan_of(self)
            bound = plan.bind(args, kwargs, self)
            return spec_of_unbuilt(self, bound, lambda layer: layer._build_for(bound, plan))
        if type(self).compute_output_shape is not Layer.compute_output_shape:
            return self._spec_from_shape(args, kwargs)
        return self._inferred_spec(args, kwargs)

    def _inferred_spec(self, args, kwargs):
        from kerata.core import symbolic

        def run(*args, **kwargs):
            plan = call_plan.plan_of(self)
            return self._compute(plan, plan.bind(args, kwargs, self))

        try:
            return remembered(self, args, kwargs, lambda: symbolic.infer(run, args, kwargs))
        except Exception as e:
            check_backends(self, f"layer {self.name!r}")
            self._note_where(e, [x.shape for x in tree.flatten((args, kwargs)) if isinstance(x, KerasTensor)])
            raise

    def _note_where(self, error: Exception, shapes) -> None:
        """Add to an error in which layer it came up, unless it was said."""
        if not getattr(error, "_layer_told", False):
            error._layer_told = True
            listed = ", ".join(str(tuple(s)) for s in shapes)
            called = f", called on input of shape {listed}" if listed else ""
            error.add_note(f"(in layer {self.name!r} ({type(self).__name__}){called})")

    def _note_call(self, error: Exception, inputs) -> None:
        """The same for a call on tensors."""
        if context.any_batch is None:  # else the caller knows the shapes
            self._note_where(error, [x.shape for x in tree.flatten(inputs) if self._backend.is_tensor(x)])

    def _spec_from_shape(self, args, kwargs):
        plan = call_plan.plan_of(self)
        shapes = {n: call_plan.shapes_of(v, self._backend) for n, v in plan.bind(args, kwargs, self).items()}
        shapes = {n: s for n, s in shapes.items() if s is not None}
        wanted = _argument_names(type(self).compute_output_shape)[1:]
        if len(wanted) > 1 and any(f"{n}_shape" in wanted for n in shapes):
            shape = self.compute_output_shape(**{f"{n}_shape": s for n, s in shapes.items() if f"{n}_shape" in wanted})
        else:
            shape = self.compute_output_shape(next(iter(shapes.values()), None))
        return tree.map_shape_structure(lambda s: KerasTensor(s, self.compute_dtype), shape)

    def compute_output_shape(self, *args, **kwargs):
        """The shape of the outputs, nested as they are, found by running `call` abstractly.

        Args:
            args, kwargs: shapes (tuples) in place of the tensors of `call`: `(None, 3)`, or `query_shape=...` by name.
        """
        plan = call_plan.plan_of(self)
        names = [n for n in plan.names if n not in ("training", "mask")]
        if kwargs:
            shapes = {k.removesuffix("_shape") if k != "input_shape" else names[0]: v for k, v in kwargs.items()}
            if args:
                shapes[names[0]] = args[0]
        else:
            shapes = dict(zip(names, args))
        inputs = {
            n: None if s is None else tree.map_shape_structure(lambda x: KerasTensor(x, self.compute_dtype), s)
            for n, s in shapes.items()
        }
        if self.built:
            out = self.compute_output_spec(**inputs)
        else:
            out = spec_of_unbuilt(self, inputs, lambda layer: layer._build_for(inputs, plan))
        return tree.map_structure(lambda x: x.shape if isinstance(x, KerasTensor) else x, out)

    def _compute(self, plan, bound):
        """A call on concrete (or traced) tensors."""
        outermost = not context.in_call
        before = (context.training, context.autocast, context.in_call)
        training = self._resolve_training(plan, bound)
        if outermost:
            self._clear_losses()
        inputs = bound.get(plan.first)
        masks = masks_of(inputs)
        self._pass_masks(plan, bound, masks)
        if plan.takes_mask:  # one that was given by name travels on as well
            masks = bound.get("mask")
        context.training, context.autocast, context.in_call = training, self._autocast_to, True
        try:
            with _NameScope(self):
                args, kwargs = plan.unbind(bound)
                if self._remat is not None and context.any_batch is None and self._backend.trains:
                    outputs = self.rematerialized_call(self.call, *args, **kwargs)
                else:
                    outputs = self.call(*args, **kwargs)
            outputs = self._attach_masks(inputs, outputs, masks)
            if self.activity_regularizer is not None:
                for x in tree.flatten(outputs):
                    if self._backend.is_tensor(x):
                        self._add_activity_loss(x)
        except Exception as e:
            self._note_call(e, inputs)
            raise
        finally:
            context.training, context.autocast, context.in_call = before
        if context.watch is not None:
            context.watch.layer(self, inputs, outputs)
        elif not self._fast:
            self._settle(plan)
        return outputs

    def _resolve_training(self, plan, bound):
        training = bound.pop("training", None)
        if training is None:
            training = context.training
        if training is None:
            training = plan.training_default
        if plan.takes_training:
            bound["training"] = training
        return training

    def _settle(self, plan) -> None:
        """After a first full call: whether the short way is open from now on."""
        spec = self._input_spec
        self._fast = bool(
            plan.simple
            and self.built
            and not plan.adds_losses
            and self.activity_regularizer is None
            and (spec is None or (isinstance(spec, InputSpec) and spec.dtype is None))
            and self._needs_no_context()
            and "call" not in self.__dict__
            and self._remat is None
            and self._backend.trains
        )
        if self._fast:
            self._fast_dtype = self._backend.native_dtype(self.compute_dtype)
            self._passes_training, self._training_default = plan.takes_training, plan.training_default

    def _needs_no_context(self) -> bool:
        """Whether nothing is to be handed on around `call`: masks, or to layers in it, whether they train."""
        return type(self).compute_mask is Layer.compute_mask and not self._held().layers

    def call(self, *args, **kwargs):
        """Compute the outputs from the inputs; subclasses define it.

        Args:
            args, kwargs: tensors of the backend in force, and options; of these `training` and `mask` are passed on by
                Kerata to layers whose `call` has them.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `call(self, inputs)`.")

    def stateless_call(self, trainable_variables, non_trainable_variables, *args, return_losses=False, **kwargs):
        """The call as a pure function of the variables' values.

        Args:
            trainable_variables, non_trainable_variables: values, in the order of the attributes of these names.
            *args, **kwargs: for the call.
            return_losses: whether to give the added losses as well.

        Returns:
            `(outputs, non_trainable_variables)`, and the losses if asked for.
        """
        from kerata.core.scopes import StatelessScope

        self._check_init()
        if not self.built:
            raise ValueError(
                f"stateless_call() needs a built layer: call {self.name!r} on some data, or its build(input_shape), first."
            )
        names = ("trainable_variables", "non_trainable_variables")
        mapping = []
        for name, values in zip(names, (trainable_variables, non_trainable_variables)):
            own, values = getattr(self, name), list(values)
            if len(own) != len(values):
                raise ValueError(f"stateless_call() of {self.name!r} wants {len(own)} {name}, but was given {len(values)}.")
            mapping += [(v, self._backend.convert(x)) for v, x in zip(own, values)]
        with StatelessScope(mapping) as scope:
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses else None
            self._clear_losses()
        new = [scope.get(v) for v in self.non_trainable_variables]
        return (outputs, new, losses) if return_losses else (outputs, new)

    def rematerialized_call(self, layer_call, *args, **kwargs):
        """`layer_call(*args, **kwargs)`, its activations computed again in the backward pass instead of kept.

        Args:
            layer_call: the layer's `call`, or a function like it.
            args, kwargs: what it is called with.

        Returns:
            What it gives. Where the `RematScope` in which the layer was made leaves it out, it is just called.
        """
        from kerata.core.remat import layer_outputs

        return layer_outputs(self, layer_call, args, kwargs)

    # -- copies and pickles -----------------------------------------------------------------------------------
    def __getstate__(self) -> dict:
        state = without_native(super().__getstate__())
        for name in ("_tensor", "_fast", "_fast_dtype", "_listing", "_last_held"):
            state.pop(name, None)
        return {**state, "_backend": self._backend.name, "_losses": []}

    def __setstate__(self, state: dict) -> None:
        b = backend.get(state["_backend"])
        super().__setstate__({**state, "_backend": b, "_tensor": b.Tensor})

    # -- config -----------------------------------------------------------------------------------------------
    def get_config(self) -> dict:
        """A JSON-ready dictionary from which `from_config` makes an equal layer (without its weights)."""
        from kerata.saving.serialization import serialize_value

        config = {"name": self.name, "trainable": self.trainable, "dtype": serialize_value(self._policies_in_files())}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = serialize_value(self.activity_regularizer)
        return {**config, **self._own_config()}

    def _policies_in_files(self):
        """The dtype policy; with those of quantized sublayers that this layer makes itself, by their paths."""
        from kerata.layers.wrappers.wrapper import Wrapper

        if self._policy_map is not None or hasattr(self, "get_layer") or isinstance(self, Wrapper):
            return self.dtype_policy
        quantized = {x.path: x._dtype_policy for x in self._flatten_layers(include_self=False) if x.quantization_mode}
        if not quantized:
            return self.dtype_policy
        from kerata.core.dtype_policy_map import DTypePolicyMap

        return DTypePolicyMap(self._dtype_policy, quantized)

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None):
        """A layer made from what `get_config` gave; what `__init__` does not take is set afterwards.

        Args:
            config: the dictionary.
            custom_objects: names of classes and functions that stand in it and are not registered.
        """
        if custom_objects:
            from kerata.saving import CustomObjectScope

            with CustomObjectScope(custom_objects):
                return cls.from_config(config)
        taken = init_parameters(cls)
        late = {k: config[k] for k in ("name", "trainable", "dtype") if k in config and k not in taken}
        layer = super().from_config({k: v for k, v in config.items() if k not in late})
        if late.get("name"):
            layer._name = late["name"]
        if "trainable" in late:
            layer.trainable = late["trainable"]
        if late.get("dtype") is not None:
            layer.dtype_policy = late["dtype"]
        return layer

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def __str__(self) -> str:
        return self.__repr__()


def ops_composite():
    """The ops of sparse and ragged tensors."""
    from kerata.ops import _composite

    return _composite


def _input_shape_from(kwargs: dict, cls: type):
    """Take the old ways to give an input shape out of `kwargs`; the batch shape, or None."""
    unknown = [k for k in kwargs if k not in (*_LEGACY_SHAPES, "weights", "input_dtype", "dynamic")]
    if unknown:
        raise ValueError(f"{unknown_arguments(cls, unknown)} First in a Sequential, also `input_shape`.")
    batch = kwargs.get("batch_size")
    for key in ("batch_shape", "batch_input_shape"):
        if kwargs.get(key) is not None:
            return tuple(kwargs[key])
    if kwargs.get("input_shape") is not None:
        shape = kwargs["input_shape"]
        return (batch, *((shape,) if isinstance(shape, int) else shape))
    if kwargs.get("input_dim") is not None:
        if "input_length" in kwargs:
            return (batch, kwargs["input_length"], int(kwargs["input_dim"]))
        return (batch, int(kwargs["input_dim"]))
    return None
