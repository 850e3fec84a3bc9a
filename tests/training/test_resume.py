"""Trainings that are cut off and gone on with. Real kills: tests/bench/test_bench_faults.py."""

import json
import math
import shutil
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from mghp.cli.main import app
from mghp.datasets.pictures import load_pictures
from mghp.errors import InputError
from mghp.evaluation.train import run_training
from mghp.parsing.checkpoints import read_checkpoint
from mghp.parsing.losses.objective import ParsingObjective
from mghp.runs.folder import resume_points
from mghp.training.callbacks import SeedEveryBatch
from mghp.training.checkpoint_files import CheckpointFiles
from mghp.training.resume import interrupted_config, point_to_resume

SETTINGS = (
    "trainer.max_steps=12", "trainer.val_check_interval=5", "trainer.limit_val_batches=1", "training.resume_every=3",
)  # fmt: skip


class CutOffError(Exception):
    """The power goes."""


@pytest.fixture(scope="module")
def small(small_config, tmp_path_factory):
    """A config, with its pictures, below a folder of its own."""
    torch.set_num_threads(1)

    def make(*overrides):
        config = small_config(f"runs={tmp_path_factory.mktemp('runs')}", *SETTINGS, *overrides)
        return config, load_pictures(config.data, lambda *_: None)

    return make


@contextmanager
def power_goes_in(step):
    """The training within ends in the middle of a step, without a result."""

    def end(self, trainer, *_):
        if trainer.global_step == step:
            raise CutOffError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SeedEveryBatch, "on_train_batch_end", end)
        with pytest.raises(CutOffError):
            yield


def cut_off(config, pictures, step):
    """The folder of a training that was."""
    with power_goes_in(step):
        run_training(config, *pictures)
    (folder,) = (file.parent for file in Path(config.runs).rglob("config.yaml"))
    return folder


@pytest.fixture(scope="module")
def whole(small):
    """A training that nothing happened to."""
    config, pictures = small()
    return run_training(config, *pictures)


@pytest.fixture(scope="module")
def interrupted(small):
    """The same one, cut off in step 8, after checkpoints at 3 and 6. To be copied."""
    return cut_off(*small(), step=8)


@pytest.fixture
def copied(interrupted, tmp_path):
    return shutil.copytree(interrupted, tmp_path / "run")


def weights(folder):
    return read_checkpoint(folder / "checkpoints" / "last.ckpt")["state_dict"]


def gone_on(run, pictures):
    return run_training(interrupted_config(run), *pictures, interrupted=run)


def assert_equal(one, two):
    first, second = weights(one), weights(two)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert (one / "metrics.csv").read_bytes() == (two / "metrics.csv").read_bytes()


def test_it_ends_as_if_it_had_never_been_cut_off(small, whole, copied):
    assert gone_on(copied, small()[1]) == copied
    assert_equal(whole, copied)
    result = json.loads((copied / "result.json").read_text())
    assert result["metrics"]["train/steps"] == 12
    assert result["resumed"]
    assert "resumed" not in json.loads((whole / "result.json").read_text())
    assert not list((copied / "checkpoints").glob("resume*"))


EPOCH = 6  # steps: 24 pictures in batches of 4


@pytest.mark.parametrize("last", [EPOCH - 1, EPOCH, EPOCH + 1])
def test_so_it_does_from_the_end_of_an_epoch_and_the_steps_beside_it(small, whole, last):
    config, pictures = small("training.resume_every=1")
    run = cut_off(config, pictures, step=last + 1)
    assert read_checkpoint(run / "checkpoints" / "resume.ckpt")["global_step"] == last
    gone_on(run, pictures)
    assert_equal(whole, run)


