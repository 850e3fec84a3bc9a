import json

import pytest

from mghp.config.identity import config_key
from mghp.config.load import load_config
from mghp.reproduce import finished, fresh
from mghp.reproduce.finished import finished_run
from mghp.reproduce.fresh import into_fresh_folder, without_committed
from mghp.reproduce.jobs import Job, Part
from mghp.reproduce.plan import make_plan
from mghp.reproduce.profiles import PROFILES
from mghp.runs.folder import run_path


def test_everything_goes_to_a_folder_that_nothing_is_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert into_fresh_folder(["seed=1"]) == ["seed=1", "runs=runs-fresh-1"]
    (tmp_path / "runs-fresh-1").mkdir()
    assert into_fresh_folder([]) == ["runs=runs-fresh-2"]
    assert into_fresh_folder(["runs=mine"]) == ["runs=mine"]


def finish(folder, config, fingerprint):
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps({"key": config_key(config, fingerprint)}))
    return folder


def test_no_committed_run_stands_for_a_fresh_one(tmp_path, monkeypatch, checkout):
    for module in (finished, fresh):
        monkeypatch.setattr(module, "COMMITTED", tmp_path / "committed")
    config = load_config(
        checkout / "experiments/matcher/learned.yaml", [f"runs={tmp_path / 'runs'}", "variant=softmax"]
    )

    own = run_path(config, "data")
    job = Job(config, 1, lambda: finished_run(config, "data"), lambda progress: None)
    (part,) = without_committed([Part("learned", [job])])
    committed = finish(tmp_path / "committed" / "learned" / own.name, config, "data")
    assert job.finished() == committed
    assert part.jobs[0].finished() is None
    assert part.jobs[0].run is job.run
    finish(own, config, "data")
    assert part.jobs[0].finished() == own


@pytest.mark.parametrize("profile", ["smoke", "standard"])
def test_a_fresh_plan_has_every_job_to_do(profile, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = make_plan(PROFILES[profile], into_fresh_folder([]), "learned")
    jobs = [job for part in without_committed(plan) for job in part.jobs]
    assert {job.config.runs for job in jobs} == {"runs-fresh-1"}
    assert not [job for job in jobs if job.finished() is not None]
    assert not (tmp_path / "runs-fresh-1").exists()  # planning writes nothing
