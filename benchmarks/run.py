"""Kerata beside Keras and the plain backends: `python benchmarks/run.py [--backends jax torch] [--workloads mlp] ...`.

Each measurement is a fresh process. Rounds are interleaved (Kerata, Keras, plain, Kerata, ...), and the report gives
ratios of the best of each: what else the machine does hits all alike. Writes Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
import workloads  # noqa: E402

COLUMNS = (
    ("ms_per_step", "ms a step"), ("first_epoch_s", "first epoch, s"), ("predict_ms", "predict one, ms"),
    ("start_s", "import and build, s"), ("peak_mb", "peak memory, MB"),
)  # fmt: skip


def measure(library: str, backend: str, workload: str) -> dict | None:
    command = [sys.executable, str(HERE / "worker.py"), library, backend, workload]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""})
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def best(rounds: list[dict]) -> dict:
    return {k: min(r[k] for r in rounds) for k in rounds[0]} if rounds else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backends", nargs="+", default=["jax", "torch", "tensorflow"])
    parser.add_argument("--workloads", nargs="+", default=list(workloads.SHAPES))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--output", default=str(HERE / "report.md"))
    parser.add_argument("--keep", action="store_true", help="keep the figures of other workloads that the last report has")
    arguments = parser.parse_args()
    figures = pathlib.Path(arguments.output).with_suffix(".json")
    results: dict = json.loads(figures.read_text()) if arguments.keep and figures.exists() else {}
    for backend in arguments.backends:
        libraries = ["kerata", "keras"] + (["raw"] if backend in ("jax", "torch") else [])
        for workload in arguments.workloads:
            found = {library: [] for library in libraries}
            for _ in range(arguments.rounds):
                for library in libraries:
                    one = measure(library, backend, workload)
                    if one is not None:
                        found[library].append(one)
            line = results[f"{backend} {workload}"] = {library: best(rounds) for library, rounds in found.items()}
            print(backend, workload, *(f"{k}: {v.get('ms_per_step', float('nan')):.3f}" for k, v in line.items()), flush=True)
    figures.write_text(json.dumps(results, indent=1) + "\n")
    pathlib.Path(arguments.output).write_text(report(results))
    print(f"Written to {arguments.output}")


def report(results: dict) -> str:
    lines = [
        "# Benchmarks", "",
        "Made by `python benchmarks/run.py`. The number is Kerata's; in brackets how often faster (or smaller) it is than "
        "Keras 3.15.1 on the same backend, and than the plain backend. More than 1 is better. `import kerata` alone takes "
        f"{min(f['kerata']['import_s'] for f in results.values() if f.get('kerata')) * 1e3:.1f} ms: it loads no backend.", "",
        f"Machine: {platform.machine()}, {os.cpu_count()} cores; Python {platform.python_version()}.", "",
        "| backend | workload | " + " | ".join(title for _, title in COLUMNS) + " |",
        "| --- | --- |" + " --- |" * len(COLUMNS),
    ]  # fmt: skip
    order = [f"{b} {w}" for b in ("jax", "torch", "tensorflow") for w in workloads.SHAPES]
    for name, found in sorted(results.items(), key=lambda item: order.index(item[0])):
        cells = [cell(found, key) for key, _ in COLUMNS]
        lines.append(f"| {' | '.join(name.split())} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def cell(found: dict, key: str) -> str:
    own = found.get("kerata", {}).get(key)
    if own is None:
        return "failed"
    ratios = [f"{found[other][key] / own:.2f}x" if found.get(other) else "-" for other in ("keras", "raw") if other in found]
    return f"{own:.3g} ({', '.join(ratios)})"


if __name__ == "__main__":
    main()
