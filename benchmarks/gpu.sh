#!/bin/sh
# The benchmarks on a machine with CUDA, in one command: benchmarks/gpu.sh [arguments of run.py]
#
# Makes a virtual environment (BENCH_VENV, .venv-gpu by default) with JAX and PyTorch for CUDA, runs the benchmarks on the
# accelerator, and writes benchmarks/REPORT-gpu.md. TensorFlow is left out (its CUDA libraries and PyTorch's differ) unless
# BENCH_TENSORFLOW=1. KERATA_DEVICE (cuda:1, say) chooses among several accelerators.
#
# KERATA_BENCH_DRY=1 benchmarks/gpu.sh runs all of it in small on the CPU, with the Python of the environment that is there
# (PYTHON, .venv/bin/python by default), and writes its report to the temporary folder: a test of everything but the figures.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
if [ "${KERATA_BENCH_DRY:-}" = 1 ]; then
    python=${PYTHON:-.venv/bin/python}
    output=${TMPDIR:-/tmp}/kerata-bench-dry
    mkdir -p "$output"
    exec env BENCH_STEPS=2 KERATA_DEVICE=cpu BENCH_HOME="$output/home" "$python" benchmarks/run.py --rounds 1 --renew \
        --backends jax torch --output "$output/REPORT-gpu.md" "$@"
fi
command -v nvidia-smi > /dev/null || { echo "There is no nvidia-smi: this machine has no CUDA. KERATA_BENCH_DRY=1 tries it on the CPU."; exit 1; }
venv=${BENCH_VENV:-.venv-gpu}
if [ ! -e "$venv/.done" ]; then
    "${PYTHON:-python3}" -m venv "$venv"
    "$venv/bin/python" -m pip install -q "jax[cuda12]>=0.10,<0.11" "torch>=2.6" keras==3.15.1 matplotlib pillow filelock
    "$venv/bin/python" -m pip install -q -e .
    [ "${BENCH_TENSORFLOW:-}" != 1 ] || "$venv/bin/python" -m pip install -q "tensorflow[and-cuda]>=2.20"
    touch "$venv/.done"
fi
# JAX would take most of the memory for itself; the figures of memory are of the host in any case.
export BENCH_GPU=1 XLA_PYTHON_CLIENT_PREALLOCATE=false BENCH_HOME="${BENCH_HOME:-${TMPDIR:-/tmp}/kerata-benchmarks-gpu}"
"$venv/bin/python" -c "
import jax, torch
print('JAX:', jax.devices(), '  PyTorch:', torch.cuda.get_device_name())"
exec "$venv/bin/python" benchmarks/run.py --output benchmarks/REPORT-gpu.md "$@"
