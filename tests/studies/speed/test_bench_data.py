import pandas as pd
import pytest
import torch

from mghp.errors import InputError
from mghp.runs.read import Run
from mghp.studies.speed.bench import Call
from mghp.studies.speed.data import LOADING, TARGETS, bench_data
from mghp.studies.speed.step import PHASES, STEP, WITHIN, bench_step


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def loaded(small_config, tmp_path_factory):
    def load(name):
        config = small_config(
            f"runs={tmp_path_factory.mktemp('runs')}", "bench.steps=3", "bench.repeats=1", "bench.target_persons=[1,4]",
            experiment=name,
        )  # fmt: skip
        return Call(config, lambda *_: None)

    return load


@pytest.fixture(scope="module")
def of_data(loaded):
    return Run(bench_data(loaded("bench_data")))


@pytest.fixture(scope="module")
def of_step(loaded):
    return Run(bench_step(loaded("bench_step")))


def test_the_loader_is_held_against_the_training_of_the_same_run(of_data):
    (row,) = LOADING.filled([of_data]).rows
    rate, consumed = row["loader alone [batches/s]"], row["training [batches/s]"]
    assert row["loader, times the training"] == pytest.approx(rate / consumed)
    assert 0 <= row["waiting [%]"] < 100
    assert row["pictures per batch"] == 4


def test_targets_have_keypoints_in_proportion_to_persons_and_pixels_in_none(of_data):
    rows = pd.read_csv(of_data.path / "ratios.csv")
    assert rows["persons"].tolist() == [1, 4]
    assert rows["keypoints"].tolist() == [4 * 16, 4 * 4 * 16]
    assert rows["human_pixels"].max() < 1.2 * rows["human_pixels"].min()
    table = TARGETS.filled([of_data])
    assert table.rows[1]["times the first row"] == pytest.approx(rows["ms"][1] / rows["ms"][0])


def test_the_parts_of_a_step_add_up_to_it(of_step):
    rows = pd.read_csv(of_step.path / "ratios.csv").set_index("part")
    assert list(rows.index) == list(PHASES)
    outer = rows.drop(list(WITHIN))
    assert outer["share"].sum() == pytest.approx(1)
    assert (rows.drop("rest")["ms"] > 0).all()
    for inner, around in WITHIN.items():
        assert rows["ms"][inner] < rows["ms"][around]


def test_the_matching_s_share_is_of_steps_with_and_without_it(of_step):
    added = of_step.metric("matching/added") / of_step.metric("matching/every")
    table = STEP.filled([of_step])
    assert table.rows[-1]["share [%]"] == pytest.approx(100 * added / (1 + added))
    assert len(table.rows) == len(PHASES) + 1


def test_a_table_takes_the_runs_of_its_own_bench(of_data, of_step):
    filled = [table.name for table in (LOADING, TARGETS, STEP) if table.filled([of_data]).rows]
    assert filled == ["bench_data", "bench_targets"]
    assert STEP.filled([of_data, of_step]).sources == [[of_step]] * (len(PHASES) + 1)


def test_a_step_without_a_matching_loss_is_refused(loaded, monkeypatch):
    call = loaded("bench_step")
    monkeypatch.setattr(call.config.losses.weights, "matching", 0.0)
    with pytest.raises(InputError, match=r"losses\.weights\.matching"):
        bench_step(call)
