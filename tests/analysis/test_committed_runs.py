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

PHOTOGRAPHS = {"coco_persons_network", "coco_persons_start", "photographs_shipped_evaluation"}
"""Likewise: their pictures are no part of the project."""


POSES = {
    "real poses": ["data.name=mhp_poses", f"data.annotations={REAL_POSES}"],
    "generated poses": [],
}
"""What the standard profile is given: a file of poses, or none."""


@pytest.fixture(scope="module", params=POSES)
def adopted(request, tmp_path_factory):
    """What each trial of the standard profile adopts; None for what it would run."""
    if request.param == "real poses" and not REAL_POSES.is_file():
        pytest.skip("the file of real poses is not beside the checkout")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("no_runs_of_ones_own"))
        patch.delenv("MGHP_RUN_DIR", raising=False)
        sections = make_plan(PROFILES["standard"], POSES[request.param])
        trials = [trial for section in sections for trial in section.trials]
        return [(trial.label, trial.run().folder if trial.is_finished else None) for trial in trials]


def test_the_standard_profile_trains_nothing_with_a_file_of_poses_and_without(adopted):
    assert [what for what, folder in adopted if folder is None] == []


@pytest.fixture(scope="module")
def committed():
    return find_runs([COMMITTED])


def test_what_it_leaves_is_of_benches_and_of_other_poses(adopted, committed):
    folders = {folder for _, folder in adopted}
    others = {run.experiment for run in committed if run.path not in folders}
    assert others == BENCHES | PHOTOGRAPHS | {"bench_matcher", "learned", "readings", "solvers", "steps"}
    assert len(committed) == 1264


# The key of the other two is of the path of a checkpoint on the machine that measured them.
@pytest.mark.parametrize("name", sorted(BENCHES - {"bench_speed", "bench_step"}))
def test_a_bench_keeps_its_key(name, committed):
    (run,) = (run for run in committed if run.experiment == name)
    written = yaml.safe_load(read_file(run.path / "config.yaml", "config"))
    del written["learned"]["learning_rates"]  # whose default has changed since
    assert config_key(load_config_text(yaml.safe_dump(written)), run.said("data_fingerprint")) == run.said("key")
