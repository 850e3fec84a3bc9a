import json
import shutil
import subprocess
from xml.etree import ElementTree

import pandas as pd
import pytest
from PIL import Image

import mghp.experiments.reproduce
from mghp.config import config_key
from mghp.data.load import load_problems
from mghp.experiments.reproduce import ProblemCache, commits_of, run_bench, run_plan
from mghp.run_folder import is_finished, run_path

MATCHING_ROWS = {"M1": 26, "M1_association": 26, "M2": 16, "M2_sizes": 5, "M3": 26, "bench_matcher": 11}
PARSING_ROWS = {"scores": 1, "oracles": 6, "assembly": 10}
ROWS = MATCHING_ROWS | PARSING_ROWS


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
    """An empty column is a metric by a name that no run has."""
    may_be_empty = {"difference, hungarian", "difference, mutual", "difference, greedy"}
    for name in (*ROWS, "tags"):
        frame = pd.read_csv(smoke_results / "results" / f"{name}.csv", keep_default_na=False, na_values=[""])
        assert set(frame.columns[frame.isna().all()]) <= may_be_empty, name


def test_every_point_of_the_grid_has_a_rival(smoke_results):
    frame = pd.read_csv(smoke_results / "results" / "M2.csv")
    assert frame["one projection, gap [%]"].notna().all()
    assert frame.groupby("problems").size().tolist() == [8, 8]
    assert (frame["tau"] - frame["T"] * frame["alpha"]).abs().max() < 1e-9


def test_differences_are_from_identity_on_the_same_problems(smoke_results):
    frame = pd.read_csv(smoke_results / "results" / "M1_association.csv")
    assert set(frame["problems"]) == {"generated poses, default", "generated poses, hard"}
    has_none = frame["difference, hungarian"].isna()
    assert set(frame["solver"][has_none]) == {"identity"}
    assert (
        frame["difference, hungarian"][~has_none].str.fullmatch(r"[+-]\d+\.\d\d \[[+-]\d+\.\d\d, [+-]\d+\.\d\d\]").all()
    )


@pytest.mark.parametrize("name", ROWS)
def test_every_row_says_which_runs_and_commits_it_comes_from(name, smoke_results, checkout):
    rows = json.loads((smoke_results / "results" / f"{name}.json").read_text())["rows"]
    commits = set()
    for row in rows:
        assert row["runs"]
        for run in row["runs"]:
            result = json.loads((smoke_results / run["folder"] / "result.json").read_text())
            assert run["key"] == result["key"]
            assert run["seed"] == result["seed"]
            commits.add(run["commit"])
    for commit in commits - {"unknown"}:
        command = ["git", "-C", str(checkout), "cat-file", "-e", f"{commit}^{{commit}}"]
        assert subprocess.run(command).returncode == 0


def test_every_figure_is_there_in_two_forms(smoke_results):
    names = {file.stem for file in (smoke_results / "results").glob("*.png")}
    sheets = {f"synthetic_10min_evaluation_examples_{kind}" for kind in ("best", "typical", "worst")}
    assert sheets <= names
    assert names - sheets == {file.stem for file in (smoke_results / "results").glob("*.svg")}
    for data in ("generated_poses_default", "random_uniform_12x15"):
        assert {f"convergence_{data}", f"map_gap_{data}", f"map_violation_{data}"} <= names
    assert {"time", "training_synthetic_10min"} <= names
    for name in names:
        with Image.open(smoke_results / "results" / f"{name}.png") as picture:
            assert min(picture.size) > 300
            assert picture.convert("L").getextrema() == (0, 255)
        if name in sheets:
            continue
        root = ElementTree.parse(smoke_results / "results" / f"{name}.svg").getroot()
        assert root.tag.endswith("svg")
        assert "".join(root.itertext()).strip()


def test_findings_are_sentences(smoke_results):
    lines = (smoke_results / "results" / "readings.md").read_text().splitlines()
    assert len(lines) > 5
    for line in lines:
        assert line.startswith("* ")
        assert line.endswith(".")
        assert " nan" not in line


def test_what_an_experiment_does_not_time_is_not_timed(smoke_results):
    for file in (smoke_results / "runs").rglob("result.json"):
        result = json.loads(file.read_text())
        if result["experiment"] in ("solvers", "steps", "readings", "sizes"):
            assert ("time/forward_ms_per_image" in result["metrics"]) == (result["experiment"] == "solvers")


