"""Real clients of Keras, unmodified, with Keras and with Kerata: makes an environment for them, runs them, writes docs/clients.md.

    python tools/clients.py [--folder .clients] [--only keras-hub ...] [--backends jax torch]

A client is run by the program of tests/clients/programs that uses it, and by the tests that it ships, if it ships any. Each
run happens twice: with Keras as `python -m pytest`, with Kerata as `python -m kerata.compat pytest`. The program keeps the
numbers that Keras gives, and compares Kerata's with them.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import time
import venv
import xml.etree.ElementTree as ET
from importlib import metadata

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "tests" / "clients" / "programs"
# What the clients need beside what the development environment has.
NEEDED = (
    "alembic", "absl-py", "cachetools<8", "click", "cloudpickle", "colorlog", "databricks-sdk", "dm-tree", "etils", "fastapi",
    "gitpython", "importlib_metadata<10", "kagglehub!=1.0.1", "kagglesdk==0.1.28", "kt-legacy", "opentelemetry-api",
    "opentelemetry-proto", "opentelemetry-sdk", "portpicker", "pydantic", "python-dotenv", "regex", "sentencepiece",
    "sqlalchemy", "sqlparse", "starlette", "tokenizers", "tqdm", "uvicorn",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Client:
    """One client: what is installed (without what it depends on), what is run, on which backends."""

    name: str
    packages: tuple[str, ...]
    program: str | None = None
    shipped: tuple[str, ...] = ()  # tests of its source archive
    deselect: str = ""
    backends: tuple[str, ...] = ("jax",)
    note: str = ""
    data: bool = False  # its tests download a table, in whose place one is made up


ALL = ("jax", "torch", "tensorflow")
HUB = ("keras-hub==0.32.0", "tensorflow-text==2.21.1", "grain==0.2.18", "array-record")
CLIENTS = (
    Client("keras-tuner", ("keras-tuner==1.4.8",), "keras_tuner", backends=ALL),
    Client("optuna-integration", ("optuna-integration==5.0.0", "optuna==5.0.0"), "optuna", backends=ALL),
    Client("mlflow", ("mlflow-skinny==3.17.2",), "mlflow", backends=ALL, note="`mlflow-skinny`: the package `mlflow` without a server"),
    Client("scikeras", ("scikeras==0.13.0",), "scikeras", backends=ALL),
    Client("scikit-learn", ("scikit-learn",), "sklearn", backends=ALL,
           note="pipelines, searches and scikit-learn's own estimator checks around `keras.wrappers`"),
    Client("keras-rs", ("keras-rs==0.4.0",), "keras_rs", backends=ALL),
    Client("keras-tcn", ("keras-tcn==3.5.7",), "tcn", backends=ALL),
    Client("keras-hub", HUB, "keras_hub", backends=ALL, note="layers, tokenizers, samplers, tasks that train and generate"),
    Client("keras-hub models", HUB, "keras_hub_models", backends=ALL,
           note="25 small models with random weights; some by the test harness that KerasHub ships"),
    Client("bayesflow", ("bayesflow==2.0.12", "seaborn", "networkx"), "bayesflow", backends=ALL,
           note="its networks, flows, diffusion and consistency models, workflows that train and sample"),
    Client("wandb", ("wandb==0.31.0", "sentry-sdk", "platformdirs", "xxhash"), "wandb", backends=ALL, note="its three callbacks, offline"),
    Client("autokeras", ("autokeras==3.0.0",), shipped=("autokeras",), deselect="integration_tests", data=True,
           note="its own tests"),
)  # fmt: skip

# Why a test fails, by a pattern for "client: test"; the first that fits counts.
REASONS: tuple[tuple[str, str], ...] = (
    (r"keras-tcn .*test_compiled_tcn\[False\]", "keras-tcn asks a shape for TensorFlow's `rank`, which a tuple has not."),
    (r"scikit-learn .*(idempotent|supervised_y_2d|regressors_int|not_an_array)",
     "The check compares the predictions of two fits, which begin with different random weights."),
    (r"wandb (jax|torch).*epochs\[True\]", "wandb asks a scheduled learning rate for TensorFlow's `numpy()`."),
    (r"autokeras .*(return_tensor)", "The test builds a Dense or an Embedding on an input of strings, which JAX cannot compute; Kerata says "
     "so when it is built."),
    (r"autokeras ", "The test downloads weights, or asks an array of JAX for TensorFlow's `numpy()`."),
    (r"keras-hub .*RMSNormalization", "KerasHub's layer does not take what its own `get_config` gives (`trainable`)."),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / ".clients")
    parser.add_argument("--only", nargs="*", help="names of clients; the others keep what the last run found")
    parser.add_argument("--backends", nargs="*", default=list(ALL))
    parser.add_argument("--again", action="store_true", help="run with Kerata alone; Keras's part stays as the last run found it")
    parser.add_argument("--limit", type=int, default=900, help="seconds a run may take")
    args = parser.parse_args()
    chosen = [c for c in CLIENTS if not args.only or c.name in args.only]
    python = prepare(args.folder.resolve(), chosen)
    kept = args.folder / "results.json"
    results = json.loads(kept.read_text()) if kept.exists() else {}
    for backend in args.backends:
        for client in chosen:
            if backend in client.backends:
                key = f"{client.name} {backend}"
                keras = results.get(key, {}).get("keras") if args.again else None
                results[key] = run_client(client, backend, args.folder.resolve(), python, args.limit, keras)
                kept.write_text(json.dumps(results, indent=1))
                (ROOT / "docs" / "clients.md").write_text(document(results))
    return 1 if any(only_here(r) for r in results.values()) else 0


# -- the environment -------------------------------------------------------------------------------------------
def prepare(folder: pathlib.Path, clients) -> str:
    """A virtual environment with the clients, which sees the packages of this one; its Python."""
    environment = folder / "venv"
    python = environment / "bin" / "python"
    if not python.exists():
        venv.create(environment, with_pip=True)
        site = next((environment / "lib").glob("python*")) / "site-packages"
        (site / "project.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n{ROOT}\n")
    wanted = [p for c in clients for p in c.packages]
    pip(python, "install", "-q", *NEEDED)
    pip(python, "install", "-q", "--no-deps", *wanted)
    for client in clients:
        if client.shipped:
            source(client, folder, python)
    return str(python)


def pip(python, *arguments: str) -> None:
    subprocess.run([str(python), "-m", "pip", "--disable-pip-version-check", *arguments], check=True)


def source(client: Client, folder: pathlib.Path, python) -> pathlib.Path:
    """The unpacked source archive of the client's first package, which has its tests."""
    place = folder / "source" / client.name
    if not place.exists():
        download = folder / "download"
        pip(python, "download", "-q", "--no-binary", ":all:", "--no-deps", "-d", str(download), client.packages[0])
        stem = client.packages[0].partition("=")[0].replace("-", "[-_]")
        archive = next(p for p in download.iterdir() if re.match(stem, p.name))
        with tarfile.open(archive) as tar:
            tar.extractall(place, filter="data")
    return next(p for p in place.iterdir() if p.is_dir())


