"""Labels -> true fields: heatmaps, sub-pixel offsets, limb fields and offsets, projection field.

Computed after augmentation, for a whole batch at once, and for the persons and keypoints alone that are there. Cells
are centred: cell (i, j) of stride s lies at (s (i + 0.5), s (j + 0.5)).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.person_size import person_sizes
from mghp.anatomy.skeleton import Skeleton
from mghp.datasets.sample import VISIBLE
from mghp.parsing.batch import Batch
from mghp.parsing.person_centers import person_centers

HEATMAP_SHARE = 0.6
"""Sigma of a heatmap's Gaussian, as a share of sigma sqrt(area), the keypoint's OKS standard deviation."""

LIMB_SHARE = 0.03
"""Half width of a limb's band, relative to the person's size."""

OFFSET_SHARE = 0.1
"""Radius around a keypoint in which limb offsets are learned, relative to the person's size."""

AREA_SHARE = 0.5
"""Area of a person relative to the box of its keypoints, where there is no mask."""

Towards = Literal["annotated", "visible", "center"]
"""What the projection field points to: the nearest annotated keypoint, the nearest visible one, or the person's centre,
the mean of its pixels, which then has a heatmap too."""


@dataclass
class Targets:
    """True fields of a batch.

    Attributes:
        person_size: pixels, (batch, person).
        keypoint_radius: OKS radius 2 sigma sqrt(area), pixels, (batch, person, keypoint).
        heatmaps: (batch, keypoint, height, width), in [0, 1].
        keypoint_offsets: (batch, keypoint, 2, height, width): (x, y) pixels from a cell's centre to the keypoint.
        near_keypoint: (batch, keypoint, height, width) bool: within one cell of a keypoint's own, where offsets count.
        limb_fields: (batch, limb, 2, height, width): unit vectors, mean over overlapping persons.
        on_limb: (batch, limb, height, width) bool.
        projection_levels: (batch, 2, height, width) each: (x, y) pixels from a cell's centre.
        projection_weights: (batch, height, width) each: 1 on human cells of persons with a keypoint to point to.
        knows_keypoints: (batch, 1, height, width) bool, beside the heatmaps: False where keypoints may lie that nobody
            annotated.
        knows_limbs: (batch, 1, height, width) bool, beside the limb fields: False where limbs may lie that nobody
            annotated.
        centers: (batch, 1, height, width) beside the heatmaps, where a field points to centres; else None.
        knows_centers: (batch, 1, height, width) bool, beside the heatmaps: False where it is not known whose a pixel
            is.
        limb_offsets: (batch, limb, end, 2, height, width): (x, y) pixels from a cell's centre to the limb's other end;
            None where they were not asked for.
        limb_offset_weights: (batch, limb, end, height, width): 1 over the person's size near an end, 0 elsewhere.
        pose_offsets: (batch, keypoint, 2, height, width), beside the limb fields: (x, y) pixels from a cell's centre to
            its person's keypoint; None where they were not asked for.
        pose_offset_weights: (batch, keypoint, height, width): 1 over the person's size on cells of persons that have
            the keypoint, 0 elsewhere.
        center_levels: as `projection_levels`, to centres, where one more field points to them; else empty.
        center_weights: as `projection_weights`.
    """

    person_size: Tensor
    keypoint_radius: Tensor
    heatmaps: Tensor
    keypoint_offsets: Tensor
    near_keypoint: Tensor
    limb_fields: Tensor
    on_limb: Tensor
    projection_levels: list[Tensor]
    projection_weights: list[Tensor]
    knows_keypoints: Tensor
    knows_limbs: Tensor
    knows_centers: Tensor
    centers: Tensor | None = None
    limb_offsets: Tensor | None = None
    limb_offset_weights: Tensor | None = None
    pose_offsets: Tensor | None = None
    pose_offset_weights: Tensor | None = None
    center_levels: list[Tensor] = field(default_factory=list)
    center_weights: list[Tensor] = field(default_factory=list)


