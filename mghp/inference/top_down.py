"""The top-down way: each person is cut out by a box and parsed alone, by the same network and assembly."""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import box_iou

from mghp.anatomy.persons import PredictedPersons
from mghp.config.evaluation import TopDownConfig
from mghp.config.inference import InferenceConfig
from mghp.inference.nearest_owners import mask_boxes
from mghp.inference.test_time import parse_pictures
from mghp.metrics.painting import painted
from mghp.parsing.parser import Parser


class Window(NamedTuple):
    """The part of a picture that a crop shows, in whole pixels; `right` and `bottom` come after the last ones."""

    left: int
    top: int
    right: int
    bottom: int


class Kept(NamedTuple):
    """The person of a crop that is kept.

    Attributes:
        found: persons of the crop, in its pixels.
        person: row of the one that is kept.
        window: that the crop shows.
    """

    found: PredictedPersons
    person: int
    window: Window


def parse_boxes(
    module: Parser,
    image: NDArray[np.uint8],
    boxes: NDArray[np.floating[Any]],
    config: InferenceConfig,
    top_down: TopDownConfig,
    trained_side: int | None = None,
) -> PredictedPersons:
    """Find one person per box at most, in the picture's own pixels; see `TopDownConfig`.

    Args:
        module: a parser in evaluation mode.
        image: red, green and blue, (height, width, 3) uint8.
        boxes: (person, 4): x, y, width and height in pixels; in an empty one nobody is looked for.
        config: test-time choices; crops that are parsed at one size go through the network together.
        top_down: how boxes are cut out.
        trained_side: longer side in training, pixels; see `InferenceConfig.longest_side`.
    """
    size = image.shape[0], image.shape[1]
    full = [box for box in np.asarray(boxes, np.float64) if (box[2:] > 0).all()]
    windows = [window_of(box, top_down.margin, size) for box in full]
    crops = [image[window.top : window.bottom, window.left : window.right] for window in windows]
    resized = dataclasses.replace(config, longest_side=top_down.longest_side or config.longest_side)
    of_crops = zip(parse_pictures(module, crops, resized, trained_side), full, windows, strict=True)
    kept = [
        Kept(found, person, window)
        for found, box, window in of_crops
        if (person := person_of_box(found, box - np.array([window.left, window.top, 0, 0]))) is not None
    ]
    anatomy = module.assembler.anatomy
    return joined(kept, size, anatomy.num_labels, anatomy.num_keypoints)


def window_of(box: NDArray[np.float64], margin: float, size: tuple[int, int]) -> Window:
    """Return the whole pixels of a picture that a box touches once it is grown.

    Args:
        box: (4,): x, y, width and height in pixels.
        margin: share of its width and height by which it grows on each side.
        size: height and width of the picture, pixels.
    """
    grown, bounds = margin * box[2:], np.array(size[::-1])
    first = np.floor(box[:2] - grown).clip(0, bounds - 1)
    after = np.ceil(box[:2] + box[2:] + grown).clip(first + 1, bounds)
    return Window(*map(int, (*first, *after)))


def person_of_box(found: PredictedPersons, box: NDArray[np.float64]) -> int | None:
    """Return the row of the person whose pixels' box has the largest IoU with a box; None where none overlaps it.

    Args:
        found: persons of a crop.
        box: (4,): x, y, width and height in the crop's pixels.
    """
    persons = np.arange(1, len(found.person_scores) + 1)
    theirs = torch.from_numpy(mask_boxes(found.person_ids == persons[:, None, None]))
    overlap = box_iou(theirs, torch.from_numpy(np.concatenate([box[:2], box[:2] + box[2:]])[None]))[:, 0]
    return int(overlap.argmax()) if overlap.any() else None


def joined(kept: Sequence[Kept], size: tuple[int, int], num_labels: int, num_keypoints: int) -> PredictedPersons:
    """Return the kept persons in the pixels of their picture, painted by ascending scores.

    A pixel that several persons claim is the surest one's, and one that nobody claims is background.

    Args:
        kept: of one picture.
        size: height and width of the picture, pixels.
        num_labels: of the parts, background included.
        num_keypoints: keypoint types.
    """
    maps = np.zeros((len(kept), *size), np.int64)
    scores, part_scores = np.zeros(len(kept)), np.zeros((len(kept), num_labels))
    keypoints = np.zeros((len(kept), num_keypoints, 3))
    for row, (found, person, window) in enumerate(kept):
        is_person = found.person_ids == person + 1
        maps[row, window.top : window.bottom, window.left : window.right] = np.where(is_person, found.parts, 0)
        scores[row], part_scores[row] = found.person_scores[person], found.part_scores[person]
        pose = found.keypoints[person]
        keypoints[row] = np.where(pose[:, 2:] > 0, pose + np.array([window.left, window.top, 0]), 0)
    return painted(maps, scores, part_scores, keypoints)
