"""The table of `mghp bench metrics`."""

from collections.abc import Sequence

import pandas as pd

from mghp.errors import existing_file
from mghp.report.runs import Run
from mghp.report.table import Table


def metrics_bench_table(runs: Sequence[Run]) -> Table:
    """What each metric costs a picture."""
    table = Table(
        "bench_metrics",
        "Cost of a picture, in units of one joint histogram of its two label maps, timed in turn (medians of five).",
        {"set": "", "metric": "", "histograms a picture": ".1f", "ms a picture": ".2f"},
    )
    for run in runs:
        for row in pd.read_csv(existing_file(run.path / "ratios.csv", "measurements of the bench:")).to_dict("records"):
            table.add(
                {
                    "set": run.result["data_fingerprint"], "metric": row["metric"],
                    "histograms a picture": row["units"], "ms a picture": row["ms"],
                },
                run,
            )  # fmt: skip
    return table
