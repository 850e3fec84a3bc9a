"""Copy-paste augmentation (Ghiasi et al., CVPR 2021): persons of one training picture in front of those of another.

Crowds come of it whose pixels are real, and of which it is known exactly whose each one is:

* A person is cut out by its mask, and brings its pixels, parts and keypoints along. Keypoints that another person or a
  thing hid stay behind, with what hid them.
* Whoever is covered keeps its keypoints; they are hidden there, as COCO annotates them. A place where somebody would be
  hidden by more than `_MOST_HIDDEN` is drawn again, so that nobody vanishes.
* What nobody labelled stays unknown, but for the pixels of the pasted person: in a picture without masks it is known
  of these alone whose they are.
"""

import dataclasses
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.parts import IGNORE
from mghp.anatomy.person_size import LEAST_SIZE, person_sizes
from mghp.config.data import AugmentationConfig
from mghp.datasets.resized import resized_to
from mghp.datasets.sample import LABEL_MAPS, OCCLUDED, VISIBLE, Sample, Samples
from mghp.training.transforms import inside, mirrored

_SMALLEST = 1 / 8
"""The least height of a person that is cut out, and of a pasted one, relative to the picture's."""

_SIZES = (0.7, 1.4)
"""Least and largest size of a pasted person, relative to that of the person beside whom it is put."""

_ALONE = (0.3, 0.9)
"""Least and largest height of a person who is pasted where nobody is, relative to the picture's."""

_ACROSS, _DOWN = (-0.75, 0.75), (-0.25, 0.25)
"""How far a pasted person lies from the person beside it: relative to where their boxes no longer meet, and to that
person's height."""

_ENLARGED = 2.0
"""The largest factor of size: beyond it one sees that a person was enlarged."""

_MOST_HIDDEN = 0.8
"""The largest share of a person's pixels, or without a mask of its keypoints, that pasting hides."""

_LEAST_INSIDE = 0.5
"""The least share of a pasted person's pixels that lie inside the picture."""

_DONORS = 8
"""Pictures drawn until one has somebody to cut out."""

_PLACES = 20
"""Places drawn until one hides nobody wholly."""


class Pasting:
    """Draws by torch's random numbers whom to paste on a picture, and where.

    Args:
        config: how often, and how many.
        anatomy: says what changes places in the mirror.
        donors: pictures whose persons are cut out; read anew each time. Those without masks are passed over.
    """

    def __init__(self, config: AugmentationConfig, anatomy: Anatomy, donors: Samples) -> None:
        self.config = config
        self.anatomy = anatomy
        self.donors = donors
        self._without_cut_outs: set[int] = set()  # spares reading them, and changes no draw

    def __call__(self, sample: Sample, index: int) -> Sample:
        """Return a changed copy of the picture that is at `index` of the donors, or the picture itself."""
        if not self.config.paste or torch.rand(()) >= self.config.paste:
            return sample
        donor = self._donor(index)
        if donor is None:
            return sample
        untouched = areas(sample)
        persons = persons_to_cut(donor)
        for chosen in torch.randperm(len(persons))[: 1 + _below(self.config.paste_persons)].tolist():
            person = cut_out(donor, persons[chosen])
            if _below(2):
                person = mirrored(person, self.anatomy)
            sample, untouched = self._in_front(sample, person, untouched)
        return sample

    def _in_front(
        self, sample: Sample, person: Sample, untouched: NDArray[np.int64]
    ) -> tuple[Sample, NDArray[np.int64]]:
        """Return the sample with a person in front, beside a random one, and all areas before anything was pasted."""
        boxes = _boxes(sample)
        row = list(boxes)[_below(len(boxes))] if boxes else None
        person = self._of_fitting_size(person, sample, row)
        for _ in range(_PLACES):
            left, top = _place(_size(person), _size(sample), None if row is None else boxes[row])
            if _may_lie_at(sample, person, left, top, untouched):
                sample = pasted(sample, person, left, top)
                return sample, np.concatenate([untouched, areas(sample)[-1:]])
        return sample, untouched

    def _of_fitting_size(self, person: Sample, sample: Sample, row: int | None) -> Sample:
        height, other = person.image.shape[0], sample.image.shape[0]
        if row is None:
            factor = _uniform(*_ALONE) * other / height
        else:
            factor = _uniform(*_SIZES) * self._times_as_large(sample, row, person)
        factor = min(max(factor, _SMALLEST * other / height), other / height, _ENLARGED)
        return resized_to(person, *(max(1, round(factor * side)) for side in _size(person)))

    def _times_as_large(self, sample: Sample, row: int, person: Sample) -> float:
        """Compare a person in a row with one cut out by their keypoints, or where one has too few by their heights."""
        sizes = self._size_by_keypoints(sample, row), self._size_by_keypoints(person, 0)
        if min(sizes) > LEAST_SIZE:
            return sizes[0] / sizes[1]
        _, top, _, bottom = _boxes(sample)[row]
        return float(bottom - top) / _size(person)[0]

    def _size_by_keypoints(self, sample: Sample, row: int) -> float:
        if sample.keypoints is None:
            return 0.0
        skeleton = self.anatomy.skeleton
        keypoints = torch.from_numpy(sample.keypoints[row])
        return float(person_sizes(keypoints, skeleton.limbs, skeleton.known_limb_ratios))

    def _donor(self, index: int) -> Sample | None:
        """Draw another picture than that at `index` until there is somebody to cut out; None: there never was."""
        for _ in range(_DONORS if len(self.donors) > 1 else 0):
            drawn = (index + 1 + _below(len(self.donors) - 1)) % len(self.donors)
            if drawn in self._without_cut_outs:
                continue
            donor = self.donors[drawn]
            if persons_to_cut(donor):
                return donor
            self._without_cut_outs.add(drawn)
        return None


