"""Every finished run that is committed is adopted by the command that made it: its key is what it was."""

import pytest
import yaml

from mghp.config.identity import config_key
from mghp.config.load import load_config_text
from mghp.reproduce.finished import COMMITTED
from mghp.reproduce.plan import make_plan
from mghp.reproduce.profiles import PROFILES
from mghp.runs.checkout import ROOT
from mghp.runs.places import read_file
from mghp.runs.read import find_runs

REAL_POSES = ROOT.parent / "shared" / "data" / "mhp_v2_poses" / "annotations_open.json"
BENCHES = {f"bench_{name}" for name in ("data", "inference", "learned", "memory", "parsing", "speed", "step")}
"""Committed, but run by no profile."""


@pytest.fixture(scope="module")
def adopted(tmp_path_factory):
    """What each trial of the standard profile adopts, with a file of poses; None for what it would run."""
    if not REAL_POSES.is_file():
        pytest.skip("the file of real poses is not beside the checkout")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("no_runs_of_ones_own"))
        patch.delenv("MGHP_RUN_DIR", raising=False)
        sections = make_plan(PROFILES["standard"], ["data.name=mhp_poses", f"data.annotations={REAL_POSES}"])
        trials = [trial for section in sections for trial in section.trials]
        return [(trial.label, trial.run().folder if trial.is_finished else None) for trial in trials]


def test_the_standard_profile_trains_nothing(adopted):
    assert [what for what, folder in adopted if folder is None] == []


def test_it_accounts_for_all_that_is_committed(adopted):
    committed = {run.path: run.experiment for run in find_runs([COMMITTED])}
    others = committed.keys() - {folder for _, folder in adopted}
    assert {committed[folder] for folder in others} == BENCHES
    assert len(committed) == 1250


# The key of the other two is of the path of a checkpoint on the machine that measured them.
@pytest.mark.parametrize("name", sorted(BENCHES - {"bench_speed", "bench_step"}))
def test_a_bench_keeps_its_key(name):
    (run,) = (run for run in find_runs([COMMITTED]) if run.experiment == name)
    written = yaml.safe_load(read_file(run.path / "config.yaml", "config"))
    del written["learned"]["learning_rates"]  # whose default has changed since
    assert config_key(load_config_text(yaml.safe_dump(written)), run.said("data_fingerprint")) == run.said("key")
