"""From what users hold (lists, pandas, scipy, arrays of any library) to arrays that batches can be cut from.

Foreign types are recognised through `sys.modules`: nothing is imported for them.
"""

from __future__ import annotations

import numbers
import sys

import numpy as np

from kerata import backend
from kerata.core import config, dtypes
from kerata.core.keras_tensor import KerasTensor
from kerata.ops._composite import densify, kind_of

_SCALARS = (numbers.Number, str, bytes, np.generic, type(None))


def as_arrays(structure, name: str):
    """The structure with every leaf turned into an array; lists of plain numbers become one array."""
    if structure is None:
        return None
    if isinstance(structure, dict):
        return {k: as_arrays(v, f"{name}[{k!r}]") for k, v in structure.items()}
    if isinstance(structure, list | tuple):
        if _is_rows(structure):
            return as_array(_rows_to_array(structure, name), name)
        parts = [as_arrays(v, f"{name}[{i}]") for i, v in enumerate(structure)]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return as_array(structure, name)


def _is_rows(value) -> bool:
    """Whether a list holds plain numbers or strings (in lists), rather than arrays."""
    while isinstance(value, list | tuple):
        if not value:
            return True
        value = next((v for v in value if v is not None), value[0])
    return isinstance(value, _SCALARS) and value is not None


def _rows_to_array(rows, name: str) -> np.ndarray:
    try:
        return np.asarray(rows)
    except ValueError:
        lengths = [len(r) if isinstance(r, list | tuple) else None for r in rows]
        odd = next((i for i, n in enumerate(lengths) if n != lengths[0]), None)
        where = f" (row 0 has {lengths[0]} values, row {odd} has {lengths[odd]})" if odd is not None else ""
        raise ValueError(
            f"{name} is a list whose rows differ in length{where}, so it is no array. For sequences of "
            "different lengths use `kerata.utils.pad_sequences`."
        ) from None


def as_array(x, name: str = "x"):
    """One leaf as a NumPy array, a tensor of the current backend, or a lazy array (`SparseRows`, `FileRows`).

    Floats of every width become floatx; integers and booleans stay as they are.
    """
    if type(x) is np.ndarray:
        return _standard(x, name)
    current = backend.current()
    if backend.owner(type(x)) is current and current.name != "numpy":
        return _own_tensor(x, current)
    if isinstance(x, Lazy):
        return x
    if isinstance(x, KerasTensor):
        raise ValueError(f"{name} is a symbolic KerasTensor ({x!r}); data must be arrays with values.")
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        if isinstance(x, pandas.DataFrame):
            return _standard(_frame_to_numpy(x, name), name)
        if isinstance(x, pandas.Series | pandas.Index):
            return _standard(_frame_to_numpy(x.to_frame(x.name if x.name is not None else name), name), name)
    kind = kind_of(type(x))
    if kind == "sparse":
        return SparseRows.of(x)
    if kind == "ragged" and current.name == "tensorflow":
        return RaggedRows(x)
    h5py = sys.modules.get("h5py")
    if h5py is not None and isinstance(x, h5py.Dataset):
        return FileRows(x)
    if isinstance(x, _SCALARS) and not isinstance(x, np.generic):
        raise ValueError(f"{name} is {x!r}, of type {type(x).__name__}; wanted is an array with one row a sample.")
    return _standard(to_numpy(x, name), name)


def to_numpy(x, name: str = "x") -> np.ndarray:
    """The values of any array, on the host."""
    if isinstance(x, np.ndarray):
        return x
    if isinstance(x, Lazy):
        return x.rows(slice(None))
    if hasattr(x, "detach"):  # torch
        x = x.detach().cpu()
        return np.asarray(x.float() if str(x.dtype) == "torch.bfloat16" else x)
    if hasattr(x, "to_tensor") and hasattr(x, "row_splits"):  # tf.RaggedTensor
        x = x.to_tensor()
    elif kind_of(type(x)) == "sparse":
        x = densify(x)
    if hasattr(x, "numpy") and not hasattr(x, "__array__"):
        return np.asarray(x.numpy())
    if hasattr(x, "__array__") or hasattr(x, "__array_interface__") or isinstance(x, (*_SCALARS, list, tuple)):
        return np.asarray(x)
    if hasattr(x, "__dlpack__"):
        return np.from_dlpack(x)
    raise ValueError(
        f"{name} is of type {type(x).__module__}.{type(x).__qualname__}, which cannot be read as an array. "
        "Give NumPy arrays, tensors, pandas objects, nested lists or dicts of them, or a generator, "
        "`PyDataset`, tf.data.Dataset or torch DataLoader."
    )


