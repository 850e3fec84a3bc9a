"""`mghp.group`: who owns each pixel of a part map that any model has made."""

import dataclasses
import math
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.anatomy.colours import distinct_colours
from mghp.anatomy.parts import BACKGROUND, IGNORE, Parts
from mghp.anatomy.person_size import person_sizes
from mghp.anatomy.persons import PredictedPersons
from mghp.inference.nearest_owners import box_sizes, covering_masks, mask_boxes, nearest_boxes, nearest_limbs
from mghp.parsing.assembly.pixels import Owners, group_cells, nearest_keypoints
from mghp.parsing.assembly.scores import scored_persons

Nearest = Literal["keypoint", "limb"]
"""What of a pose is near to a pixel: its keypoints alone, as in the assembly, or its limbs too."""

MASK_REACH = 0.1
"""The farthest distance of a pixel from a mask that does not cover it, relative to the person's size, by default."""

KINDS = ("poses", "masks", "boxes", "centers")
"""What tells of persons, by the arguments' names."""


def group(
    parts: ArrayLike,
    *,
    poses: ArrayLike | None = None,
    masks: ArrayLike | None = None,
    boxes: ArrayLike | None = None,
    centers: ArrayLike | None = None,
    field: ArrayLike | None = None,
    anatomy: Anatomy | None = None,
    probability: ArrayLike | None = None,
    scores: ArrayLike | None = None,
    nearest: Nearest = "keypoint",
    max_distance: float | None = None,
    normalise_by_size: bool = True,
) -> PredictedPersons:
    """Give each pixel of a part map to one of the persons that poses, masks, boxes or centres tell of.

    The rules are those of the assembly. A pixel goes to the person nearest to it or, where there is a projection field,
    nearest to where the field points. Exactly one of `poses`, `masks`, `boxes` and `centers` is given; person p + 1 of
    the result is its row p, with pixels or without.

    Args:
        parts: labels of one picture by any model, (height, width) whole numbers, 0 background; 255 counts as that.
        poses: keypoints, (person, keypoint, 3): x and y in pixels, and a confidence in [0, 1] or a visibility 1 or 2;
            0 where not found. The nearest keypoint counts.
        masks: persons' masks, (person, height, width) bool, or numbers, (height, width), 0 nobody, 255 not known. The
            mask that covers a pixel counts; of several the one nearest to where the field points, then the surest by
            `scores`, else the smallest. A pixel that none covers goes to the nearest mask.
        boxes: (person, 4): x and y of the corners with the least and the largest x and y, in pixels. The nearest box
            counts, of several that hold a pixel the smallest.
        centers: (person, 2): x and y in pixels. The nearest centre counts.
        field: projection field, (2, ceil(height / s), ceil(width / s)) with s = 1, 2, 4, ...: x and y in pixels from a
            cell's centre to a keypoint of its person, or to the person's centre for `centers`.
        anatomy: what parts and keypoints mean; None: as many parts as there are labels, and COCO's 17 keypoints.
        probability: of the part that each pixel was given, (height, width) in [0, 1]; None: 1. Scores alone need it.
        scores: how sure the persons are, (person,) in [0, 1]; None: as sure as their keypoints, and 1 without any.
        nearest: `limb` to count limbs, the segments between a pose's keypoints, beside keypoints.
        max_distance: distance beyond which a pixel is given to nobody, relative to the person's size (to centres, and
            where not normalised: pixels); None: 0.1 for masks, for all others no bound.
        normalise_by_size: True to divide a pixel's distance by the person's size: that of its keypoints as in the
            assembly, or the root of width times height of its box.

    Raises:
        ValueError: naming the argument, if shapes or numbers do not fit, or not exactly one kind of persons is given.

    Example:
        >>> import mghp
        >>> found = mghp.group([[1, 1, 2, 2, 0, 1, 2]], centers=[[1.0, 0.5], [6.0, 0.5]])
        >>> found.person_ids
        array([[1, 1, 1, 1, 0, 2, 2]])
    """
    kind, given = _one_kind({"poses": poses, "masks": masks, "boxes": boxes, "centers": centers})
    labels = _labels(parts, anatomy)
    rule = _Rule(
        labels,
        *_projection(field, labels.shape),
        anatomy or plain_anatomy(int(labels.max()) if labels.numel() else 0),
        nearest,
        max_distance,
        normalise_by_size,
        None if scores is None else _values("scores", scores, (None,)),
    )
    keypoints, ids = getattr(rule, f"by_{kind}")(given)
    shares = (labels > 0).float() if probability is None else _values("probability", probability, tuple(labels.shape))
    return rule.scored(keypoints, ids, shares)


