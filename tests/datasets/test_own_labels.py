"""A user's own labels, from the folder to persons, by the commands that the README tells."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image
from pycocotools import mask as coco_mask
from typer.testing import CliRunner

from mghp import HumanParser
from mghp.cli.main import app
from mghp.datasets.synthetic import SCENES, render

KEYPOINTS = ("nose", "left_wrist", "right_wrist", "left_ankle", "right_ankle")
OF_COCO = (0, 9, 10, 15, 16)
ANATOMY = """
name: thirds
parts: [upper, middle, lower]
keypoints: [nose, left_wrist, right_wrist, left_ankle, right_ankle]
skeleton: [[nose, left_wrist], [nose, right_wrist], [nose, left_ankle], [nose, right_ankle]]
"""
SMALL = [
    "data.augmentation.crop=64", "data.loader.workers=0", "data.loader.batch_size=4", "data.augmentation.rotation=0",
    "trainer.max_steps=6", "network.width=16", "network.backbone.kwargs.channels=[8,12,16,24]",
    "network.backbone.kwargs.blocks=[0,1,0,1]", "training.pictures=1", "training.optimizer.warmup_steps=2",
    "assembly.average_mirror=false", "assembly.min_keypoints=2",
]  # fmt: skip


def run(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


@pytest.fixture(scope="module")
def drawn():
    return [render(SCENES["default"], index, seed=3, size=64) for index in range(8)]


def category(named):
    if not named:
        return {"id": 1, "name": "person"}
    return {"id": 1, "name": "person", "keypoints": list(KEYPOINTS), "skeleton": [[1, 2], [1, 3], [1, 4], [1, 5]]}


def write(root, drawn, what):
    """Write pictures with the labels that `what` names: parts, persons, keypoints, or all in one COCO file."""
    (root / "images").mkdir(parents=True)
    for folder in {"parts": ("parts", "human_ids"), "persons": ("human_ids",)}.get(what, ()):
        (root / folder).mkdir()
    content = {"images": [], "annotations": [], "categories": [category(what != "persons")]}
    for index, sample in enumerate(drawn):
        Image.fromarray(sample.image).save(root / "images" / f"{index}.png")
        content["images"].append({"id": index, "file_name": f"{index}.png", "height": 64, "width": 64})
        if what == "parts":
            thirds = 1 + np.arange(64)[:, None] * 3 // 64
            labels = np.where(sample.person_ids > 0, thirds, 0).astype(np.uint8)
            Image.fromarray(labels).save(root / "parts" / f"{index}.png")
        if what in ("parts", "persons"):
            Image.fromarray(sample.person_ids.astype(np.uint8)).save(root / "human_ids" / f"{index}.png")
        content["annotations"] += annotations(sample, index, what)
    if what != "persons":
        (root / "annotations.json").write_text(json.dumps(content))
    if what == "parts":
        (root / "anatomy.yaml").write_text(ANATOMY)
    for split, names in (("train", range(5)), ("val", range(5, 8))):
        (root / f"{split}.txt").write_text("".join(f"{name}\n" for name in names))


def annotations(sample, image, what):
    for person, keypoints in enumerate(sample.keypoints[:, list(OF_COCO)]):
        mask = np.asfortranarray(sample.person_ids == person + 1, np.uint8)
        if not mask.any():
            continue
        code = coco_mask.encode(mask)
        found = {"image_id": image, "category_id": 1, "bbox": coco_mask.toBbox(code).tolist(), "person_id": person + 1}
        found["keypoints"] = keypoints.ravel().tolist()
        if what == "coco":
            found["segmentation"] = {"size": [64, 64], "counts": code["counts"].decode()}
        yield found


@pytest.mark.parametrize("what", ["parts", "persons", "keypoints", "coco"])
def test_own_labels_are_checked_shown_trained_scored_and_predicted(what, drawn, tmp_path):
    root, experiment = tmp_path / "own", tmp_path / "own.yaml"
    write(root, drawn, what)
    grouping = "center" if what == "persons" else "field"
    experiment.write_text(f"data: {{name: folder, root: {root}}}\nassembly: {{grouping: {grouping}}}\n")
    common = [f"runs={tmp_path / 'runs'}", *SMALL, "wandb.mode=disabled"]
    assert run("data", "check", experiment)[-1] == "no fault"
    for sheet in run("data", "show", experiment, "--out", tmp_path / "sheets", "--number", 3):
        assert np.asarray(Image.open(sheet)).std() > 20
    trained = run("train", experiment, *common)[-1]
    scores = json.loads((tmp_path / trained / "result.json").read_text())["metrics"]
    assert np.isnan(scores["val/keypoint_ap"]) == (what == "persons")
    assert np.isnan(scores["val/grouping"]) == (what == "keypoints")
    baselines = "evaluation.baselines=[nearest_box,largest_person]"
    evaluated = run("evaluate", f"{trained}/checkpoints/last.ckpt", f"runs={tmp_path / 'runs'}", baselines)[-1]
    assert (tmp_path / evaluated / "media" / "per_picture.csv").exists()
    groups = set(pd.read_csv(tmp_path / evaluated / "media" / "breakdown.csv")["group"])
    # Whose pose is known is told apart by its five keypoints.
    assert ("baseline/nearest_box/crowds" in groups) == (what in ("parts", "coco", "keypoints"))
    root.rename(tmp_path / "moved")  # a prediction needs the checkpoint alone
    run("predict", f"{trained}/checkpoints/last.ckpt", tmp_path / "moved" / "images", "--out", tmp_path / "found")
    poses = json.loads((tmp_path / "found" / "poses.json").read_text())
    assert len(poses["images"]) == 8
    if what == "persons":
        assert all(found["num_keypoints"] == 0 for found in poses["annotations"])
    else:
        assert poses["categories"][0]["keypoints"] == list(KEYPOINTS)


@pytest.mark.parametrize("what", ["parts", "persons", "keypoints", "coco"])
def test_own_labels_are_learned_from_the_package_s_weights(what, drawn, tmp_path, checkout, caplog):
    root, experiment = tmp_path / "own", tmp_path / "own.yaml"
    write(root, drawn, what)
    content = {
        "base": str(checkout / "experiments" / "parsing" / "finetuning.yaml"),
        "data": {"name": "folder", "root": str(root)},
        "assembly": {"grouping": "center" if what == "persons" else "field"},
    }
    experiment.write_text(yaml.safe_dump(content))
    small = [setting for setting in SMALL if not setting.startswith(("network.", "trainer.max_steps"))]
    trained = run(
        "train", experiment, f"runs={tmp_path / 'runs'}", *small, "trainer.max_steps=2", "wandb.mode=disabled"
    )
    taken = re.search(r"network.weights: took (\d+) of (\d+) tensors from .*; not: (.*)", caplog.text)
    assert int(taken[1]) > 0.95 * int(taken[2])  # all but the heads of other parts and keypoints
    assert "backbone" not in taken[3]
    began = HumanParser().module.network.state_dict()
    ended = torch.load(tmp_path / trained[-1] / "checkpoints" / "last.ckpt", weights_only=False)["state_dict"]
    moved = torch.stack([
        (ended[f"network.{name}"] - value).abs().mean() / value.abs().mean().clamp(min=1e-6)
        for name, value in began.items()
        if name.startswith("backbone") and name.endswith("weight")
    ])  # fmt: skip
    assert moved.median() < 0.1  # random weights would differ by more than their size


def test_training_pictures_are_shown_as_a_training_sees_them(drawn, tmp_path):
    root, experiment = tmp_path / "own", tmp_path / "own.yaml"
    write(root, drawn, "parts")
    experiment.write_text(f"data: {{name: folder, root: {root}}}\n")
    options = ["data.augmentation.paste=1", "data.augmentation.mirror=1", "--number", 2]
    plain = run("data", "show", experiment, *options, "--out", tmp_path / "plain")
    augmented = run("data", "show", experiment, *options, "--augmented", "--out", tmp_path / "augmented")
    of_training, of_validation = (
        [np.asarray(Image.open(sheet)) for sheet in sheets] for sheets in zip(plain, augmented, strict=True)
    )
    assert not np.array_equal(*of_training)
    assert np.array_equal(*of_validation)
