"""Each backend supplies what the Protocol names; ops ask for nothing else."""

import pathlib
import re

import pytest

import kerata.backend
from kerata.backend import protocol

# What only some backends have, and ops look for first.
OPTIONAL = {"unique_of_size"}


def _members(part):
    names = {n for n in vars(part) if not n.startswith("_")}
    return sorted(names | set(getattr(part, "__annotations__", {})))


@pytest.mark.parametrize("part", [*protocol.PARTS, protocol.Extras, protocol.Linalg, protocol.Fourier, protocol.Random])
def test_every_attribute(backend, part):
    b = kerata.backend.current()
    where = {protocol.Extras: lambda: b.xp, protocol.Linalg: lambda: b.linalg, protocol.Fourier: lambda: b.xp.fft,
             protocol.Random: lambda: b.random}.get(part, lambda: b)()  # fmt: skip
    missing = [n for n in _members(part) if not hasattr(where, n)]
    assert not missing, f"{backend} lacks {missing}"


def test_every_name_of_the_namespace(backend):
    xp = kerata.backend.current().xp
    missing = [n for n in protocol.NAMESPACE if not callable(getattr(xp, n, None))]
    assert not missing, f"{backend} lacks {missing}"


def test_ops_use_only_what_the_protocol_names():
    root = pathlib.Path(kerata.backend.__file__).parent.parent
    known = {*protocol.NAMESPACE, *_members(protocol.Extras), *OPTIONAL}
    known |= {"bool", "int32", "int64", "float32", "pow", "inf", "pi"}
    unknown = {}
    for file in sorted((root / "ops").glob("*.py")):
        used = set(re.findall(r"\bxp\.([a-zA-Z_0-9]+)", file.read_text()))
        if used - known:
            unknown[file.name] = sorted(used - known)
    assert not unknown


def test_linalg_is_the_namespace_s(backend):
    b = kerata.backend.current()
    assert b.xp.linalg is b.linalg


def test_only_the_backends_import_array_libraries():
    root = pathlib.Path(kerata.backend.__file__).parent.parent
    pattern = re.compile(r"^(?:import|from) (?:jax|torch|tensorflow)\b", re.M)
    inside = [f for f in root.rglob("*.py") if pattern.search(f.read_text())]
    assert [str(f.relative_to(root)) for f in inside if f.parent.parent != root / "backend"] == []
