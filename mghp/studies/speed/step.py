"""`mghp bench step`: where a training step's time goes."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from mghp.config.schema import Config
from mghp.datasets.sample import Samples
from mghp.errors import InputError
from mghp.report.table import Column, TableOf
from mghp.runs.folder import RunFolder
from mghp.runs.read import Run
from mghp.studies.speed.bench import Bench, Call, Measured, cell, finished, measurements
from mghp.studies.speed.data import endless_batches
from mghp.studies.speed.parsing import BATCHES, matching_cost, stepped_module
from mghp.studies.speed.training_step import begun_module, first_batches, steps_of, training_step
from mghp.training.optimization import make_optimizer
from mghp.training.parsing_module import ParsingModule

WARM_UP = 4

WITHIN = {"matcher": "matching", "matcher_backward": "backward"}
"""Phases by the one that they are within: they do not add to the sum."""

PHASES = {
    "waiting": "waiting for a batch",
    "backbone": "backbone",
    "heads": "decoder and heads",
    "targets": "targets",
    "losses": "losses",
    "matching": "matching: candidates, affinities, matcher, loss",
    "matcher": "of which the matcher",
    "backward": "backward pass",
    "matcher_backward": "of which through the matcher",
    "optimiser": "optimiser",
    "rest": "rest",
}
"""Phases of a training step by their names in ratios.csv, in their order."""

WHOLE = "matching, forward and backward"
"""The name of the last row of the table, which the run's result holds."""


class Stopwatch:
    """The seconds of a step's phases, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._began: dict[str, float] = {}

    def start(self, name: str) -> None:
        """Begin a phase."""
        self._began[name] = time.perf_counter()

    def stop(self, name: str) -> None:
        """End a phase."""
        self.seconds[name] += time.perf_counter() - self._began.pop(name)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Time what runs within, as a phase."""
        self.start(name)
        try:
            yield
        finally:
            self.stop(name)

    def around(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that times `work` whenever it is called."""

        def timed(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            with self.timed(name):
                return work(*arguments, **options)

        return timed

    def watch(self, name: str, module: nn.Module) -> None:
        """Time a module's forward pass."""
        module.register_forward_pre_hook(lambda *_: self.start(name))
        module.register_forward_hook(lambda *_: self.stop(name))

    def watch_backward(self, name: str, module: nn.Module) -> None:
        """Time a module's backward pass: from its outputs' gradients to its inputs'."""
        module.register_full_backward_pre_hook(lambda *_: self.start(name))
        module.register_full_backward_hook(lambda *_: self.stop(name))


def bench_step(call: Call) -> Path:
    """Measure into a run folder: ratios.csv, a row per phase of the step.

    Steps are taken halfway through the training, when candidates are made up in half of the pictures and peaks in the
    others. What the matching costs forward and backward in all is measured by steps with and without it.

    Raises:
        InputError: if nothing is trained through a matcher, or the checkpoint is unreadable.
    """
    config = call.config
    if not config.losses.weights.matching:
        raise InputError("losses.weights.matching: expected more than 0, or there is no matching to measure")
    folder = RunFolder(config, call.train.fingerprint)
    call.progress(0, 2, "phases of a step")
    rows = _rows(_profile(config, call.train), config.bench.steps)
    call.progress(1, 2, "steps with the matching and without")
    module, max_steps = stepped_module(config)
    cost = matching_cost(config, module, first_batches(config, call.train, BATCHES), max_steps // 2)
    average = cost["added_on_average"]
    return finished(
        folder,
        rows,
        {
            "matching/added": cost["added"],
            "matching/every": cost["every"],
            "matching/share": average / (1 + average),
            "threads": torch.get_num_threads(),
            "steps": config.bench.steps,
        },
    )


def _profile(config: Config, train: Samples) -> dict[str, float]:
    """Return the seconds per phase over all steps, `step` for the whole of them."""
    torch.manual_seed(config.seed)
    max_steps = steps_of(config)
    module = begun_module(config, max_steps).train()
    optimizer = make_optimizer(config.training.optimizer, module, fused=True)
    watch = Stopwatch()
    _watch_phases(watch, module)
    optimizer.step = watch.around("optimiser", optimizer.step)  # type: ignore[method-assign]
    batches = endless_batches(config, train)
    for number in range(WARM_UP + config.bench.steps):
        if number == WARM_UP:
            watch.seconds.clear()
        with watch.timed("step"):
            with watch.timed("waiting"):
                batch = next(batches)
            with _backward_timed(watch):
                training_step(config, module, optimizer, batch, max_steps // 2 + number)
    return watch.seconds


def _watch_phases(watch: Stopwatch, module: ParsingModule) -> None:
    assert module.matching is not None
    watch.watch("network", module.network)
    watch.watch("backbone", module.network.backbone)
    watch.watch("matching", module.matching)
    watch.watch("matcher", module.matching.matcher)
    watch.watch_backward("matcher_backward", module.matching.matcher)
    module.targets = cast(Any, watch.around("targets", module.targets))
    module.objective = cast(Any, watch.around("losses", module.objective))


@contextmanager
def _backward_timed(watch: Stopwatch) -> Iterator[None]:
    backward = torch.autograd.backward
    torch.autograd.backward = watch.around("backward", backward)
    try:
        yield
    finally:
        torch.autograd.backward = backward


def _rows(seconds: dict[str, float], steps: int) -> list[dict[str, Any]]:
    of_phases = {**seconds, "heads": seconds["network"] - seconds["backbone"]}
    outer = [phase for phase in PHASES if phase not in WITHIN and phase != "rest"]
    of_phases["rest"] = seconds["step"] - sum(of_phases.get(phase, 0.0) for phase in outer)
    return [
        {
            "part": phase,  # as in the files of runs that are finished
            "within": WITHIN.get(phase, ""),
            "ms": 1000 * of_phases.get(phase, 0.0) / steps,
            "share": of_phases.get(phase, 0.0) / seconds["step"],
        }
        for phase in PHASES
    ]


def _phases(runs: Sequence[Run]) -> Iterator[Measured]:
    """Yield the phases of each run, then what the matching takes of a step in all."""
    for run in runs:
        rows = list(measurements("bench_step", texts=("part", "within"))([run]))
        yield from rows
        if rows:
            whole = {"part": WHOLE, "ms": None, "share": run.metric("matching/share")}
            yield Measured(run, "result.json", whole)


STEP = TableOf(
    "bench_step",
    "Where the time of a training step goes, halfway through a training (means over steps, of which one in so many "
    "goes through the matcher). The last row is what the matching takes of a step forward and backward, by steps "
    "with it and without.",
    Column("phase", lambda row: PHASES.get(row["part"], WHOLE)),
    cell("ms", "ms", ".2f"),
    cell("share [%]", "share", ".1f", scale=100),
    rows=_phases,
)

BENCH = Bench(bench_step, (STEP,))
