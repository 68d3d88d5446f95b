"""What a backend supplies: the contract for a new one.

A backend is a package `kerata/backend/<name>/` (or a module registered with `register_backend`); the module itself
has the attributes below. Neural-network primitives stand in `protocol_nn.py`. Everything else in Kerata is written
on these. Tensors are the library's own arrays; a dtype is the name of one (`"float32"`) unless it says "native".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

Array = Any
Tree = Any  # a nest of lists, tuples, dicts

# The array namespace `xp`, group by group. Names and meanings are the Python array API standard's (2024.12), else
# NumPy's. Arguments have been converted and promoted by the ops, so functions of two arrays get equal dtypes (or, in
# arithmetic, maximum and minimum, a Python number where the backend has `weak_scalars`).
ELEMENTWISE = (
    "abs acos acosh angle asin asinh atan atanh bitwise_invert cbrt ceil clip conj copy cos cosh deg2rad erf "
    "erfc erfinv exp exp2 expm1 floor i0 imag isfinite isinf isnan lgamma log log10 log1p log2 logical_not "
    "nan_to_num negative rad2deg real reciprocal round rsqrt sigmoid sign signbit sin sinc sinh softplus sqrt square "
    "tan tanh trunc"
)
BINARY = (
    "add atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor divide equal floor_divide "
    "fmax fmin fmod gcd greater greater_equal hypot isclose lcm less less_equal logaddexp logaddexp2 logical_and "
    "logical_or logical_xor maximum minimum multiply nextafter not_equal power remainder subtract where"
)
REDUCTIONS = "all any argmax argmin cumprod cumsum logsumexp max mean min prod std sum var"
SHAPES = (
    "array_split broadcast_to concat diagonal diff expand_dims flip matrix_transpose meshgrid moveaxis pad "
    "permute_dims repeat reshape roll split squeeze stack swapaxes tile tril triu unstack view"
)
CREATION = "arange array asarray empty empty_like eye full full_like ones ones_like zeros zeros_like"
ORDER = "argsort nonzero searchsorted sort take take_along_axis"
PRODUCTS = "einsum matmul tensordot"
NAMESPACE = " ".join((ELEMENTWISE, BINARY, REDUCTIONS, SHAPES, CREATION, ORDER, PRODUCTS)).split()


class PreferSteps(Exception):
    """The steps of this model run faster one by one, on batches gathered by the host, than in a compiled loop."""


@runtime_checkable
class Extras(Protocol):
    """What the namespace `xp` has besides: functions that no array standard names, and two namespaces."""

    linalg: Linalg
    fft: Fourier

    def top_k(self, x: Array, k: int, sorted: bool = True) -> tuple[Array, Array]:
        """The k largest elements of the last axis in falling order, and their indices."""

    def scatter(self, x: Array, indices: Array, updates: Array, reduction: str = "set") -> Array:
        """x with updates at `indices` (..., n), positions in its first n axes; "set", "add", "max", "min", "mul"."""

    def segment(self, data: Array, ids: Array, num_segments: int, reduction: str = "add") -> Array:
        """Rows of `data` with equal ids reduced ("add", "max", "min", "mul"); ids out of range are dropped."""

    def dynamic_slice(self, x: Array, start: Sequence, shape: Sequence[int]) -> Array:
        """The part of x of a static shape at a start that may be known at run time only; moved back to fit."""

    def slice_update(self, x: Array, start: Sequence, updates: Array) -> Array:
        """x with `updates` in place of the part that begins at `start`; moved back to fit."""

    def get_item(self, x: Array, key: Any) -> Array:
        """x[key] with NumPy's meaning of numbers, slices, None, `...`, integer and boolean arrays."""

    def make_complex(self, real: Array, imag: Array) -> Array:
        """Complex numbers from their parts."""


@runtime_checkable
class Linalg(Protocol):
    """`xp.linalg` (also `backend.linalg`): matrices stand in the last two axes, in float."""

    def cholesky(self, x: Array, upper: bool = False) -> Array:
        """ValueError(errors.NOT_POSITIVE_DEFINITE) where it can raise, else NaN."""

    def cholesky_inverse(self, x: Array, upper: bool = False) -> Array:
        """The inverse of the matrix whose factor is x."""

    def det(self, x: Array) -> Array: ...
    def slogdet(self, x: Array) -> tuple[Array, Array]: ...
    def eig(self, x: Array) -> tuple[Array, Array]: ...
    def eigh(self, x: Array) -> tuple[Array, Array]: ...
    def inv(self, x: Array) -> Array: ...
    def pinv(self, x: Array, rcond: float) -> Array: ...
    def lstsq(self, a: Array, b: Array, rcond: float | None = None) -> Array:
        """b: (m, k), one matrix."""

    def lu_factor(self, x: Array) -> tuple[Array, Array]:
        """Packed factors, and for each step the row swapped into place (from 0)."""

    def qr(self, x: Array, mode: str = "reduced") -> tuple[Array, Array]: ...
    def solve(self, a: Array, b: Array) -> Array:
        """b: (..., n, k), with the leading axes of a."""

    def solve_triangular(self, a: Array, b: Array, lower: bool = False) -> Array: ...
    def svd(self, x: Array, full_matrices: bool = True, compute_uv: bool = True) -> Any: ...


