"""HDF5 files: a reader that checks everything in a file before anything is read, and the writer of weight stores."""

from __future__ import annotations

import contextlib
import io
import os

import numpy as np

from kerata.saving.hdf5_heaps import Heaps
from kerata.saving.limits import Budget

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MAX_OBJECTS = 2_000_000
_MAX_DEPTH = 64
_MAX_ATTRIBUTE = 256 << 20
_MAX_ATTRIBUTES = 10_000
_SMALL = 4096
_FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32", 32000: "lzf"}


@contextlib.contextmanager
def open_checked(source, what: str):
    """An open `h5py.File` whose links, layouts, filters, dtypes and sizes have all been checked.

    Args:
        source: a path, or a seekable binary file.
        what: the file's name for messages.

    Raises:
        ValueError: if it is no HDF5 file, is damaged, or holds what a model file never does.
    """
    import h5py

    size = _check_signature(source, what)
    try:
        file = h5py.File(source, "r")
    except (OSError, ValueError, RuntimeError, KeyError) as e:
        raise ValueError(f"{what} starts as an HDF5 file, but cannot be read: it is damaged or cut off ({e}).") from e
    with file, _reading(source) as read:
        try:
            _Check(Budget(size, what), what, read, size).group(file.id, "", 0)
        except (OSError, RuntimeError, KeyError, TypeError, OverflowError, UnicodeError, SystemError) as e:
            raise ValueError(f"{what} is damaged: {e}") from e
        yield file


@contextlib.contextmanager
def _reading(source):
    """A function that reads bytes at a place of the file, beside the library."""
    with open(source, "rb") if isinstance(source, str | os.PathLike) else contextlib.nullcontext(source) as file:

        def read(at: int, count: int) -> bytes:
            file.seek(at)
            return file.read(count)

        yield read


def _check_signature(source, what: str) -> int:
    if isinstance(source, str | os.PathLike):
        size = os.path.getsize(source)
        with open(source, "rb") as f:
            head = f.read(8)
    else:
        size = source.seek(0, io.SEEK_END)
        source.seek(0)
        head = source.read(8)
        source.seek(0)
    if head != _SIGNATURE:
        raise ValueError(f"{what} is no HDF5 file: {describe_bytes(head, size)}.")
    return size


def describe_bytes(head: bytes, size: int) -> str:
    """What a file seems to be, from how it starts."""
    if size == 0:
        return "it is empty"
    if head.startswith(b"PK"):
        return "it is a zip archive (a `.keras` file?)"
    if head.startswith(_SIGNATURE):
        return "it is an HDF5 file"
    if head.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        return "it is a Python pickle, which is never read"
    if head.startswith(b"version "):
        return "it is a Git LFS pointer: the real file was not fetched (git lfs pull)"
    if head[:1] in (b"{", b"["):
        return "it is JSON text"
    if head.lstrip().startswith((b"<", b"<!")):
        return "it is an HTML or XML page (a download that went wrong?)"
    return f"it starts with the bytes {head!r}"


