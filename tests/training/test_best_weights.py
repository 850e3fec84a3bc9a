"""The best weights of a training, and its end where nothing gets better."""

import json
import math
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from mghp.cli.main import app
from mghp.datasets.pictures import load_pictures
from mghp.errors import InputError
from mghp.evaluation.evaluate import load_trained, weights_hash
from mghp.evaluation.train import run_training
from mghp.parsing.checkpoint_places import checkpoint_of
from mghp.parsing.checkpoints import read_checkpoint
from mghp.runs.folder import has_ended
from mghp.training.callbacks import StopWhenAsked
from mghp.training.parsing_module import ParsingModule
from mghp.training.resume import interrupted_config

SETTINGS = (
    "trainer.max_steps=12", "trainer.val_check_interval=4", "trainer.limit_val_batches=1", "training.resume_every=3",
    "training.monitor=val/mean_iou", "metrics.scores=[mean_iou]",
)  # fmt: skip


def nothing(*_):
    """No progress to show."""


@pytest.fixture(scope="module")
def small(small_config, tmp_path_factory):
    """A config that monitors a score, with its pictures, below a folder of its own."""
    torch.set_num_threads(1)

    def make(*overrides):
        config = small_config(f"runs={tmp_path_factory.mktemp('runs')}", *SETTINGS, *overrides)
        return config, load_pictures(config.data, nothing)

    return make


@pytest.fixture
def scores(monkeypatch):
    """Makes the monitored score a function of the step, whatever is found."""

    def script(values):
        def log(self):
            self.log("val/mean_iou", values.get(self.trainer.global_step, 0.1))
            self.metrics.reset()

        monkeypatch.setattr(ParsingModule, "on_validation_epoch_end", log)

    return script


def train(made):
    config, pictures = made
    return run_training(config, *pictures)


def result(folder):
    return json.loads((folder / "result.json").read_text())


def best_of(folder):
    return read_checkpoint(folder / "checkpoints" / "best.ckpt")


def assert_equal(one, two):
    for name in ("best.ckpt", "last.ckpt"):
        first, second = (read_checkpoint(run / "checkpoints" / name) for run in (one, two))
        assert first["global_step"] == second["global_step"]
        assert first["callbacks"]["BestWeights"] == second["callbacks"]["BestWeights"]
        assert all(torch.equal(first["state_dict"][key], second["state_dict"][key]) for key in first["state_dict"])
    assert (one / "metrics.csv").read_bytes() == (two / "metrics.csv").read_bytes()


def test_the_best_weights_are_kept_and_the_result_is_theirs(small, scores):
    scores({4: 0.3, 8: 0.6})
    folder = train(small())
    metrics = result(folder)["metrics"]
    assert metrics["val/mean_iou"] == pytest.approx(0.6)
    assert (metrics["train/best_step"], metrics["train/steps"]) == (8, 12)
    best, last = best_of(folder), read_checkpoint(folder / "checkpoints" / "last.ckpt")
    assert best["global_step"] == 8
    assert best.keys() == last.keys()
    assert checkpoint_of(folder) == folder / "checkpoints" / "best.ckpt"


def test_the_last_weights_may_be_the_best_where_nothing_is_validated_before(small, scores):
    scores({12: 0.6})
    folder = train(small("trainer.val_check_interval=100"))
    assert best_of(folder)["global_step"] == result(folder)["metrics"]["train/best_step"] == 12
    weights = [read_checkpoint(folder / "checkpoints" / f"{name}.ckpt")["state_dict"] for name in ("best", "last")]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


