"""Compiled programs on disk: they are found again, by several processes at once, and only where that is safe."""

import os
import subprocess
import sys
import time

import pytest

pytest.importorskip("jax")

PROGRAM = """
import os, jax
found = []
jax.monitoring.register_event_listener(lambda name, **_: found.append(name) if "cache_hits" in name else None)
import numpy as np, kerata
kerata.utils.set_random_seed(0)
model = kerata.Sequential([kerata.Input((8,)), *[kerata.layers.Dense(16 + i, "relu") for i in range(8)],
                           kerata.layers.BatchNormalization(), kerata.layers.Dense(4, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
x, y = np.ones((64, 8), "float32"), np.arange(64) % 4
loss = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"][-1]
print(len(found), loss)
"""


def start(**environment):
    env = {**os.environ, "KERATA_BACKEND": "jax", **environment}
    return subprocess.Popen([sys.executable, "-W", "error", "-c", PROGRAM], env=env, stdout=subprocess.PIPE, text=True)


def said(process) -> tuple[int, str]:
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    hits, loss = out.split()
    return int(hits), loss


@pytest.mark.slow
def test_a_program_that_was_compiled_once_is_found(tmp_path):
    first = [start(XDG_CACHE_HOME=str(tmp_path), KERATA_COMPILATION_CACHE="") for _ in range(2)]
    losses = {said(p)[1] for p in first}
    hits, loss = said(start(XDG_CACHE_HOME=str(tmp_path), KERATA_COMPILATION_CACHE=""))
    assert hits > 0 and losses == {loss}
    (folder,) = (tmp_path / "kerata" / "compiled").iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    names = {p.name for p in folder.iterdir()}
    assert names and all(n.removesuffix("-cache") + "-atime" in names for n in names if n.endswith("-cache"))
    other = tmp_path / "off"
    assert said(start(XDG_CACHE_HOME=str(other), KERATA_COMPILATION_CACHE="off")) == (0, loss)
    assert not other.exists()


def test_only_a_folder_of_ones_own(tmp_path):
    from kerata.backend.jax.disk_cache import _own_folder

    folder = _own_folder(str(tmp_path))
    assert folder is not None and os.path.isdir(folder)
    os.chmod(folder, 0o777)
    assert _own_folder(str(tmp_path)) is None
    (tmp_path / "file").write_text("")
    assert _own_folder(str(tmp_path / "file")) is None


def test_half_written_entries_are_removed(tmp_path):
    from kerata.backend.jax.disk_cache import _sweep

    for name in ("whole-cache", "whole-atime", "old-cache", "new-cache"):
        (tmp_path / name).write_bytes(b"12345678")
    os.utime(tmp_path / "old-cache", (time.time() - 1000,) * 2)
    _sweep(str(tmp_path))
    assert {p.name for p in tmp_path.iterdir()} == {"whole-cache", "whole-atime", "new-cache"}


def test_what_the_user_chose_stays(tmp_path, monkeypatch):
    import jax

    from kerata.backend.jax import disk_cache

    before = jax.config.jax_compilation_cache_dir, jax.config.jax_compilation_cache_max_size
    try:
        jax.config.update("jax_compilation_cache_dir", str(tmp_path))
        monkeypatch.setenv("KERATA_COMPILATION_CACHE", str(tmp_path / "other"))
        disk_cache.enable()
        assert jax.config.jax_compilation_cache_dir == str(tmp_path) and not (tmp_path / "other").exists()
        jax.config.update("jax_compilation_cache_dir", None)
        monkeypatch.setenv("KERATA_COMPILATION_CACHE", "off")
        disk_cache.enable()
        assert jax.config.jax_compilation_cache_dir is None
    finally:
        jax.config.update("jax_compilation_cache_dir", before[0])
        jax.config.update("jax_compilation_cache_max_size", before[1])
