import numpy as np
import pytest
import torch

from mghp.config.data import AugmentationConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.sample import Sample
from mghp.errors import InputError
from mghp.training.transforms import Augmentation, mirrored

HEIGHT, WIDTH = 60, 80
LEFT_WRIST, RIGHT_WRIST = 9, 10
LEFT_HAND, RIGHT_HAND = 3, 2


def two_hands():
    """A bright square with the left wrist at its centre, a dim one with the right wrist."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    parts = np.zeros((HEIGHT, WIDTH), np.uint8)
    ids = np.zeros((HEIGHT, WIDTH), np.int16)
    keypoints = np.zeros((2, 17, 3), np.float32)
    for person, (x, y, keypoint, label, colour) in enumerate(
        [(30, 20, LEFT_WRIST, LEFT_HAND, 255), (50, 40, RIGHT_WRIST, RIGHT_HAND, 128)]
    ):
        square = (slice(y - 4, y + 5), slice(x - 4, x + 5))
        image[square], parts[square], ids[square] = colour, label, person + 1
        keypoints[person, keypoint] = (x + 0.5, y + 0.5, 2)
    return Sample(image, parts, ids, keypoints, "hands", (HEIGHT, WIDTH))


def centre(mask):
    """Of the pixels' centres, (x, y)."""
    rows, columns = mask.nonzero()
    return columns.mean() + 0.5, rows.mean() + 0.5


def assert_consistent(sample, tolerance):
    for person, keypoints in enumerate(sample.keypoints):
        x, y = centre(sample.person_ids == person + 1)
        (keypoint,) = (keypoints[:, 2] > 0).nonzero()[0]
        assert keypoints[keypoint, :2] == pytest.approx((x, y), abs=tolerance)
        labels = set(sample.parts[sample.person_ids == person + 1].tolist())
        assert labels == {LEFT_HAND if keypoint == LEFT_WRIST else RIGHT_HAND}


def test_the_mirror_changes_sides_everywhere():
    sample = two_hands()
    mirror = mirrored(sample, DENSEPOSE_COCO)
    assert_consistent(mirror, 1e-6)
    assert mirror.keypoints[0, RIGHT_WRIST].tolist() == [WIDTH - 30.5, 20.5, 2]
    np.testing.assert_array_equal(mirror.image[:, ::-1], sample.image)
    twice = mirrored(mirror, DENSEPOSE_COCO)
    for name in ("image", "parts", "person_ids", "keypoints"):
        np.testing.assert_array_equal(getattr(twice, name), getattr(sample, name))


@pytest.mark.parametrize(
    ("amounts", "resamplings"),
    [
        ({"rotation": 40.0}, 1),
        ({"scale": [0.7, 1.4], "crop": 112}, 1),  # as large as the picture becomes: nobody is cut
        ({"translation": 0.15}, 1),
        ({"rotation": 20.0, "scale": [0.8, 1.2], "crop": 96}, 2),
    ],
)
def test_labels_and_keypoints_follow_the_picture(amounts, resamplings):
    torch.manual_seed(0)
    augmentation = Augmentation(AugmentationConfig(mirror=0.5, **amounts), DENSEPOSE_COCO)
    for _ in range(10):
        moved = augmentation(two_hands())
        assert_consistent(moved, 0.5 * resamplings)  # each takes a label from half a pixel away at most
        bright = moved.image[..., 0] > 200
        assert centre(bright) == pytest.approx(centre(moved.person_ids == 1), abs=0.5 * resamplings)


def test_what_leaves_the_picture_is_no_longer_annotated_and_what_comes_in_is_unknown():
    torch.manual_seed(3)
    augmentation = Augmentation(AugmentationConfig(mirror=0, translation=0.6), DENSEPOSE_COCO)
    gone = 0
    for _ in range(20):
        moved = augmentation(two_hands())
        annotated = moved.keypoints[..., 2] > 0
        gone += 2 - annotated.sum()
        x, y = moved.keypoints[annotated][:, :2].T
        assert ((x >= 0) & (x < WIDTH) & (y >= 0) & (y < HEIGHT)).all()
        assert (moved.keypoints[~annotated] == 0).all()
        outside = (moved.image == (124, 116, 104)).all(-1)
        np.testing.assert_array_equal(moved.parts == 255, outside)
        assert (moved.person_ids[outside] == 0).all()
    assert gone > 5


