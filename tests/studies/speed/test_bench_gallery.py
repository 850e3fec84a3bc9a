import pandas as pd
import pytest

import mghp.studies.speed.browser as browser
import mghp.studies.speed.gallery as bench
from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.runs.read import Run
from mghp.studies.speed.bench import Call
from mghp.studies.speed.gallery import GALLERY


def test_pages_are_opened_and_timed(tmp_path, monkeypatch):
    try:
        browser.find_browser()
    except InputError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(bench, "SIZES", (3, 60))
    monkeypatch.setattr(bench, "REPEATS", 1)
    run = bench.bench_gallery(Call(Config(experiment="bench_gallery", runs=str(tmp_path)), lambda *_: None))
    rows = pd.read_csv(run / "opening.csv")
    assert list(rows["cases"]) == [3, 60]
    assert rows["thumbnails"][0] == 3
    assert 3 < rows["thumbnails"][1] < 60
    assert (rows[["list_ms", "thumbnails_ms", "filter_ms"]] > 0).all(None)
    table = GALLERY.filled([Run(run)])
    assert [row["cases"] for row in table.rows] == [3, 60]


@pytest.mark.parametrize("missing", ["browser", "chromedriver"])
def test_without_a_browser_it_says_so(missing, monkeypatch):
    there = {"browser": "chromedriver", "chromedriver": "chromium"}[missing]
    monkeypatch.setattr(browser.shutil, "which", lambda name: f"/usr/bin/{name}" if name == there else None)
    with pytest.raises(InputError, match=f"no {missing} found"):
        browser.find_browser()
