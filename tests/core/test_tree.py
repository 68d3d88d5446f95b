"""The functions of `tree` against the real Keras's, over nests of every kind."""

import collections

import numpy as np
import pytest
from twins import check_twins

Point = collections.namedtuple("Point", "x y")
NESTS = [
    1, None, "text", (), [], {}, [1, (2, 3)], {"b": 1, "a": [2, 3]}, Point(1, [2, 3]), (None, [1, None]),
    collections.OrderedDict([("b", 1), ("a", (2, 3))]), collections.defaultdict(list, {"k": [1, 2]}), [[], {"x": ()}],
    {"a": {"b": {"c": [1]}}}, [np.arange(2), (np.ones(1),)],
]  # fmt: skip


def shown(x):
    """Nests with the names of their kinds, as text."""
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return f"{type(x).__name__}({', '.join(map(shown, x))})"
    if isinstance(x, dict):
        return f"{type(x).__name__}({', '.join(f'{k}: {shown(v)}' for k, v in x.items())})"
    if isinstance(x, list | tuple):
        return f"{type(x).__name__}({', '.join(map(shown, x))})"
    return repr(x.tolist() if hasattr(x, "tolist") else x)


def attempt(do) -> str:
    """The result as text, or the class of the error."""
    try:
        return shown(do())
    except (ValueError, TypeError) as error:
        return type(error).__name__


def flattening(framework):
    return [attempt(lambda n=n: framework.tree.flatten(n)) for n in NESTS]


def paths(framework):
    return [attempt(lambda n=n: framework.tree.flatten_with_path(n)) for n in NESTS]


def nested(framework):
    return [framework.tree.is_nested(n) for n in NESTS]


def mapping(framework):
    t = framework.tree

    def double(x):
        return [x] if x is None else x * 2

    several = [([1, (2, 3)], [10, (20, 30)]), ({"a": 1, "b": 2}, {"b": 20, "a": 10}), ([1, 2], (1, 2)), ([1], [1, 2])]
    return [attempt(lambda n=n: t.map_structure(double, n)) for n in NESTS if n != "text"] + [
        attempt(lambda a=a, b=b: t.map_structure(lambda x, y: x + y, a, b)) for a, b in several
    ]


def mapping_none(framework):
    t = framework.tree
    return [attempt(lambda: t.map_structure(lambda x, y: (x, y), [None, 1], [2, None])),
            attempt(lambda: t.map_structure(lambda x: "leaf", {"a": None, "b": (None,)}))]  # fmt: skip


def mapping_up_to(framework):
    t = framework.tree
    cases = [([1, 2], [[10, 11], (20,)]), ({"a": 1}, {"a": {"b": 2}}), (1, [5, 6]), ([1, 2], [[1]]), ((1, 2), [3, 4])]
    return [attempt(lambda a=a, b=b: t.map_structure_up_to(a, lambda x, y: (x, len(str(y))), a, b)) for a, b in cases]


def packing(framework):
    t = framework.tree
    cases = [(n, range(len(t.flatten(n)))) for n in NESTS] + [([1, 2], [1]), ([1, 2], [1, 2, 3]), (1, [7]), (1, [7, 8])]
    return [attempt(lambda n=n, f=f: t.pack_sequence_as(n, list(f))) for n, f in cases]


def packing_with_a_function(framework):
    def pack(structure, items):
        return [sum(i if isinstance(i, int) else 0 for i in items)]

    return attempt(lambda: framework.tree.pack_sequence_as({"a": [1, 2], "b": 3}, [4, 5, 6], sequence_fn=pack))


def tuples(framework):
    return [attempt(lambda n=n: framework.tree.lists_to_tuples(n)) for n in NESTS]


def shapes(framework):
    t = framework.tree
    nests = [(1, 2), [(1, None), (3,)], {"a": (1, 2), "b": [(3, 4)]}, [[1, 2], (3, 4)], (), None, Point((1, 2), [(3,)])]
    return [attempt(lambda n=n: t.map_shape_structure(lambda s: (*s, "end"), n)) for n in nests]


def traversing(framework):
    t, none = framework.tree, framework.tree.MAP_TO_NONE

    def stop_at_tuples(x):
        return "a tuple" if isinstance(x, tuple) else None

    def odd_to_none(x):
        return none if isinstance(x, int) and x % 2 else None

    out = []
    for function in (stop_at_tuples, odd_to_none):
        for top_down in (True, False):
            out += [attempt(lambda n=n: t.traverse(function, n, top_down)) for n in NESTS[:13]]
    return out


PAIRS = [([1, 2], [3, 4]), ([1, 2], (3, 4)), ([1], [1, 2]), ({"a": 1}, {"a": 2}), ({"a": 1}, {"b": 1}), (1, [1]),
         ((1, [2]), (3, [4])), (Point(1, 2), (1, 2)), (Point(1, 2), Point(3, 4)), ([1, None], [None, 2]),
         ({"a": 1, "b": 2}, {"b": 3, "a": 4}), (collections.OrderedDict(a=1), {"a": 1})]  # fmt: skip


def same_structure(framework):
    return [attempt(lambda a=a, b=b: framework.tree.assert_same_structure(a, b)) for a, b in PAIRS]


def same_paths(framework):
    return [attempt(lambda a=a, b=b: framework.tree.assert_same_paths(a, b)) for a, b in PAIRS]


PROGRAMS = [flattening, paths, nested, mapping, mapping_none, mapping_up_to, packing, packing_with_a_function, tuples, shapes,
            traversing, same_structure, same_paths]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_as_keras(program):
    check_twins(program)
