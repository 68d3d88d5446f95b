"""JaxLayer and FlaxLayer: functions and modules of JAX as layers."""

from __future__ import annotations

import inspect
import weakref

import numpy as np

from kerata import ops
from kerata.core import tree
from kerata.core.errors import did_you_mean, need
from kerata.core.variable import Variable
from kerata.layers.layer import Layer
from kerata.random.seed_generator import SeedGenerator

_CALL = ("params", "state", "rng", "inputs", "training")
_INIT = ("rng", "inputs", "training")
_on_tensorflow = weakref.WeakKeyDictionary()  # layer -> its functions as TensorFlow's, which cannot be copied with it


class JaxLayer(Layer):
    """A pure JAX function as a layer, on the backends "jax" and "tensorflow".

    Args:
        call_fn: a function whose arguments have these names, in any order: `params` (nested arrays, trained),
            `state` (nested arrays, not trained), `rng` (a key), `inputs`, `training` (a bool). It gives the
            outputs; if it takes `state`, the pair of outputs and new state.
        init_fn: a function of `rng`, `inputs` and perhaps `training` that gives the first params, or the pair
            of params and state; None if these are given.
        params, state: the first values, in place of `init_fn`; None.
        seed: integer for the keys; None for a draw from the global seed.
        native_serialization_platforms: on TensorFlow, the platforms that the function is made for, such as
            `("cpu", "cuda")`; None for the one that is here.

    A model's file holds the names of the functions: register them with `register_keras_serializable`.

    Input shape:
        What `call_fn` takes; so is the output's what it gives.

    Raises:
        ValueError: if the backend is another, a function has an argument of another name, or first values
            are missing.
        TypeError: if `call_fn` is no function.

    >>> import jax, kerata
    >>> def init(rng, inputs):
    ...     return {"w": jax.random.normal(rng, (inputs.shape[-1], 2))}
    >>> def call(params, inputs):
    ...     return inputs @ params["w"]
    >>> with kerata.backend.backend_scope("jax"):
    ...     kerata.layers.JaxLayer(call, init)(jax.numpy.ones((4, 3))).shape
    (4, 2)
    """

    _config_skip = Layer._config_skip | {"params", "state", "seed"}

    def __init__(self, call_fn, init_fn=None, params=None, state=None, seed=None, native_serialization_platforms=None,
                 **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        need("jax", type(self).__name__)
        if self._backend.name not in ("jax", "tensorflow"):
            raise ValueError(
                f"{type(self).__name__} needs the backend 'jax' or 'tensorflow'; the backend is {self._backend.name!r}. Set "
                "KERATA_BACKEND=jax, or make the model in `with kerata.backend.backend_scope('jax'):`."
            )
        self.call_fn, self.init_fn, self.seed = call_fn, init_fn, seed
        self.native_serialization_platforms = native_serialization_platforms
        self._takes = _arguments_of(call_fn, "call_fn", _CALL, ("inputs",))
        self._init_takes = () if init_fn is None else _arguments_of(init_fn, "init_fn", _INIT, ("rng", "inputs"))
        self._check_values(init_fn, params, state)
        self.seed_generator = SeedGenerator(seed) if "rng" in self._takes else None
        self.params = self._variables(params, True) if params is not None else None
        self.state = self._variables(state, False) if state is not None else None
        if init_fn is None:
            self.built = True

    def _check_values(self, init_fn, params, state) -> None:
        wanted = {n for n in ("params", "state") if n in self._takes}
        for name, value in (("params", params), ("state", state)):
            if value is not None and name not in wanted:
                raise ValueError(f"`{name}` was given to {type(self).__name__}, but `call_fn` has no argument {name!r}.")
        missing = [n for n in wanted if {"params": params, "state": state}[n] is None]
        if missing and init_fn is None:
            raise ValueError(
                f"`call_fn` of {type(self).__name__} takes {', '.join(map(repr, sorted(missing)))}: give "
                "`init_fn`, or the first values."
            )

    def _variables(self, values, trainable: bool):
        """The same structure with a weight for each array."""
        jax = need("jax", type(self).__name__)

        def one(value):
            value = np.asarray(value)
            return self.add_weight(
                shape=value.shape, initializer=lambda shape, dtype: value, dtype=str(value.dtype), trainable=trainable
            )

        return jax.tree_util.tree_map(one, values)

    def build(self, input_shape):
        jax = need("jax", type(self).__name__)
        if self.params is not None or self.state is not None or self.init_fn is None:
            return

        def ones(shape):
            return jax.numpy.ones([1 if n is None else n for n in shape], self.compute_dtype)

        given = {
            "rng": self._first_key(),
            "inputs": tree.map_shape_structure(ones, input_shape),
            "training": True,
        }
        with jax.ensure_compile_time_eval():
            values = self.init_fn(*(given[n] for n in self._init_takes))
        params, state = values if "params" in self._takes and "state" in self._takes else (
            (values, None) if "params" in self._takes else (None, values)
        )
        self.params = None if params is None else self._variables(params, True)
        self.state = None if state is None else self._variables(state, False)

    def _first_key(self):
        generator = self.seed_generator or SeedGenerator(self.seed)
        if self._backend.name == "jax":
            return generator.next()
        with need("tensorflow", type(self).__name__).init_scope():
            return need("jax", type(self).__name__).numpy.asarray(ops.convert_to_numpy(generator.next()))

    def call(self, inputs, training=False):
        jax = need("jax", type(self).__name__)
        given = {"inputs": inputs, "training": bool(training)}
        for name in ("params", "state"):
            if name in self._takes:
                given[name] = jax.tree_util.tree_map(lambda v: v.value, getattr(self, name), is_leaf=_is_variable)
        if self.seed_generator is not None:
            given["rng"] = self.seed_generator.next()
        out = self.call_fn(*(given[n] for n in self._takes)) if self._backend.name == "jax" else self._through_tensorflow(given)
        if "state" not in self._takes:
            return out
        out, new = out
        held = jax.tree_util.tree_leaves(self.state, is_leaf=_is_variable)
        for variable, value in zip(held, jax.tree_util.tree_leaves(new), strict=True):
            variable.assign(value)
        return out

    def _through_tensorflow(self, given: dict):
        """What `call_fn` gives, as a function of TensorFlow with its gradient."""
        names = [n for n in self._takes if n != "training"]
        shapes = [tree.map_structure(_symbolic_shape, given[n]) if n == "inputs" else None for n in names]
        known = _on_tensorflow.setdefault(self, {})
        key = (given["training"], repr(shapes))
        if key not in known:
            known[key] = self._converted(names, shapes, given["training"])
        if "rng" in given:
            given["rng"] = ops.cast(given["rng"], "uint32")
        return known[key](*(tree.map_structure(ops.convert_to_tensor, given[n]) for n in names))

    def _converted(self, names, shapes, training: bool):
        from jax.experimental import jax2tf

        call_fn, takes = self.call_fn, self._takes

        def pure(*values):
            given = {**dict(zip(names, values)), "training": training}
            return call_fn(*(given[n] for n in takes))

        made = jax2tf.convert(pure, polymorphic_shapes=shapes, native_serialization_platforms=self.native_serialization_platforms)
        return need("tensorflow", type(self).__name__).function(made, autograph=False)

    @classmethod
    def from_config(cls, config: dict):
        """A layer from its config; functions are those that are registered under the names it holds."""
        return super().from_config(_read(config, ("call_fn", "init_fn")))


class FlaxLayer(JaxLayer):
    """A `flax.linen.Module` as a layer, on the backends "jax" and "tensorflow".

    Args:
        module: the module. If its method takes `training` or `deterministic`, it is told.
        method: a method of the module, or its name; `__call__` if None.
        variables: the module's variables, as `module.init` gives them: "params" are trained, other
            collections are state. None to make them when the layer is built.

    A model's file holds the module's `get_config()`: its class must have that method, and be registered.

    Input shape:
        What the method takes; so is the output's what it gives.

    Raises:
        ValueError: if the backend is neither "jax" nor "tensorflow".
        ImportError: if JAX is not installed.

    Example (not run):

        import flax.linen as nn
        layer = kerata.layers.FlaxLayer(nn.Dense(3))
        layer(kerata.ops.ones((2, 4)))  # of shape (2, 3)
    """

    _config_skip = JaxLayer._config_skip | {"variables", "call_fn", "init_fn", "native_serialization_platforms"}

    def __init__(self, module, method=None, variables=None, **kwargs):
        self.module, self.method = module, method
        told = _told(module, method)
        params, state = (None, None) if variables is None else _split(variables)

        def run(params, state, rng, inputs, training):
            more = {} if told is None else {told: training if told == "training" else not training}
            mutable = list(state) if training and state else False
            out = module.apply(
                {**_own("params", params), **state}, inputs, rngs={"dropout": rng}, method=method, mutable=mutable, **more
            )
            return (out[0], {**state, **out[1]}) if mutable else (out, state)

        def init(rng, inputs, training):
            more = {} if told is None else {told: training if told == "training" else not training}
            keys = {"params": rng, "dropout": rng}
            return _split(module.init(keys, inputs, **({} if method is None else {"method": method}), **more))

        given = {} if variables is None else {"params": params, "state": state}
        super().__init__(call_fn=run, init_fn=init if variables is None else None, **given, **kwargs)

    def _config_value(self, name):
        from kerata.saving.serialization import serialize_keras_object

        return serialize_keras_object(getattr(self, name)) if name in ("module", "method") else super()._config_value(name)

    @classmethod
    def from_config(cls, config: dict):
        """A layer from its config; the module's class is one that is registered under the name it holds."""
        return super(JaxLayer, cls).from_config(_read(config, ("module", "method")))


def _own(name: str, values) -> dict:
    return {name: values} if values else {}


def _split(variables):
    """The collection "params", and the others."""
    variables = dict(variables)
    params = variables.pop("params", {})
    return params, variables


def _told(module, method) -> str | None:
    """The argument by which the module's method is told whether it is trained."""
    fn = getattr(module, method, None) if isinstance(method, str) else method or type(module).__call__
    names = inspect.signature(fn).parameters if callable(fn) else ()
    return next((n for n in ("training", "deterministic") if n in names), None)


def _arguments_of(fn, what: str, known: tuple, required: tuple) -> tuple[str, ...]:
    """The names of a function's arguments, which are all among the `known` ones."""
    if not callable(fn):
        raise TypeError(f"`{what}` is a function; got {fn!r}.")
    names = tuple(inspect.signature(fn).parameters)
    for name in names:
        if name not in known:
            raise ValueError(
                f"`{what}` takes an argument {name!r}, which is unknown.{did_you_mean(name, known)} It may take: "
                f"{', '.join(known)}."
            )
    for name in required:
        if name not in names:
            raise ValueError(f"`{what}` must take the argument {name!r}; it takes: {', '.join(names) or 'none'}.")
    return names


def _read(config: dict, names) -> dict:
    from kerata.saving.serialization import deserialize_keras_object

    return {k: deserialize_keras_object(v) if k in names and isinstance(v, dict) else v for k, v in config.items()}


def _symbolic_shape(x) -> str | None:
    """A shape as JAX writes it, with letters for sizes that are not known yet; None where all are."""
    if None not in x.shape:
        return None
    return f"({', '.join(('b' if i == 0 else f'd{i}') if n is None else str(n) for i, n in enumerate(x.shape))},)"


def _is_variable(x) -> bool:
    return isinstance(x, Variable)
