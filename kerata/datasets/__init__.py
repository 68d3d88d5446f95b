"""Data sets: the classics, downloaded on first use, and four small ones that come with the package.

>>> import kerata
>>> (x_train, y_train), (x_test, y_test) = kerata.datasets.digits.load_data()
>>> x_train.shape, x_test.shape
((1438, 8, 8), (359, 8, 8))
"""

import importlib
import sys

from kerata.core.lazy import missing as _missing

DOWNLOADED = (
    "boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters",
)  # fmt: skip
EMBEDDED = ("breast_cancer", "digits", "iris", "wine")
_NOTE = (
    " Images: mnist, fashion_mnist, cifar10, cifar100, digits; text: imdb, reuters; "
    "tables: iris, wine, breast_cancer, california_housing, boston_housing."
)

__all__ = [*DOWNLOADED, *EMBEDDED]


def __getattr__(name: str):
    if name in __all__:
        return importlib.import_module(f"kerata.datasets.{name}")
    error = _missing(__name__, name, __all__, "data set", sys._getframe(1))
    if not name.startswith("__"):
        error.args = (error.args[0] + _NOTE,)
        if isinstance(error, ImportError):
            error.msg = error.args[0]
    raise error


def __dir__():
    return sorted([*globals(), *__all__])
