import json
from dataclasses import replace

import pandas as pd
import pytest
import torch

import mghp.studies.speed.parsing
from mghp.parsing.matching_in_training import TrainingMatching
from mghp.runs.read import Run
from mghp.studies.speed.bench import Call
from mghp.studies.speed.parsing import MOMENTS, PARSING, WARM_UP, bench_parsing

STEPS = 3


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def measured(small_config, tmp_path_factory):
    """A bench of few steps; how often the matching ran, at which steps of the training."""
    config = small_config(
        f"runs={tmp_path_factory.mktemp('runs')}", f"bench.steps={STEPS}", "bench.pictures=2",
        "training.matching_every=2", "trainer.max_steps=100", experiment="bench",
    )  # fmt: skip
    steps = []
    forward = TrainingMatching.forward

    def counted(self, prediction, batch, targets, step, *share):
        steps.append(step)
        return forward(self, prediction, batch, targets, step, *share)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainingMatching, "forward", counted)
        folder = bench_parsing(Call(config, lambda *_: None))
    return folder, steps


def test_half_of_the_steps_match_at_each_moment_of_the_training(measured):
    _, steps = measured
    assert steps == [0] * (WARM_UP + STEPS) + [50] * (WARM_UP + STEPS) + [100] * (WARM_UP + STEPS)


def test_the_table_says_what_was_measured(measured):
    folder, _ = measured
    rows = pd.read_csv(folder / "ratios.csv")
    assert rows["moment"].tolist() == list(MOMENTS)
    assert (rows["added_on_average"] == rows["added"] / 2).all()
    assert json.loads((folder / "result.json").read_text())["metrics"]["render/pictures_a_second"] > 0
    table = PARSING.filled([Run(folder)])
    assert [row["training"] for row in table.rows] == list(MOMENTS)
    assert table.rows[0]["adds on average [%]"] == pytest.approx(50 * rows["added"][0])


def test_the_cost_is_the_median_of_the_pairs_ratios(small_config, monkeypatch):
    """On a clock by which a step takes 100 ms, and one with the matching 10 % more, and one in three is held up."""
    config = small_config(f"bench.steps={9}", "training.matching_every=2")
    module = mghp.studies.speed.parsing.stepped_module(config)[0]
    now, steps = [0.0], []

    def step(config, module, optimizer, batch, position):
        steps.append(module.matching is not None)
        held_up = 1.0 if len(steps) % 6 == 0 else 0.0
        now[0] += 0.1 * (1.1 if module.matching is not None else 1.0) + held_up

    monkeypatch.setattr(mghp.studies.speed.parsing, "training_step", step)
    monkeypatch.setattr("mghp.studies.speed.measure.time.perf_counter", lambda: now[0])
    row = mghp.studies.speed.parsing.matching_cost(config, module, [None], 0)
    assert steps[:4] == [True, False, False, True]
    assert row["added"] == pytest.approx(0.1)
    assert row["added_on_average"] == pytest.approx(0.05)
    assert module.matching is not None


def test_weights_of_a_checkpoint_are_taken(small_config, tmp_path):
    config = small_config()
    module = mghp.studies.speed.parsing.stepped_module(config)[0]
    with torch.no_grad():
        module.assembler.affinity.price.fill_(7.0)
    file = tmp_path / "last.ckpt"
    torch.save({"mghp_config": module.config_text, "state_dict": module.state_dict()}, file)
    again = replace(config, training=replace(config.training, continue_from=str(file)))
    assert mghp.studies.speed.parsing.stepped_module(again)[0].assembler.affinity.price.item() == 7.0
