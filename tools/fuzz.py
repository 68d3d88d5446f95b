"""Mutates model files and loads them: each must load, or be a ValueError or OSError, quickly and in little memory.

    python tools/fuzz.py --files 200000 --out fuzz-findings
    python tools/fuzz.py --atheris --minutes 60      # led by the code that is reached; wants `pip install atheris`

The seeds are the small files of tests/saving/golden. Files are loaded in child processes, on the backends
NumPy and PyTorch; a child that dies (a crash of HDF5, say) leaves the file that killed it. What is found is kept with its traceback.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import copy
import getpass
import glob
import importlib.util
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GOLDEN = os.path.join(ROOT, "tests", "saving", "golden")
SECONDS, MEMORY = 5.0, 500 << 20
_WAIT = 600.0  # seconds
MAX_SEED = 24_000  # bytes
_ALLOWED = (ValueError, OSError)


# -- seeds -----------------------------------------------------------------------------------------------------
def seeds(kind: str | None = None) -> list[str]:
    """The small golden files: `.keras`, `.weights.h5`, or whole-model `.h5`."""
    found = []
    for path in sorted(glob.glob(os.path.join(GOLDEN, "*"))):
        if path.endswith((".keras", ".h5")) and os.path.getsize(path) <= MAX_SEED and kind in (None, kind_of(path)):
            found.append(path)
    return found


def kind_of(path: str) -> str:
    """Which of the three loaders reads a file."""
    return "keras" if path.endswith(".keras") else "weights" if path.endswith(".weights.h5") else "h5"


# -- mutations of bytes ----------------------------------------------------------------------------------------
_NUMBERS = [0, 1, 2, 7, 8, 127, 128, 255, 256, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63, 2**64 - 1]


def mutate_bytes(data: bytes, rng: random.Random, fixed: int = 0) -> bytes:
    """A few changes at random places after the first `fixed` bytes."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5, 10))):
        if len(out) <= fixed + 1:
            break
        at = rng.randrange(fixed, len(out))
        how = rng.randrange(8)
        if how == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            out[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        elif how == 2:
            size = rng.choice((2, 4, 8))
            out[at : at + size] = (rng.choice(_NUMBERS) % 256**size).to_bytes(size, "little")
        elif how == 3:
            size = rng.choice((1, 4, 8, 16, 64, 256))
            source = rng.randrange(len(out))
            out[at : at + size] = out[source : source + size]
        elif how == 4:
            size = rng.choice((4, 8, 32, 128))
            out[at : at + size] = bytes(rng.choice((0, 255)) for _ in range(1)) * size
        elif how == 5 and rng.random() < 0.3:
            del out[at:]
        elif how == 6 and rng.random() < 0.3:
            del out[at : at + rng.choice((1, 2, 8, 100))]
        elif how == 7 and rng.random() < 0.3:
            out[at:at] = rng.randbytes(rng.choice((1, 2, 8, 100)))
        else:  # near the end of a number that is there: off by little
            out[at] = (out[at] + rng.choice((-1, 1))) % 256
    return bytes(out)


# -- mutations of configurations -------------------------------------------------------------------------------
_VALUES = [
    None, True, False, 0, 1, -1, 2, 3, 7, 64, 1000, 10**5, 10**7, 10**12, 2**63, 10**30, 0.0, -0.5, 1e-30, 1e308, float("nan"),
    float("inf"), "", "a", "relu", "same", "valid", "causal", "float16", "int32", "string", "channels_first", "../x", "a" * 500,
    "\x00", "\ud800", [], {}, [[]], [0], [None, None], [1, 2, 3, 4, 5], [1000] * 4, {"a": 1}, {"class_name": "Dense", "config": {}},
    {"class_name": "__numpy__", "config": {"value": [1], "dtype": "float32"}}, {"class_name": "__tensor__", "config": {}},
    {"class_name": "__tuple__", "items": [1]}, {"class_name": "__slice__", "config": {"start": 0}},
    {"class_name": "function", "config": "relu", "module": "builtins", "registered_name": "relu"},
    {"class_name": "__keras_tensor__", "config": {"shape": [None, 2], "dtype": "float32", "keras_history": ["a", 0, 0]}},
]  # fmt: skip
_CLASSES: list[str] = []


def _class_names() -> list[str]:
    if not _CLASSES:
        from kerata.saving import builtin

        _CLASSES.extend(builtin.known_classes())
    return _CLASSES


def _places(tree, found=None) -> list[tuple]:
    """All `(container, key)` of a JSON tree."""
    found = [] if found is None else found
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        found.append((tree, key))
        _places(value, found)
    return found


def mutate_json(text: bytes, rng: random.Random) -> bytes:
    """The JSON text with a few values, keys or branches changed."""
    if rng.random() < 0.1:
        return mutate_bytes(text, rng)
    tree = json.loads(text)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 6))):
        places = _places(tree)
        if not places:
            break
        container, key = rng.choice(places)
        _change(container, key, places, rng)
    return json.dumps(tree).encode("utf-8", "surrogatepass" if rng.random() < 0.5 else "replace")


