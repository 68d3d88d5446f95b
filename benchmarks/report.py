"""REPORT.md from the rounds in report.json: bounds, tables, plots."""

from __future__ import annotations

import math
import os
import pathlib
import statistics

import curves
import variations
import workloads

DRY = os.environ.get("KERATA_BENCH_DRY") == "1"
BACKENDS = ("jax", "torch", "tensorflow")
# Larger work: name -> backends
LARGE = {
    "tabular": ("jax", "torch"), "images": ("jax", "torch", "tensorflow"), "resnet50": ("torch", "jax"),
    "transformer": ("torch", "jax"), "recommender": ("jax", "torch"),
}  # fmt: skip
# The figure that stands for a part.
MAIN = {"variations": "-", "start": "first_step_s", "build": "build_s", "call": "call_ms", "programs": "seconds", "curve": "-"}
# What was measured while other programs took more of the machine than this does not count.
TOO_DISTURBED = 0.1
NOTES = pathlib.Path(__file__).parent / "notes.md"

_FASTER_THAN_KERAS = {("jax", "tiny_mlp"): 20, ("jax", "mnist_cnn"): 2.5, ("jax", "residual"): 5, ("torch", "mnist_cnn"): 2,
                      ("torch", "cifar_cnn"): 2, ("torch", "lstm"): 4, ("torch", "transformer"): 1.5}  # fmt: skip
_FASTER_THAN_BEST = {"mlp": 1.1, "lstm": 1.1, "mnist_cnn": 1.5, "cifar_cnn": 1.5, "residual": 1.5, "transformer": 1.5,
                     "tiny_mlp": 20}  # fmt: skip


# ---- figures
def rounds(results: dict, *case) -> list[dict]:
    """A case's rounds, without what was measured while other programs took much of the machine."""
    kept = ({k: v for k, v in r.items() if v.get("others", 0) <= TOO_DISTURBED} for r in results["rounds"].get(" ".join(case), []))
    return [r for r in kept if r]


def median(results: dict, case: tuple, label: str, key: str) -> float | None:
    """The median over the rounds; None if there are none."""
    found = [r[label][key] for r in rounds(results, *case) if key in r.get(label, ())]
    return statistics.median(found) if found else None


def ratio(results: dict, case: tuple, above: str, below: str, key: str) -> float | None:
    """The median over the rounds of `above`'s figure by `below`'s."""
    found = [r[above][key] / r[below][key] for r in rounds(results, *case)
             if key in r.get(above, ()) and r.get(below, {}).get(key)]  # fmt: skip
    return statistics.median(found) if found else None


def best_keras(results: dict, workload: str) -> str | None:
    """The backend on which Keras is fastest, if it was measured on all three."""
    found = {b: median(results, ("steps", b, workload), "keras", "ms_per_step") for b in BACKENDS}
    return None if None in found.values() else min(found, key=found.__getitem__)


def against_best(results: dict, part: str, what: str, key: str, own: str = "kerata") -> tuple[float, str] | None:
    """How many times Kerata is ahead of the fastest of Keras's backends in a case of its own, and which that is."""
    case = (part, "any", what)
    labels = {k for r in rounds(results, *case) for k in r if k.startswith("keras ")}
    found = {k: median(results, case, k, key) for k in labels}
    if not found:
        return None
    best = min(found, key=found.__getitem__)
    ahead = ratio(results, case, best, own, key)
    return None if ahead is None else (ahead, best.split()[1])


def variations_ahead(results: dict, backend: str, group: str) -> list[tuple[str, float, float]]:
    """(variation, how many times Kerata is ahead of Keras, and in the first run) of what both can do; medians over the rounds."""
    both = [(r["kerata"]["cases"], r["keras"]["cases"]) for r in rounds(results, "variations", backend, group) if len(r) == 2]
    rows = []
    for name in both[0][0] if both else ():
        pairs = [(own[name], other[name]) for own, other in both if isinstance(own.get(name), list) and isinstance(other.get(name), list)]
        if pairs:
            rows.append((name, *(statistics.median(k[i] / o[i] for o, k in pairs) for i in (1, 0))))
    return rows


