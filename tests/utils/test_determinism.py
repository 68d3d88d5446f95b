"""`kerata.config.enable_determinism()`: two processes give the same bits."""

import subprocess
import sys

PROGRAM = """
import os, sys
import numpy as np
import kerata
kerata.config.set_backend(sys.argv[1])
kerata.config.enable_determinism(7)
assert kerata.config.is_determinism_enabled()
layers = kerata.layers
x, y = np.random.rand(40, 8, 8, 3).astype("float32"), np.random.randint(0, 4, 40)
model = kerata.Sequential([layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.5),
                           layers.GlobalAveragePooling2D(), layers.Dense(4, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=2, batch_size=16, verbose=0)
if sys.argv[1] == "torch":
    import torch
    assert torch.are_deterministic_algorithms_enabled()
import hashlib
print(hashlib.sha256(b"".join(np.asarray(w).tobytes() for w in model.get_weights())).hexdigest())
"""


def test_two_processes_give_the_same_bits(train_backend):
    runs = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, train_backend], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    out = [run.communicate() for run in runs]
    assert [run.returncode for run in runs] == [0, 0], out
    assert out[0][0] == out[1][0]
