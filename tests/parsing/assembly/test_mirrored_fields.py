from dataclasses import replace

import pytest
import torch

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.parsing.assembly.mirrored_fields import cut_to, mean_fields, mirrored_fields
from mghp.parsing.batch import collate
from mghp.parsing.true_fields import true_fields
from mghp.training.transforms import mirrored

STRIDES = {"parts": 2, "keypoints": 4, "limbs": 4, "field": 2}
FIELDS = (
    "part_logits",
    "heatmaps",
    "keypoint_offsets",
    "limb_fields",
    "projection",
    "centers",
    "limb_offsets",
    "pose_offsets",
)


def fields_of(samples, strides=STRIDES, towards="annotated"):
    return true_fields(collate(samples, 17), DENSEPOSE_COCO, strides, towards)


def pointing_to(name):
    """Centres are there where the projection points to them."""
    return "center" if name == "centers" else "annotated"


@pytest.fixture(scope="module")
def samples():
    return [render(SCENES["default"], index, seed=1, size=64) for index in range(6)]


@pytest.mark.parametrize("name", FIELDS)
def test_the_mirror_of_true_fields_is_what_is_true_of_the_mirror_image(samples, name):
    # At even strides a cell is human where the pixel to the lower right of its centre is, which is another pixel in the
    # mirror; at stride 1 it is the same one.
    strides = STRIDES | {"field": 1, "limbs": 1 if name == "pose_offsets" else 4}
    towards = pointing_to(name)
    ours = getattr(mirrored_fields(fields_of(samples, strides, towards), DENSEPOSE_COCO), name)
    theirs = getattr(fields_of([mirrored(sample, DENSEPOSE_COCO) for sample in samples], strides, towards), name)
    # Where two persons or keypoints are equally near, reading order decides, and the mirror turns it round.
    differs = (ours - theirs).abs() > 1e-3
    assert differs.float().mean() < 0.002
    assert theirs.abs().amax() > 0.5


@pytest.mark.parametrize("name", FIELDS)
def test_twice_in_the_mirror_is_as_before(samples, name):
    fields = fields_of(samples[:1], towards=pointing_to(name))
    twice = mirrored_fields(mirrored_fields(fields, DENSEPOSE_COCO), DENSEPOSE_COCO)
    assert torch.equal(getattr(twice, name), getattr(fields, name))


def test_without_offsets_there_are_none(samples):
    fields = replace(fields_of(samples[:1]), keypoint_offsets=None)
    mirror = mirrored_fields(fields, DENSEPOSE_COCO)
    assert mirror.keypoint_offsets is None
    assert mean_fields([fields, mirror]).keypoint_offsets is None
    assert cut_to(fields, (30, 30)).keypoint_offsets is None


def test_the_mean_has_centres_where_all_have_them(samples):
    fields = fields_of(samples[:1], towards="center")
    faint = replace(fields, centers=fields.centers / 2)
    torch.testing.assert_close(mean_fields([fields, faint]).centers, 0.75 * fields.centers)
    assert mean_fields([fields, replace(fields, centers=None)]).centers is None


def test_a_width_of_no_whole_cells_is_refused(samples):
    fields = replace(fields_of(samples[:1]), image_size=(64, 62))
    with pytest.raises(ValueError, match="width 62"):
        mirrored_fields(fields, DENSEPOSE_COCO)


def test_the_mean_is_of_probabilities_not_of_logits(samples):
    fields = fields_of(samples[:1])
    first = replace(fields, part_logits=torch.tensor([4.0, 0.0, -4.0]).view(1, 3, 1, 1))
    second = replace(fields, part_logits=torch.tensor([-9.0, 0.0, 9.0]).view(1, 3, 1, 1), heatmaps=fields.heatmaps / 2)
    mean = mean_fields([first, second])
    expected = (first.part_logits.softmax(1) + second.part_logits.softmax(1)) / 2
    torch.testing.assert_close(mean.part_logits.softmax(1), expected)
    torch.testing.assert_close(mean.part_logits.exp().sum(1), torch.ones(1, 1, 1))
    torch.testing.assert_close(mean.heatmaps, 0.75 * fields.heatmaps)


def test_cells_that_cover_what_is_left_are_kept(samples):
    cut = cut_to(fields_of(samples[:1]), (61, 50))
    assert cut.image_size == (61, 50)
    assert cut.part_logits.shape[-2:] == cut.projection.shape[-2:] == (31, 25)
    assert cut.centers is None
    of_centers = cut_to(fields_of(samples[:1], towards="center"), (61, 50))
    assert of_centers.centers.shape[-2:] == (16, 13)
    assert cut.heatmaps.shape[-2:] == cut.keypoint_offsets.shape[-2:] == cut.limb_fields.shape[-2:] == (16, 13)
