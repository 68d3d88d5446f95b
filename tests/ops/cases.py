"""The table of the differential tests: op, arguments. Arrays are NumPy's; both Keras and Kerata get the same."""

from __future__ import annotations

import ml_dtypes
import numpy as np

_RNG = np.random.default_rng(7)
A = _RNG.normal(size=(3, 4)).astype("float32")
B = _RNG.normal(size=(3, 4)).astype("float32")
P = (np.abs(A) + 0.1).astype("float32")  # positive
U = np.tanh(A).astype("float32")  # inside (-1, 1)
V = _RNG.normal(size=(5,)).astype("float32")
W = _RNG.normal(size=(4,)).astype("float32")
T = _RNG.normal(size=(2, 3, 4)).astype("float32")
Q = _RNG.normal(size=(2, 4, 5)).astype("float32")
K = np.array([[3, -1, 4, 1], [5, 9, -2, 6], [5, 3, 5, 0]], "int32")
J = np.array([[2, 7, 1, 8], [2, 8, 1, 8], [2, 8, 4, 5]], "int32")
L = np.array([[True, False, True, True], [False, False, True, False], [True, True, True, True]])
N = np.array([[1.0, np.nan, 3.0, -2.0], [np.nan, np.nan, np.nan, 4.0], [0.5, 2.0, -1.0, 1.0]], "float32")
F = np.array([1.0, np.inf, -np.inf, np.nan, -0.0, 0.0, -2.5], "float32")
S = (lambda m: (m @ m.T + 3 * np.eye(4)).astype("float32"))(_RNG.normal(size=(4, 4)))  # positive definite
M = _RNG.normal(size=(4, 4)).astype("float32")
BATCH = np.stack([M, M.T + 1, S]).astype("float32")
C = (A + 1j * B).astype("complex64")
G = np.arange(12, dtype="float32").reshape(3, 4)


class Case:
    def __init__(self, name, *args, **kwargs):
        self.name, self.args, self.kwargs = name, args, kwargs

    def __repr__(self):
        def short(x):
            return f"{x.dtype}{list(x.shape)}" if isinstance(x, np.ndarray) else repr(x)

        parts = [short(a) for a in self.args] + [f"{k}={short(v)}" for k, v in self.kwargs.items()]
        return f"{self.name}({', '.join(parts)})"


c = Case
UNARY_ANY = "abs absolute fabs sign square ceil floor trunc round sin cos tan sinh cosh tanh arctan arcsinh exp exp2 expm1 sinc i0 deg2rad rad2deg erf erfc real imag conj conjugate isfinite isinf isposinf isneginf isnan isreal logical_not ones_like zeros_like negative nan_to_num cbrt angle copy array reciprocal".split()
UNARY_POSITIVE = "sqrt rsqrt log log2 log10 log1p".split()
UNARY_INSIDE = "arcsin arccos arctanh erfinv".split()
BINARY = "add subtract multiply divide true_divide divide_no_nan maximum minimum fmax fmin arctan2 hypot logaddexp logaddexp2 heaviside equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor isclose".split()
BINARY_DIVISOR = "floor_divide mod fmod".split()
BINARY_INTEGER = "bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift left_shift right_shift gcd lcm".split()
REDUCTIONS = "sum mean max min prod var std amax amin ptp all any logsumexp median".split()
NAN_REDUCTIONS = "nansum nanprod nanmax nanmin nanmean nanvar nanstd nanmedian".split()

