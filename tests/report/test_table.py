import json

import numpy as np
import pandas as pd
import pytest

from mghp.errors import InputError
from mghp.report.table import Column, Table, TableOf, metric, percent, write_tables
from mghp.runs.read import Run, find_runs


def planted_run(folder, **result):
    folder.mkdir(parents=True)
    content = {"experiment": "trial", "variant": "", "metrics": {}, "key": folder.name, "commit": "abc", **result}
    (folder / "result.json").write_text(json.dumps(content))
    (folder / "config.yaml").write_text("matcher: {name: greedy, greedy: {}}\ndata: {name: generated_poses}\n")
    return Run(folder)


@pytest.fixture
def table(tmp_path):
    table = Table("T1", "Some 5 % of a_b & c # d.", {"name": "", "gap [%]": ".2f", "violation": ".1e", "steps": "d"})
    run = planted_run(tmp_path / "runs" / "first", seed=3, data_seed=4, data_fingerprint="f")
    other = planted_run(tmp_path / "runs" / "second")
    table.add({"name": "a_b & 50%", "gap [%]": 12.3456, "violation": 0.000123, "steps": 7}, run)
    table.add({"name": "c", "gap [%]": float("nan"), "violation": None}, run, other)
    return table


def test_a_declared_table_is_filled_by_its_columns(tmp_path):
    declared = TableOf(
        "T1", lambda rows: f"{len(rows)} runs.",
        Column("run", lambda run: run.variant),
        Column("gap [%]", percent("gap"), ".1f", lambda run: run.metric("gap") < 0.2),
        Column("violation", metric("violation"), ".1e"),
        rows=lambda runs: [run for run in runs if run.experiment == "trial"],
    )  # fmt: skip
    first, second = (
        planted_run(tmp_path / variant, variant=variant, metrics=metrics)
        for variant, metrics in (("a", {"gap": 0.25}), ("b", {"gap": 0.125, "violation": 0.001}))
    )
    other = planted_run(tmp_path / "other", experiment="other")
    table = declared.filled([first, other, second])
    assert (table.name, table.caption) == ("T1", "2 runs.")
    assert table.formats == {"run": "", "gap [%]": ".1f", "violation": ".1e"}
    assert table.cells() == [["a", "25.0", ""], ["b", "12.5", "1.0e-03"]]
    assert table.best == {(1, "gap [%]")}
    assert table.sources == [[first], [second]]
    assert declared.filled([other]).rows == []


def test_a_row_that_is_no_run_names_the_runs_behind_it(tmp_path):
    runs = [planted_run(tmp_path / str(number), variant="a") for number in range(2)]
    declared = TableOf(
        "T1", "All.", Column("runs", len, "d"), rows=lambda runs: [tuple(runs)], sources=lambda group: group
    )
    table = declared.filled(runs)
    assert (table.caption, table.cells(), table.sources) == ("All.", [["2"]], [runs])


def test_a_cell_may_be_of_several_numbers():
    class Cell:
        def __format__(self, form):
            return f"{1:{form}} of {2:{form}}"

        def columns(self):
            return {"": 1.0, " of": 2.0}

    table = TableOf("T1", "c", Column("share", lambda row: row, ".1f"), rows=lambda runs: [Cell(), None])
    filled = table.filled([])
    assert filled.cells() == [["1.0 of 2.0"], [""]]
    assert list(filled.frame()) == ["share", "share of"]


def test_cells_are_formatted_and_what_is_missing_stays_empty(table):
    assert table.cells() == [["a_b & 50%", "12.35", "1.2e-04", "7"], ["c", "", "", ""]]


def test_the_frame_holds_the_numbers_as_they_are(table):
    frame = table.frame()
    assert list(frame.columns) == ["name", "gap [%]", "violation", "steps"]
    assert frame["gap [%]"].iloc[0] == 12.3456
    assert frame.iloc[1, 1:].isna().all()


def test_markdown_is_a_table_under_its_caption(table):
    assert table.markdown().splitlines() == [
        "**T1.** Some 5 % of a_b & c # d.",
        "",
        "| name | gap [%] | violation | steps |",
        "| --- | ---: | ---: | ---: |",
        "| a_b & 50% | 12.35 | 1.2e-04 | 7 |",
        "| c |  |  |  |",
    ]