def _change(container, key, places, rng: random.Random) -> None:
    old, how = container[key], rng.randrange(10)
    if key == "class_name" and rng.random() < 0.7:
        container[key] = rng.choice(_class_names())
    elif isinstance(old, bool) or how == 0:
        container[key] = rng.choice(_VALUES)
    elif isinstance(old, int) and how < 6:
        container[key] = old + rng.choice((-2, -1, 1, 2, 1000, 10**9, -(2 * old), old))
    elif how == 1:
        del container[key]
    elif how == 2:
        other, there = rng.choice(places)
        with contextlib.suppress(KeyError, IndexError):  # an earlier change has taken it away
            container[key] = copy.deepcopy(other[there])
    elif how == 3 and isinstance(old, list):
        rng.shuffle(old)
    elif how == 4 and isinstance(old, list) and old:
        old.insert(rng.randrange(len(old) + 1), copy.deepcopy(rng.choice(old)))
    elif how == 5 and isinstance(container, dict):
        container[rng.choice((*container, "name", "config", "dtype", "batch_shape", "seed", "unknown"))] = container.pop(key)
    elif how == 6:
        container[key] = [old]
    elif how == 7:
        container[key] = {"class_name": rng.choice(_class_names()), "config": old if isinstance(old, dict) else {"value": old}}
    else:
        container[key] = rng.choice(_VALUES)


# -- mutations of files ----------------------------------------------------------------------------------------
def mutate(path: str, rng: random.Random) -> bytes:
    """A changed copy of a seed, in a way that gets past its outer checks as often as not."""
    with open(path, "rb") as f:
        data = f.read()
    if kind_of(path) == "keras":
        return _mutate_archive(data, rng) if rng.random() < 0.85 else mutate_bytes(data, rng)
    if kind_of(path) == "h5" and rng.random() < 0.5:
        return _mutate_attributes(data, rng)
    return mutate_bytes(data, rng, fixed=8)


