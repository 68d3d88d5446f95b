"""docs/conformance.md is in step with the list of names; what it counts cannot be had by a call alone."""

import inspect
import json
import pathlib
import re

import conformance
import numpy as np
import pytest
from public_names import distinct, find, names
from spoiling import Trial, spoilt

import kerata
from kerata import ops

ROOT = pathlib.Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "conformance.md").read_text()


def test_the_table_has_each_namespace_with_its_number_of_names():
    counted = dict(re.findall(r"^\| (\w[\w.]*) \| (\d+) \| \2 \|", TEXT, re.M))
    wanted: dict = {}
    for name in names():
        space = conformance.namespace(name)
        wanted[space] = wanted.get(space, 0) + 1
    assert counted == {space: str(n) for space, n in wanted.items()}
    assert f"| **distinct objects** | {len(distinct())} |" in TEXT


def test_the_missing_names_are_names():
    listed = {f"{space}.{name}" for space, line in re.findall(r"^- `(keras[\w.]*)`: (.*)$", TEXT, re.M)
              for name in re.findall(r"`(\w+)`", line)}  # fmt: skip
    assert listed <= set(distinct())


def test_the_tests_that_stand_for_names_are_there():
    published, texts = conformance.published(), {}
    for call, test in published.items():
        name, _, backend = call.partition("@")
        assert backend in conformance.BACKENDS and find(name) is not None
        file, _, function = test.partition("[")[0].partition("::")
        text = texts.setdefault(file, (ROOT / file).read_text())
        assert f"def {function}(" in text, test
    counted = re.search(r"^\| \*\*distinct objects\*\* .*$", TEXT, re.M).group()
    for backend, cell in zip(conformance.BACKENDS, counted.split("|")[4:]):
        assert int(cell.split("/")[0]) == sum(call.endswith(f"@{backend}") for call in published)


def test_what_is_published_can_be_read_again(tmp_path, monkeypatch):
    tests = {"keras.ops.add@jax": "tests/a.py::test[jax-{}-jax]", "keras.ops.add@torch": "tests/a.py::test[torch-{}-jax]",
             "keras.ops.sum@numpy": "tests/b.py::test[{}]", "keras.ops.sum@jax": "tests/b.py::test"}  # fmt: skip
    monkeypatch.setattr(conformance, "RECORDS", tmp_path)
    monkeypatch.setattr(conformance, "PROOFS", tmp_path / "published.json")
    (tmp_path / "proofs.json").write_text(json.dumps({call: {"test": test} for call, test in tests.items()}))
    conformance._publish()
    assert conformance.published() == tests
    assert "tests/a.py::test[<backend>-{}-jax]" in conformance.PROOFS.read_text()


def test_a_spoilt_name_gives_other_values_and_recovers(backend):
    x = np.array([1.0, 4.0], "float32")
    with Trial("keras.ops.sqrt", backend) as trial:
        assert not np.allclose(ops.convert_to_numpy(ops.sqrt(x)), [1, 2])
    assert trial.used
    np.testing.assert_allclose(ops.convert_to_numpy(ops.sqrt(x)), [1, 2])


@pytest.mark.parametrize("other", ["keras.ops.sqrt", "keras.ops.add"])
def test_a_trial_within_a_trial(other):
    """As where a test of these trials is itself tried."""
    signature = inspect.signature(ops.sqrt)

    def seen():
        return float(ops.sqrt(np.float32(4))), float(ops.add(np.float32(1), 1))

    with kerata.backend_scope("numpy"), Trial("keras.ops.sqrt", "numpy"):
        outer = seen()
        with Trial(other, "numpy"):
            inner = seen()
        assert seen() == outer == pytest.approx((2.3, 2))
        assert inner == pytest.approx((2.63, 2) if other == "keras.ops.sqrt" else (2.3, 2.3))
        assert inspect.signature(ops.sqrt) == signature
    with kerata.backend_scope("numpy"):
        assert seen() == (2, 2)
    assert "__signature__" not in vars(ops.sqrt)


def test_a_trace_sees_what_a_test_calls_itself(train_backend):
    from kerata import layers, optimizers

    seen = conformance.Trace().run(lambda: layers.Dense(2, activation="relu")(np.ones((1, 2), "float32")))[1]
    called = {n for n, b in seen if b == train_backend}
    assert "keras.layers.Dense" in called
    assert "keras.activations.relu" not in called  # the layer called it, not the test
    assert optimizers  # imported, but not called
    assert "keras.optimizers.SGD" not in called


@pytest.mark.parametrize("value", [1, 0.5, True, "text", (1, 2.0), {"a": np.arange(3)}, np.array([True]), np.array(["a"])])
def test_spoilt(value):
    other = spoilt(value)
    assert type(other) is type(value)
    assert repr(other) != repr(value)


def test_classes_without_numbers_are_spoilt_in_other_ways():
    from kerata import DTypePolicy, InputSpec, name_scope, saving

    for name, see in (
        ("keras.DTypePolicy", lambda: DTypePolicy("float16").compute_dtype),
        ("keras.InputSpec", lambda: InputSpec(shape=(2, 3)).shape),
    ):
        plain = see()
        with Trial(name, "numpy", "attributes"), kerata.backend_scope("numpy"):
            assert see() != plain
        assert see() == plain
    for name, see in (
        ("keras.name_scope", lambda: scoped(name_scope("outer"))),
        ("keras.saving.CustomObjectScope", lambda: scoped(saving.custom_object_scope({"own": see_nothing}))),
    ):
        plain = see()
        with Trial(name, "numpy", "left out"), kerata.backend_scope("numpy"):
            assert see() != plain
        assert see() == plain


def test_what_outlives_a_trial_is_as_before():
    policy = kerata.config.dtype_policy()
    kind, state = type(policy), dict(vars(policy))
    with Trial("keras.config.dtype_policy", "numpy"), kerata.backend_scope("numpy"):
        assert kerata.config.dtype_policy().name != "float32"
    with Trial("keras.DTypePolicy", "numpy", "attributes"), kerata.backend_scope("numpy"):
        kept = kerata.dtype_policies.get("bfloat16")
        assert kept.compute_dtype != "bfloat16"
    assert type(policy) is kind and vars(policy) == state
    assert kept.compute_dtype == kerata.dtype_policies.get("bfloat16").compute_dtype == "bfloat16"


def see_nothing():
    pass


def scoped(scope):
    with scope:
        return kerata.Variable(1.0, name="v").path, kerata.saving.get_registered_object("own")