def four_edges():
    """A picture whose outermost rows and columns are a person each."""
    sample = two_hands()
    sample.person_ids[:] = 0
    sample.person_ids[0], sample.person_ids[-1] = 1, 2
    sample.person_ids[1:-1, 0], sample.person_ids[1:-1, -1] = 3, 4
    return sample


@pytest.mark.parametrize("crop", [None, 64])
def test_of_an_enlarged_picture_every_place_is_seen_and_nothing_is_filled(crop):
    torch.manual_seed(0)
    augmentation = Augmentation(AugmentationConfig(mirror=0, scale=[1.5, 1.5], crop=crop), DENSEPOSE_COCO)
    seen = set()
    for _ in range(300):
        moved = augmentation(four_edges())
        assert moved.image.shape[:2] == ((HEIGHT, WIDTH) if crop is None else (crop, crop))
        assert (moved.parts != 255).all()
        seen |= set(np.unique(moved.person_ids).tolist())
    assert seen == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("crop", [None, 50, 40])
def test_of_a_reduced_picture_only_what_is_missing_is_filled(crop):
    torch.manual_seed(0)
    augmentation = Augmentation(AugmentationConfig(mirror=0, scale=[0.7, 0.7], crop=crop), DENSEPOSE_COCO)
    height, width = (HEIGHT, WIDTH) if crop is None else (crop, crop)
    for _ in range(20):
        moved = augmentation(two_hands())
        assert moved.parts.shape == (height, width)
        assert (moved.parts != 255).sum() == min(height, 42) * min(width, 56)


def test_the_far_edges_lie_outside_the_picture():
    """A crop of the whole picture moves nothing: x = width is a cell that no field has."""
    side = 60
    places = [(0, 0), (side - 0.25, 30), (side, 30), (30, side - 0.25), (30, side), (-0.25, 30), (30, -0.25)]
    keypoints = np.zeros((1, 17, 3), np.float32)
    keypoints[0, : len(places)] = [(*place, 2) for place in places]
    sample = Sample(np.zeros((side, side, 3), np.uint8), None, None, keypoints, "edges", (side, side))
    kept = Augmentation(AugmentationConfig(mirror=0, crop=side), DENSEPOSE_COCO)(sample).keypoints
    assert kept[0, : len(places), 2].tolist() == [2, 2, 0, 2, 0, 0, 0]


def test_colours_change_and_labels_do_not():
    torch.manual_seed(0)
    amounts = {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "blur": 1.0, "grey": 0.5}
    sample = two_hands()
    changed = Augmentation(AugmentationConfig(mirror=0, **amounts), DENSEPOSE_COCO)(sample)
    assert (changed.image != sample.image).any()
    assert changed.image.dtype == np.uint8
    np.testing.assert_array_equal(changed.parts, sample.parts)
    np.testing.assert_array_equal(changed.keypoints, sample.keypoints)


@pytest.mark.filterwarnings("error")
def test_a_read_only_picture_is_taken_without_a_warning():
    """Pillow's arrays of JPEG pictures are read-only."""
    sample = two_hands()
    sample.image.flags.writeable = sample.person_ids.flags.writeable = False
    changed = Augmentation(AugmentationConfig(mirror=0, brightness=0.4, crop=64), DENSEPOSE_COCO)(sample)
    assert changed.image.shape == (64, 64, 3)


def test_missing_labels_stay_missing():
    torch.manual_seed(0)
    sample = two_hands()
    sample.parts = sample.person_ids = sample.keypoints = None
    changed = Augmentation(AugmentationConfig(mirror=1, rotation=10), DENSEPOSE_COCO)(sample)
    assert changed.parts is None
    assert changed.person_ids is None
    assert changed.keypoints is None


def test_the_sample_given_is_not_changed():
    torch.manual_seed(0)
    sample, untouched = two_hands(), two_hands()
    Augmentation(AugmentationConfig(mirror=1, rotation=10, brightness=0.5), DENSEPOSE_COCO)(sample)
    for name in ("image", "parts", "person_ids", "keypoints"):
        np.testing.assert_array_equal(getattr(sample, name), getattr(untouched, name))


@pytest.mark.parametrize(
    ("amounts", "complaint"),
    [
        ({"mirror": 1.5}, "^mirror is a probability"),
        ({"rotation": -1.0}, "^rotation must not be negative"),
        ({"scale": [1.2, 0.8]}, "scale is"),
    ],
)
def test_amounts_are_checked(amounts, complaint):
    with pytest.raises(InputError, match=complaint):
        AugmentationConfig(**amounts)