def plain_anatomy(num_parts: int) -> Anatomy:
    """Return parts without a meaning, `part 1` and so on, and COCO's skeleton."""
    names = tuple(f"part {label}" for label in range(1, num_parts + 1))
    return Anatomy(COCO_SKELETON, Parts("parts", names, distinct_colours(num_parts)))


@dataclasses.dataclass(frozen=True)
class _Rule:
    """The rules for one picture; each returns keypoints, (person, keypoint, 3), and whose the pixels are."""

    labels: Tensor
    projection: Tensor
    stride: int
    anatomy: Anatomy
    nearest: Nearest
    max_distance: float | None
    normalise_by_size: bool
    confidence: Tensor | None

    def by_poses(self, poses: ArrayLike) -> tuple[Tensor, Tensor]:
        """Group by keypoints, or by limbs too."""
        keypoints = _values("poses", poses, (None, self.anatomy.num_keypoints, 3))
        keypoints[..., 2].clamp_(max=1)  # from visibility to confidence
        skeleton = self.anatomy.skeleton
        size = self._relative_to(person_sizes(keypoints, skeleton.limbs, skeleton.known_limb_ratios))

        def owners(landing: Tensor) -> Tensor:
            if self.nearest == "limb":
                return nearest_limbs(landing, keypoints, skeleton.limbs, size, self.max_distance)
            return nearest_keypoints(landing, keypoints, size, self.max_distance)

        return keypoints, self._grouped(owners)

    def by_masks(self, masks: ArrayLike) -> tuple[Tensor, Tensor]:
        """Group by what masks cover, the surest or smallest first."""
        persons = _masks(masks, tuple(self.labels.shape))
        size = self._relative_to(box_sizes(torch.from_numpy(mask_boxes(persons))))
        area = torch.from_numpy(persons.sum((1, 2)))
        self._check_confidence(len(persons))
        order = (area if self.confidence is None else -self.confidence).argsort(stable=True).numpy()
        reach = MASK_REACH if self.max_distance is None else self.max_distance
        is_human = (self.labels > 0).numpy()
        rows = covering_masks(self._landing(), is_human, persons[order], size[order].tolist(), reach)
        ids = np.concatenate([[0], order + 1])[rows]
        return self._no_keypoints(len(persons)), torch.from_numpy(ids)

    def by_boxes(self, boxes: ArrayLike) -> tuple[Tensor, Tensor]:
        """Group by the nearest box."""
        corners = _values("boxes", boxes, (None, 4))
        if bool((corners[:, 2:] < corners[:, :2]).any()):
            raise ValueError("boxes: expected least x, least y, largest x, largest y; got a box of negative size")
        size = self._relative_to(box_sizes(corners))

        def owners(landing: Tensor) -> Tensor:
            return nearest_boxes(landing, corners, size, self.max_distance)

        return self._no_keypoints(len(corners)), self._grouped(owners)

    def by_centers(self, centers: ArrayLike) -> tuple[Tensor, Tensor]:
        """Group by the nearest centre, in pixels: it has no size."""
        places = _values("centers", centers, (None, 2))
        ones = places.new_ones(len(places))
        goals = torch.cat([places, ones[:, None]], 1)[:, None]

        def owners(landing: Tensor) -> Tensor:
            return nearest_keypoints(landing, goals, ones, self.max_distance)

        return self._no_keypoints(len(places)), self._grouped(owners)

    def scored(self, keypoints: Tensor, ids: Tensor, probability: Tensor) -> PredictedPersons:
        """Return the persons with their scores: by `confidence` where it is given, else by keypoints."""
        self._check_confidence(len(keypoints))
        is_told = self.confidence is not None
        confidence = self.confidence if self.confidence is not None else torch.ones(len(keypoints))
        counted = torch.zeros_like(keypoints) if is_told else keypoints
        found = scored_persons(self.labels, probability, ids, counted, self.anatomy.num_labels, confidence)
        return dataclasses.replace(found, keypoints=keypoints.numpy())

    def _grouped(self, owners: Owners) -> Tensor:
        return group_cells(self.projection, self.stride, self.labels > 0, owners)

    def _relative_to(self, size: Tensor) -> Tensor:
        return size if self.normalise_by_size else torch.ones_like(size)

    def _no_keypoints(self, persons: int) -> Tensor:
        return torch.zeros(persons, self.anatomy.num_keypoints, 3)

    def _check_confidence(self, persons: int) -> None:
        if self.confidence is not None and len(self.confidence) != persons:
            raise ValueError(f"scores: expected one of each of {persons} persons, got {len(self.confidence)}")

    def _landing(self) -> NDArray[np.int64]:
        """Return row and column of the pixel at which each pixel lands, kept inside the picture: (2, height, width)."""
        height, width = self.labels.shape
        field = self.projection.flip(0)  # y, x
        cells = torch.stack(torch.meshgrid(*(torch.arange(side) + 0.5 for side in field.shape[1:]), indexing="ij"))
        landing = self.stride * cells + field
        by_pixel = landing.repeat_interleave(self.stride, 1).repeat_interleave(self.stride, 2)[:, :height, :width]
        last = torch.tensor([height - 1, width - 1]).view(2, 1, 1)
        # Without a field a pixel lands on itself: its cell is the pixel.
        return by_pixel.floor().long().clamp(min=0).minimum(last).numpy()


