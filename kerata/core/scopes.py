"""What is in force in this thread: variable values, names, autocast, training.

A `StatelessScope` maps variables to values and catches assignments. Inside it, code that reads and writes
variables as usual is a function of the mapping: this is how one `train_step` becomes a pure function for JAX.
"""

from __future__ import annotations

import contextlib
import threading


class _Context(threading.local):
    scope: StatelessScope | None = None
    names: tuple = ()
    names_owner: object = None  # the layer whose name is the last of `names`
    autocast: str | None = None
    training: bool | None = None
    in_call: bool = False
    symbolic: bool = False
    any_batch: int | None = None  # while shapes are inferred: the batch size that stands for an unknown one
    remat: object = None
    recomputing: bool = False  # inside a layer whose activations are computed again in the backward pass
    watch: object = None  # what sees every call of a layer (training/not_finite.py)
    budget: object = None  # while a file is loaded: how many bytes of weights it may make (saving/limits.py)


context = _Context()


class StatelessScope:
    """Values for variables that count instead of their own while the scope is open, and catch what is assigned.

    Code that reads and assigns variables becomes a function of the mapping without side effects: so a `train_step` can
    be compiled by JAX.

    Args:
        state_mapping: pairs `(variable, value)` or a dictionary; none by default, so that variables keep their values.
        collect_losses: whether the losses that layers add are gathered in `scope.losses`; False by default.
        initialize_variables: taken for the sake of old programs; variables have values from the start.

    >>> v = kerata.Variable(1.0)
    >>> with kerata.StatelessScope([(v, kerata.ops.convert_to_tensor(5.0))]) as scope:
    ...     result = v.assign_add(1.0)
    >>> float(result), float(scope.get_current_value(v)), float(v)
    (6.0, 6.0, 1.0)
    """

    def __init__(self, state_mapping=None, collect_losses: bool = False, initialize_variables: bool = True):
        self.values: dict[int, object] = {}
        self.variables: dict[int, object] = {}
        self.written: set[int] = set()
        self.collect_losses = collect_losses
        self.losses: list = []
        self.parent: StatelessScope | None = None
        self.abstract = None  # a backend's `abstract_value` while shapes are inferred
        self.missed: dict[int, object] | None = None  # variables that were read without a value here, if wanted
        for variable, value in dict_pairs(state_mapping):
            self.values[id(variable)] = value
            self.variables[id(variable)] = variable

    def get(self, variable):
        """The value of a variable in this scope or an enclosing one; its own, if none has it.

        Args:
            variable: a `Variable`.

        Returns:
            A tensor of the variable's shape and dtype.
        """
        key = id(variable)
        scope = self
        while scope is not None:
            value = scope.values.get(key)
            if value is not None:
                return value
            if scope.abstract is not None:
                value = scope.abstract(variable._value)
                scope.values[key] = value
                scope.variables[key] = variable
                return value
            if scope.missed is not None:
                scope.missed[key] = variable
            scope = scope.parent
        return variable._value

    def get_current_value(self, variable):
        """The value that this scope has for a variable, or None."""
        return self.values.get(id(variable))

    def set(self, variable, value) -> None:
        """Remember `value` for `variable` while the scope is open."""
        key = id(variable)
        self.values[key] = value
        self.variables[key] = variable
        self.written.add(key)

    def add_update(self, update) -> None:
        """Remember the value of a variable, given as the pair `(variable, value)`, until the scope closes."""
        self.set(*update)

    def add_loss(self, loss) -> None:
        """Gather a loss, a scalar tensor, in `scope.losses`."""
        self.losses.append(loss)

    def updates(self) -> list[tuple]:
        """`(variable, value)` for each variable that was assigned in the scope."""
        return [(self.variables[k], self.values[k]) for k in self.variables if k in self.written]

    def __enter__(self):
        self.parent = context.scope
        context.scope = self
        return self

    def __exit__(self, *exc):
        context.scope = self.parent
        self.parent = None


def dict_pairs(mapping):
    """The pairs of a mapping given as pairs, a dict, or None."""
    if mapping is None:
        return ()
    return mapping.items() if hasattr(mapping, "items") else mapping


def in_stateless_scope() -> bool:
    return context.scope is not None


def get_stateless_scope() -> StatelessScope | None:
    return context.scope


class SymbolicScope:
    """Says that code inside computes shapes and dtypes, not values: `in_symbolic_scope()` is then True.

    >>> import kerata
    >>> with kerata.SymbolicScope():
    ...     y = kerata.layers.Dense(2)(kerata.KerasTensor((None, 3)))
    >>> y.shape
    (None, 2)
    """

    def __enter__(self):
        self._before, context.symbolic = context.symbolic, True
        return self

    def __exit__(self, *exc):
        context.symbolic = self._before


def in_symbolic_scope() -> bool:
    """Whether shapes are being inferred, or a `SymbolicScope` is open."""
    return context.symbolic or (context.scope is not None and context.scope.abstract is not None)


class name_scope:  # noqa: N801  (public API)
    """Variables made inside have `name/` at the front of their paths.

    Args:
        name: string without "/".

    Raises:
        ValueError: for a name with "/".

    >>> with kerata.name_scope("outer"), kerata.name_scope("inner"):
    ...     kerata.Variable(0.0, name="v").path
    'outer/inner/v'
    """

    def __init__(self, name: str, **kwargs):
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"A name scope's name is a string without '/'; got {name!r}.")
        self.name = name
        self._before: list = []

    def __enter__(self):
        self._before.append((context.names, context.names_owner))
        context.names, context.names_owner = (*context.names, self.name), None
        return self

    def __exit__(self, *exc):
        context.names, context.names_owner = self._before.pop()


def current_path() -> str:
    """The open name scopes, joined with '/'."""
    return "/".join(context.names)


class AutocastScope:
    """Read float variables as `dtype` inside."""

    def __init__(self, dtype: str | None):
        self.dtype = dtype

    def __enter__(self):
        self._before = context.autocast
        context.autocast = self.dtype
        return self

    def __exit__(self, *exc):
        context.autocast = self._before


@contextlib.contextmanager
def training_scope(training: bool | None):
    """Make `training` the default of layer calls inside."""
    before = context.training
    context.training = training
    try:
        yield
    finally:
        context.training = before
