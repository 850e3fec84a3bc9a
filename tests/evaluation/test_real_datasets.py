"""Training, evaluating and skipping on datasets in their official layouts, made here."""

import json
import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mghp.config.data import DataConfig
from mghp.config.dataset_names import DATASETS
from mghp.datasets.mhp_v2 import read_mhp_submission
from mghp.datasets.pictures import check_pictures, load_pictures, what_is_not_trained
from mghp.datasets.skipping import SkippingSamples
from mghp.errors import InputError
from mghp.evaluation.evaluate import run_evaluation
from mghp.evaluation.train import run_training

sys.path.append(str(Path(__file__).parents[1] / "datasets"))
import official_layouts as layouts

WRITERS = {
    "mhp_v2": layouts.write_mhp_v2,
    "densepose_coco": layouts.write_densepose,
    "pascal_person_part": layouts.write_pascal_maps,
    "cihp": layouts.write_cihp,
}


def nothing(*_):
    """No progress to show."""


@pytest.fixture
def on_disk(tmp_path, small_config):
    """A config of a dataset of four pictures of two sizes, and its folder."""

    def make(name, *overrides):
        root = tmp_path / name
        anatomy = DATASETS[name].load().anatomy
        for split in ("train", "val"):
            WRITERS[name](root, layouts.made_pictures(4, anatomy.num_labels, anatomy.num_keypoints, size=64), split)
        torch.set_num_threads(1)
        return root, small_config(
            f"runs={tmp_path / 'runs'}", f"data.name={name}", f"data.root={root}", "data.longest_side=56",
            "data.augmentation.crop=48", "data.augmentation.scale=[0.7,1.5]", "data.loader.batch_size=2",
            "trainer.max_steps=2", "trainer.precision=32-true", "assembly.max_peaks=4", *overrides,
        )  # fmt: skip

    return make


@pytest.mark.parametrize("name", WRITERS)
def test_every_dataset_trains_and_is_evaluated_at_its_pictures_size(name, on_disk):
    form = "mhp_v2" if name == "mhp_v2" else "cihp"
    _, config = on_disk(name, f"inference.submission={form}")
    trained = run_training(config, *load_pictures(config.data, nothing))
    evaluated = run_evaluation(trained, [], nothing)
    metrics = json.loads((evaluated / "result.json").read_text())["metrics"]
    assert 0 <= metrics["val/mean_iou"] <= 1
    # Only what is annotated has a score.
    assert np.isnan(metrics["val/keypoint_ap"]) == (name in ("cihp", "pascal_person_part"))
    assert metrics["oracle/true_parts/mean_iou"] > 0.7
    groups = pd.read_csv(evaluated / "media" / "breakdown.csv", index_col="group")
    assert {f"part/{part}" for part in DATASETS[name].load().anatomy.parts.names} <= set(groups.index)
    # Another size than in training, and thresholds tuned on pictures of several sizes.
    again = run_evaluation(trained, ["inference.longest_side=64", "data.splits.tuning=train"], nothing)
    assert (again / "media" / "examples_worst.png").exists()
    if form == "mhp_v2":
        read = read_mhp_submission(evaluated / "submission", DATASETS[name].load().anatomy.num_labels)
        assert [found.parts.shape for found in read.values()] == [(64, 64), (60, 64), (64, 64), (60, 64)]


def test_what_cannot_be_trained_is_said(on_disk):
    for name, says in (("cihp", "CIHP has no keypoints"), ("pascal_person_part", "names no joints file")):
        _, config = on_disk(name)
        train = load_pictures(config.data, nothing)[0]
        assert says in what_is_not_trained(train, "field")
        assert "centres and the field to them are" in what_is_not_trained(train, "center")
    root, config = on_disk("pascal_person_part")
    anatomy = DATASETS["pascal_person_part"].load().anatomy
    pictures = layouts.made_pictures(4, anatomy.num_labels, anatomy.num_keypoints, size=64)
    layouts.write_joints(root / "joints.json", pictures)
    config.data.annotations = str(root / "joints.json")
    train, _ = load_pictures(config.data, nothing)
    assert what_is_not_trained(train, "field") is None
    assert train[0].keypoints is not None


def test_pictures_of_several_sizes_need_a_window(tmp_path):
    config = DataConfig(name="cihp", root=str(tmp_path))
    with pytest.raises(InputError, match=r"data\.augmentation\.crop"):
        check_pictures(config)
    check_pictures(config, to_train=False)


def test_a_damaged_file_ends_the_training_or_is_skipped_and_counted(on_disk, caplog):
    root, config = on_disk("cihp", "data.on_error=skip", "data.loader.workers=1", "trainer.max_steps=6")
    damaged = root / "Training" / "Category_ids" / "2.png"
    damaged.write_bytes(b"")
    train, validation = load_pictures(config.data, nothing)
    with pytest.raises(InputError, match=r"2\.png"):
        train[1]
    trained = run_training(config, train, validation)
    assert json.loads((trained / "result.json").read_text())["metrics"]["data/skipped"] == 1
    with caplog.at_level(logging.WARNING, "mghp"):
        samples = SkippingSamples(train)
        assert samples[1].name == "3"
        assert samples[1].name == "3"
    assert len([record for record in caplog.records if "2.png" in record.message]) == 1
    assert samples.skipped == 1


def test_nothing_readable_is_told(on_disk):
    root, config = on_disk("cihp")
    for file in (root / "Training" / "Category_ids").glob("*.png"):
        file.write_bytes(b"")
    samples = SkippingSamples(load_pictures(config.data, nothing)[0])
    with pytest.raises(InputError, match="not a single picture"):
        samples[0]
