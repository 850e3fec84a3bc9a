"""`mghp sweep` as its user meets it; trials are stubs."""

import collections
import json
import subprocess
import sys
from pathlib import Path

import optuna
import pandas as pd
import pytest
import yaml

from mghp.out_folder import LIST
from mghp.sweep.identity import without_env

STUB = Path(__file__).with_name("stub_trial.py")
EXPERIMENT = Path(__file__).parents[2] / "experiments" / "matcher" / "steps.yaml"
GRID = {"x": {"values": [0, 0.3, 1]}, "y": {"values": [-0.2, 1]}}


def folder_of(tmp_path, name="stub"):
    (folder,) = (tmp_path / "runs" / "sweeps").glob(f"{name}-*")
    return folder


def trials_of(tmp_path):
    return pd.read_csv(folder_of(tmp_path) / "trials.csv")


def test_a_grid_is_run_ranked_and_reported(sweep, sweep_yaml, tmp_path, journal):
    process = sweep(sweep_yaml(parameters=GRID), "--workers", 2)
    assert process.returncode == 0, process.stderr
    assert collections.Counter(what for what, _ in journal()) == {"begin": 6, "done": 6}
    trials = trials_of(tmp_path)
    assert list(trials["rank"]) == [1, 2, 3, 4, 5, 6]
    assert list(trials["loss"]) == pytest.approx(
        sorted((x - 0.3) ** 2 + (y + 0.2) ** 2 for x in (0, 0.3, 1) for y in (-0.2, 1))
    )
    assert (trials["s"] > 0).all()
    best = yaml.safe_load((folder_of(tmp_path) / "best.yaml").read_text())
    assert best["parameters"] == {"x": 0.3, "y": -0.2}
    assert best["command"].endswith("--x=0.3 --y=-0.2")
    for line in ("[6/6]", "best: /usr/bin/env", "6 trials started, 0 adopted"):
        assert line in process.stdout
    for name in ("parallel_coordinates", "effects"):
        for ending in ("png", "svg"):
            assert (folder_of(tmp_path) / f"{name}.{ending}").stat().st_size > 5000


def test_a_sweep_that_was_begun_is_only_gone_on_with_on_purpose(sweep, sweep_yaml, tmp_path, journal):
    file = sweep_yaml(parameters=GRID)
    assert sweep(file, "--max-runs", 2).returncode == 0
    again = sweep(file)
    assert again.returncode == 2
    assert "--resume goes on with it" in again.stderr
    resumed = sweep(file, "--resume")
    assert resumed.returncode == 0
    assert "4 trials started, 0 adopted" in resumed.stdout
    assert collections.Counter(what for what, _ in journal()) == {"begin": 6, "done": 6}


def test_a_report_of_a_sweep_replaces_nobody_s_files(sweep, sweep_yaml, tmp_path, journal):
    file = sweep_yaml()
    assert sweep(file).returncode == 0
    folder = folder_of(tmp_path)
    (folder / LIST).unlink()  # a sweep that was begun before there were lists
    assert sweep(file, "--resume").returncode == 0
    (folder / "trials.csv").write_text("mine")
    process = sweep(file, "--resume")
    assert process.returncode == 2
    assert "trials.csv: would be replaced, but mghp did not write it" in process.stderr
    assert (folder / "trials.csv").read_text() == "mine"


def test_a_failing_trial_is_recorded_with_its_log_and_stops_nothing(sweep, sweep_yaml, tmp_path, journal):
    file = sweep_yaml(parameters={"x": {"values": [0, 1, 2]}, "fail": {"values": [0, 1]}})
    process = sweep(file)
    # fail=0 comes first: something has succeeded before the failures.
    assert process.returncode == 1
    trials = trials_of(tmp_path)
    assert collections.Counter(trials["state"]) == {"done": 3, "failed": 3}
    assert set(trials["note"].dropna()) == {"exit status 3"}
    assert "the stub fails, as it was told" in process.stdout
    retried = sweep(file, "--resume", "--retry-failed", "--keep-going")
    assert retried.returncode == 1
    assert "3 trials started" in retried.stdout
    assert collections.Counter(trials_of(tmp_path)["state"]) == {"done": 3, "failed": 3}


def test_three_failures_at_the_start_end_a_sweep_unless_told_otherwise(sweep, sweep_yaml, tmp_path, journal):
    file = sweep_yaml(parameters={"x": {"values": [0, 1, 2, 3, 4]}, "fail": {"value": 1}})
    process = sweep(file)
    assert process.returncode == 1
    assert "the first 3 trials failed" in process.stdout
    assert len(journal()) == 3
    assert sweep(file, "--resume", "--keep-going").returncode == 1
    assert len(journal()) == 5