def _mutate_archive(data: bytes, rng: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        members = {n: z.read(n) for n in z.namelist()}
    name = rng.choice([n for n in members for _ in range(6 if n == "config.json" else 3 if n.endswith(".h5") else 1)])
    if name.endswith(".json"):
        members[name] = mutate_json(members[name], rng)
    else:
        members[name] = mutate_bytes(members[name], rng, fixed=8 if name.endswith(".h5") else 0)
    if rng.random() < 0.05:
        members.pop(rng.choice(list(members)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as z:
        for member, content in members.items():
            z.writestr(member, content)
    return out.getvalue() if rng.random() < 0.9 else mutate_bytes(out.getvalue(), rng)


def _mutate_attributes(data: bytes, rng: random.Random) -> bytes:
    """A whole-model `.h5` with another configuration, or other names of layers and weights."""
    import h5py
    import numpy as np

    out = io.BytesIO(data)
    with h5py.File(out, "r+") as f:
        owners = [f]
        f.visititems(lambda _, x: owners.append(x))
        places = [(o, k) for o in owners for k in o.attrs for _ in range(20 if k.endswith("_config") else 1)]
        owner, key = rng.choice(places)
        value = owner.attrs[key]
        if key.endswith("_config"):
            value = value.encode() if isinstance(value, str) else bytes(value)
            owner.attrs[key] = np.void(b"") if not value else _text(mutate_json(value, rng))
        else:
            owner.attrs[key] = rng.choice((value, b"", "x", 0, 1.5, np.zeros(3), np.array([b"a", b"b"]), np.zeros((0,), "S1"),
                                           np.ravel(value)[::-1], "99.0", "1.2.2", "2.2.4"))  # fmt: skip
    return out.getvalue()


def _text(value: bytes):
    try:
        return value.decode()
    except UnicodeDecodeError:
        import numpy as np

        return np.bytes_(value)


# -- loading ---------------------------------------------------------------------------------------------------
class TooSlow(BaseException):
    """Five seconds are over. No handler of the loaders catches it."""


class _Clock:
    """Raises TooSlow where five seconds were worked on; or ten minutes have passed, which other programs may take."""

    def start(self) -> None:
        self.began, self.worked = time.monotonic(), time.process_time()
        signal.signal(signal.SIGALRM, self.ring)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)

    def ring(self, *_) -> None:
        left = SECONDS - (time.process_time() - self.worked)
        if left <= 0.05 or time.monotonic() - self.began > _WAIT:
            raise TooSlow
        signal.setitimer(signal.ITIMER_REAL, left)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Loader:
    """Loads files of one kind, and says what was wrong with how that went."""

    def __init__(self, folder: str):
        import kerata

        self.kerata, self.folder = kerata, folder
        self.models: dict[str, object] = {}
        self.clock = _Clock()

    def model_for(self, seed: str):
        """The model into which the weights of a `.weights.h5` seed belong."""
        if seed not in self.models:
            with open(os.path.join(GOLDEN, os.path.basename(seed).removesuffix(".weights.h5") + ".json")) as f:
                facts = json.load(f)
            model = self.kerata.models.model_from_json(facts["to_json"]) if facts.get("to_json") else None
            if model is None or not model.built:
                layers = self.kerata.layers
                model = self.kerata.Sequential([self.kerata.Input((3,)), layers.Dense(4), layers.Dense(2)])
            self.models[seed] = model
        return self.models[seed]

    def load(self, path: str, seed: str) -> str:
        """Load a file; "loaded" or "refused"."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if kind_of(seed) == "weights":
                    self.model_for(seed).load_weights(path)
                else:
                    self.kerata.saving.load_model(path)
        except _ALLOWED as e:
            text = str(e)
            if isinstance(e.__cause__, MemoryError) or len(text) <= 10:
                raise AssertionError(f"an error that says nothing, or a lack of memory: {e!r}") from e
            return "refused"
        return "loaded"

    def check(self, path: str, seed: str) -> tuple[str, str | None]:
        """`(outcome, report)`; the report is None if all was well."""
        _reset_peak()
        before = _memory("VmRSS")
        self.clock.start()
        try:
            outcome = self.load(path, seed)
        except TooSlow:
            return "slow", traceback.format_exc()
        except BaseException as e:
            if isinstance(e, KeyboardInterrupt):
                raise
            return type(e).__name__, traceback.format_exc()
        finally:
            self.clock.stop()
        grown = _memory("VmHWM") - before
        if grown > MEMORY:
            return "memory", f"{grown >> 20} MiB"
        left = sorted(set(os.listdir(self.folder)) - {os.path.basename(path), f"torchinductor_{getpass.getuser()}"})
        if left:
            return "files", f"left behind: {left}"
        return outcome, None


def _reset_peak() -> None:
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as f:
        f.write("5")


def _memory(field: str) -> int:
    try:
        with open("/proc/self/status") as f:
            return int(re.search(rf"{field}:\s+(\d+)", f.read())[1]) << 10
    except (OSError, TypeError):
        return 0


_FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn", "socket.connect",
              "socket.getaddrinfo", "pickle.find_class", "shutil.rmtree", "os.symlink", "os.link", "exec")  # fmt: skip


class Watch:
    """Notes what a loader must not do: run programs, open sockets, write elsewhere, read files of others."""

    def __init__(self, folder: str):
        self.own = (folder, GOLDEN, "/proc/self/")
        self.code = tuple({ROOT, sys.prefix, sys.base_prefix, os.path.dirname(os.__file__), "/dev/null", "/dev/urandom",
                           "/dev/shm"})  # fmt: skip
        self.seen: list[str] = []
        self.on = False
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: tuple) -> None:
        if not self.on:
            return
        if event == "open":
            path, mode = arguments[0], arguments[1]
            if isinstance(path, str) and not os.path.abspath(path).startswith(self.own):
                if (mode and set(str(mode)) & set("wax+")) or not os.path.abspath(path).startswith(self.code):
                    if not path.endswith(".pyc") and "__pycache__" not in path:
                        self.seen.append(f"open({path!r}, {mode!r})")
        elif event == "subprocess.Popen" and arguments[0] != "uname":  # Python's own `platform` asks so
            self.seen.append(f"program {arguments[:2]!r:.200}")
        elif event == "exec" or event == "shutil.rmtree":
            self._own_uses(event, arguments)
        elif event in _FORBIDDEN:
            self.seen.append(f"{event} {arguments!r:.200}")

    def _own_uses(self, event: str, arguments: tuple) -> None:
        """Imports run code; temporary folders are taken away again."""
        if event == "exec":
            where = getattr(arguments[0], "co_filename", "")
            if not os.path.abspath(where).startswith(self.code) and not where.startswith(("<string>", "<frozen", "<attrs")):
                self.seen.append(f"exec of {where!r}")
        elif not str(arguments[0]).startswith(self.own):
            self.seen.append(f"rmtree {arguments[0]!r}")


# -- the loop --------------------------------------------------------------------------------------------------
def run(number: int, seed: int, folder: str, kinds=("keras", "weights", "h5"), found=None, deadline: float | None = None,
        each=None, first: int = 0) -> dict:  # fmt: skip
    """Load `number` mutated files in this process.

    Args:
        number: how many.
        seed: the same seed gives the same files.
        folder: an empty folder, for the file and for temporary ones.
        kinds: the loaders.
        found: called with (outcome, report, path of the file, number of the file) for what is wrong.
        deadline: a moment (`time.monotonic()`) at which to stop.
        each: called before each file.
        first: the number of the first file, of those that the seed gives.

    Returns:
        How often which outcome came.
    """
    tempfile.tempdir = folder
    os.environ["TMPDIR"] = folder
    loader, watch = Loader(folder), Watch(folder)
    by_kind = {k: seeds(k) for k in kinds}
    counts: collections.Counter = collections.Counter()
    for i in range(first, number):
        if deadline is not None and time.monotonic() > deadline:
            break
        rng = random.Random(f"{seed}-{i}")
        source = rng.choice(by_kind[kinds[i % len(kinds)]])
        path = os.path.join(folder, "case" + (".weights.h5" if kind_of(source) == "weights" else os.path.splitext(source)[1]))
        with open(path, "wb") as f:
            f.write(_mutated(source, rng))
        with open(os.path.join(os.path.dirname(folder), "current"), "w") as f:
            json.dump({"number": i, "source": source, "counts": counts}, f)
        if kind_of(source) == "weights":
            loader.model_for(source)
        if each is not None:
            each()
        watch.on = True
        outcome, report = loader.check(path, source)
        watch.on = False
        if watch.seen and report is None:
            outcome, report = "reach", "\n".join(watch.seen)
        watch.seen.clear()
        counts[outcome] += 1
        if report is not None and found is not None:
            found(outcome, f"{report}\nfrom {os.path.basename(source)}, number {i} of seed {seed}", path, i)
        for name in os.listdir(folder):
            full = os.path.join(folder, name)
            shutil.rmtree(full) if os.path.isdir(full) else os.unlink(full)
        if i % 50 == 49:
            loader.kerata.utils.clear_session(free_memory=False)
    return dict(counts)


def _mutated(source: str, rng: random.Random) -> bytes:
    for _ in range(20):
        try:
            return mutate(source, rng)
        except (RuntimeError, OSError, KeyError, ValueError, TypeError, OverflowError):  # the change itself was impossible
            continue
    with open(source, "rb") as f:
        return f.read()


# -- led by what code is reached --------------------------------------------------------------------------------
def with_atheris(minutes: float, out: str) -> None:
    """Let atheris (if it is installed: `pip install atheris`) choose among the mutations by the code that they reach.

    An input is the number of a seed (two bytes) and a number for `mutate` (eight bytes), and then changes of single
    bytes that the library itself makes to the file: so that what it learns to change is mostly what matters.
    """
    import atheris

    with atheris.instrument_imports(include=["kerata.saving"]):
        import kerata.saving.model_files  # noqa: F401

    folder = tempfile.mkdtemp()
    work = os.path.join(folder, "work")
    os.mkdir(work)
    tempfile.tempdir = os.environ["TMPDIR"] = work
    loader, watch, findings, sources = Loader(work), Watch(work), Findings(out), seeds()

    def one(data: bytes) -> None:
        source = sources[int.from_bytes(data[:2], "little") % len(sources)]
        content = bytearray(_mutated(source, random.Random(data[2:10])))
        for i in range(10, len(data) - 4, 5):  # a place and a value
            content[int.from_bytes(data[i : i + 4], "little") % max(len(content), 1)] = data[i + 4]
        suffix = ".weights.h5" if kind_of(source) == "weights" else os.path.splitext(source)[1]
        path = os.path.join(work, "case" + suffix)
        with open(path, "wb") as f:
            f.write(content)
        if kind_of(source) == "weights":
            loader.model_for(source)
        watch.on = True
        outcome, report = loader.check(path, source)
        watch.on = False
        if watch.seen and report is None:
            outcome, report = "reach", "\n".join(watch.seen)
        watch.seen.clear()
        if report is not None:
            findings(outcome, report, path, 0)
            raise RuntimeError(f"{outcome}: {report}")
        for name in os.listdir(work):
            full = os.path.join(work, name)
            shutil.rmtree(full) if os.path.isdir(full) else os.unlink(full)

    atheris.Setup([sys.argv[0], f"-max_total_time={int(60 * minutes)}", "-max_len=256", "-timeout=600"], one)
    atheris.Fuzz()


class Findings:
    """Keeps one file for each kind of failure and place in the code, and counts them."""

    def __init__(self, folder: str):
        self.folder, self.counts = folder, collections.Counter()
        os.makedirs(folder, exist_ok=True)

    def __call__(self, outcome: str, report: str, path: str, number: int) -> None:
        frames = re.findall(r'File "[^"]*kerata/([^"]+)", line (\d+)', report)
        where = "-".join(frames[-1]).replace("/", "_") if frames else "x"
        key = f"{outcome}-{where}"
        self.counts[key] += 1
        if self.counts[key] <= 3:
            name = os.path.join(self.folder, f"{key}-{self.counts[key]}")
            if os.path.exists(path):
                shutil.copy(path, name + "." + os.path.basename(path).partition(".")[2])
            with open(name + ".txt", "w") as f:
                f.write(report)


def child(number: int, seed: int, out: str, work: str, first: int) -> None:
    """One process of the nightly run."""
    import faulthandler
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))  # so that the machine survives

    faulthandler.enable()
    findings = Findings(out)
    counts = run(number, seed, work, found=findings, first=first,
                 each=lambda: faulthandler.dump_traceback_later(2 * _WAIT, exit=True))  # fmt: skip
    print(json.dumps({"counts": counts, "findings": findings.counts}))


def main(argv=None) -> int:
    """The nightly run: child processes of some thousand files each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=2000, help="files of one process")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="fuzz-findings", help="where files that did harm are kept")
    parser.add_argument("--minutes", type=float, default=None)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--atheris", action="store_true", help="let atheris lead the changes, for --minutes (10)")
    given = parser.parse_args(argv)
    if given.atheris:
        with_atheris(given.minutes or 10, given.out)
        return 0
    if given.child:
        child(given.files, given.seed, given.out, given.child[0], int(given.child[1]))
        return 0
    total, found, start = collections.Counter(), collections.Counter(), time.monotonic()
    done, seed = 0, given.seed
    while done < given.files and (given.minutes is None or time.monotonic() - start < 60 * given.minutes):
        number = min(given.batch, given.files - done)
        counts, findings = _in_child(number, seed, given.out)
        total.update(counts)
        found.update(findings)
        done, seed = done + number, seed + 1
        print(f"{done} files, {time.monotonic() - start:.0f} s: {dict(total)}; findings: {dict(found)}", flush=True)
    return 1 if found else 0


