import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mghp.report.table import Table
from mghp.runs.csv_cells import cells_of, frame_text, neutral, restored, restored_frame, rows_text
from mghp.runs.files import read_rows
from mghp.runs.metrics_file import MetricsFile
from mghp.sweep.metric_rows import MetricRows

FORMULAS = ["=1+1", "+0.46 [+0.36, +0.57]", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''@x", "-1_0"]


@pytest.mark.parametrize("cell", FORMULAS)
def test_what_begins_like_a_formula_becomes_text(cell):
    assert neutral(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-1.5", "+3", "-1e-3", "-inf", "nan", "plain", "'quoted'", "", "a=b", -1.5, None, 3])
def test_numbers_and_all_other_cells_stay(cell):
    assert neutral(cell) is cell
    assert restored(cell) is cell


@given(st.text(alphabet="'=+-@\t\r1ax.", max_size=6))
def test_every_text_is_read_as_it_was_written(text):
    assert restored(neutral(text)) == text
    columns, rows = cells_of(rows_text([f"name {text}", text], [{text: text}], head=True))
    assert columns == [f"name {text}", text]
    assert rows == [{f"name {text}": "", text: text}]


def test_frames_are_read_as_they_were_written_and_keep_their_types():
    texts = [text for text in FORMULAS if "\r" not in text]  # pandas leaves the end of a line without its quotes
    frame = pd.DataFrame({"text": [*texts, None], "=number": np.arange(9) - 3, "float": [-0.5, None, 2.0] * 3})
    written = frame_text(frame)
    for line in csv.reader(io.StringIO(written)):
        assert [
            cell for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r")) and neutral(cell) != cell
        ] == []
    pd.testing.assert_frame_equal(restored_frame(pd.read_csv(io.StringIO(written))), frame, check_dtype=False)
    of_objects = pd.DataFrame({"a": pd.Series([1, None, 2], dtype=object)})
    assert frame_text(of_objects) == of_objects.to_csv(index=False)


def test_tables_and_metrics_hold_no_formula(tmp_path):
    table = Table("T", "A table.", {"=name": "", "value": ".1f"})
    table.add({"=name": "=HYPERLINK(1)", "value": -1.5})
    table.write(tmp_path)
    assert (tmp_path / "T.csv").read_text() == "'=name,value\n'=HYPERLINK(1),-1.5\n"
    assert read_rows(tmp_path / "T.csv", texts="*").to_dict("records") == [{"=name": "=HYPERLINK(1)", "value": -1.5}]

    file = tmp_path / "metrics.csv"
    logger = MetricsFile(file)
    logger.log_metrics({"-loss": -0.5}, step=1)
    logger.log_metrics({"-loss": -0.25, "+other": 1.0}, step=2)
    assert file.read_text().splitlines()[0] == "'+other,'-loss,step"
    assert MetricRows(file, "-loss").new() == [-0.5, -0.25]
    assert list(read_rows(file).columns) == ["+other", "-loss", "step"]
