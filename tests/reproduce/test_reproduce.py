import json
import re
import shutil
from xml.etree import ElementTree

import pandas as pd
import pytest
from PIL import Image

from mghp.runs.csv_cells import restored_frame
from mghp.runs.folder import git_commit, is_finished

MATCHING_ROWS = {"M1": 26, "M1_association": 26, "M2": 16, "M2_sizes": 5, "M3": 26, "bench_matcher": 11}
MATCHING_RUNS = 26 + 32 + 26 + 5 + 1
LEARNED_ROWS = {"P4": 3, "P4_tuning": 2}
PARSING_ROWS = {
    "assembly": 10, "P2": 3, "P2_differences": 2, "P2_matchers": 3, "P2_oracles": 7, "P3": 2, "P3_differences": 1,
    "P3_scores": 12, "failures": 16, "P1": 19,
}  # fmt: skip
ROWS = MATCHING_ROWS | LEARNED_ROWS | PARSING_ROWS


@pytest.mark.parametrize("name", ROWS)
def test_every_table_is_there_in_four_forms(name, smoke_results):
    file = smoke_results / "results" / name
    frame = pd.read_csv(file.with_suffix(".csv"))
    assert len(frame) == ROWS[name]
    markdown = [line for line in file.with_suffix(".md").read_text().splitlines() if line.startswith("|")]
    assert len(markdown) == 2 + len(frame)
    assert len({line.count("|") for line in markdown}) == 1
    latex = file.with_suffix(".tex").read_text()
    assert latex.count(r"\\") == 1 + len(frame)
    assert r"\toprule" in latex
    assert len(json.loads(file.with_suffix(".json").read_text())["rows"]) == len(frame)


def test_no_other_column_of_a_table_is_empty(smoke_results):
    """An empty column is a metric by a name that no run has; of one seed there is no spread and no interval."""
    may_be_empty = {"difference, hungarian", "difference, mutual", "difference, greedy"}
    for name in ROWS:
        frame = pd.read_csv(smoke_results / "results" / f"{name}.csv", keep_default_na=False, na_values=[""])
        empty = set(frame.columns[frame.isna().all()]) - may_be_empty
        assert not [column for column in empty if not column.endswith((" sd", " low", " high", " p"))], name


def test_every_point_of_the_grid_has_a_rival(smoke_results):
    frame = pd.read_csv(smoke_results / "results" / "M2.csv")
    assert frame["one projection, gap [%]"].notna().all()
    assert frame.groupby("problems").size().tolist() == [8, 8]
    assert (frame["tau"] - frame["T"] * frame["alpha"]).abs().max() < 1e-9


def test_differences_are_from_identity_on_the_same_problems(smoke_results):
    frame = restored_frame(pd.read_csv(smoke_results / "results" / "M1_association.csv"))
    assert set(frame["problems"]) == {"generated poses, default", "generated poses, hard"}
    has_none = frame["difference, hungarian"].isna()
    assert set(frame["solver"][has_none]) == {"the affinity itself"}
    assert (
        frame["difference, hungarian"][~has_none].str.fullmatch(r"[+-]\d+\.\d\d \[[+-]\d+\.\d\d, [+-]\d+\.\d\d\]").all()
    )


@pytest.mark.parametrize("name", ROWS)
def test_every_row_says_which_runs_and_commits_it_comes_from(name, smoke_results):
    rows = json.loads((smoke_results / "results" / f"{name}.json").read_text())["rows"]
    for row in rows:
        assert row["runs"] or name == "P1"  # published rows name their source
        for run in row["runs"]:
            result = json.loads((smoke_results / run["folder"] / "result.json").read_text())
            assert run["key"] == result["key"]
            assert run["seed"] == result["seed"]
            assert run["commit"] == result["commit"]


def test_every_figure_is_there_in_two_forms(smoke_results):
    names = {file.stem for file in (smoke_results / "results").glob("*.png")}
    assert names == {file.stem for file in (smoke_results / "results").glob("*.svg")}
    for data in ("generated_poses_default", "random_uniform_12x15"):
        assert {f"convergence_{data}", f"map_gap_{data}", f"map_violation_{data}"} <= names
    assert {
        "time",
        "learned_matching",
        "components",
        "oracles",
        "rotation",
        "failures_components_full_default",
    } <= names
    for name in names:
        with Image.open(smoke_results / "results" / f"{name}.png") as picture:
            assert min(picture.size) > 200
            assert picture.convert("L").getextrema() == (0, 255)
        root = ElementTree.parse(smoke_results / "results" / f"{name}.svg").getroot()
        assert root.tag.endswith("svg")
        assert "".join(root.itertext()).strip()