class TargetMaker:
    """Makes the targets that a network's outputs are compared with.

    Args:
        anatomy: what is annotated.
        keypoint_stride: of the heatmaps.
        limb_stride: of the limb fields.
        level_strides: of the projection field's levels.
        towards: what the projection field points to.
        relative: weigh a cell of the projection field by 8 pixels over its person's size instead of by 1.
        limb_offsets: whether limbs have offsets from one end to the other.
        pose_offsets: whether a person's cells have offsets to all its keypoints.
        centers: whether there are centres and a field to them, whatever `towards`.
    """

    def __init__(
        self,
        anatomy: Anatomy,
        keypoint_stride: int,
        limb_stride: int,
        level_strides: Sequence[int],
        towards: Towards = "annotated",
        relative: bool = False,
        limb_offsets: bool = False,
        pose_offsets: bool = False,
        centers: bool = False,
    ) -> None:
        self.anatomy = anatomy
        self.keypoint_stride = keypoint_stride
        self.limb_stride = limb_stride
        self.level_strides = tuple(level_strides)
        self.towards = towards
        self.relative = relative
        self.limb_offsets = limb_offsets
        self.pose_offsets = pose_offsets
        self.centers = centers

    @torch.no_grad()
    def __call__(self, batch: Batch) -> Targets:
        """Return the targets of a batch, on its device."""
        skeleton = self.anatomy.skeleton
        size = person_sizes(batch.keypoints, skeleton.limbs, skeleton.known_limb_ratios)
        deviation = keypoint_deviations(batch, skeleton)
        heatmaps = make_heatmaps(batch, HEATMAP_SHARE * deviation, self.keypoint_stride)
        offsets, near = make_keypoint_offsets(batch, self.keypoint_stride)
        limb_fields, on_limb = make_limb_fields(batch, size, skeleton.limbs, self.limb_stride)
        levels, weights = self._projections(batch, size, self.towards)
        knows_limbs = _known(batch.has_keypoints, batch.ignored_poses, self.limb_stride)
        targets = Targets(
            person_size=size,
            keypoint_radius=2 * deviation,
            heatmaps=heatmaps,
            keypoint_offsets=offsets,
            near_keypoint=near,
            limb_fields=limb_fields,
            on_limb=on_limb,
            projection_levels=levels,
            projection_weights=weights,
            knows_keypoints=_known(batch.has_keypoints, batch.ignored_poses, self.keypoint_stride),
            knows_limbs=knows_limbs,
            knows_centers=_known(batch.has_persons, batch.ignored_persons, self.keypoint_stride),
            centers=self._center_heatmap(batch, deviation) if self.centers or self.towards == "center" else None,
        )
        if self.centers:
            targets.center_levels, targets.center_weights = self._projections(batch, size, "center")
        if self.limb_offsets:
            offsets, near = make_limb_offsets(batch, size, skeleton.limbs, self.limb_stride)
            targets.limb_offsets, targets.limb_offset_weights = offsets, near * knows_limbs[:, :, None]
        if self.pose_offsets:
            offsets, near = make_pose_offsets(batch, size, self.limb_stride)
            targets.pose_offsets, targets.pose_offset_weights = offsets, near * knows_limbs
        return targets

    def _center_heatmap(self, batch: Batch, deviation: Tensor) -> Tensor:
        """Return centres as wide as the widest of the person's keypoints: no picture marks a centre more sharply."""
        centers = replace(batch, keypoints=person_centers(batch))
        return make_heatmaps(centers, HEATMAP_SHARE * deviation.amax(-1, keepdim=True), self.keypoint_stride)

    def _projections(self, batch: Batch, size: Tensor, towards: Towards) -> tuple[list[Tensor], list[Tensor]]:
        """Return the field of each level, and its weights."""
        levels = [self._projection(batch, stride, size, towards) for stride in self.level_strides]
        return [vectors for vectors, _ in levels], [weight for _, weight in levels]

    def _projection(self, batch: Batch, stride: int, size: Tensor, towards: Towards) -> tuple[Tensor, Tensor]:
        vectors, weight = make_projection(batch, stride, towards)
        if self.relative:
            owner = labels_at_stride(batch.person_ids, stride).long() - 1
            sizes = size.gather(1, owner.clamp(min=0).flatten(1)).view_as(weight)
            weight = weight * 8 / sizes
        return vectors, weight


def keypoint_deviations(batch: Batch, skeleton: Skeleton) -> Tensor:
    """Return the OKS standard deviations sigma sqrt(area) of the keypoints, pixels, (batch, person, keypoint)."""
    sigmas = torch.tensor(skeleton.known_sigmas, device=batch.keypoints.device)
    return sigmas * person_areas(batch)[..., None].sqrt()


