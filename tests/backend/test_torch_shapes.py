"""Shapes on PyTorch load neither its compiler nor SymPy, and leave both as they were."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("torch")

PROGRAM = """
import sys
import kerata, numpy as np
L = kerata.layers
x = inputs = kerata.Input((12, 12, 3))
x = L.MaxPooling2D(2)(L.BatchNormalization()(L.Conv2D(4, 3, activation="relu")(x)))
x = L.Add()([x, L.Conv2D(4, 3, padding="same")(x)])
x = L.LSTM(3)(L.Reshape((25, 4))(x))
x = L.Dense(2, activation="softmax")(L.LayerNormalization()(L.Dropout(0.1)(x)))
model = kerata.Model(inputs, x)
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(np.ones((4, 12, 12, 3), "float32"), np.zeros(4), verbose=0)
print(*(n for n in ("torch._dynamo", "sympy", "torch.fx.experimental.symbolic_shapes") if n in sys.modules))
import sympy, torch, torch._dynamo
assert sympy.Symbol("a") + 0 == sympy.Symbol("a") and torch._dynamo.disable(lambda a: a)(1) == 1
compiled = torch.compile(lambda a: torch.nn.functional.softmax(a @ a + 1, -1), backend="eager", fullgraph=True)
np.testing.assert_allclose(compiled(torch.zeros(2, 2)), np.full((2, 2), 0.5))
assert model.compute_output_shape((None, 12, 12, 3)) == (None, 2)
"""


@pytest.mark.slow
def test_building_a_model_does_not_load_the_compiler():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**os.environ, "KERATA_BACKEND": "torch"}, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout + done.stderr


def test_stand_ins_answer_and_give_way():
    import torch

    from kerata.backend.torch import _lazy

    names = (_lazy._COMPILER, _lazy._SYMBOLS, _lazy._ALGEBRA)
    before = {n: sys.modules.get(n) for n in names}
    with _lazy.without_compiler(), _lazy.without_compiler():
        assert (torch.empty(2, 3, device="meta") @ torch.empty(3, 4, device="meta") + 1).shape == (2, 4)
    assert all(sys.modules.get(n) is m or m is None for n, m in before.items())
    assert not any(isinstance(sys.modules.get(n), _lazy._StandIn) for n in names)
    module = _lazy._symbols()
    assert module.sym_eq(2, 2) and module.guard_or_false(True) and not module.sym_and(True, False)
    import sympy

    assert _lazy._algebra().Integer is sympy.Integer  # what a stand-in lacks, the real module has