@runtime_checkable
class Fourier(Protocol):
    """`xp.fft`: transforms of the last axis (`fft2`, `ifft2`: the last two) of complex (`rfft`: real) arrays."""

    def fft(self, x: Array) -> Array: ...
    def ifft(self, x: Array) -> Array: ...
    def fft2(self, x: Array) -> Array: ...
    def ifft2(self, x: Array) -> Array: ...
    def rfft(self, x: Array, n: int | None = None) -> Array: ...
    def irfft(self, x: Array, n: int | None = None) -> Array: ...


@runtime_checkable
class Arrays(Protocol):
    """Tensors: what they are, how they are made and read (`backend/<name>/arrays.py`)."""

    name: str
    xp: Extras
    Tensor: type  # the concrete array type
    array_types: tuple[type, ...]  # all types whose instances belong to this backend (NumPy's are everybody's)
    functional: bool  # compiled code must be pure (JAX)
    trains: bool  # False: no gradients (NumPy)
    weak_scalars: bool  # `xp.add(tensor, 1.5)` keeps the tensor's dtype
    # Optional. abstract_sizes: ((batch, batch), (other, other)) stand for unknown sizes in `abstract_eval`.
    # Optional. wants_values(error): whether `abstract_eval` failed only because code looked at values; `eval_on_zeros`, with the
    # arguments of `abstract_eval`, then serves in its place, with variables that have their values.
    # Optional. carried(): a variant of the backend for when a kernel is missing (NotImplementedError).
    # Optional. set_trainable(value, trainable): the value of a Variable that is frozen or thawed.
    # Optional. native_bases: classes by "layer", "optimizer", "variable", as what the library's own tools shall see them.
    # Optional. image.resize(images, axes, size, method, antialias): may return NotImplemented.
    # Optional. optim: steps of optimizers over many variables at once; composite: sparse and ragged tensors.

    def convert(self, x: Any, dtype: str | None = None) -> Array:
        """x (Python numbers, lists, NumPy, a Variable, another library's tensor) as a tensor; no needless copy.

        Python floats become floatx, Python integers int32; arrays keep their dtype.
        """

    def to_numpy(self, x: Any) -> np.ndarray: ...
    def cast(self, x: Array, dtype: str) -> Array: ...
    def dtype(self, x: Array) -> str: ...
    def native_dtype(self, name: str) -> Any:
        """The library's dtype object."""

    def shape(self, x: Array) -> tuple:
        """Integers; scalar tensors where a graph does not know them."""

    def is_tensor(self, x: Any) -> bool: ...
    def stop_gradient(self, x: Array) -> Array: ...
    def new_value(self, array: Any, dtype: str, trainable: bool) -> Array:
        """What a fresh Variable holds: memory of its own, concrete even while a function is traced."""

    def blank_value(self, shape: tuple, dtype: str, trainable: bool) -> Array:
        """Zeros for a variable that a file will fill; large ones take up no memory before that."""

    def filled_value(self, value: Array, read: Callable) -> Array:
        """The value after `read(array)` has written the new one into an array of its shape and dtype."""

    def assign_value(self, value: Array, new: Array) -> Array:
        """The value of a Variable after an assignment: updated in place or replaced."""

    def computing(self) -> Any:
        """A context in which ops on concrete values give concrete values, also while a function is traced or evaluated abstractly."""

    def abstract_value(self, value: Array) -> Array:
        """A Variable's value as `abstract_eval` wants it."""

    def abstract_eval(self, fn: Callable, args: tuple, kwargs: dict) -> Tree:
        """The result of `fn` with `kerata.backend.spec.Spec`s for tensors, in and out; nothing is computed."""

    def devices(self) -> list[str]: ...
    def device_scope(self, name: str) -> Any:
        """A context in which new tensors are put on that device: "cpu:0", "gpu:1"."""

    def remat(self, fn: Callable) -> Callable:
        """`fn`, computed again in the backward pass instead of kept."""

    def synchronize(self, x: Tree = None) -> None:
        """Wait until the device has computed x (or everything)."""