@pytest.mark.parametrize("averaged", [(), ("training.ema_decay=0.9",)], ids=["plain", "averaged"])
def test_the_weights_that_were_validated_are_kept_and_evaluated_at_the_end(small, scores, monkeypatch, averaged):
    validated, evaluated = {}, []

    def state_of(module):
        return {name: value.clone() for name, value in module.state_dict().items()}

    def note(module, batch, index):
        validated.setdefault(module.trainer.global_step, state_of(module))

    def examine(folder, module, *_):
        evaluated.append(state_of(module))
        return {}, pd.DataFrame()

    scores({8: 0.6})
    monkeypatch.setattr(ParsingModule, "validation_step", note)
    monkeypatch.setattr("mghp.evaluation.train.examine_into", examine)
    folder = train(small(*averaged, "evaluation.at_end=true", "assembly.min_affinity=0"))
    name = "network.parts.output.weight"
    assert not torch.equal(validated[8][name], validated[12][name])
    for state in (best_of(folder)["state_dict"], *evaluated):
        assert all(torch.equal(state[name], value) for name, value in validated[8].items())
    assert len(evaluated) == 1


def test_an_evaluation_is_of_the_best_weights_and_says_so(small, scores, caplog):
    scores({4: 0.5})
    folder = train(small("trainer.max_steps=5"))
    _, _, _, fingerprint = load_trained(folder, [], nothing)
    assert fingerprint.endswith(weights_hash(folder / "checkpoints" / "best.ckpt"))
    assert f"{folder}: best.ckpt is used; last.ckpt has the last weights" in caplog.text


def test_a_training_ends_when_its_patience_is_over_and_has_then_finished(small, scores):
    scores({2: 0.3, 4: 0.5, 6: 0.4, 8: 0.5})
    folder = train(small("trainer.val_check_interval=2", "training.patience=2"))
    metrics = result(folder)["metrics"]
    assert (metrics["train/best_step"], metrics["train/steps"]) == (4, 8)
    assert "stopped" not in result(folder)
    assert has_ended(folder)
    assert not list(folder.glob("checkpoints/resume*"))


def test_patience_waits_for_the_least_length(small, scores):
    scores({2: 0.5, 8: 0.6, 10: 0.7})
    folder = train(small("trainer.val_check_interval=2", "training.patience=2", "trainer.min_steps=7"))
    assert result(folder)["metrics"]["train/steps"] == 12
    assert best_of(folder)["global_step"] == 10


def test_scores_that_are_no_numbers_are_never_the_best(small, scores, caplog):
    scores(dict.fromkeys((4, 8, 12), math.nan))
    folder = train(small())
    assert "no validation had a number for val/mean_iou: no best weights" in caplog.text
    assert "train/best_step" not in result(folder)["metrics"]
    assert checkpoint_of(folder) == folder / "checkpoints" / "last.ckpt"


def test_a_new_training_in_the_folder_of_another_has_no_best_weights_of_that(small, scores, monkeypatch, tmp_path):
    monkeypatch.setenv("MGHP_RUN_DIR", str(tmp_path / "run"))
    scores({4: 0.5})
    assert best_of(train(small("trainer.max_steps=4")))["global_step"] == 4
    folder = train(small("trainer.max_steps=2", "training.monitor=null"))
    assert [file.name for file in (folder / "checkpoints").iterdir() if "best" in file.name] == []


class CutOffError(Exception):
    """The power goes."""


@contextmanager
def at(step, happen):
    """Something happens in the middle of a step of the training within."""
    original = StopWhenAsked.on_train_batch_end

    def end(self, trainer, *arguments):
        if trainer.global_step == step:
            happen(self)
        original(self, trainer, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StopWhenAsked, "on_train_batch_end", end)
        yield


def cut_off(stop):
    raise CutOffError


def ask(stop):
    stop.asked = True


def gone_on(folder, made):
    return run_training(interrupted_config(folder), *made[1], interrupted=folder)