def persons_to_cut(sample: Sample) -> list[int]:
    """Return the rows of the persons who have a mask and are large enough."""
    if sample.person_ids is None:
        return []
    least = _SMALLEST * sample.image.shape[0]
    heights = [_mask(sample, row).any(1).sum() for row in range(_number(sample))]
    return [row for row, height in enumerate(heights) if height >= max(least, 1)]


def cut_out(sample: Sample, row: int) -> Sample:
    """Return the person in a row alone, in the box of its mask; `person_ids` is 1 on its pixels.

    Keypoints that are hidden by something else than the person itself are no longer annotated.
    """
    mask = _mask(sample, row)
    left, top, right, bottom = (int(side) for side in _box(mask))
    window = slice(top, bottom), slice(left, right)
    labels = {name: getattr(sample, name) for name in LABEL_MAPS}
    changes: dict[str, Any] = {name: None if of_all is None else of_all[window] for name, of_all in labels.items()}
    changes["person_ids"] = mask[window].astype(np.int16)
    if sample.keypoints is not None:
        keypoints = sample.keypoints[row : row + 1]
        stays = (keypoints[..., 2] == VISIBLE) | ((keypoints[..., 2] > 0) & _on(mask, keypoints))
        changes["keypoints"] = ((keypoints - np.array([left, top, 0], np.float32)) * stays[..., None]).astype(
            np.float32
        )
    return dataclasses.replace(sample, image=sample.image[window], regions=None, cues=None, **changes)


def pasted(sample: Sample, person: Sample, left: int, top: int) -> Sample:
    """Return a sample with one more person in front, in the last row.

    Args:
        sample: the picture.
        person: as `cut_out` returns it, of any size.
        left: x_image of the left side of the person's box, pixels; what lies outside the picture is cut off.
        top: y_image of its upper side.
    """
    size = _size(sample)
    person = _moved_to(person, size, left, top)
    below, above = _with_kinds_of(sample, person), _with_kinds_of(person, sample)
    assert above.person_ids is not None
    covered = above.person_ids > 0
    above.person_ids = above.person_ids * np.int16(_number(below) + 1)
    changes: dict[str, Any] = {"image": np.where(covered[..., None], above.image, below.image)}
    for name in LABEL_MAPS:
        lower, upper = getattr(below, name), getattr(above, name)
        changes[name] = None if lower is None else np.where(covered, upper, lower)
    if below.keypoints is not None and above.keypoints is not None:
        hidden = below.keypoints.copy()
        hidden[(hidden[..., 2] > 0) & _on(covered, hidden), 2] = OCCLUDED
        changes["keypoints"] = np.concatenate([hidden, inside(above.keypoints, size)])
    return dataclasses.replace(sample, regions=None, cues=None, **changes)


