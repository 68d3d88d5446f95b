"""Nested structures of lists, tuples, dicts and named tuples, on optree."""

from __future__ import annotations

import collections.abc
import copy
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
    """The leaves of a structure in a list; dictionaries in the order of their sorted keys, None being a leaf too.

    Args:
        structure: lists, tuples, dictionaries, named tuples and registered containers, in any depth; or a single leaf.

    >>> kerata.tree.flatten({"b": 3, "a": [1, (2, None)]})
    [1, 2, None, 3]
    """
    return optree.tree_leaves(structure, **_KW)


def is_nested(structure) -> bool:
    """Whether something is a list, tuple, dictionary or another container that `flatten` takes apart.

    Args:
        structure: anything.

    >>> kerata.tree.is_nested([1]), kerata.tree.is_nested("leaf")
    (True, False)
    """
    return not optree.tree_is_leaf(structure, **_KW)


def map_structure(func, *structures, none_is_leaf: bool = True):
    """Apply a function to the leaves that stand at the same place, and put the results there.

    Args:
        func: function of as many leaves as there are structures.
        structures: one structure or more, all nested in the same way.
        none_is_leaf: whether `func` gets None as well (True, the default) or None stays as it is.

    Returns:
        A structure like the first.

    Raises:
        ValueError: if there is no structure, or they do not match.

    >>> kerata.tree.map_structure(lambda x, y: x + y, {"a": 1, "b": [2]}, {"a": 10, "b": [20]})
    {'a': 11, 'b': [22]}
    """
    if not structures:
        raise ValueError("map_structure() needs at least one structure.")
    for other in structures[1:]:
        assert_same_structure(structures[0], other)
    return optree.tree_map(func, *structures, none_is_leaf=none_is_leaf, namespace=_NS)


def map_structure_up_to(shallow_structure, func, *structures):
    """Apply a function at the leaves of a first structure, to whatever stands at those places in the others.

    Args:
        shallow_structure: its leaves say how deep to go.
        func: function of as many parts as there are `structures`.
        structures: nested like `shallow_structure`, and possibly deeper.

    Returns:
        A structure like `shallow_structure`.

    Raises:
        ValueError: if a structure is not nested that way.

    >>> kerata.tree.map_structure_up_to({"a": 0, "b": 0}, len, {"a": [1, 2], "b": (3,)})
    {'a': 2, 'b': 1}
    """
    structure = optree.tree_structure(shallow_structure, **_KW)
    parts = [structure.flatten_up_to(s) for s in structures]
    return optree.tree_unflatten(structure, [func(*p) for p in zip(*parts)])


def assert_same_structure(a, b, check_types=None) -> None:
    """Check that two structures nest in the same way; lists and tuples are told apart, kinds of dictionaries are not.

    Args:
        a, b: the structures.
        check_types: without effect, for the sake of old programs; other values than None warn.

    Raises:
        ValueError: if they differ; it shows both.

    >>> kerata.tree.assert_same_structure([1, (2, 3)], [4, (5, 6)])
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
    """Put items where the leaves of a structure are: the inverse of `flatten`.

    Args:
        structure: what to fill; its own leaves do not matter.
        flat_sequence: as many items as there are leaves, in the order of `flatten`.

    Returns:
        A structure like the first.

    Raises:
        ValueError: if the numbers differ.

    >>> kerata.tree.pack_sequence_as({"b": 0, "a": [0, 0]}, [1, 2, 3])
    {'b': 3, 'a': [1, 2]}
    """
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
    """The same structure with every list made a tuple, in every depth: for use as a key of a dictionary, say.

    Args:
        structure: any structure.

    >>> kerata.tree.lists_to_tuples([1, {"a": [2, 3]}])
    (1, {'a': (2, 3)})
    """
    if isinstance(structure, list | tuple):
        items = [lists_to_tuples(x) for x in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else tuple(items)
    if isinstance(structure, dict):
        out = copy.copy(structure)  # keeps the default factory of a defaultdict
        out.update({k: lists_to_tuples(v) for k, v in structure.items()})
        return out
    return structure


def map_shape_structure(func, structure):
    """Apply a function to each shape of a structure, a shape being a list or tuple of integers and None.

    Args:
        func: function of a tuple.
        structure: a shape, or lists, tuples and dictionaries of shapes.

    Returns:
        A structure with the results in place of the shapes.

    Raises:
        TypeError: for a leaf that is no shape.

    >>> kerata.tree.map_shape_structure(len, {"a": (None, 3), "b": [2, 4, 4]})
    {'a': 2, 'b': 3}
    """
    if is_shape(structure):
        return func(tuple(structure))
    if isinstance(structure, dict):
        return {k: map_shape_structure(func, v) for k, v in structure.items()}
    if isinstance(structure, list | tuple):
        items = [map_shape_structure(func, v) for v in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    raise TypeError(f"Not a shape or a structure of shapes: {structure!r}.")


def is_shape(x) -> bool:
    """Whether `x` is one shape: a list or tuple of integers and None."""
    return isinstance(x, list | tuple) and all(e is None or isinstance(e, int) for e in x)


def traverse(func, structure, top_down: bool = True):
    """Visit every node of a structure, containers too; a result of the function other than None takes the node's place.

    Args:
        func: function of a node. It gives None to leave the node alone (and, from above, to go on into it), or
            `MAP_TO_NONE` to put None there.
        structure: any structure.
        top_down: whether containers come before what is in them (True, the default) or after it.

    Returns:
        The structure with the replacements.

    >>> kerata.tree.traverse(lambda s: tuple(s) if isinstance(s, list) else None, [[1, 2], 3], top_down=False)
    ((1, 2), 3)
    """
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
    """What the function given to `traverse` returns to put None in a node's place.

    >>> kerata.tree.traverse(lambda s: kerata.tree.MAP_TO_NONE if s == 2 else None, [1, [2, 3]])
    [1, [None, 3]]
    """


def flatten_with_path(structure) -> list[tuple[tuple, Any]]:
    """The leaves of a structure with the keys and indices that lead to them.

    Args:
        structure: any structure.

    Returns:
        A list of pairs `(path, leaf)`, a path being a tuple; in the order of `flatten`.

    >>> kerata.tree.flatten_with_path({"b": 3, "a": [1]})
    [(('a', 0), 1), (('b',), 3)]
    """
    paths, leaves, _ = optree.tree_flatten_with_path(structure, **_KW)
    return list(zip(paths, leaves))


def assert_same_paths(a, b) -> None:
    """Check that the leaves of two structures stand at the same paths; lists and tuples count as alike.

    Args:
        a, b: the structures.

    Raises:
        ValueError: if they differ; it lists the paths that only one of them has.

    >>> kerata.tree.assert_same_paths([1, {"x": 2}], (3, {"x": 4}))
    """
    paths_a, paths_b = ({p for p, _ in flatten_with_path(s)} for s in (a, b))
    if paths_a != paths_b:
        raise ValueError(
            f"The structures differ in their paths. Only in the first: {sorted(map(str, paths_a - paths_b))}; only in the "
            f"second: {sorted(map(str, paths_b - paths_a))}."
        )
