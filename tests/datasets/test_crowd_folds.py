"""The folds of photographs: their lists are those that the script draws, and no picture is trained and tested on."""

import subprocess
import sys
from pathlib import Path

import pytest

from mghp.config.load import load_config
from mghp.datasets.folder import FolderSamples

FOLDS = ("photographs_matching", "photographs_matching_fold_b")


@pytest.fixture(scope="module")
def folds_of(photographs, checkout):
    """The pictures to train and to test on of an experiment."""

    def pictures(experiment):
        data = load_config(checkout / "experiments" / "parsing" / f"{experiment}.yaml").data
        data.root = str(photographs.parent)
        data.annotations = str(photographs.parent / "person_keypoints.json")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(checkout)
            return [FolderSamples(data, split).names for split in (data.splits.train, data.splits.validation)]

    return pictures


def test_the_lists_are_those_that_the_script_draws(photographs, checkout, tmp_path):
    script = checkout / "analysis" / "crowd_folds.py"
    subprocess.run([sys.executable, script, photographs.parent, tmp_path], check=True)
    lists = checkout / "experiments" / "parsing" / "folds"
    assert sorted(file.name for file in lists.iterdir()) == ["train_crowds.txt", "val_crowds.txt"]
    for file in lists.iterdir():
        assert file.read_text() == (tmp_path / file.name).read_text()


def test_no_picture_is_trained_and_tested_on_and_both_folds_test_as_many(folds_of, photographs):
    (train_a, test_a), (train_b, test_b) = map(folds_of, FOLDS)
    lists = {name: Path(photographs.parent / f"{name}.txt") for name in ("train", "val", "keypoints_only")}
    listed = {name: set(file.read_text().split()) for name, file in lists.items()}
    assert len(test_a) == len(test_b) == 80
    assert not set(train_a) & set(test_a)
    assert not set(train_b) & set(test_b)
    assert set(test_a) < listed["val"] < set(train_b)
    assert set(test_b) < listed["train"]
    assert set(train_b) | set(test_b) == set().union(*listed.values())
