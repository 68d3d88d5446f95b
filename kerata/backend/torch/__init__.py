"""The PyTorch backend: eager, in place, no device synchronisation in a step."""

name = "torch"

from kerata.backend.torch import image, linalg, nn, optim, random, xp  # noqa: E402,F401
from kerata.backend.torch.arrays import *  # noqa: E402,F403
from kerata.backend.torch.arrays import dtype, shape  # noqa: E402,F401
from kerata.backend.torch.autodiff import *  # noqa: E402,F403
from kerata.backend.torch.carried import carried  # noqa: E402,F401
from kerata.backend.torch.control import *  # noqa: E402,F403
from kerata.backend.torch.module import LayerModule  # noqa: E402
from kerata.backend.torch.nn import *  # noqa: E402,F403

native_bases = {"layer": LayerModule}
