"""Disks that fill up, datasets that vanish and loading processes that die while a training runs."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch.utils.data import Dataset

from mghp.datasets.pictures import load_pictures
from mghp.errors import InputError
from mghp.evaluation.train import run_training
from mghp.parsing.checkpoints import read_checkpoint
from mghp.training.resumable_loader import ResumableLoader, ShuffledDraws
from mghp.training.resume import interrupted_config

sys.path.append(str(Path(__file__).parents[1] / "datasets"))
import official_layouts as layouts


def nothing(*_):
    """No progress to show."""


def test_a_disk_that_is_full_is_one_line_and_what_was_written_is_kept(small_config, small_settings, checkout, tmp_path):
    """No file may grow beyond 150 kB: rows fit, checkpoints do not. With room again the training goes on."""
    settings = [
        f"runs={tmp_path}", "trainer.max_steps=4", "trainer.precision=32-true", "training.resume_every=1",
        "trainer.limit_val_batches=1",
    ]  # fmt: skip
    config = small_config(*settings)
    pictures = load_pictures(config.data, nothing)
    process = _limited(checkout, [*small_settings, f"data.root={config.data.root}", *settings], tmp_path)
    assert process.returncode == 2
    (line,) = process.stderr.strip().splitlines()
    assert line.endswith("checkpoints/resume_new.ckpt: cannot be written: File too large")
    (run,) = (file.parent for file in tmp_path.rglob("config.yaml"))
    assert pd.read_csv(run / "metrics.csv")["train/total"].notna().sum() == 1
    assert not list((run / "checkpoints").iterdir())
    assert not (run / "result.json").exists()
    run_training(interrupted_config(run), *pictures, interrupted=run)
    assert read_checkpoint(run / "checkpoints" / "last.ckpt")["global_step"] == 4


def _limited(checkout, settings, folder):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))

    experiment = checkout / "experiments" / "parsing" / "synthetic_10min.yaml"
    return subprocess.run(
        [sys.executable, "-c", "from mghp.cli.main import main; main()", "train", experiment, *settings],
        cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, preexec_fn=limit,
    )  # fmt: skip


@pytest.mark.parametrize("workers", [0, 1])
def test_a_dataset_that_vanishes_is_one_line_and_can_be_gone_on_with(small_config, tmp_path, workers):
    root = tmp_path / "pascal"
    for split in ("train", "val"):
        layouts.write_pascal_maps(root, layouts.made_pictures(4, 7, 16, size=64), split)
    torch.set_num_threads(1)
    config = small_config(
        f"runs={tmp_path / 'runs'}", "data.name=pascal_person_part", f"data.root={root}", "data.longest_side=56",
        "data.augmentation.crop=48", "data.loader.batch_size=1", f"data.loader.workers={workers}",
        "trainer.max_steps=6", "trainer.precision=32-true", "training.resume_every=2", "trainer.limit_val_batches=1",
        "assembly.max_peaks=4",
    )  # fmt: skip
    pictures = load_pictures(config.data, nothing)
    hidden = root.with_name("hidden")
    vanished = _Vanishing(pictures[0], after=5 if workers == 0 else 3, root=root, hidden=hidden)
    with pytest.raises(InputError) as caught:
        run_training(config, vanished, pictures[1])
    assert "\n" not in str(caught.value)
    assert f"{root}/" in str(caught.value)
    assert str(caught.value).endswith("no such file")
    hidden.rename(root)
    (run,) = (file.parent for file in Path(config.runs).rglob("config.yaml"))
    run_training(interrupted_config(run), *pictures, interrupted=run)
    assert read_checkpoint(run / "checkpoints" / "last.ckpt")["global_step"] == 6


class _Vanishing:
    """Pictures whose folder is gone once so many were read."""

    def __init__(self, samples, after, root, hidden):
        self.samples, self.after, self.root, self.hidden, self.read = samples, after, root, hidden, 0
        self.fingerprint = samples.fingerprint

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        self.read += 1
        if self.read == self.after:
            shutil.move(self.root, self.hidden)
        return self.samples[index]


class _Dying(Dataset):
    """The loading process is killed, as by a system that runs out of memory."""

    def __getitem__(self, draw):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_loading_process_that_is_killed_is_one_line():
    loader = ResumableLoader(_Dying(), ShuffledDraws(4, seed=0), nothing, batch_size=1, num_workers=1)
    with pytest.raises(InputError, match=r"data\.loader\.workers: a loading process has died, perhaps for"):
        next(iter(loader))
