"""The conformance table: which public names exist, are tested differentially, and pass, on each backend.

    python tools/conformance.py                       all tests from the beginning, then docs/conformance.md
    python tools/conformance.py --folder tests/ops    some tests: what is known of others is kept
    python tools/conformance.py --budget 600 --keep   go on where the last run stopped, for ten minutes
    python tools/conformance.py --quick               look on one backend at what the tests call: half the time
    python tools/conformance.py --table               write the table from what is known
    python tools/conformance.py --check               try again what docs/conformance.json says; exit 1 if it is not so
    python tools/conformance.py --check --keep        go on where the last check stopped
    python tools/conformance.py --try keras.ops.add --folder tests/ops/test_numpy.py      would these tests notice it?

A name counts as tested on a backend only by a trial. In the first pass a trace notes which public functions a test
calls itself, and of which public classes it uses instances, on which backend. In the second pass such a test runs again
while what that one name gives is spoilt: numbers times 1.1 plus 0.1, integers plus one, truth values turned round, texts
changed. If the test then fails with an AssertionError, it does compare the name's results with something that is known
to be right, and the name counts. If it still passes, other tests are tried. What gives nothing (`save_model`,
callbacks) is left out instead; there any failure counts. Afterwards each such test must pass again as it stands.

Records lie in build/conformance/: calls.json (each test: outcome, seconds, what it calls), proofs.json, checks.json. Which
test stands for which name is kept in docs/conformance.json, so that anybody can look, and try it again without the first
pass. How results are spoilt: spoiling.py.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import functools
import hashlib
import inspect
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import zlib

from public_names import code_of, distinct, exists, find, methods, names
from spoiling import Trial, ways

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
RECORDS = ROOT / "build" / "conformance"
PROOFS = ROOT / "docs" / "conformance.json"
BACKENDS = ("numpy", "jax", "torch", "tensorflow")
QUICK = "torch"  # the backend of the first pass with --quick: nothing is compiled there
PATIENCE = 60  # seconds of a processor for a spoilt test; ten times as many by the clock, as others may use the machine
TRIES = 10  # tests tried for one name on one backend


# What cannot be tried on some backends, and why: counted apart, unless a test is found all the same.
APART = [
    ("numpy", r"keras\.callbacks\.|keras\.wrappers\.|keras\.config\.(set_)?max_|keras\.distillation\.|keras\.RematScope|keras\.ops\.jvp",
     "belongs to training, or to gradients, which NumPy does not compute"),
    ("numpy", r"keras\.device$", "NumPy has one device"),
    ("numpy torch", r"keras\.layers\.(Jax|Flax)Layer$", "runs on JAX and TensorFlow; elsewhere an error says so"),
    ("numpy jax torch", r"keras\.layers\.TFSMLayer$", "runs on TensorFlow; elsewhere an error says so"),
    ("numpy jax tensorflow", r"keras\.layers\.TorchModuleWrapper$", "runs on PyTorch; elsewhere an error says so"),
    ("numpy torch", r"keras\.export\.ExportArchive$", "writes what JAX and TensorFlow compute; elsewhere an error says so"),
    ("numpy torch tensorflow", r"keras\.distribution\.(distribute_tensor|distribution|set_distribution|initialize)$",
     "works on JAX; elsewhere an error says so"),
    ("jax", r"keras\.distribution\.initialize$", "joins several processes, into which a trial does not reach; tests/distribution runs them"),
    ("numpy jax torch tensorflow", r"keras\.tree\.MAP_TO_NONE$", "a mark that does nothing itself"),
    ("numpy jax torch tensorflow", r"keras\.optimizers\.legacy\.Adagrad$", "says that it is gone, as in Keras 3, and nothing else"),
]  # fmt: skip


def apart(name: str, backend: str) -> str | None:
    """Why the name cannot be tried on the backend; None if it can."""
    return next((why for backends, pattern, why in APART if backend in backends.split() and re.match(pattern, name)), None)


# ---- first pass: what a test calls
class Trace:
    """Notes calls of public functions that the tests make themselves, and of methods of public classes."""

    def __init__(self):
        # By the identity of the code, which is kept alive: to hash a code object means to hash all that it holds.
        self.functions, self.methods, self.classes = collections.defaultdict(list), {}, {}
        for name in filter(exists, distinct()):
            thing = find(name)
            if inspect.isclass(thing):
                self.classes.setdefault(thing, []).append(name)
                for code in filter(None, (code_of(thing, m) for m in methods(thing))):
                    self.methods[id(code)] = code
            else:
                function = inspect.unwrap(thing)
                self.functions[id(function.__code__)].append((name, _closure(function)))
        self.seen: set = set()

    def __call__(self, frame, event, argument):
        code = frame.f_code
        if id(code) in self.functions:
            if _from_tests(frame.f_back):
                own = frame.f_locals
                for name, closure in self.functions[id(code)]:
                    if all(own.get(k) is v for k, v in closure.items()):
                        self._note(name)
        elif id(code) in self.methods and code.co_varnames:
            owner = frame.f_locals[code.co_varnames[0]]
            kind = owner if isinstance(owner, type) else type(owner)
            for name in next((self.classes[c] for c in kind.__mro__ if c in self.classes), ()):
                self._note(name)

    def _note(self, name: str) -> None:
        from kerata import backend

        self.seen.add((name, backend.current().name))

    def run(self, do):
        """What `do()` gives, and what was noted meanwhile."""
        self.seen = set()
        sys.settrace(self)
        try:
            return do(), self.seen
        finally:
            sys.settrace(None)


def _closure(function) -> dict:
    return dict(zip(function.__code__.co_freevars, (c.cell_contents for c in function.__closure__ or ())))


_FIXTURES = str(TESTS / "conftest.py")
_BETWEEN = (str(ROOT / "kerata" / "ops" / "_op.py"), "contextlib.py", "functools.py")


def _from_tests(frame) -> bool:
    while frame is not None and frame.f_code.co_filename.endswith(_BETWEEN):
        frame = frame.f_back
    file = frame.f_code.co_filename if frame is not None else ""
    return file.startswith(str(TESTS)) and file != _FIXTURES


# ---- records
# Each process writes a file of its own (calls.0.json); what the files say together is the record.
def _read(name: str) -> dict:
    together: dict = {}
    for path in [RECORDS / name, *sorted(RECORDS.glob(name.replace(".", ".[0-9]*.")))]:
        if path.exists():
            together |= json.loads(path.read_text())
    return together


def _write(name: str, records: dict, part: int | None = None) -> None:
    RECORDS.mkdir(parents=True, exist_ok=True)
    path = RECORDS / (name if part is None else name.replace(".", f".{part}."))
    path.with_suffix(".new").write_text(json.dumps(records, indent=0, sort_keys=True))
    os.replace(path.with_suffix(".new"), path)


def _join_parts() -> None:
    for name in ("calls.json", "proofs.json", "checks.json"):
        _write(name, _read(name))
        for path in RECORDS.glob(name.replace(".", ".[0-9]*.")):
            path.unlink()


_PLACE = "<backend>"  # nothing that an id has of itself, as "{}" is, an empty dictionary


def _publish() -> None:
    """docs/conformance.json: {name: {test: its backends}}, where "<backend>" in a test's id stands for each of them."""
    said = collections.defaultdict(lambda: collections.defaultdict(list))
    for call, record in sorted(_read("proofs.json").items()):
        name, _, backend = call.partition("@")
        if "test" in record:
            head, bracket, rest = record["test"].partition("[")
            said[name][head + _IN_ID[backend].sub(_PLACE, bracket + rest, count=1)].append(backend)
    PROOFS.write_text(json.dumps({n: {t: " ".join(bs) for t, bs in tests.items()} for n, tests in said.items()}, indent=0) + "\n")