CASES = [
    *(c(n, A) for n in UNARY_ANY),
    *(c(n, P) for n in UNARY_POSITIVE),
    *(c(n, U) for n in UNARY_INSIDE),
    *(c(n, F) for n in "isfinite isinf isnan isposinf isneginf signbit nan_to_num sign abs sqrt exp".split()),
    *(c(n, C) for n in "real imag conj angle abs isreal".split()),
    c("arccosh", P + 1), c("nan_to_num", F, nan=1.0, posinf=5.0, neginf=-5.0), c("round", A * 10, decimals=1),
    c("clip", A, -0.5, 0.5), c("clip", K, 0, 4), c("clip", A, np.float32(-1.0), B * 0), c("signbit", K),
    c("bitwise_invert", K), c("bitwise_not", K), c("bitwise_invert", L), c("view", A, "int32"), c("view", K, "float32"), c("view", K, "int16"), c("view", A.astype("float16"), "float32"),
    *(c(n, A, B) for n in BINARY), *(c(n, A, W) for n in BINARY[:12]), *(c(n, A, 0.5) for n in BINARY),
    *(c(n, 0.5, A) for n in BINARY), *(c(n, A, P) for n in BINARY_DIVISOR), *(c(n, K, J) for n in BINARY_DIVISOR),
    *(c(n, np.abs(K), J) for n in BINARY_INTEGER), c("power", P, A), c("power", A, 2), c("power", 2, np.abs(K)), c("power", K, 2),
    c("divide_no_nan", A, np.where(L, B, 0).astype("float32")), c("ldexp", A, K), c("nextafter", A, B),
    c("allclose", A, A + 1e-9), c("allclose", A, B), c("isclose", N, N, equal_nan=True), c("heaviside", F[:3], 0.5),
    # reductions
    *(c(n, T) for n in REDUCTIONS), *(c(n, T, axis=1) for n in REDUCTIONS), *(c(n, T, axis=-1, keepdims=True) for n in REDUCTIONS),
    *(c(n, T, axis=(0, 2)) for n in REDUCTIONS), *(c(n, T, axis=(0, -1), keepdims=True) for n in REDUCTIONS),
    *(c(n, T, keepdims=True) for n in REDUCTIONS), *(c(n, T, axis=1, keepdims=1) for n in REDUCTIONS), c("argmax", T, axis=1, keepdims=1),
    *(c(n, N) for n in NAN_REDUCTIONS), *(c(n, N, axis=1) for n in NAN_REDUCTIONS),
    *(c(n, N, axis=(0, 1), keepdims=True) for n in NAN_REDUCTIONS), *(c(n, K, axis=0) for n in NAN_REDUCTIONS),
    *(c(n, N, axis=1) for n in ("nancumsum", "nancumprod", "nanargmax", "nanargmin")),
    *(c(n, N) for n in ("nancumsum", "nanargmax", "nanargmin")),
    c("max", A, initial=1.0), c("min", A, axis=0, initial=-0.1), c("prod", K, dtype="float32"), c("count_nonzero", K),
    c("count_nonzero", L, axis=1), c("count_nonzero", T, axis=(0, 1)), c("average", T), c("average", T, axis=1),
    c("average", T, axis=1, weights=P[:, 0]), c("average", A, weights=P), c("average", K, axis=0), c("cumsum", T, axis=1),
    c("cumsum", T), c("cumprod", T, axis=-1), c("cumsum", L, axis=0), c("cumsum", K, axis=0, dtype="float32"),
    c("trace", T), c("trace", T, 1, 0, 2), c("trace", M), c("logsumexp", F[:1] * 1000), c("all", L, axis=0), c("any", L, axis=1),
    # shape
    c("reshape", T, (4, -1)), c("reshape", T, 24), c("ravel", T), c("transpose", T), c("transpose", T, (1, 0, 2)),
    c("swapaxes", T, 0, -1), c("moveaxis", T, 0, 2), c("moveaxis", T, (0, 1), (-1, 0)), c("moveaxis", T, np.int64(-1), np.int64(0)),
    c("expand_dims", A, 1),
    c("expand_dims", A, (0, -1)), c("squeeze", A[:, None, :, None]), c("squeeze", A[:, None], 1), c("squeeze", A[:, None, :, None], (1, 3)),
    c("broadcast_to", W, (3, 4)), c("flip", T), c("flip", T, axis=1), c("flip", T, axis=(0, 2)), c("fliplr", A), c("flipud", A),
    *(c("rot90", T, k=k) for k in (0, 1, 2, 3, -1)), c("rot90", T, axes=(2, 1)), c("roll", A, 3), c("roll", A, 1, axis=1),
    c("roll", A, (1, 2), axis=(0, 1)), c("repeat", A, 2), c("repeat", A, 3, axis=0), c("repeat", A, np.array([1, 0, 2]), axis=0),
    c("tile", A, 2), c("tile", A, (2, 1, 3)), c("pad", A, 1), c("pad", A, (1, 2)), c("pad", A, ((1, 0), (0, 2)), constant_values=7.0),
    *(c("pad", A, ((1, 2), (2, 1)), mode=m) for m in ("reflect", "symmetric")), c("concatenate", [A, B]), c("concatenate", (A, K), axis=1),
    c("stack", [A, B]), c("stack", [A, K], axis=-1), c("append", A, W), c("append", A, B, axis=1), c("hstack", [A, B]),
    c("hstack", [V, W]), c("vstack", [A, W]), c("dstack", [A, B]), c("dstack", [W, W]), c("split", T, 2, axis=-1), c("split", V, [1, 3]),
    c("split", A, (1, 2), axis=1), c("array_split", V, 3), c("array_split", T, 2, axis=1), c("hsplit", A, 2), c("vsplit", A, 3), c("dsplit", T, 2),
    c("unstack", T), c("unstack", T, axis=1), c("diagonal", T), c("diagonal", T, 1, 1, 2), c("diagonal", M, -1), c("diag", W), c("diag", W, k=-2),
    c("diag", M), c("diag", M, k=1), c("diagflat", A, k=1), c("tril", T), c("triu", T, k=1), c("tril", A, k=-1),
    c("rearrange", T, "a b c -> b (a c)"), c("rearrange", T, "a b (x y) -> a x (b y)", x=2),
    # creation
    c("zeros", (2, 3)), c("ones", (2,), dtype="int32"), c("full", (2, 3), 7.0), c("full", (2,), 7), c("full_like", A, 2), c("full_like", K, 2.5),
    c("zeros_like", A, dtype="int32"), c("ones_like", K, dtype="float32"), c("arange", 5), c("arange", 1, 7, 2), c("arange", 3.0),
    c("arange", 0, 1, 0.25), c("arange", 5, dtype="float32"), c("arange", 5, 0, -1), c("eye", 3), c("eye", 3, 4, k=1), c("eye", 3, 2, k=-1, dtype="int32"),
    c("identity", 3), c("tri", 3), c("tri", 3, 4, k=1), c("linspace", 0, 1, 5), c("linspace", 0.0, 1.0, 5, endpoint=False),
    c("linspace", 0, 10, 4, dtype="int32"), c("linspace", A, B, 3), c("linspace", A, B, 3, axis=-1), c("linspace", 1, 2, 3, retstep=True),
    c("logspace", 0, 2, 5), c("logspace", 0, 2, 5, base=2.0), c("geomspace", 1.0, 100.0, 5), c("geomspace", -1.0, -8.0, 4), c("meshgrid", V, W),
    c("meshgrid", V, W, indexing="ij"), c("vander", W), c("vander", W, N=3, increasing=True), c("bartlett", 7), c("hanning", 7), c("hamming", 7),
    c("blackman", 7), c("kaiser", 7, 3.0), c("hanning", 1),
    # order and search
    c("sort", T), c("sort", T, axis=0), c("sort", K, axis=1), c("argsort", T), c("argsort", K, axis=0), c("argmax", T), c("argmax", T, axis=1),
    c("argmax", T, axis=-1, keepdims=True), c("argmin", T), c("argmin", K, axis=0), c("top_k", T, 2), c("top_k", K, 3),
    c("in_top_k", np.array([1, 3, 2], "int32"), A, 2), c("in_top_k", np.array([1, 7, 9], "int32"), A, 2),
    c("searchsorted", np.sort(V), A), c("searchsorted", np.array([1, 3, 5], "int32"), K, side="right"), c("digitize", A, np.array([-1.0, 0.0, 1.0], "float32")),
    c("nonzero", K), c("isin", K, np.array([1, 5], "int32")), c("isin", K, [1, 5], invert=True), c("unique", K),
    c("unique", K, return_inverse=True), c("unique", K, return_index=True, return_inverse=True, return_counts=True), c("unique", K, axis=0),
    c("unique", K, size=5), c("unique", K, size=12, fill_value=-7), c("argpartition", W, 2),
    # parts
    c("take", A, [2, 0]), c("take", A, [[0, -1], [1, 1]], axis=1), c("take", A, 5), c("take", T, np.array([1, 0], "int64"), axis=1),
    c("take", A, 1, axis=0), c("take_along_axis", A, np.argsort(A, 1), axis=1), c("take_along_axis", A, np.array([[1], [0], [3]]), axis=1),
    c("take_along_axis", A, np.array([3, 1])), c("where", L, A, B), c("where", L, A, 0), c("where", L, 1, 0.5), c("where", L), c("where", K > 2, K, A),
    c("select", [A > 0, B > 0], [A, B], 9.0), c("select", [A > 0], [A]), c("get_item", T, (0, slice(None), 1)), c("get_item", T, (Ellipsis, None, 2)),
    c("get_item", T, -1), c("get_item", T, (slice(1, None), slice(None, None, 2))), c("get_item", A, np.array([0, 2])), c("slice", T, (0, 1, 1), (2, 2, 2)),
    c("slice", T, np.array([1, 0, 2]), (1, 2, 2)), c("slice_update", T, (0, 1, 1), np.ones((1, 2, 2), "float32")),
    c("slice_update", T, np.array([1, 0, 2]), np.ones((1, 1, 2), "float32")), c("scatter", np.array([[0, 1], [2, 0], [0, 1]]), np.array([1.0, 2.0, 3.0], "float32"), (3, 4)),
    c("scatter", np.array([[1], [0]]), A[:2], (3, 4)),
    *(c("scatter_update", A, np.array([[0, 1], [2, 0]]), np.array([5.0, -5.0], "float32"), reduction=r) for r in (None, "add", "max", "min", "mul")),
    *(c("scatter_update", A, np.array([[0], [2]]), B[:2], reduction=r) for r in (None, "add", "max", "min", "mul")),
    c("unravel_index", np.array([7, 3, 11], "int32"), (3, 4)),
    # products
    c("matmul", A, M), c("matmul", T, M), c("matmul", T, Q), c("matmul", W, M), c("matmul", M, W), c("matmul", W, W), c("matmul", K, J.T),
    c("dot", A, M), c("dot", W, W), c("dot", A, 2.0), c("dot", A, Q), c("dot", T, W), c("vdot", A, B), c("vdot", C, C), c("inner", A, B), c("inner", T, A),
    c("inner", W, W), c("outer", V, W), c("outer", A, V), c("tensordot", T, Q, axes=[[2], [1]]), c("tensordot", A, M, axes=1), c("tensordot", T, A),
    c("einsum", "ij,kj->ik", A, B), c("einsum", "bij,bjk->bik", T, Q), c("einsum", "ii", M), c("einsum", "...j,j", T, W), c("einsum", "ij,jk,kl->il", A, M, M),
    c("kron", A, M), c("kron", V, W), c("kron", T, W), c("cross", A[:, :3], B[:, :3]), c("cross", A[:, :2], B[:, :2]), c("cross", A[:, :3], B[:, :2]),
    c("cross", A, B, axis=0), *(c("correlate", V, W, mode=m) for m in ("valid", "same", "full")), *(c("correlate", W, V, mode=m) for m in ("valid", "same", "full")),
    # statistics
    *(c("quantile", T, 0.3, axis=1, method=m) for m in ("linear", "lower", "higher", "midpoint", "nearest")), c("quantile", T, [0.1, 0.9]),
    c("quantile", T, np.array([0.25, 0.5], "float32"), axis=(0, 2), keepdims=True), c("percentile", A, 30, axis=1), c("percentile", A, [30.0, 70.0]),
    c("nanquantile", N, 0.3, axis=1), c("nanpercentile", N, 40), c("quantile", N, 0.5, axis=1), c("median", K, axis=1), c("corrcoef", A), c("corrcoef", K),
    c("bincount", J[0]), c("bincount", J[0], minlength=12), c("bincount", J[0], weights=W), c("bincount", J), c("histogram", A[0], 5), c("histogram", V, 4, (-1.0, 1.0)),
    c("histogram", K[1]), c("diff", A), c("diff", A, n=2, axis=0), c("diff", K), c("trapezoid", A), c("trapezoid", A, dx=0.5, axis=0), c("trapezoid", A, x=np.sort(W)),
    c("cdist", A, B), c("cdist", T, Q[:, :, :4]),
    # math
    *(c(f"segment_{r}", A, np.array([0, 2, 0], "int32"), num_segments=4) for r in ("sum", "max", "min", "prod")),
    *(c(f"segment_{r}", V, np.array([0, 0, 1, 3, 3], "int32"), num_segments=4, sorted=True) for r in ("sum", "max", "min", "prod")),
    c("fft", (A, B)), c("fft2", (A, B)), c("ifft2", (A, B)), c("rfft", A), c("rfft", A, 6), c("rfft", A, 3), c("irfft", (A, B)), c("irfft", (A, B), 5),
    c("extract_sequences", T, 2, 1), c("extract_sequences", np.arange(20, dtype="float32"), 5, 3), c("view_as_complex", A[:, :2]), c("view_as_real", C),
    *(c("stft", np.sin(np.arange(40, dtype="float32")), 8, 3, n, window=w, center=k) for n, w, k in ((8, "hann", True), (16, "hamming", False), (12, None, True))),
    c("stft", np.sin(np.arange(40, dtype="float32"))[None], 8, 3, 10, window=np.linspace(0, 1, 8).astype("float32")), c("logdet", S),
    # linear algebra
    *(c(f"linalg.{n}", S) for n in "cholesky inv det pinv matrix_rank".split()), c("linalg.cholesky", S, upper=True), c("linalg.inv", BATCH), c("linalg.det", BATCH),
    c("linalg.cholesky_inverse", np.linalg.cholesky(S)), c("linalg.cholesky_inverse", np.linalg.cholesky(S).T, upper=True), c("linalg.pinv", A), c("linalg.pinv", A, rcond=0.5),
    c("linalg.lu_factor", M), c("linalg.lu_factor", BATCH), c("linalg.solve", M, W), c("linalg.solve", BATCH, BATCH), c("linalg.solve_triangular", S, W), c("linalg.solve_triangular", BATCH, BATCH, lower=True),
    c("linalg.lstsq", A.T, W), c("linalg.lstsq", A, B), c("linalg.svd", A, compute_uv=False), c("linalg.matrix_rank", np.outer(W, W).astype("float32")), c("slogdet", BATCH), c("slogdet", S),
    *(c("linalg.norm", A, ord=o, axis=1) for o in (None, 0, 1, 2, 3, -1, np.inf, -np.inf)), *(c("linalg.norm", T, ord=o, axis=(1, 2)) for o in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)),
    c("linalg.norm", T), c("linalg.norm", A, keepdims=True), c("linalg.norm", A, ord=2), c("linalg.norm", T, ord=2, axis=(0, 2), keepdims=True), c("linalg.norm", K),
    # conversion
    c("convert_to_tensor", [[1, 2], [3, 4]]), c("convert_to_tensor", [1.5, 2]), c("convert_to_tensor", 3), c("convert_to_tensor", 2.5, "int32"), c("convert_to_tensor", [[1.5], [2]], "int32"), c("convert_to_tensor", [0, 2], "bool"), c("convert_to_tensor", True), c("convert_to_tensor", A, "float16"), c("convert_to_tensor", [True, False]),
    c("cast", A, "int32"), c("cast", K, "bool"), c("cast", C, "float32"), c("saturate_cast", A * 200, "int8"), c("saturate_cast", K, "uint8"), c("saturate_cast", A * 1e30, "float16"), c("saturate_cast", A * 1e12, "int32"),
]  # fmt: skip

