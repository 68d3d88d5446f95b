"""The NumPy backend: inference, shape checks and reference values; no gradients."""

name = "numpy"

from kerata.backend.numpy import linalg, nn, random, xp  # noqa: E402,F401
from kerata.backend.numpy.arrays import *  # noqa: E402,F403
from kerata.backend.numpy.arrays import dtype, shape  # noqa: E402,F401
from kerata.backend.numpy.autodiff import *  # noqa: E402,F403
from kerata.backend.numpy.control import *  # noqa: E402,F403
from kerata.backend.numpy.nn import *  # noqa: E402,F403