WAYS = {
    "the best is in the checkpoint": (7, {4: 0.5, 8: 0.3}, ()),
    "the best is newer than the checkpoint": (9, {4: 0.3, 8: 0.5}, ("training.resume_every=7",)),
    "the patience goes on": (9, {2: 0.5}, ("training.patience=4", "trainer.val_check_interval=2")),
    "weights are averaged": (7, {4: 0.5}, ("training.ema_decay=0.9",)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_resumed_training_ends_as_if_it_had_never_been_cut_off(small, scores, way):
    step, values, overrides = WAYS[way]
    scores(values)
    whole, made = train(small(*overrides)), small(*overrides)
    with at(step, cut_off), pytest.raises(CutOffError):
        train(made)
    (folder,) = (file.parent for file in Path(made[0].runs).rglob("config.yaml"))
    assert gone_on(folder, made) == folder
    assert_equal(whole, folder)
    one, two = (result(run)["metrics"] for run in (whole, folder))
    assert {key: one[key] for key in one if "time/" not in key} == {key: two[key] for key in two if "time/" not in key}


def test_the_validation_of_a_stopped_training_does_not_count(small, scores):
    """It is none that the whole training has; the best of those before is kept, and what is resumed ends as ever."""
    values = {4: 0.5, 7: 0.9, 8: 0.3}
    scores(values)
    whole, made = train(small()), small()
    with at(6, ask):  # ends one step later
        folder = train(made)
    stopped = result(folder)
    assert stopped["stopped"]
    assert stopped["metrics"]["train/steps"] == 7
    assert best_of(folder)["global_step"] == stopped["metrics"]["train/best_step"] == 4
    gone_on(folder, made)
    assert "stopped" not in result(folder)
    assert_equal(whole, folder)


@pytest.mark.parametrize("step", [6, 8], ids=["not due", "due"])
def test_a_training_stopped_where_a_checkpoint_is_due_ends_as_ever(small, scores, step):
    scores({4: 0.3, 6: 0.8, 8: 0.5})
    settings = f"training.resume_every={step // 2}"
    whole, made = train(small(settings)), small(settings)
    with at(step - 1, ask):  # ends one step later
        folder = train(made)
    assert result(folder)["metrics"]["train/steps"] == step
    gone_on(folder, made)
    assert_equal(whole, folder)


def test_lost_best_weights_of_a_resumed_training_are_told(small, scores, caplog):
    scores({4: 0.5, 8: 0.3})
    made = small()
    with at(7, ask):
        folder = train(made)
    (folder / "checkpoints" / "best.ckpt").unlink()
    gone_on(folder, made)
    assert "best.ckpt: no such file; the best weights from here on are kept" in caplog.text
    assert best_of(folder)["global_step"] == 8


def test_a_branch_has_a_best_of_its_own(small, scores, caplog):
    scores({4: 0.5, 8: 0.3})
    trunk = train(small("training.optimizer.schedule=linear_decay", "training.optimizer.decay_share=0.5"))
    point = trunk / "checkpoints" / "before_decay.ckpt"
    assert read_checkpoint(point)["callbacks"]["BestWeights"]["scores"]
    branch = train(small(f"training.continue_from={point}"))
    assert best_of(branch)["global_step"] == 8
    assert "best.ckpt" not in caplog.text


def test_a_score_that_is_none_is_told_before_anything_is_read_or_written(small, small_settings, checkout, monkeypatch):
    config, pictures = small("training.monitor=val/mean_iuo")
    with pytest.raises(InputError, match=r"did you mean 'val/mean_iou'\?"):
        run_training(config, *pictures)
    assert not list(Path(config.runs).iterdir())
    monkeypatch.setattr("mghp.datasets.pictures.load_pictures", None)
    arguments = ["train", str(checkout / "experiments" / "parsing" / "synthetic_10min.yaml"), *small_settings]
    with pytest.raises(InputError, match=r"did you mean 'val/mean_iou'\?"):
        CliRunner().invoke(app, [*arguments, "training.monitor=val/mean_iuo"], catch_exceptions=False)


def test_a_score_that_no_validation_has_is_one_line(small, monkeypatch):
    monkeypatch.setattr(ParsingModule, "on_validation_epoch_end", lambda self: self.log("val/other", 0.5))
    with pytest.raises(InputError, match=r"training\.monitor: no val/mean_iou in the validation, which has val/other"):
        train(small())