def published() -> dict[str, str]:
    """For each "name@backend" the test that docs/conformance.json names."""
    return {f"{name}@{backend}": test.replace(_PLACE, backend)
            for name, tests in json.loads(PROOFS.read_text()).items()
            for test, backends in tests.items() for backend in backends.split()}  # fmt: skip


def _claim(key: str) -> bool:
    """Whether this process is the first to ask for `key`: what is claimed is its own."""
    try:
        (RECORDS / "claims" / hashlib.sha256(key.encode()).hexdigest()).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


# ---- the plugin for pytest


def _run(item) -> tuple[str, str]:
    """Run a test: ("passed" | "failed" | "skipped", the name of the error's class)."""
    from _pytest.runner import runtestprotocol

    item.conformance_error = ""
    for thing in list(vars(item.module).values()):  # what a test keeps for the next one was made by another run
        if hasattr(thing, "cache_clear") and thing.__module__ == item.module.__name__:
            thing.cache_clear()
    item._initrequest()
    reports = runtestprotocol(item, nextitem=None, log=False)
    if any(r.failed for r in reports):
        return "failed", item.conformance_error
    return ("skipped" if any(r.skipped for r in reports) else "passed"), ""


def _backend_of(item) -> str | None:
    given = getattr(getattr(item, "callspec", None), "params", {})
    return given.get("backend", given.get("train_backend"))


