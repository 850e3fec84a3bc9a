import json
from dataclasses import replace
from pathlib import Path

import pytest

import mghp.reproduce.finished
from mghp.cli.sweep import Section
from mghp.config.identity import config_key
from mghp.config.load import load_config, variant_names
from mghp.config.training import LearnedMatchingConfig
from mghp.datasets.pictures import training_fingerprint, validation_fingerprint
from mghp.errors import InputError
from mghp.reproduce.finished import finished_run
from mghp.reproduce.plan import into_fresh_folder, make_plan
from mghp.reproduce.profiles import PROFILES
from mghp.reproduce.trials import trials_of
from mghp.runs.checkout import ROOT
from mghp.runs.folder import run_path


def section(name, profile="smoke", *overrides):
    (found,) = make_plan(PROFILES[profile], overrides, only=name)
    return found


def test_the_sections_are_those_of_the_command():
    assert section("rotation").name == "rotation"
    assert [named.name for named in make_plan(PROFILES["smoke"], [])] == [named.value for named in Section]


def test_the_control_and_generated_poses_are_run_beside_a_file_of_poses(tmp_path):
    """Both on what they are always run on, so that a file makes no run of them another."""
    file = tmp_path / "poses.json"
    joints = [f"joint {number}" for number in range(17)]
    persons = [
        {"image_id": 1, "keypoints": [5, 5, 2] * 17, "num_keypoints": 17, "category_id": 1, "id": person, "iscrowd": 0,
         "area": 9, "bbox": [0, 0, 9, 9]}
        for person in range(3)
    ]  # fmt: skip
    content = {
        "images": [{"id": 1, "width": 9, "height": 9}], "annotations": persons,
        "categories": [{"id": 1, "name": "person", "keypoints": joints, "skeleton": [[1, 2]]}],
    }  # fmt: skip
    file.write_text(json.dumps(content))
    one_seed = [replace(size, values={"seed": [0]}) for size in PROFILES["standard"].sections["learned"]]
    poses = ["data.name=mhp_poses", f"data.annotations={file}"]
    alone, given = ([trial.config for trial in trials_of(one_seed, more)] for more in ([], poses))
    made = {repr(config) for config in given if config.data.name == "generated_poses"}
    variants = variant_names(ROOT / "experiments" / "matcher" / "learned.yaml")
    of_control = [config for config in alone if config.learned.problems == "positive_control"]
    usual = LearnedMatchingConfig()
    plain = [config for config in alone if replace(config.learned, objective=usual.objective) == usual]
    assert [config.variant for config in plain] == variants
    assert made == {repr(config) for config in (*of_control, *plain)}
    assert len(given) == len(alone) + len(variants)
    assert len({repr(config) for config in alone}) == len(alone)


def test_no_run_stands_twice_in_a_plan():
    for name in ("learned", "parsing", "rotation"):
        configs = [trial.config for trial in section(name, "quick").trials]
        keys = [(config.experiment, config_key(config, config.data.name)) for config in configs]
        assert len(set(keys)) == len(keys)


def test_the_quick_profile_is_expected_to_take_at_most_twenty_minutes_with_its_report():
    assert sum(found.minutes for found in make_plan(PROFILES["quick"], [])) < 19


def test_each_section_takes_the_settings_that_concern_it():
    overrides = ["seed=3", "learned.hidden=8", "network.width=8", "data.poses.preset=easy"]
    plan = make_plan(PROFILES["smoke"], overrides)
    configs = {found.name: [trial.config for trial in found.trials] for found in plan}
    assert {config.seed for found in configs.values() for config in found} == {3}
    assert {config.learned.hidden for config in configs["learned"]} == {8}
    assert {config.learned.hidden for config in configs["parsing"]} == {32}
    assert {config.network.width for config in configs["parsing"]} == {8}
    assert {config.data.poses.preset for config in configs["learned"]} == {"easy"}
    assert {config.data.poses.preset for config in configs["rotation"]} == {"default"}


@pytest.mark.parametrize("only", [None, "parsing"])
def test_a_misspelt_setting_is_told_whatever_is_run(only):
    with pytest.raises(InputError, match="unknown key 'netwrk'"):
        make_plan(PROFILES["smoke"], ["netwrk.width=8"], only)


