"""The tables of `mghp bench data`, `step`, `inference` and `memory`."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from mghp.report.table import Table
from mghp.runs.read import Run

PARTS = {
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
"""Parts of a training step by their names in ratios.csv."""

COMMANDS = {
    "imports": "imports alone",
    "train": "mghp train",
    "evaluate": "mghp evaluate",
    "predict": "mghp predict",
}
"""By their names in ratios.csv."""


def suite_bench_tables(runs: Sequence[Run]) -> list[Table]:
    """All of them; those without a run stay empty.

    Args:
        runs: of any experiments.
    """
    return [
        data_bench_table(runs), target_bench_table(runs), step_bench_table(runs), inference_bench_table(runs),
        memory_bench_table(runs),
    ]  # fmt: skip


def data_bench_table(runs: Sequence[Run]) -> Table:
    """`mghp bench data`: the loader against the training."""
    table = Table(
        "bench_data",
        "The loader alone, while nothing is trained, against what a training consumes with its loader beside it, and "
        "the share of that training's time in which it waits for a batch.",
        {
            "pictures a batch": "d", "loader alone [batches/s]": ".1f", "training [batches/s]": ".1f",
            "loader, times the training": ".1f", "waiting [%]": ".2f",
        },
    )  # fmt: skip
    for run in _of(runs, "bench_data"):
        table.add(
            {
                "pictures a batch": run.config["data"]["loader"]["batch_size"],
                "loader alone [batches/s]": run.metric("loader/batches_a_second"),
                "training [batches/s]": run.metric("training/batches_a_second"),
                "loader, times the training": run.metric("loader/times_the_training"),
                "waiting [%]": 100 * run.metric("training/waiting_share"),
            },
            run,
        )
    return table


def target_bench_table(runs: Sequence[Run]) -> Table:
    """`mghp bench data`: targets against persons."""
    table = Table(
        "bench_targets",
        "Making the targets of a batch of made crowds that cover the same pixels, against the persons in each picture "
        "(medians), and what a further person adds to the row before: at most linear as long as this does not grow.",
        {
            "persons": "d", "keypoints": "d", "human pixels": "d", "targets [ms]": ".2f",
            "a further person [ms]": ".3f", "times the first row": ".2f",
        },
    )  # fmt: skip
    for run in _of(runs, "bench_data"):
        rows = run.measurements("ratios.csv", ("persons", "keypoints", "human_pixels", "ms"))
        for row, added in zip(rows, _added(rows, "ms"), strict=True):
            table.add(
                {
                    "persons": row["persons"], "keypoints": row["keypoints"], "human pixels": row["human_pixels"],
                    "targets [ms]": row["ms"], "a further person [ms]": added,
                    "times the first row": row["ms"] / rows[0]["ms"],
                },
                run,
            )  # fmt: skip
    return table


def step_bench_table(runs: Sequence[Run]) -> Table:
    """`mghp bench step`: shares of a training step."""
    table = Table(
        "bench_step",
        "Where the time of a training step goes, halfway through a training (means over steps, of which one in so many "
        "goes through the matcher). The last row is what the matching takes of a step forward and backward, by steps "
        "with it and without.",
        {"part": "", "ms": ".2f", "share [%]": ".1f"},
    )
    for run in _of(runs, "bench_step"):
        for row in run.measurements("ratios.csv", ("part", "ms", "share"), ("part", "within")):
            table.add({"part": PARTS[row["part"]], "ms": row["ms"], "share [%]": 100 * row["share"]}, run)
        table.add({"part": "matching, forward and backward", "share [%]": 100 * run.metric("matching/share")}, run)
    return table


def inference_bench_table(runs: Sequence[Run]) -> Table:
    """`mghp bench inference`: the assembly against persons."""
    stages = ("peaks", "affinities", "matching", "poses", "pixels")
    table = Table(
        "bench_inference",
        "From fields to persons: CPU time, on one thread, of the assembly of one picture against the persons in it, "
        "who cover the same pixels in all (medians), what a further person adds to the row before, its stages, and the "
        "rise of memory. It grows no worse than linearly where the times grow by no more than the persons do.",
        {
            "persons": "d", "found": "d", "human pixels": "d", "pairs scored": "d", "CPU [ms]": ".1f",
            "a further person [ms]": ".2f", "times the first row": ".2f",
            **{f"{stage} [ms]": ".1f" for stage in stages}, "peak [MB]": ".0f",
        },
    )  # fmt: skip
    for run in _of(runs, "bench_inference"):
        rows = run.measurements(
            "ratios.csv",
            ("persons", "found", "human_pixels", "pairs", "cpu_ms", "peak_mb", *(f"{stage}_ms" for stage in stages)),
        )
        for row, added in zip(rows, _added(rows, "cpu_ms"), strict=True):
            table.add(
                {
                    "persons": row["persons"], "found": row["found"], "human pixels": row["human_pixels"],
                    "pairs scored": row["pairs"], "CPU [ms]": row["cpu_ms"],
                    "a further person [ms]": added,
                    "times the first row": row["cpu_ms"] / rows[0]["cpu_ms"],
                    **{f"{stage} [ms]": row[f"{stage}_ms"] for stage in stages},
                    "peak [MB]": row["peak_mb"],
                },
                run,
            )  # fmt: skip
    return table


def memory_bench_table(runs: Sequence[Run]) -> Table:
    """`mghp bench memory`: peak memory of the commands."""
    table = Table(
        "bench_memory",
        "Highest resident memory of each command, in a process of its own (without that of the processes that load "
        "data); the first row is what the imports alone take.",
        {"command": "", "peak [MB]": ".0f", "above the imports [MB]": ".0f", "times the imports": ".2f"},
    )
    for run in _of(runs, "bench_memory"):
        rows = run.measurements("ratios.csv", ("command", "peak_mb"), ("command",))
        for row in rows:
            table.add(
                {
                    "command": COMMANDS[row["command"]], "peak [MB]": row["peak_mb"],
                    "above the imports [MB]": row["peak_mb"] - rows[0]["peak_mb"],
                    "times the imports": row["peak_mb"] / rows[0]["peak_mb"],
                },
                run,
            )  # fmt: skip
    return table


def _of(runs: Sequence[Run], experiment: str) -> Iterator[Run]:
    return (run for run in runs if run.experiment == experiment)


def _added(rows: Sequence[dict[str, Any]], column: str) -> list[float | None]:
    """What a further person adds: the slope from the row before; None for the first row."""
    slopes = [(b[column] - a[column]) / (b["persons"] - a["persons"]) for a, b in pairwise(rows)]
    return [None, *slopes]
