"""The table of `mghp bench metrics`."""

from collections.abc import Sequence

from mghp.report.table import Table
from mghp.runs.read import Run

_MEASURED = ("metric", "units", "ms")
_WORDS = ("set", "metric")


def metrics_bench_table(runs: Sequence[Run]) -> Table:
    """What each metric costs a picture."""
    table = Table(
        "bench_metrics",
        "Cost of a picture, in units of one joint histogram of its two label maps, timed in turn (medians of five).",
        {"set": "", "metric": "", "histograms a picture": ".1f", "ms a picture": ".2f"},
    )
    for run in runs:
        for row in run.measurements("ratios.csv", _MEASURED, _WORDS):
            table.add(
                {
                    "set": run.said("data_fingerprint"), "metric": row["metric"],
                    "histograms a picture": row["units"], "ms a picture": row["ms"],
                },
                run,
            )  # fmt: skip
    return table
