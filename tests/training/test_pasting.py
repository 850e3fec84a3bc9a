import dataclasses

import numpy as np
import pytest
import torch

from mghp.config.data import AugmentationConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.sample import LABEL_MAPS, Sample
from mghp.datasets.synthetic import SCENES, render
from mghp.training.pasting import Pasting, areas, cut_out, pasted, persons_to_cut
from mghp.training.transforms import mirrored

SIZE = HEIGHT, WIDTH = 40, 60
NOSE, LEFT_WRIST, RIGHT_WRIST = 0, 9, 10
TORSO, RIGHT_HAND, LEFT_HAND = 1, 2, 3
LEFT, TOP = 20, 12
BOX = slice(TOP, TOP + 20), slice(LEFT, LEFT + 10)


def noise(seed):
    return np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), np.uint8)


def someone(seed=0):
    """One person on noise: a torso with a left hand below it, without a corner; nose and left wrist visible."""
    parts, keypoints = np.zeros(SIZE, np.uint8), np.zeros((1, 17, 3), np.float32)
    parts[BOX] = TORSO
    parts[TOP + 15 : TOP + 20, LEFT : LEFT + 10] = LEFT_HAND
    parts[TOP : TOP + 3, LEFT : LEFT + 3] = 0
    keypoints[0, NOSE] = LEFT + 5.5, TOP + 1.5, 2
    keypoints[0, LEFT_WRIST] = LEFT + 2.5, TOP + 17.5, 2
    return Sample(noise(seed), parts, (parts > 0).astype(np.int16), keypoints, f"someone{seed}", SIZE)


@pytest.fixture
def donor():
    return someone(1)


@pytest.fixture
def target():
    return someone(2)


def moved_mask(donor, across, down):
    rows, columns = donor.person_ids.nonzero()
    mask = np.zeros(SIZE, bool)
    mask[rows + down, columns + across] = True
    return mask


def test_a_pasted_person_brings_its_pixels_parts_and_keypoints(donor, target):
    crowd = pasted(target, cut_out(donor, 0), LEFT + 25, TOP - 10)
    new, old = moved_mask(donor, 25, -10), donor.person_ids > 0
    np.testing.assert_array_equal(crowd.image[new], donor.image[old])
    np.testing.assert_array_equal(crowd.parts[new], donor.parts[old])
    assert (crowd.person_ids[new] == 2).all()
    for name in ("image", "parts", "person_ids"):
        np.testing.assert_array_equal(getattr(crowd, name)[~new], getattr(target, name)[~new])
    np.testing.assert_array_equal(crowd.keypoints[0], target.keypoints[0])
    assert crowd.keypoints[1, LEFT_WRIST].tolist() == [LEFT + 27.5, TOP + 7.5, 2]
    assert (crowd.keypoints[1, :, 2] > 0).sum() == 2


def test_a_mirrored_person_has_its_sides_exchanged(donor, target):
    person = mirrored(cut_out(donor, 0), DENSEPOSE_COCO)
    crowd = pasted(target, person, 0, 0)
    new = crowd.person_ids == 2
    assert set(crowd.parts[new].tolist()) == {TORSO, RIGHT_HAND}
    assert crowd.keypoints[1, RIGHT_WRIST].tolist() == [10 - 2.5, 17.5, 2]
    assert crowd.keypoints[1, LEFT_WRIST].tolist() == [0, 0, 0]
    np.testing.assert_array_equal(
        crowd.image[:20, :10][:, ::-1][donor.person_ids[BOX] > 0], donor.image[BOX][donor.person_ids[BOX] > 0]
    )


def test_whoever_is_covered_has_fewer_pixels_and_hidden_keypoints(donor, target):
    crowd = pasted(target, cut_out(donor, 0), LEFT, TOP + 8)
    new, old = moved_mask(donor, 0, 8), target.person_ids > 0
    np.testing.assert_array_equal(crowd.person_ids == 1, old & ~new)
    np.testing.assert_array_equal(crowd.person_ids == 2, new)
    assert crowd.keypoints[0, [NOSE, LEFT_WRIST], 2].tolist() == [2, 1]
    np.testing.assert_array_equal(crowd.keypoints[0, :, :2], target.keypoints[0, :, :2])
    assert crowd.keypoints[0, [1, 2], 2].tolist() == [0, 0]  # never annotated


