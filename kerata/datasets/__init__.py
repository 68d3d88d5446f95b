"""Data sets: the classics, downloaded on first use, and four small ones that come with the package.

>>> import kerata
>>> (x_train, y_train), (x_test, y_test) = kerata.datasets.digits.load_data()
>>> x_train.shape, x_test.shape
((1438, 8, 8), (359, 8, 8))
"""

import importlib

DOWNLOADED = (
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
)
EMBEDDED = ("breast_cancer", "digits", "iris", "wine")

_BY_KIND = (
    "images: mnist, fashion_mnist, cifar10, cifar100, digits; text: imdb, reuters; "
    "tables: iris, wine, breast_cancer, california_housing, boston_housing"
)

__all__ = [*DOWNLOADED, *EMBEDDED]


def __getattr__(name: str):
    if name in __all__:
        return importlib.import_module(f"kerata.datasets.{name}")
    if name.startswith("__"):
        raise AttributeError(f"module 'kerata.datasets' has no attribute {name!r}")
    from kerata.utils.missing import missing_name

    raise missing_name("kerata.datasets", name, __all__, f" Data sets: {_BY_KIND}.")


def __dir__():
    return sorted([*globals(), *__all__])
