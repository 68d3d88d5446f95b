"""The TensorFlow backend: steps and chunks inside `tf.function`."""

name = "tensorflow"

from kerata.backend.tensorflow import _import  # noqa: E402

_import.load()

from kerata.backend.tensorflow import composite, image, linalg, nn, optim, random, xp  # noqa: E402,F401
from kerata.backend.tensorflow.arrays import *  # noqa: E402,F403
from kerata.backend.tensorflow.arrays import dtype, shape  # noqa: E402,F401
from kerata.backend.tensorflow.autodiff import *  # noqa: E402,F403
from kerata.backend.tensorflow.control import *  # noqa: E402,F403
from kerata.backend.tensorflow.nn import *  # noqa: E402,F403
from kerata.backend.tensorflow.recurrent import *  # noqa: E402,F403
from kerata.backend.tensorflow.trackable import TrackableParts  # noqa: E402

native_bases = dict.fromkeys(("layer", "optimizer", "variable"), TrackableParts)