def test_a_command_without_result_and_one_without_the_metric_have_failed(sweep, sweep_yaml, tmp_path):
    silent = sweep(sweep_yaml("silent.yaml", command=["${env}", "true"]), "--keep-going")
    assert "ended without" in silent.stdout
    other = sweep(sweep_yaml("other.yaml", metric={"name": "accuracy"}))
    assert "metric accuracy is not in its result (loss)" in other.stdout
    assert (silent.returncode, other.returncode) == (1, 1)


FAULTS = {
    "method": {"method": "guess"},
    "metric": {"metric": None},
    "bounds": {"parameters": {"x": {"min": 2, "max": 1}}},
    "values": {"parameters": {"x": {"values": []}}},
    "command": {"command": ["${env}", "no-such-program", "${args}"]},
    "experiment": {"command": ["${env}", "mghp", "match", "none.yaml", "${args_no_hyphens}"]},
    "experiment of bayes": {
        "method": "bayes",
        "run_cap": 3,
        "parameters": {"seed": {"min": 0, "max": 9}},
        "command": ["${env}", "mghp", "match", "none.yaml", "${args_no_hyphens}"],
    },
    "key": {
        "parameters": {"sed": {"value": 1}},
        "command": ["${env}", "mghp", "match", str(EXPERIMENT), "${args_no_hyphens}"],
    },
    "end": {"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0}}},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_one_line_and_nothing_is_started(sweep, sweep_yaml, tmp_path, fault, journal):
    process = sweep(sweep_yaml(**FAULTS[fault]))
    assert process.returncode == 2
    assert process.stderr.count("\n") == 1
    assert process.stderr.startswith("mghp: ")
    assert "stub.yaml" in process.stderr
    assert not (tmp_path / "runs").exists()
    assert not journal()


def test_faulty_options_are_one_line(sweep, sweep_yaml, tmp_path):
    bayes = sweep_yaml("bayes.yaml", method="bayes", run_cap=4, parameters={"x": {"min": 0.0, "max": 1.0}})
    stopping = sweep_yaml("stopping.yaml", early_terminate={"type": "hyperband", "min_iter": 1})
    for file, *options in (
        (bayes, "--shard", "0/2"), (stopping, "--shard", "0/2"), (sweep_yaml(), "--shard", "2/2"),
        (sweep_yaml(), "--workers", "0"), (sweep_yaml(), "--ray", "127.0.0.1:1"), (sweep_yaml(), "--upload"),
    ):  # fmt: skip
        process = sweep(file, *options)
        assert process.returncode == 2, process.stdout
        assert process.stderr.count("\n") == 1, process.stderr


@pytest.mark.parametrize(
    ("option", "given", "expected"),
    [
        ("--workers", "100000", "--workers must be 1 to 1024, got 100000"),
        ("--workers", "0", "--workers must be at least 1, got 0 (1 to 1024)"),
        ("--max-runs", "2000000", "--max-runs must be 1 to 1000000, got 2000000"),
        ("--max-runs", "0", "--max-runs must be at least 1, got 0 (1 to 1000000)"),
        ("--seed", str(2**32), "--seed must be 0 to 4294967295, got 4294967296"),
        ("--seed", "-1", "--seed must not be negative, got -1 (0 to 4294967295)"),
        ("--cpus", "nan", "--cpus must be finite, got nan (0 to 10000)"),
        ("--gpus", "1e400", "--gpus must be finite, got inf"),
        ("--shard", f"0/{10**30}", "--shard: expected i/n"),
    ],
)
def test_a_number_that_no_machine_could_meet_is_refused(sweep, sweep_yaml, tmp_path, option, given, expected):
    process = sweep(sweep_yaml(), option, given)
    assert process.returncode == 2
    assert process.stderr.startswith(f"mghp: {expected}")
    assert process.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_what_the_environment_holds_reaches_a_trial_and_no_report(sweep, sweep_yaml, tmp_path, monkeypatch, journal):
    monkeypatch.setenv("SECRET", "in the clear")
    file = sweep_yaml()
    content = yaml.safe_load(file.read_text())
    content["command"].append("--note=${envvar:SECRET}")
    file.write_text(yaml.safe_dump(content))
    process = sweep(file)
    assert process.returncode == 0
    assert "best: " in process.stdout
    assert "${envvar:SECRET}" in process.stdout
    assert "in the clear" not in process.stdout
    told = [path for path in (tmp_path / "runs").rglob("*") if path.suffix in (".md", ".yaml", ".csv", ".db", ".tex")]
    assert {"best.yaml", "trials.md", "study.db"} <= {path.name for path in told}
    assert not [path for path in told if b"in the clear" in path.read_bytes()]


def test_two_supervisors_are_kept_apart(sweep, sweep_yaml, tmp_path):
    file = sweep_yaml(parameters={"x": {"value": 0}, "seconds": {"value": 8}})
    first = subprocess.Popen(
        [sys.executable, "-c", "from mghp.cli.main import main; main()", "sweep", str(file)],
        cwd=tmp_path, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert "running" in first.stdout.readline()
    second = sweep(file, "--resume")
    assert second.returncode == 2
    assert "another supervisor runs this sweep" in second.stderr
    assert "another supervisor runs this sweep" in sweep(file, "--upload").stderr
    first.terminate()
    first.wait()
    first.stdout.close()


def test_shards_share_the_trials_and_fill_one_table(sweep, sweep_yaml, tmp_path, journal):
    file = sweep_yaml(method="random", run_cap=5, parameters={"x": {"min": 0.0, "max": 1.0}})
    one = sweep(file, "--shard", "1/2")
    assert one.returncode == 0, one.stderr
    assert collections.Counter(trials_of(tmp_path)["state"]) == {"done": 2, "waiting": 3}
    sweep(file, "--shard", "0/2")
    trials = trials_of(tmp_path)
    assert collections.Counter(trials["state"]) == {"done": 5}
    assert sorted(trials["trial"]) == [0, 1, 2, 3, 4]
    assert collections.Counter(what for what, _ in journal()) == {"begin": 5, "done": 5}
    assert trials["loss"].is_monotonic_increasing
    # Without shards the same points are drawn, and all are adopted.
    whole = sweep(file)
    assert "0 trials started, 5 adopted" in whole.stdout


def test_points_that_are_one_run_are_run_once(sweep, sweep_yaml, journal):
    process = sweep(sweep_yaml(parameters={"x": {"values": [1, 1, 2]}}), "--workers", 3)
    assert process.returncode == 0
    assert "2 trials started, 1 adopted" in process.stdout
    assert collections.Counter(what for what, _ in journal()) == {"begin": 2, "done": 2}


def test_results_of_another_commit_are_shown_and_adopted_on_request_alone(sweep, sweep_yaml, tmp_path, journal):
    file = sweep_yaml(parameters={"x": {"values": [0, 1]}})
    sweep(file)

    def begin_anew_after(commit):
        for result in folder_of(tmp_path).glob("trials/*/result.json"):
            result.write_text(json.dumps({**json.loads(result.read_text()), "commit": commit}))
        (folder_of(tmp_path) / "study.db").unlink()

    begin_anew_after("0123456789abcdef")
    accepted = sweep(file, "--accept-old")
    assert "0 trials started, 2 adopted" in accepted.stdout
    assert set(trials_of(tmp_path)["note"]) == {"of commit 0123456789"}
    begin_anew_after("0123456789abcdef")
    refused = sweep(file)
    assert "2 trials started, 0 adopted" in refused.stdout
    assert "its result of commit 0123456789 is in" in refused.stdout
    assert len(list(folder_of(tmp_path).glob("replaced/*/result.json"))) == 2


def test_hyperband_stops_the_bad_trials(sweep, sweep_yaml, tmp_path, journal):
    curves = [0.1, 0.5, 0.9, 0.8, 0.05, 0.7]  # the level that each comes down to
    file = sweep_yaml(
        parameters={"curve": {"values": curves}, "steps": {"value": 9}, "seconds": {"value": 0}},
        early_terminate={"type": "hyperband", "min_iter": 2, "eta": 2},
    )
    process = sweep(file)
    assert process.returncode == 0, process.stdout
    trials = trials_of(tmp_path).set_index("curve")
    assert trials.loc[[0.1, 0.05], "state"].tolist() == ["done", "done"]
    assert trials.loc[[0.9, 0.8, 0.7], "state"].tolist() == ["stopped"] * 3
    assert trials["loss"].dropna().min() == pytest.approx(0.05 + 1 / 9)
    for row in trials.itertuples():
        result = json.loads((tmp_path / row[trials.columns.get_loc("run folder") + 1] / "result.json").read_text())
        assert result.get("stopped", False) == (row.state == "stopped")
    assert "stopped early" in process.stdout
    # What was stopped is not run again.
    assert "0 trials started" in sweep(file, "--resume").stdout


def test_the_nth_row_of_a_trial_is_its_nth_iteration(sweep, sweep_yaml, monkeypatch):
    """What decides about stopping is told each value with its number, from 1, as min_iter counts."""
    told = []
    monkeypatch.setattr(
        "mghp.sweep.study.Study.should_stop", lambda self, trial, iteration, value: told.append((iteration, value))
    )
    file = sweep_yaml(
        parameters={"curve": {"value": 0.5}, "steps": {"value": 5}, "seconds": {"value": 0}},
        early_terminate={"type": "hyperband", "min_iter": 2, "eta": 2},
    )
    assert sweep(file).returncode == 0
    assert told == [(step + 1, pytest.approx(0.5 + 1 / (step + 1))) for step in range(5)]


def test_a_trial_that_is_killed_again_and_again_has_failed_the_third_time(sweep, sweep_yaml, tmp_path):
    begun = tmp_path / "begun.txt"
    file = sweep_yaml(
        parameters={"x": {"value": 0}}, command=["${env}", "sh", "-c", f"echo begun >> {begun}; kill -9 $$", "${args}"]
    )
    process = sweep(file)
    assert process.returncode == 1
    assert begun.read_text().split() == ["begun"] * 3
    assert process.stdout.count("queued again") == 2
    assert set(trials_of(tmp_path)["note"]) == {"killed by signal 9, 3 times"}


def test_bayes_finds_a_planted_optimum_better_than_random(sweep_yaml, tmp_path):
    from mghp.sweep.study import Study, points_of
    from mghp.sweep.sweep_file import read_sweep

    ranges = {"x": {"min": -1.0, "max": 1.0}, "y": {"min": -1.0, "max": 1.0}}
    num_trials = 30
    best = {}
    for method in ("random", "bayes"):
        content = {"method": method, "run_cap": num_trials, "parameters": ranges}
        sweep_file = read_sweep(sweep_yaml(f"{method}.yaml", **content))
        for seed in range(5):
            points = points_of(sweep_file, None, seed)
            known = None if points is None else dict(enumerate(points))
            study = Study(tmp_path / f"{method}{seed}.db", sweep_file, known, seed)
            losses = []
            for trial in iter(study.ask, None):
                losses.append((trial.params["x"] - 0.3) ** 2 + (trial.params["y"] + 0.6) ** 2)
                study.complete(trial, losses[-1])
            assert len(losses) == num_trials
            best.setdefault(method, []).append(min(losses))
    assert sum(b < r for b, r in zip(best["bayes"], best["random"], strict=True)) >= 4
    assert sum(best["bayes"]) < 0.5 * sum(best["random"])


def test_our_own_runs_are_known_to_a_sweep_and_to_the_command_alike(mghp, sweep_yaml, tmp_path, checkout):
    tiny = {
        "data.generated_poses.num_images": {"value": 12}, "match.trace_problems": {"value": 0},
        "match.coupling_problems": {"value": 0}, "match.timing_repeats": {"value": 0},
        "wandb.mode": {"value": "offline"},
    }  # fmt: skip
    file = sweep_yaml(
        parameters={"matcher.pgd_dykstra.num_steps": {"values": [3, 4]}, **tiny},
        metric={"name": "matching/gap_mean"},
        command=[
            "${env}",
            "mghp",
            "match",
            str(checkout / "experiments" / "matcher" / "steps.yaml"),
            "${args_no_hyphens}",
        ],
    )
    path = {"PATH": f"{sys.prefix}/bin:/usr/bin:/bin"}
    settings = [f"{key}={form['value']}" for key, form in tiny.items()]
    alone = mghp(
        "match", checkout / "experiments" / "matcher" / "steps.yaml", "matcher.pgd_dykstra.num_steps=3", *settings,
        folder=tmp_path,
    )  # fmt: skip
    assert alone.returncode == 0, alone.stderr
    process = mghp("sweep", file, folder=tmp_path, **path)
    assert process.returncode == 0, process.stdout + process.stderr
    assert "1 trials started, 1 adopted" in process.stdout
    folders = set(trials_of(tmp_path)["run folder"])
    assert alone.stdout.strip() in folders
    assert all((tmp_path / folder / "result.json").is_file() for folder in folders)
    hints = mghp("sweep", file, "--upload", folder=tmp_path, **path)
    assert "# 2 finished trials" in hints.stdout
    assert hints.stdout.count("wandb/offline-run-") == 2


def test_a_study_is_plain_optuna(sweep, sweep_yaml, tmp_path):
    sweep(sweep_yaml(parameters=GRID))
    study = optuna.load_study(study_name="stub", storage=f"sqlite:///{folder_of(tmp_path) / 'study.db'}")
    assert len(study.trials) == 6
    assert study.best_value == pytest.approx(0)


def test_what_env_sets_is_no_program(sweep, sweep_yaml, tmp_path, journal):
    command = ["${env}", "STUB=1", "OTHER=a b", sys.executable, str(STUB), "${args}"]
    assert sweep(sweep_yaml(command=command)).returncode == 0
    assert len(journal()) == 4
    assert without_env(["/usr/bin/env", "A=1", "mghp", "match", "f", "k=v"]) == ["mghp", "match", "f", "k=v"]
