"""The PyTorch backend: eager, in place, no device synchronisation in a step."""

name = "torch"

import contextlib  # noqa: E402

from kerata.backend.torch import linalg, xp  # noqa: E402,F401
from kerata.backend.torch.arrays import *  # noqa: E402,F403
from kerata.backend.torch.arrays import dtype, shape  # noqa: E402,F401
from kerata.backend.torch.carried import carried  # noqa: E402,F401
from kerata.backend.torch.control import *  # noqa: E402,F403

with contextlib.suppress(ModuleNotFoundError):
    from kerata.backend.torch.autodiff import *  # noqa: F403
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.torch.nn  # noqa: F401
    from kerata.backend.torch.nn import *  # noqa: F403
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.torch.random  # noqa: F401
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.torch.image  # noqa: F401
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.torch.optim  # noqa: F401