@pytest.mark.parametrize(
    ("overrides", "begins"),
    [
        (["trainer.max_steps=8"], EPOCH - 1),
        (["trainer.max_steps=10"], EPOCH),
        (["trainer.max_steps=12"], EPOCH + 1),
        (["trainer.max_steps=10", "trainer.limit_train_batches=3"], 2 * 3),
    ],
)
def test_a_branch_from_the_end_of_an_epoch_sees_the_batches_that_its_trunk_saw(small, overrides, begins):
    """The checkpoint before the decay is written before the epoch is counted as over."""
    config, pictures = small(*overrides)
    trunk = run_training(config, *pictures)
    point = trunk / "checkpoints" / "before_decay.ckpt"
    assert read_checkpoint(point)["global_step"] == begins
    config, pictures = small(*overrides, f"training.continue_from={point}")
    first, second = weights(trunk), weights(run_training(config, *pictures))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    "overrides",
    [
        ("training.ema_decay=0.9",),
        ("trainer.accumulate_grad_batches=2", "data.loader.batch_size=2"),
        # A checkpoint is due where an epoch ends with a validation: after the first step of the next, not within it.
        (
            "trainer.accumulate_grad_batches=2",
            "data.loader.batch_size=2",
            "trainer.val_check_interval=12",
            "training.resume_every=6",
            "trainer.max_steps=9",
        ),
        ("trainer.check_val_every_n_epoch=1", "trainer.val_check_interval=1.0", "trainer.limit_train_batches=4"),
        ("matcher.name=perturbed", "losses.weights.matching=1", "training.matching_every=1", "training.ema_decay=0.9"),
    ],
)
def test_so_do_averaged_weights_steps_of_several_batches_validation_by_epochs_and_perturbed_matchings(small, overrides):
    config, pictures = small(*overrides)
    run = cut_off(config, pictures, step=8)  # in the second epoch
    gone_on(run, pictures)
    config, pictures = small(*overrides)
    assert_equal(run_training(config, *pictures), run)


def test_steps_skipped_before_and_after_are_counted_together(small, monkeypatch):
    objective, calls = ParsingObjective.__call__, iter(range(100))

    def spoilt(self, *arguments):
        losses = objective(self, *arguments)
        return losses | {"heatmaps": losses["heatmaps"] * math.nan} if next(calls) in (1, 9) else losses

    monkeypatch.setattr(ParsingObjective, "__call__", spoilt)
    config, pictures = small("training.on_non_finite=skip")
    run = cut_off(config, pictures, step=8)  # the second step before the checkpoint of step 6, and the second after it
    gone_on(run, pictures)
    assert json.loads((run / "result.json").read_text())["metrics"]["train/skipped_steps"] == 2


def test_a_checkpoint_cut_short_is_told_and_the_one_before_it_used(small, whole, copied, caplog):
    last = copied / "checkpoints" / "resume.ckpt"
    last.write_bytes(last.read_bytes()[:5000])
    gone_on(copied, small()[1])
    assert "resume.ckpt: no readable checkpoint" in caplog.text
    assert "the checkpoint before it is used" in caplog.text
    assert_equal(whole, copied)


@pytest.mark.parametrize("position", [0.3, 0.6, 0.9])
def test_one_damaged_byte_of_a_checkpoint_is_told_and_the_one_before_it_used(copied, caplog, position):
    last = copied / "checkpoints" / "resume.ckpt"
    data = read_checkpoint(last)["callbacks"]["ResumePoints"]["data"]
    content = bytearray(last.read_bytes())
    content[_inside_a_tensor(last, position)] ^= 1
    last.write_bytes(content)
    assert point_to_resume(copied, data) == last.with_name("resume_before.ckpt")
    assert "resume.ckpt: no readable checkpoint" in caplog.text
    assert "is damaged: its checksum differs; the checkpoint before it is used" in caplog.text


def _inside_a_tensor(file, position):
    """Where, in the file, a byte of some tensor lies."""
    with zipfile.ZipFile(file) as archive:
        tensors = [member for member in archive.infolist() if "/data/" in member.filename]
        member = tensors[int(position * len(tensors))]
        start = file.read_bytes().index(archive.read(member), member.header_offset)
    return start + member.file_size // 2


def _without_a_row(content):
    lines = content.splitlines(keepends=True)
    return b"".join([*lines[:2], *lines[3:]])


