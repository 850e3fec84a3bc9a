"""The table of `mghp bench speed`."""

from collections.abc import Sequence

from mghp.report.table import Table
from mghp.runs.files import read_rows
from mghp.runs.read import Run

_WORK = {"parse": "pictures to fields", "train": "training step"}

_MEASURED = ("work", "variant", "ms", "ratio", "heatmap_difference", "same_parts", "note")


def speed_bench_table(runs: Sequence[Run]) -> Table:
    """What each way to run the network takes, and how far its answers are from the plain ones."""
    table = Table(
        "bench_speed",
        "The same batches in float32, channel by channel, not compiled (plain), and with settings changed, in turn "
        "(medians; ratios of the times within a round, below 1 is faster); the largest difference of a keypoint's "
        "confidence from plain, and the share of cells with the same part.",
        {
            "work": "", "variant": "", "pictures": ".0f", "ms": ".1f", "times plain": ".2f",
            "confidence differs by": ".1e", "same part [%]": ".2f", "note": "",
        },
    )  # fmt: skip
    for run in runs:
        if run.experiment != "bench_speed":
            continue
        rows = read_rows(run.path / "ratios.csv", _MEASURED, ("work", "variant", "note"))
        for row in rows.fillna({"note": ""}).to_dict("records"):
            table.add(
                {
                    "work": _WORK[str(row["work"])], "variant": row["variant"], "pictures": run.metric("pictures"),
                    "ms": row["ms"], "times plain": row["ratio"],
                    "confidence differs by": row["heatmap_difference"], "same part [%]": 100 * row["same_parts"],
                    "note": row["note"],
                },
                run,
            )  # fmt: skip
    return table
