import json
from dataclasses import replace

import pytest

from mghp.config.data import AugmentationConfig, SyntheticConfig
from mghp.config.load import to_yaml
from mghp.config.schema import Config
from mghp.config.training import LearnedMatchingConfig
from mghp.errors import InputError
from mghp.reproduce.jobs import Job, Part, Remaining, run_part
from mghp.reproduce.run import committed_beside, reproduce


def job(tmp_path, name, ran, seconds=60.0):
    folder = tmp_path / name

    def run(progress):
        ran.append(name)
        progress(1, 4, "half-way")
        folder.mkdir()
        return folder

    return Job(Config(experiment=name), seconds, lambda: folder if folder.exists() else None, run)


def nothing(*_):
    """No progress to show."""


def test_what_is_finished_is_adopted_and_the_rest_is_run_in_order(tmp_path):
    ran = []
    part = Part("some", [job(tmp_path, name, ran) for name in "abc"])
    (tmp_path / "b").mkdir()
    done = run_part(part, Remaining([part]), nothing)
    assert ran == ["a", "c"]
    assert done.adopted == 1
    assert [folder.name for folder in done.folders] == ["a", "b", "c"]
    assert run_part(part, Remaining([part]), nothing).adopted == 3
    assert ran == ["a", "c"]


def test_an_interrupted_part_goes_on_where_it_stopped(tmp_path):
    ran = []
    jobs = [job(tmp_path, name, ran) for name in "abc"]

    def interrupt(progress):
        raise KeyboardInterrupt

    broken = [jobs[0], Job(jobs[1].config, 1, jobs[1].finished, interrupt), jobs[2]]
    with pytest.raises(KeyboardInterrupt):
        run_part(Part("some", broken), Remaining([]), nothing)
    run_part(Part("some", jobs), Remaining([]), nothing)
    assert ran == ["a", "b", "c"]


def test_progress_names_the_part_the_run_and_what_it_says_itself(tmp_path):
    told = []
    part = Part("some", [job(tmp_path, name, [], seconds=120) for name in "ab"])
    run_part(part, Remaining([part]), lambda *state: told.append(state))
    assert told[0] == (0, 2, "some 1/2: a, about 4 min left")
    assert told[1] == (1, 4, "a: half-way, about 4 min left")
    assert told[2][:2] == (1, 2)
    assert told[2][2].startswith("some 2/2: b, about ")


def test_the_time_left_follows_how_fast_this_machine_is(tmp_path):
    jobs = [job(tmp_path, name, [], seconds=100) for name in "abcd"]
    (tmp_path / "a").mkdir()
    remaining = Remaining([Part("some", jobs)])
    assert remaining.seconds == pytest.approx(300)  # what is finished already does not count
    remaining.finish(jobs[1], 320)  # with 120 s of trust: 440 s instead of 220
    assert remaining.seconds == pytest.approx(400)
    assert str(remaining) == "about 7 min left"
    remaining.begin()
    before = remaining.seconds
    assert remaining.seconds < before  # a running job's time passes


def test_a_job_that_was_asked_to_stop_ends_the_whole(tmp_path):
    ran = []
    jobs = [job(tmp_path, name, ran) for name in "ab"]

    def stopped(progress):
        folder = jobs[0].run(progress)
        (folder / "result.json").write_text('{"stopped": true}')
        return folder

    part = Part("some", [Job(jobs[0].config, 1, lambda: None, stopped), jobs[1]])
    with pytest.raises(InputError, match="a: was stopped before its end; the same command goes on"):
        run_part(part, Remaining([part]), nothing)
    assert ran == ["a"]


def test_what_cannot_be_made_is_left_out_and_told(tmp_path):
    jobs = [job(tmp_path, name, []) for name in "ab"]
    part = Part("some", [Job(jobs[0].config, 1, lambda: None, lambda progress: None), jobs[1]])
    done = run_part(part, Remaining([part]), nothing)
    assert done.left_out == ["a"]
    assert [folder.name for folder in done.folders] == ["b"]
    about = {"metrics": {}, "experiment": "b", "variant": "", "commit": "c"}
    (tmp_path / "b" / "result.json").write_text(json.dumps(about))
    told = []
    reproduce([part], nothing, told.append)
    assert told[-1] == "some: left out a, since its training was kept without weights"


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
