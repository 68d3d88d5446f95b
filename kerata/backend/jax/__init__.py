"""The JAX backend: pure compiled functions, whole chunks of an epoch in one call."""

name = "jax"

import contextlib  # noqa: E402

from kerata.backend.jax import linalg, xp  # noqa: E402,F401
from kerata.backend.jax.arrays import *  # noqa: E402,F403
from kerata.backend.jax.arrays import dtype, shape  # noqa: E402,F401
from kerata.backend.jax.control import *  # noqa: E402,F403

with contextlib.suppress(ModuleNotFoundError):
    from kerata.backend.jax.autodiff import *  # noqa: F403
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.jax.nn  # noqa: F401
    from kerata.backend.jax.nn import *  # noqa: F403
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.jax.random  # noqa: F401
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.jax.image  # noqa: F401
