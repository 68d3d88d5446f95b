"""Pictures of models: a graph in Graphviz' language, drawn by Graphviz."""

from __future__ import annotations

import html
import importlib.util
import os
import shutil
import subprocess

from kerata.core import tree


def model_to_dot(model, show_shapes=False, show_dtype=False, show_layer_names=True, rankdir="TB", expand_nested=False,
                 dpi=200, subgraph=False, show_layer_activations=False, show_trainable=False, splines="ortho",
                 **kwargs):  # fmt: skip
    """The graph of a model in the language of Graphviz.

    Args:
        model: a model that is built.
        show_shapes: whether to write the shapes of inputs and outputs; False by default.
        show_dtype: whether to write dtypes; False by default.
        show_layer_names: whether to write the names of layers; True by default.
        rankdir: "TB" (top to bottom, the default), "LR" (left to right), "BT" or "RL".
        expand_nested: whether nested models are drawn as clusters; False by default.
        dpi: dots per inch; 200 by default.
        subgraph: whether it is a part of another graph; False by default.
        show_layer_activations: whether to write activation functions; False by default.
        show_trainable: whether to mark what is trained; False by default.
        splines: how lines run: "ortho" (the default), "curved", "polyline", ...
        **kwargs: `layer_range`, two names of layers (or patterns): the first and the last to draw.

    Returns:
        A `pydot.Dot` if pydot is installed, else a `Dot` with the same `write` and `create`.

    Raises:
        ValueError: if the model is not built.

    >>> model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2, name="out")])
    >>> "out" in kerata.utils.model_to_dot(model, show_shapes=True).to_string()
    True
    """
    for name in kwargs:
        if name != "layer_range":
            raise ValueError(f"model_to_dot() has no argument {name!r}.")
    if not model.built:
        raise ValueError(
            f"Model {model.name!r} is not built, so it has no graph yet: call it on data, or build(input_shape), first."
        )
    shown = _Shown(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable, expand_nested)
    body = _body(model, shown, "", kwargs.get("layer_range"))
    if subgraph:
        text = f'subgraph "cluster_{model.name}" {{\nlabel="{_escape(model.name)}";\n{body}}}\n'
    else:
        text = (
            f'digraph "{_escape(model.name)}" {{\ngraph [rankdir={rankdir}, dpi={int(dpi)}, splines={splines}];\n'
            f'node [shape=plain, fontname="Helvetica"];\n{body}}}\n'
        )
    if importlib.util.find_spec("pydot") and not subgraph:
        import pydot

        return pydot.graph_from_dot_data(text)[0]
    return Dot(text)


def plot_model(model, to_file="model.png", show_shapes=False, show_dtype=False, show_layer_names=False, rankdir="TB",
               expand_nested=False, dpi=200, show_layer_activations=False, show_trainable=False, splines="ortho",
               **kwargs):  # fmt: skip
    """Draw a model into a file.

    Args:
        model: a model that is built.
        to_file: name of the file, "model.png" by default; its ending says the format: png, svg, pdf, jpg, ..., or dot for
            the text, which needs no Graphviz.
        show_shapes: whether to write the shapes of inputs and outputs; False by default.
        show_dtype: whether to write dtypes; False by default.
        show_layer_names: whether to write the names of layers; False by default.
        rankdir: "TB" (top to bottom, the default), "LR" (left to right), "BT" or "RL".
        expand_nested: whether nested models are drawn as clusters; False by default.
        dpi: dots per inch; 200 by default.
        show_layer_activations: whether to write activation functions; False by default.
        show_trainable: whether to mark what is trained; False by default.
        splines: how lines run: "ortho" (the default), "curved", "polyline", ...
        **kwargs: `layer_range`, two names of layers (or patterns): the first and the last to draw.

    Returns:
        In a notebook the picture, which is shown there; else None.

    Raises:
        ValueError: if the model is not built.
        ImportError: without the program Graphviz.

    >>> model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2)])
    >>> kerata.utils.plot_model(model, to_file="model.dot", show_shapes=True)
    """
    kind = os.path.splitext(os.fspath(to_file))[1].lstrip(".").lower() or "png"
    dot = model_to_dot(
        model, show_shapes=show_shapes, show_dtype=show_dtype, show_layer_names=show_layer_names, rankdir=rankdir,
        expand_nested=expand_nested, dpi=dpi, show_layer_activations=show_layer_activations,
        show_trainable=show_trainable, splines=splines, **kwargs,
    )  # fmt: skip
    text = dot.to_string()
    if kind in ("dot", "gv"):
        with open(to_file, "w", encoding="utf-8") as f:
            f.write(text)
        return None
    Dot(text).write(os.fspath(to_file), format=kind)
    return _notebook_image(to_file, kind)


def _notebook_image(path, kind):
    import sys

    display = sys.modules.get("IPython.display")
    if display is None or kind not in ("png", "jpg", "jpeg", "gif"):
        return None
    return display.Image(filename=os.fspath(path))