@runtime_checkable
class Control(Protocol):
    """Control flow that the backend can trace and compile (`backend/<name>/control.py`). States are trees."""

    def cond(self, pred: Array, true_fn: Callable[[], Tree], false_fn: Callable[[], Tree]) -> Tree: ...
    def switch(self, index: Array, branches: Sequence[Callable], operands: Sequence) -> Tree:
        """`branches[index](*operands)`, the index clamped."""

    def while_loop(self, cond: Callable[[Tree], Array], body: Callable[[Tree], Tree], state: Tree) -> Tree: ...
    def fori_loop(self, lower: int, upper: int, body: Callable[[Any, Tree], Tree], init: Tree) -> Tree: ...
    def scan(
        self, f: Callable, init: Tree, xs: Tree, length: int, reverse: bool = False, unroll: int | bool = 1
    ) -> tuple[Tree, Tree]:
        """`carry, y = f(carry, x)` along the first axis: the last carry, all y stacked."""

    def vectorized_map(self, function: Callable, elements: Tree) -> Tree:
        """`function` of each slice along the first axis, all at once, stacked."""

    def custom_gradient(self, f: Callable) -> Callable:
        """`f(*args) -> (value, grad)` as a function of the value, with `grad(upstream)` for its gradient."""

    def jvp(self, fun: Callable, primals: Sequence, tangents: Sequence, has_aux: bool = False) -> tuple:
        """`fun(*primals)` and its derivative in the direction `tangents`."""


@runtime_checkable
class Autodiff(Protocol):
    """Gradients and compiled steps (`backend/<name>/autodiff.py`)."""

    def variable_gradients(self, fn: Callable[[], Any], variables: Sequence, has_aux: bool) -> tuple:
        """`(value, aux), gradients` of `fn()` with respect to variables; assignments in `fn` take effect."""

    def input_gradients(self, fn: Callable, args: tuple, kwargs: dict, has_aux: bool) -> tuple:
        """Likewise with respect to the first argument, a tree of arrays."""

    def compile_step(
        self, step: Callable, result: Callable, variables: Sequence, jit: bool = True, donate: bool = True
    ) -> Callable:
        """A function of a batch on the host: one step of training, then its logs, `result(step(batch))`."""

    def compile_chunk(
        self, step: Callable, result: Callable, variables: Sequence, batch_size: int, ordered: bool, jit: bool = True
    ) -> Callable:
        """A function `(data, order, start, count) -> logs`: `count` steps from batch `start` in one call.

        At its first call it may raise `PreferSteps`, and keep that in an attribute `refused`.
        """

    def to_device(self, data: Tree) -> Tree:
        """Host arrays as tensors that stay on the device for the time of a `fit`."""

    def compile_function(self, fn: Callable) -> Callable:
        """`fn`, compiled; assignments to variables take effect."""

    # Optional: `reused_memory()`, a context manager around a `fit` or an `evaluate`.


@runtime_checkable
class Random(Protocol):
    """`backend.random`: draws from a seed, which is what a `SeedGenerator` gives (`backend/<name>/random.py`)."""

    # Optional. key_data(x): such a seed from a key of the library's own, None from anything else.

    def normal(self, shape: tuple, mean: Any, stddev: Any, dtype: str, seed: Any) -> Array: ...
    def uniform(self, shape: tuple, minval: Any, maxval: Any, dtype: str, seed: Any) -> Array: ...
    def truncated_normal(self, shape: tuple, mean: Any, stddev: Any, dtype: str, seed: Any) -> Array: ...
    def randint(self, shape: tuple, minval: Any, maxval: Any, dtype: str, seed: Any) -> Array: ...
    def categorical(self, logits: Array, num_samples: int, dtype: str, seed: Any) -> Array: ...
    def binomial(self, shape: tuple, counts: Any, probabilities: Any, dtype: str, seed: Any) -> Array: ...
    def beta(self, shape: tuple, alpha: Any, beta: Any, dtype: str, seed: Any) -> Array: ...
    def gamma(self, shape: tuple, alpha: Any, dtype: str, seed: Any) -> Array: ...
    def shuffle(self, x: Array, axis: int, seed: Any) -> Array: ...
    def dropout(self, x: Array, rate: float, noise_shape: tuple | None, seed: Any) -> Array: ...
    def snapshot(self, state: Array) -> Array:
        """What a draw gets of a SeedGenerator's state (seed, count): safe from a later assignment in place."""

    def advance(self, state: Array) -> Array:
        """The state after a draw: the count goes up by one."""

    def tracing(self) -> bool:
        """Whether a function is being traced in which draws from Python integers would be constants."""


PARTS = (Arrays, Control, Autodiff)  # what the module itself has


class Backend(Arrays, Control, Autodiff, Protocol):
    """All of it: the type of `kerata.backend.current()`."""

    linalg: Linalg
    random: Random
