"""The stubs for type checkers say what the lazily imported packages have."""

import subprocess
import sys

import pytest
import stubs

PROGRAM = """
import kerata
from kerata import layers
model = kerata.Sequential([kerata.Input((3,)), layers.Convolution2D(2, 1)])
reveal_type(model)
reveal_type(layers.Dense(2))
kerata.nonsense
"""


def test_stubs_are_up_to_date():
    for path in stubs.lazy_files():
        assert path.with_suffix(".pyi").read_text() == stubs.stub(path), f"{path}: run `make stubs`"


@pytest.mark.slow
def test_a_type_checker_knows_the_names(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--follow-imports=silent", str(tmp_path / "program.py")]
    out = subprocess.run(command, capture_output=True, text=True, cwd=stubs.ROOT).stdout
    assert '"kerata.models.sequential.Sequential"' in out and '"kerata.layers.core.dense.Dense"' in out, out
    assert 'has no attribute "nonsense"' in out and out.count("error:") == 1, out
