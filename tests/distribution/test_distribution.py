"""Several devices compute what one does."""

import functools
import json
import os
import pathlib
import socket
import subprocess
import sys

import numpy as np
import pytest
from twins import check_twins

import kerata
from kerata import distribution as dist


@pytest.mark.slow
def test_four_devices_compute_what_one_does():
    env = {
        **os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu",
        "KERATA_BACKEND": "jax",
    }  # fmt: skip
    program = pathlib.Path(__file__).with_name("program.py")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found == {
        "devices": ["cpu:0", "cpu:1", "cpu:2", "cpu:3"], "mesh": [["cpu:0", "cpu:1"], ["cpu:2", "cpu:3"]],
    }  # fmt: skip


def started(number, count, port, kind):
    program = pathlib.Path(__file__).with_name("processes.py")
    env = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu", "KERATA_BACKEND": "jax"}
    command = [sys.executable, str(program), str(number), str(count), str(port), kind]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


def results(processes):
    try:
        ended = [p.communicate(timeout=240) for p in processes]
    finally:
        for p in processes:
            p.kill()
    for p, (_, errors) in zip(processes, ended):
        assert p.returncode == 0, errors[-3000:]
    return [json.loads(next(x for x in out.splitlines() if x.startswith("{"))) for out, _ in ended]  # beside Gloo's own lines


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["data", "model", "across"])
def test_two_processes_compute_what_one_does(kind):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (one,) = results([started(0, 1, port, kind)])
    two = results([started(i, 2, port, kind) for i in range(2)])
    for found in two:
        assert found["processes"] == 2
        for key in ("history", "evaluated", "weights"):
            wanted, got = (list(v.values()) if isinstance(v, dict) else v for v in (one[key], found[key]))
            for w, g in zip(wanted, got, strict=True):
                np.testing.assert_allclose(g, w, rtol=1e-4, atol=1e-5, err_msg=key)
    parts = two[:1] if kind == "across" else two
    both = np.concatenate([np.array(found["predicted"]) for found in parts])
    np.testing.assert_allclose(both, one["predicted"], rtol=1e-4, atol=1e-5)


def mesh(shape=(1, 1), names=("data", "model")):
    return dist.DeviceMesh(shape, names, devices=["cpu:0"])


