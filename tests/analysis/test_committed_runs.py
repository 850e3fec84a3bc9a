"""Every finished run that is committed is adopted by the command that made it: its key is what it was."""

from dataclasses import replace
from functools import cache

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
BENCHES = {
    f"bench_{name}"
    for name in (
        "data",
        "gradients",
        "inference",
        "learned",
        "memory",
        "parsing",
        "peers",
        "projection",
        "speed",
        "step",
    )
}
"""Committed, but run by no profile."""

PHOTOGRAPHS = {
    "ccp_finetuning", "coco_persons", "coco_persons_network", "coco_persons_predictions", "coco_persons_start",
    "coco_persons_weights", "photographs_failures", "photographs_shipped_evaluation", "shipped_top_down_evaluation",
    "shipped_turned_evaluation",
}  # fmt: skip
"""Likewise: their pictures are no part of the project."""


POSES = {
    "real poses": ("data.name=mhp_poses", f"data.annotations={REAL_POSES}"),
    "generated poses": (),
}
"""What the standard profile is given: a file of poses, or none."""

OF_POSES = ("matching", "learned")
"""The sections that poses reach, but for the sizes that they are withheld from."""


@pytest.fixture(scope="module")
def adopted_by(tmp_path_factory):
    """Tells of each trial of some sizes of the standard profile what it adopts, None for what it would run."""
    folder = tmp_path_factory.mktemp("no_runs_of_ones_own")

    @cache
    def adopted(takes_poses, overrides, *sections):
        profile = PROFILES["standard"]
        sizes = {
            name: [size for size in of_section if (name in OF_POSES and not size.withheld) == takes_poses]
            for name, of_section in profile.sections.items()
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            patch.delenv("MGHP_RUN_DIR", raising=False)
            plans = [make_plan(replace(profile, sections=sizes), overrides, only=name) for name in sections]
            trials = [trial for (section,) in plans for trial in section.trials]
            return [(trial, trial.run().folder if trial.is_finished else None) for trial in trials]

    return adopted


def adopted_with(adopted_by, poses):
    """All trials of the standard profile; those that poses do not reach are looked for once."""
    return adopted_by(False, (), *PROFILES["standard"].sections) + adopted_by(True, poses, *OF_POSES)


@pytest.fixture(scope="module", params=POSES)
def adopted(request, adopted_by):
    if request.param == "real poses" and not REAL_POSES.is_file():
        pytest.skip("the file of real poses is not beside the checkout")
    return adopted_with(adopted_by, POSES[request.param])


def test_the_standard_profile_trains_nothing_with_a_file_of_poses_and_without(adopted):
    assert [trial.label for trial, folder in adopted if folder is None] == []


def test_the_page_says_how_long_the_standard_profile_takes(adopted_by):
    once = {repr(trial.config): trial.seconds for trial, _ in adopted_with(adopted_by, ())}  # sweeps share runs
    hours = sum(once.values()) / 3600
    page = (ROOT / "docs" / "how-to" / "paper-scale.md").read_text()
    assert f"about {hours:.0f} hours on two cores" in page


@pytest.fixture(scope="module")
def committed():
    return find_runs([COMMITTED])


def test_what_it_leaves_is_of_benches_and_of_other_poses(adopted, committed):
    folders = {folder for _, folder in adopted}
    others = {run.experiment for run in committed if run.path not in folders}
    assert others == BENCHES | PHOTOGRAPHS | {"bench_matcher", "learned", "readings", "scale", "solvers", "steps"}
    assert len(committed) == 1858


# Keys of others are of the path of a checkpoint where they were measured, or of no file.
@pytest.mark.parametrize("name", sorted(BENCHES - {"bench_projection", "bench_speed", "bench_step"}))
def test_a_bench_keeps_its_key(name, committed):
    runs = [run for run in committed if run.experiment == name]
    assert runs
    for run in runs:
        written = yaml.safe_load(read_file(run.path / "config.yaml", "config"))
        del written["learned"]["learning_rates"]  # whose default has changed since
        assert config_key(load_config_text(yaml.safe_dump(written)), run.said("data_fingerprint")) == run.said("key")