DAMAGES = {
    "emptied": lambda content: b"",
    "a row deleted": _without_a_row,
    "half a row": lambda content: content[: content.index(b"\r\n", 200) + 9],
    "another cell": lambda content: content.replace(b",1,", b",2,", 1),
    "a cell more": lambda content: content.replace(b"\r\n", b",\r\n", 2),
    "other line ends": lambda content: content.replace(b"\r\n", b"\n"),
    "another head": lambda content: content.replace(b"step", b"stop", 1),
    "foreign bytes": lambda content: content[:300] + b"\xff\0" + content[300:],
    "zeros": lambda content: b"\0" * len(content),
    "a quote": lambda content: b'"' + content,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_rows_that_are_not_what_was_logged_are_told_before_anything_is_written(copied, damage):
    file = copied / "metrics.csv"
    whole = file.read_bytes()
    file.write_bytes(DAMAGES[damage](whole))
    assert file.read_bytes() != whole
    before = {path: path.stat().st_mtime_ns for path in copied.rglob("*")}
    rows = read_checkpoint(copied / "checkpoints" / "resume.ckpt")["callbacks"]["ResumePoints"]["metrics"]["rows"]
    with pytest.raises(InputError, match=rf"metrics\.csv: .*: expected {rows} rows of \d+ columns, SHA-256 \w+\.\.\.;"):
        interrupted_config(copied)
    assert {path: path.stat().st_mtime_ns for path in copied.rglob("*")} == before


def test_rows_after_the_checkpoint_may_be_anything(small, whole, copied):
    with (copied / "metrics.csv").open("ab") as stream:
        stream.write(b'\xff,\0"half a r')
    gone_on(copied, small()[1])
    assert_equal(whole, copied)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "max_steps: 12",
            "max_steps: 20",
            r"trainer\.max_steps is 20, but .*resume\.ckpt was trained with 12: put",
        ),
        ("  limit_val_batches: 1\n", "", r"trainer\.limit_val_batches is None, but .* was trained with 1"),
        ("num_train: 24", "num_train: 25", r"data\.synthetic\.num_train is 25, but .* was trained with 24"),
    ],
)
def test_a_config_that_was_edited_meanwhile_is_told(copied, before, after, said):
    file = copied / "config.yaml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))
    with pytest.raises(InputError, match=rf"config\.yaml: {said}"):
        interrupted_config(copied)


def test_where_a_run_is_logged_and_its_data_lie_may_be_edited(copied):
    file = copied / "config.yaml"
    text = file.read_text().replace("mode: disabled", "mode: offline")
    file.write_text(text.replace("\nruns: ", "\nruns: elsewhere"))
    assert interrupted_config(copied).wandb.mode == "offline"


@pytest.mark.parametrize("name", ["resume.ckpt", "resume_before.ckpt"])
def test_something_else_in_a_checkpoint_s_place_is_told(copied, name):
    file = copied / "checkpoints" / name
    file.unlink()
    if name == "resume_before.ckpt":
        (copied / "checkpoints" / "resume.ckpt").unlink()
        file.symlink_to("nowhere")
    else:
        file.mkdir()
    with pytest.raises(InputError, match=rf"{name}: expected a checkpoint to continue from, got a folder or a"):
        interrupted_config(copied)


@pytest.mark.parametrize("noted", [None, {}, {"metrics": {"rows": -1}}, {"metrics": 3}, {"metrics": {"columns": 3}}])
def test_a_checkpoint_that_notes_no_rows_is_told_and_the_one_before_it_used(copied, noted, caplog):
    last = copied / "checkpoints" / "resume.ckpt"
    checkpoint = read_checkpoint(last)
    before = checkpoint["callbacks"]["ResumePoints"]
    checkpoint["callbacks"]["ResumePoints"] = noted and {
        key: {**value, **noted[key]} if isinstance(noted.get(key), dict) else noted.get(key, value)
        for key, value in before.items()
    }
    torch.save(checkpoint, last)
    assert point_to_resume(copied, before["data"]) == last.with_name("resume_before.ckpt")
    assert "resume.ckpt: nothing to continue from; the checkpoint before it is used" in caplog.text


