"""The names of `keras.optimizers.legacy`, whose classes Keras 3 no longer has."""

from __future__ import annotations


class LegacyOptimizerWarning:
    """Says, when it is made, that the optimizers of early Keras 2 are gone."""

    def __init__(self, *args, **kwargs):
        raise ImportError(
            "The classes of `optimizers.legacy` do not exist in Keras 3, and so not in Kerata. Use the class of the same "
            "name in `kerata.optimizers`: `optimizers.Adam` for `optimizers.legacy.Adam`."
        )


Adagrad = Adam = Ftrl = Optimizer = RMSprop = SGD = LegacyOptimizerWarning