_IN_ID = {b: re.compile(rf"(?<=[\[-]){b}(?=[\]-])") for b in BACKENDS}


def _twin(test: str, backend: str, other: str) -> str | None:
    """The id of the same test on another backend."""
    head, bracket, rest = test.partition("[")
    changed = _IN_ID[backend].sub(other, bracket + rest, count=1)
    return head + changed if changed != bracket + rest else None


def _has_quick_twin(item, ids: set) -> bool:
    """Whether the test is one of another backend, and the same test is there on the quick one."""
    given = _backend_of(item)
    return given not in (QUICK, None) and _twin(item.nodeid, given, QUICK) in ids


class Plugin:
    def __init__(self, stage: str, budget: float, quick: bool, part: int, parts: int, names=()):
        self.stage, self.end, self.quick, self.names = stage, time.monotonic() + budget, quick, names
        self.part, self.parts = part, parts

    def over(self) -> bool:
        return time.monotonic() > self.end

    def pytest_runtest_makereport(self, item, call):
        if call.excinfo is not None and call.excinfo.type.__name__ != "Skipped":
            item.conformance_error = "AssertionError" if call.excinfo.errisinstance(AssertionError) else call.excinfo.typename

    def pytest_runtestloop(self, session):
        {"trace": self.trace, "prove": self.prove, "try": self.try_names, "check": self.check}[self.stage](session.items)
        return True

    def check(self, items):
        """Try again the published tests that no other process has in hand."""
        pairs, found, last = _unchecked(), {}, time.monotonic()
        for item in items:
            if item.nodeid not in pairs or not _claim(f"check {item.nodeid}"):
                continue
            if self.over():
                print("conformance: the time is over; go on with --keep")
                break
            proofs: dict = {}
            self.try_test(item, pairs[item.nodeid], proofs)
            found |= {call: {"test": item.nodeid, "result": record["tried"][item.nodeid]} for call, record in proofs.items()}
            if time.monotonic() - last > 20:
                _write("checks.json", found, self.part)
                last = time.monotonic()
        _write("checks.json", found, self.part)

    def try_names(self, items):
        """Say of each test whether it would notice that the names are spoilt."""
        for item in items:
            given = _backend_of(item)
            for backend in [given] if given else BACKENDS:
                with _in_force(backend):
                    print("", *(f"{n}@{backend}: {_trial(item, n, backend)}  {item.nodeid}" for n in self.names), sep="\n")

    def trace(self, items):
        from kerata import backend

        ours = backend.current().name  # a test that is seen on others chooses them itself
        known, records, trace, last = _read("calls.json"), {}, Trace(), time.monotonic()
        mine = functools.cache(lambda file: _claim(f"trace {file}"))
        ids = {i.nodeid for i in items}
        for item in items:
            if item.nodeid in known or (self.quick and _has_quick_twin(item, ids)):
                continue
            if not mine(item.nodeid.partition("::")[0]):
                continue
            if self.over():
                print("conformance: the time is over; go on with --keep")
                break
            start = time.monotonic()
            (outcome, error), seen = trace.run(lambda item=item: _run(item))
            if outcome == "failed":
                print(f"failed: {item.nodeid} ({error})")
            records[item.nodeid] = {"outcome": outcome, "seconds": round(time.monotonic() - start, 2),
                                    "calls": sorted(f"{n}@{b}" for n, b in seen),
                                    "any": _backend_of(item) is None and {b for _, b in seen} <= {ours}}  # fmt: skip
            if time.monotonic() - last > 20:
                _write("calls.json", records, self.part)
                last = time.monotonic()
        _write("calls.json", records, self.part)

    def prove(self, items):
        by_id = {i.nodeid: i for i in items}
        proofs = {c: r for c, r in _read("proofs.json").items() if self.is_mine(c)}
        last = time.monotonic()
        for _ in range(TRIES):
            for test, pairs in _plan(proofs, by_id, self.is_mine):
                if self.over():
                    print("conformance: the time is over; go on with --keep")
                    return _write("proofs.json", proofs, self.part)
                self.try_test(by_id[test], pairs, proofs)
                if time.monotonic() - last > 20:
                    _write("proofs.json", proofs, self.part)
                    last = time.monotonic()
        _write("proofs.json", proofs, self.part)

    def is_mine(self, call: str) -> bool:
        return zlib.crc32(call.encode()) % self.parts == self.part

    def try_test(self, item, pairs, proofs):
        """Run it once for each pair with the name spoilt, and once as it stands for each backend."""
        for backend in sorted({b for _, b in pairs}):
            found = {}
            with _in_force(backend):
                for name in [n for n, b in pairs if b == backend]:
                    found[name] = _trial(item, name, backend)
                    if found[name] == "failed TimeoutError":  # of Keras, perhaps, whose answers are remembered after a whole run
                        _run(item)
                        found[name] = _trial(item, name, backend)
                if any(f == "noticed" for f in found.values()):
                    outcome, error = _run(item)
                    if outcome != "passed":
                        print(f"does not pass afterwards: {item.nodeid} on {backend} ({error})")
                        found = {n: f"afterwards {outcome}: {error}" for n in found}
            for name, result in found.items():
                record = proofs.setdefault(f"{name}@{backend}", {"tried": {}})
                record["tried"][item.nodeid] = result
                if result == "noticed":
                    record["test"] = item.nodeid


