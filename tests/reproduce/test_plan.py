import json
from dataclasses import replace

import pytest

import mghp.reproduce.finished
from mghp.cli.sweep import Part
from mghp.config.identity import config_key
from mghp.config.load import load_config, variant_names
from mghp.config.training import LearnedMatchingConfig
from mghp.datasets.pictures import training_fingerprint, validation_fingerprint
from mghp.errors import InputError
from mghp.reproduce.failure_jobs import failure_jobs
from mghp.reproduce.finished import finished_run
from mghp.reproduce.full import paper_experiments, refuse_incomplete
from mghp.reproduce.grid import grid_points
from mghp.reproduce.plan import make_plan
from mghp.reproduce.profiles import PROFILES, SweepSize
from mghp.reproduce.training_jobs import learned_jobs, parsing_jobs, sweep_configs
from mghp.runs.checkout import ROOT
from mghp.runs.folder import run_path


def part(name, profile="smoke", *overrides):
    (found,) = make_plan(PROFILES[profile], overrides, only=name)
    return found


def test_the_parts_are_those_of_the_command():
    assert part("rotation").name == "rotation"
    assert [named.name for named in make_plan(PROFILES["smoke"], [])] == [named.value for named in Part]


def test_the_standard_profile_runs_whole_sweeps():
    """Every trial of the sweep files, with the key that `mghp train` by hand would give it."""
    trials = sweep_configs(SweepSize("rotation.yaml"), [])
    by_hand = [
        load_config(
            ROOT / "experiments/parsing/ablation/rotation.yaml", [f"seed={seed}", f"data.augmentation.rotation={angle}"]
        )
        for angle in (0, 30, 90, 180)
        for seed in (0, 1, 2)
    ]
    assert {config_key(config, "data") for config in trials} == {config_key(config, "data") for config in by_hand}
    of_components = [point["variant"] for point in grid_points(ROOT / "sweeps" / "parsing.yaml", {})]
    assert set(of_components) == set(variant_names(ROOT / "experiments/parsing/ablation/components.yaml"))


def test_the_control_and_generated_poses_are_run_beside_a_file_of_poses(tmp_path):
    """Both on what they are always run on, so that a file makes no run of them another."""
    file = tmp_path / "poses.json"
    joints = [f"joint {number}" for number in range(17)]
    people = [
        {"image_id": 1, "keypoints": [5, 5, 2] * 17, "num_keypoints": 17, "category_id": 1, "id": person, "iscrowd": 0,
         "area": 9, "bbox": [0, 0, 9, 9]}
        for person in range(3)
    ]  # fmt: skip
    content = {
        "images": [{"id": 1, "width": 9, "height": 9}], "annotations": people,
        "categories": [{"id": 1, "name": "person", "keypoints": joints, "skeleton": [[1, 2]]}],
    }  # fmt: skip
    file.write_text(json.dumps(content))
    one_seed = [replace(size, values={"seed": [0]}) for size in PROFILES["standard"].learned]
    poses = ["data.name=mhp_poses", f"data.annotations={file}"]
    alone, given = ([job.config for job in learned_jobs(one_seed, more)] for more in ([], poses))
    made = {repr(config) for config in given if config.data.name == "generated_poses"}
    arms = variant_names(ROOT / "experiments" / "matcher" / "learned.yaml")
    of_control = [config for config in alone if config.learned.problems == "positive_control"]
    usual = LearnedMatchingConfig()
    plain = [config for config in alone if replace(config.learned, objective=usual.objective) == usual]
    assert [config.variant for config in plain] == arms
    assert made == {repr(config) for config in (*of_control, *plain)}
    assert len(given) == len(alone) + len(arms)
    assert len({repr(config) for config in alone}) == len(alone)


def test_no_run_stands_twice_in_a_plan():
    for name in ("learned", "parsing", "rotation"):
        found = part(name, "quick")
        keys = [(job.config.experiment, config_key(job.config, job.config.data.name)) for job in found.jobs]
        assert len(set(keys)) == len(keys)


def test_the_quick_profile_is_expected_to_take_at_most_twenty_minutes_with_its_report():
    assert sum(found.minutes for found in make_plan(PROFILES["quick"], [])) < 19