def test_what_lies_outside_the_picture_is_cut_off(donor, target):
    crowd = pasted(target, cut_out(donor, 0), -4, HEIGHT - 10)
    new = crowd.person_ids == 2
    old = donor.person_ids[TOP : TOP + 10, LEFT + 4 : LEFT + 10] > 0
    np.testing.assert_array_equal(new[-10:, :6], old)
    assert new.sum() == old.sum()
    assert crowd.keypoints[1, NOSE].tolist() == [1.5, HEIGHT - 8.5, 2]
    assert crowd.keypoints[1, LEFT_WRIST].tolist() == [0, 0, 0]


def test_keypoints_that_something_else_hides_stay_behind(donor):
    donor.keypoints[0, 5] = LEFT + 5.5, TOP + 10.5, 1  # behind its own torso
    donor.keypoints[0, 6] = LEFT + 0.5, TOP + 0.5, 1  # where a corner is missing
    assert cut_out(donor, 0).keypoints[0, [5, 6]].tolist() == [[5.5, 10.5, 1], [0, 0, 0]]


def test_only_the_pixels_of_a_pasted_person_become_known(donor, target):
    everywhere = np.ones(SIZE, bool)
    target = dataclasses.replace(target, ignored_persons=everywhere, ignored_poses=everywhere)
    crowd = pasted(target, cut_out(donor, 0), 5, 5)
    for ignored in (crowd.ignored_persons, crowd.ignored_poses):
        np.testing.assert_array_equal(ignored, crowd.person_ids != 2)


def test_what_is_not_known_of_the_pasted_person_is_not_known_of_its_pixels(donor, target):
    unknown = dataclasses.replace(donor, parts=None, keypoints=None)
    crowd = pasted(target, cut_out(unknown, 0), 0, 0)
    new = crowd.person_ids == 2
    assert (crowd.parts[new] == 255).all()
    assert (crowd.parts[~new] != 255).all()
    np.testing.assert_array_equal(crowd.ignored_poses, new)
    assert crowd.keypoints[:, :, 2].any(-1).tolist() == [True, False]


def test_a_picture_without_masks_is_not_taken_for_background(donor, target):
    unmasked = dataclasses.replace(target, parts=None, person_ids=None)
    crowd = pasted(unmasked, cut_out(donor, 0), LEFT, TOP + 8)
    new = moved_mask(donor, 0, 8)
    np.testing.assert_array_equal(crowd.person_ids, 2 * new)
    np.testing.assert_array_equal(crowd.ignored_persons, ~new)
    np.testing.assert_array_equal(crowd.parts == 255, ~new)
    assert not crowd.ignored_poses.any()
    assert crowd.keypoints[0, [NOSE, LEFT_WRIST], 2].tolist() == [2, 1]


def test_a_picture_without_keypoints_is_not_taken_for_empty(donor, target):
    crowd = pasted(dataclasses.replace(target, keypoints=None), cut_out(donor, 0), 0, 0)
    assert crowd.keypoints[:, :, 2].any(-1).tolist() == [False, True]
    np.testing.assert_array_equal(crowd.ignored_poses, crowd.person_ids != 2)


def test_kinds_of_labels_that_neither_has_stay_missing(donor, target):
    bare = [dataclasses.replace(sample, parts=None, keypoints=None) for sample in (donor, target)]
    crowd = pasted(bare[1], cut_out(bare[0], 0), 0, 0)
    assert crowd.parts is None
    assert crowd.keypoints is None
    assert crowd.person_ids.max() == 2


def test_pixels_not_known_to_be_a_persons_are_not_cut_out(donor):
    ignored = np.zeros(SIZE, bool)
    ignored[:, : LEFT + 6] = True
    person = cut_out(dataclasses.replace(donor, ignored_persons=ignored), 0)
    assert person.image.shape == (20, 4, 3)
    assert (person.person_ids == 1).all()


def test_specks_are_not_cut_out(donor):
    donor.person_ids[0, 0] = 2
    assert persons_to_cut(donor) == [0]
    assert persons_to_cut(dataclasses.replace(donor, person_ids=None)) == []


@pytest.fixture(scope="module")
def rendered():
    return [render(SCENES["default"], index, seed=8, size=64) for index in range(12)]


def unchanged(sample, before):
    names = ("image", "keypoints", *LABEL_MAPS)
    return all(np.array_equal(getattr(sample, name), getattr(before, name)) for name in names)


