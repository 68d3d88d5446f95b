"""SeedGenerator: a saved counter that makes a new seed for each random draw."""

from __future__ import annotations

import numpy as np

from kerata import backend
from kerata.core.configurable import Configurable
from kerata.core.host_variable import HostVariable
from kerata.core.names import auto_name
from kerata.core.scopes import context, name_scope
from kerata.utils import seeds

_WORD = 0xFFFFFFFF


class SeedGenerator(Configurable):
    """Makes seeds: each `next()` gives (seed, count) and counts up, so that draws differ and runs repeat.

    Pass one as `seed` to the functions of `kerata.random`. Layers keep one each; its state is saved with the model.

    Args:
        seed: integer from 0 to 2**32 - 1; made from the process's seed (`set_random_seed`) by default.
        name: its name, also that of the state's scope; made up by default.
        kwargs: `backend`, the name of the backend for its state; that in force by default.

    Raises:
        ValueError: for a seed that is no such integer.

    >>> generator = kerata.random.SeedGenerator(7)
    >>> generator.next().tolist(), generator.next().tolist()
    ([7, 0], [7, 1])
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs):
        module = kwargs.pop("backend", None)
        if kwargs:
            raise ValueError(f"SeedGenerator() does not know the arguments {sorted(kwargs)}; it takes `seed`, `name`.")
        self.name = name or auto_name("SeedGenerator")
        self.seed = None if seed is None else check_seed(seed, "SeedGenerator()")
        start = _fresh() if seed is None else self.seed
        module = backend.current() if module is None else backend.get(getattr(module, "name", module))
        with backend.backend_scope(module), name_scope(self.name.replace("/", "_")):
            self.state = HostVariable(
                np.array([start, 0], "uint32"), dtype="uint32", trainable=False, name="seed_generator_state"
            )

    def next(self, ordered: bool = True):
        """The seed for the next draw; the count goes up by one.

        Args:
            ordered: taken for the sake of old programs.

        Returns:
            A tensor of two uint32, seed and count.
        """
        state = self.state
        seed = self.draw()
        return state._backend.convert(np.array(seed, "uint32")) if isinstance(seed, tuple) else seed

    def draw(self):
        """Like `next`, as two Python integers where the backend takes them (all but TensorFlow, outside scopes)."""
        state = self.state
        if state.on_host:
            first, counter = state.get_host()
            state.set_host((first, (counter + 1) & _WORD))
            return first, counter
        random = state._backend.random
        with backend.backend_scope(state._backend):
            value = random.snapshot(state.value)
            state.assign(random.advance(value))
        return value

    def to_backend(self, name) -> None:
        """Move the state to another backend."""
        self.state.to_backend(name)

    def get_config(self) -> dict:
        return {"seed": self.seed, "name": self.name}


def check_seed(seed, where: str) -> int:
    """`seed` as a Python integer, or a ValueError."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise ValueError(f"Argument `seed` of {where} must be an integer; got {seed!r} of type {type(seed).__name__}.")
    if not 0 <= seed <= _WORD:
        raise ValueError(f"Argument `seed` of {where} must be from 0 to 2**32 - 1; got {seed}.")
    return int(seed)


def _fresh() -> int:
    """A start for a generator without a seed of its own: follows the process's seed."""
    return int(np.random.SeedSequence(seeds.new_seed()).generate_state(1)[0])


_global: dict[str, SeedGenerator] = {}  # one a backend, for draws without a seed


def global_seed_generator() -> SeedGenerator:
    """The generator behind draws that are given no seed, on the backend in force."""
    b = backend.current()
    found = _global.get(b.name)
    if found is None:
        found = _global[b.name] = SeedGenerator(name="global_seed_generator")
    if context.scope is None and b.random.tracing():
        raise ValueError(
            "A random function without a seed was called while JAX traces a function: the numbers would be drawn once "
            "and be constants of the compiled program. Pass `seed=kerata.random.SeedGenerator(...)` and give its "
            "`state` to the function through `kerata.StatelessScope`, or compile with `kerata.jit`, which finds it."
        )
    return found


def reset_global_seed_generator() -> None:
    """Forget the generators of draws without a seed (after `set_random_seed`)."""
    _global.clear()


def draw_seed(seed):
    """What a backend's random functions take, from a `seed` argument: SeedGenerator, integer, None, or a key of the backend's."""
    if isinstance(seed, SeedGenerator):
        return seed.draw()
    if seed is None:
        return global_seed_generator().draw()
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        key_data = getattr(backend.current().random, "key_data", None)
        pair = key_data(seed) if key_data is not None else None
        if pair is not None:
            return pair
        raise ValueError(
            f"`seed` is an integer, a SeedGenerator, or None for the global one; got {seed!r}, of type {type(seed).__name__}."
        )
    return check_seed(seed, "a random function"), 0
