"""docs/conformance.md is in step with the list of names; what it counts cannot be had by a call alone."""

import importlib.util
import pathlib
import re
import sys

import numpy as np
import pytest

import kerata
from kerata import ops

ROOT = pathlib.Path(__file__).parent.parent
_SPEC = importlib.util.spec_from_file_location("kerata_conformance_table", ROOT / "tools" / "conformance.py")
conformance = sys.modules[_SPEC.name] = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(conformance)
TEXT = (ROOT / "docs" / "conformance.md").read_text()


def test_the_table_has_each_namespace_with_its_number_of_names():
    counted = dict(re.findall(r"^\| (\w[\w.]*) \| (\d+) \| \2 \|", TEXT, re.M))
    wanted: dict = {}
    for name in conformance.names():
        space = conformance.namespace(name)
        wanted[space] = wanted.get(space, 0) + 1
    assert counted == {space: str(n) for space, n in wanted.items()}
    assert f"| **distinct objects** | {len(conformance.distinct())} |" in TEXT


def test_the_missing_names_are_names():
    listed = {f"{space}.{name}" for space, line in re.findall(r"^- `(keras[\w.]*)`: (.*)$", TEXT, re.M)
              for name in re.findall(r"`(\w+)`", line)}  # fmt: skip
    assert listed <= set(conformance.distinct())


def test_the_tests_that_stand_for_names_are_there():
    published, texts = conformance.published(), {}
    for call, test in published.items():
        name, _, backend = call.partition("@")
        assert backend in conformance.BACKENDS and conformance.find(name) is not None
        file, _, function = test.partition("[")[0].partition("::")
        text = texts.setdefault(file, (ROOT / file).read_text())
        assert f"def {function}(" in text, test
    counted = re.search(r"^\| \*\*distinct objects\*\* .*$", TEXT, re.M).group()
    for backend, cell in zip(conformance.BACKENDS, counted.split("|")[4:]):
        assert int(cell.split("/")[0]) == sum(call.endswith(f"@{backend}") for call in published)


def test_a_spoilt_name_gives_other_values_and_recovers(backend):
    x = np.array([1.0, 4.0], "float32")
    with conformance.Trial("keras.ops.sqrt", backend) as trial:
        assert not np.allclose(ops.convert_to_numpy(ops.sqrt(x)), [1, 2])
    assert trial.used
    np.testing.assert_allclose(ops.convert_to_numpy(ops.sqrt(x)), [1, 2])


def test_a_trace_sees_what_a_test_calls_itself(train_backend):
    from kerata import layers, optimizers

    seen = conformance.Trace().run(lambda: layers.Dense(2, activation="relu")(np.ones((1, 2), "float32")))[1]
    names = {n for n, b in seen if b == train_backend}
    assert "keras.layers.Dense" in names
    assert "keras.activations.relu" not in names  # the layer called it, not the test
    assert optimizers  # imported, but not called
    assert "keras.optimizers.SGD" not in names


@pytest.mark.parametrize("value", [1, 0.5, True, "text", (1, 2.0), {"a": np.arange(3)}, np.array([True]), np.array(["a"])])
def test_spoilt(value):
    other = conformance.spoilt(value)
    assert type(other) is type(value)
    assert repr(other) != repr(value)


def test_classes_without_numbers_are_spoilt_in_other_ways():
    from kerata import DTypePolicy, InputSpec, name_scope, saving

    for name, see in (
        ("keras.DTypePolicy", lambda: DTypePolicy("float16").compute_dtype),
        ("keras.InputSpec", lambda: InputSpec(shape=(2, 3)).shape),
    ):
        plain = see()
        with conformance.Trial(name, "numpy", "attributes"), kerata.backend_scope("numpy"):
            assert see() != plain
        assert see() == plain
    for name, see in (
        ("keras.name_scope", lambda: scoped(name_scope("outer"))),
        ("keras.saving.CustomObjectScope", lambda: scoped(saving.custom_object_scope({"own": see_nothing}))),
    ):
        plain = see()
        with conformance.Trial(name, "numpy", "left out"), kerata.backend_scope("numpy"):
            assert see() != plain
        assert see() == plain


def test_what_outlives_a_trial_is_as_before():
    policy = kerata.config.dtype_policy()
    kind, state = type(policy), dict(vars(policy))
    with conformance.Trial("keras.config.dtype_policy", "numpy"), kerata.backend_scope("numpy"):
        assert kerata.config.dtype_policy().name != "float32"
    with conformance.Trial("keras.DTypePolicy", "numpy", "attributes"), kerata.backend_scope("numpy"):
        kept = kerata.dtype_policies.get("bfloat16")
        assert kept.compute_dtype != "bfloat16"
    assert type(policy) is kind and vars(policy) == state
    assert kept.compute_dtype == kerata.dtype_policies.get("bfloat16").compute_dtype == "bfloat16"


def see_nothing():
    pass


def scoped(scope):
    with scope:
        return kerata.Variable(1.0, name="v").path, kerata.saving.get_registered_object("own")