def _trial(item, name: str, backend: str) -> str:
    used = False
    try:
        for way in ways(find(name)):
            trial = Trial(name, backend, way)
            if trial.changes_nothing():
                continue
            with trial, _within(PATIENCE):
                outcome, error = _run(item)
            used = used or trial.used
            if not used and not inspect.isclass(trial.thing):
                return "not called"
            if error == "TimeoutError":
                return "failed TimeoutError"
            if outcome == "failed" and (error == "AssertionError" or trial.any_error()):
                return "noticed"
            if trial.gave - {False}:  # it does give something: nothing is learnt by leaving it out
                break
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"[:200]
    return f"{outcome} {error}".strip() if used else "not called"


@contextlib.contextmanager
def _within(seconds: float):
    """A spoilt condition may let a loop go on for ever: then an error comes."""

    def over(*_):
        raise TimeoutError(f"not at its end after {seconds} s")

    timers = {signal.ITIMER_PROF: (signal.SIGPROF, seconds), signal.ITIMER_REAL: (signal.SIGALRM, 10 * seconds)}
    before = {number: signal.signal(number, over) for number, _ in timers.values()}
    for timer, (_, limit) in timers.items():
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _in_force(name: str):
    from kerata import backend

    before = backend.current().name
    backend.set_backend(name)
    try:
        yield
    finally:
        backend.set_backend(before)


