"""The table of `mghp bench faults`."""

from collections.abc import Sequence

from mghp.report.table import Table
from mghp.runs.read import Run


def faults_bench_table(runs: Sequence[Run]) -> Table:
    """Every kill of a training, and whether the training then ended as if there had been none."""
    table = Table(
        "bench_faults",
        "Trainings killed by SIGKILL at random moments and gone on with by mghp train --resume, beside one that was "
        "never killed: rows of metrics.csv there were, the step gone on from, files found half written; and whether "
        "weights, metrics.csv, scores and pictures were equal bit by bit in the end.",
        {
            "training": "", "killed after [s]": ".2f", "rows": "d", "goes on from": "d", "half written": "d",
            "weights equal": "", "metrics.csv equal": "", "scores equal": "", "pictures equal": "",
        },
    )  # fmt: skip
    for run in runs:
        if run.experiment != "bench_faults":
            continue
        for kill in run.measurements("faults.csv", table.formats, ("training",)):
            table.add({k: ("no", "yes")[int(v)] if k.endswith("equal") else v for k, v in kill.items()}, run)
    return table