def test_between_the_two_renames_the_one_before_is_there(copied):
    """What a kill leaves after the last one became the one before, and before the new one took its name."""
    last = copied / "checkpoints" / "resume.ckpt"
    last.rename(last.with_name("resume_new.ckpt"))
    fingerprint = read_checkpoint(last.with_name("resume_new.ckpt"))["callbacks"]["ResumePoints"]["data"]
    assert point_to_resume(copied, fingerprint) == copied / "checkpoints" / "resume_before.ckpt"


def test_without_a_readable_checkpoint_it_begins_anew(small, whole, copied, caplog):
    for file in (copied / "checkpoints").glob("resume*"):
        file.write_bytes(b"")
    gone_on(copied, small()[1])
    assert "begun anew" in caplog.text
    assert_equal(whole, copied)


def test_checkpoints_keep_their_distance_after_going_on(small, copied):
    """Every three steps from the one that it goes on from, which is not written again over the one before."""
    for step, kept in ((9, [6, 3]), (11, [9, 6])):
        with power_goes_in(step):
            gone_on(copied, small()[1])
        assert [read_checkpoint(file)["global_step"] for file in resume_points(copied / "checkpoints")] == kept


def test_other_data_are_refused(small, copied):
    config = interrupted_config(copied)
    config.data.synthetic.num_train = 20
    with pytest.raises(InputError, match=r"--resume .*: trained on data 'default_64_.*_24_.*', which now are"):
        run_training(config, *load_pictures(config.data, lambda *_: None), interrupted=copied)


def test_another_commit_is_told(copied, monkeypatch, caplog):
    monkeypatch.setattr("mghp.training.resume.git_commit", lambda: ("0123456789abcdef", False))
    data = read_checkpoint(copied / "checkpoints" / "resume.ckpt")["callbacks"]["ResumePoints"]["data"]
    assert point_to_resume(copied, data) is not None
    assert "resumed at 0123456789" in caplog.text


def test_reproduce_goes_on_with_what_was_cut_off(small, whole, copied, monkeypatch):
    from mghp.reproduce import kinds

    monkeypatch.setattr(kinds, "run_path", lambda config, fingerprint: copied)
    assert kinds.known_kinds()["train"].make(small()[0], lambda *_: None) == copied
    assert_equal(whole, copied)


def test_a_finished_run_and_a_folder_of_none_are_refused(whole, tmp_path):
    with pytest.raises(InputError, match=r"this run has finished: .*result.json"):
        interrupted_config(whole)
    with pytest.raises(InputError, match=r"no run folder: there is no config\.yaml"):
        interrupted_config(tmp_path)


def test_the_command_takes_an_experiment_or_a_run(copied, whole):
    for arguments, said in [
        ([], "expected an experiment file, or --resume RUN"),
        ([str(copied / "config.yaml"), "--resume", str(copied)], "expected an experiment file, or --resume RUN"),
        (["--resume", str(whole)], "this run has finished"),
    ]:
        with pytest.raises(InputError, match=said):
            CliRunner().invoke(app, ["train", *arguments], catch_exceptions=False)


def test_the_command_goes_on(mghp, copied, tmp_path):
    process = mghp("train", "--resume", copied, folder=tmp_path, WANDB_MODE="disabled")
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip() == str(copied)
    assert read_checkpoint(copied / "checkpoints" / "last.ckpt")["global_step"] == 12


def test_checkpoints_hold_tensors_and_plain_types_only(copied):
    """Else they could not be read without running what is in them."""
    assert torch.load(copied / "checkpoints" / "resume.ckpt", weights_only=True)["global_step"] == 6


def test_the_last_good_checkpoint_is_there_until_the_new_one_is(copied, monkeypatch):
    """Whatever fails while a checkpoint is written, one of this name that was there is left."""
    file = copied / "checkpoints" / "resume.ckpt"
    before = file.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mghp.writing.os.fsync", fail)
    with pytest.raises(InputError, match=r"resume.ckpt: cannot be written: No space left on device"):
        CheckpointFiles().save_checkpoint({"mghp_config": ""}, file)
    assert file.read_bytes() == before
    assert {f.name for f in file.parent.iterdir()} >= {"resume.ckpt", "resume_before.ckpt"}
    assert not [f for f in file.parent.iterdir() if f.name.startswith(".")]