def person_areas(batch: Batch) -> Tensor:
    """Count the pixels of each person's mask, or else `AREA_SHARE` of those of the keypoints' box. (batch, person)."""
    persons = batch.keypoints.shape[1]
    ids = batch.person_ids.long().flatten(1).clamp(max=persons)
    pixels = torch.zeros(len(ids), persons + 1, device=ids.device)
    pixels = pixels.scatter_add(1, ids, torch.ones_like(ids, dtype=torch.float32))[:, 1:]
    there = batch.keypoints[..., 2:] > 0
    positions = batch.keypoints[..., :2]
    high = positions.masked_fill(~there, -math.inf).amax(2)
    low = positions.masked_fill(~there, math.inf).amin(2)
    box = (high - low).clamp(min=0).nan_to_num(0, 0, 0).prod(-1)
    return torch.where(pixels > 0, pixels, AREA_SHARE * box).clamp(min=1)


def make_heatmaps(batch: Batch, sigma: Tensor, stride: int) -> Tensor:
    """Return exp(-d^2 / (2 sigma^2)) around every annotated keypoint, the largest of overlapping ones.

    Args:
        batch: of pictures.
        sigma: pixels, (batch, person, keypoint); at least one cell is taken.
        stride: pixels a cell.

    Returns:
        (batch, keypoint, height, width).
    """
    rows, columns = _centres(batch, stride)
    image, person, keypoint = _annotated(batch).nonzero(as_tuple=True)
    x, y = batch.keypoints[image, person, keypoint, :2].unbind(-1)
    spread = -0.5 / sigma[image, person, keypoint].clamp(min=stride).square()
    across = (spread[:, None] * (columns - x[:, None]).square()).exp()
    down = (spread[:, None] * (rows - y[:, None]).square()).exp()
    types = batch.keypoints.shape[2]
    heat = batch.keypoints.new_zeros(len(batch) * types, len(rows), len(columns))
    values = down[:, :, None] * across[:, None, :]
    plane = (image * types + keypoint)[:, None, None].expand_as(values)
    heat.scatter_reduce_(0, plane, values, "amax")
    return heat.view(len(batch), types, len(rows), len(columns))


def make_keypoint_offsets(batch: Batch, stride: int) -> tuple[Tensor, Tensor]:
    """Return (x, y) in pixels to the nearest keypoint from the centres of its own cell and of the eight around.

    Returns:
        Offsets (batch, keypoint, 2, height, width), and where they are set (batch, keypoint, height, width).
    """
    rows, columns = _centres(batch, stride)
    height, width, types = len(rows), len(columns), batch.keypoints.shape[2]
    image, person, keypoint = _annotated(batch).nonzero(as_tuple=True)
    position = batch.keypoints[image, person, keypoint, :2]
    around = torch.tensor([(x, y) for y in (-1, 0, 1) for x in (-1, 0, 1)], device=position.device)
    cell = (position / stride).floor().long()[:, None] + around
    inside = ((cell >= 0) & (cell < torch.tensor([width, height], device=cell.device))).all(-1)
    offset = position[:, None] - stride * (cell + 0.5)
    plane = (image * types + keypoint)[:, None]
    place = (plane * height * width + cell[..., 1] * width + cell[..., 0])[inside]
    offset = offset[inside]
    distance = offset.square().sum(-1)
    nearest = distance.new_full((len(batch) * types * height * width,), math.inf)
    nearest.scatter_reduce_(0, place, distance, "amin")
    wins = distance == nearest[place]
    offsets = offset.new_zeros(len(nearest), 2)
    offsets[place[wins]] = offset[wins]
    shape = (len(batch), types, height, width)
    return offsets.view(*shape, 2).movedim(-1, 2), nearest.isfinite().view(shape)


