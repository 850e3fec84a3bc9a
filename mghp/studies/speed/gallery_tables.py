"""The table of `mghp bench gallery`."""

from collections.abc import Sequence

from mghp.report.table import Table
from mghp.runs.files import read_rows
from mghp.runs.read import Run

_MEASURED = ("cases", "page_kb", "list_ms", "thumbnails_ms", "thumbnails", "filter_ms")


def gallery_bench_table(runs: Sequence[Run]) -> Table:
    """How long a page takes to open; medians over the repeats."""
    table = Table(
        "bench_gallery",
        "A gallery of made-up cases, opened from a file in headless Chromium, 1280 x 900 pixels: until the list "
        "and the thumbnails in view are there, how many these are, and what choosing a kind takes.",
        {
            "cases": "", "page [kB]": ".0f", "list [ms]": ".0f", "thumbnails [ms]": ".0f", "thumbnails loaded": ".0f",
            "filter [ms]": ".0f",
        },
    )  # fmt: skip
    for run in runs:
        rows = read_rows(run.path / "opening.csv", _MEASURED)
        for _, of_size in rows.groupby("cases"):
            median = of_size.median()
            table.add(
                {
                    "cases": int(median["cases"]), "page [kB]": median["page_kb"], "list [ms]": median["list_ms"],
                    "thumbnails [ms]": median["thumbnails_ms"], "thumbnails loaded": median["thumbnails"],
                    "filter [ms]": median["filter_ms"],
                },
                run,
            )  # fmt: skip
    return table
