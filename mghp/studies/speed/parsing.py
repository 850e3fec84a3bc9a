"""`mghp bench parsing`: what the matching loss adds to a training step, and pictures rendered per second."""

import dataclasses
import statistics
from pathlib import Path
from typing import Any

import torch

from mghp.config.schema import Config
from mghp.datasets.synthetic import SCENES, render
from mghp.parsing.batch import Batch
from mghp.report.table import Column, TableOf
from mghp.runs.folder import RunFolder
from mghp.studies.speed.bench import Bench, Call, cell, finished, measurements
from mghp.studies.speed.measure import median_seconds, seconds_of
from mghp.studies.speed.training_step import begun_module, first_batches, steps_of, training_step
from mghp.training.optimization import make_optimizer
from mghp.training.parsing_module import ParsingModule

MOMENTS = {"at the start": 0.0, "halfway": 0.5, "at the end": 1.0}
"""Shares of the training after which steps are timed: candidates are made up at first, and peaks later."""

BATCHES = 4
WARM_UP = 4


def bench_parsing(call: Call) -> Path:
    """Measure into a run folder: ratios.csv, a row per moment of a training.

    Both kinds of steps, with the matching loss and without, alternate on the same module and batches, so that a slower
    or busier moment of the machine meets both; the cost is the median of the pairs' ratios.

    `training.continue_from` gives the weights, and with them the peaks.

    Raises:
        InputError: if the config does not fit, or the checkpoint is unreadable.
    """
    config = call.config
    torch.manual_seed(config.seed)
    module, max_steps = stepped_module(config)
    batches = first_batches(config, call.train, BATCHES)
    folder = RunFolder(config, call.train.fingerprint)
    rows: list[dict[str, Any]] = []
    for number, (moment, share) in enumerate(MOMENTS.items()):
        call.progress(number, len(MOMENTS) + 1, f"training steps {moment}")
        rows.append(matching_cost(config, module, batches, round(share * max_steps)) | {"moment": moment})
    call.progress(len(MOMENTS), len(MOMENTS) + 1, "render")
    return finished(
        folder,
        rows,
        {
            "render/pictures_a_second": _render_rate(config),
            "threads": torch.get_num_threads(),
            "matching/every": config.training.matching_every,
        },
    )


def stepped_module(config: Config) -> tuple[ParsingModule, int]:
    """Return a module whose every step has a matching loss, and the length of the training it is built for."""
    max_steps = steps_of(config)
    training = dataclasses.replace(config.training, matching_every=1)
    return begun_module(dataclasses.replace(config, training=training), max_steps).train(), max_steps


def matching_cost(config: Config, module: ParsingModule, batches: list[Batch], step: int) -> dict[str, Any]:
    """Measure the milliseconds of both kinds of steps, and how much longer the matching makes one."""
    optimizer = make_optimizer(config.training.optimizer, module, fused=True)
    matching = module.matching
    seconds: dict[bool, list[float]] = {False: [], True: []}
    try:
        for pair in range(WARM_UP + config.bench.steps):
            batch = batches[pair % len(batches)]
            # Which comes first changes, since the second finds the batch in the cache.
            for with_matching in (False, True) if pair % 2 else (True, False):
                module.matching = matching if with_matching else None
                seconds[with_matching].append(seconds_of(training_step, config, module, optimizer, batch, step))
    finally:
        module.matching = matching
    without, with_it = seconds[False][WARM_UP:], seconds[True][WARM_UP:]
    added = statistics.median(b / a for a, b in zip(without, with_it, strict=True)) - 1
    return {
        "without_ms": 1000 * statistics.median(without),
        "with_ms": 1000 * statistics.median(with_it),
        "added": added,
        "every": config.training.matching_every,
        "added_on_average": added / config.training.matching_every,
    }


def _render_rate(config: Config) -> float:
    """Return the pictures that one process renders per second."""
    synthetic, number = config.data.synthetic, config.bench.pictures

    def render_all() -> None:
        for index in range(number):
            render(SCENES[synthetic.scene], index, seed=config.seed, size=synthetic.size)

    return number / median_seconds(render_all, 3)


PARSING = TableOf(
    "bench_parsing",
    "A training step with the matching loss and without, alternating on the same batches (medians); what it adds "
    "to the steps that have one, and to all on average; and pictures rendered per second by one process.",
    cell("training", "moment"),
    cell("without [ms]", "without_ms", ".1f"),
    cell("with [ms]", "with_ms", ".1f"),
    cell("adds [%]", "added", ".1f", scale=100),
    cell("every", "every", ".0f"),
    cell("adds on average [%]", "added_on_average", ".1f", scale=100),
    Column("rendered per second", lambda row: row.run.metric("render/pictures_a_second"), ".0f"),
    rows=measurements("bench_parsing", texts=("moment",)),
)

BENCH = Bench(bench_parsing, (PARSING,))
