import dataclasses

import pytest
import torch

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.parsing.assembly.regressed_keypoints import (
    LEAST_CONFIDENCE,
    at_heat_nearby,
    regressed_at_centers,
    regressed_poses,
)
from mghp.parsing.batch import collate
from mghp.parsing.true_fields import true_fields

STRIDES = {"parts": 1, "keypoints": 4, "limbs": 4, "field": 2}


@pytest.fixture(scope="module")
def batch():
    return collate([render(SCENES["default"], index, seed=1) for index in range(3)], 17)


@pytest.fixture(scope="module")
def fields(batch):
    return true_fields(batch, DENSEPOSE_COCO, STRIDES)


def poses_of(fields, batch, picture):
    return regressed_poses(fields, picture, batch.person_ids[picture].long(), batch.keypoints.shape[1])


def test_true_offsets_of_true_pixels_give_every_true_keypoint_on_the_person_or_not(batch, fields):
    hidden = 0
    for picture in range(3):
        poses, true = poses_of(fields, batch, picture), batch.keypoints[picture]
        with_cell = (
            torch.bincount(batch.person_ids[picture, 2::4, 2::4].flatten().long(), minlength=len(true) + 1)[1:] > 0
        )
        known = (true[..., 2] > 0) & with_cell[:, None]
        torch.testing.assert_close(poses[..., :2][known], true[..., :2][known], atol=1e-3, rtol=0)
        assert (poses[known][:, 2] >= LEAST_CONFIDENCE).all()
        column, row = (true[..., axis][known].long().clamp(0, 127) for axis in (0, 1))
        person = known.nonzero()[:, 0] + 1
        hidden += int((batch.person_ids[picture, row, column] != person).sum())
    assert hidden > 5  # what no reading among the person's own pixels finds


def test_pixels_of_others_do_not_move_a_pose(batch, fields):
    ids = batch.person_ids[0].long()
    first = (ids == 1).nonzero()
    (there,) = (batch.keypoints[0, 0, :, 2] > 0).nonzero(as_tuple=True)
    wrong = ids.clone()
    others = (ids != 1).nonzero()[: len(first) // 4]
    wrong[others[:, 0], others[:, 1]] = 1
    poses = regressed_poses(fields, 0, wrong, 1)
    miss = (poses[0, there, :2] - batch.keypoints[0, 0, there, :2]).norm(dim=-1)
    assert miss.median() < 1e-3


def test_the_cell_of_a_centre_tells_all_keypoints_of_its_person(batch, fields):
    ids, true = batch.person_ids[0, 2::4, 2::4], batch.keypoints[0]
    persons = [person for person in range(len(true)) if (ids == person + 1).any()]
    cells = torch.stack([(ids == person + 1).nonzero()[0].flip(0) for person in persons])
    centers = torch.cat([4.0 * cells + 3, torch.full((len(persons), 1), 0.3)], 1)[:, None]
    poses, known = regressed_at_centers(fields, 0, centers), true[persons][..., 2] > 0
    torch.testing.assert_close(poses[known][:, :2], true[persons][known][:, :2], atol=1e-3, rtol=0)
    assert (poses[..., 2] == torch.tensor(0.3)).all()
    beyond = torch.tensor([[[500.0, -3.0, 1.0]]])  # a centre at the border is read at the nearest cell
    assert torch.isfinite(regressed_at_centers(fields, 0, beyond)).all()
    assert regressed_at_centers(fields, 0, centers[:0]).shape == (0, 17, 3)
    with pytest.raises(ValueError, match="no pose offsets"):
        regressed_at_centers(dataclasses.replace(fields, pose_offsets=None), 0, centers)


def test_persons_without_a_cell_get_nothing(fields):
    nobody = torch.zeros(128, 128, dtype=torch.long)
    assert not regressed_poses(fields, 0, nobody, 2).any()
    assert regressed_poses(fields, 0, nobody, 0).shape == (0, 17, 3)
    poses = regressed_poses(fields, 0, nobody, 2)
    assert not at_heat_nearby(fields, 0, poses, torch.ones(2), 0.0).any()


def test_the_hottest_cell_nearby_is_taken_if_it_could_be_a_candidate(fields):
    heat = torch.zeros(1, 17, 32, 32)
    heat[0, 0, 5, 7], heat[0, 0, 6, 7], heat[0, 0, 5, 12] = 0.5, 0.3, 0.9  # centres (30, 22), (30, 26) and (50, 22)
    heat[0, 1, 5, 7] = 0.05
    bare = dataclasses.replace(fields, heatmaps=heat, keypoint_offsets=None)
    pose = torch.tensor([28.0, 24.0, 0.2]).expand(1, 17, 3)
    moved = at_heat_nearby(bare, 0, pose, torch.tensor([6.0]), threshold=0.1)
    assert moved[0, 0].tolist() == [30, 22, 0.5]
    assert torch.equal(moved[0, 1:], pose[0, 1:])
    assert at_heat_nearby(bare, 0, pose, torch.tensor([40.0]), 0.1)[0, 0].tolist() == pytest.approx([50, 22, 0.9])


def test_fields_without_pose_offsets_are_refused(batch, fields):
    with pytest.raises(ValueError, match="no pose offsets"):
        poses_of(dataclasses.replace(fields, pose_offsets=None), batch, 0)
