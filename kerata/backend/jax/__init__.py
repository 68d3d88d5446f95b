"""The JAX backend: pure compiled functions, whole chunks of an epoch in one call."""

name = "jax"

from kerata.backend import malloc  # noqa: E402
from kerata.backend.jax import composite, disk_cache, linalg, nn, placement, random, xp  # noqa: E402,F401
from kerata.backend.jax.arrays import *  # noqa: E402,F403
from kerata.backend.jax.arrays import dtype, shape  # noqa: E402,F401
from kerata.backend.jax.autodiff import *  # noqa: E402,F403
from kerata.backend.jax.control import *  # noqa: E402,F403
from kerata.backend.jax.nn import *  # noqa: E402,F403
from kerata.backend.jax.placement import place  # noqa: E402,F401
from kerata.backend.jax.recurrent import lstm  # noqa: E402,F401

disk_cache.enable()
if malloc.tune_for_threads():
    reused_memory = malloc.reused
