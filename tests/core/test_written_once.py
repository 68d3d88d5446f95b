"""Two rules of the design: an op is written once, and shapes are inferred.

What a backend defines is what the Protocol asks of it; what a class says about its output shape by hand stands in a list here,
with the reason.
"""

import ast
import collections
import pathlib

from test_contract import NAMES

import kerata
from kerata.backend import protocol, protocol_nn

ROOT = pathlib.Path(kerata.__file__).parent
BACKENDS = ("jax", "torch", "tensorflow", "numpy")
OPS = {n.rsplit(".", 1)[1] for n in NAMES if n.startswith("keras.ops.")}

# Parts of the Protocol, and what stands there as optional.
PARTS = (*protocol.PARTS, protocol.Extras, protocol.Linalg, protocol.Fourier, protocol.Random, protocol_nn.NNBackend)
OPTIONAL = {"resize"}  # `image.resize`

# Functions of a backend that bear the name of an op, and are something else.
HOMONYMS = {
    "torch/optim.py: average": "an optimizer's moving averages, over many variables at once",
    "jax/composite.py: transpose": "of sparse tensors",
    "tensorflow/composite.py: transpose": "of sparse tensors",
}

# Who says by hand what comes out, and why that is not found by evaluating `call`.
BY_HAND = {
    "core/operation.py: Operation": "the inference itself",
    "core/operation.py: OpCall": "asks the op, whose shape may depend on values (`@op(spec=...)`)",
    "layers/layer.py: Layer": "the inference itself",
    "models/function.py: Function": "asks for the spec, and gives its shapes",
    "models/functional.py: Functional": "its graph has the outputs' specs already, for the inputs that it was made for",
    "models/sequential.py: Sequential": "asks the Functional model, or its layers one after the other",
    "layers/foreign/torch_module.py: TorchModuleWrapper": "`output_shape` of the user, for modules that make parameters at first",
    "layers/preprocessing/host_layer.py: HostLayer": "texts and tables are looked up on the host, where nothing is abstract",
    "layers/reshaping/shapes.py: Reshape": "infers from samples that fill the target, which no stand-ins for unknown sizes may do",
    "layers/preprocessing/hashing.py: HashedCrossing": "a HostLayer of several inputs",
    "layers/preprocessing/text_vectorization.py: TextVectorization": "a HostLayer's work on texts",
}
# Ops whose output shape depends on values: what Keras says of them symbolically.
SPECS = {"segment_sum", "segment_max", "segment_min", "segment_prod", "nonzero", "unique", "bincount", "where"}


def definitions(pattern: str, kind=ast.FunctionDef):
    """`(file, node)` of what modules define, not counting private names."""
    for path in sorted(ROOT.glob(pattern)):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, kind) and not node.name.startswith("_"):
                yield path.relative_to(ROOT).as_posix(), node


def decorator(node) -> str:
    """How `@op` stands above a function; empty if it does not."""
    return next((text for text in map(ast.unparse, node.decorator_list) if text.partition("(")[0] == "op"), "")


def test_no_op_is_defined_twice():
    places = collections.defaultdict(list)
    for file, node in definitions("**/*.py"):
        if decorator(node):
            places[node.name].append(file)
    assert len(places) > 250
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_backends_define_what_the_protocol_asks_for():
    asked = set(protocol.NAMESPACE) | OPTIONAL
    for part in PARTS:
        asked |= {n for n in vars(part) if not n.startswith("_")} | set(getattr(part, "__annotations__", {}))
    found = {f"{f.removeprefix('backend/')}: {n.name}" for f, n in definitions("backend/*/*.py") if n.name in OPS - asked}
    assert found == set(HOMONYMS)


def test_ops_ask_no_backend_for_its_name():
    """A body that goes by the backend's name would be a second body."""
    found = []
    for path in sorted((ROOT / "ops").glob("*.py")):
        compared = [ast.unparse(n) for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Compare)]
        found += [f"{path.name}: {c}" for c in compared if ".name " in c and any(f"'{b}'" in c for b in BACKENDS)]
    # How a sparse array of a foreign library is told, before an op begins.
    assert [f for f in found if not f.startswith("_composite.py")] == []


def test_shapes_are_inferred():
    found = set()
    for file, node in definitions("**/*.py", ast.ClassDef):
        methods = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
        if methods & {"compute_output_shape", "compute_output_spec"}:
            found.add(f"{file}: {node.name}")
    assert found == set(BY_HAND)


def test_ops_with_a_spec_are_those_whose_shape_depends_on_values():
    found = {node.name for _, node in definitions("ops/*.py") if "spec=" in decorator(node)}
    assert found == SPECS, found ^ SPECS
