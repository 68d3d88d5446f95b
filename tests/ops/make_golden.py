"""Write golden_dtypes.json: what the real Keras (on JAX) gives for `cases.dtype_cases()`.

    python tests/ops/make_golden.py
"""

import json
import os
import pathlib

os.environ["KERAS_BACKEND"] = "jax"

import cases
import comparison
import keras

PATH = pathlib.Path(__file__).parent / "golden_dtypes.json"


def main():
    golden = {}
    for case in cases.dtype_cases():
        try:
            outputs = comparison.run(keras.ops, case.name, case.args, case.kwargs)
        except (TypeError, ValueError):
            continue  # Keras refuses this dtype on JAX
        golden[repr(case)] = [[kind, value.astype("float64").tolist()] for kind, value in outputs]
    PATH.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in golden.items()) + "\n}\n")


if __name__ == "__main__":
    main()
