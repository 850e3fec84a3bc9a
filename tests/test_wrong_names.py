"""A wrong name of a file gets the nearest one that is there; missing data, where one applies for them."""

import pytest

from mghp.config.dataset_names import DATASETS
from mghp.config.load import load_config_text
from mghp.datasets.pictures import check_pictures
from mghp.errors import NEAR_FILE, InputError, existing_file, nearest_name


def test_the_nearest_file_beside_is_told(tmp_path):
    for name in ("coco_persons.yaml", "cihp.yaml", "notes.txt"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"coco_person\.yaml: no such file; did you mean .*/coco_persons\.yaml\?$"):
        existing_file(tmp_path / "coco_person.yaml", "experiment file")
    for far in (tmp_path / "zebra.bin", tmp_path / "nowhere" / "cihp.yaml"):
        with pytest.raises(InputError, match=r": no such file$"):
            existing_file(far, "experiment file")


@pytest.mark.parametrize(("wrong", "expected"), [("trian", "train"), (3, ""), ("xyz", "")])
def test_the_nearest_of_several_names_is_told_where_one_is_near(wrong, expected):
    assert nearest_name(wrong, ["test", "train", 17]) == expected


def test_files_are_near_by_more_than_their_ending():
    assert nearest_name("mine.yaml", ["cihp.yaml"]) == "cihp.yaml"
    assert nearest_name("mine.yaml", ["cihp.yaml"], NEAR_FILE) == ""


@pytest.mark.parametrize("name", ["mhp_v2", "densepose_coco", "pascal_person_part", "cihp"])
def test_missing_data_are_told_with_where_to_apply(name, tmp_path):
    config = load_config_text(f"data: {{name: {name}, root: {tmp_path / 'none'}, augmentation: {{crop: 64}}}}")
    with pytest.raises(InputError) as told:
        check_pictures(config.data)
    assert str(told.value).startswith(
        f"data.root: {tmp_path / 'none'}: no such folder; {DATASETS[name].label} is to be had"
    )
    assert DATASETS[name].available_at in str(told.value)