def variations_failed(results: dict, backend: str, group: str, label: str) -> list[str]:
    """The variations that a library could not do."""
    found = {n for r in rounds(results, "variations", backend, group) for n, v in r.get(label, {"cases": {}})["cases"].items() if isinstance(v, str)}
    return sorted(found)


# ---- bounds
def bounds(results: dict) -> list[tuple]:
    """(point, bound, target, measured or None, whether it is met)."""
    rows: list[tuple] = []

    def most(point, name, value, limit, unit="x", form="{:.2f}"):
        rows.append((point, name, f"at most {limit}{unit}", None if value is None else form.format(value) + unit,
                     None if value is None else value <= limit))  # fmt: skip

    def least(point, name, value, limit, unit="x"):
        rows.append((point, name, f"at least {limit}{unit}", None if value is None else f"{value:.2f}{unit}",
                     None if value is None else value >= limit))  # fmt: skip

    for b in BACKENDS:
        for w in workloads.SHAPES:
            most(1, f"{b} {w}, ms a step beside raw", ratio(results, ("steps", b, w), "kerata", "raw", "ms_per_step"),
                 1.15 if b == "tensorflow" else 1.1)  # fmt: skip
    for b in BACKENDS:
        for w in workloads.SHAPES:
            least(2, f"{b} {w}, ahead of Keras", ratio(results, ("steps", b, w), "keras", "kerata", "ms_per_step"),
                  _FASTER_THAN_KERAS.get((b, w), 1))  # fmt: skip
    for b in BACKENDS:
        found = [(a, f"{n} ({g})") for g in variations.GROUPS for n, a, _ in variations_ahead(results, b, g)]
        worst, name = min(found, default=(None, ""))
        least(2, f"{b}, the least ahead of Keras of {len(found)} variations" + (f", {name}" if name else ""), worst, 1)
    ahead = {w: against_best(results, "auto", w, "ms_per_step") for w in workloads.SHAPES}
    for w, found in ahead.items():
        name = f"auto {w}, ahead of Keras's best backend" + (f" ({found[1]})" if found else "")
        least(3, name, found and found[0], _FASTER_THAN_BEST[w])
    mean = math.exp(statistics.mean(math.log(a) for a, _ in ahead.values())) if all(ahead.values()) else None
    least(3, "auto, geometric mean", mean, 2.5)
    imports = [r["kerata warm"]["import_s"] for b in BACKENDS for r in rounds(results, "start", b, "mlp") if "kerata warm" in r]
    most(4, "import kerata", statistics.median(imports) if imports else None, 0.15, " s", "{:.4f}")
    for b in BACKENDS:
        for kind, limit in (("cold", 0.5), ("warm", 0.35)):
            most(4, f"{b}, import to first step of the MLP, {kind} cache, beside Keras",
                 ratio(results, ("start", b, "mlp"), f"kerata {kind}", "keras", "first_step_s"), limit)  # fmt: skip
    most(4, "jax, building a ResNet50 beside Keras", ratio(results, ("build", "jax", "resnet50"), "kerata", "keras", "build_s"), 0.3)
    for w in ("mnist_mlp", "mnist_cnn"):
        found = against_best(results, "programs", w, "seconds")
        least(5, f"{w}, whole program (auto), ahead of Keras's best" + (f" ({found[1]})" if found else ""), found and found[0], 1.5)
        found = against_best(results, "programs", w, "seconds", "kerata first")
        least(5, f"{w}, whole program (auto), first run of all, ahead of Keras's best", found and found[0], 1.5)
    predict = median(results, ("steps", "jax", "mlp"), "kerata", "predict_ms")
    most(5, "predict of one sample on jax (MLP)", predict, 0.25, " ms", "{:.3f}")
    for b, limit in (("torch", 1.2), ("jax", 1.1)):
        most(5, f"a call of the MLP on {b} beside raw", ratio(results, ("call", b, "mlp"), "kerata", "raw", "call_ms"), limit)
    for w, b in ((name, on) for name in sorted(LARGE) for on in LARGE[name]):
        case = ("large", b, w)
        least(6, f"{w} on {b}, ahead of Keras", ratio(results, case, "keras", "kerata", "ms_per_step"), 1.3)
        beside = ratio(results, case, "kerata", "raw", "ms_per_step")
        if beside is not None and not rows[-1][4]:  # the one or the other
            rows.pop()
            most(6, f"{w} on {b}, beside raw (or 1.3x ahead of Keras)", beside, 1.1)
        waits = median(results, case, "kerata", "waiting")
        if waits is not None:
            most(6, f"{w} on {b}, share of time waiting for data", 100 * waits, 5, " %", "{:.1f}")
        if w == "tabular":
            most(6, f"{w} on {b}, peak memory", median(results, case, "kerata", "peak_mb"), 1000, " MB", "{:.0f}")
    for b in BACKENDS:
        for w in workloads.SHAPES:
            most(7, f"{b} {w}, peak memory beside Keras", ratio(results, ("steps", b, w), "kerata", "keras", "peak_mb"), 1)
    return rows


