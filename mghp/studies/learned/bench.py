"""The table of `mghp bench learned`."""

from collections.abc import Sequence

from mghp.report.table import Table
from mghp.runs.read import Run
from mghp.studies.learned.arms import ARMS

_MEASURED = ("arm", "ms", "ratio", "kept_bytes", "kept_ratio")
_WORDS = ("arm",)


def learned_bench_table(runs: Sequence[Run]) -> Table:
    """Time and memory of a training step of every arm."""
    table = Table(
        "bench_learned",
        "A training step of every arm on the same batches, alternating with a step of binary cross-entropy without a "
        "matcher (medians; ratios of neighbouring steps), and what is kept for the backward pass, parameters left out. "
        "The line integral trains nothing.",
        {
            "arm": "", "problems a step": ".0f", "ms a step": ".1f", "times the baseline's": ".2f", "kept [kB]": ".0f",
            "times the baseline's memory": ".2f",
        },
    )  # fmt: skip
    for run in runs:
        if run.experiment != "bench_learned":
            continue
        for row in run.measurements("ratios.csv", _MEASURED, _WORDS):
            table.add(
                {
                    "arm": ARMS[str(row["arm"])], "problems a step": run.config["learned"]["batch_problems"],
                    "ms a step": row["ms"], "times the baseline's": row["ratio"], "kept [kB]": row["kept_bytes"] / 1000,
                    "times the baseline's memory": row["kept_ratio"],
                },
                run,
            )  # fmt: skip
    return table