def _candidates() -> dict[str, list[tuple]]:
    """For each "name@backend" the tests that call it, the likeliest and quickest first."""
    found = collections.defaultdict(dict)  # call -> {test: rank}
    for test, record in _read("calls.json").items():
        if record["outcome"] != "passed":
            continue
        for call in record["calls"]:
            name, _, backend = call.partition("@")
            if backend not in BACKENDS:  # one of a test's own
                continue
            last = name.rpartition(".")[2]
            rank = (False, last.lower() not in test.lower(), last not in _source(test), record["seconds"])
            found[call][test] = rank
            for other in BACKENDS:
                twin = test if record["any"] else _twin(test, backend, other)
                if twin:
                    # A test that chooses no backend may well choose nothing but the default one: last.
                    found[f"{name}@{other}"].setdefault(twin, (record["any"], *rank[1:]))
    return {call: sorted(ranks, key=lambda t, ranks=ranks: (ranks[t], t)) for call, ranks in found.items()}


@functools.cache
def _text(path: pathlib.Path) -> frozenset:
    return frozenset(re.findall(r"\w+", path.read_text())) if path.exists() else frozenset()


def _source(test: str) -> frozenset:
    """The words of the file that a test stands in."""
    return _text(ROOT / test.partition("::")[0])


def _plan(proofs: dict, tests=None, mine=lambda call: True) -> list[tuple]:
    """The next test for each pair without a proof: (test, pairs), by test."""
    plan = collections.defaultdict(list)
    for call, candidates in _candidates().items():
        if not mine(call):
            continue
        record = proofs.get(call, {"tried": {}})
        if "test" in record or sum(r != "not called" for r in record["tried"].values()) >= TRIES:
            continue
        left = [t for t in candidates if (tests is None or t in tests) and t not in record["tried"]]
        if left:
            functions = {t.partition("[")[0] for t in record["tried"]}  # another one may well compare what these do not
            test = next((t for t in left if t.partition("[")[0] not in functions), left[0])
            plan[test].append(tuple(call.split("@")))
    seconds = {t: r["seconds"] for t, r in _read("calls.json").items()}

    def cost(entry):
        """The cheap ones first, and backends that compile last."""
        test, pairs = entry
        return min(_ORDER.index(b) for _, b in pairs), seconds.get(test, 0.0), test

    return sorted(plan.items(), key=cost)


_ORDER = ("torch", "numpy", "tensorflow", "jax")


# ---- the table
def namespace(name: str) -> str:
    parts = name.split(".")[1:-1]
    if not parts:
        return "keras"
    whole = ".".join(parts)
    return whole if parts[0] in ("ops",) or whole == "optimizers.schedules" else parts[0]


def state() -> dict[str, dict[str, set]]:
    """For each backend the distinct names with a proof, and those of them whose tests all pass."""
    calls, proofs = _read("calls.json"), _read("proofs.json")
    failing = {c for r in calls.values() if r["outcome"] == "failed" for c in r["calls"]}
    known = set(distinct())
    out = {b: {"tested": set(), "pass": set()} for b in BACKENDS}
    for call, record in proofs.items():
        name, _, backend = call.partition("@")
        if "test" in record and name in known:
            out[backend]["tested"].add(name)
            if call not in failing:
                out[backend]["pass"].add(name)
    return out


def table() -> str:
    found = state()
    failing = sorted(n for b in BACKENDS for n in found[b]["tested"] - found[b]["pass"])
    return "\n".join([_HEAD, *_counts(found), "", _looked_at(), "", "## Names without a differential test", "",
                      *_missing(found), "## Names with a test that fails", "", _listed(failing), ""])  # fmt: skip


def _counts(found) -> list[str]:
    """A row for each namespace: its names, and those of them that are tested and pass."""
    entries = names()
    canonical = {n: e.get("alias_of", n) for n, e in entries.items()}
    rows = collections.defaultdict(list)
    for name in entries:
        rows[namespace(name)].append(name)
    groups = [(title, rows[title]) for title in sorted(rows, key=lambda t: (t != "keras", t))]
    groups += [("**all names**", list(entries)), ("**distinct objects**", distinct())]
    lines = ["| namespace | names | exist | " + " | ".join(BACKENDS) + " |", "|---|---:|---:|" + "---:|" * len(BACKENDS)]
    for title, group in groups:
        cells = [" / ".join(str(sum(canonical[n] in found[b][kind] for n in group)) for kind in ("tested", "pass")) for b in BACKENDS]
        lines.append(f"| {title} | {len(group)} | {sum(map(exists, group))} | " + " | ".join(cells) + " |")
    return lines