# ---- text
def number(value: float | None, form: str = "{:.3g}") -> str:
    return "not measured" if value is None else form.format(value)


def times(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}x"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    line = lambda cells: "| " + " | ".join(cells) + " |"
    return [line(head), line(["---"] * len(head)), *map(line, rows), ""]


def notes() -> dict[str, str]:
    """What is known about bounds, by their names: `- name: text` lines of notes.md."""
    if not NOTES.exists():
        return {}
    pairs = (line[2:].split(": ", 1) for line in NOTES.read_text().splitlines() if line.startswith("- ") and ": " in line)
    return dict(pairs)


def write(results: dict, output: pathlib.Path) -> None:
    """The report and its plots."""
    known = notes()
    plots = _plots(results, output)
    known_versions = ", ".join(f"{n} {v}" for n, v in results.get("versions", {}).items())
    lines = [
        "# Benchmarks", "",
        "Made by `make bench` (`benchmarks/run.py`). Each figure is the median of the rounds; a round measures Kerata, Keras and "
        "the plain backend one after another in fresh processes, so ratios are taken within rounds, then their median. "
        "A step's time is that of the best epoch after the first, by its number of steps. Kerata's cache of compiled programs is "
        "on, as it is for users, so the first epoch is that of a program that ran before (but under Start). The plain backend is what "
        "`benchmarks/raw/` has, tuned by hand. What was not measured says so.", "",
        *(["This was a dry run: its figures mean nothing.", ""] if DRY else []),
        _disturbance(results), _rounds(results), "",
        f"Machine: {results.get('machine')}. Python {results.get('python')}, {known_versions}.", "",
        *_bounds_text(results, known), *_steps_text(results), *_auto_text(results), *_other_text(results), *plots,
    ]  # fmt: skip
    if NOTES.exists():
        text = NOTES.read_text()
        lines += [text[text.index("\n## ") :].strip() if "\n## " in text else "", ""]
    output.write_text("\n".join(lines).rstrip() + "\n")


def _rounds(results: dict) -> str:
    least = min((len(rounds(results, *c.split())) for c in results["rounds"]), default=0)
    return "" if least >= 5 else f"Some cases have only {least} round{'s' * (least != 1)} yet, not 5: see the tables' last columns."


def _disturbance(results: dict) -> str:
    shares = [f["others"] for c in results["rounds"] for r in rounds(results, *c.split()) for f in r.values() if "others" in f]
    if not shares:
        return ""
    return (f"Other programs took {statistics.median(shares):.1%} of the machine while a measurement ran (the median; at most "
            f"{max(shares):.0%}). One that was disturbed by more than 7 % was repeated once, and one by more than 10 % does not count.")  # fmt: skip


def _bounds_text(results: dict, known: dict) -> list[str]:
    rows = bounds(results)
    met = [r[4] for r in rows]
    head = f"## Bounds\n\n{met.count(True)} met, {met.count(False)} not met, {met.count(None)} not measured."
    cells = [[str(p), n, target, value or "not measured", {True: "yes", False: "**no**", None: ""}[ok],
              "" if ok or ok is None else _note(n, known)] for p, n, target, value, ok in rows]  # fmt: skip
    return [head, "", *table(["point", "bound", "target", "measured", "met", "why not"], cells)]


def _note(name: str, known: dict) -> str:
    return next((text for key, text in known.items() if name.startswith(key)), "")


