"""The result of a parser: two persons of known pixels, asked for everything."""

import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from mghp import ParsedPicture
from mghp.anatomy.persons import PredictedPersons
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.errors import InputError
from mghp.inference.coco_form import run_lengths

HEIGHT, WIDTH = 60, 80
HEAD = DENSEPOSE_COCO.parts.names.index("head") + 1
TORSO = DENSEPOSE_COCO.parts.names.index("torso") + 1


@pytest.fixture
def parsed():
    """A person with a head over a torso, one of whom nothing but two keypoints is seen, and a wide one."""
    parts, ids = np.zeros((HEIGHT, WIDTH), np.int64), np.zeros((HEIGHT, WIDTH), np.int64)
    parts[10:20, 30:40], parts[20:40, 25:45], parts[50:60, 5:75] = HEAD, TORSO, TORSO
    ids[10:40, 25:45], ids[50:60, 5:75] = 1, 3
    ids[parts == 0] = 0
    keypoints = np.zeros((3, 17, 3))
    keypoints[0, 0], keypoints[1, 5], keypoints[1, 6] = (35.5, 15.25, 0.9), (70, 20, 0.5), (60, 26, 0.25)
    part_scores = np.zeros((3, 15))
    part_scores[0, HEAD] = 0.7
    found = PredictedPersons(parts, ids, np.array([0.8, 0.1, 0.5]), part_scores, keypoints)
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    return ParsedPicture.of(found, image, DENSEPOSE_COCO, (30, 40), "street.jpg")


def test_its_line_says_who_and_at_which_size(parsed):
    assert repr(parsed) == "street.jpg: 3 persons, 80x60 parsed at 40x30"
    assert repr(ParsedPicture.of(parsed, parsed.image, DENSEPOSE_COCO)) == "picture: 3 persons, 80x60"


def test_persons_have_masks_boxes_parts_and_keypoints_by_name(parsed):
    assert len(parsed) == 3
    first, second, third = parsed
    np.testing.assert_array_equal(first.mask, parsed.person_ids == 1)
    np.testing.assert_array_equal(first.parts[first.mask], parsed.parts[first.mask])
    assert first.parts[~first.mask].max() == 0
    assert {name: mask.sum() for name, mask in first.part_masks.items()} == {"head": 100, "torso": 400}
    assert (first.area, second.area, third.area) == (500, 0, 700)
    assert first.box.tolist() == [25, 10, 45, 40]
    assert second.box.tolist() == [60, 20, 70, 26]  # of the keypoints: it has no pixel
    assert third.box.tolist() == [5, 50, 75, 60]
    assert dict(zip(first.keypoint_names, first.keypoints.tolist(), strict=True))["nose"] == [35.5, 15.25, 0.9]
    assert first.score == 0.8
    assert first.part_scores["head"] == 0.7
    assert repr(first) == "person 1: score 0.80, 500 pixels in (25, 10, 45, 40), 1 of 17 keypoints"


def test_names_say_what_the_numbers_mean(parsed):
    assert parsed.names[0] == "background"
    assert parsed.names[TORSO] == "torso"
    assert parsed.keypoint_names[:2] == ("nose", "left_eye")


def test_coco_s_own_reader_gives_the_masks_back(parsed, tmp_path):
    parsed.save(tmp_path / "new" / "street.json")
    coco = COCO(tmp_path / "new" / "street.json")
    assert coco.imgs[1] == {"id": 1, "file_name": "street.jpg", "height": HEIGHT, "width": WIDTH}
    assert coco.cats[1]["keypoints"] == list(parsed.keypoint_names)
    assert coco.cats[1]["parts"] == list(DENSEPOSE_COCO.parts.names)
    assert len(coco.cats[1]["skeleton"]) == DENSEPOSE_COCO.num_limbs
    for person, annotation in zip(parsed, coco.loadAnns(coco.getAnnIds()), strict=True):
        np.testing.assert_array_equal(coco.annToMask(annotation), person.mask)
        assert set(annotation["parts"]) == set(person.part_masks)
        for name, mask in person.part_masks.items():
            np.testing.assert_array_equal(coco_mask.decode(annotation["parts"][name]), mask)
        left, top, right, bottom = person.box
        assert annotation["bbox"] == [left, top, right - left, bottom - top]
        assert annotation["area"] == person.area
        assert annotation["score"] == person.score
        assert annotation["num_keypoints"] == (person.keypoints[:, 2] > 0).sum()
        np.testing.assert_allclose(np.reshape(annotation["keypoints"], (17, 3))[:, :2], person.keypoints[:, :2])


@pytest.mark.parametrize("seed", range(3))
def test_run_lengths_are_those_that_pycocotools_writes(seed):
    labels = np.random.default_rng(seed).integers(0, 4, (7, 9))
    for label, lengths in run_lengths(labels).items():
        expected = coco_mask.encode(np.asfortranarray(labels == label, np.uint8))
        assert lengths == {"size": expected["size"], "counts": expected["counts"].decode()}
    assert run_lengths(np.zeros((3, 4), int)) == {}


def test_the_plot_is_saved_as_a_picture(parsed, tmp_path):
    plotted = parsed.plot()
    assert plotted.dtype == np.uint8
    assert plotted.ndim == 3
    assert parsed.save(tmp_path / "new" / "plot.png") == tmp_path / "new" / "plot.png"
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "new" / "plot.png")), plotted)
    parsed.save(str(tmp_path / "plot.jpg"))
    assert Image.open(tmp_path / "plot.jpg").size == plotted.shape[1::-1]
    with pytest.raises(InputError, match=r"plot\.png.*cannot be written"):
        parsed.save(tmp_path / "plot.jpg" / "plot.png")


def test_a_folder_gets_maps_overlay_and_json_and_keeps_what_is_not_ours(parsed, tmp_path):
    parsed.save(tmp_path)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "street_parts.png")), parsed.parts)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "street_persons.png")), parsed.person_ids)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "street_overlay.png")), parsed.plot())
    assert json.loads((tmp_path / "street.json").read_text()) == parsed.to_coco()
    (tmp_path / "street.json").write_text("mine")
    with pytest.raises(InputError, match=r"street\.json: would be replaced"):
        parsed.save(tmp_path)