def _looked_at() -> str:
    calls = _read("calls.json")
    folders = {p.name for p in TESTS.iterdir() if p.is_dir() and any(p.rglob("test_*.py"))}
    unseen = sorted(folders - {t.split("/")[1] for t in calls})
    return f"Tests looked at: {len(calls)}." + (f" Folders not looked at yet: {', '.join(unseen)}." if unseen else "")


def _missing(found) -> list[str]:
    """For each backend the names without a proof, and those that cannot have one."""
    proofs, candidates, lines = _read("proofs.json"), _candidates(), []
    for backend in BACKENDS:
        without = [n for n in distinct() if n not in found[backend]["tested"]]
        missing = [n for n in without if not apart(n, backend)]
        waiting = sum(f"{n}@{backend}" in candidates and f"{n}@{backend}" not in proofs for n in missing)
        note = f" ({waiting} of them have tests that were not tried yet)" if waiting else ""
        lines += [f"### {backend}: {len(missing)}{note}", "", _listed(missing), ""]
        reasons = dict.fromkeys(apart(n, backend) for n in without if apart(n, backend))
        if reasons:
            lines += [f"Not to be tried there ({len(without) - len(missing)}):", ""]
            lines += [f"- {why}: {', '.join(f'`{n}`' for n in without if apart(n, backend) == why)}" for why in reasons] + [""]
    return lines


def _listed(group: list[str]) -> str:
    by = collections.defaultdict(list)
    for name in group:
        by[name.rpartition(".")[0]].append(name.rpartition(".")[2])
    return "\n".join(f"- `{space}`: {', '.join(f'`{n}`' for n in ns)}" for space, ns in sorted(by.items())) or "none"


_HEAD = """# Conformance

Made by `make conformance` (`tools/conformance.py`); not written by hand.

The names are the public ones of Keras 3.15.1. In the columns of the backends: names with a differential test / those of
them of which every test passes. A name counts as tested on a backend only by a trial: a test that calls it there fails
with an AssertionError once what the name gives is spoilt (numbers times 1.1 plus 0.1, integers plus one, truth values
turned round, texts changed; what gives nothing, as callbacks and savers, is left out), and passes again afterwards. What
a test compares with are Keras 3.15.1, closed forms, finite differences, or files that Keras wrote. Neither an import nor a
call whose result nobody looks at makes a name count. An alias counts with the object that it names. NumPy computes no
gradients, so what needs them (training, optimizers' steps within `fit`) is not tested there.
"""


# ---- the command
def main() -> None:
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--folder", action="append", help="tests to run; more than once if need be (default: all)")
    p.add_argument("--budget", type=float, default=float("inf"), help="seconds after which to stop")
    p.add_argument("--keep", action="store_true", help="keep what earlier runs found of the same tests")
    p.add_argument("--table", action="store_true", help="run nothing; write the table")
    p.add_argument("--quick", action="store_true", help=f"first pass on {QUICK} alone; the trials are on all backends")
    p.add_argument("--check", action="store_true", help="write no table; try again what docs/conformance.json says")
    p.add_argument("--try", action="append", dest="names", metavar="NAME",
                   help="write nothing; say whether the tests of the folders (files, or ids) would notice that NAME is spoilt")  # fmt: skip
    p.add_argument("--stage", choices=["trace", "prove", "check"], help="one of the two passes alone")
    p.add_argument("--jobs", type=int, default=2, help="processes that share the work (default: 2)")
    p.add_argument("--inner", type=int, help=argparse.SUPPRESS)
    args = p.parse_args()
    if args.names:
        args.stage, args.inner = "try", 0
    if args.inner is not None:
        sys.exit(_inner(args))
    if args.check:
        sys.exit(_check(args))
    if not args.table:
        _start(args)
        _publish()
    (ROOT / "docs" / "conformance.md").write_text(table())
    found = state()
    print({b: (len(found[b]["tested"]), len(found[b]["pass"])) for b in BACKENDS})


