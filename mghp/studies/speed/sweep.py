"""`mghp bench sweep`: what the supervisor itself costs, beside the trials that it starts."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from mghp.config.packaged import packaged
from mghp.report.table import Column, TableOf
from mghp.runs.folder import RunFolder
from mghp.studies.speed.bench import Bench, Call, cell, finished, measurements

NUM_TRIALS = 100
"""The number of trials in the sweep that is measured; each sleeps for a tenth of a second and writes its result."""

REPEATS = 3

_STUB = """
import json, os, pathlib, sys, time
time.sleep(0.1)
folder = pathlib.Path(os.environ["MGHP_RUN_DIR"])
metrics = {sys.argv[1]: sum(len(word) for word in sys.argv[2:])}
(folder / "result.json").write_text(json.dumps({"metrics": metrics}))
"""

_SUPERVISE = """
import json, resource, sys, time
from mghp.cli.main import main
import mghp.sweep.processes as processes
began = float(sys.argv.pop(1))
first = []
start = processes.GuardedProcess.__init__
def noted(self, job):
    first.append((time.time() - began, sum(resource.getrusage(resource.RUSAGE_SELF)[:2])))
    start(self, job)
processes.GuardedProcess.__init__ = noted
try:
    main()
except SystemExit:
    pass
cpu = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
print(json.dumps({"start_seconds": first[0][0], "start_cpu_seconds": first[0][1], "cpu_seconds": cpu}), file=sys.stderr)
"""


def bench_sweep(call: Call) -> Path:
    """Measure into a run folder: ratios.csv, a row per sweep and repeat.

    `stub` is a grid of trials that do nearly nothing: the supervisor's own CPU per trial, from its first trial to its
    end, the report included. `matcher` is sweeps/matcher.yaml up to its first trial: what it takes to check the file,
    to resolve configs and data, and to start.
    """
    folder = RunFolder(call.config, f"{NUM_TRIALS} trials")
    return finished(folder, _measured(), {"repeats": REPEATS})


def _measured() -> Iterator[dict[str, float | str]]:
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as place:
            yield _one("stub", _stub_sweep(Path(place)), Path(place), NUM_TRIALS)
            matcher = packaged("sweeps/matcher.yaml")
            (Path(place) / "experiments").symlink_to(packaged("experiments"))
            yield _one("matcher", matcher, Path(place), 1)


def _stub_sweep(folder: Path) -> Path:
    (folder / "stub.py").write_text(_STUB)
    sweep = {
        "method": "grid",
        "metric": {"name": "length"},
        "parameters": {"x": {"values": list(range(NUM_TRIALS // 10))}, "y": {"values": list(range(10))}},
        "command": ["${env}", sys.executable, str(folder / "stub.py"), "length", "${args}"],
    }
    file = folder / "stub.yaml"
    file.write_text(yaml.safe_dump(sweep))
    return file


def _one(name: str, file: Path, folder: Path, trials: int) -> dict[str, float | str]:
    command = [sys.executable, "-c", _SUPERVISE, str(time.time()), "sweep", str(file), "--workers", "2"]
    process = subprocess.run(
        [*command, "--max-runs", str(trials)], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "WANDB_MODE": "disabled"},
    )  # fmt: skip
    used = json.loads(process.stderr.splitlines()[-1])
    return {
        "sweep": name,
        "trials": trials,
        "start_seconds": used["start_seconds"],
        "start_cpu_seconds": used["start_cpu_seconds"],
        "cpu_ms_a_trial": 1000 * (used["cpu_seconds"] - used["start_cpu_seconds"]) / trials,
    }


_WHAT = {"stub": "grid of trials that do nearly nothing", "matcher": "sweeps/matcher.yaml, to its first trial"}


SWEEP = TableOf(
    "bench_sweep",
    "What mghp sweep itself takes: until its first trial is started, and its own CPU per trial after that.",
    Column("sweep", lambda row: _WHAT[row["sweep"]]),
    Column("trials", lambda row: int(row["trials"]), "d"),
    cell("start [s]", "start_seconds", ".2f"),
    cell("CPU to the start [s]", "start_cpu_seconds", ".2f"),
    # Of a single trial the report would be all.
    Column("CPU per trial [ms]", lambda row: row["cpu_ms_a_trial"] if row["sweep"] == "stub" else None, ".1f"),
    rows=measurements("bench_sweep", texts=("sweep",), medians_by="sweep"),
)

BENCH = Bench(bench_sweep, (SWEEP,))
