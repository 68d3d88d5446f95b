"""KerasFileEditor: look at a file of weights, compare it with a model, and change it."""

from __future__ import annotations

import os

import numpy as np

from kerata.core.errors import did_you_mean
from kerata.saving import atomic
from kerata.saving.archive import Archive
from kerata.saving.hdf5 import WritableEntry, open_checked, read_dataset
from kerata.saving.limits import parse_json
from kerata.saving.paths import as_path, existing


class KerasFileEditor:
    """The weights of a `.weights.h5` or `.keras` file, as nested dictionaries that can be changed and saved.

    Args:
        filepath: the file. It is read through the same checks as by `load_model`; nothing in it is run.

    Raises:
        ValueError: if the file is missing or damaged.

    >>> model = kerata.Sequential([kerata.Input((2,)), kerata.layers.Dense(1, name="dense")])
    >>> model.save_weights("m.weights.h5")
    >>> editor = kerata.saving.KerasFileEditor("m.weights.h5")
    >>> editor.rename_object("layers/dense", "head")
    >>> list(editor.weights_dict["layers"])
    ['head']
    """

    def __init__(self, filepath):
        self.filepath = existing(as_path(filepath))
        self.metadata = self.config = self.model = None
        with open(self.filepath, "rb") as f:
            zipped = f.read(2) == b"PK"
        if zipped:
            with Archive(self.filepath, repr(self.filepath)) as archive:
                if "metadata.json" in archive:
                    self.metadata = parse_json(archive.read("metadata.json"), "metadata.json")
                self.config = parse_json(archive.read("config.json"), "config.json")
                with archive.open_seekable("model.weights.h5") as f:
                    self.weights_dict, self.names = self._read(f)
        else:
            self.weights_dict, self.names = self._read(self.filepath)

    def _read(self, source) -> tuple[dict, dict]:
        import h5py

        names: dict[str, str] = {}

        def read(group, path: str) -> dict:
            found: dict = {}
            for key in group:
                item = group[key]
                if isinstance(item, h5py.Dataset):
                    found[key] = read_dataset(item)
                elif key == "vars":
                    found.update((k, read_dataset(item[k])) for k in item)
                    if "name" in item.attrs:
                        names[path] = str(item.attrs["name"])
                else:
                    inner = read(item, f"{path}/{key}".strip("/"))
                    if inner:
                        found[key] = inner
            return found

        with open_checked(source, repr(self.filepath)) as file:
            return read(file, ""), names

    # -- looking ----------------------------------------------------------------------------------------------
    def summary(self) -> None:
        """Print the tree of weights."""
        if self.metadata:
            version, date = self.metadata.get("keras_version"), self.metadata.get("date_saved")
            print(f"Model file {self.filepath!r}, written by Keras {version} on {date}")
        print("Weights structure")
        self._print(self.weights_dict, "  ")

    def _print(self, tree: dict, indent: str) -> None:
        for key, value in tree.items():
            if isinstance(value, dict):
                print(f"{indent}> {key}")
                self._print(value, indent + "    ")
            else:
                print(f"{indent}{key}: shape={value.shape}, dtype={value.dtype.name}")

    def compare(self, reference_model) -> dict:
        """Say how the file differs from a model's weights.

        Args:
            reference_model: a built model.

        Returns:
            `{"status": "success" or "error", "error_count", "match_count"}`.
        """
        mine, theirs = _flat(self.weights_dict), _flat(_weights_of(reference_model))
        errors, matches = [], 0
        for path in sorted(set(mine) | set(theirs)):
            a, b = mine.get(path), theirs.get(path)
            if a is None and path.startswith("optimizer/"):
                continue
            if a is None:
                errors.append(f"{path} is in the model (shape {b.shape}), not in the file")
            elif b is None:
                if not path.startswith("optimizer/"):
                    errors.append(f"{path} is in the file (shape {a.shape}), not in the model")
            elif a.shape != b.shape:
                errors.append(f"{path} has shape {a.shape} in the file, {b.shape} in the model")
            else:
                matches += 1
        for e in errors:
            print(f"- {e}")
        print(f"{matches} weights agree, {len(errors)} differ.")
        return {"status": "error" if errors else "success", "error_count": len(errors), "match_count": matches}

    # -- changing ---------------------------------------------------------------------------------------------
    def _find(self, name: str) -> tuple[dict, str]:
        """The dictionary that holds the object, and its key; `name` is a path, or a key that stands once."""
        parts = name.strip("/").split("/")
        if len(parts) > 1:
            tree = self.weights_dict
            for part in parts[:-1]:
                tree = tree.get(part) if isinstance(tree, dict) else None
                if not isinstance(tree, dict):
                    raise self._unknown(name)
            if not isinstance(tree.get(parts[-1]), dict):
                raise self._unknown(name)
            return tree, parts[-1]
        found = [(tree, key) for tree, key in self._objects(self.weights_dict) if key == name]
        if not found:
            raise self._unknown(name)
        if len(found) > 1:
            raise ValueError(f"{len(found)} objects in the file are called {name!r}: give the whole path, as summary() shows it.")
        return found[0]

    def _objects(self, tree: dict):
        for key, value in tree.items():
            if isinstance(value, dict):
                yield tree, key
                yield from self._objects(value)

    def _unknown(self, name: str) -> ValueError:
        known = sorted({p.rpartition("/")[0] for p in _flat(self.weights_dict)})
        return ValueError(f"The file holds no object {name!r}.{did_you_mean(name, known)} It holds: {', '.join(known[:20])}.")

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object another key; the order stays.

        Args:
            object_name: its path ("layers/dense"), or its key where that stands once.
            new_name: the new key, without "/".

        Raises:
            ValueError: if there is no such object, or the key is taken.
        """
        if not new_name or "/" in new_name:
            raise ValueError(f"A key is not empty and has no '/'; got {new_name!r}.")
        tree, key = self._find(object_name)
        if new_name in tree and new_name != key:
            raise ValueError(f"There is an object {new_name!r} beside {object_name!r} already.")
        items = [(new_name if k == key else k, v) for k, v in tree.items()]
        tree.clear()
        tree.update(items)

    def delete_object(self, object_name: str) -> None:
        """Take an object and all below it away.

        Args:
            object_name: its path, or its key where that stands once.
        """
        tree, key = self._find(object_name)
        del tree[key]

    def add_object(self, object_path: str, weights: dict) -> None:
        """Add an object at a path whose parent is there.

        Args:
            object_path: for example `layers/dense_3`.
            weights: arrays by key ("0", "1", ...).
        """
        parent, _, key = object_path.strip("/").rpartition("/")
        tree = self.weights_dict
        for part in parent.split("/") if parent else ():
            if not isinstance(tree.get(part), dict):
                raise self._unknown(parent)
            tree = tree[part]
        if key in tree:
            raise ValueError(f"{object_path!r} is in the file already; see add_weights().")
        tree[key] = _checked(weights)

    def add_weights(self, object_name: str, weights: dict) -> None:
        """Add arrays to an object, or replace those it has.

        Args:
            object_name: its path, or its key where that stands once.
            weights: dictionary of keys ("0", "1") and arrays.
        """
        tree, key = self._find(object_name)
        tree[key].update(_checked(weights))

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Take one array of an object away.

        Args:
            object_name: its path, or its key where that stands once.
            weight_name: the array's key.

        Raises:
            ValueError: if the object has no such array.
        """
        tree, key = self._find(object_name)
        if not isinstance(tree[key].get(weight_name), np.ndarray):
            arrays = [k for k, v in tree[key].items() if isinstance(v, np.ndarray)]
            raise ValueError(f"{object_name!r} has no weight {weight_name!r}; it has: {', '.join(arrays)}.")
        del tree[key][weight_name]

    def save(self, filepath) -> None:
        """Write the weights to a file.

        Args:
            filepath: a name that ends in `.weights.h5`.

        Raises:
            ValueError: for a name with another ending.
        """
        import h5py

        path = as_path(filepath)
        if not path.endswith(".weights.h5"):
            raise ValueError(f"The name of a file of weights ends in `.weights.h5`; got {path!r}.")
        with atomic.replacing(path) as temporary, h5py.File(temporary, "w") as file:
            self._write(file, self.weights_dict, "")

    resave_weights = save

    def _write(self, file, tree: dict, path: str) -> None:
        entry = WritableEntry(file, f"{path}/vars".strip("/"), self.names.get(path))
        for key, value in tree.items():
            if isinstance(value, dict):
                self._write(file, value, f"{path}/{key}".strip("/"))
            else:
                entry[key] = value

    def __repr__(self) -> str:
        return f"<KerasFileEditor {os.path.basename(self.filepath)}: {len(_flat(self.weights_dict))} weights>"


def _checked(weights) -> dict:
    if not isinstance(weights, dict):
        raise ValueError(f"`weights` is a dictionary from keys ('0', '1', ...) to arrays; got {type(weights).__name__}.")
    return {str(k): np.asarray(v) for k, v in weights.items()}


def _flat(tree: dict, path: str = "") -> dict[str, np.ndarray]:
    out = {}
    for key, value in tree.items():
        here = f"{path}/{key}" if path else str(key)
        if isinstance(value, dict):
            out.update(_flat(value, here))
        else:
            out[here] = value
    return out


def _weights_of(model) -> dict:
    from kerata.saving import shards, weights

    tree: dict = {}
    for path, obj in weights.saveables(model):
        entry = shards.MemoryEntry()
        weights.write_entry(obj, entry)
        inner = tree
        for part in path.split("/") if path else ():
            inner = inner.setdefault(part, {})
        inner.update(entry)
    return tree
