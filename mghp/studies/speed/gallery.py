"""`mghp bench gallery`: how long a page of many cases takes to open, in headless Chromium."""

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from mghp.gallery.write import write_gallery
from mghp.report.table import Column, TableOf
from mghp.runs.folder import RunFolder
from mghp.studies.speed.bench import Bench, Call, cell, finished, measurements
from mghp.studies.speed.browser import open_browser
from mghp.studies.speed.made_cases import made_run

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

SIZES = (50, 500, 2000)
"""Numbers of cases per page."""

REPEATS = 5

# Browsers time no resources of files: pictures are noted as they arrive.
_NOTE = """
window.arrived = [];
document.addEventListener("load", (event) => {
  if (event.target.classList.contains("picture")) arrived.push(performance.now());
}, true);
"""

# Resolves once every picture that was asked for is there, and some was.
_SETTLED = """
const done = arguments[0];
const timer = setInterval(() => {
  const asked = [...document.querySelectorAll("#grid .picture[src]")];
  if (asked.length && arrived.length === asked.length) { clearInterval(timer); done(arrived); }
}, 50);
"""

_SHOWN = "return performance.getEntriesByName('shown')[0].startTime"

_WORK = """
const begin = performance.now();
gallery.state.set(arguments[0]);
document.body.offsetHeight;
return performance.now() - begin;
"""


def bench_gallery(call: Call) -> Path:
    """Measure into a run folder: opening.csv, a row per size and repeat.

    Raises:
        InputError: if there is no browser.
    """
    with tempfile.TemporaryDirectory() as place, open_browser() as browser:
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _NOTE})
        folder = RunFolder(call.config, f"{', '.join(map(str, SIZES))} cases")
        rows = []
        for size in SIZES:
            made = made_run(dataclasses.replace(call.config, experiment="made_up", runs=place, seed=size), size)
            page = write_gallery([made], Path(place))[0]
            rows += [{"cases": size, **_opened(browser, page)} for _ in range(REPEATS)]
        return finished(folder, rows, {"repeats": REPEATS}, "opening.csv")


def _opened(browser: "Chrome", page: Path) -> dict[str, float]:
    browser.get("about:blank")  # else the same page would only change its address
    browser.get(page.resolve().as_uri())
    loaded = browser.execute_async_script(_SETTLED)
    return {
        "page_kb": page.stat().st_size / 1000,
        "list_ms": browser.execute_script(_SHOWN),
        "thumbnails_ms": max(loaded),
        "thumbnails": len(loaded),
        "filter_ms": browser.execute_script(_WORK, {"kind": ["merged"]}),
    }


GALLERY = TableOf(
    "bench_gallery",
    "A gallery of made-up cases, opened from a file in headless Chromium, 1280 x 900 pixels: until the list "
    "and the thumbnails in view are there, how many these are, and what choosing a kind takes.",
    Column("cases", lambda row: int(row["cases"])),
    cell("page [kB]", "page_kb", ".0f"),
    cell("list [ms]", "list_ms", ".0f"),
    cell("thumbnails [ms]", "thumbnails_ms", ".0f"),
    cell("thumbnails loaded", "thumbnails", ".0f"),
    cell("filter [ms]", "filter_ms", ".0f"),
    rows=measurements("bench_gallery", "opening.csv", medians_by="cases"),
)

BENCH = Bench(bench_gallery, (GALLERY,))
