import pandas as pd
import pytest

from mghp.runs.read import Run
from mghp.studies.speed.bench import Call
from mghp.studies.speed.faults import FAULTS, bench_faults

SHORT = (
    "trainer.max_steps=10", "trainer.val_check_interval=4", "trainer.limit_val_batches=1", "training.resume_every=2",
    "training.pictures=1", "data.loader.workers=1", "bench.kills=3",
    "seed=709",  # its three moments fall into one training: at 53, 27 and 25 % of what a whole one takes
)  # fmt: skip


@pytest.fixture(scope="module")
def run(small_config, tmp_path_factory):
    config = small_config(f"runs={tmp_path_factory.mktemp('runs')}", *SHORT, experiment="bench_faults")
    return Run(bench_faults(Call(config, lambda *_: None)))


def test_a_training_killed_three_times_and_gone_on_with_is_the_one_that_never_was(run):
    kills = pd.read_csv(run.path / "faults.csv")
    assert len(kills) == 3
    for what in ("weights", "metrics.csv", "scores", "pictures"):
        assert kills[f"{what} equal"].all(), kills.to_string()


def test_the_kills_fell_into_the_trainings(run):
    """Each after a time of its own, and before the last step was kept."""
    kills = pd.read_csv(run.path / "faults.csv")
    assert kills["killed after [s]"].nunique() > 1
    assert kills["killed after [s]"].between(0, run.result["metrics"]["seconds"]).all()
    assert (kills["goes on from"] < 10).all()


def test_the_table_says_yes_and_no(run):
    text = FAULTS.filled([run]).markdown()
    assert text.count("| yes | yes | yes | yes |") == 3
