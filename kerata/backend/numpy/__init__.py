"""The NumPy backend: inference, shape checks and reference values; no gradients."""

name = "numpy"

import contextlib  # noqa: E402

from kerata.backend.numpy import linalg, xp  # noqa: E402,F401
from kerata.backend.numpy.arrays import *  # noqa: E402,F403
from kerata.backend.numpy.arrays import dtype, shape  # noqa: E402,F401
from kerata.backend.numpy.control import *  # noqa: E402,F403

with contextlib.suppress(ModuleNotFoundError):
    from kerata.backend.numpy.autodiff import *  # noqa: F403
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.numpy.nn  # noqa: F401
    from kerata.backend.numpy.nn import *  # noqa: F403
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.numpy.random  # noqa: F401
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.numpy.image  # noqa: F401