def make_limb_fields(
    batch: Batch, person_size: Tensor, limbs: Sequence[tuple[int, int]], stride: int
) -> tuple[Tensor, Tensor]:
    """Return unit vectors along limbs, within max(1 cell, 0.03 size) of the segment; the mean of overlapping persons.

    Returns:
        Fields (batch, limb, 2, height, width), and where a limb is (batch, limb, height, width).
    """
    rows, columns = _centres(batch, stride)
    height, width = len(rows), len(columns)
    ends = torch.tensor(limbs, device=batch.keypoints.device)
    has_limb = _annotated(batch)[..., ends].all(-1)
    image, person, limb = has_limb.nonzero(as_tuple=True)
    start, end = (batch.keypoints[image, person, ends[limb, side], :2] for side in (0, 1))
    vector = end - start
    length = vector.norm(dim=-1)
    real = length > 0
    image, person, limb, start, vector, length = (value[real] for value in (image, person, limb, start, vector, length))
    unit = vector / length[:, None]
    reach = (LIMB_SHARE * person_size[image, person]).clamp(min=stride)
    x, y = columns - start[:, :1], rows - start[:, 1:]
    along = (unit[:, :1] * x)[:, None, :] + (unit[:, 1:] * y)[:, :, None]
    across = (unit[:, :1] * y)[:, :, None] - (unit[:, 1:] * x)[:, None, :]
    # In place: a plane for every limb of every person makes these the largest arrays of the targets.
    nearest = along.clamp(min=0)
    distance = along.sub_(torch.minimum(nearest, length[:, None, None], out=nearest)).square_().add_(across.square_())
    instance, row, column = (distance <= reach.square()[:, None, None]).nonzero(as_tuple=True)
    place = ((image * len(limbs) + limb)[instance] * height + row) * width + column
    sums = start.new_zeros(len(batch) * len(limbs) * height * width, 2).index_add_(0, place, unit[instance])
    count = torch.bincount(place, minlength=len(sums))
    fields = sums / count.clamp(min=1)[:, None]
    shape = (len(batch), len(limbs))
    return fields.view(*shape, height, width, 2).movedim(-1, 2), (count > 0).view(*shape, height, width)


def make_limb_offsets(
    batch: Batch, person_size: Tensor, limbs: Sequence[tuple[int, int]], stride: int
) -> tuple[Tensor, Tensor]:
    """Return (x, y) in pixels from cells near either end of a limb to its other end (mid-range offsets of PersonLab).

    Near is within max(1.5 cells, 0.1 size), so that all four cells around a keypoint are; the nearest keypoint of the
    type counts.

    Args:
        batch: of pictures.
        person_size: pixels, (batch, person).
        limbs: source and destination keypoint types.
        stride: pixels a cell.

    Returns:
        Offsets (batch, limb, end, 2, height, width), end 0 of cells near sources, which point to destinations; and
        weights (batch, limb, end, height, width): 1 over the person's size, 0 where no limb ends.
    """
    ends = torch.tensor(limbs, device=batch.keypoints.device)
    begin, goal = ends.flatten(), ends.flip(1).flatten()
    owner = _nearest_persons(batch, (OFFSET_SHARE * person_size).clamp(min=1.5 * stride), stride)[:, begin]
    place = (owner >= 0).nonzero(as_tuple=True)
    person = owner[place]
    there = _annotated(batch)[place[0], person, goal[place[1]]]
    image, side, row, column, person = (value[there] for value in (*place, person))
    rows, columns = _centres(batch, stride)
    offsets = batch.keypoints.new_zeros(*owner.shape, 2)
    centre = torch.stack([columns[column], rows[row]], -1)
    offsets[image, side, row, column] = batch.keypoints[image, person, goal[side], :2] - centre
    weights = batch.keypoints.new_zeros(owner.shape)
    weights[image, side, row, column] = 1 / person_size[image, person]
    by_limb = (len(batch), -1, 2, len(rows), len(columns))
    return offsets.view(*by_limb, 2).movedim(-1, 3), weights.view(by_limb)


def _nearest_persons(batch: Batch, reach: Tensor, stride: int) -> Tensor:
    """Return whose keypoint of each type is nearest to a cell, among those within reach; -1 for nobody's.

    Args:
        batch: of pictures.
        reach: pixels, (batch, person).
        stride: pixels a cell.

    Returns:
        (batch, keypoint, height, width).
    """
    rows, columns = _centres(batch, stride)
    shape = (len(batch), batch.keypoints.shape[2], len(rows), len(columns))
    image, person, keypoint = _annotated(batch).nonzero(as_tuple=True)
    x, y = batch.keypoints[image, person, keypoint, :2].unbind(-1)
    distance = (columns - x[:, None]).square()[:, None] + (rows - y[:, None]).square()[..., None]
    instance, row, column = (distance <= reach[image, person].square()[:, None, None]).nonzero(as_tuple=True)
    place = ((image * shape[1] + keypoint)[instance] * shape[2] + row) * shape[3] + column
    distance = distance[instance, row, column]
    nearest = distance.new_full((math.prod(shape),), math.inf).scatter_reduce_(0, place, distance, "amin")
    wins = distance == nearest[place]
    owner = torch.full(nearest.shape, -1, device=place.device)
    owner[place[wins]] = person[instance][wins]
    return owner.view(shape)


