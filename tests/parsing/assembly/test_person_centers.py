"""Grouping by person centre and offset, on planted centres and offsets and on true ones."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from mghp.config.assembly import AssemblyConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.matching import make_matcher
from mghp.metrics.grouping import grouping_counts
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.assembly.person_centers import Instances, find_centers, instances_of, join_poses, nearest_centers
from mghp.parsing.batch import collate
from mghp.parsing.fields import Fields
from mghp.parsing.true_fields import true_fields

SIZE, STRIDE, CENTER_STRIDE = (24, 40), 2, 4
STRIDES = {"parts": 1, "keypoints": 4, "limbs": 4, "field": 2}


def planted(centers, confidences, pointed_to):
    """Fields whose centres peak at the cells' centres given, and whose cells left and right of x = 20 point there."""
    rows, columns = (side // CENTER_STRIDE for side in SIZE)
    heat = torch.zeros(1, 1, rows, columns)
    for (x, y), confidence in zip(centers, confidences, strict=True):
        heat[0, 0, int(y // CENTER_STRIDE), int(x // CENTER_STRIDE)] = confidence
    y, x = torch.meshgrid(*(STRIDE * (torch.arange(side // STRIDE) + 0.5) for side in SIZE), indexing="ij")
    left, right = (torch.tensor(goal).view(2, 1, 1) for goal in pointed_to)
    projection = torch.where(x < 20, left, right) - torch.stack([x, y])
    nothing = torch.zeros(1, 1, 1, 1)
    return Fields(SIZE, nothing, nothing, None, nothing[None], projection[None], 1, CENTER_STRIDE, 4, STRIDE, heat)


HUMAN = torch.zeros(SIZE, dtype=torch.bool)
HUMAN[4:20, 3:37] = True
LEFT, RIGHT = (10.0, 10.0), (30.0, 14.0)


def group_by_centers(fields, picture, is_human, threshold, max_centers, max_distance=None):
    centers = find_centers(fields, picture, threshold, max_centers)
    return instances_of(nearest_centers(fields, picture, is_human, centers, max_distance), centers)


def test_pixels_go_to_the_centre_they_point_to_not_to_the_nearest():
    crossed = planted([LEFT, RIGHT], [0.6, 0.9], pointed_to=[RIGHT, LEFT])
    found = group_by_centers(crossed, 0, HUMAN, 0.1, 30)
    assert found.confidences.tolist() == pytest.approx([0.9, 0.6])  # the surest is the first instance
    left = torch.arange(SIZE[1]) < 20
    assert (found.person_ids[HUMAN & left] == 1).all()
    assert (found.person_ids[HUMAN & ~left] == 2).all()
    assert (found.person_ids[~HUMAN] == 0).all()


def test_pixel_by_pixel_the_centre_nearest_to_the_landing_point():
    generator = torch.Generator().manual_seed(0)
    centers = [(6.0, 6.0), (18.0, 14.0), (30.0, 6.0)]
    fields = planted(centers, [0.9, 0.8, 0.7], [LEFT, RIGHT])
    fields.projection[:] = 8 * torch.randn(fields.projection.shape, generator=generator)
    bounded = group_by_centers(fields, 0, HUMAN, 0.1, 30, max_distance=9.0)
    found = group_by_centers(fields, 0, HUMAN, 0.1, 30)
    for y, x in HUMAN.nonzero().tolist():
        row, column = y // STRIDE, x // STRIDE
        shift = fields.projection[0, :, row, column].tolist()
        landing = STRIDE * (column + 0.5) + shift[0], STRIDE * (row + 0.5) + shift[1]
        distances = [math.dist(landing, center) for center in centers]
        nearest = int(np.argmin(distances)) + 1
        assert found.person_ids[y, x] == nearest
        assert bounded.person_ids[y, x] == (nearest if min(distances) <= 9 else 0)


def test_a_centre_that_is_too_weak_or_gets_no_pixel_is_no_instance():
    both_left = planted([LEFT, RIGHT], [0.6, 0.9], pointed_to=[LEFT, LEFT])
    found = group_by_centers(both_left, 0, HUMAN, 0.1, 30)
    assert found.confidences.tolist() == pytest.approx([0.6])
    assert torch.equal(found.person_ids, HUMAN.long())
    weak = planted([LEFT, RIGHT], [0.3, 0.9], pointed_to=[LEFT, RIGHT])
    assert len(group_by_centers(weak, 0, HUMAN, 0.4, 30).confidences) == 1
    assert len(group_by_centers(weak, 0, HUMAN, 0.2, 30).confidences) == 2
    assert len(group_by_centers(weak, 0, HUMAN, 0.2, 1).confidences) == 1


def test_nobody_is_nobody():
    fields = planted([LEFT], [0.9], [LEFT, LEFT])
    for of_whom, human in ((fields, ~HUMAN & HUMAN), (planted([], [], [LEFT, LEFT]), HUMAN)):
        found = group_by_centers(of_whom, 0, human, 0.1, 30)
        assert len(found.confidences) == 0
        assert not found.person_ids.any()
        keypoints, confidences = join_poses(torch.zeros(0, 17, 3), found)
        assert keypoints.shape == (0, 17, 3)
        assert len(confidences) == 0
    with pytest.raises(ValueError, match="the fields have none"):
        group_by_centers(replace(fields, centers=None), 0, HUMAN, 0.1, 30)


def instances(number=2):
    ids = torch.zeros(8, 12, dtype=torch.long)
    ids[:, :6], ids[:, 6:] = 1, 2
    return Instances(ids.clamp(max=number), torch.tensor([0.9, 0.7, 0.5])[:number])


def pose(*points):
    keypoints = torch.zeros(4, 3)
    for kind, (x, y) in enumerate(points):
        keypoints[kind] = torch.tensor([x, y, 0.5])
    return keypoints


def test_poses_go_to_instances_one_to_one_by_keypoints_on_their_pixels():
    # Both poses have most keypoints on the first instance; the second pose can do with the other one.
    first, second = pose((1, 1), (2, 2), (3, 3)), pose((4, 4), (5.9, 5), (6.1, 5))
    keypoints, confidences = join_poses(torch.stack([second, first]), instances())
    assert torch.equal(keypoints, torch.stack([first, second]))
    assert confidences.tolist() == pytest.approx([0.9, 0.7])


def test_an_instance_without_a_pose_is_a_person_without_keypoints():
    keypoints, confidences = join_poses(pose((8, 1), (9, 2))[None], instances())
    assert torch.equal(keypoints, torch.stack([pose(), pose((8, 1), (9, 2))]))
    assert confidences.tolist() == pytest.approx([0.9, 0.7])
    keypoints, _ = join_poses(torch.zeros(0, 4, 3), instances())
    assert torch.equal(keypoints, torch.zeros(2, 4, 3))


def test_a_pose_without_an_instance_comes_last_and_without_pixels():
    beyond = pose((-3, 2), (50, 2), (4, 99))  # not on the picture
    on_the_first, less_so = pose((1, 1), (2, 2)), pose((1, 1))
    keypoints, confidences = join_poses(torch.stack([beyond, less_so, on_the_first]), instances())
    assert torch.equal(keypoints, torch.stack([on_the_first, pose(), beyond, less_so]))
    assert confidences.tolist() == pytest.approx([0.9, 0.7, 0, 0])


@pytest.fixture(scope="module")
def crowds():
    return collate([render(SCENES["hard"], index, seed=1) for index in range(8)], 17)


def assembler(**config):
    affinity = Affinity(DENSEPOSE_COCO.skeleton.limbs)
    return Assembler(DENSEPOSE_COCO, make_matcher("hungarian"), affinity, AssemblyConfig(**config))


def test_true_centres_and_offsets_group_the_pixels_of_crowds(crowds):
    """Beside the projection field, and beside what an offset of nothing gives."""

    def grouped(fields, grouping):
        found = assembler(grouping=grouping)(fields)
        counts = [grouping_counts(crowds.person_ids[k].numpy(), people.person_ids) for k, people in enumerate(found)]
        right, human = np.sum(counts, 0)
        return right / human

    of_centers = true_fields(crowds, DENSEPOSE_COCO, STRIDES, "center")
    still = replace(of_centers, projection=torch.zeros_like(of_centers.projection))
    assert grouped(of_centers, "center") > 0.93
    assert grouped(true_fields(crowds, DENSEPOSE_COCO, STRIDES), "field") > 0.8
    assert grouped(still, "center") < grouped(of_centers, "center") - 0.05


def test_persons_keypoints_and_scores_fit_each_other(crowds):
    fields = true_fields(crowds, DENSEPOSE_COCO, STRIDES, "center")
    # Of the first picture no pose is found, of the second no centre.
    fields.heatmaps[0], fields.centers[1] = 0, 0
    for read in (False, True):
        found = assembler(grouping="center", read_missing_keypoints=read)(fields)
        for people in found:
            persons = len(people.keypoints)
            assert people.person_scores.shape == (persons,)
            assert people.part_scores.shape == (persons, 15)
            with_pixels = np.bincount(people.person_ids.ravel(), minlength=persons + 1)[1:] > 0
            assert ((people.person_scores > 0) == with_pixels).all()
            assert (people.person_scores <= 1).all()
            without = ~(people.keypoints[..., 2] > 0).any(1)
            assert not (without & ~with_pixels).any()
        assert len(found[0].keypoints) > 0
        assert not found[0].keypoints.any()
        assert not found[1].person_ids.any()
        assert len(found[1].keypoints) > 0