def _in_child(number: int, seed: int, out: str) -> tuple[dict, dict]:
    """Load the files of one seed; after a file that killed the process, the rest of them in another."""
    total, found, first = collections.Counter(), collections.Counter(), 0
    while first < number:
        with tempfile.TemporaryDirectory() as base:
            counts, findings, first = _one_process(base, number, seed, out, first)
        total.update(counts)
        found.update(findings)
    return total, found


def _one_process(base: str, number: int, seed: int, out: str, first: int) -> tuple[dict, dict, int]:
    work = os.path.join(base, "work")
    os.mkdir(work)
    command = [sys.executable, os.path.abspath(__file__), "--files", str(number), "--seed", str(seed), "--out", out,
               "--child", work, str(first)]  # fmt: skip
    backend = "torch" if seed % 2 and importlib.util.find_spec("torch") else "numpy"
    environment = {**os.environ, "KERATA_BACKEND": backend, "OMP_NUM_THREADS": "1", "PYTHONPATH": ROOT}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode == 0:
        result = json.loads(done.stdout.strip().splitlines()[-1])
        return result["counts"], result["findings"], number
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(base, "current")) as f:
        last = json.load(f)
    name = os.path.join(out, f"died-{seed}-{last['number']}")
    for file in os.listdir(work):
        if os.path.isfile(os.path.join(work, file)):
            shutil.copy(os.path.join(work, file), f"{name}.{file.partition('.')[2]}")
    with open(name + ".txt", "w") as f:
        f.write(f"exit status {done.returncode} at {last['number']} {last['source']}\n{done.stderr[-8000:]}")
    return {**last["counts"], "died": 1}, {f"died({done.returncode})": 1}, last["number"] + 1


if __name__ == "__main__":
    sys.exit(main())
