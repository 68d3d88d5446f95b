"""Kerata beside Keras and the plain backends: `make bench`, or `python benchmarks/run.py --parts steps --backends jax`.

Each measurement is a fresh process. A round of a case measures all its libraries one after another, and rounds of different
cases take turns, so what else the machine does hits all alike. Ratios are medians over the rounds. Rounds are kept in
`report.json`: a run that is stopped, or was given `--seconds`, goes on where it was until each case has `--rounds` of them;
`--renew` measures the chosen cases anew. Each run writes REPORT.md and the plots.
"""

from __future__ import annotations

import argparse
import compileall
import importlib
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import resource
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import curves  # noqa: E402
import report  # noqa: E402
import variations  # noqa: E402
import workloads  # noqa: E402
from raw.large import BY_HAND  # noqa: E402

BACKENDS = tuple(b for b in ("jax", "torch", "tensorflow") if importlib.util.find_spec(b))
PARTS = ("steps", "auto", "start", "build", "call", "programs", "large", "memory", "variations", "curve")
# A measurement is repeated if other programs took so much of the machine.
DISTURBED = 0.07
HOME = pathlib.Path(os.environ.get("BENCH_HOME") or pathlib.Path(tempfile.gettempdir()) / "kerata-benchmarks")


def cases(parts, backends, names) -> list[tuple[str, str, str]]:
    """(part, backend, what) of all that is to be measured, the most wanted first."""
    found = [(p, b, w) for p in parts for b, w in _of_part(p)]
    return [c for c in found if c[1] in (*backends, "any") and (not names or c[2] in names)]


def _of_part(part: str):
    if part == "steps":
        return [(b, w) for b in BACKENDS for w in workloads.SHAPES]
    if part == "auto":
        return [("any", w) for w in workloads.SHAPES]
    if part == "start":
        return [(b, "mlp") for b in BACKENDS]
    if part == "build":
        return [(b, "resnet50") for b in BACKENDS]
    if part == "call":
        return [(b, "mlp") for b in ("torch", "jax")]
    if part == "programs":
        return [("any", w) for w in ("mnist_mlp", "mnist_cnn")]
    if part == "large":
        return [(b, w) for w, on in report.LARGE.items() for b in on]
    if part == "memory":
        return [(b, w) for b in ("jax", "torch") for w in ("plain", "remat", "mixed")]
    if part == "variations":
        return [(b, g) for b in BACKENDS for g in variations.GROUPS]
    return [(b, a) for a in curves.AXES for b in ("jax", "torch")]


def runs(case, results) -> list[tuple[str, str, str, dict]]:
    """What a round of a case measures: (label, library, backend, environment)."""
    part, backend, what = case
    if part == "auto":
        best = report.best_keras(results, what)
        return [("kerata", "kerata", "auto", {}), *(("keras " + b, "keras", b, {}) for b in ([best] if best else BACKENDS))]
    if part == "programs":
        own = [("kerata first", "kerata", "auto", {"cold": True}), ("kerata", "kerata", "auto", {})]
        best = "jax" if what == "mnist_mlp" else "tensorflow"  # of the programs by hand, in the steps
        by_hand = [("by hand", "by_hand", best, {})] if best in BACKENDS else []
        return [*own, *by_hand, *(("keras " + b, "keras", b, {}) for b in BACKENDS)]
    own = [("kerata", "kerata", backend, {}), ("keras", "keras", backend, {})]
    if part == "start":
        return [("kerata cold", "kerata", backend, {"cold": True}), ("kerata warm", "kerata", backend, {"twice": True}), own[1]]
    if part in ("memory", "variations"):
        return own
    with_raw = part in ("steps", "call", "curve") or (part == "large" and (what, backend) in BY_HAND)
    return [*own, ("raw", "raw", backend, {})] if with_raw else own


def environment(options: dict, folder: pathlib.Path) -> dict:
    """The process's environment: caches in a folder of our own, an empty one for a cold start."""
    home = folder
    if options.get("cold"):
        home = pathlib.Path(tempfile.mkdtemp(dir=folder))
        (home / "datasets").symlink_to(folder / "datasets")
    env = {**os.environ, "KERAS_HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PYTHONPATH": str(HERE.parent)}
    if not os.environ.get("BENCH_GPU"):
        env["CUDA_VISIBLE_DEVICES"] = ""
    return env


class Others:
    """The share of the processors that programs other than ours took meanwhile (Linux; 0 elsewhere)."""

    def __enter__(self):
        self.begin, self.before, self.share = time.perf_counter(), self._others(), 0.0
        return self

    def __exit__(self, *exc):
        seconds = (time.perf_counter() - self.begin) * (os.cpu_count() or 1)
        self.share = max(0.0, (self._others() - self.before) / seconds)

    @staticmethod
    def _others() -> float:
        try:
            with open("/proc/stat") as f:
                user, nice, system = map(int, f.readline().split()[1:4])
        except (OSError, ValueError):
            return 0.0
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (user + nice + system) / os.sysconf("SC_CLK_TCK") - own.ru_utime - own.ru_stime


def measure(case, library: str, backend: str, options: dict) -> dict | None:
    """One process, again if others took more of the machine than `DISTURBED`; None if it failed."""
    for _ in range(1 if report.DRY else 2):
        with Others() as others:
            found = measure_once(case, library, backend, options)
        if found is None or others.share < DISTURBED:
            break
        print(f"{' '.join(case)}: {library} was disturbed: others took {others.share:.0%} of the machine", flush=True)
    return found and {**found, "others": round(others.share, 3)}


