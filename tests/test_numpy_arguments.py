"""Numbers among arguments may be NumPy's, as in `Dense(labels.max() + 1)`: an object and its config are the same."""

import inspect
import json

import numpy as np
import pytest

import kerata

GIVEN = {
    "units": 3, "filters": 4, "kernel_size": 2, "rate": 0.5, "input_dim": 4, "output_dim": 3, "num_heads": 2, "key_dim": 3, "n": 2,
    "dims": (1,), "target_shape": (2,), "pool_size": 2, "size": 2, "num_tokens": 4, "num_bins": 3, "stddev": 0.1, "head_dim": 2,
    "num_query_heads": 2, "num_key_value_heads": 1, "height": 4, "width": 4, "factor": 0.2, "height_factor": 0.1,
    "width_factor": 0.1, "scale": 2.0, "shape": (2,), "num_classes": 3, "threshold": 0.5, "recall": 0.5, "precision": 0.5,
    "sensitivity": 0.5, "specificity": 0.5, "initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5,
    "boundaries": [1, 2], "values": [0.1, 0.2, 0.3], "equation": "ab,bc->ac", "output_shape": 3, "axes": 1,
    "target_class_ids": [0], "end_learning_rate": 0.01, "bin_boundaries": [0.5, 1.5],
}  # fmt: skip
OWN = {"RandomPosterization": {"factor": 4}, "Discretization": {"num_bins": 3}}
SPACES = ("layers", "losses", "metrics", "optimizers", "optimizers.schedules", "initializers", "regularizers", "constraints")


def arguments():
    """Each class that numbers alone can make, with a numeric argument, and its value as NumPy has it."""
    for space in SPACES:
        module = kerata
        for part in space.split("."):
            module = getattr(module, part)
        for name in dir(module):
            cls = getattr(module, name)
            if not inspect.isclass(cls) or name.startswith("_") or "get_config" not in dir(cls):
                continue
            parameters = [p for p in inspect.signature(cls).parameters.values() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
            needed = {p.name: GIVEN.get(p.name) for p in parameters if p.default is p.empty} | OWN.get(name, {})
            if None in needed.values():
                continue
            for p in parameters:
                value = needed.get(p.name, p.default)
                kind = {int: np.int64, float: np.float32, tuple: np.asarray}.get(type(value))
                if kind is None or (kind is np.asarray and not all(isinstance(v, int) for v in value)) or value == ():
                    continue
                yield pytest.param(cls, needed | {p.name: value}, p.name, kind, id=f"{space}.{name}-{p.name}")


@pytest.mark.parametrize(("cls", "given", "name", "kind"), arguments())
def test_config_is_the_same(cls, given, name, kind):
    kerata.utils.clear_session(free_memory=False)
    plain = cls(**given).get_config()
    kerata.utils.clear_session(free_memory=False)
    config = cls(**{**given, name: kind(given[name])}).get_config()
    again = cls.from_config(json.loads(json.dumps(config)))
    assert close(config) == close(plain) == close(again.get_config())


def close(x):
    """What is compared: seeds that are drawn differ, float32 has fewer digits, and files know lists alone."""
    if isinstance(x, dict):
        return {k: close(v) for k, v in x.items() if k != "seed"}
    if isinstance(x, list | tuple):
        return [close(v) for v in x]
    return float(f"{x:.6g}") if isinstance(x, float) else x
