"""`mghp bench faults`: trainings killed at random moments and resumed, beside one that was never killed."""

import dataclasses
import itertools
import json
import math
import multiprocessing
import random
from collections.abc import Iterator, Mapping
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from mghp.config.schema import Config
from mghp.datasets.pictures import load_pictures, training_fingerprint
from mghp.parsing.checkpoints import read_checkpoint
from mghp.report.table import Column, TableOf
from mghp.runs.folder import RunFolder, resume_points, run_path
from mghp.studies.speed.bench import Bench, Call, Measured, cell, finished, measurements
from mghp.studies.speed.measure import seconds_of
from mghp.writing import unfinished_files

_PRELOADED = ["mghp.studies.speed.faults", "mghp.evaluation.train"]


def bench_faults(call: Call) -> Path:
    """Measure into a run folder: faults.csv, a row per kill.

    A training is killed after a random time, resumed, killed again, and so on until it ends; then the next one begins,
    until there were as many kills as `bench.kills` says. Each runs in a process of its own, on one thread: sums of
    floating-point numbers depend on the number of threads.

    Raises:
        RuntimeError: if a training fails that nobody killed.
    """
    config = call.config
    load_pictures(config.data, call.progress)  # rendered once, before anything is killed
    folder = RunFolder(config, training_fingerprint(config.data))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)  # so that a process starts with everything imported
    warm_up = context.Process(target=int)  # the server imports when it is first asked: no part of a training's time
    warm_up.start()
    warm_up.join()
    whole = _killable(config, folder, "never_killed")
    seconds = seconds_of(lambda: _ended(_started(context, whole)))
    random_moments = random.Random(config.seed)
    rows: list[dict[str, Any]] = []
    for number in itertools.count():  # a training may end before it was killed once
        if len(rows) >= config.bench.kills:
            break
        training = _killable(config, folder, f"killed_{number}")
        kills = list(_killed_until_done(context, training, seconds, random_moments, config.bench.kills - len(rows)))
        equal = _equal(_run_of(whole), _run_of(training))
        rows += [{"training": training.experiment, **kill, **equal} for kill in kills]
        call.progress(min(len(rows), config.bench.kills), config.bench.kills, "kill")
    return finished(
        folder,
        rows,
        {"kills": len(rows), "train/steps": float(config.trainer["max_steps"]), "seconds": seconds},
        "faults.csv",
    )


def _killable(config: Config, folder: RunFolder, name: str) -> Config:
    """Return the training under another name, into the bench's own folder."""
    bench = {"experiment": name, "runs": str(folder.path / "trainings")}
    return dataclasses.replace(config, **bench)  # type: ignore[arg-type]


def _run_of(config: Config) -> Path:
    return run_path(config, training_fingerprint(config.data))


def _started(context: ForkServerContext, config: Config, interrupted: Path | None = None) -> BaseProcess:
    process = context.Process(target=_train, args=(config, interrupted))
    process.start()
    return process


def _ended(process: BaseProcess) -> None:
    process.join()
    if process.exitcode:
        raise RuntimeError(f"a training that nobody killed ended with exit code {process.exitcode}")


def _train(config: Config, interrupted: Path | None) -> None:
    """Train to the end, in a process of its own."""
    # Its loading processes are its own children, which end when it is killed, as those of `mghp train` do.
    multiprocessing.set_start_method("fork", force=True)
    from mghp.evaluation.train import run_training

    torch.set_num_threads(1)
    run_training(config, *load_pictures(config.data, lambda *_: None), interrupted)


def _killed_until_done(
    context: ForkServerContext, config: Config, seconds: float, moments: random.Random, most: int
) -> Iterator[dict[str, Any]]:
    """Start, kill, resume, kill, ...: yield a row per kill; the training then runs to its end."""
    run = _run_of(config)
    process, is_alive = _started(context, config), True
    for _ in range(most):
        after = moments.uniform(0, seconds)
        process.join(after)
        if process.exitcode is not None:
            is_alive = False
            break
        process.kill()
        process.join()
        yield {"killed after [s]": round(after, 2), **_left_behind(run)}
        process = _started(context, config, run if (run / "config.yaml").exists() else None)
    if is_alive or process.exitcode:
        _ended(process)


def _left_behind(run: Path) -> dict[str, Any]:
    """Return what a kill left: rows that were logged, the step to resume from, files half written."""
    rows = (run / "metrics.csv").read_bytes().count(b"\n") - 1 if (run / "metrics.csv").exists() else 0
    points = [file for file in resume_points(run / "checkpoints") if file.exists()]
    return {
        "rows": max(rows, 0),
        "goes on from": read_checkpoint(points[0])["global_step"] if points else 0,
        "half written": len([*unfinished_files(run), *run.rglob("resume_new.ckpt")]),
    }


def _equal(whole: Path, killed: Path) -> dict[str, int]:
    """Return 1 per kind of result that is equal bit by bit in both trainings, times apart, else 0."""
    one, two = (read_checkpoint(run / "checkpoints" / "last.ckpt")["state_dict"] for run in (whole, killed))
    results = [json.loads((run / "result.json").read_text())["metrics"] for run in (whole, killed)]
    pictures = [{file.name: file.read_bytes() for file in (run / "media").iterdir()} for run in (whole, killed)]
    equal = {
        "weights": one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one),
        "metrics.csv": (whole / "metrics.csv").read_bytes() == (killed / "metrics.csv").read_bytes(),
        "scores": _timeless(results[0]) == _timeless(results[1]),
        "pictures": pictures[0] == pictures[1],
    }
    return {f"{what} equal": int(value) for what, value in equal.items()}


def _timeless(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """Return the metrics without times, NaN as None, which equals itself."""
    return {k: None if math.isnan(v) else v for k, v in metrics.items() if not k.startswith("time/")}


def _is_equal(what: str) -> Column[Measured]:
    return Column(f"{what} equal", lambda kill: ("no", "yes")[int(kill[f"{what} equal"])])


FAULTS = TableOf(
    "bench_faults",
    "Trainings killed by SIGKILL at random moments and resumed by mghp train --resume, beside one that was "
    "never killed: rows of metrics.csv there were, the step resumed from, files found half written; and whether "
    "weights, metrics.csv, scores and pictures were equal bit by bit in the end.",
    cell("training", "training"),
    cell("killed after [s]", "killed after [s]", ".2f"),
    cell("rows", "rows", "d"),
    cell("resumed from", "goes on from", "d"),
    cell("half written", "half written", "d"),
    *map(_is_equal, ("weights", "metrics.csv", "scores", "pictures")),
    rows=measurements("bench_faults", "faults.csv", ("training",)),
)

BENCH = Bench(bench_faults, (FAULTS,))