class _Check:
    """Walks over all objects by hard links alone, and adds up what they claim."""

    def __init__(self, budget: Budget, what: str, read, size: int):
        self.budget, self.what = budget, what
        self.heaps = Heaps(read, size, lambda why: ValueError(f"{what} was refused: it {why}."))
        self.objects = 0
        self.open_groups: set = set()
        self.groups: set = set()

    def refuse(self, place: str, why: str):
        return ValueError(f"{self.what} was refused: {place!r} {why}.")

    def group(self, group, place: str, depth: int) -> None:
        from h5py import h5g, h5l, h5o

        if depth > _MAX_DEPTH:
            raise self.refuse(place, f"lies more than {_MAX_DEPTH} groups deep")
        address = h5o.get_info(group).addr
        if address in self.open_groups:
            raise self.refuse(place, "is a group that contains itself")
        if address in self.groups:  # two such links a level make 2**depth paths
            raise self.refuse(place, "is a group that lies in two places")
        self.groups.add(address)
        self.open_groups.add(address)
        self.attributes(group, place, address)
        for raw in list(group):
            name = f"{place}/{raw.decode('utf-8', 'backslashreplace')}"
            self.objects += 1
            if self.objects > _MAX_OBJECTS:
                raise self.refuse(name, f"is one of more than {_MAX_OBJECTS:,} objects")
            kind = group.links.get_info(raw).type
            if kind != h5l.TYPE_HARD:
                how = "a link to another file" if kind == h5l.TYPE_EXTERNAL else "a soft link"
                raise self.refuse(name, f"is {how}; only data that lies in the file itself is read")
            kind = h5o.get_info(group, raw).type
            if kind == h5o.TYPE_GROUP:
                self.group(h5g.open(group, raw), name, depth + 1)
            elif kind == h5o.TYPE_DATASET:
                self.dataset(h5o.open(group, raw), name)
            else:
                raise self.refuse(name, "is neither a group nor an array")
        self.open_groups.discard(address)

    def dataset(self, dataset, place: str) -> None:
        from h5py import h5d, h5o, h5t

        texts = dataset.get_type().get_class() == h5t.STRING and dataset.get_type().is_variable_str()
        plist = dataset.get_create_plist()
        if plist.get_layout() == h5d.VIRTUAL:
            raise self.refuse(place, "is a virtual array, made of other files")
        if plist.get_external_count():
            raise self.refuse(place, "keeps its data in another file on the disk (external storage)")
        for i in range(plist.get_nfilters()):
            code = plist.get_filter(i)[0]
            if code not in _FILTERS:
                raise self.refuse(place, f"is stored with filter number {code}; read are {', '.join(_FILTERS.values())}")
        self.dtype(dataset.get_type(), place, strings=True)
        size = self.extent(dataset.get_space(), dataset.get_type().get_size(), place)
        if plist.get_layout() == h5d.CHUNKED:
            chunk = int(np.prod(plist.get_chunk(), dtype=object)) * dataset.get_type().get_size()
            self.budget.take(0 if chunk <= max(size, 1 << 20) else chunk, f"a chunk of {place!r}")
        elif size > (1 << 16) and dataset.get_storage_size() < size:
            raise self.refuse(
                place, f"claims {size:,} bytes, of which the file holds {dataset.get_storage_size():,}: it is cut off or false"
            )
        self.budget.take(size, repr(place))
        if texts and size:
            if dataset.get_offset() is None or not self.heaps.plain:
                raise self.refuse(place, "holds texts in an unusual way")
            self.heaps.of_values(dataset.get_offset(), size)
        self.attributes(dataset, place, h5o.get_info(dataset).addr)

    def extent(self, space, item: int, place: str) -> int:
        size = item
        for n in space.get_simple_extent_dims() if space.get_simple_extent_ndims() > 0 else ():
            size *= int(n)
        if size >= 1 << 62:
            raise self.refuse(place, "claims a shape beyond all memory")
        return size

    def dtype(self, kind, place: str, strings: bool) -> None:
        from h5py import h5t

        numbers = (h5t.INTEGER, h5t.FLOAT, h5t.ENUM, h5t.OPAQUE, h5t.BITFIELD)
        found = kind.get_class()
        if found in numbers or (found == h5t.STRING and strings):
            return
        if found == h5t.COMPOUND:  # complex numbers
            for i in range(kind.get_nmembers()):
                self.dtype(kind.get_member_type(i), place, strings=False)
            return
        if found == h5t.ARRAY:
            self.dtype(kind.get_super(), place, strings=False)
            return
        raise self.refuse(place, "holds objects or references instead of numbers")

    def attributes(self, owner, place: str, address: int) -> None:
        from h5py import h5a, h5t

        usual = self.heaps.of_object(address)
        if h5a.get_num_attrs(owner) > _MAX_ATTRIBUTES:
            raise self.refuse(place, f"has more than {_MAX_ATTRIBUTES:,} attributes")
        names: list[bytes] = []
        h5a.iterate(owner, names.append)  # opening them by number takes the square of their number
        for raw in names:
            attribute = h5a.open(owner, raw)
            kind = attribute.get_type()
            name = f"{place}@{attribute.name.decode('utf-8', 'backslashreplace')}"
            size = self.extent(attribute.get_space(), kind.get_size(), name)
            if size > _MAX_ATTRIBUTE:
                raise self.refuse(name, f"is an attribute of {size:,} bytes")
            self.dtype(kind, name, strings=True)
            if not usual and kind.get_class() == h5t.STRING and kind.is_variable_str():
                raise self.refuse(name, "is a text that is stored in an unusual way")


# -- stores of weights -----------------------------------------------------------------------------------------
def to_array(value):
    """A NumPy array of a variable, tensor or array."""
    if not isinstance(value, np.ndarray | np.generic):
        from kerata import backend
        from kerata.core.variable import Variable

        if isinstance(value, Variable):
            value = value.value
        owner = backend.owner(type(value))
        if owner is not None:  # a tensor, which on PyTorch may still belong to a gradient
            value = getattr(owner, "peek", owner.to_numpy)(value)
        elif hasattr(value, "numpy"):
            value = value.numpy()
    if not isinstance(value, np.ndarray):
        value = np.asarray(value)
    if value.dtype.hasobject:
        raise TypeError(f"Only arrays of numbers can be stored; got an array of Python objects, {value!r:.100}.")
    return value


