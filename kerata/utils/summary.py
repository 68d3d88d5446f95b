"""The table that `model.summary()` prints."""

from __future__ import annotations

import io
import itertools
import re
import shutil

from kerata.core import tree
from kerata.core.errors import need
from kerata.utils import console

# (line length, where the columns end) by (has connections, shows `trainable`)
_LAYOUTS = {
    (False, False): (88, (0.45, 0.80, 1.0)),
    (True, False): (108, (0.3, 0.56, 0.74, 1.0)),
    (False, True): (100, (0.4, 0.72, 0.9, 1.0)),
    (True, True): (120, (0.27, 0.5, 0.66, 0.9, 1.0)),
}

_TRAINABLE = 13  # the width of the column "Trainable" beside positions that do not count it


def print_summary(model, line_length=None, positions=None, print_fn=None, expand_nested=False, show_trainable=False,
                  layer_range=None) -> None:  # fmt: skip
    """Print the layers of a model with output shapes and numbers of parameters.

    Args:
        model: the model.
        line_length: width of the table; what fits into the terminal by default.
        positions: where the columns end, as fractions of the width (increasing to 1.0) or numbers of characters;
            more than there are columns may be given (those of a graph for a chain of layers).
        print_fn: gets the whole text instead of standard output.
        expand_nested: list the layers of nested models too.
        show_trainable: add a column that tells what is trained.
        layer_range: two patterns of layer names, the first and the last layer to list.
    """
    wired = not _is_chain(model)
    usual, ends = _LAYOUTS[wired, bool(show_trainable)]
    if line_length is None:
        line_length = max(20, min(usual, shutil.get_terminal_size().columns - 4))
    header = ["Layer (type)", "Output Shape", "Param #"]
    header += ["Connected to"] if wired else []
    header += ["Trainable"] if show_trainable else []
    if positions and show_trainable and len(positions) == len(header) - 1:  # those of the table without that column
        widths = [*_column_widths(positions, line_length - _TRAINABLE, len(positions)), _TRAINABLE]
    else:
        widths = _column_widths(positions or ends, line_length, len(header))
    rows = _rows(model, _Relevant(model), expand_nested, layer_range)
    live = print_fn is None and console.stream_kind() == "terminal"
    text = _render(f'Model: "{model.name}"', header, widths, line_length, rows, wired, show_trainable,
                   _totals(model), live)  # fmt: skip
    if print_fn is not None:
        print_fn(text)
    else:
        console.print_msg(text, line_break=False)


def _column_widths(positions, line_length: int, count: int) -> list[int]:
    if len(positions) < count or any(b <= a for a, b in itertools.pairwise(positions)):
        raise ValueError(
            f"`positions` must be {count} increasing numbers, one for the end of each column, the last 1.0; got {positions!r}."
        )
    ends = [int(line_length * p) if positions[-1] <= 1 else int(p) for p in positions]
    return [ends[0], *[b - a for a, b in itertools.pairwise(ends)]][:count]


# ---- what there is to show


class _Relevant:
    """The nodes of the model's own graph: a shared layer may have been called elsewhere too."""

    def __init__(self, model):
        graph = getattr(_functional(model), "_graph", None)
        self.ids = None if graph is None else {id(n) for n in graph.nodes}

    def of(self, layer) -> list:
        nodes = getattr(layer, "_inbound_nodes", [])
        return nodes if self.ids is None else [n for n in nodes if id(n) in self.ids]


def _functional(model):
    return getattr(model, "_functional", None) or model


def _is_chain(model) -> bool:
    """Whether each layer feeds only the next one, so that connections need no column."""
    graph = getattr(model, "_graph", None)
    if graph is None:
        return True
    return all(len(nodes) == 1 and len(nodes[0].input_tensors) <= 1 for nodes in graph.nodes_by_depth.values()) and len(
        graph.nodes
    ) == len(graph.operations)


def _listed(model) -> list:
    """Layers (and ops) in the order of the table."""
    graph = getattr(model, "_graph", None)
    return list(graph.operations) if graph is not None else list(model.layers)


def _rows(model, relevant, expand_nested: bool, layer_range, depth: int = 0) -> list[dict]:
    layers = _listed(model)
    if layer_range is not None:
        layers = in_range(layers, layer_range)
    rows = []
    for layer in layers:
        rows.append(_row(layer, relevant if depth == 0 else _Relevant(model), relevant, depth))
        if expand_nested and (getattr(layer, "layers", None) if hasattr(layer, "summary") else None):
            rows += _rows(layer, relevant, expand_nested, None, depth + 1)
    return rows


def in_range(layers: list, layer_range) -> list:
    """The layers from the first to the last whose names match the two patterns."""
    if not isinstance(layer_range, list | tuple) or len(layer_range) != 2:
        raise ValueError(f"`layer_range` is two names, of the first and the last layer to list; got {layer_range!r}.")
    names = [x.name for x in layers]
    found = []
    for pattern in layer_range:
        hits = [i for i, n in enumerate(names) if n == pattern or re.match(pattern, n)]
        if not hits:
            raise ValueError(f"`layer_range` names {pattern!r}, but no layer has such a name. The layers are: {names}.")
        found.append(hits)
    first, last = sorted(found, key=min)
    return layers[min(first) : max(last) + 1]