# -- a run -----------------------------------------------------------------------------------------------------
def run_client(client: Client, backend: str, folder: pathlib.Path, python: str, limit: int, keras: dict | None) -> dict:
    """The outcomes of all tests with Keras (unless they are given: `keras`) and with Kerata."""
    values = folder / "values" / f"{client.name} {backend}"
    found = {"client": client.name, "backend": backend, "version": version(python, client.packages[0])}
    if keras is None:
        shutil.rmtree(values, ignore_errors=True)
    else:
        found["keras"] = keras
    for who in ("keras", "kerata"):
        if who in found:
            continue
        start = time.time()
        found[who] = run(client, who, backend, folder, python, values, limit)
        counts = count(found[who])
        print(f"{client.name:20} {backend:10} {who:7} {counts[0]} of {counts[1]} passed, {time.time() - start:.0f} s", flush=True)
    return found


def run(client: Client, who: str, backend: str, folder, python: str, values, limit: int) -> dict[str, str]:
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    command = [python, *(["-m", "pytest"] if who == "keras" else ["-m", "kerata.compat", "pytest"])]
    command += ["-q", "-p", "no:cacheprovider", "-p", "no:warnings", f"--junitxml={report}", "-o", "junit_logging=no"]
    if client.program:
        place = PROGRAMS
        command += ["--rootdir", str(place), f"{client.program}_program.py"]
    else:
        place = source(client, folder, python)
        command += [*client.shipped, *([f"--ignore-glob=*{client.deselect}*"] if client.deselect else []), "--tb=line"]
    env = {**os.environ, "KERAS_BACKEND": backend, "CLIENT_VALUES": str(values), "TF_CPP_MIN_LOG_LEVEL": "3",
           "TF_ENABLE_ONEDNN_OPTS": "0", "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip
    env.pop("KERATA_BACKEND", None)
    if client.data:
        env["KERAS_HOME"] = str(stand_in_data(folder))
    log = folder / "logs" / f"{client.name}.{backend}.{who}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as out:
        try:
            subprocess.run(command, cwd=place, env=env, stdout=out, stderr=subprocess.STDOUT, timeout=limit)
        except subprocess.TimeoutExpired:
            return {"(all)": f"took more than {limit} s"}
    return outcomes(report)


def stand_in_data(folder: pathlib.Path) -> pathlib.Path:
    """AutoKeras's tests read a table of the Titanic's passengers; this is one of the same columns, with made-up rows."""
    home = folder / "home"
    (home / "datasets").mkdir(parents=True, exist_ok=True)
    lines = ["survived,sex,age,n_siblings_spouses,parch,fare,class,deck,embark_town,alone"]
    for i in range(627):
        lines.append(
            f"{i % 2},{('male', 'female')[i % 3 % 2]},{20 + i % 50}.0,{i % 3},{i % 2},{7 + i % 90}.25,"
            f"{('First', 'Second', 'Third')[i % 3]},{('unknown', 'C', 'E')[i % 3]},"
            f"{('Southampton', 'Cherbourg', 'Queenstown')[i % 3]},{'yn'[i % 2]}"
        )
    for name in ("train.csv", "eval.csv"):
        (home / "datasets" / name).write_text("\n".join(lines[: 628 if name == "train.csv" else 265]) + "\n")
    return home


def outcomes(report: pathlib.Path) -> dict[str, str]:
    """Test -> "passed", "skipped", or the first line of why not."""
    if not report.exists():
        return {"(all)": "the run gave no report"}
    found = {}
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}"
        name = re.sub(r" ?at ?0x[0-9a-f]+", "", name)  # where a function lay in memory
        bad = next((case.find(k) for k in ("failure", "error") if case.find(k) is not None), None)
        text = (bad.get("message") or "failed").splitlines()[0] if bad is not None else None
        found[name] = text[:300] if text is not None else "skipped" if case.find("skipped") is not None else "passed"
    return found


