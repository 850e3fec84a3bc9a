import json

import pytest
from PIL import Image

from mghp.config.load import load_config
from mghp.datasets.pictures import (
    check_pictures,
    describe_pictures,
    fingerprint_of,
    load_pictures,
    training_fingerprint,
)
from mghp.errors import InputError


def nothing(*_):
    """No progress to show."""


@pytest.fixture(scope="module")
def pictures(small_config):
    return load_pictures(small_config().data, nothing)


def test_sets_are_drawn_and_measured_into_a_new_folder(pictures, tmp_path):
    files = describe_pictures(*pictures, tmp_path / "new" / "folder")
    assert [file.name for file in files] == [
        "pictures_train.png",
        "pictures_validation.png",
        "pictures_difficulty.json",
    ]
    for file in files[:2]:
        with Image.open(file) as sheet:
            assert min(sheet.size) >= 64
    difficulty = json.loads(files[2].read_text())
    assert difficulty["set"] == pictures[1].fingerprint
    assert difficulty["pictures"] == 5
    assert 1 <= difficulty["persons_per_picture"] <= 6
    assert 0 < difficulty["nearest_keypoint_grouping"] < 1


def test_the_fingerprint_of_a_training_is_known_before_anything_is_rendered(small_config, pictures, tmp_path):
    assert training_fingerprint(small_config(f"data.root={tmp_path / 'none'}").data) == fingerprint_of(*pictures)
    assert not (tmp_path / "none").exists()
    assert training_fingerprint(small_config("data.seed=1").data) != fingerprint_of(*pictures)


def test_training_and_validation_share_no_picture(pictures):
    train, validation = ({samples[i].image.tobytes() for i in range(len(samples))} for samples in pictures)
    assert len(train) == 24
    assert not train & validation


def test_validation_is_the_same_for_every_seed_of_training(small_config, pictures):
    config = small_config("data.seed=3")
    train, validation = load_pictures(config.data, nothing)
    assert validation.fingerprint == pictures[1].fingerprint
    assert train.fingerprint != pictures[0].fingerprint


def test_matching_problems_are_refused(checkout):
    with pytest.raises(InputError, match="are matching problems, not pictures; expected one of synthetic"):
        check_pictures(load_config(checkout / "experiments" / "matcher" / "paper.yaml").data)