class Dot:
    """A graph in Graphviz' language."""

    def __init__(self, text: str):
        self.text = text

    def to_string(self) -> str:
        """The text."""
        return self.text

    def create(self, prog: str = "dot", format: str = "png") -> bytes:
        """The picture, drawn by the program `prog`."""
        if shutil.which(prog) is None:
            raise ImportError(
                f"Drawing a model needs the program Graphviz ({prog!r} is not found): `apt-get install graphviz`, `brew "
                "install graphviz`, or https://graphviz.org/download. Without it, plot_model(model, 'model.dot') writes "
                "the graph as text, and model.summary() prints a table."
            )
        done = subprocess.run([prog, f"-T{format}"], input=self.text.encode(), capture_output=True)
        if done.returncode:
            raise RuntimeError(f"Graphviz could not draw the model: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def write(self, path: str, prog: str = "dot", format: str = "png") -> bool:
        """Draw into a file."""
        data = self.create(prog, format)
        with open(path, "wb") as f:
            f.write(data)
        return True


class _Shown:
    """What the boxes show."""

    def __init__(self, shapes, dtype, names, activations, trainable, nested):
        self.shapes, self.dtype, self.names = shapes, dtype, names
        self.activations, self.trainable, self.nested = activations, trainable, nested


def _escape(text) -> str:
    return str(text).replace("\\", "\\\\").replace('"', '\\"')


def _body(model, shown: _Shown, prefix: str, layer_range) -> str:
    model = getattr(model, "_functional", None) or model
    graph = getattr(model, "_graph", None)
    operations = list(graph.operations) if graph is not None else list(model.layers)
    if layer_range is not None:
        from kerata.utils.summary import in_range

        operations = in_range(operations, layer_range)
    nodes = {id(n) for n in graph.nodes} if graph is not None else None
    lines = [_box(op, shown, prefix, nodes) for op in operations]
    if graph is None:
        return "".join(lines)
    names = {id(op) for op in operations}
    for node in graph.nodes:
        for tensor in node.input_tensors:
            source = tensor._keras_history.operation
            if id(source) in names and id(node.operation) in names:
                lines.append(_edge(source, node.operation, shown, prefix))
    return "".join(lines)


def _is_nested(operation) -> bool:
    return hasattr(operation, "summary") and bool(getattr(operation, "layers", None))


def _ends(operation, prefix: str, last: bool) -> str:
    """The box of a nested model that lines go to (its first) or come from (its last)."""
    inner = getattr(operation, "_functional", None) or operation
    ends = inner.outputs if last else inner.inputs
    end = ends[0]._keras_history.operation
    path = f"{prefix}{operation.name}/"
    return _ends(end, path, last) if _is_nested(end) else f"{path}{end.name}"


def _edge(source, target, shown: _Shown, prefix: str) -> str:
    def name(operation, last):
        graph = getattr(getattr(operation, "_functional", None) or operation, "_graph", None)
        if shown.nested and _is_nested(operation) and graph is not None:
            return _ends(operation, prefix, last)
        return prefix + operation.name

    return f'"{_escape(name(source, True))}" -> "{_escape(name(target, False))}";\n'


def _box(operation, shown: _Shown, prefix: str, nodes) -> str:
    if shown.nested and _is_nested(operation):
        inner = _body(operation, shown, f"{prefix}{operation.name}/", None)
        name = _escape(prefix + operation.name)
        return f'subgraph "cluster_{name}" {{\nlabel="{_escape(operation.name)}"; style=dashed;\n{inner}}}\n'
    return f'"{_escape(prefix + operation.name)}" [label=<{_label(operation, shown, nodes)}>];\n'


def _label(operation, shown: _Shown, nodes) -> str:
    from kerata.utils.summary import type_name

    title = html.escape(type_name(operation))
    if shown.names:
        title = f"<b>{html.escape(operation.name)}</b> ({title})"
    cells = []
    if shown.activations and hasattr(operation, "activation"):
        function = operation.activation
        cells.append(f"Activation: <b>{html.escape(getattr(function, '__name__', type(function).__name__))}</b>")
    for label, attribute in (("Input", "input_tensors"), ("Output", "outputs")):
        tensors = _tensors(operation, attribute, nodes)
        if shown.shapes and (tensors or label == "Output"):
            cells.append(f"{label} shape: <b>{html.escape(_joined(tensors, lambda t: tuple(t.shape)))}</b>")
        if shown.dtype and label == "Output":
            cells.append(f"Output dtype: <b>{html.escape(_joined(tensors, lambda t: t.dtype))}</b>")
    if shown.trainable and getattr(operation, "weights", None):
        cells.append("Trainable" if operation.trainable else "Not trainable")
    rows = f'<tr><td bgcolor="black"><font color="white">{title}</font></td></tr>'
    if shown.trainable and getattr(operation, "weights", None):
        colour = "palegreen" if operation.trainable else "lightcoral"
        rows += "".join(f'<tr><td bgcolor="{colour}">{c}</td></tr>' for c in cells)
    else:
        rows += "".join(f"<tr><td>{c}</td></tr>" for c in cells)
    return f'<table border="0" cellborder="1" cellspacing="0" cellpadding="6">{rows}</table>'


def _tensors(operation, attribute: str, nodes) -> list:
    for node in getattr(operation, "_inbound_nodes", []):
        if nodes is None or id(node) in nodes:
            return [t for t in tree.flatten(getattr(node, attribute)) if hasattr(t, "shape")]
    return []


def _joined(tensors: list, text) -> str:
    return ", ".join(str(text(t)) for t in tensors) or "?"