def _row(layer, relevant, outer, depth: int) -> dict:
    nodes = relevant.of(layer)
    indent = "   " * depth + "└ " if depth else ""
    has_weights = bool(getattr(layer, "weights", ()))
    return {
        "name": indent + layer.name,
        "type": type_name(layer),
        "shape": _shape_text(layer, nodes),
        "params": _params_text(layer),
        "inputs": _inputs_text(outer.of(layer)),  # those within the model that is printed
        "trainable": ("Y" if layer.trainable else "N") if has_weights else "-",
    }


def type_name(layer) -> str:
    """What kind of layer or op it is."""
    fn = getattr(layer, "fn", None)
    if type(layer).__name__ == "OpCall" and fn is not None:
        return "".join(part.capitalize() for part in fn.__name__.split("_"))
    return type(layer).__name__


def _shape_text(layer, nodes) -> str:
    from kerata.models.functional import Functional

    of_itself = not nodes and isinstance(layer, Functional)  # its graph tells, called or not
    if of_itself:
        shapes = [x.shape for x in layer.outputs]
    else:
        shapes = [getattr(x, "shape", None) for x in nodes[0].outputs] if nodes else _shapes_when_built(layer)
    if not shapes:
        return "?"
    texts = [f"({', '.join(map(str, s))})" if s is not None else "?" for s in shapes]
    if len(texts) == 1:
        return texts[0]
    return f"({', '.join(texts)})" if of_itself else f"[{', '.join(texts)}]"


def _shapes_when_built(layer) -> list:
    """Output shapes of a layer that was only ever called on concrete data."""
    if not getattr(layer, "built", False) or not getattr(layer, "_build_shapes_dict", None):
        return []
    given = layer._build_shapes_dict
    try:
        out = (
            layer.compute_output_shape(next(iter(given.values())))
            if len(given) == 1
            else layer.compute_output_shape(**given)
        )
    except Exception:  # a user's `call` may need more than shapes; "?" is then the truth
        return []
    shapes: list = []
    tree.map_shape_structure(shapes.append, out)
    return shapes


def _params_text(layer) -> str:
    if not hasattr(layer, "count_params"):
        return "0"
    if not layer.built:
        return "0 (unbuilt)"
    return f"{layer.count_params():,}"


def _inputs_text(nodes) -> str:
    texts = []
    for node in nodes:
        for tensor in node.input_tensors:
            operation, index, place = tensor._keras_history
            texts.append(f"{operation.name}[{index}][{place}]")
    return ", ".join(texts) or "-"


def _totals(model) -> list[tuple[str, int, int]]:
    """Lines of (label, number of parameters, bytes)."""
    seen: set[int] = set()

    def unique(variables) -> list:
        fresh = [v for v in variables if id(v) not in seen]
        seen.update(id(v) for v in fresh)
        return fresh

    trainable = unique(model.trainable_variables)
    others = unique(model.non_trainable_weights)
    optimizer = getattr(model, "optimizer", None)
    own = unique(optimizer.variables) if getattr(optimizer, "built", False) else []
    parts = [("Total", trainable + others + own), ("Trainable", trainable), ("Non-trainable", others)]
    if own:
        parts.append(("Optimizer", own))
    return [(label, sum(map(_count, vs)), sum(map(_bytes, vs))) for label, vs in parts]


def _count(variable) -> int:
    n = 1
    for d in variable.shape:
        n *= int(d)
    return n


def _bytes(variable) -> float:
    from kerata.core.dtypes import standardize_dtype

    digits = re.search(r"\d+", standardize_dtype(variable.dtype))
    return _count(variable) * (int(digits.group()) / 8 if digits else 1)


def readable_memory_size(count: float) -> str:
    """Bytes as "512.00 B", "3.39 KB", ..."""
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if count < 1024:
            return f"{count:.2f} {unit}"
        count /= 1024
    return f"{count:.2f} PB"


# ---- drawing


def _render(title, header, widths, line_length, rows, wired, show_trainable, totals, live) -> str:
    need("rich", "Model.summary()")
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    justify = {"Param #": "right", "Trainable": "center"}
    columns = [Column(Text(h, "bold"), justify=justify.get(h, "left"), width=w) for h, w in zip(header, widths)]
    shape = box.HEAVY_HEAD if console.encodable("━┏│└") else box.ASCII
    table = Table(*columns, width=line_length, show_lines=True, box=shape)
    for row in rows:
        cells = [
            Text.assemble(row["name"], " (", (row["type"], "blue"), ")"),
            Text(row["shape"], "cyan"),
            Text(row["params"], "green"),
        ]
        cells += [Text(row["inputs"])] if wired else []
        cells += [Text(row["trainable"], "bold" if row["trainable"] == "Y" else "")] if show_trainable else []
        table.add_row(*cells)
    out = io.StringIO()
    screen = Console(file=out, width=max(line_length, 40), force_terminal=live, legacy_windows=False, highlight=False,
                     color_system="standard" if live else None, force_jupyter=False)  # fmt: skip
    screen.print(Text(title, "bold"))
    screen.print(table)
    for label, count, size in totals:
        screen.print(
            Text.assemble((f" {label} params: ", "bold"), (f"{count:,}", "green"), f" ({readable_memory_size(size)})")
        )
    return out.getvalue()
