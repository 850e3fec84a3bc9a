import dataclasses
import math

import numpy as np
import pytest
import torch

from mghp.anatomy.person_size import person_sizes
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.sample import Sample
from mghp.datasets.synthetic import SCENES, render
from mghp.parsing.batch import collate
from mghp.parsing.targets import (
    TargetMaker,
    make_heatmaps,
    make_keypoint_offsets,
    make_limb_fields,
    make_limb_offsets,
    make_pose_offsets,
    make_projection,
    person_areas,
)
from mghp.training.transforms import mirrored

SKELETON = DENSEPOSE_COCO.skeleton
SIZE = 64


@pytest.fixture(scope="module")
def batch():
    return collate([render(SCENES["default"], index, seed=5, size=SIZE) for index in range(3)], 17)


def annotated(batch):
    """(picture, person, keypoint, x, y) of every annotated keypoint."""
    for b, p, k in (batch.keypoints[..., 2] > 0).nonzero().tolist():
        yield b, p, k, *batch.keypoints[b, p, k, :2].tolist()


def centres(stride):
    return [stride * (i + 0.5) for i in range(math.ceil(SIZE / stride))]


@pytest.mark.parametrize("stride", [2, 4])
def test_heatmaps_cell_by_cell(batch, stride):
    generator = torch.Generator().manual_seed(0)
    sigma = 2 + 6 * torch.rand(batch.keypoints.shape[:3], generator=generator)
    places = centres(stride)
    expected = torch.zeros(3, 17, len(places), len(places))
    for b, p, k, x, y in annotated(batch):
        spread = max(float(sigma[b, p, k]), stride)
        for row, cy in enumerate(places):
            for column, cx in enumerate(places):
                heat = math.exp(-((cx - x) ** 2 + (cy - y) ** 2) / (2 * spread**2))
                expected[b, k, row, column] = max(expected[b, k, row, column], heat)
    torch.testing.assert_close(make_heatmaps(batch, sigma, stride), expected, atol=1e-5, rtol=1e-4)


