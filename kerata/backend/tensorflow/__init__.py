"""The TensorFlow backend: steps and chunks inside `tf.function`."""

name = "tensorflow"

import contextlib  # noqa: E402

from kerata.backend.tensorflow import linalg, xp  # noqa: E402,F401
from kerata.backend.tensorflow.arrays import *  # noqa: E402,F403
from kerata.backend.tensorflow.arrays import dtype, shape  # noqa: E402,F401
from kerata.backend.tensorflow.control import *  # noqa: E402,F403

with contextlib.suppress(ModuleNotFoundError):
    from kerata.backend.tensorflow.autodiff import *  # noqa: F403
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.tensorflow.nn  # noqa: F401
    from kerata.backend.tensorflow.nn import *  # noqa: F403
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.tensorflow.random  # noqa: F401
with contextlib.suppress(ModuleNotFoundError):
    import kerata.backend.tensorflow.image  # noqa: F401