def measure_once(case, library: str, backend: str, options: dict) -> dict | None:
    """One process; None if it failed."""
    part, _, what = case
    env = environment(options, HOME)
    if library == "by_hand":
        script = [str(HERE / "programs" / "by_hand.py"), what, backend]
    elif part == "programs":
        script = [str(HERE / "programs" / f"{what}.py"), library]
    else:
        script = [str(HERE / "worker.py"), part, library, backend, what]
    env["KERATA_BACKEND"] = env["KERAS_BACKEND"] = backend
    for _ in range(2 if options.get("twice") else 1):  # the first fills the cache
        begin = time.perf_counter()
        done = subprocess.run([sys.executable, *script], capture_output=True, text=True, env=env)
    seconds = time.perf_counter() - begin
    if done.returncode:
        print(f"{' '.join(case)}: {library} on {backend} failed\n{done.stderr[-1500:]}", file=sys.stderr)
        return None
    last = done.stdout.strip().splitlines()[-1]
    if part == "programs":
        return {"seconds": seconds, "accuracy": float(last.split()[-1])}
    return json.loads(last)


def auto_reads(part: str) -> str:
    return "steps" if part == "auto" else part


def versions() -> dict:
    found = {}
    for name in ("jax", "torch", "tensorflow", "tensorflow-cpu", "keras", "numpy"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def processor() -> str:
    try:
        with open("/proc/cpuinfo") as f:
            return next(line.split(":")[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def machine() -> str:
    """The processor, and the accelerator where the benchmarks run on one."""
    found = f"{processor()}, {os.cpu_count()} cores, {platform.machine()}"
    if os.environ.get("BENCH_GPU"):
        command = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
        found += "; " + subprocess.run(command, capture_output=True, text=True).stdout.strip().replace("\n", "; ")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=PARTS)
    parser.add_argument("--backends", nargs="+", default=list(BACKENDS))
    parser.add_argument("--names", nargs="+", default=[], help="workloads, axes or programs: only these")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=None, help="begin nothing after so many seconds")
    parser.add_argument("--renew", action="store_true", help="forget the rounds that the chosen cases have")
    parser.add_argument("--output", default=str(HERE / "REPORT.md"))
    arguments = parser.parse_args()
    output = pathlib.Path(arguments.output)
    figures = HERE / "report.json" if output.name == "REPORT.md" else output.with_suffix(".json")
    results: dict = json.loads(figures.read_text()) if figures.exists() else {"rounds": {}}
    chosen = cases(arguments.parts, arguments.backends, arguments.names)
    if arguments.renew:
        for case in chosen:
            for kept in ("rounds", "begun"):
                results.get(kept, {}).pop(" ".join(case), None)
    _prepare_home()
    compileall.compile_dir(HERE.parent / "kerata", quiet=1)  # as pip does with every package that it installs
    end = time.perf_counter() + (arguments.seconds or 1e9)
    took: dict = {}
    while True:
        left = [c for c in chosen if _count(results, c) < arguments.rounds and _tries(results, c) < 3 * arguments.rounds]
        if not left:
            break
        case = min(left, key=lambda c: _tries(results, c))
        if not _round(case, results, end, took):
            break
        figures.write_text(json.dumps(results, indent=1) + "\n")
    results |= {"machine": machine(), "python": platform.python_version(), "versions": versions()}
    figures.write_text(json.dumps(results, indent=1) + "\n")
    for name in ("tabular", "images"):
        importlib.import_module(f"large.{name}").remove()
    report.write(results, output)
    print(f"Written to {output}")


def _tries(results, case) -> int:
    return len(results["rounds"].get(" ".join(case), []))


def _count(results, case) -> int:
    """The rounds in which nothing was disturbed."""
    found = results["rounds"].get(" ".join(case), [])
    return sum(all(f.get("others", 0) <= report.TOO_DISTURBED for f in r.values()) for r in found)


def _round(case, results, end: float, took: dict) -> bool:
    """Measure a round, or go on with one that was begun; False if the time was over before its end."""
    key = " ".join(case)
    one = results.setdefault("begun", {}).setdefault(key, {})
    for label, library, backend, options in runs(case, results):
        if label in one:
            continue
        begin = time.perf_counter()
        if begin + took.get((case, label), 5) > end:
            return False
        one[label] = measure((auto_reads(case[0]), *case[1:]), library, backend, options)
        took[case, label] = time.perf_counter() - begin
    del results["begun"][key]
    results["rounds"].setdefault(key, []).append({k: v for k, v in one.items() if v is not None})
    figure = report.MAIN.get(case[0], "ms_per_step")
    print(*case, *(f"{k}: {v.get(figure, 0):.4g}" for k, v in one.items() if v), flush=True)
    return True


def _prepare_home() -> None:
    """Data sets that are there are used from there."""
    (HOME / "datasets").mkdir(parents=True, exist_ok=True)
    own = pathlib.Path(os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras") / "datasets"
    for path in own.glob("*.npz") if own.exists() else ():
        if not (HOME / "datasets" / path.name).exists():
            (HOME / "datasets" / path.name).symlink_to(path.resolve())


if __name__ == "__main__":
    main()