def test_offsets_lead_to_the_nearest_keypoint_of_the_type(batch):
    offsets, near = make_keypoint_offsets(batch, 4)
    places = centres(4)
    checked = 0
    for b in range(3):
        for k in range(17):
            points = [(x, y) for bb, _, kk, x, y in annotated(batch) if (bb, kk) == (b, k)]
            cells = {(int(y // 4) + j, int(x // 4) + i) for x, y in points for i in (-1, 0, 1) for j in (-1, 0, 1)}
            cells = {(row, column) for row, column in cells if 0 <= row < len(places) and 0 <= column < len(places)}
            assert {tuple(cell) for cell in near[b, k].nonzero().tolist()} == cells
            for row, column in cells:
                x, y = places[column] + offsets[b, k, 0, row, column], places[row] + offsets[b, k, 1, row, column]
                near_points = [
                    point for point in points if abs(point[0] // 4 - column) <= 1 and abs(point[1] // 4 - row) <= 1
                ]
                distance = min(math.dist((places[column], places[row]), point) for point in near_points)
                assert math.dist((places[column], places[row]), (x, y)) == pytest.approx(distance, abs=1e-4)
                assert min(math.dist((x, y), point) for point in near_points) < 1e-4
                checked += 1
    assert checked > 100
    assert (offsets.movedim(2, -1)[~near] == 0).all()


@pytest.mark.parametrize("stride", [2, 4])
def test_limb_fields_cell_by_cell(batch, stride):
    sizes = person_sizes(batch.keypoints, SKELETON.limbs, SKELETON.known_limb_ratios)
    fields, on_limb = make_limb_fields(batch, sizes, SKELETON.limbs, stride)
    places = centres(stride)
    sums = np.zeros((3, len(SKELETON.limbs), 2, len(places), len(places)))
    count = np.zeros((3, len(SKELETON.limbs), len(places), len(places)))
    for b, p in batch.is_person.nonzero().tolist():
        reach = max(stride, 0.03 * float(sizes[b, p]))
        for limb, (source, destination) in enumerate(SKELETON.limbs):
            (x0, y0, v0), (x1, y1, v1) = batch.keypoints[b, p, [source, destination]].tolist()
            length = math.hypot(x1 - x0, y1 - y0)
            if not (v0 and v1 and length):
                continue
            ux, uy = (x1 - x0) / length, (y1 - y0) / length
            for row, y in enumerate(places):
                for column, x in enumerate(places):
                    along = min(max((x - x0) * ux + (y - y0) * uy, 0), length)
                    distance = math.hypot(x - x0 - along * ux, y - y0 - along * uy)
                    if distance <= reach - 1e-4:
                        sums[b, limb, :, row, column] += ux, uy
                        count[b, limb, row, column] += 1
    is_inner = torch.from_numpy(count > 0)
    # Cells right at the band's edge may go either way by rounding; they are few.
    assert (on_limb & ~is_inner).sum() <= 0.01 * is_inner.sum()
    expected = torch.from_numpy(sums / np.maximum(count, 1)[:, :, None]).float()
    wrong = ((fields - expected).abs().amax(2) > 1e-3) & is_inner
    assert wrong.sum() <= 0.01 * is_inner.sum()
    assert is_inner.sum() > 500


@pytest.mark.parametrize("stride", [2, 4])
def test_limb_offsets_cell_by_cell(batch, stride):
    sizes = person_sizes(batch.keypoints, SKELETON.limbs, SKELETON.known_limb_ratios)
    offsets, weights = make_limb_offsets(batch, sizes, SKELETON.limbs, stride)
    assert offsets.shape == (3, 19, 2, 2, *weights.shape[-2:])
    places, checked = centres(stride), 0
    for b in range(3):
        persons = {p for bb, p, *_ in annotated(batch) if bb == b}
        for limb, kinds in enumerate(SKELETON.limbs):
            for end, (begin, goal) in enumerate((kinds, kinds[::-1])):
                for row, y in enumerate(places):
                    for column, x in enumerate(places):
                        near = []
                        for p in persons:
                            px, py, v = batch.keypoints[b, p, begin].tolist()
                            if v and math.dist((x, y), (px, py)) <= max(1.5 * stride, 0.1 * float(sizes[b, p])):
                                near.append((math.dist((x, y), (px, py)), p))
                        weight = float(weights[b, limb, end, row, column])
                        person = min(near)[1] if near else None
                        if person is None or not batch.keypoints[b, person, goal, 2]:
                            assert weight == 0
                            continue
                        checked += 1
                        assert weight == pytest.approx(1 / float(sizes[b, person]))
                        landing = (offsets[b, limb, end, :, row, column] + torch.tensor([x, y])).tolist()
                        assert landing == pytest.approx(batch.keypoints[b, person, goal, :2].tolist(), abs=1e-3)
    assert checked > 1000


@pytest.mark.parametrize("stride", [2, 4])
def test_pose_offsets_cell_by_cell(batch, stride):
    sizes = person_sizes(batch.keypoints, SKELETON.limbs, SKELETON.known_limb_ratios)
    offsets, weights = make_pose_offsets(batch, sizes, stride)
    places, checked = centres(stride), 0
    for b in range(3):
        for row, y in enumerate(places):
            for column, x in enumerate(places):
                person = int(batch.person_ids[b, stride * row + stride // 2, stride * column + stride // 2])
                there = batch.keypoints[b, person - 1, :, 2] > 0 if person else torch.zeros(17, dtype=torch.bool)
                assert torch.equal(weights[b, :, row, column] > 0, there)
                assert not offsets[b, ~there, :, row, column].any()
                if person:
                    checked += 1
                    assert weights[b, there, row, column].tolist() == pytest.approx(
                        [1 / float(sizes[b, person - 1])] * int(there.sum())
                    )
                    landing = offsets[b, there, :, row, column] + torch.tensor([x, y])
                    torch.testing.assert_close(landing, batch.keypoints[b, person - 1, there, :2])
    assert checked > 100


def test_long_offsets_are_made_where_asked_for_and_not_where_nobody_annotated(batch):
    assert TargetMaker(DENSEPOSE_COCO, 4, 4, (2,))(batch).limb_offsets is None
    ignored = torch.zeros_like(batch.ignored_poses)
    ignored[0, :, 9:] = True
    hidden = dataclasses.replace(batch, ignored_poses=ignored)
    assert TargetMaker(DENSEPOSE_COCO, 4, 4, (2,))(batch).pose_offsets is None
    make = TargetMaker(DENSEPOSE_COCO, 4, 4, (2,), limb_offsets=True, pose_offsets=True)
    assert not make(hidden).pose_offset_weights[0, ..., 2:].any()
    assert make(batch).pose_offset_weights[0, ..., 2:].any()
    known, all_known = (make(one).limb_offset_weights for one in (hidden, batch))
    assert not known[0, ..., 2:].any()
    assert all_known[0, ..., 2:].any()
    assert torch.equal(known[1:], all_known[1:])


@pytest.mark.parametrize("towards", ["annotated", "visible", "center"])
@pytest.mark.parametrize("stride", [1, 2, 8])
def test_projection_cell_by_cell(batch, stride, towards):
    field, weight = make_projection(batch, stride, towards)
    places = centres(stride)
    ids = batch.person_ids
    for b in range(3):
        for row, y in enumerate(places):
            for column, x in enumerate(places):
                person = int(
                    ids[b, min(stride * row + stride // 2, SIZE - 1), min(stride * column + stride // 2, SIZE - 1)]
                )
                goals = []
                if person and towards == "center":
                    rows, columns = (ids[b] == person).nonzero(as_tuple=True)
                    goals = [(float(columns.float().mean()) + 0.5, float(rows.float().mean()) + 0.5)]
                elif person:
                    least = 1 if towards == "annotated" else 2
                    goals = [(gx, gy) for gx, gy, v in batch.keypoints[b, person - 1].tolist() if v >= least]
                assert weight[b, row, column] == bool(goals)
                if goals:
                    landing = x + float(field[b, 0, row, column]), y + float(field[b, 1, row, column])
                    nearest = min(math.dist((x, y), goal) for goal in goals)
                    assert math.dist((x, y), landing) == pytest.approx(nearest, abs=1e-3)
                    assert min(math.dist(landing, goal) for goal in goals) < 1e-3
                else:
                    assert field[b, :, row, column].tolist() == [0, 0]


def test_centres_are_the_means_of_the_pixels_and_have_a_heatmap_cell_by_cell(batch):
    targets = TargetMaker(DENSEPOSE_COCO, 4, 4, (2,), towards="center")(batch)
    places = centres(4)
    expected = torch.zeros(3, 1, len(places), len(places))
    for b, p in batch.is_person.nonzero().tolist():
        rows, columns = np.nonzero(batch.person_ids[b].numpy() == p + 1)
        if not len(rows):
            continue
        # The widest keypoint of COCO is the hip, 2 x 0.107 of the root of the area; a heatmap takes 0.6 of half of it.
        sigma = max(0.6 * max(SKELETON.known_sigmas) * len(rows) ** 0.5, 4)
        across = (np.array(places) - (columns + 0.5).mean()) ** 2
        down = (np.array(places) - (rows + 0.5).mean()) ** 2
        heat = torch.from_numpy(np.exp(-(down[:, None] + across) / (2 * sigma**2))).float()
        expected[b, 0] = torch.maximum(expected[b, 0], heat)
    torch.testing.assert_close(targets.centers, expected, atol=1e-4, rtol=1e-3)
    plain = TargetMaker(DENSEPOSE_COCO, 4, 4, (2,))(batch)
    assert plain.centers is None
    assert torch.equal(plain.heatmaps, targets.heatmaps)


def test_what_nobody_labelled_is_told_cell_by_cell(batch):
    ignored = torch.zeros_like(batch.ignored_poses)
    ignored[0, :, 9:] = True  # beyond the centre of the third cell of stride 4
    batch = dataclasses.replace(
        batch,
        has_keypoints=torch.tensor([True, False, True]),
        has_persons=torch.tensor([False, True, True]),
        ignored_poses=ignored,
        ignored_persons=ignored.roll(1, 0),
    )
    targets = TargetMaker(DENSEPOSE_COCO, 4, 2, (2,))(batch)
    known = targets.knows_keypoints[0, 0].any(0)
    assert known[:3].tolist() == [True, True, False]
    assert not known[3:].any()
    assert targets.knows_limbs[0, 0, 0, :6].tolist() == [True, True, True, True, False, False]
    assert not targets.knows_keypoints[1].any()
    assert not targets.knows_centers[0].any()
    assert targets.knows_centers[1, 0, 0, :4].tolist() == [True, True, False, False]


def test_ties_go_to_the_lower_keypoint():
    keypoints = np.zeros((1, 17, 3), np.float32)
    keypoints[0, 3], keypoints[0, 5] = (2.5, 4.5, 2), (6.5, 4.5, 2)
    ids = np.zeros((8, 8), np.int16)
    ids[4, 4] = 1
    sample = Sample(np.zeros((8, 8, 3), np.uint8), ids.astype(np.uint8), ids, keypoints, "tie", (8, 8))
    field, _ = make_projection(collate([sample], 17), 1)
    assert field[0, :, 4, 4].tolist() == [-2.0, 0.0]


def test_in_the_mirror_the_targets_are_the_mirrored_targets():
    """Keypoints and limbs change places, x is negated, and a limb that maps to itself backwards is reversed."""
    sample = render(SCENES["default"], 1, seed=5, size=SIZE)
    maker = TargetMaker(DENSEPOSE_COCO, 4, 4, (2,))
    plain, mirror = (maker(collate([s], 17)) for s in (sample, mirrored(sample, DENSEPOSE_COCO)))
    swap = list(SKELETON.mirrored_keypoints)
    torch.testing.assert_close(mirror.heatmaps, plain.heatmaps[:, swap].flip(-1), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(mirror.person_size, plain.person_size)
    flipped = plain.limb_fields.flip(-1) * torch.tensor([-1.0, 1.0])[:, None, None]
    for limb, (source, destination) in enumerate(SKELETON.limbs):
        ends = swap[source], swap[destination]
        if ends in SKELETON.limbs:
            partner, sign = SKELETON.limbs.index(ends), 1
        else:
            partner, sign = SKELETON.limbs.index(ends[::-1]), -1
        close = (mirror.limb_fields[0, limb] - sign * flipped[0, partner]).abs().amax(0) < 1e-3
        assert close.float().mean() > 0.995  # edges of the band by rounding


def test_area_is_the_mask_s_or_half_the_keypoints_box(batch):
    counted = [(batch.person_ids[b] == p + 1).sum() for b, p in batch.is_person.nonzero().tolist()]
    assert person_areas(batch)[batch.is_person].tolist() == [float(n) for n in counted]
    without = dataclasses.replace(batch, person_ids=torch.zeros_like(batch.person_ids))
    points = batch.keypoints[0, 0][batch.keypoints[0, 0, :, 2] > 0]
    box = (points[:, :2].amax(0) - points[:, :2].amin(0)).prod()
    torch.testing.assert_close(person_areas(without)[0, 0], (box / 2).clamp(min=1))


def test_relative_weights_are_eight_pixels_over_the_person_s_size(batch):
    plain = TargetMaker(DENSEPOSE_COCO, 4, 4, (2,))(batch)
    relative = TargetMaker(DENSEPOSE_COCO, 4, 4, (2,), relative=True)(batch)
    human = plain.projection_weights[0] > 0
    assert torch.equal(relative.projection_weights[0] > 0, human)
    assert batch.is_person.sum(1).max() > 1
    for b, row, column in human.nonzero().tolist():
        person = int(batch.person_ids[b, 2 * row + 1, 2 * column + 1]) - 1
        expected = 8 / float(plain.person_size[b, person])
        assert float(relative.projection_weights[0][b, row, column]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("towards", ["annotated", "center"])
def test_every_level_of_the_projection_is_of_its_own_stride(batch, towards):
    targets = TargetMaker(DENSEPOSE_COCO, 4, 4, (8, 4, 2), towards)(batch)
    for level, stride in enumerate((8, 4, 2)):
        field, weight = make_projection(batch, stride, towards)
        assert torch.equal(targets.projection_levels[level], field)
        assert torch.equal(targets.projection_weights[level], weight)


def test_pictures_without_people_or_labels():
    empty = Sample(np.zeros((SIZE, SIZE, 3), np.uint8), None, None, None, "empty", (SIZE, SIZE))
    targets = TargetMaker(DENSEPOSE_COCO, 4, 4, (4, 2))(collate([empty], 17))
    values = [targets.heatmaps, targets.limb_fields, *targets.projection_levels, *targets.projection_weights]
    assert all(value.abs().sum() == 0 for value in values)
