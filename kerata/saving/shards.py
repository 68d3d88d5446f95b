"""Weights in other forms than one HDF5 file: several with an index, `.safetensors`, and the old `.npz` member."""

from __future__ import annotations

import contextlib
import json
import os

import numpy as np

from kerata.core.errors import need
from kerata.saving import atomic, weights
from kerata.saving.archive import safe_parts
from kerata.saving.hdf5 import ReadableEntry, ReadableStore, WritableEntry, open_checked, to_array
from kerata.saving.limits import Budget, parse_json
from kerata.saving.paths import MissingFileError


class MemoryEntry(dict):
    """Arrays by name, as `save_own_variables` writes and `load_own_variables` reads them."""

    def __setitem__(self, key, value):
        super().__setitem__(str(key), to_array(value))

    def shape(self, key: str) -> tuple:
        return tuple(np.shape(self[key]))


class MappingStore:
    """A store over arrays by full path ("layers/dense/vars/0")."""

    def __init__(self, arrays: dict):
        self.entries: dict[str, MemoryEntry] = {}
        for path, value in arrays.items():
            group, _, key = path.rpartition("/")
            self.entries.setdefault(group, MemoryEntry())[key] = value

    def get(self, path: str):
        return self.entries.get(f"{path}/vars" if path else "vars", MemoryEntry())

    def names(self) -> dict[str, str]:
        return {}

    def all_paths(self) -> list[str]:
        return [p.removesuffix("/vars") for p in self.entries]


# -- several HDF5 files ----------------------------------------------------------------------------------------
def save_sharded(model, path: str, max_shard_size) -> None:
    """Write `name_00000.weights.h5`, ... of at most `max_shard_size` GB each, then the index at `path`."""
    import h5py

    if not isinstance(max_shard_size, int | float) or max_shard_size <= 0:
        raise ValueError(f"`max_shard_size` is a positive number of gigabytes; got {max_shard_size!r}.")
    atomic.check_writable(path)
    limit = max_shard_size * 1024**3
    stem = path.removesuffix(".weights.json")
    files, where, total = [], {}, 0
    # Nothing gets its final name before everything is written; the index is the last that does.
    with contextlib.ExitStack() as pending:
        temporary_index = pending.enter_context(atomic.replacing(path))
        for number, batch in enumerate(_batches(model, limit)):
            name = f"{stem}_{number:05}.weights.h5"
            with h5py.File(pending.enter_context(atomic.replacing(name)), "w") as file:
                total += _write_shard(file, batch)
            for group, _, entry in batch:
                if entry:
                    where.setdefault(f"/{group}", []).append(os.path.basename(name))
            files.append(name)
        index = {"metadata": {"total_size": float(total)}, "weight_map": where}
        with open(temporary_index, "w", encoding="utf-8") as f:
            json.dump(index, f, indent=4)
    _remove_stale(stem, files)


def _write_shard(file, batch) -> int:
    """Write the entries of a batch; the number of bytes."""
    total = 0
    for group, owner, entry in batch:
        out = WritableEntry(file, group, owner)
        for key, value in entry.items():
            out[key] = value
            total += value.nbytes
    return total


def _batches(model, limit: float):
    """Entries of the model, gathered until a file's size is reached; one entry is never cut."""
    batch, size = [], 0
    for path, obj in weights.saveables(model):
        entry = MemoryEntry()
        weights.write_entry(obj, entry)
        more = sum(a.nbytes for a in entry.values())
        if batch and size + more > limit:
            yield batch
            batch, size = [], 0
        batch.append((f"{path}/vars" if path else "vars", getattr(obj, "name", None), entry))
        size += more
    if batch:
        yield batch


def _remove_stale(stem: str, files: list[str]) -> None:
    """Take away the shards of an earlier, longer save under this name."""
    number = len(files)
    while os.path.exists(f"{stem}_{number:05}.weights.h5"):
        os.unlink(f"{stem}_{number:05}.weights.h5")
        number += 1


class _ShardedStore:
    def __init__(self, stores: dict[str, ReadableStore], where: dict[str, list[str]]):
        self.stores, self.where = stores, where

    def get(self, path: str):
        group = f"/{path}/vars" if path else "/vars"
        found = [self.stores[f].get(path) for f in self.where.get(group, ())]
        if len(found) <= 1:
            return found[0] if found else ReadableEntry()
        merged = MemoryEntry()
        for entry in found:
            merged.update(entry.items())
        return merged

    def names(self) -> dict[str, str]:
        return {k: v for store in self.stores.values() for k, v in store.names().items()}

    def all_paths(self) -> list[str]:
        return [p for store in self.stores.values() for p in store.all_paths()]