def test_every_answer_stands_beside_its_question(smoke_results):
    lines = (smoke_results / "results" / "answers.md").read_text().splitlines()
    answered = [line for line in lines if line]
    assert len(answered) > 8
    for line in answered:
        question, answer = line.removeprefix("**").split("** ", 1)
        assert question.endswith("?")
        assert answer.endswith(".")
        assert " nan" not in answer


def test_the_page_shows_every_table_figure_and_gallery_under_a_question(smoke_results):
    folder = smoke_results / "results"
    page = (folder / "index.html").read_text()
    assert "demonstration" in page
    assert "://" not in page.replace("http://www.w3.org", "")
    shown = set(re.findall(r'(?:src|href)="([^"#:]+)"', page))
    assert all((folder / name).is_file() for name in shown)
    made = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.suffix in (".png", ".csv")}
    assert {name for name in made if "/" not in name} <= shown
    assert len([name for name in shown if name.startswith("gallery/") and name.endswith(".html")]) == 5
    for table in ROWS:
        assert f"<b>{table}</b>" in page
    answers = [line for line in (folder / "answers.md").read_text().splitlines() if line]
    cards, _, questions = page.partition('<section class="answers"')[2].partition("<nav")
    assert cards.count('<article class="card">') == cards.count('<p class="answer">') == len(answers)
    assert questions.count("<article id=") > 10
    assert questions.count('<p class="answer">') == len(answers)


def test_what_an_experiment_does_not_time_is_not_timed(smoke_results):
    for file in (smoke_results / "runs").rglob("result.json"):
        result = json.loads(file.read_text())
        if result["experiment"] in ("solvers", "steps", "readings", "sizes"):
            assert ("time/forward_ms_per_image" in result["metrics"]) == (result["experiment"] == "solvers")


def test_every_run_is_whole_and_was_told(smoke_results):
    results = list((smoke_results / "runs").rglob("result.json"))
    assert len(results) == MATCHING_RUNS + 3 + (1 + 3 + 2) + 2
    for file in results:
        assert (file.parent / "config.yaml").is_file()
        assert is_finished(file.parent, json.loads(file.read_text())["key"])
    told = (smoke_results / "stdout.txt").read_text().splitlines()
    assert [line.split(":")[0] for line in told[:4]] == ["matching", "learned", "parsing", "rotation"]
    assert all("min if none is finished" in line for line in told[:4])
    assert told[4].startswith(f"matching: {MATCHING_RUNS} runs (0 adopted)")
    assert told[5].startswith("learned: 3 runs (0 adopted)")
    assert told[6].startswith("parsing: 6 runs (0 adopted)")
    assert told[7].startswith("rotation: 2 runs (0 adopted)")
    assert told[8:] == ["results/index.html"]
    assert not list(smoke_results.rglob("wandb"))


def test_an_installed_wheel_knows_no_commit(smoke_results):
    commits = {json.loads(file.read_text())["commit"] for file in (smoke_results / "runs").rglob("result.json")}
    assert commits == {"unknown"}


def test_finished_runs_are_adopted_and_a_killed_one_is_run_again_alone(smoke_results, tmp_path, mghp):
    """The checkout adopts what the wheel has made, whose experiments are the same."""
    folder = tmp_path / "again"
    shutil.copytree(smoke_results, folder)
    killed = next((folder / "runs" / "sizes").glob("2x3-*")) / "result.json"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}
    first = json.loads(killed.read_text())
    killed.unlink()
    process = mghp("reproduce", "--profile", "smoke", folder=folder)
    assert process.returncode == 0, process.stderr
    told = process.stdout.splitlines()
    assert told[4].startswith(f"matching: {MATCHING_RUNS} runs ({MATCHING_RUNS - 1} adopted)")
    assert told[5].startswith("learned: 3 runs (3 adopted)")
    assert told[6].startswith("parsing: 6 runs (6 adopted)")
    assert told[7].startswith("rotation: 2 runs (2 adopted)")
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}
    assert set(after) == set(before)
    assert {path for path in after if after[path] != before[path]} == {killed}
    again = json.loads(killed.read_text())
    assert again["metrics"] == first["metrics"]
    assert (again["commit"] == "unknown") == (git_commit()[0] == "unknown")
    for name in ROWS:
        files = [root / "results" / f"{name}.md" for root in (smoke_results, folder)]
        assert files[0].read_text() == files[1].read_text()