class WritableEntry:
    """What `save_own_variables` writes into: a dictionary from names to arrays, in one group of a file."""

    def __init__(self, file, path: str, name: str | None):
        self.group = file.require_group(path)
        if name:
            self.group.attrs["name"] = name

    def __setitem__(self, key: str, value) -> None:
        array = to_array(value)
        if array.dtype.kind == "U":
            array = np.char.encode(array, "utf-8")
        native = array.dtype.type.__module__ == "numpy"
        if native:
            self.group.create_dataset(str(key), data=array)
        else:  # bfloat16 and its like, which HDF5 does not know
            raw = array.view(np.dtype(f"V{array.dtype.itemsize}"))
            self.group.create_dataset(str(key), data=raw).attrs["dtype"] = array.dtype.name

    def __contains__(self, key) -> bool:
        return str(key) in self.group

    def __getitem__(self, key: str):
        return read_dataset(self.group[str(key)])

    def keys(self):
        return list(self.group.keys())

    def __len__(self) -> int:
        return len(self.group)


def read_dataset(dataset) -> np.ndarray:
    """The array of a dataset that has been checked."""
    import h5py

    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"The file holds a group at {dataset.name!r}, where an array of numbers belongs.")
    name = dataset.attrs.get("dtype")
    if dataset.dtype.kind == "O":
        dataset = dataset.asstr()
    value = dataset[()]
    value = np.asarray(value)
    if isinstance(name, bytes):
        name = name.decode()
    if isinstance(name, str) and value.dtype.kind == "V":
        import ml_dtypes

        if name not in _NARROW or np.dtype(getattr(ml_dtypes, name)).itemsize != value.dtype.itemsize:
            raise ValueError(f"The file gives the dtype {name!r} for {dataset.name!r}, which does not fit its bytes.")
        value = value.view(getattr(ml_dtypes, name))
    return value


_NARROW = (
    "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3", "float8_e3m4", "float8_e4m3b11fnuz", "float8_e4m3fnuz",
    "float8_e5m2fnuz", "float8_e8m0fnu", "int4", "uint4", "int2", "uint2",
)  # fmt: skip


class ReadableEntry:
    """What `load_own_variables` reads from: a dictionary from names to arrays. Arrays are read when asked for."""

    def __init__(self, group=None):
        self.group = group

    def __getitem__(self, key: str) -> np.ndarray:
        if self.group is None or str(key) not in self.group:
            raise KeyError(key)
        return read_dataset(self.group[str(key)])

    def __contains__(self, key) -> bool:
        return self.group is not None and str(key) in self.group

    def __iter__(self):
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def keys(self) -> list[str]:
        return [] if self.group is None else list(self.group.keys())

    def values(self):
        return [self[k] for k in self.keys()]

    def items(self):
        return [(k, self[k]) for k in self.keys()]

    def get(self, key, default=None):
        return self[key] if key in self else default

    def shape(self, key: str) -> tuple:
        return tuple(getattr(self.group[str(key)], "shape", ()))

    def reader(self, key: str, shape: tuple, dtype: str):
        """A function that reads the array into one that is there; None where it is small, or of another kind."""
        return None if self.group is None else reader(self.group.get(str(key)), shape, dtype)


def reader(dataset, shape: tuple, dtype: str):
    """A function that reads a dataset into an array of this shape and dtype; None if it is another's."""
    import h5py

    if not isinstance(dataset, h5py.Dataset) or dataset.nbytes < _SMALL or dataset.dtype.kind not in "fiu":
        return None
    if dataset.dtype.name != dtype or not dataset.dtype.isnative or dataset.shape != shape:
        return None
    return lambda array: dataset.id.read(h5py.h5s.ALL, h5py.h5s.ALL, array)


class ReadableStore:
    """The entries of one open file of weights, by path."""

    def __init__(self, file):
        self.file = file

    def get(self, path: str) -> ReadableEntry:
        """The entry at `path` (without "vars"); empty if the file has none."""
        return ReadableEntry(self._group(f"{path}/vars" if path else "vars"))

    def _group(self, path: str):
        import h5py

        found = self.file
        for part in path.split("/"):
            if not isinstance(found, h5py.Group) or part not in found:
                return None
            found = found[part]
        return found if isinstance(found, h5py.Group) else None

    def has(self, path: str) -> bool:
        return self._group(path) is not None

    def names(self) -> dict[str, str]:
        """Where Keras wrote the layers' names: from name to path, for names that stand once."""
        found: dict[str, list[str]] = {}

        def visit(path, item):
            if path.rpartition("/")[2] == "vars" and "name" in item.attrs:
                name = item.attrs["name"]
                found.setdefault(name.decode() if isinstance(name, bytes) else str(name), []).append(path)

        self.file.visititems(visit)
        return {k: v[0].rpartition("/")[0] for k, v in found.items() if len(v) == 1}

    def all_paths(self) -> list[str]:
        """Paths that hold arrays."""
        import h5py

        paths = []
        self.file.visititems(
            lambda p, x: paths.append(p.rpartition("/")[0]) if isinstance(x, h5py.Group) and p.endswith("/vars") and len(x)
            else None
        )  # fmt: skip
        return paths
