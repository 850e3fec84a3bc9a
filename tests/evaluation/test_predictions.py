"""`mghp evaluate --predictions`: files of a model's predictions score as the model does."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.pascal_person_part import PASCAL_PERSON_PART
from mghp.datasets.pictures import load_pictures, load_validation
from mghp.errors import InputError
from mghp.evaluation.evaluate import run_evaluation
from mghp.evaluation.predictions import run_predictions
from mghp.evaluation.train import run_training
from mghp.gallery.cases import read_cases
from mghp.gallery.write import write_gallery
from mghp.inference.outputs import PoseFile, write_people
from mghp.inference.predicted_folder import PredictedFolder
from mghp.inference.test_time import parse_picture
from mghp.metrics.agreement import six_parts
from mghp.studies.failures.predictions import judge_predictions
from mghp.training.build import load_module


def nothing(*_):
    """No progress to show."""


def metrics_of(folder):
    return json.loads((folder / "result.json").read_text())["metrics"]


SETTINGS = ("trainer.max_steps=3", "trainer.precision=32-true", "evaluation.oracles=[predicted]")
CHOICES = ("assembly.min_affinity=0", "assembly.max_peaks=3", "assembly.peak_threshold=0")


@pytest.fixture(scope="module")
def trained(small_config, tmp_path_factory):
    torch.set_num_threads(1)
    config = small_config(f"runs={tmp_path_factory.mktemp('runs')}", *SETTINGS)
    folder = run_training(config, *load_pictures(config.data, nothing))
    # So early every limb costs more than it brings: the price is lowered, so that somebody is found.
    checkpoint = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=False)
    checkpoint["state_dict"]["assembler.affinity.price"] -= 2
    torch.save(checkpoint, folder / "checkpoints" / "last.ckpt")
    return folder


@pytest.fixture(scope="module")
def written(trained, tmp_path_factory):
    """The files of all validation pictures, written as `mghp predict` does."""
    module, config = load_module(trained / "checkpoints" / "last.ckpt", CHOICES)
    validation, out = load_validation(config.data, nothing), tmp_path_factory.mktemp("predictions") / "our model"
    poses = PoseFile(module.assembler.anatomy)
    for index in range(len(validation)):
        sample = validation[index]
        found = parse_picture(module, sample.image, config.inference, config.data.trained_side)
        write_people(out, sample.name, sample.image, found, module.assembler.anatomy)
        poses.add(f"{sample.name}.jpg", sample.image.shape[:2], found)
    poses.write(out / "poses.json")
    return out


@pytest.fixture(scope="module")
def experiment(trained):
    return trained / "config.yaml"


@pytest.fixture(scope="module")
def scored(experiment, written):
    return run_predictions(experiment, written, [], "error", judge_predictions, nothing)


def test_files_score_as_the_model_that_wrote_them(trained, scored, tmp_path):
    ours = metrics_of(scored)
    theirs = metrics_of(run_evaluation(trained, [f"runs={tmp_path}", *CHOICES], nothing))
    names = [name for name in theirs if name.startswith(("val/", "tag/"))]
    assert {"val/ap_p_vol", "val/ap_r_vol", "val/pcp_50", "val/grouping", "val/keypoint_ap"} <= set(names)
    assert {name: ours[name] for name in names} == pytest.approx(
        {name: theirs[name] for name in names}, abs=0, nan_ok=True
    )
    assert ours["val/grouping"] > 0


def test_the_run_is_one_that_reports_find(scored, written, experiment):
    result = json.loads((scored / "result.json").read_text())
    assert result["experiment"].endswith("_predictions")
    assert result["variant"] == "our_model"
    for name in ("per_picture.csv", "breakdown.csv", "examples_best.png", "examples_worst.png"):
        assert (scored / "media" / name).exists()
    assert len(pd.read_csv(scored / "media" / "per_picture.csv")) == 5
    again = run_predictions(experiment, written, [], "error", judge_predictions, nothing)
    assert again == scored


def test_every_person_is_a_case_without_a_cause(scored, tmp_path):
    cases = read_cases(scored)
    metrics = metrics_of(scored)
    assert sum(case["true_person"] is not None for case in cases.cases) == metrics["kinds/persons"] > 0
    assert all(case["cause"] is None for case in cases.cases)
    (page, *_) = write_gallery([scored], tmp_path)
    assert page.exists()


@pytest.fixture
def copy(written, tmp_path):
    return shutil.copytree(written, tmp_path / "copy")


def test_other_files_are_another_run(copy, experiment, scored):
    (file, *_) = sorted(copy.glob("*_persons.png"))
    ids = np.asarray(Image.open(file))
    Image.fromarray(np.where(np.arange(64) < 32, ids, 0).astype(np.uint8)).save(file)
    renamed = copy.rename(copy.parent / "our model")
    assert run_predictions(experiment, renamed, [], "error", judge_predictions, nothing) != scored


def test_missing_pictures_are_an_error_unless_they_count_as_empty(copy, experiment):
    (file, *_) = sorted(copy.glob("*_persons.png"))
    file.unlink()
    with pytest.raises(InputError, match=r"1 of 5 pictures have none, the first is .*; --missing=empty counts them"):
        run_predictions(experiment, copy, [], "error", judge_predictions, nothing)
    folder = run_predictions(experiment, copy, [], "empty", judge_predictions, nothing)
    rows = pd.read_csv(folder / "media" / "per_picture.csv")
    assert (rows["predicted_persons"] == 0).any()
    for file in copy.glob("*_persons.png"):
        file.unlink()
    with pytest.raises(InputError, match="5 of 5 pictures have none"):
        run_predictions(experiment, copy, [], "empty", judge_predictions, nothing)


def test_finer_parts_are_scored_as_the_six_that_a_dataset_has(written):
    fine, six = (PredictedFolder(written, anatomy) for anatomy in (DENSEPOSE_COCO, PASCAL_PERSON_PART))
    names = [file.name.removesuffix("_parts.png") for file in sorted(written.glob("*_parts.png"))]
    merged = np.array(six_parts(DENSEPOSE_COCO.parts.names))
    assert any(fine.of(name, (64, 64)).parts.any() for name in names)
    scored = 0
    for name in names:
        of_fine, of_six = (folder.of(name, (64, 64)) for folder in (fine, six))
        np.testing.assert_array_equal(of_six.parts, merged[of_fine.parts])
        np.testing.assert_array_equal(of_six.person_ids, of_fine.person_ids)
        for before, after in zip(of_fine.part_scores, of_six.part_scores, strict=True):
            assert after[1:].tolist() == [before[merged == label].max() for label in range(1, 7)]
            scored += 1
    assert scored


@pytest.mark.parametrize(("parts", "told"), [
    (["head", "dress"], "categories: parts are head, dress; expected torso, right_hand, left_hand, left_foot"),
    ([f"part {number}" for number in range(1, 255)], "part 19, part 20, 234 more; expected torso, right_hand"),
    ("head", "categories: parts must be names, got 'head'"),
])  # fmt: skip
def test_parts_that_a_dataset_does_not_have_are_told(copy, experiment, parts, told):
    content = json.loads((copy / "poses.json").read_text())
    content["categories"][0]["parts"] = parts
    (copy / "poses.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=told):
        run_predictions(experiment, copy, [], "error", judge_predictions, nothing)


def change_map(copy, kind, labels):
    (file, *_) = sorted(copy.glob(f"*_{kind}.png"))
    Image.fromarray(labels.astype(np.uint8)).save(file)


def change_poses(copy, **changes):
    content = json.loads((copy / "poses.json").read_text())
    content["annotations"] = [{**entry, **changes} for entry in content["annotations"]]
    (copy / "poses.json").write_text(json.dumps(content))


@pytest.mark.parametrize(("spoil", "told"), [
    (lambda copy: change_map(copy, "parts", np.zeros((32, 64))), r"_parts\.png: 64x32 pixels, the picture 64x64"),
    (lambda copy: change_map(copy, "parts", np.full((64, 64), 15)), r"_parts\.png: label 15; expected 0 to 14"),
    (lambda copy: change_map(copy, "persons", np.full((64, 64), 99)), r"_persons\.png: person 99; expected 0 to"),
    (lambda copy: change_poses(copy, keypoints=[0, 0, 0]), r"poses\.json: annotation 1: keypoints must hold 3 numbers"),
    (lambda copy: change_poses(copy, score=float("nan")), r"poses\.json: annotation 1: expected finite .*, got nan"),
    (lambda copy: change_poses(copy, keypoint_scores=[1]), "keypoint_scores: expected 17 numbers, got 1"),
    (lambda copy: change_poses(copy, part_scores=[1]), r"part_scores must be an object, got \[1\]"),
    (lambda copy: (copy / "poses.json").unlink(), r"poses\.json: no such file"),
    (lambda copy: (copy / "poses.json").write_text("{"), r"poses\.json: broken JSON"),
])  # fmt: skip
def test_what_does_not_fit_is_told_with_its_file(copy, experiment, spoil, told):
    spoil(copy)
    with pytest.raises(InputError, match=told):
        run_predictions(experiment, copy, [], "error", judge_predictions, nothing)


def test_the_command(mghp, written, experiment, tmp_path):
    process = mghp("evaluate", experiment, "--predictions", written, f"runs={tmp_path}", folder=tmp_path)
    assert process.returncode == 0, process.stderr
    (run,) = process.stdout.split()
    assert "val/ap_p_vol" in metrics_of(tmp_path / run)
    for arguments, told in (
        ([experiment.parent, "--predictions", written], "expected an experiment file beside --predictions"),
        ([experiment, "--predictions", "nowhere"], "predictions nowhere: no such folder"),
        ([experiment, "--missing", "empty"], "--missing=empty: is for --predictions"),
    ):
        process = mghp("evaluate", *arguments, folder=tmp_path)
        assert process.returncode == 2
        assert told in process.stderr
        assert len(process.stderr.splitlines()) == 1