def test_each_part_takes_the_settings_that_concern_it():
    overrides = ["seed=3", "learned.hidden=8", "network.width=8", "data.poses.preset=easy"]
    configs = {found.name: [job.config for job in found.jobs] for found in make_plan(PROFILES["smoke"], overrides)}
    assert {config.seed for part in configs.values() for config in part} == {3}
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
    plain, asked = part("parsing"), part("parsing", "smoke", "evaluation.failure_cases=5")
    assert [config_key(job.config, "data") for job in asked.jobs[:-2]] == [
        config_key(job.config, "data") for job in plain.jobs[:-2]
    ]
    assert {job.config.evaluation.failure_cases for job in asked.jobs[-2:]} == {5}


def test_a_missing_file_is_told_before_anything_runs(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.json"):
        make_plan(PROFILES["smoke"], ["data.name=mhp_poses", "data.annotations=nowhere.json"], "learned")


def finish(folder, key, **others):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(json.dumps({"key": key, **others}))


def test_finished_runs_are_found_in_the_user_s_folder_and_among_the_committed(tmp_path, monkeypatch):
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


def test_failures_are_looked_for_in_the_first_parser_and_its_rival(tmp_path):
    trainings = parsing_jobs(PROFILES["smoke"].parsing, [f"runs={tmp_path}"])
    jobs = failure_jobs(trainings, "nearest_keypoint", 20)
    assert [(job.config.experiment, job.config.variant) for job in jobs] == [
        ("components_failures", "full"), ("components_failures", "nearest_keypoint")
    ]  # fmt: skip
    assert [job.config.variant for job in failure_jobs(trainings, "none such", 20)] == ["full"]
    assert jobs[0].finished() is None
    assert jobs[0].run(lambda *_: None) is None  # no training, no weights


def test_failures_are_adopted_with_the_committed_training_they_are_of(tmp_path, monkeypatch):
    committed = tmp_path / "committed"
    for module in ("finished", "failure_jobs"):
        monkeypatch.setattr(f"mghp.reproduce.{module}.COMMITTED", committed)
    trainings = parsing_jobs(PROFILES["smoke"].parsing, [f"runs={tmp_path / 'runs'}"])
    (job,) = failure_jobs(trainings[:1], "none such", 20)
    folder = committed / "components_failures" / "full-0"
    folder.mkdir(parents=True)
    of_weights = f"{validation_fingerprint(job.config.data)} digest of the weights"
    finish(folder, config_key(job.config, of_weights), data_fingerprint=of_weights)
    assert job.finished() is None  # its training is not there
    config = trainings[0].config
    fingerprint = training_fingerprint(config.data)
    own = run_path(config, fingerprint)
    finish(committed / "components" / own.name, config_key(config, fingerprint))
    assert job.finished() == folder
    finish(folder, "0" * 16, data_fingerprint=of_weights)  # other settings
    assert job.finished() is None
    finish(folder, config_key(job.config, "other pictures"), data_fingerprint="other pictures")
    assert job.finished() is None
    finish(folder, config_key(job.config, of_weights), data_fingerprint=of_weights, stopped=True)
    assert job.finished() is None
    finish(folder, config_key(job.config, of_weights), data_fingerprint=of_weights)
    assert job.finished() == folder
    finish(own, config_key(config, fingerprint))  # one's own, without its weights
    assert job.finished() is None


@pytest.mark.parametrize("override", ["experiment=foo", "trainer.max_steps=null", "trainer.max_steps=abc"])
def test_what_the_paper_s_scale_cannot_be_is_told_in_a_line(override):
    with pytest.raises(InputError, match=f"^{override.partition('=')[0]}="):
        paper_experiments([override])


def test_the_paper_s_scale_says_what_is_missing(tmp_path):
    experiments = paper_experiments([f"data.root={tmp_path}"])
    lines = [experiment.line() for experiment in experiments]
    for line, folder in zip(lines, ("LV-MHP-v2", "densepose_coco", "pascal_person_part"), strict=True):
        assert str(tmp_path / folder) in line
        assert "GPU" in line
        assert "hours" in line
    with pytest.raises(
        InputError, match=r"^--profile full cannot run, \d things are missing: mhp_v2: .*(train|val)\.txt"
    ):
        refuse_incomplete(experiments)
    refuse_incomplete([])
