"""`mghp bench data`: does the loader keep up with a training, and what do targets cost?"""

import statistics
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from mghp.config.schema import Config
from mghp.datasets.sample import Samples
from mghp.errors import InputError
from mghp.parsing.batch import Batch, collate
from mghp.parsing.build import anatomy_of
from mghp.report.table import Column, TableOf, metric, percent
from mghp.runs.folder import RunFolder
from mghp.runs.read import Run
from mghp.studies.speed.bench import Bench, Call, cell, finished
from mghp.studies.speed.made_crowds import made_crowd
from mghp.studies.speed.measure import seconds_of
from mghp.studies.speed.per_person import added, of_first_row, per_person
from mghp.studies.speed.training_step import steps_of, training_step
from mghp.training.build import build_module
from mghp.training.datamodule import ParsingDataModule
from mghp.training.optimization import make_optimizer


def bench_data(call: Call) -> Path:
    """Measure into a run folder: targets in ratios.csv, a row per number of persons; the loader in result.json.

    Raises:
        InputError: if the pictures are not rendered, or there are too few pictures for a batch.
    """
    config = call.config
    if config.data.name != "synthetic":
        raise InputError(f"data.name: the crowds of the bench are rendered; expected synthetic, got {config.data.name}")
    folder = RunFolder(config, call.train.fingerprint)
    call.progress(0, 3, "training")
    consumed, waiting = _consumed(config, call.train)
    call.progress(1, 3, "loader alone")
    alone = _yielded(config, call.train)
    call.progress(2, 3, "targets")
    return finished(
        folder,
        _target_rows(config),
        {
            "loader/batches_a_second": alone,
            "training/batches_a_second": consumed,
            "loader/times_the_training": alone / consumed,
            "training/waiting_share": waiting,
            "threads": torch.get_num_threads(),
            "steps": config.bench.steps,
        },
    )


def endless_batches(config: Config, train: Samples) -> Iterator[Batch]:
    """Yield training batches without end, after leaving out those that were loaded ahead at the start."""
    loader = ParsingDataModule(config.data, anatomy_of(config), train, train, config.seed).train_dataloader()
    if not len(loader):
        raise InputError(f"data: expected at least {config.data.loader.batch_size} pictures, got {len(train)}")

    def epochs() -> Iterator[Batch]:
        while True:
            yield from loader

    ahead = (loader.prefetch_factor or 0) * loader.num_workers
    return islice(epochs(), ahead + 1, None)


def _yielded(config: Config, train: Samples) -> float:
    """Return the loader's batches per second while nothing else runs."""
    batches = endless_batches(config, train)
    next(batches)
    began = time.perf_counter()
    for _ in islice(batches, config.bench.steps):
        pass
    return config.bench.steps / (time.perf_counter() - began)


def _consumed(config: Config, train: Samples) -> tuple[float, float]:
    """Return the batches per second of a training with its loader, and the share of its time that it waits."""
    torch.manual_seed(config.seed)
    module = build_module(config, steps_of(config)).train()
    optimizer = make_optimizer(config.training.optimizer, module, fused=True)
    batches = endless_batches(config, train)
    training_step(config, module, optimizer, next(batches), 0)  # compiles
    waited, began = 0.0, time.perf_counter()
    for step in range(config.bench.steps):
        asked = time.perf_counter()
        batch = next(batches)
        waited += time.perf_counter() - asked
        training_step(config, module, optimizer, batch, step)
    seconds = time.perf_counter() - began
    return config.bench.steps / seconds, waited / seconds


def _target_rows(config: Config) -> list[dict[str, Any]]:
    """Measure the targets of a batch against the persons per picture, who cover the same pixels in all."""
    anatomy, size = anatomy_of(config), config.data.synthetic.size
    module = build_module(config)
    crowds = {
        persons: collate([made_crowd(persons, size)] * config.data.loader.batch_size, anatomy.num_keypoints)
        for persons in config.bench.target_persons
    }
    seconds: dict[int, list[float]] = {persons: [] for persons in crowds}
    for _ in range(1 + config.bench.repeats):
        for persons, batch in crowds.items():  # in turns: a busier moment of the machine meets all
            seconds[persons].append(seconds_of(module.targets, batch))
    return [
        {
            "persons": persons,
            "keypoints": int((batch.keypoints[..., 2] > 0).sum()),
            "human_pixels": int((batch.person_ids > 0).sum()),
            "ms": 1000 * statistics.median(seconds[persons][1:]),
        }
        for persons, batch in crowds.items()
    ]


LOADING: TableOf[Run] = TableOf(
    "bench_data",
    "The loader alone, while nothing is trained, against what a training consumes with its loader beside it, and "
    "the share of that training's time in which it waits for a batch.",
    Column("pictures per batch", lambda run: run.config["data"]["loader"]["batch_size"], "d"),
    Column("loader alone [batches/s]", metric("loader/batches_a_second"), ".1f"),
    Column("training [batches/s]", metric("training/batches_a_second"), ".1f"),
    Column("loader, times the training", metric("loader/times_the_training"), ".1f"),
    Column("waiting [%]", percent("training/waiting_share"), ".2f"),
    rows=lambda runs: (run for run in runs if run.experiment == "bench_data"),
)

TARGETS = TableOf(
    "bench_targets",
    "Making the targets of a batch of made crowds that cover the same pixels, against the persons in each picture "
    "(medians), and what a further person adds to the row before: at most linear as long as this does not grow.",
    cell("persons", "persons", "d"),
    cell("keypoints", "keypoints", "d"),
    cell("human pixels", "human_pixels", "d"),
    cell("targets [ms]", "ms", ".2f"),
    added("a further person [ms]", "ms", ".3f"),
    of_first_row("times the first row", "ms", ".2f"),
    rows=per_person("bench_data"),
)

BENCH = Bench(bench_data, (LOADING, TARGETS))
