"""The names of `keras.optimizers.legacy`, whose classes Keras 3 no longer has."""

from __future__ import annotations


class LegacyOptimizerWarning:
    """Says, when it is made, that the optimizers of early Keras 2 are gone."""

    def __init__(self, *args, **kwargs):
        raise ImportError(
            f"`optimizers.legacy.{type(self).__name__}` does not exist in Keras 3, and so not in Kerata. Use the class "
            "of that name in `kerata.optimizers`."
        )


Adagrad = type("Adagrad", (LegacyOptimizerWarning,), {})
Adam = type("Adam", (LegacyOptimizerWarning,), {})
Ftrl = type("Ftrl", (LegacyOptimizerWarning,), {})
Optimizer = type("Optimizer", (LegacyOptimizerWarning,), {})
RMSprop = type("RMSprop", (LegacyOptimizerWarning,), {})
SGD = type("SGD", (LegacyOptimizerWarning,), {})