def test_a_setting_that_nothing_takes_is_told():
    with pytest.raises(InputError, match=r"^learned\.hidden=8: concerns nothing that is run here, rotation$"):
        make_plan(PROFILES["smoke"], ["learned.hidden=8"], "rotation")


def test_the_number_of_cases_is_of_the_gallery_alone():
    plain, asked = section("parsing"), section("parsing", "smoke", "evaluation.failure_cases=5")
    assert [config_key(trial.config, "data") for trial in asked.trials[:-2]] == [
        config_key(trial.config, "data") for trial in plain.trials[:-2]
    ]
    assert {trial.config.evaluation.failure_cases for trial in asked.trials[-2:]} == {5}


def test_a_missing_file_is_told_before_anything_runs(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.json"):
        make_plan(PROFILES["smoke"], ["data.name=mhp_poses", "data.annotations=nowhere.json"], "learned")


def test_finished_runs_are_found_in_the_user_s_folder_and_among_the_committed(tmp_path, monkeypatch, finish):
    monkeypatch.setattr(mghp.reproduce.finished, "COMMITTED", tmp_path / "committed")
    config = load_config(ROOT / "experiments/matcher/learned.yaml", [f"runs={tmp_path / 'runs'}", "variant=softmax"])
    own, key = run_path(config, "data"), config_key(config, "data")
    assert finished_run(config, "data") is None
    committed = tmp_path / "committed" / "learned" / own.name
    finish(committed, key)
    assert finished_run(config, "data") == committed
    assert finished_run(config, "other data") is None
    finish(own, key)
    assert finished_run(config, "data") == own
    (own / "result.json").write_text(json.dumps({"key": key, "stopped": True}))
    assert finished_run(config, "data") == committed
    (committed / "result.json").write_text(json.dumps({"key": "of another schema"}))
    assert finished_run(config, "data") is None


def failures(*overrides):
    """The trainings of the smoke profile and what looks for their failures, none of which has run."""
    trials = section("parsing", "smoke", *overrides).trials
    return trials[1:-2], trials[-2:]


def test_failures_are_looked_for_in_the_first_parser_and_its_rival(tmp_path):
    _, trials = failures(f"runs={tmp_path}")
    assert [trial.label for trial in trials] == [
        "components_failures full",
        "components_failures without_matching_loss",
    ]
    assert {trial.config.evaluation.failure_cases for trial in trials} == {PROFILES["smoke"].failures}
    assert trials[0].run() is None  # no training, no weights
    assert not trials[0].is_finished


def test_failures_are_known_by_the_weights_of_their_training(tmp_path, finish):
    trainings, trials = failures(f"runs={tmp_path}")
    training = trainings[0].run()
    weights = training.folder / "checkpoints" / "last.ckpt"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"some weights")
    assert trials[0].run() is None  # it has not finished
    finish(training.folder, training.key)
    found = trials[0].run()
    assert not trials[0].is_finished
    weights.write_bytes(b"other weights")
    _, (other, _) = failures(f"runs={tmp_path}")
    assert other.run().key != found.key
    weights.with_name("best.ckpt").write_bytes(b"the best weights")
    _, (best, _) = failures(f"runs={tmp_path}")
    assert best.run().key not in (found.key, other.run().key)
    weights.with_name("best.ckpt").unlink()
    finish(found.folder, found.key)
    assert trials[0].is_finished
    assert not other.is_finished


