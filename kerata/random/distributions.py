"""Draws from distributions. `seed` is an integer (the same draw each time), a SeedGenerator, or None."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerata import backend
from kerata.core import dtypes
from kerata.core.keras_tensor import KerasTensor
from kerata.ops._op import arrays, floating, op
from kerata.random.seed_generator import SeedGenerator, draw_seed

Seed = int | SeedGenerator | None  # on JAX also a key: jax.random.key(0)


def _float_dtype(dtype, function: str) -> str:
    name = dtypes.standardize_dtype(dtype)
    if name not in dtypes.FLOATS:
        hint = " For integers use `kerata.random.randint`." if function == "uniform" else ""
        raise ValueError(f"kerata.random.{function}() draws floats, so `dtype` is one of them; got {dtype!r}.{hint}")
    return name


def _shape(shape, function: str) -> tuple:
    """Sizes as Python integers; scalar tensors (TensorFlow's unknown sizes) stay."""
    if isinstance(shape, int | np.integer):
        return (int(shape),)
    if not isinstance(shape, list | tuple):
        shape = shape.as_list() if hasattr(shape, "as_list") else np.asarray(shape).tolist()
    out = []
    for n in shape:
        if n is None or isinstance(n, KerasTensor):
            raise ValueError(
                f"`kerata.random.{function}` was given the shape {tuple(shape)}, in which a size is unknown. While a "
                "model is being built the batch size is None: draw inside the `call` of a layer, where it is known."
            )
        out.append(int(n) if isinstance(n, int | np.integer) else n)
    return tuple(out)


def _value(x):
    """A parameter as a number or a tensor of the backend in force."""
    return x if isinstance(x, int | float) else backend.current().convert(x)


def normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: str | None = None, seed: Seed = None) -> Any:
    """Draws from the normal distribution.

    Args:
        shape: tuple of integers.
        mean, stddev: of the distribution; numbers, or tensors that broadcast to the shape; 0.0 and 1.0 by default.
        dtype: a float dtype; floatx by default.
        seed: integer (the same draw each time), `SeedGenerator`, or None for the global one.

    Returns:
        A tensor of that shape and dtype.

    Raises:
        ValueError: for another dtype, or a shape with an unknown size.

    >>> kerata.random.normal((2, 3), seed=1).shape
    (2, 3)
    """
    b = backend.current()
    dtype = _float_dtype(dtype, "normal")
    return b.random.normal(_shape(shape, "normal"), _value(mean), _value(stddev), dtype, draw_seed(seed))


def uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: str | None = None, seed: Seed = None) -> Any:
    """Draws from [minval, maxval), each value as likely as any other.

    Args:
        shape: tuple of integers.
        minval, maxval: the bounds, of which the upper one is not drawn; 0.0 and 1.0 by default.
        dtype: a float dtype; floatx by default (for integers: `randint`).
        seed: integer (the same draw each time), `SeedGenerator`, or None for the global one.

    Returns:
        A tensor of that shape and dtype.

    Raises:
        ValueError: for another dtype, or a shape with an unknown size.

    >>> bool((kerata.random.uniform((100,), 2.0, 3.0, seed=1) >= 2.0).all())
    True
    """
    b = backend.current()
    dtype = _float_dtype(dtype, "uniform")
    return b.random.uniform(_shape(shape, "uniform"), _value(minval), _value(maxval), dtype, draw_seed(seed))


def truncated_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0,
                     dtype: str | None = None, seed: Seed = None) -> Any:  # fmt: skip
    """Draws from the normal distribution, none further from the mean than two standard deviations.

    Args:
        shape: tuple of integers.
        mean, stddev: of the normal distribution before it is cut; 0.0 and 1.0 by default.
        dtype: a float dtype; floatx by default.
        seed: integer (the same draw each time), `SeedGenerator`, or None for the global one.

    Returns:
        A tensor of that shape and dtype.

    Raises:
        ValueError: for another dtype, or a shape with an unknown size.

    >>> bool((abs(kerata.random.truncated_normal((100,), seed=1)) <= 2.0).all())
    True
    """
    b = backend.current()
    dtype = _float_dtype(dtype, "truncated_normal")
    shape = _shape(shape, "truncated_normal")
    return b.random.truncated_normal(shape, _value(mean), _value(stddev), dtype, draw_seed(seed))


def randint(shape: Any, minval: Any, maxval: Any, dtype: str | None = "int32", seed: Seed = None) -> Any:
    """Integers from [minval, maxval), each as likely as any other.

    Args:
        shape: tuple of integers.
        minval, maxval: integers; the upper bound is not drawn.
        dtype: an integer dtype; "int32" by default and for None.
        seed: integer (the same draw each time), `SeedGenerator`, or None for the global one.

    Returns:
        A tensor of that shape and dtype.

    Raises:
        ValueError: for another dtype, or a shape with an unknown size.

    >>> bool((kerata.random.randint((100,), 0, 3, seed=1) < 3).all())
    True
    """
    name = "int32" if dtype is None else dtypes.standardize_dtype(dtype)
    if not dtypes.is_int(name):
        raise ValueError(f"kerata.random.randint() draws integers, so `dtype` is one of theirs; got {dtype!r}.")
    b = backend.current()
    return b.random.randint(_shape(shape, "randint"), _value(minval), _value(maxval), name, draw_seed(seed))