# ---- result dtypes
DTYPES = "bool uint8 uint16 uint32 int8 int16 int32 float16 bfloat16 float32".split()


def sample(dtype: str, shift: int = 0):
    """Small values that every dtype holds, and most functions take."""
    values = np.array([1, 0, 1, 1]) if dtype == "bool" else np.array([1, 2, 3, 1]) + shift
    return values.astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)


DTYPE_UNARY = """abs fabs square ceil floor trunc round sin tanh exp log sqrt rsqrt cbrt erf isnan isfinite logical_not ones_like reciprocal
    sum prod mean max min var std all any ptp cumsum cumprod average median logsumexp argmax argmin argsort sort count_nonzero nansum nanmean nanmax
    real imag conj angle diff trace_ flip nan_to_num expand_dims_ deg2rad exp2 i0 sinc corrcoef signbit sign negative""".split()
DTYPE_BINARY = """add subtract multiply divide floor_divide mod power maximum minimum equal less logical_and matmul dot outer where_ concatenate_
    stack_ arctan2 hypot logaddexp einsum_ tensordot_ inner vdot fmax heaviside isclose divide_no_nan kron append""".split()


def dtype_cases():
    """(op, arguments) for each dtype and each pair of dtypes."""
    for name in DTYPE_UNARY:
        for d in DTYPES:
            yield Case(name.rstrip("_"), sample(d), *((0,) if name == "expand_dims_" else ())) if name != "trace_" else (
                Case("trace", sample(d).reshape(2, 2))
            )
    for name in DTYPE_BINARY:
        for i, d in enumerate(DTYPES):
            for e in DTYPES[i:]:
                if d == "uint32" and e.startswith("int"):
                    continue  # int64, which JAX cuts to 32 bits
                yield _binary_case(name, sample(d), sample(e, 1))
    for name in "add multiply divide power maximum minimum mod floor_divide equal less arctan2 hypot logaddexp fmax isclose divide_no_nan outer".split():
        for d in DTYPES:
            yield Case(name, sample(d), 2)
            yield Case(name, sample(d), 1.5)
    for name in "subtract add floor_divide".split():
        for d in DTYPES:
            yield Case(name, 3, sample(d, 1))
    for d in DTYPES:
        yield Case("where", sample("bool"), sample(d), 2)
        yield Case("where", sample("bool"), sample(d), 1.5)
        yield Case("clip", sample(d), 0, 2)
        yield Case("arange", 4, dtype=d) if d != "bool" else Case("arange", 2, dtype=d)
        yield Case("linspace", sample(d), sample(d, 1), 3)
        yield Case("quantile", sample(d), 0.5)
        yield Case("average", sample(d), weights=sample("float32"))
        for e in DTYPES:
            yield Case("cast", sample(d), e)


def _binary_case(name, x, y):
    forms = {
        "where_": lambda: Case("where", sample("bool"), x, y),
        "concatenate_": lambda: Case("concatenate", [x, y]),
        "stack_": lambda: Case("stack", [x, y]),
        "einsum_": lambda: Case("einsum", "i,j->ij", x, y),
        "tensordot_": lambda: Case("tensordot", x, y, axes=1),
    }
    return forms.get(name, lambda: Case(name, x, y))()
