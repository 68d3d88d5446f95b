"""The code in the README runs, and its commands exist."""

import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

import kerata

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.slow
def test_python_blocks(tmp_path, monkeypatch):
    def load_data(path="mnist.npz"):
        y = (np.arange(64) % 10).astype("uint8")
        return (np.zeros((64, 28, 28), "uint8"), y), (np.zeros((32, 28, 28), "uint8"), y[:32])

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(kerata.datasets.mnist, "load_data", load_data)
    found = blocks("python")
    assert found
    for code in found:
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})
    assert (tmp_path / "mnist.keras").exists()


def test_links_targets_and_commands():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
    rules = (ROOT / "Makefile").read_text()
    for rule in re.findall(r"`make (\w+)`", README):
        assert re.search(rf"^{rule}:", rules, re.MULTILINE), rule
    for backend in re.findall(r"kerata\[(\w+)\]", README):
        assert f"\n{backend} = [" in (ROOT / "pyproject.toml").read_text(), backend
    done = subprocess.run([sys.executable, "-m", "kerata", "run", "--help"], capture_output=True, text=True)
    assert "--backend" in done.stdout and "--alias" in done.stdout