def _own_tensor(x, current):
    if getattr(x, "requires_grad", False):
        x = x.detach()
    name = current.dtype(x)
    if name in dtypes.FLOATS and name != config.floatx():
        return current.cast(x, config.floatx())
    return x


def _standard(x: np.ndarray, name: str) -> np.ndarray:
    if type(x) is not np.ndarray:
        x = x.filled(np.nan) if isinstance(x, np.ma.MaskedArray) else np.asarray(x)
    kind = x.dtype.kind
    if kind == "f":
        floatx = config.floatx()
        return x if x.dtype.name == floatx else x.astype(_numpy_dtype(floatx))
    if kind in "iub" or kind in "US":
        return x
    if kind == "c":
        return x
    if kind == "O":
        return _from_objects(x, name)
    if kind == "V" and x.dtype.names is None:  # bfloat16, float8 and small integers of ml_dtypes
        if "float" in x.dtype.name:
            return x if x.dtype.name == config.floatx() else x.astype(_numpy_dtype(config.floatx()))
        return x
    if kind == "V":
        raise ValueError(
            f"{name} is a structured array with the fields {', '.join(x.dtype.names)}. Give a dict of "
            f"arrays, `{{field: {name}[field] for field in {name}.dtype.names}}`."
        )
    what = "dates" if kind in "mM" else f"dtype {x.dtype}"
    raise ValueError(f"{name} holds {what}, which models cannot compute with. Turn them into numbers first.")


def _numpy_dtype(name: str):
    if name == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    return np.dtype(name)


def _from_objects(x: np.ndarray, name: str) -> np.ndarray:
    """An array of Python objects as strings or numbers, or an error that says where the trouble is."""
    flat = x.ravel()
    if x.size and all(isinstance(v, str | bytes) for v in flat):
        return x.astype(str) if all(isinstance(v, str) for v in flat) else x
    for i, value in enumerate(flat):
        if isinstance(value, numbers.Number | np.generic) and not isinstance(value, np.str_ | np.bytes_):
            continue
        where = np.unravel_index(i, x.shape)
        place = f"row {where[0]}" + (f", column {', '.join(map(str, where[1:]))}" if len(where) > 1 else "")
        raise ValueError(
            f"{name} is an array of Python objects (dtype object), and {place} holds {_short(value)} of type "
            f"{type(value).__name__}. {_object_advice(value)}"
        )
    return _standard(np.asarray(x.tolist()).reshape(x.shape), name)


def _object_advice(value) -> str:
    if isinstance(value, list | tuple | np.ndarray):
        return "Rows of one length can be joined with `np.stack`; otherwise use `kerata.utils.pad_sequences`."
    if value is None:
        return "Fill or drop missing values first."
    if isinstance(value, str | bytes):
        return "Turn words into numbers first, for example with `layers.StringLookup`, or drop that column."
    return "Convert it to an array of numbers first."


def _short(value) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _frame_to_numpy(frame, name: str) -> np.ndarray:
    """The values of a pandas DataFrame, whose columns must all be numbers (or all strings)."""
    pandas = sys.modules["pandas"]
    numeric = pandas.api.types.is_numeric_dtype
    if all(isinstance(d, np.dtype) and d.kind in "iufb" for d in frame.dtypes):
        kinds = {d.kind for d in frame.dtypes}
        if kinds == {"b"} or "b" not in kinds:
            return frame.to_numpy()
        return frame.to_numpy(dtype=np.result_type(*[d for d in frame.dtypes if d.kind != "b"]))
    if all(numeric(d) for d in frame.dtypes):  # nullable numbers
        whole = not frame.isna().to_numpy().any() and all("float" not in str(d).lower() for d in frame.dtypes)
        return frame.to_numpy(dtype="int64" if whole else "float64", **({} if whole else {"na_value": np.nan}))
    for column, dtype in frame.dtypes.items():
        if numeric(dtype):
            continue
        values = frame[column]
        bad = next((i for i, v in enumerate(values) if isinstance(v, str | bytes) or not np.isscalar(v)), None)
        if bad is None:
            continue
        if all(isinstance(v, str) for v in values) and frame.shape[1] == 1:
            return frame.to_numpy(dtype=object)
        raise ValueError(
            f"{name} has the column {column!r} of dtype {dtype}, which is not numeric: row {bad} holds "
            f"{_short(values.iloc[bad])}. Drop the column, or encode it (for example with "
            "`pandas.get_dummies`)."
        )
    return frame.to_numpy(dtype="float64", na_value=np.nan)