def _steps_text(results: dict) -> list[str]:
    rows = []
    for b in BACKENDS:
        for w in workloads.SHAPES:
            case = ("steps", b, w)
            count = len(rounds(results, *case))
            cells = []
            for key in ("ms_per_step", "first_epoch_s", "predict_ms", "start_s", "peak_mb"):
                own = median(results, case, "kerata", key)
                beside = [times(ratio(results, case, o, "kerata", key)) for o in ("keras", "raw")]
                cells.append("not measured" if own is None else f"{own:.3g} ({', '.join(beside)})")
            rows.append([b, w, *cells, str(count)])
    head = ["backend", "workload", "ms a step", "first epoch, s", "predict one, ms", "import and build, s", "peak memory, MB", "rounds"]
    text = "The number is Kerata's; in brackets Keras's and the plain backend's by it: more than 1 is better for Kerata."
    return ["## The seven workloads", "", text, "", *table(head, rows)]


def _auto_text(results: dict) -> list[str]:
    rows = []
    for w in workloads.SHAPES:
        case = ("auto", "any", w)
        found = against_best(results, "auto", w, "ms_per_step")
        chosen = sorted({r["kerata"].get("chosen", "?") for r in rounds(results, *case) if "kerata" in r})
        rows.append([w, number(median(results, case, "kerata", "ms_per_step")), " or ".join(chosen) or "-",
                     found[1] if found else "-", times(found and found[0]), str(len(rounds(results, *case)))])  # fmt: skip
    head = ["workload", "Kerata with auto, ms a step", "chosen", "Keras's best backend", "ahead", "rounds"]
    return ["## `backend=\"auto\"`", "", *table(head, rows)]


def _other_text(results: dict) -> list[str]:
    lines = []
    rows = []
    for b in BACKENDS:
        case = ("start", b, "mlp")
        rows.append([b, *(number(median(results, case, k, "first_step_s")) for k in ("kerata cold", "kerata warm", "keras")),
                     *(number(median(results, ("build", b, "resnet50"), k, "build_s")) for k in ("kerata", "keras")),
                     str(len(rounds(results, *case)))])  # fmt: skip
    head = ["backend", "Kerata, cold", "Kerata, warm cache", "Keras", "ResNet50, Kerata", "ResNet50, Keras", "rounds"]
    lines += ["## Start", "", "Seconds from the import to the end of the first training step of the MLP; seconds that making a "
              "ResNet50 takes.", "", *table(head, rows)]  # fmt: skip
    rows = []
    for w in ("mnist_mlp", "mnist_cnn"):
        case = ("programs", "any", w)
        labels = ["kerata", "kerata first", "by hand", *(f"keras {b}" for b in BACKENDS)]
        cells = [number(median(results, case, k, "seconds")) for k in labels]
        accuracy = [median(results, case, k, "accuracy") for k in labels]
        known = [a for a in accuracy if a is not None]
        rows.append([w, *cells, f"{min(known):.3f} to {max(known):.3f}" if known else "-", str(len(rounds(results, *case)))])
    head = ["program", "Kerata, auto", "its first run, without caches", "by hand", *(f"Keras, {b}" for b in BACKENDS),
            "test accuracies", "rounds"]  # fmt: skip
    lines += ["## Whole programs", "", "Seconds from the start of the process to its end, on the full MNIST. By hand: for JAX (MLP) and "
              "TensorFlow (convnet).", "", *table(head, rows)]
    rows = []
    for name in sorted(c for c in results["rounds"] if c.startswith("large ")):
        case = tuple(name.split())
        rows.append([
            case[2], case[1], number(median(results, case, "kerata", "ms_per_step")),
            *(times(ratio(results, case, o, "kerata", "ms_per_step")) for o in ("keras", "raw")),
            *(number(median(results, case, k, "waiting"), "{:.1%}") for k in ("kerata",)),
            *(number(median(results, case, k, "peak_mb"), "{:.0f}") for k in ("kerata", "keras")), str(len(rounds(results, *case))),
        ])  # fmt: skip
    head = ["work", "backend", "ms a step", "ahead of Keras", "ahead of raw", "waiting for data", "peak MB", "Keras's peak MB", "rounds"]
    lines += ["## Larger work", "", *table(head, rows)] if rows else []
    return lines + _variations_text(results) + _memory_text(results)