def load_sharded(model, path: str, skip_mismatch: bool, skip) -> None:
    """Read weights from the files that an index names; all of them lie beside it."""
    with open(path, "rb") as f:
        index = parse_json(f.read(), repr(path))
    where = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(where, dict):
        raise ValueError(f"{path!r} is no index of weights: it has no `weight_map`.")
    where = {k: [v] if isinstance(v, str) else v for k, v in where.items()}
    names = sorted({_plain_name(n, path) for v in where.values() for n in _as_list(v, path)})
    with contextlib.ExitStack() as stack:
        stores = {}
        for name in names:
            full = os.path.join(os.path.dirname(path), name)
            if not os.path.isfile(full) or os.path.islink(full):
                raise MissingFileError(f"{path!r} names the file {name!r}, which is not there (or is a link).")
            stores[name] = ReadableStore(stack.enter_context(open_checked(full, repr(full))))
        weights.load_state(model, _ShardedStore(stores, where), skip_mismatch, skip, repr(path))


def _as_list(value, path: str) -> list:
    if not isinstance(value, list):
        raise ValueError(f"{path!r} is damaged: `weight_map` holds {value!r} where a list of file names belongs.")
    return value


def _plain_name(name, path: str) -> str:
    if not isinstance(name, str) or len(safe_parts(name)) != 1 or not name.endswith(".weights.h5"):
        raise ValueError(f"{path!r} was refused: it names {name!r}; its parts lie beside it and end in `.weights.h5`.")
    return name


# -- safetensors -----------------------------------------------------------------------------------------------
def save_safetensors(model, path: str) -> None:
    """Write the weights to a `.safetensors` file; tensors have the paths that they have in `.weights.h5`."""
    st = need("safetensors.numpy", "A file of weights in the format .safetensors")

    arrays = {}
    for place, obj in weights.saveables(model):
        entry = MemoryEntry()
        weights.write_entry(obj, entry)
        arrays.update((f"{place}/vars/{k}" if place else f"vars/{k}", np.ascontiguousarray(v)) for k, v in entry.items())
    with atomic.replacing(path) as temporary:
        st.save_file(arrays, temporary, metadata={"format": "kerata"})


def load_safetensors(model, path: str, skip_mismatch: bool, skip) -> None:
    """Read weights from a `.safetensors` file that `save_safetensors` wrote."""
    st = need("safetensors.numpy", "A file of weights in the format .safetensors")
    from safetensors import SafetensorError

    _check_safetensors(path)
    try:
        arrays = st.load_file(path)
    except (SafetensorError, OverflowError, KeyError, TypeError) as e:
        raise ValueError(f"{path!r} is no `.safetensors` file, or is damaged: {e}") from e
    weights.load_state(model, MappingStore(arrays), skip_mismatch, skip, repr(path))


def _check_safetensors(path: str) -> None:
    """The header, before the library reads it: its length, number of entries, and what they claim."""
    size = os.path.getsize(path)
    with open(path, "rb") as f:
        length = int.from_bytes(f.read(8), "little")
        if size < 8 or length > min(size - 8, 64 << 20):
            raise ValueError(f"{path!r} is no `.safetensors` file, or is cut off: its header claims {length:,} bytes.")
        header = parse_json(f.read(length), f"The header of {path!r}")
    if not isinstance(header, dict) or len(header) > 100_000:
        raise ValueError(f"The header of {path!r} is no table of tensors, or has too many.")
    budget = Budget(size, repr(path))
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
        if not (isinstance(offsets, list) and len(offsets) == 2 and all(type(x) is int for x in offsets)):
            raise ValueError(f"The header of {path!r} is damaged at {name!r}.")
        if not 0 <= offsets[0] <= offsets[1] <= size - 8 - length:
            raise ValueError(f"{path!r} was refused: {name!r} claims bytes {offsets} that are not there.")
        budget.take(offsets[1] - offsets[0], repr(name))


# -- npz -------------------------------------------------------------------------------------------------------
def npz_store(file, stored: int, what: str) -> MappingStore:
    """The store of an `.npz` member (Keras writes one where h5py is missing). Pickles in it are refused."""
    import zipfile

    from numpy.lib import format as npy

    budget = Budget(stored, what)
    arrays = {}
    try:
        with zipfile.ZipFile(file) as members:
            for info in members.infolist():
                name = info.filename.removesuffix(".npy")
                safe_parts(name)
                with members.open(info) as f:
                    arrays.update(_npz_member(f, name, info, npy, budget, what))
    except (zipfile.BadZipFile, EOFError) as e:
        raise ValueError(f"The weights of {what} are damaged: {e}") from e
    return MappingStore(arrays)


def _npz_member(f, name: str, info, npy, budget: Budget, what: str) -> dict:
    version = npy.read_magic(f)
    reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = reader(f)
    if dtype.hasobject:
        return _npz_dict(name, what)
    size = dtype.itemsize
    for n in shape:
        size *= int(n)
    if size > info.file_size:
        raise ValueError(f"The weights of {what} were refused: {name!r} claims {size:,} bytes and holds {info.file_size:,}.")
    budget.take(size, repr(name))
    data = f.read(size + 1)
    if len(data) != size:
        raise ValueError(f"The weights of {what} are damaged: {name!r} is shorter or longer than it says.")
    array = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    return {f"{name}/vars" if not name.endswith("vars") and "/" not in name else name: array}


def _npz_dict(name: str, what: str) -> dict:
    raise ValueError(f"The weights of {what} were refused: {name!r} holds pickled Python objects, which are never read.")