class Lazy:
    """Rows that are read, or made dense, batch by batch."""

    shape: tuple
    dtype: np.dtype

    def rows(self, index) -> np.ndarray:
        """The rows at a slice or an array of indices, dense and in floatx if they are floats."""
        raise NotImplementedError

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        return len(self.shape)


class SparseRows(Lazy):
    """A sparse tensor of SciPy, JAX or TensorFlow, made dense batch by batch.

    Args:
        rows, inner: for each element its row, in ascending order, and its place within the row, flat.
        values: the elements.
        shape: of the whole.
    """

    def __init__(self, rows, inner, values, shape):
        self._inner, self._values = inner, values
        self.shape, self.dtype = shape, values.dtype
        self._ends = np.searchsorted(rows, np.arange(shape[0] + 1))

    @classmethod
    def of(cls, x) -> SparseRows:
        """From a sparse tensor of any library."""
        indices, values, shape = _elements(x)
        order = np.argsort(indices[0], kind="stable")
        inside = (indices[0] >= 0) & (indices[0] < shape[0])  # JAX fills up with indices that are out of range
        order = order[inside[order]]
        inner = np.ravel_multi_index(tuple(i[order] for i in indices[1:]), shape[1:]) if len(shape) > 1 else 0 * order
        return cls(indices[0][order], inner, values[order], shape)

    def rows(self, index) -> np.ndarray:
        starts, ends = self._ends[:-1][index], self._ends[1:][index]
        counts = ends - starts
        at = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        out = np.zeros((len(starts), int(np.prod(self.shape[1:]))), self.dtype)
        np.add.at(out, (np.repeat(np.arange(len(starts)), counts), self._inner[at]), self._values[at])
        return _standard(out.reshape(len(starts), *self.shape[1:]), "x")

    def __getitem__(self, index: slice) -> SparseRows:
        a, b, _ = index.indices(self.shape[0])
        rows = np.repeat(np.arange(self.shape[0]), np.diff(self._ends))
        cut = slice(self._ends[a], self._ends[b])
        return SparseRows(rows[cut] - a, self._inner[cut], self._values[cut], (b - a, *self.shape[1:]))


def _elements(x) -> tuple[list[np.ndarray], np.ndarray, tuple]:
    """The indices along each axis of the elements of a sparse tensor, their values, and the shape."""
    if hasattr(x, "dense_shape"):
        return list(np.asarray(x.indices).T), np.asarray(x.values), tuple(int(n) for n in np.asarray(x.dense_shape))
    if hasattr(x, "tocoo"):
        x = x.tocoo()
        return list(x.coords), x.data, x.shape
    if type(x).__name__ != "BCOO" or x.n_batch or x.n_dense:
        dense = to_numpy(x)
        at = np.nonzero(dense)
        return list(at), dense[at], dense.shape
    indices = np.asarray(x.indices)
    inside = (indices < np.array(x.shape)).all(axis=1)
    return list(indices[inside].T), np.asarray(x.data)[inside], tuple(x.shape)


class RaggedRows(Lazy):
    """A ragged tensor of TensorFlow; its batches are ragged as well."""

    def __init__(self, tensor):
        tf = sys.modules["tensorflow"]
        if tensor.dtype.is_floating and tensor.dtype.name != config.floatx():
            tensor = tf.cast(tensor, config.floatx())
        self.tensor = tensor
        static = tensor.shape.as_list()
        self.shape = (int(tensor.nrows()) if static[0] is None else static[0], *static[1:])
        self.dtype = np.dtype(object if tensor.dtype == tf.string else tensor.dtype.as_numpy_dtype)

    def rows(self, index):
        if isinstance(index, slice):
            return self.tensor[index]
        return sys.modules["tensorflow"].gather(self.tensor, index)

    def __getitem__(self, index: slice) -> RaggedRows:
        return RaggedRows(self.tensor[index])


class FileRows(Lazy):
    """A dataset of an open HDF5 file, read batch by batch."""

    def __init__(self, dataset, start: int = 0, stop: int | None = None):
        self.dataset = dataset
        self.start, self.stop = start, dataset.shape[0] if stop is None else stop
        self.shape = (self.stop - self.start, *dataset.shape[1:])
        self.dtype = dataset.dtype

    def rows(self, index) -> np.ndarray:
        if isinstance(index, slice):
            a, b, _ = index.indices(self.shape[0])
            return _standard(self.dataset[self.start + a : self.start + b], "x")
        unique, back = np.unique(np.asarray(index) + self.start, return_inverse=True)  # files want ascending indices
        return _standard(self.dataset[unique], "x")[back]

    def __getitem__(self, index: slice) -> FileRows:
        a, b, _ = index.indices(self.shape[0])
        return FileRows(self.dataset, self.start + a, self.start + b)