def test_failures_are_adopted_with_the_committed_training_they_are_of(tmp_path, monkeypatch, finish):
    committed = tmp_path / "committed"
    for module in ("finished", "kinds"):
        monkeypatch.setattr(f"mghp.reproduce.{module}.COMMITTED", committed)

    def found():
        trial = failures(f"runs={tmp_path / 'runs'}")[1][0]
        return trial.run().folder if trial.is_finished else None

    trainings, trials = failures(f"runs={tmp_path / 'runs'}")
    config = trials[0].config
    of_weights = f"{validation_fingerprint(config.data)} digest of the weights"
    folder = committed / "components_failures" / run_path(config, of_weights).name
    finish(folder, config_key(config, of_weights), data_fingerprint=of_weights)
    assert found() is None  # its training is not there
    training = trainings[0].config
    fingerprint = training_fingerprint(training.data)
    own = run_path(training, fingerprint)
    finish(committed / "components" / own.name, config_key(training, fingerprint))
    assert found() == folder
    finish(folder, "0" * 16, data_fingerprint=of_weights)  # other settings
    assert found() is None
    finish(folder, config_key(config, "other pictures"), data_fingerprint="other pictures")
    assert found() is None
    finish(folder, config_key(config, of_weights), data_fingerprint=of_weights, stopped=True)
    assert found() is None
    finish(folder, config_key(config, of_weights), data_fingerprint=of_weights)
    assert found() == folder
    finish(own, config_key(training, fingerprint))  # one's own, without its weights
    assert found() is None


def test_everything_fresh_goes_to_a_folder_that_nothing_is_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert into_fresh_folder(["seed=1"]) == ["seed=1", "runs=runs-fresh-1"]
    (tmp_path / "runs-fresh-1").mkdir()
    assert into_fresh_folder([]) == ["runs=runs-fresh-2"]
    assert into_fresh_folder(["runs=mine"]) == ["runs=mine"]


def test_no_committed_run_stands_for_a_fresh_one(tmp_path, monkeypatch, finish):
    monkeypatch.setattr(mghp.reproduce.finished, "COMMITTED", tmp_path / "committed")

    def first(adopts_committed):
        return make_plan(PROFILES["smoke"], [f"runs={tmp_path / 'runs'}"], "learned", adopts_committed)[0].trials[0]

    run = first(False).run()
    finish(tmp_path / "committed" / "learned" / run.folder.name, run.key)
    assert first(True).is_finished
    assert not first(False).is_finished
    finish(run.folder, run.key)
    assert first(False).is_finished


@pytest.mark.parametrize(("profile", "name"), [("smoke", "learned"), ("standard", "rotation")])
def test_a_fresh_plan_has_every_run_to_make(profile, name, tmp_path, monkeypatch):
    """Those of the standard profile, too, which are committed."""
    monkeypatch.chdir(tmp_path)
    (found,) = make_plan(PROFILES[profile], into_fresh_folder([]), name, adopts_committed=False)
    assert {trial.config.runs for trial in found.trials} == {"runs-fresh-1"}
    assert not [trial for trial in found.trials if trial.is_finished]
    assert not (tmp_path / "runs-fresh-1").exists()  # planning writes nothing


@pytest.mark.parametrize(
    ("file", "key", "begins"),
    [
        ("clear_matching", "network.weights", "clear_starts"),
        ("clear_readings", "training.continue_from", "clear_starts"),
        ("clear_matching_tuned", "training.continue_from", "clear_matching"),
    ],
)
def test_a_training_that_begins_from_another_waits_for_it(tmp_path, monkeypatch, finish, file, key, begins):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mghp.reproduce.finished, "COMMITTED", tmp_path / "committed")
    size = next(size for size in PROFILES["standard"].sections["parsing"] if size.file == f"sweeps/{file}.yaml")

    def first(overrides, adopts_committed=True):
        return trials_of([size], overrides, adopts_committed)[0]

    def start(trial):
        network, training = trial.config.network, trial.config.training
        return Path({"network.weights": network.weights, "training.continue_from": training.continue_from}[key])

    usual = first([])
    assert usual.run() is None
    assert start(usual).parts[:2] == ("runs", begins)
    start(usual).mkdir(parents=True)
    run = usual.run()
    assert run is not None
    start(usual).rmdir()
    finish(tmp_path / "committed" / file / run.folder.name, run.key)  # kept without what it began from
    assert first([]).is_finished

    fresh = first(["runs=fresh"], adopts_committed=False)
    assert start(fresh) == Path("fresh") / start(usual).relative_to("runs")
    assert fresh.run() is None
    start(fresh).mkdir(parents=True)
    assert not fresh.is_finished
    assert fresh.run().folder.parent == Path("fresh") / file