@op
def categorical(logits: Any, num_samples: int, dtype: str = "int32", seed: Seed = None) -> Any:
    """Class numbers, drawn with the probabilities softmax(logits).

    Args:
        logits: float tensor (batch, classes).
        num_samples: how many to draw for each row.
        dtype: an integer dtype; "int32" by default.
        seed: integer (the same draw each time), `SeedGenerator`, or None for the global one.

    Returns:
        A tensor (batch, num_samples).

    Raises:
        ValueError: for logits of another rank.

    >>> kerata.random.categorical([[0.0, 100.0]], 3, seed=1).tolist()
    [[1, 1, 1]]
    """
    name = dtypes.standardize_dtype(dtype)
    logits, _ = floating(logits)
    b = backend.current()
    if len(logits.shape) != 2:
        raise ValueError(
            f"kerata.random.categorical() wants `logits` of shape (samples, classes); got {b.shape(logits)}."
        )
    return b.random.categorical(logits, num_samples, name, draw_seed(seed))


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: str | None = None, seed: Seed = None) -> Any:
    """How many of `counts` trials succeed, when each does with the given probability.

    Args:
        shape: tuple of integers.
        counts, probabilities: numbers, or tensors that broadcast to the shape.
        dtype: a float dtype; floatx by default.
        seed: integer, `SeedGenerator` or None.

    >>> import kerata
    >>> kerata.random.binomial((2,), 5, 1.0, seed=1).tolist()
    [5.0, 5.0]
    """
    b = backend.current()
    dtype = _float_dtype(dtype, "binomial")
    shape = _shape(shape, "binomial")
    return b.random.binomial(shape, _value(counts), _value(probabilities), dtype, draw_seed(seed))


def beta(shape: Any, alpha: Any, beta: Any, dtype: str | None = None, seed: Seed = None) -> Any:
    """Draws from the beta distribution on (0, 1), with density proportional to x**(alpha-1) * (1-x)**(beta-1).

    Args:
        shape: tuple of integers.
        alpha, beta: positive numbers, or tensors that broadcast to the shape.
        dtype: a float dtype; floatx by default.
        seed: integer, `SeedGenerator` or None.

    >>> import kerata
    >>> kerata.random.beta((3,), 2.0, 5.0, seed=1).shape == (3,)
    True
    """
    b = backend.current()
    dtype = _float_dtype(dtype, "beta")
    return b.random.beta(_shape(shape, "beta"), _value(alpha), _value(beta), dtype, draw_seed(seed))


def gamma(shape: Any, alpha: Any, dtype: str | None = None, seed: Seed = None) -> Any:
    """Draws from the gamma distribution with shape parameter `alpha` and scale 1.

    Args:
        shape: tuple of integers.
        alpha: positive number, or a tensor that broadcasts to the shape.
        dtype: a float dtype; floatx by default.
        seed: integer, `SeedGenerator` or None.

    >>> import kerata
    >>> bool((kerata.random.gamma((10,), 2.0, seed=1) > 0).all())
    True
    """
    b = backend.current()
    dtype = _float_dtype(dtype, "gamma")
    return b.random.gamma(_shape(shape, "gamma"), _value(alpha), dtype, draw_seed(seed))


def noise_sizes(given: Any, shape: Any) -> tuple:
    """The shape of a mask for inputs of this `shape`, from a `noise_shape`: None in it is the size of that axis."""
    if given is None:
        return tuple(shape)
    if len(given) > len(shape) or any(isinstance(n, int) and n < 0 for n in given):
        raise ValueError(
            f"`noise_shape` has at most one entry for each axis of the inputs, of shape {tuple(shape)}: the size, 1 for a mask "
            f"that is shared along it, or None for the inputs' size; got {tuple(given)}."
        )
    return tuple(size if n is None else n for n, size in zip(given, tuple(shape)[len(shape) - len(given) :]))


@op
def shuffle(x: Any, axis: int = 0, seed: Seed = None) -> Any:
    """The slices of a tensor along an axis in random order.

    Args:
        x: tensor of any dtype.
        axis: integer; 0 by default.
        seed: integer, `SeedGenerator` or None.

    Returns:
        A tensor of the shape and dtype of `x`.

    >>> sorted(kerata.random.shuffle([1, 2, 3], seed=1).tolist())
    [1, 2, 3]
    """
    x, _ = arrays(x)
    return backend.current().random.shuffle(x, axis, draw_seed(seed))


@op
def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Seed = None) -> Any:
    """Set elements to 0 with probability `rate`, and divide the others by `1 - rate`.

    Args:
        inputs: float tensor.
        rate: number from 0 to 1.
        noise_shape: shape of the mask, broadcast to the inputs (axes in front may be left out); None in it is the
            input's size. By default the inputs' shape.
        seed: integer (the same draw each time), `SeedGenerator`, or None for the global one.

    Returns:
        A tensor of the shape and dtype of `inputs`.

    Raises:
        ValueError: for a `rate` out of range, or a `noise_shape` of more axes than the inputs.

    Source: Srivastava et al. (2014), https://jmlr.org/papers/v15/srivastava14a.html

    >>> set(kerata.random.dropout(kerata.ops.ones((8, 8)), 0.5, seed=1).ravel().tolist())
    {0.0, 2.0}
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"`rate` of dropout is the fraction to drop, from 0 to 1; got {rate}.")
    x, xp = floating(inputs)
    if rate == 0:
        return x
    b = backend.current()
    if rate == 1:
        return xp.zeros_like(x)
    return b.random.dropout(x, float(rate), noise_sizes(noise_shape, b.shape(x)), draw_seed(seed))