def _start(args) -> None:
    """The two passes in processes of their own."""
    end = time.monotonic() + args.budget
    _join_parts()
    folders = args.folder or ["tests"]
    if not args.keep:
        calls = {t: r for t, r in _read("calls.json").items() if not _within_folders(t, folders)}
        proofs = {c: r for c, r in _read("proofs.json").items() if "test" in r and not _within_folders(r["test"], folders)}
        _write("calls.json", calls)
        _write("proofs.json", proofs)
    for stage in [args.stage] if args.stage else ["trace", "prove"]:
        left = end - time.monotonic()
        if left <= 0:
            return
        _in_processes(stage, left, args)


def _in_processes(stage: str, budget: float, args) -> None:
    """A stage in `args.jobs` processes, which share the work; afterwards the records are joined."""
    shutil.rmtree(RECORDS / "claims", ignore_errors=True)
    (RECORDS / "claims").mkdir(parents=True)
    command = [sys.executable, __file__, "--stage", stage, "--budget", str(budget), "--jobs", str(args.jobs),
               *["--quick"] * args.quick, *[x for f in args.folder or ["tests"] for x in ("--folder", f)]]  # fmt: skip
    threads = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"} if args.jobs > 1 else {}
    running = [subprocess.Popen([*command, "--inner", str(i)], cwd=ROOT, env=os.environ | threads) for i in range(args.jobs)]
    for process in running:
        process.wait()
    _join_parts()


def _check(args) -> int:
    """Try again what docs/conformance.json says; 1 if one of its tests is not there or does not notice any more."""
    _join_parts()
    if not args.keep:
        _write("checks.json", {})
    _in_processes("check", args.budget, args)
    wanted, checks, proofs = _published_in(args.folder), _read("checks.json"), _read("proofs.json")
    noticed = 0
    for call, test in wanted.items():
        record = checks.get(call, {})
        result = record["result"] if record.get("test") == test else "not tried, or no such test"
        noticed += result == "noticed"
        if result != "noticed":
            print(f"{call}: {result}  {test}")
            if record.get("test") == proofs.get(call, {}).get("test") == test:
                proofs[call] = {"tried": {test: result}}  # `--keep` looks for another one
    _write("proofs.json", proofs)
    print(f"conformance: {noticed} of {len(wanted)} noticed")
    return int(noticed < len(wanted))


def _within_folders(test: str, folders: list[str]) -> bool:
    return any(test.startswith(f.rstrip("/")) for f in folders)


def _published_in(folders) -> dict[str, str]:
    """What is published of the tests of some folders (None: of all)."""
    return {call: test for call, test in published().items() if _within_folders(test, folders or ["tests"])}


def _unchecked() -> dict[str, list[tuple]]:
    """For each published test the pairs that it was not yet seen to notice: {test: [(name, backend)]}."""
    checks, left = _read("checks.json"), collections.defaultdict(list)
    for call, test in published().items():
        record = checks.get(call, {})
        if (record.get("test"), record.get("result")) != (test, "noticed"):
            left[test].append(tuple(call.split("@")))
    return left


def _inner(args) -> int:
    import pytest

    where = args.folder or ["tests"]
    if args.stage == "check":
        left = _unchecked()
        where = sorted({t.partition("::")[0] for t in _published_in(args.folder).values() if t in left})
        where = [t for t in where if (ROOT / t).exists()]
    if args.stage == "prove":  # only the files that may prove something
        plan = _plan(_read("proofs.json"))
        tests = {t.partition("::")[0] for t, _ in plan}
        where = sorted(t for t in tests if _within_folders(t, where) and (ROOT / t).exists())
    if not where:
        return 0
    return pytest.main(["-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:randomly", *where],
                       plugins=[Plugin(args.stage, args.budget, args.quick, args.inner, args.jobs, args.names or ())])


if __name__ == "__main__":
    main()