def test_every_run_is_whole_and_was_told(smoke_results):
    results = list((smoke_results / "runs").rglob("result.json"))
    assert len(results) == 26 + 32 + 26 + 5 + 1 + 3
    for file in results:
        assert (file.parent / "config.yaml").is_file()
        assert is_finished(file.parent, json.loads(file.read_text())["key"])
    told = (smoke_results / "stdout.txt").read_text().splitlines()
    assert told[0].startswith("matching: 89 runs (0 adopted)")
    assert told[1].startswith("parsing: 3 runs (0 adopted)")
    assert all((smoke_results / line).is_file() for line in told[2:])
    assert not list(smoke_results.rglob("wandb"))


def test_finished_runs_are_adopted_and_a_killed_one_is_run_again_alone(smoke_results, tmp_path, mghp):
    folder = tmp_path / "again"
    shutil.copytree(smoke_results, folder)
    killed = next((folder / "runs" / "sizes").glob("2x3-*")) / "result.json"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}
    metrics = json.loads(killed.read_text())["metrics"]
    killed.unlink()
    process = mghp("reproduce", "--profile", "smoke", folder=folder)
    assert process.returncode == 0, process.stderr
    told = process.stdout.splitlines()
    assert told[0].startswith("matching: 89 runs (88 adopted)")
    assert told[1].startswith("parsing: 3 runs (3 adopted)")
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("result.json")}
    assert set(after) == set(before)
    assert {path for path in after if after[path] != before[path]} == {killed}
    assert json.loads(killed.read_text())["metrics"] == metrics
    for name in ROWS:
        files = [root / "results" / f"{name}.md" for root in (smoke_results, folder)]
        assert files[0].read_text() == files[1].read_text()


# The parts, without a command.


@pytest.fixture
def configs(tiny_config, tmp_path):
    names = ("hungarian", "greedy", "identity")
    return [tiny_config(name, tmp_path / "runs", "match.timing_repeats=0") for name in names]


@pytest.fixture
def ran(monkeypatch):
    """The variants that were really run."""
    names = []
    run_match = mghp.experiments.reproduce.run_match

    def watch(config, problems):
        names.append(config.variant)
        return run_match(config, problems)

    monkeypatch.setattr(mghp.experiments.reproduce, "run_match", watch)
    return names


def nothing(*_):
    """No progress to show."""


def test_a_plan_runs_what_is_not_finished(configs, ran):
    folders, adopted = run_plan(configs[:2], nothing)
    assert (ran, adopted) == (["hungarian", "greedy"], 0)
    more, adopted = run_plan(configs, nothing)
    assert (ran, adopted) == (["hungarian", "greedy", "identity"], 2)
    assert more[:2] == folders
    assert [folder.name.split("-")[0] for folder in more] == ["hungarian", "greedy", "identity"]


def test_a_result_of_another_key_is_not_adopted(configs, ran):
    (folder,), _ = run_plan(configs[:1], nothing)
    result = json.loads((folder / "result.json").read_text())
    (folder / "result.json").write_text(json.dumps({**result, "key": "of an older schema"}))
    run_plan(configs[:1], nothing)
    assert ran == ["hungarian", "hungarian"]


def test_progress_is_told_before_each_run_and_at_the_end(configs, ran):
    told = []
    run_plan(configs, lambda *state: told.append((*state, len(ran))))
    assert told == [
        (0, 3, "solvers hungarian", 0), (1, 3, "solvers greedy", 1), (2, 3, "solvers identity", 2), (3, 3, "report", 3)
    ]  # fmt: skip


def test_runs_of_the_same_data_share_their_problems(configs, tiny_config, monkeypatch):
    loaded = []
    monkeypatch.setattr(
        mghp.experiments.reproduce, "load_problems", lambda data: loaded.append(data.seed) or load_problems(data)
    )
    cache = ProblemCache()
    sets = [cache.problem_set(config) for config in configs]
    assert sets[0] is sets[1] is sets[2]
    assert loaded == [0]
    other = cache.problem_set(tiny_config("greedy", "runs", "data.seed=1"))
    assert other is not sets[0]
    assert loaded == [0, 1]
    double = cache.problem_set(tiny_config("greedy", "runs", "match.dtype=float64"))
    assert double.batches[0].affinity.dtype.itemsize == 8


def test_a_finished_bench_is_not_measured_again(configs, monkeypatch):
    problems = load_problems(configs[0].data)
    folder = run_path(configs[0], problems.fingerprint)
    folder.mkdir(parents=True)
    key = config_key(configs[0], problems.fingerprint)
    (folder / "result.json").write_text(json.dumps({"key": key}))
    monkeypatch.setattr(mghp.experiments.reproduce, "bench_matcher", lambda *_: pytest.fail("measured again"))
    assert run_bench(configs[0], problems) == folder


def test_commits_are_read_from_results(tmp_path):
    for name, commit in (("a", "one"), ("b", "two"), ("c", "one")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(json.dumps({"commit": commit}))
    assert commits_of([tmp_path / name for name in "abc"]) == {"one", "two"}
