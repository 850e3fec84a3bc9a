"""`mghp bench peers`: our matchers and those of other packages on the same problems, each in a process of its own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import torch

from mghp.config.bench import BenchConfig
from mghp.config.data import RandomProblemsConfig
from mghp.config.schema import Config
from mghp.problems.load import load_problems
from mghp.problems.matching_batch import MatchingBatch, contested
from mghp.problems.random_problems import random_problems
from mghp.report.table import TableOf
from mghp.runs.folder import RunFolder
from mghp.runs.read import Run
from mghp.studies.peers.measured import measured
from mghp.studies.peers.registry import PEERS, PeerEntry
from mghp.studies.peers.trained import trained
from mghp.studies.speed.bench import Bench, Call, Measured, cell, finished, measurements
from mghp.studies.speed.isolated import Failure, isolated

TRAINED_ON: dict[Literal["positive_control", "poses"], str] = {"positive_control": "positive control", "poses": "poses"}
"""Words of the problems that peers are trained on, by their names in `learned.problems`."""

_TEXTS = ("problems", "peer", "way", "ours", "reason")


def bench_peers(call: Call) -> Path:
    """Measure into a run folder: ratios.csv, a row per peer and set of problems; trained.csv where seeds ask for it.

    Raises:
        InputError: if the data make no problem, or a name is no peer's.
    """
    config = call.config
    entries = [PEERS[name] for name in config.bench.peers or PEERS]
    poses = load_problems(config.data)
    metrics = {"threads": torch.get_num_threads()}
    if config.bench.training_seeds:
        folder = RunFolder(config, poses.fingerprint)
        rows = [row for entry in _each(call, entries, "training") for row in _trainings(entry, config)]
        return finished(folder, rows, metrics | {"seeds": config.bench.training_seeds}, "trained.csv")
    sets = dict([*_random_sets(config), *_pose_set(config, MatchingBatch.bucket(poses.problems))])
    folder = RunFolder(config, poses.fingerprint)
    rows = [row for entry in _each(call, entries, "solving") for row in _rows(entry, sets, config.bench)]
    return finished(folder, rows, metrics | {"repeats": config.bench.repeats})


def _each(call: Call, entries: Sequence[PeerEntry], doing: str) -> Iterator[PeerEntry]:
    """Yield the peers and tell which one it is."""
    for number, entry in enumerate(entries):
        call.progress(number, len(entries), f"{doing}: {entry.label}")
        yield entry


def _random_sets(config: Config) -> Iterator[tuple[str, MatchingBatch]]:
    """Yield a batch of block-structured problems of every size."""
    for size in config.bench.sizes:
        number = max(1, config.bench.entries // size**2)
        drawn = random_problems(RandomProblemsConfig("block", number, size, size), config.seed)
        yield f"{size}x{size}", MatchingBatch.pad(drawn.problems).to(dtype=torch.float32)


def _pose_set(config: Config, batches: Sequence[MatchingBatch]) -> Iterator[tuple[str, MatchingBatch]]:
    """Yield one batch of contested problems of poses, evenly over their sizes; none where no problem is contested."""
    batch = contested(batches, config.bench.pose_problems)
    if batch is not None:
        yield "poses", batch.to(dtype=torch.float32)


def _rows(entry: PeerEntry, sets: dict[str, MatchingBatch], bench: BenchConfig) -> Iterator[dict[str, Any]]:
    """Yield a row per set: what was measured, or why nothing was."""
    outcomes = _outcomes(entry, partial(measured, entry.name, bench), list(sets.values()), bench.limit_seconds)
    about = {"peer": entry.label, "way": entry.way, "ours": PEERS[entry.against].label}
    for (label, batch), outcome in zip(sets.items(), outcomes, strict=True):
        row = {"problems": label, **about, "batch": len(batch), "reason": ""}
        yield row | ({"reason": outcome.reason} if isinstance(outcome, Failure) else outcome)


def _outcomes(entry: PeerEntry, work: Any, items: Sequence[Any], seconds: float) -> Iterable[Any]:  # noqa: ANN401
    """Return what the items come to, or for each that the peer is missing."""
    missing = entry.missing()
    return [Failure(missing)] * len(items) if missing else isolated(work, items, seconds)


def _trainings(entry: PeerEntry, config: Config) -> Iterator[dict[str, Any]]:
    """Yield a row per set of problems: F1 over the seeds, or why there is none."""
    for problems, label in TRAINED_ON.items():
        learned = replace(config.learned, problems=problems)
        items = [replace(config, learned=learned, seed=seed) for seed in range(config.bench.training_seeds)]
        outcomes = []
        for outcome in _outcomes(entry, partial(trained, entry.name), items, config.bench.training_limit_seconds):
            outcomes.append(outcome)
            if isinstance(outcome, Failure):  # too slow with one seed, or broken, as with the others
                break
        failures = [outcome.reason for outcome in outcomes if isinstance(outcome, Failure)]
        scores = pd.Series([outcome for outcome in outcomes if not isinstance(outcome, Failure)], dtype=float)
        yield {
            "problems": label, "peer": entry.label, "seeds": len(scores), "f1": scores.mean(),
            "deviation": scores.std(), "reason": "; ".join(dict.fromkeys(failures)),
        }  # fmt: skip


def _in_runs_with(file: str) -> Callable[[Sequence[Run]], Iterator[Measured]]:
    """Return the function that reads the rows of a file in the runs that wrote it: some were timed, others trained."""
    read = measurements("bench_peers", file, _TEXTS)
    return lambda runs: read([run for run in runs if run.has(file)])


def _trained(runs: Sequence[Run]) -> list[Measured]:
    """Return the rows of trainings, some of which each run has, by their problems and in the order of the peers."""
    problems = list(TRAINED_ON.values())
    places = {entry.label: place for place, entry in enumerate(PEERS.entries)}
    rows = _in_runs_with("trained.csv")(runs)
    return sorted(rows, key=lambda row: (problems.index(row["problems"]), places.get(row["peer"], len(places))))


COMPARED = TableOf(
    "bench_peers",
    "Matchers of other packages beside ours on the same problems, float32, regularised with equal weight: time as a "
    "multiple of the one of ours that does the same, peak memory of forward and backward, gap to the linear program's "
    "optimum and largest violation, both also after as many iterations as fit into the time of ours, and the mean "
    "cosine of the gradient to the exact projection's implicit one. Where problems are called one by one, times are of "
    "a few of them, scaled to the batch.",
    cell("problems", "problems"),
    cell("matcher", "peer"),
    cell("takes", "way"),
    cell("batch", "batch", "d"),
    cell("forward [ms]", "forward_ms", ".2f"),
    cell("both [ms]", "both_ms", ".2f"),
    cell("of ours", "ours"),
    cell("forward, times ours", "forward_ratio", ".2f"),
    cell("both, times ours", "both_ratio", ".2f"),
    cell("peak [MB]", "peak_mb", ".1f"),
    cell("gap [%]", "gap", ".2f", scale=100),
    cell("violation", "violation", ".1e"),
    cell("gap at equal time [%]", "equal_gap", ".2f", scale=100),
    cell("violation at equal time", "equal_violation", ".1e"),
    cell("cosine", "cosine", ".3f"),
    cell("why not", "reason"),
    rows=_in_runs_with("ratios.csv"),
)


TRAINED = TableOf(
    "bench_peers_trained",
    "F1 of limbs on test images, of scores trained through each matcher by the protocol of sweeps/learned.yaml: mean "
    "and standard deviation over seeds.",
    cell("problems", "problems"),
    cell("matcher", "peer"),
    cell("seeds", "seeds", "d"),
    cell("F1 [%]", "f1", ".2f", scale=100),
    cell("deviation", "deviation", ".2f", scale=100),
    cell("why not", "reason"),
    rows=_trained,
)

BENCH = Bench(bench_peers, (COMPARED, TRAINED))