def test_latex_has_booktabs_rules_and_escapes_its_text(table):
    assert table.latex().splitlines() == [
        r"\begin{table}",
        r"\caption{Some 5 \% of a\_b \& c \# d.}",
        r"\label{tab:T1}",
        r"\begin{tabular}{lrrr}",
        r"\toprule",
        r"name & gap [\%] & violation & steps \\",
        r"\midrule",
        r"a\_b \& 50\% & 12.35 & 1.2e-04 & 7 \\",
        r"c &  &  &  \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def test_what_is_told_to_be_best_is_bold():
    table = Table("T", "c", {"set": "", "F1": ".1f"}, best={(0, "F1"), (1, "F1")})
    for row in (("a", 93.4), ("b", 93.6), ("c", 95.0)):
        table.add(dict(zip(table.formats, row, strict=True)))
    assert table.markdown().splitlines()[4:] == ["| a | **93.4** |", "| b | **93.6** |", "| c | 95.0 |"]
    assert r"a & \textbf{93.4} \\" in table.latex()


def test_a_column_of_numbers_may_say_in_words_why_there_is_none():
    table = Table("T", "c", {"set": "", "F1": ".1f"})
    table.add({"set": "a", "F1": 1.0})
    table.add({"set": "b", "F1": "not measured"})
    assert table.markdown().splitlines()[-1] == "| b | not measured |"
    assert table.frame()["F1"].isna().tolist() == [False, True]


def test_exponents_are_raised_in_latex():
    table = Table("T", "AP^p", {"AP^p 0.5": ""})
    table.add({"AP^p 0.5": "x"})
    assert r"AP\textsuperscript{p} 0.5 \\" in table.latex()


def test_latex_escapes_a_backslash_once():
    table = Table("T", "caption", {"name": ""})
    table.add({"name": "a\\b_c"})
    assert r"a\textbackslash{}b\_c \\" in table.latex()


def test_four_files_are_written(table, tmp_path):
    files = table.write(tmp_path / "below" / "results")
    assert [file.name for file in files] == ["T1.md", "T1.csv", "T1.tex", "T1.json"]
    assert files[0].read_text() == table.markdown()
    assert files[2].read_text() == table.latex()
    pd.testing.assert_frame_equal(pd.read_csv(files[1]), table.frame(), check_dtype=False)


def test_the_json_names_the_runs_behind_each_row(table, tmp_path):
    table.write(tmp_path)
    content = json.loads((tmp_path / "T1.json").read_text())
    assert content["caption"] == table.caption
    assert [row["row"] for row in content["rows"]] == [{"name": "a_b & 50%"}, {"name": "c"}]
    first, second = (row["runs"] for row in content["rows"])
    assert len(first) == 1
    assert first[0]["folder"] == str(tmp_path / "runs" / "first")
    assert {key: first[0][key] for key in ("commit", "seed", "data_seed", "data_fingerprint")} == {
        "commit": "abc", "seed": 3, "data_seed": 4, "data_fingerprint": "f",
    }  # fmt: skip
    assert [run["key"] for run in second] == ["first", "second"]


def test_a_table_without_rows_is_not_written(table, tmp_path):
    files = write_tables([Table("T0", "nothing", {"name": ""}), table], tmp_path / "results")
    assert {file.stem for file in files} == {"T1"}
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == sorted(file.name for file in files)


def test_runs_are_found_once_and_only_when_finished(tmp_path):
    planted_run(tmp_path / "runs" / "b")
    planted_run(tmp_path / "runs" / "a")
    (tmp_path / "runs" / "unfinished").mkdir()
    found = find_runs([tmp_path / "runs", tmp_path / "runs" / "a"])
    assert [run.path.name for run in found] == ["a", "b"]
    with pytest.raises(InputError, match="no finished run"):
        find_runs([tmp_path / "runs" / "unfinished"])
    with pytest.raises(InputError, match="no such run folder"):
        find_runs([tmp_path / "runs", tmp_path / "none"])


def test_a_run_says_what_it_has_and_nan_for_what_it_has_not(tmp_path):
    run = planted_run(tmp_path / "run", metrics={"matching/gap_mean": 0.5}, variant="v")
    assert run.metric("matching/gap_mean") == 0.5
    assert np.isnan(run.metric("matching/none"))
    assert (run.experiment, run.variant, run.matcher) == ("trial", "v", {})
    assert run.steps.empty
    assert run.association("hungarian") is None
    assert run.example == {}