def version(python: str, package: str) -> str:
    name = re.split("[=<>!]", package)[0]
    code = f"from importlib.metadata import version; print(version({name!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


# -- the document ----------------------------------------------------------------------------------------------
def count(tests: dict[str, str]) -> tuple[int, int]:
    """Passed, and run (without skipped)."""
    ran = [v for v in tests.values() if v != "skipped"]
    return sum(v == "passed" for v in ran), len(ran)


def _passed(tests: dict[str, str]) -> str:
    return tests["(all)"] if "(all)" in tests else "{} of {}".format(*count(tests))


def failed(tests: dict[str, str]) -> set[str]:
    return {name for name, v in tests.items() if v not in ("passed", "skipped")}


def only_here(result: dict) -> list[str]:
    """Tests that pass with Keras and not with Kerata."""
    passed = {n for n, v in result["keras"].items() if v == "passed"}
    return sorted(n for n in passed if result["kerata"].get(n) not in ("passed", "skipped"))


def document(results: dict) -> str:
    """docs/clients.md."""
    lines = [
        "# Clients of Keras on Kerata",
        "",
        f"Made by `make clients` on Python {sys.version.split()[0]} with Keras {metadata.version('keras')}, "
        f"JAX {metadata.version('jax')}, PyTorch {metadata.version('torch').partition('+')[0]} and TensorFlow "
        f"{metadata.version('tensorflow-cpu')}, on CPU.",
        "Each client is as its authors published it. A run happens twice: with Keras, and with Kerata "
        "(`python -m kerata.compat pytest ...`).",
        "Where a program computes numbers from fixed weights, those of the run with Keras are kept and Kerata's are compared with "
        "them (to 1e-3 relative, 1e-4 absolute).",
        "",
        "| client | version | what ran | backend | passed with Keras | passed with Kerata | with Kerata alone failed |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for client in CLIENTS:
        what = f"[program](../tests/clients/programs/{client.program}_program.py)" if client.program else "tests in its source archive"
        what += f": {client.note}" if client.note and client.program else ""
        for backend in client.backends:
            r = results.get(f"{client.name} {backend}")
            if r is None:
                continue
            k, o = (_passed(r[who]) for who in ("keras", "kerata"))
            lines.append(f"| {client.name} | {r['version']} | {what} | {backend} | {k} | {o} | {len(only_here(r))} |")
    absent = [f"{c.name} ({b})" for c in CLIENTS for b in c.backends if f"{c.name} {b}" not in results]
    waiting = [f"Not run yet, so that nothing is known of them here: {', '.join(absent)}.", ""] if absent else []
    return "\n".join([*lines, "", *waiting, *_failures(results)]) + "\n"


def _failures(results: dict) -> list[str]:
    lines = ["## What failed, and why", ""]
    for key, r in results.items():
        for name in sorted(failed(r["keras"]) | failed(r["kerata"])):
            if name == "(all)":
                continue
            k, o = (r[w].get(name, "did not run") for w in ("keras", "kerata"))
            who = "with Kerata" if k == "did not run" else "with both" if k != "passed" and o not in ("passed", "skipped") else "with Keras" if k != "passed" else "with Kerata"
            message = (o if who == "with Kerata" else k).replace("|", "\\|").replace("`", "'")[:160]
            why = next((text for pattern, text in REASONS if re.search(pattern, f"{key}: {name}")), None)
            lines.append(f"- {key}, `{name}`: fails {who}. {why or f'`{message}`'}")
    return lines if len(lines) > 2 else [*lines, "Nothing failed."]


if __name__ == "__main__":
    sys.exit(main())
