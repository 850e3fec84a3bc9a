"""`mghp bench memory`: peak memory of training, evaluation and prediction, each in a process of its own."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from mghp.errors import InputError
from mghp.report.table import Column, TableOf
from mghp.runs.checkout import ROOT
from mghp.runs.folder import RunFolder
from mghp.runs.read import Run
from mghp.studies.speed.bench import Bench, Call, Measured, finished, measurements
from mghp.studies.speed.made_crowds import made_crowd

PERSONS = 5
"""The number of persons in the picture that is parsed."""

# Memory that is resident stays with a process that is started by a larger one, in what the system accounts for it:
# the process itself is asked, at its end.
_MEASURED = """
import sys
from mghp.peak_memory import highest_megabytes
try:
    if sys.argv[1:]:
        from mghp.cli.main import main
        main()
    else:
        import mghp.evaluation.train
finally:
    print("PEAK", highest_megabytes(), file=sys.stderr)
"""


def bench_memory(call: Call) -> Path:
    """Measure into a run folder: ratios.csv, a row per command; the first only imports what all need.

    The call's experiment file is trained, is evaluated, and predicts a picture.

    Raises:
        InputError: if a command fails, with what it said.
    """
    size = call.config.bench.size
    folder = RunFolder(call.config, f"{PERSONS} persons at {size}")
    with tempfile.TemporaryDirectory() as place:
        rows = list(_measured(call, Path(place)))
    return finished(folder, rows, {"picture": size, "persons": PERSONS})


def _measured(call: Call, place: Path) -> Iterator[dict[str, Any]]:
    picture = place / "crowd.png"
    Image.fromarray(made_crowd(PERSONS, call.config.bench.size).image).save(picture)
    trained = place / "runs"
    commands: dict[str, Callable[[], list[str]]] = {
        "imports": list,
        "train": lambda: ["train", str(call.file), *call.arguments, f"runs={trained}", "wandb.mode=disabled"],
        "evaluate": lambda: ["evaluate", str(_checkpoint(trained))],
        "predict": lambda: [
            "predict", str(_checkpoint(trained)), str(picture), "--out", str(place / "out"), "--device=cpu",
        ],
    }  # fmt: skip
    for number, (name, arguments) in enumerate(commands.items()):
        call.progress(number, len(commands), name)
        yield {"command": name, "peak_mb": peak_of(arguments())}


def _checkpoint(runs: Path) -> Path:
    (file,) = runs.glob("*/*/checkpoints/last.ckpt")
    return file


def peak_of(arguments: Sequence[str]) -> float:
    """Return the highest resident memory of a command in megabytes; without a command, of the imports.

    Raises:
        InputError: if it fails, with the last line it said.
    """
    process = subprocess.run([sys.executable, "-c", _MEASURED, *arguments], cwd=ROOT, capture_output=True, text=True)
    said, _, peak = process.stderr.rpartition("PEAK")
    if process.returncode:
        raise InputError(f"mghp {' '.join(arguments)}: failed: {said.strip().splitlines()[-1:]}")
    return float(peak)


COMMANDS = {
    "imports": "imports alone",
    "train": "mghp train",
    "evaluate": "mghp evaluate",
    "predict": "mghp predict",
}
"""Commands by their names in ratios.csv."""


def _with_imports(runs: Sequence[Run]) -> Iterator[tuple[Measured, Measured]]:
    """Return each row with the one of the imports alone, which is the first of its run."""
    find = measurements("bench_memory", texts=("command",))
    return ((row, rows[0]) for run in runs for rows in [list(find([run]))] for row in rows)


MEMORY = TableOf(
    "bench_memory",
    "Highest resident memory of each command, in a process of its own (without that of the processes that load "
    "data); the first row is what the imports alone take.",
    Column("command", lambda pair: COMMANDS[pair[0]["command"]]),
    Column("peak [MB]", lambda pair: pair[0]["peak_mb"], ".0f"),
    Column("above the imports [MB]", lambda pair: pair[0]["peak_mb"] - pair[1]["peak_mb"], ".0f"),
    Column("times the imports", lambda pair: pair[0]["peak_mb"] / pair[1]["peak_mb"], ".2f"),
    rows=_with_imports,
    sources=lambda pair: (pair[0].run,),
)

BENCH = Bench(bench_memory, (MEMORY,))
