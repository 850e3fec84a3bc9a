"""`mghp bench learned`: time and memory of a training step of every way to learn limb scores."""

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from mghp.config.schema import Config
from mghp.problems.matching_batch import MatchingBatch
from mghp.problems.problem_set import ProblemSet
from mghp.progress import Progress
from mghp.report.table import Column, TableOf
from mghp.runs.folder import RunFolder
from mghp.studies.learned.run import load_pair_problems, split_problems, untrained
from mghp.studies.speed.bench import Bench, cell, finished, measurements
from mghp.studies.speed.measure import kept_bytes
from mghp.studies.variants import label_of
from mghp.training.matcher_module import MatcherModule, training_batches
from mghp.training.trainers import CLIP

BATCHES = 8
WARM_UP = 3


@dataclass(frozen=True)
class _Stepped:
    """A module and its optimizer."""

    module: MatcherModule
    optimizer: torch.optim.Optimizer

    def step(self, batch: MatchingBatch) -> float:
        """Take a training step and return its seconds."""
        began = time.perf_counter()
        loss = self.module.loss_of(batch, self.module(batch))
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), CLIP)
        self.optimizer.step()
        return time.perf_counter() - began

    def kept(self, batch: MatchingBatch) -> int:
        """Return the bytes that a step keeps for its backward pass."""
        return kept_bytes(lambda: self.module.loss_of(batch, self.module(batch)), self.module.parameters())


def bench_learned(config: Config, variants: Mapping[str, Config], progress: Progress) -> Path:
    """Measure, into a run folder: ratios.csv, a row per variant.

    A step of every variant alternates with one of the baseline on the same batch, so that a slower or busier moment of
    the machine meets both; a variant's ratio is the median of its pairs' ratios. Variants that train nothing are left
    out.

    Args:
        config: of the data, and of how many pairs of steps are timed.
        variants: configs by name, the baseline among them.
        progress: told how many rounds are done; each takes a pair of steps of every variant.

    Raises:
        InputError: if the poses make no problem.
    """
    problems = load_pair_problems(config)
    train = split_problems(problems, config)[0]
    batches = list(islice(training_batches(train, config.learned.batch_problems, config.seed), BATCHES))
    folder = RunFolder(config, problems.fingerprint)
    trained = {name: variant for name, variant in variants.items() if variant.learned.objective != "none"}
    baseline = next(variant for variant in trained.values() if variant.learned.objective == "binary_cross_entropy")
    pairs = {name: (_stepped(baseline, train), _stepped(variant, train)) for name, variant in trained.items()}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in trained}
    for number in range(WARM_UP + config.bench.steps):
        progress(number, WARM_UP + config.bench.steps, "steps")
        for name, pair in pairs.items():
            seconds[name].append(_beside_baseline(*pair, batches[number % len(batches)], number % 2 == 0))
    rows = [{"arm": name, **_row(seconds[name][WARM_UP:], *pairs[name], batches)} for name in trained]
    metrics = {"threads": torch.get_num_threads(), "steps": config.bench.steps, "batches": len(batches)}
    return finished(folder, rows, metrics)


def _beside_baseline(baseline: _Stepped, ours: _Stepped, batch: MatchingBatch, ours_first: bool) -> tuple[float, float]:
    """Return the seconds of a step of both; which is first changes, since the second finds the batch in the cache."""
    if ours_first:
        took = ours.step(batch)
        return baseline.step(batch), took
    return baseline.step(batch), ours.step(batch)


def _row(
    seconds: list[tuple[float, float]], baseline: _Stepped, ours: _Stepped, batches: list[MatchingBatch]
) -> dict[str, Any]:
    kept, without = (statistics.median(one.kept(batch) for batch in batches) for one in (ours, baseline))
    return {
        "ms": 1000 * statistics.median(ours for _, ours in seconds),
        "ratio": statistics.median(ours / theirs for theirs, ours in seconds),
        "kept_bytes": kept,
        "kept_ratio": kept / without,
    }


def _stepped(config: Config, train: ProblemSet) -> _Stepped:
    rate, scale = config.learned.learning_rates[0], config.learned.scales[0]
    module = untrained(config, train, rate, scale).train()
    return _Stepped(module, torch.optim.Adam(module.parameters(), lr=rate))


STEP_COST = TableOf(
    "bench_learned",
    "A training step of every variant on the same batches, alternating with a step of binary cross-entropy without a "
    "matcher (medians; ratios of neighbouring steps), and what is kept for the backward pass, parameters left out. "
    "The line integral trains nothing.",
    # The file's column is named as in the runs that are finished.
    Column("problems", lambda row: row.run.data),
    Column("variant", lambda row: label_of("matcher/bench_learned.yaml", row["arm"])),
    Column("problems a step", lambda row: row.run.config["learned"]["batch_problems"], ".0f"),
    cell("ms a step", "ms", ".1f"),
    cell("times the baseline's", "ratio", ".2f"),
    cell("kept [kB]", "kept_bytes", ".0f", scale=1 / 1000),
    cell("times the baseline's memory", "kept_ratio", ".2f"),
    rows=measurements("bench_learned", texts=("arm",)),
)

BENCH = Bench(lambda call: bench_learned(call.config, call.variants, call.progress), (STEP_COST,))