def _one_kind(given: dict[str, ArrayLike | None]) -> tuple[str, ArrayLike]:
    """Return the one kind of persons that is given, and what is given of it."""
    found = {kind: value for kind, value in given.items() if value is not None}
    if len(found) != 1:
        raise ValueError(f"expected one of {', '.join(KINDS)}; got {' and '.join(found) or 'none of them'}")
    return next(iter(found.items()))


def _labels(parts: ArrayLike, anatomy: Anatomy | None) -> Tensor:
    """Return labels as (height, width) int64, those that are not known as background."""
    labels = np.asarray(parts)
    if labels.ndim != 2 or labels.dtype.kind not in "iu":
        raise ValueError(f"parts: expected (height, width) whole numbers, got {labels.shape} of {labels.dtype}")
    labels = np.where(labels == IGNORE, BACKGROUND, labels).astype(np.int64)
    most = math.inf if anatomy is None else anatomy.num_labels - 1
    if labels.min(initial=0) < 0 or labels.max(initial=0) > most:
        wrong = labels.min() if labels.min() < 0 else labels.max()
        raise ValueError(f"parts: label {wrong}; expected 0 to {most}" if most < math.inf else f"parts: label {wrong}")
    return torch.from_numpy(labels)


def _projection(field: ArrayLike | None, size: tuple[int, ...]) -> tuple[Tensor, int]:
    """Return the projection field and its stride; without one it is 0 at each pixel."""
    if field is None:
        return torch.zeros(2, *size), 1
    values = _values("field", field, (2, None, None))
    strides = [2**power for power in range(16)]
    fits = [s for s in strides if tuple(values.shape[1:]) == tuple(-(-side // s) for side in size)]
    if not fits:
        raise ValueError(
            f"field: {values.shape[1]} x {values.shape[2]} cells; expected a picture of {size[0]} x {size[1]} pixels "
            "divided by 1, 2, 4, ..., rounded up"
        )
    return values, fits[0]


def _masks(masks: ArrayLike, size: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return masks as (person, height, width) bool, those of numbers in the numbers' order."""
    given = np.asarray(masks)
    if given.ndim == 2 and given.dtype.kind in "iu":
        numbers = [number for number in np.unique(given) if number not in (0, IGNORE)]
        given = np.stack([given == number for number in numbers]) if numbers else np.zeros((0, *given.shape), bool)
    if given.ndim != 3 or given.dtype.kind not in "biu":
        raise ValueError(f"masks: expected (person, height, width) bool, got {given.shape} of {given.dtype}")
    if given.shape[1:] != size:
        raise ValueError(f"masks: {given.shape[1]} x {given.shape[2]} pixels; expected parts' {size[0]} x {size[1]}")
    return given.astype(bool)


def _values(name: str, values: ArrayLike, shape: tuple[int | None, ...]) -> Tensor:
    """Return a copy of finite numbers of a shape, where None is any side."""
    array: NDArray[Any] = np.array(values)
    if array.size == 0 and shape[0] is None:
        array = array.reshape(0, *(side or 0 for side in shape[1:]))
    expected = ", ".join("any" if side is None else str(side) for side in shape)
    fits = len(shape) == array.ndim and all(s in (None, given) for s, given in zip(shape, array.shape, strict=True))
    if not fits or array.dtype.kind not in "iuf":
        raise ValueError(f"{name}: expected numbers of shape ({expected}), got {array.shape} of {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    return torch.from_numpy(array if array.dtype in (np.float32, np.float64) else array.astype(np.float32))