def areas(sample: Sample, where: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Count the pixels of each person's mask, or without one its annotated keypoints, (person,).

    Args:
        sample: the picture.
        where: the pixels that count, (height, width); None: all.
    """
    number = _number(sample)
    where = np.ones(_size(sample), bool) if where is None else where
    pixels, masked = np.zeros(number, np.int64), np.zeros(number, bool)
    if sample.person_ids is not None:
        pixels = np.bincount(sample.person_ids[where], minlength=number + 1)[1:]
        masked = np.isin(np.arange(number) + 1, sample.person_ids)
    if sample.keypoints is None:
        return pixels
    annotated = (sample.keypoints[..., 2] > 0) & _on(where, sample.keypoints)
    counts: NDArray[np.int64] = np.where(masked, pixels, annotated.sum(-1))
    return counts


def _place(person: tuple[int, int], size: tuple[int, int], box: NDArray[np.float64] | None) -> tuple[int, int]:
    """Draw (left, top) of a person: anywhere, or so that it overlaps a box at about one height."""
    height, width = person
    if box is None:
        x, y = _uniform(0, size[1]), _uniform(0, size[0])
    else:
        x = (box[0] + box[2]) / 2 + _uniform(*_ACROSS) * (box[2] - box[0] + width) / 2
        y = (box[1] + box[3]) / 2 + _uniform(*_DOWN) * (box[3] - box[1])
    return round(x - width / 2), round(y - height / 2)


def _may_lie_at(sample: Sample, person: Sample, left: int, top: int, untouched: NDArray[np.int64]) -> bool:
    """Return True if enough of the person is in the picture and enough of everyone else stays to be seen."""
    assert person.person_ids is not None
    covered = _shifted(person.person_ids, _size(sample), left, top) > 0
    if not covered.any() or covered.sum() < _LEAST_INSIDE * (person.person_ids > 0).sum():
        return False
    seen = areas(sample, ~covered)
    return bool((seen >= (1 - _MOST_HIDDEN) * untouched).all())


def _with_kinds_of(sample: Sample, other: Sample) -> Sample:
    """Return a copy that has all kinds of labels that it or the other has: what it lacks is not known."""
    size = _size(sample)
    nowhere, everywhere = np.zeros(size, bool), np.ones(size, bool)
    changes: dict[str, Any] = {
        name: nowhere for name in ("ignored_persons", "ignored_poses") if getattr(sample, name) is None
    }
    if sample.person_ids is None:
        changes |= {"person_ids": np.zeros(size, np.int16), "ignored_persons": everywhere}
    if sample.parts is None and other.parts is not None:
        changes["parts"] = np.full(size, IGNORE, np.uint8)
    if sample.keypoints is None and other.keypoints is not None:
        poses = np.zeros((_number(sample), *other.keypoints.shape[1:]), np.float32)
        changes |= {"keypoints": poses, "ignored_poses": everywhere}
    return dataclasses.replace(sample, **changes)


def _moved_to(person: Sample, size: tuple[int, int], left: int, top: int) -> Sample:
    """Return a cut-out person in an otherwise empty picture of some size."""
    labels = {name: getattr(person, name) for name in LABEL_MAPS}
    changes: dict[str, Any] = {
        name: None if of_all is None else _shifted(of_all, size, left, top) for name, of_all in labels.items()
    }
    if person.keypoints is not None:
        annotated = person.keypoints[..., 2:] > 0
        changes["keypoints"] = person.keypoints + np.array([left, top, 0], np.float32) * annotated
    return dataclasses.replace(person, image=_shifted(person.image, size, left, top), **changes)


def _shifted(values: NDArray[Any], size: tuple[int, int], left: int, top: int) -> NDArray[Any]:
    """Return values of pixels, (height, width, ...), at another place of a picture of zeros."""
    height, width = values.shape[:2]
    shifted = np.zeros((*size, *values.shape[2:]), values.dtype)
    seen = values[max(-top, 0) : max(size[0] - top, 0), max(-left, 0) : max(size[1] - left, 0)]
    shifted[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = seen
    return shifted


def _boxes(sample: Sample) -> dict[int, NDArray[np.float64]]:
    """Return left, top, right and bottom of each person's mask, or without one of its keypoints; by rows."""
    boxes = {}
    for row in range(_number(sample)):
        mask = None if sample.person_ids is None else _mask(sample, row)
        if mask is not None and mask.any():
            boxes[row] = _box(mask)
        elif sample.keypoints is not None and (sample.keypoints[row, :, 2] > 0).any():
            positions = sample.keypoints[row, sample.keypoints[row, :, 2] > 0, :2]
            boxes[row] = np.concatenate([positions.min(0), positions.max(0)]).astype(np.float64)
    return boxes


def _box(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    rows, columns = mask.nonzero()
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float64)


def _mask(sample: Sample, row: int) -> NDArray[np.bool_]:
    """Return the pixels that are known to be a person's."""
    assert sample.person_ids is not None
    mask: NDArray[np.bool_] = sample.person_ids == row + 1
    return mask if sample.ignored_persons is None else mask & ~sample.ignored_persons


def _on(mask: NDArray[np.bool_], keypoints: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which keypoints, (..., 3), lie on a pixel of a mask; those outside the picture do not."""
    height, width = mask.shape
    column, row = (np.floor(keypoints[..., axis]).astype(np.int64) for axis in (0, 1))
    within = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    on: NDArray[np.bool_] = within & mask[row.clip(0, height - 1), column.clip(0, width - 1)]
    return on


def _number(sample: Sample) -> int:
    """Return the number of persons, with keypoints or with pixels alone."""
    posed = 0 if sample.keypoints is None else len(sample.keypoints)
    return max(posed, 0 if sample.person_ids is None else int(sample.person_ids.max(initial=0)))


def _size(sample: Sample) -> tuple[int, int]:
    return sample.image.shape[0], sample.image.shape[1]


def _uniform(low: float, high: float) -> float:
    return float(torch.empty(()).uniform_(low, high))


def _below(number: int) -> int:
    """Draw a whole number from 0 to number - 1."""
    return int(torch.randint(number, ()))
