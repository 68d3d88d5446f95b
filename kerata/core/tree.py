"""Nested structures of lists, tuples, dicts and named tuples, on optree."""

from __future__ import annotations

import collections.abc
import warnings
from typing import Any

import optree

_NS = "kerata"
_KW: dict[str, Any] = {"none_is_leaf": True, "namespace": _NS}


def flatten_with_structure(x) -> tuple[list, Any]:
    """The leaves (None is a leaf) and a structure to put them back with `unflatten`."""
    return optree.tree_flatten(x, **_KW)


def unflatten(structure, leaves):
    """The inverse of `flatten_with_structure`."""
    return optree.tree_unflatten(structure, leaves)


def flatten(structure) -> list:
    """The leaves in a list: dictionaries in sorted-key order, None counts as a leaf."""
    return optree.tree_leaves(structure, **_KW)


def is_nested(structure) -> bool:
    """Whether it is a list, tuple, dict or another registered container."""
    return not optree.tree_is_leaf(structure, **_KW)


def map_structure(func, *structures, none_is_leaf: bool = True):
    """Apply `func` to corresponding leaves and give the results in the structure of the first."""
    if not structures:
        raise ValueError("map_structure() needs at least one structure.")
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    return optree.tree_map(func, *structures, none_is_leaf=none_is_leaf, namespace=_NS)


def map_structure_up_to(shallow_structure, func, *structures):
    """Apply `func` at the leaves of `shallow_structure`, to the parts of `structures` that stand there."""
    structure = optree.tree_structure(shallow_structure, **_KW)
    parts = [structure.flatten_up_to(s) for s in structures]
    return optree.tree_unflatten(structure, [func(*p) for p in zip(*parts)])


def assert_same_structure(a, b, check_types=None) -> None:
    """ValueError unless both nest in the same way (lists and tuples are told apart).

    Args:
        a, b: the structures.
        check_types: of earlier Keras; it changes nothing.
    """
    if check_types is not None:
        warnings.warn("`check_types` of assert_same_structure() has no effect any more.", DeprecationWarning, stacklevel=2)
    sa, sb = optree.tree_structure(a, **_KW), optree.tree_structure(b, **_KW)
    if sa != sb and not _alike(a, b):
        raise ValueError(f"The structures do not match: {_describe(a)} and {_describe(b)}.")


def _alike(a, b) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_alike(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(_alike(x, y) for x, y in zip(a, b))
    return not is_nested(a) and not is_nested(b)


def _describe(x) -> str:
    return str(optree.tree_map(lambda _: "*", x, **_KW)).replace("'*'", "*")


def pack_sequence_as(structure, flat_sequence):
    """Put the items of `flat_sequence` where the leaves of `structure` are."""
    if not is_nested(structure) and not isinstance(flat_sequence, collections.abc.Sequence):
        return flat_sequence
    spec = optree.tree_structure(structure, **_KW)
    flat_sequence = list(flat_sequence)
    if spec.num_leaves != len(flat_sequence):
        raise ValueError(
            f"pack_sequence_as() was given {len(flat_sequence)} items for a structure of {spec.num_leaves} leaves: "
            f"{_describe(structure)}."
        )
    return optree.tree_unflatten(spec, flat_sequence)


def lists_to_tuples(structure):
    """The same structure with every list turned into a tuple."""
    if isinstance(structure, list | tuple) and not hasattr(structure, "_fields"):
        return tuple(lists_to_tuples(x) for x in structure)
    if isinstance(structure, dict):
        return type(structure)((k, lists_to_tuples(v)) for k, v in structure.items())
    return structure


def map_shape_structure(func, structure):
    """Apply `func` to each shape (a list or tuple of integers or None) in the structure."""
    if is_shape(structure):
        return func(tuple(structure))
    if isinstance(structure, dict):
        return {k: map_shape_structure(func, v) for k, v in structure.items()}
    if isinstance(structure, list | tuple):
        return type(structure)(map_shape_structure(func, v) for v in structure)
    raise ValueError(f"Not a shape or a structure of shapes: {structure!r}.")


def is_shape(x) -> bool:
    """Whether `x` is one shape: a list or tuple of integers and None."""
    return isinstance(x, list | tuple) and all(e is None or isinstance(e, int) for e in x)


def traverse(func, structure, top_down: bool = True):
    """Visit every node of the structure; a result other than None replaces the node."""
    if top_down:
        out = func(structure)
        if out is not None:
            return None if out is MAP_TO_NONE else out
    if is_nested(structure):
        children, spec = optree.tree_flatten(structure, is_leaf=lambda x: x is not structure, **_KW)
        structure = optree.tree_unflatten(spec, [traverse(func, c, top_down) for c in children])
    if not top_down:
        out = func(structure)
        if out is not None:
            return None if out is MAP_TO_NONE else out
    return structure


class MAP_TO_NONE:  # noqa: N801  (the name is public API)
    """What `traverse`'s function returns to put None in a node's place."""


def flatten_with_path(structure) -> list[tuple[tuple, Any]]:
    """Pairs of path (a tuple of keys and indices) and leaf."""
    paths, leaves, _ = optree.tree_flatten_with_path(structure, **_KW)
    return list(zip(paths, leaves))


def assert_same_paths(a, b) -> None:
    """ValueError unless the leaves of both stand at the same paths (lists and tuples count as alike)."""
    paths_a, paths_b = ({p for p, _ in flatten_with_path(s)} for s in (a, b))
    if paths_a != paths_b:
        raise ValueError(
            f"The structures differ in their paths. Only in the first: {sorted(map(str, paths_a - paths_b))}; only in the "
            f"second: {sorted(map(str, paths_b - paths_a))}."
        )
