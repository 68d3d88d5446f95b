"""The names of `keras.optimizers.legacy`, whose classes Keras 3 no longer has."""

from __future__ import annotations


class LegacyOptimizerWarning:
    """Says, when it is made, that the optimizers of early Keras 2 are gone.

    Raises:
        ImportError: always; it names the class to use.

    >>> import kerata
    >>> kerata.optimizers.legacy.Adam()
    Traceback (most recent call last):
        ...
    ImportError: The classes of `optimizers.legacy` do not exist in Keras 3, ...
    """

    def __init__(self, *args, **kwargs):
        raise ImportError(
            "The classes of `optimizers.legacy` do not exist in Keras 3, and so not in Kerata. Use the class of the same "
            "name in `kerata.optimizers`: `optimizers.Adam` for `optimizers.legacy.Adam`."
        )


Adagrad = Adam = Ftrl = Optimizer = RMSprop = SGD = LegacyOptimizerWarning