def _variations_text(results: dict) -> list[str]:
    mean = lambda values: times(math.exp(statistics.mean(map(math.log, values))))
    rows = []
    for b in BACKENDS:
        for g in variations.GROUPS:
            found = sorted(variations_ahead(results, b, g), key=lambda row: row[1])
            if found:
                cannot = ["; ".join(variations_failed(results, b, g, label)) or "-" for label in ("kerata", "keras")]
                rows.append([b, g, str(len(found)), mean([a for _, a, _ in found]), mean([first for *_, first in found]),
                             ", ".join(f"{n} {times(a)}" for n, a, _ in found[:3]), *cannot,
                             str(len(rounds(results, "variations", b, g)))])  # fmt: skip
    head = ["backend", "group", "variations", "ahead of Keras", "first run, ahead", "the least ahead", "Kerata cannot", "Keras cannot", "rounds"]
    text = ("Small models with other optimizers, losses, metrics and layers, and other ways to train and to predict "
            "(`benchmarks/variations.py`): the best run after the first, beside Keras's; geometric means.")  # fmt: skip
    return ["## Variations", "", text, "", *table(head, rows)] if rows else []


def _memory_text(results: dict) -> list[str]:
    rows = []
    for b in ("jax", "torch"):
        for what in ("plain", "remat", "mixed"):
            case = ("memory", b, what)
            if rounds(results, *case):
                values = [median(results, case, k, key) for key in ("rise_mb", "ms_per_step") for k in ("kerata", "keras")]
                rows.append([b, what, *map(number, values), str(len(rounds(results, *case)))])
    head = ["backend", "", "rise of the peak, MB", "Keras's", "ms a step", "Keras's", "rounds"]
    text = "24 dense layers of 512 units with gelu, 8192 samples in a batch: how far the first steps raise the peak of resident memory."
    return ["## `remat` and mixed precision", "", text, "", *table(head, rows)] if rows else []


# ---- plots
def _plots(results: dict, output: pathlib.Path) -> list[str]:
    folder = output.parent / ("plots" if output.name == "REPORT.md" else f"plots-{output.stem}")
    found = [a for a in curves.AXES if any(rounds(results, "curve", b, a) for b in BACKENDS)]
    if not found:
        return ["## Curves", "", "Not measured.", ""]
    folder.mkdir(exist_ok=True)
    lines = ["## Curves", ""]
    for axis in found:
        _plot(results, axis, folder / f"{axis}.svg")
        lines += [f"![Time a step against {curves.AXES[axis][0]}]({folder.name}/{axis}.svg)", ""]
    return lines


_STYLE = {"kerata": ("#1b7837", "o", "Kerata"), "keras": ("#b2182b", "s", "Keras 3.15.1"), "raw": ("#4d4d4d", "^", "by hand")}


def _plot(results: dict, axis: str, path: pathlib.Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator

    matplotlib.rcParams["svg.hashsalt"] = "kerata"
    shown = [b for b in BACKENDS if rounds(results, "curve", b, axis)]
    figure, axes = plt.subplots(1, len(shown), figsize=(5 * len(shown), 3.8), sharey=True, squeeze=False)
    points = [str(p) for p in curves.AXES[axis][1]]
    for ax, backend in zip(axes[0], shown):
        for label, (color, marker, title) in _STYLE.items():
            values = [median(results, ("curve", backend, axis), label, p) for p in points]
            pairs = [(int(p), v) for p, v in zip(points, values) if v is not None]
            if pairs:
                ax.plot(*zip(*pairs), color=color, marker=marker, label=title, linewidth=1.8)
        ax.set(xscale="log", yscale="log", title=f"on {backend}", xlabel=curves.AXES[axis][0])
        ax.set_xticks([int(p) for p in points], points)
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.minorticks_off()
        ax.grid(True, alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel("ms a step")
    axes[0][-1].legend(frameon=False)
    figure.suptitle(f"Time a training step against the {curves.AXES[axis][0].split(' of ')[0].split(' in ')[0]}")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
