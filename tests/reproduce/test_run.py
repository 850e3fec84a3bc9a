import json
from dataclasses import replace

import pytest

from mghp.config.data import AugmentationConfig, SyntheticConfig
from mghp.config.load import to_yaml
from mghp.config.schema import Config
from mghp.config.training import LearnedMatchingConfig
from mghp.errors import InputError
from mghp.reproduce.run import committed_beside, reproduce
from mghp.reproduce.trials import Section


def nothing(*_):
    """No progress to show."""


def run(*trials, progress=nothing):
    """What is told at the end of a section, and its run folders."""
    told = []
    folders = reproduce([Section("some", list(trials))], progress, told.append)
    return told[1:], folders


def names(folders):
    return [folder.parent.name for folder in folders]


def finish_trial(trial, finish):
    return finish(trial.run().folder, trial.run().key)


def test_what_is_finished_is_adopted_and_the_rest_is_run_in_order(trial, finish):
    ran = []
    trials = [trial(name, ran) for name in "abc"]
    finish_trial(trials[1], finish)
    told, folders = run(*trials)
    assert ran == ["a", "c"]
    assert told == ["some: 3 runs (1 adopted), commits c"]
    assert names(folders) == ["a", "b", "c"]
    assert run(*trials)[0] == ["some: 3 runs (3 adopted), commits c"]
    assert ran == ["a", "c"]


def test_a_run_of_other_settings_in_the_place_of_one_is_not_adopted(trial, finish):
    ran = []
    planted = trial("a", ran)
    finish(planted.run().folder, "another key")
    assert run(planted)[0] == ["some: 1 runs (0 adopted), commits c"]


def test_an_interrupted_section_goes_on_where_it_stopped(trial):
    ran = []

    def interrupt(config, progress):
        raise KeyboardInterrupt

    first, last = trial("a", ran), trial("c", ran)
    with pytest.raises(KeyboardInterrupt):
        run(first, trial("b", ran, make=interrupt), last)
    told, _ = run(first, trial("b", ran), last)
    assert ran == ["a", "b", "c"]
    assert told == ["some: 3 runs (1 adopted), commits c"]


def test_progress_names_the_section_the_run_and_what_it_says_itself(trial):
    told = []
    run(*(trial(name, [], seconds=120) for name in "ab"), progress=lambda *state: told.append(state))
    assert told[0] == (0, 2, "some 1/2: a, about 4 min left")
    assert told[1] == (1, 4, "a: half-way, about 4 min left")
    assert told[2][:2] == (1, 2)
    assert told[2][2].startswith("some 2/2: b, about ")


def test_what_is_adopted_is_no_time_left(trial, finish):
    told = []
    trials = [trial(name, [], seconds=600) for name in "ab"]
    finish_trial(trials[0], finish)
    run(*trials, progress=lambda *state: told.append(state))
    assert told[0] == (0, 2, "some 1/2: a, about 10 min left")


def test_a_run_that_was_asked_to_stop_ends_the_whole(trial):
    ran = []
    with pytest.raises(InputError, match=r"a/.*: was stopped before its end; the same command goes on with it"):
        run(trial("a", ran, stopped=True), trial("b", ran))
    assert ran == ["a"]


def test_a_run_that_leaves_another_result_than_its_own_ends_the_whole(trial, tmp_path):
    with pytest.raises(InputError, match=r"ended without .*result\.json"):
        run(trial("a", [], make=lambda config, progress: tmp_path))


def test_what_cannot_be_made_is_left_out_and_told(trial):
    told, folders = run(trial("a", [], fingerprint=None), trial("b", []))
    assert told == [
        "some: 1 runs (0 adopted), commits c", "some: left out a, since its training was kept without weights"
    ]  # fmt: skip
    assert names(folders) == ["b"]


def test_a_run_without_metrics_is_no_failure(trial):
    """Nothing is searched for: what a sweep would rank by may be missing, or no number."""
    told, _ = run(*(trial(name, [], metrics={"some": float("nan")}) for name in "abcd"))
    assert told == ["some: 4 runs (0 adopted), commits c"]


def made(folder, name, config):
    (folder / name).mkdir(parents=True)
    result = {"metrics": {}, "experiment": config.experiment, "variant": config.variant, "seed": config.seed}
    (folder / name / "result.json").write_text(json.dumps(result))
    (folder / name / "config.yaml").write_text(to_yaml(config))
    return folder / name


def test_committed_runs_stand_beside_one_s_own_but_never_replace_them(tmp_path, monkeypatch):
    committed = tmp_path / "committed"
    monkeypatch.setattr("mghp.reproduce.run.COMMITTED", committed)
    parser, learned = Config(experiment="rotation"), Config(experiment="learned", variant="softmax")
    control = replace(learned, learned=LearnedMatchingConfig(problems="positive_control"))
    own = [made(tmp_path, "own parser", parser), made(tmp_path, "own control", control)]
    few = replace(parser.data, synthetic=SyntheticConfig(num_train=10))
    rotated = replace(parser.data, augmentation=AugmentationConfig(rotation=90))
    real = replace(learned.data, name="mhp_poses", annotations="poses.json")
    made(committed, "same", replace(parser, data=few))
    made(committed, "same control", replace(control, data=replace(control.data, max_images=20)))
    made(committed, "seed", replace(parser, seed=1))
    made(committed, "angle", replace(parser, data=rotated))
    made(committed, "poses", replace(learned, data=real))
    found = {run.path.name for run in committed_beside(own)}
    assert found == {"own parser", "own control", "seed", "angle", "poses"}