def pasting(donors, **amounts):
    return Pasting(AugmentationConfig(**{"paste": 1.0, "paste_persons": 3, **amounts}), DENSEPOSE_COCO, donors)


@pytest.mark.parametrize("with_masks", [True, False])
def test_persons_are_added_and_nobody_vanishes(rendered, with_masks):
    torch.manual_seed(0)
    paste, added = pasting(rendered), []
    for index, sample in enumerate(rendered):
        target = sample if with_masks else dataclasses.replace(sample, parts=None, person_ids=None)
        crowd = paste(target, index)
        before, after = areas(target), areas(crowd)
        assert (after[: len(before)] >= 0.2 * before).all()
        assert (after[len(before) :] > 0).all()
        assert len(crowd.keypoints) == len(after)
        added.append(len(after) - len(before))
        untouched = crowd.person_ids <= len(before)
        np.testing.assert_array_equal(crowd.image[untouched], target.image[untouched])
    assert max(added) > 1
    assert np.mean(np.array(added) > 0) > 0.5


def test_visible_keypoints_of_pasted_persons_lie_on_them(rendered):
    torch.manual_seed(1)
    empty = Sample(np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), np.uint8), None, None, "empty", (64, 64))
    empty.person_ids = np.zeros((64, 64), np.int16)
    paste, distances = pasting(rendered, paste_persons=1), []
    for _ in range(20):
        crowd = paste(empty, 0)
        rows, columns = (crowd.person_ids == 1).nonzero()
        for x, y, visibility in crowd.keypoints[0]:
            if visibility == 2:
                distances.append(np.hypot(columns + 0.5 - x, rows + 0.5 - y).min())
    assert len(distances) > 50
    assert np.max(distances) < 3


def test_the_picture_itself_and_those_without_masks_are_no_donors(rendered):
    torch.manual_seed(0)
    nobody = [dataclasses.replace(sample, person_ids=None) for sample in rendered]
    assert unchanged(pasting([rendered[0]])(rendered[0], 0), rendered[0])
    assert unchanged(pasting([rendered[0], *nobody[1:]])(rendered[0], 0), rendered[0])
    crowd = pasting([nobody[0], rendered[1]])(nobody[0], 0)
    assert crowd.person_ids.max() > len(nobody[0].keypoints)


class Counting(list):
    """Pictures that count how often each is read."""

    def __init__(self, samples):
        super().__init__(samples)
        self.reads = [0] * len(samples)

    def __getitem__(self, index):
        self.reads[index] += 1
        return super().__getitem__(index)


def test_a_donor_without_masks_is_read_once_and_what_is_drawn_does_not_depend_on_it(rendered):
    half = [s if i % 2 else dataclasses.replace(s, person_ids=None) for i, s in enumerate(rendered)]
    used = Counting(half)
    old = pasting(used)
    for seed in range(20):
        torch.manual_seed(seed)
        seen = old(rendered[0], 0)
        torch.manual_seed(seed)
        assert unchanged(pasting(half)(rendered[0], 0), seen)
    assert max(used.reads[2::2]) == 1
    assert max(used.reads[1::2]) > 1


def test_probability_decides_how_often(rendered):
    torch.manual_seed(0)
    paste = pasting(rendered, paste=0.3)
    share = np.mean([paste(rendered[0], 0) is not rendered[0] for _ in range(100)])
    assert 0.15 < share < 0.45


def test_the_samples_given_are_not_changed(rendered):
    torch.manual_seed(0)
    copies = [render(SCENES["default"], index, seed=8, size=64) for index in range(12)]
    paste = pasting(rendered)
    for index, sample in enumerate(rendered):
        paste(sample, index)
    assert all(unchanged(sample, copy) for sample, copy in zip(rendered, copies, strict=True))


def test_a_person_of_whom_no_pixel_is_left_is_not_pasted(donor, target):
    """The nearest pixels of a much smaller size may miss a thin mask."""
    donor.person_ids[:] = 0
    donor.person_ids[TOP : TOP + 20, LEFT] = donor.person_ids[TOP, LEFT + 19] = 1
    small = dataclasses.replace(target, image=target.image[:8], person_ids=None, parts=None, keypoints=None)
    torch.manual_seed(0)
    for _ in range(20):
        crowd = pasting([small, donor])(small, 0)
        assert crowd is small or (crowd.person_ids == 1).any()