def test_layouts_by_path():
    layouts = dist.LayoutMap(mesh())
    layouts["dense.*kernel"] = (None, "model")
    layouts["bias"] = dist.TensorLayout(("model",))
    assert layouts["model/dense_2/kernel"].axes == (None, "model") and layouts["norm/gamma"] is None
    assert layouts["bias"].device_mesh is layouts.device_mesh and len(layouts) == 2
    layouts["kernel$"] = (None,)
    with pytest.raises(ValueError, match="all fit the path 'dense/kernel'"):
        layouts["dense/kernel"]
    del layouts["kernel$"]
    for key, value, message in [
        ("bias", (None,), "has the key 'bias' already"), ("x", "model", r"got 'model' \(str\)"), ("x", ("no",), "the mesh has"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            layouts[key] = value
    parallel = dist.ModelParallel(layout_map=layouts)
    assert (parallel.batch_dim_name, parallel.num_model_replicas) == ("data", 1)
    assert parallel.get_data_layout((8, 3)).axes == ("data", None)
    assert parallel.get_tensor_layout("dense/kernel").axes == (None, "model")
    assert dist.DataParallel(mesh()).batch_dim_name == "data"


@pytest.mark.parametrize(("call", "message"), [
    (lambda: dist.DeviceMesh((2,), ("a", "b")), "one name for each axis"),
    (lambda: dist.DeviceMesh((), ()), "at least one axis"),
    (lambda: dist.DeviceMesh((3,), ("a",), ["cpu:0"]), "3 places; there are 1 devices"),
    (lambda: dist.TensorLayout(("a",)).backend_layout, "has no mesh yet"),
    (lambda: dist.DataParallel("mesh"), "is a DeviceMesh"),
    (lambda: dist.ModelParallel(), "needs a LayoutMap"),
    (lambda: dist.ModelParallel(layout_map=dist.LayoutMap(mesh()), batch_dim_name="x"), "one of the mesh's axes"),
    (lambda: dist.ModelParallel(layout_map=dist.LayoutMap(mesh()), nope=1), "takes no argument 'nope'"),
    (lambda: dist.set_distribution(3), "a DataParallel, a ModelParallel or None; got 3"),
    (lambda: dist.list_devices("fpga"), "one of cpu, gpu, tpu"),
])  # fmt: skip
def test_mistakes(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_devices(backend):
    names = dist.list_devices("cpu")
    assert names == [f"cpu:{i}" for i in range(len(names))] and "cpu:0" in names
    assert dist.get_device_count("cpu") == len(names)


def test_tensors_and_the_distribution_in_force_on_one_device():
    with kerata.backend_scope("jax"):
        layout = dist.TensorLayout(("data", None), mesh())
        x = dist.distribute_tensor(np.arange(6.0).reshape(2, 3), layout)
        np.testing.assert_array_equal(x, np.arange(6.0).reshape(2, 3))
        assert x.sharding.is_equivalent_to(layout.backend_layout, 2)
        parallel = dist.DataParallel(devices=["cpu:0"])
        dist.set_distribution(parallel)
        try:
            assert dist.distribution() is parallel
        finally:
            dist.set_distribution(None)
        assert dist.distribution() is None


def test_a_scope_on_one_device():
    with kerata.backend_scope("jax"):
        parallel = dist.DataParallel(devices=["cpu:0"])
        with parallel.scope():
            assert dist.distribution() is parallel
            v = kerata.Variable(np.ones((2, 3)))
            assert v._layout.axes == (None, None)
            v.assign(np.zeros((2, 3)))
        assert dist.distribution() is None
        data = [1]
        assert parallel.distribute_dataset(data) is data and parallel.data_shard_id == 0


def words(framework, now) -> list:
    mesh = now.device_mesh
    return [type(now).__name__, now.batch_dim_name, list(mesh.shape), list(mesh.axis_names), [str(d) for d in mesh.devices.flatten()]]


def placements(framework, now) -> list:
    dense = framework.layers.Dense(2)
    dense.build((None, 3))
    layouts = [now.get_data_layout((4, 3)), now.get_variable_layout(dense.kernel), now.get_variable_layout(dense.bias)]
    return [list(layout.axes) for layout in layouts]


def in_force(look, framework):
    """What is seen of the distribution in force: of none, of one, of another within it, of the first again, of none."""
    d = framework.distribution

    def seen():
        now = d.distribution()
        return None if now is None else LOOKS[look](framework, now)

    mesh = d.DeviceMesh((1, 1), ["rows", "columns"], devices=["cpu:0"])
    layouts = d.LayoutMap(mesh)
    layouts[".*kernel"] = (None, "columns")
    out = [seen()]
    d.set_distribution(d.DataParallel(devices=["cpu:0"]))
    try:
        out.append(seen())
        with d.ModelParallel(layout_map=layouts, batch_dim_name="rows").scope():
            out.append(seen())
        out.append(seen())
    finally:
        d.set_distribution(None)
    return [*out, seen()]


LOOKS = {"words": words, "placements": placements}


@pytest.mark.parametrize("look", LOOKS)
def test_the_distribution_in_force_as_keras(look):
    with kerata.backend_scope("jax"):
        check_twins(functools.partial(in_force, look))


@pytest.mark.parametrize(("name", "hint"), [("torch", "DistributedDataParallel"), ("tensorflow", "tf.distribute"), ("numpy", "")])
def test_other_backends_say_so(name, hint):
    parallel = dist.DataParallel(mesh())
    with kerata.backend_scope(name):
        assert dist.get_device_count("cpu") >= 1
        for call in (lambda: dist.set_distribution(parallel), dist.initialize, lambda: parallel.num_processes):
            with pytest.raises(NotImplementedError, match=f"works on the JAX backend; '{name}' is in force.*{hint}"):
                call()
