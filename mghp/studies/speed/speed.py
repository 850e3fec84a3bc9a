"""`mghp bench speed`: what memory formats, half precision and torch.compile do to a training step and to parsing."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mghp.config.schema import Config
from mghp.parsing.batch import Batch
from mghp.parsing.fields import Fields
from mghp.parsing.network.compilation import compile_network, missing_compiler
from mghp.report.table import Column, TableOf
from mghp.runs.folder import RunFolder
from mghp.studies.speed.bench import Bench, Call, cell, finished, measurements
from mghp.studies.speed.measure import seconds_of
from mghp.studies.speed.training_step import begun_module, first_batches, training_step
from mghp.training.optimization import make_optimizer
from mghp.training.parsing_module import ParsingModule

PLAIN = "plain"
"""The variant that the others are compared with."""

BATCHES = 4
WARM_UP = 2


@dataclass
class _Way:
    """The module of one variant; all begin with the same weights."""

    config: Config
    module: ParsingModule
    optimizer: torch.optim.Optimizer

    def train(self, batch: Batch) -> Tensor:
        """Take one training step and return its loss."""
        return training_step(self.config, self.module.train(), self.optimizer, batch, 0)

    @torch.no_grad()
    def parse(self, batch: Batch) -> Fields:
        """Return the fields of a batch of pictures, from which persons are assembled."""
        return self.module.eval().fields(batch.image)


def bench_speed(call: Call) -> Path:
    """Measure into a run folder: ratios.csv, a row per variant and kind of work, `parse` or `train`.

    All variants do the same work in turn, forwards and backwards, so that a slower or busier moment of the machine
    meets all; a ratio is the median over rounds of a variant's time divided by that of `plain` in the same round. Where
    nothing can compile, the variants that would have a `note` in the place of numbers.

    Raises:
        InputError: if a config does not fit, or the checkpoint is unreadable.
    """
    config, variants, progress = call.config, call.variants, call.progress
    missing = missing_compiler()
    left_out = {name for name, variant in variants.items() if variant.training.compile and missing}
    ways = {name: _made(variant) for name, variant in variants.items() if name not in left_out}
    batches = first_batches(config, call.train, BATCHES)
    folder = RunFolder(config, call.train.fingerprint)
    rounds = WARM_UP + config.bench.steps
    # Parsing first: the weights are still those that all began with, and what differs is the variant's doing.
    plain = ways[PLAIN].parse(batches[0])
    differences = {name: _difference(way.parse(batches[0]), plain) for name, way in ways.items()}
    parsing = _in_turn(ways, batches, _Way.parse, rounds, lambda done: progress(done, 2 * rounds, "pictures to fields"))
    training = _in_turn(ways, batches, _Way.train, rounds, lambda done: progress(rounds + done, 2 * rounds, "steps"))
    rows: list[dict[str, Any]] = []
    for work, seconds in (("parse", parsing), ("train", training)):
        for name in variants:
            row: dict[str, Any] = {"variant": name, "work": work, "note": missing if name in left_out else ""}
            if name in ways:
                row |= _compared(seconds[name], seconds[PLAIN]) | (differences[name] if work == "parse" else {})
            rows.append(row)
    return finished(
        folder, rows, {"threads": torch.get_num_threads(), "rounds": config.bench.steps, "pictures": len(batches[0])}
    )


def _made(config: Config) -> _Way:
    torch.manual_seed(config.seed)
    module = begun_module(config)
    if config.training.compile:
        compile_network(module.network)
    return _Way(config, module, make_optimizer(config.training.optimizer, module, fused=True))


def _in_turn(
    ways: Mapping[str, _Way],
    batches: list[Batch],
    work: Callable[[_Way, Batch], object],
    rounds: int,
    tell: Callable[[int], None],
) -> dict[str, list[float]]:
    """Return the seconds per round by variant, without the first rounds, in which what compiles is compiled."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        tell(number)
        for name in list(ways)[:: 1 if number % 2 else -1]:
            seconds[name].append(seconds_of(work, ways[name], batches[number % len(batches)]))
    return {name: taken[WARM_UP:] for name, taken in seconds.items()}


def _compared(seconds: list[float], plain: list[float]) -> dict[str, float]:
    return {
        "ms": 1000 * statistics.median(seconds),
        "ratio": statistics.median(ours / theirs for ours, theirs in zip(seconds, plain, strict=True)),
    }


def _difference(fields: Fields, plain: Fields) -> dict[str, float]:
    """Return how far fields are from those of `plain`: in confidences of keypoints, and in cells of the same part."""
    same = fields.part_logits.argmax(1) == plain.part_logits.argmax(1)
    return {
        "heatmap_difference": float((fields.heatmaps - plain.heatmaps).abs().max()),
        "same_parts": float(same.float().mean()),
    }


_WORK = {"parse": "pictures to fields", "train": "training step"}

SPEED = TableOf(
    "bench_speed",
    "The same batches in float32, channel by channel, not compiled (plain), and with settings changed, in turn "
    "(medians; ratios of the times within a round, below 1 is faster); the largest difference of a keypoint's "
    "confidence from plain, and the share of cells with the same part.",
    Column("work", lambda row: _WORK[row["work"]]),
    cell("variant", "variant"),
    Column("pictures", lambda row: row.run.metric("pictures"), ".0f"),
    cell("ms", "ms", ".1f"),
    cell("times plain", "ratio", ".2f"),
    cell("confidence differs by", "heatmap_difference", ".1e"),
    cell("same part [%]", "same_parts", ".2f", scale=100),
    cell("note", "note"),
    rows=measurements("bench_speed", texts=("work", "variant", "note")),
)

BENCH = Bench(bench_speed, (SPEED,))