def make_pose_offsets(batch: Batch, person_size: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Return (x, y) in pixels from each cell of a person to all keypoints of that person (DEKR: Geng et al. 2021).

    Args:
        batch: of pictures.
        person_size: pixels, (batch, person).
        stride: pixels a cell; whose a cell is, `make_projection` tells.

    Returns:
        Offsets (batch, keypoint, 2, height, width), and weights (batch, keypoint, height, width): 1 over the person's
        size where the person has the keypoint, 0 elsewhere.
    """
    rows, columns = _centres(batch, stride)
    image, row, column = (ids := labels_at_stride(batch.person_ids, stride)).nonzero(as_tuple=True)
    person = ids[image, row, column].long() - 1
    there = _annotated(batch)[image, person]
    centre = torch.stack([columns[column], rows[row]], -1)
    offsets = batch.keypoints.new_zeros(*ids.shape, batch.keypoints.shape[2], 2)
    offsets[image, row, column] = (batch.keypoints[image, person, :, :2] - centre[:, None]) * there[..., None]
    weights = batch.keypoints.new_zeros(offsets.shape[:-1])
    weights[image, row, column] = there / person_size[image, person, None]
    return offsets.movedim((3, 4), (1, 2)), weights.movedim(3, 1)


def make_projection(batch: Batch, stride: int, towards: Towards = "annotated") -> tuple[Tensor, Tensor]:
    """Return (x, y) in pixels from a human cell's centre to its person's nearest keypoint; ties: the lower index.

    The very keypoints that the heatmaps train on are pointed to: annotated, inside the picture, hidden ones included.

    Args:
        batch: of pictures.
        stride: pixels a cell. A cell is human if the pixel that holds its centre is (at even strides: the pixel to the
            lower right of it).
        towards: see `Towards`.

    Returns:
        Field (batch, 2, height, width), 0 where the weight is, and weight (batch, height, width): 1 on cells of persons
        with such a keypoint, 0 elsewhere.
    """
    rows, columns = _centres(batch, stride)
    ids = labels_at_stride(batch.person_ids, stride)
    image, row, column = ids.nonzero(as_tuple=True)
    person = ids[image, row, column].long() - 1
    if towards == "center":
        centers = person_centers(batch)
        goals, there = centers[..., :2], centers[..., 2] > 0
    else:
        goals = batch.keypoints[..., :2]
        there = _annotated(batch) if towards == "annotated" else batch.keypoints[..., 2] == VISIBLE
    known = there.any(-1)[image, person]
    image, row, column, person = (value[known] for value in (image, row, column, person))
    centre = torch.stack([columns[column], rows[row]], -1)
    # Of one person at a time all keypoints are compared; what is not there is infinitely far away.
    goals = goals.masked_fill(~there[..., None], math.inf)
    x, y = (goals[..., axis][image, person] - centre[:, axis : axis + 1] for axis in (0, 1))
    nearest = (x * x + y * y).argmin(-1, keepdim=True)
    vectors = torch.cat([x.gather(1, nearest), y.gather(1, nearest)], 1)
    field = goals.new_zeros(len(batch), len(rows), len(columns), 2)
    field[image, row, column] = vectors
    weight = goals.new_zeros(len(batch), len(rows), len(columns))
    weight[image, row, column] = 1
    return field.movedim(-1, 1), weight


def labels_at_stride(labels: Tensor, stride: int) -> Tensor:
    """Return the labels of pixels at the cells' centres. (batch, height, width) -> (batch, rows, columns)."""
    rows, columns = (
        (stride * torch.arange(math.ceil(side / stride), device=labels.device) + stride // 2).clamp(max=side - 1)
        for side in labels.shape[1:]
    )
    return labels[:, rows][:, :, columns]


def _known(has_labels: Tensor, ignored: Tensor, stride: int) -> Tensor:
    """Return which cells are labelled, (batch, 1, rows, columns), from has_labels (batch,) and ignored pixels."""
    return has_labels[:, None, None, None] & ~labels_at_stride(ignored, stride)[:, None]


def _annotated(batch: Batch) -> Tensor:
    """Return where persons have a keypoint, (batch, person, keypoint) bool."""
    return (batch.keypoints[..., 2] > 0) & batch.is_person[..., None]


def _centres(batch: Batch, stride: int) -> tuple[Tensor, Tensor]:
    """Return y of the cells' rows and x of their columns, in pixels."""
    height, width = batch.image.shape[2:]
    rows, columns = (
        stride * (torch.arange(math.ceil(side / stride), device=batch.keypoints.device) + 0.5)
        for side in (height, width)
    )
    return rows, columns
