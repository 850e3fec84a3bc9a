"""The table of `mghp bench sweep`."""

from collections.abc import Sequence

from mghp.report.table import Table
from mghp.runs.files import read_rows
from mghp.runs.read import Run

_WHAT = {"stub": "grid of trials that do nearly nothing", "matcher": "sweeps/matcher.yaml, to its first trial"}


_MEASURED = ("sweep", "trials", "start_seconds", "start_cpu_seconds", "cpu_ms_a_trial")


def sweep_bench_table(runs: Sequence[Run]) -> Table:
    """What the supervisor of a sweep costs; medians over the repeats."""
    table = Table(
        "bench_sweep",
        "What mghp sweep itself takes: until its first trial is started, and its own CPU a trial after that.",
        {"sweep": "", "trials": "d", "start [s]": ".2f", "CPU to the start [s]": ".2f", "CPU a trial [ms]": ".1f"},
    )
    for run in runs:
        rows = read_rows(run.path / "ratios.csv", _MEASURED, ("sweep",))
        for name, of_sweep in rows.groupby("sweep", sort=False):
            median = of_sweep.drop(columns="sweep").median()
            row = {
                "sweep": _WHAT[str(name)], "trials": int(median["trials"]), "start [s]": median["start_seconds"],
                "CPU to the start [s]": median["start_cpu_seconds"],
            }  # fmt: skip
            if name == "stub":  # of a single trial the report would be all
                row["CPU a trial [ms]"] = median["cpu_ms_a_trial"]
            table.add(row, run)
    return table
